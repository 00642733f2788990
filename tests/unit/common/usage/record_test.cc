#include "common/usage/record.h"

#include <gtest/gtest.h>

#include <limits>
#include <ostream>
#include <string>

namespace ccp::usage {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

struct CostRow {
  const char* name;
  Tokens tokens;         // input, cache_read, cache_write, output, reasoning
  config::Price price;   // pico-USD a token: input, output, cache_read, cache_write
  std::int64_t nano_usd;
};

void PrintTo(const CostRow& row, std::ostream* out) { *out << row.name; }

class CostTest : public testing::TestWithParam<CostRow> {};

TEST_P(CostTest, IsTheSumOfTheBuckets) { EXPECT_EQ(Cost(GetParam().tokens, GetParam().price), GetParam().nano_usd); }

INSTANTIATE_TEST_SUITE_P(
    Table, CostTest,
    testing::Values(
        CostRow{"nothing_costs_nothing", {}, {270'000, 1'100'000, 70'000, 0}, 0},
        CostRow{"no_price_costs_nothing", {1'000'000, 5, 5, 5, 5}, {}, 0},
        CostRow{"a_million_input_tokens_at_0_27_usd", {1'000'000, 0, 0, 0, 0}, {270'000, 0, 0, 0}, 270'000'000},
        CostRow{"each_bucket_has_its_own_price", {1'000, 2'000, 3'000, 4'000, 0}, {1'000, 2'000, 3'000, 4'000},
                1'000 + 2'000 * 3 + 3'000 * 4 + 4'000 * 2},
        CostRow{"reasoning_is_inside_output", {0, 0, 0, 100, 100}, {0, 1'000, 0, 0}, 100},
        CostRow{"half_a_nano_rounds_up", {1, 0, 0, 0, 0}, {500, 0, 0, 0}, 1},
        CostRow{"less_than_half_rounds_down", {1, 0, 0, 0, 0}, {499, 0, 0, 0}, 0},
        CostRow{"rounds_the_sum_and_not_each_bucket", {1, 1, 0, 0, 0}, {499, 0, 499, 0}, 1},
        CostRow{"a_negative_count_costs_nothing", {-5, 0, 0, 1, 0}, {1'000, 1'000, 0, 0}, 1},
        CostRow{"more_than_64_bits_of_pico_are_exact", {10'000'000'000, 0, 0, 0, 0}, {100'000'000'000, 0, 0, 0},
                1'000'000'000'000'000'000},
        CostRow{"saturates", {kMax, kMax, kMax, kMax, 0}, {kMax, kMax, kMax, kMax}, kMax}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Tokens, PromptIsTheSumOfItsThreeBuckets) {
  EXPECT_EQ((Tokens{1, 20, 300, 4'000, 50'000}.prompt()), 321);
}

TEST(QualityName, NamesEachQuality) {
  EXPECT_EQ(QualityName(Quality::kUnknown), "unknown");
  EXPECT_EQ(QualityName(Quality::kReported), "reported");
  EXPECT_EQ(QualityName(Quality::kPartial), "partial");
  EXPECT_EQ(QualityName(Quality::kEstimated), "estimated");
  EXPECT_EQ(QualityName(static_cast<Quality>(200)), "unknown");
}

TEST(OutcomeName, NamesEachOutcome) {
  EXPECT_EQ(OutcomeName(Outcome::kUnspecified), "unspecified");
  EXPECT_EQ(OutcomeName(Outcome::kOk), "ok");
  EXPECT_EQ(OutcomeName(Outcome::kUpstreamError), "upstream_error");
  EXPECT_EQ(OutcomeName(Outcome::kClientCancelled), "client_cancelled");
  EXPECT_EQ(OutcomeName(Outcome::kTimeout), "timeout");
  EXPECT_EQ(OutcomeName(Outcome::kCutMidStream), "cut_mid_stream");
  EXPECT_EQ(OutcomeName(Outcome::kEdgeCrash), "edge_crash");
  EXPECT_EQ(OutcomeName(Outcome::kRejected), "rejected");
  EXPECT_EQ(OutcomeName(static_cast<Outcome>(200)), "unspecified");
}

}  // namespace
}  // namespace ccp::usage
