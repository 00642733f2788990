#include "edge/link/accept.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "common/base/id.h"
#include "common/config/load.h"
#include "common/wire/convert.h"
#include "edge/link/backoff.h"
#include "edge/link/last_good.h"
#include "tests/unit/temp_dir.h"

namespace ccp::edge {
namespace {

config::Catalog SomeCatalog() {
  const config::LoadResult loaded = config::Load(
      "models:\n  m:\n    api_base: https://api.example.com/v1\n    api_key_name: SOME_KEY\nrouting:\n  default: m\n",
      "models.yaml");
  return loaded.catalog.value();
}

v1::Snapshot Make(std::uint64_t revision, const config::Catalog& catalog = SomeCatalog()) {
  v1::Snapshot snapshot;
  snapshot.set_lineage("0123456789abcdef");
  snapshot.set_revision(revision);
  snapshot.set_catalog(wire::Serialize(catalog));
  snapshot.set_digest(Sha256(snapshot.catalog()));
  snapshot.set_fleet_secret("secret");
  return snapshot;
}

TEST(Accept, CompilesAWholeRevision) {
  const auto snapshot = Accept(Make(3), nullptr);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ((*snapshot)->revision, 3u);
  EXPECT_EQ((*snapshot)->lineage, "0123456789abcdef");
  EXPECT_EQ((*snapshot)->fleet_secret, "secret");
  EXPECT_EQ((*snapshot)->policy->catalog(), SomeCatalog());
}

TEST(Accept, RefusesWhatIsDamagedInvalidOrOlder) {
  const auto current = *Accept(Make(5), nullptr);
  const struct {
    const char* name;
    std::function<v1::Snapshot()> make;
    const char* says;  // "" is accepted.
  } kCases[] = {
      {"newer", [] { return Make(6); }, ""},
      {"the same again", [] { return Make(5); }, ""},
      {"older", [] { return Make(4); }, "older than 5"},
      {"same number, other content",
       [] {
         config::Catalog other = SomeCatalog();
         other.models[0].max_tokens = 1;
         return Make(5, other);
       },
       "other content"},
      {"older, of another lineage",
       [] {
         v1::Snapshot snapshot = Make(1);
         snapshot.set_lineage("fedcba9876543210");
         return snapshot;
       },
       ""},
      {"a flipped byte",
       [] {
         v1::Snapshot snapshot = Make(6);
         (*snapshot.mutable_catalog())[10] ^= 1;
         return snapshot;
       },
       "digest"},
      {"not a catalog",
       [] {
         v1::Snapshot snapshot = Make(6);
         snapshot.set_catalog("\xFF\xFF");
         snapshot.set_digest(Sha256(snapshot.catalog()));
         return snapshot;
       },
       "cannot be read"},
      {"a route to no model",
       [] {
         config::Catalog catalog = SomeCatalog();
         catalog.routing.slots[config::Slot::kThink].targets = {{"missing", 0}};
         return Make(6, catalog);
       },
       "missing"},
      {"a pattern that does not compile",
       [] {
         config::Catalog catalog = SomeCatalog();
         catalog.models[0].drop_tools = {"("};
         return Make(6, catalog);
       },
       "CCP"},
  };
  for (const auto& row : kCases) {
    const auto accepted = Accept(row.make(), current.get());
    EXPECT_EQ(accepted.ok(), *row.says == '\0') << row.name << ": " << accepted.status();
    if (accepted.ok()) continue;
    EXPECT_NE(accepted.status().message().find(row.says), absl::string_view::npos)
        << row.name << ": " << accepted.status();
  }
}

// --- The last-good file ---

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

TEST(LastGood, ComesBackAndGivesWayToTheNext) {
  TempDir dir;
  EXPECT_EQ(ReadLastGood(dir.path()), nullptr);
  for (const std::uint64_t revision : {1, 2, 3}) {
    ASSERT_TRUE(SaveLastGood(dir.path(), Make(revision)).ok());
    EXPECT_EQ(ReadLastGood(dir.path())->revision, revision);
  }
  std::filesystem::remove(dir / "last-good");
  EXPECT_EQ(ReadLastGood(dir.path())->revision, 2u) << "as after a power cut between the two renames";
}

TEST(LastGood, IsReadableByItsOwnerOnly) {
  TempDir dir;
  ASSERT_TRUE(SaveLastGood(dir.path(), Make(1)).ok());
  EXPECT_EQ(std::filesystem::status(dir / "last-good").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(LastGood, FallsBackWhenAnyByteIsWrongOrMissing) {
  TempDir dir;
  ASSERT_TRUE(SaveLastGood(dir.path(), Make(1)).ok());
  ASSERT_TRUE(SaveLastGood(dir.path(), Make(2)).ok());
  const std::string good = ReadAll(dir / "last-good");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    WriteAll(dir / "last-good", bad);
    ASSERT_EQ(ReadLastGood(dir.path())->revision, 1u) << "byte " << i;
    WriteAll(dir / "last-good", good.substr(0, i));
    ASSERT_EQ(ReadLastGood(dir.path())->revision, 1u) << "cut at " << i;
  }
  WriteAll(dir / "last-good.previous", "damaged too");
  EXPECT_EQ(ReadLastGood(dir.path()), nullptr);
}

TEST(LastGood, SaysWhereItCannotWrite) {
  const absl::Status status = SaveLastGood("/nonexistent/folder", Make(1));
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message().find("/nonexistent/folder"), absl::string_view::npos) << status;
}

TEST(EdgeId, IsMadeOnceForADirectory) {
  TempDir dir;
  const auto first = ReadOrMakeEdgeId(dir / "state/edge");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->substr(0, 5), "edge_");
  EXPECT_EQ(*ReadOrMakeEdgeId(dir / "state/edge"), *first);
  EXPECT_NE(*ReadOrMakeEdgeId(dir / "other"), *first);
}

// --- Backoff ---

TEST(Backoff, DrawsBelowABoundThatDoublesUpToItsLimit) {
  using std::chrono::milliseconds;
  Backoff backoff;
  for (const std::int64_t bound : {200, 400, 800, 1'600, 3'200, 6'400, 12'800, 25'600, 30'000, 30'000}) {
    Backoff low = backoff;
    EXPECT_EQ(low.Next(0), milliseconds(0));
    EXPECT_EQ(backoff.Next(static_cast<std::uint64_t>(bound)), milliseconds(bound));
  }
  EXPECT_EQ(backoff.Next(30'000, Backoff::kLongest), milliseconds(30'000)) << "what breaks each time gets no calmer by that";
  EXPECT_EQ(backoff.Next(200, Backoff::kLongest + milliseconds(1)), milliseconds(200));
  EXPECT_EQ(backoff.Next(401), milliseconds(0));
}

}  // namespace
}  // namespace ccp::edge
