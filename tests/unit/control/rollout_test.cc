#include "control/rollout.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ccp::control {
namespace {

using Sync = Rollout::Sync;

const Version kNone;
const Version kOne{1, "one"};
const Version kTwo{2, "two"};

// A line of a story: what happens, then whether something is due and how the edge stands. `due` is acted on: it is
// sent.
struct Step {
  enum What { kHello, kHelloOtherLineage, kNewBuild, kTarget, kAck, kNack } what;
  Version version;
  bool due;
  Sync sync;
};

struct Story {
  const char* name;
  std::vector<Step> steps;
};

const Story kStories[] = {
    {"connects to a control without configuration", {{Step::kHello, kNone, false, Sync::kNotSent}}},
    {"first configuration", {{Step::kTarget, kOne, true, Sync::kPending}, {Step::kAck, kOne, false, Sync::kSynced}}},
    {"comes back with what is wanted",
     {{Step::kTarget, kOne, true, Sync::kPending}, {Step::kHello, kOne, false, Sync::kSynced}}},
    {"comes back behind", {{Step::kTarget, kTwo, true, Sync::kPending}, {Step::kHello, kOne, true, Sync::kPending}}},
    {"stream breaks before the answer: sent again",
     {{Step::kTarget, kOne, true, Sync::kPending}, {Step::kHello, kNone, true, Sync::kPending}}},
    {"same number, other content",
     {{Step::kTarget, kOne, true, Sync::kPending}, {Step::kHello, {1, "other"}, true, Sync::kPending}}},
    {"same number of another lineage does not count",
     {{Step::kTarget, kOne, true, Sync::kPending}, {Step::kHelloOtherLineage, kOne, true, Sync::kPending}}},
    {"overtaken while under way",
     {{Step::kTarget, kOne, true, Sync::kPending},
      {Step::kTarget, kTwo, true, Sync::kPending},
      {Step::kAck, kOne, false, Sync::kPending},
      {Step::kAck, kTwo, false, Sync::kSynced}}},
    {"refused: not sent again to this build",
     {{Step::kTarget, kOne, true, Sync::kPending},
      {Step::kNack, kOne, false, Sync::kRejected},
      {Step::kHello, kNone, false, Sync::kRejected}}},
    {"refused: another build may try",
     {{Step::kTarget, kOne, true, Sync::kPending},
      {Step::kNack, kOne, false, Sync::kRejected},
      {Step::kNewBuild, kNone, true, Sync::kPending},
      {Step::kAck, kOne, false, Sync::kSynced}}},
    {"refused: the next revision is sent",
     {{Step::kTarget, kOne, true, Sync::kPending},
      {Step::kNack, kOne, false, Sync::kRejected},
      {Step::kTarget, kTwo, true, Sync::kPending},
      {Step::kAck, kTwo, false, Sync::kSynced}}},
    {"a late refusal of what is no longer wanted holds nothing up",
     {{Step::kTarget, kOne, true, Sync::kPending},
      {Step::kTarget, kTwo, true, Sync::kPending},
      {Step::kNack, kOne, false, Sync::kPending},
      {Step::kAck, kTwo, false, Sync::kSynced}}},
};

TEST(Rollout, FollowsEveryStory) {
  for (const Story& story : kStories) {
    Rollout rollout;
    rollout.OnHello(kNone, "build 1", true);
    for (std::size_t i = 0; i < story.steps.size(); ++i) {
      const Step& step = story.steps[i];
      switch (step.what) {
        case Step::kHello:
          rollout.OnHello(step.version, "build 1", true);
          break;
        case Step::kHelloOtherLineage:
          rollout.OnHello(step.version, "build 1", false);
          break;
        case Step::kNewBuild:
          rollout.OnHello(step.version, "build 2", true);
          break;
        case Step::kTarget:
          rollout.SetTarget(step.version);
          break;
        case Step::kAck:
          rollout.OnAck(step.version);
          break;
        case Step::kNack:
          rollout.OnNack(step.version, "reason");
          break;
      }
      EXPECT_EQ(rollout.Due(), step.due) << story.name << ", step " << i;
      if (rollout.Due()) rollout.OnSent();
      EXPECT_FALSE(rollout.Due()) << story.name << ", step " << i << ": sent once only";
      EXPECT_EQ(rollout.sync(), step.sync) << story.name << ", step " << i;
    }
  }
}

TEST(Rollout, RemembersARefusalOverAReconnect) {
  Rollout rollout({"one", "build 1", "why"});
  rollout.OnHello(kNone, "build 1", true);
  rollout.SetTarget(kOne);
  EXPECT_FALSE(rollout.Due());
  EXPECT_EQ(rollout.sync(), Sync::kRejected);
  EXPECT_EQ(rollout.rejection().reason, "why");
}

}  // namespace
}  // namespace ccp::control
