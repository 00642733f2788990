#include "edge/upstream/attempts.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ccp::edge {
namespace {

using Retry = RequestError::Retry;
using std::chrono::milliseconds;

struct Failure {
  Retry retry = Retry::kAgain;
  std::optional<std::int64_t> retry_after_ms;
  bool quota_exhausted = false;
  std::optional<bool> should_retry;
  std::int64_t elapsed_ms = 0;
};

struct Case {
  std::string name;
  std::string chain;                // One letter a model; a capital one has three attempts, else one.
  std::string on_quota;
  std::vector<Failure> failures;
  std::string want;                 // The models asked, in order; '.' gives up.
  std::vector<std::int64_t> want_waits_ms;  // Before the second, third ... attempt.
};

constexpr std::uint64_t kRandom = 0xFFFF'FFFF'FFFF'FFFF;

class AttemptPlanTest : public testing::TestWithParam<Case> {
 protected:
  AttemptPlanTest() {
    for (const char* name : {"a", "b", "c", "q", "A", "B"}) {
      config::Model model;
      model.name = name;
      model.attempts = name[0] < 'a' ? 3 : 1;
      models_.push_back(model);
    }
  }

  std::vector<const config::Model*> Models(const std::string& names) const {
    std::vector<const config::Model*> found;
    for (const char name : names) {
      for (const config::Model& model : models_) {
        if (model.name[0] == name) found.push_back(&model);
      }
    }
    return found;
  }

  std::vector<config::Model> models_;
};

RequestError ErrorOf(const Failure& failure) {
  RequestError error;
  error.retry = failure.retry;
  error.retry_after_ms = failure.retry_after_ms;
  error.quota_exhausted = failure.quota_exhausted;
  error.should_retry = failure.should_retry;
  return error;
}

TEST_P(AttemptPlanTest, AsksModelsInOrder) {
  const Case& row = GetParam();
  AttemptPlan plan(Models(row.chain), Models(row.on_quota), AttemptLimits{});
  std::string asked;
  std::vector<std::int64_t> waits;
  AttemptPlan::Step step = plan.First();
  asked += step.model == nullptr ? "." : step.model->name;
  for (const Failure& failure : row.failures) {
    step = plan.AfterFailure(ErrorOf(failure), milliseconds(failure.elapsed_ms), 0);
    asked += step.model == nullptr ? "." : step.model->name;
    if (step.model != nullptr) waits.push_back(step.wait.count());
  }
  EXPECT_EQ(asked, row.want);
  EXPECT_EQ(waits, row.want_waits_ms);
  EXPECT_EQ(plan.attempts_made(), static_cast<int>(waits.size()) + 1);
}

const Failure kAgain{};
const Failure kElsewhere{Retry::kElsewhere, {}, false, {}, 0};
const Failure kNever{Retry::kNever, {}, false, {}, 0};
const Failure kQuota{Retry::kElsewhere, {}, true, {}, 0};
const Failure kWish3s{Retry::kAgain, 3'000, false, {}, 0};
const Failure kWish10s{Retry::kAgain, 10'000, false, {}, 0};
const Failure kWish11s{Retry::kAgain, 10'001, false, {}, 0};
const Failure kForbidden{Retry::kAgain, {}, false, false, 0};
const Failure kLate{Retry::kAgain, {}, false, {}, 600'000};
const Failure kWishBeyondDeadline{Retry::kAgain, 5'000, false, {}, 596'000};

INSTANTIATE_TEST_SUITE_P(Chains, AttemptPlanTest, testing::ValuesIn(std::vector<Case>{
    // name                       chain on_quota failures                        want     waits
    {"Empty",                     "",    "",   {},                               ".",     {}},
    {"OneTry",                    "a",   "",   {kAgain},                         "a.",    {}},
    {"Repeats",                   "A",   "",   {kAgain, kAgain, kAgain},         "AAA.",  {0, 0}},
    {"RepeatsThenNext",           "Ab",  "",   {kAgain, kAgain, kAgain, kAgain}, "AAAb.", {0, 0, 0}},
    {"EachHasItsOwnAttempts",     "AB",  "",   {kElsewhere, kAgain, kAgain},     "ABBB",  {0, 0, 0}},
    {"ElsewhereLeaves",           "Ab",  "",   {kElsewhere},                     "Ab",    {0}},
    {"NeverGivesUp",              "Ab",  "",   {kNever},                         "A.",    {}},
    {"WishIsWaitedFor",           "Ab",  "",   {kWish3s},                        "AA",    {3'000}},
    {"LongestWish",               "Ab",  "",   {kWish10s},                       "AA",    {10'000}},
    {"LongerWishGoesOn",          "Ab",  "",   {kWish11s},                       "Ab",    {0}},
    {"LongerWishAtTheEnd",        "A",   "",   {kWish11s},                       "A.",    {}},
    {"UpstreamForbidsRepeating",  "Ab",  "",   {kForbidden},                     "Ab",    {0}},
    {"QuotaWithoutChainGoesOn",   "Ab",  "",   {kQuota},                         "Ab",    {0}},
    {"QuotaTakesItsChainFirst",   "Ab",  "q",  {kQuota, kElsewhere, kElsewhere}, "Aqb.",  {0, 0}},
    {"QuotaChainIsTakenOnce",     "a",   "qc", {kQuota, kQuota, kQuota},         "aqc.",  {0, 0}},
    {"QuotaChainSkipsTheTried",   "ab",  "aq", {kQuota, kElsewhere, kElsewhere}, "aqb.",  {0, 0}},
    {"QuotaChainHoldsTheNext",    "ab",  "qb", {kQuota, kElsewhere, kElsewhere}, "aqb.",  {0, 0}},
    {"DeadlinePassed",            "Ab",  "",   {kLate},                          "A.",    {}},
    {"WaitWouldPassTheDeadline",  "Ab",  "",   {kWishBeyondDeadline},            "Ab",    {0}},
}), [](const auto& row_info) { return row_info.param.name; });

TEST(AttemptPlan, JitterIsFullAndDoublesUpToItsCap) {
  config::Model model;
  model.attempts = 10;
  const AttemptLimits limits;
  AttemptPlan plan({&model}, {}, limits);
  std::vector<std::int64_t> longest;
  for (int i = 0; i < 7; ++i) {
    const std::int64_t ceiling = std::min<std::int64_t>(250LL << i, 8'000);
    longest.push_back(plan.AfterFailure(ErrorOf(kAgain), milliseconds(0), static_cast<std::uint64_t>(ceiling)).wait.count());
  }
  EXPECT_EQ(longest, (std::vector<std::int64_t>{250, 500, 1'000, 2'000, 4'000, 8'000, 8'000}));
}

TEST(AttemptPlan, NoRandomNumberExceedsTheCeiling) {
  config::Model model;
  model.attempts = 3;
  AttemptPlan plan({&model}, {}, AttemptLimits{});
  EXPECT_LE(plan.AfterFailure(ErrorOf(kAgain), milliseconds(0), kRandom).wait, milliseconds(250));
  const auto after_wish = plan.AfterFailure(ErrorOf(kWish3s), milliseconds(0), kRandom).wait;
  EXPECT_GE(after_wish, milliseconds(3'000));
  EXPECT_LE(after_wish, milliseconds(3'250));
}

}  // namespace
}  // namespace ccp::edge
