#include "tools/ccpctl/plan.h"

#include <algorithm>

#include "common/base/text.h"

namespace ccp::ctl {
namespace {

using Kind = config::Change::Kind;

struct Mark {
  std::string_view sign;
  std::string_view colour;
};

Mark MarkOf(Kind kind) {
  switch (kind) {
    case Kind::kAdd:
      return {"+", "\x1b[32m"};
    case Kind::kChange:
      return {"~", "\x1b[33m"};
    case Kind::kRemove:
      return {"-", "\x1b[31m"};
  }
  return {"?", ""};
}

std::string Sign(Kind kind, Paint paint) {
  const Mark mark = MarkOf(kind);
  if (paint == Paint::kPlain) return std::string(mark.sign);
  return Concat(mark.colour, mark.sign, "\x1b[0m");
}

std::string FieldLine(const config::FieldChange& field, Paint paint) {
  if (field.before.empty()) return Concat(Sign(Kind::kAdd, paint), " ", field.field, ": ", field.after);
  if (field.after.empty()) return Concat(Sign(Kind::kRemove, paint), " ", field.field, ": ", field.before);
  return Concat(Sign(Kind::kChange, paint), " ", field.field, ": ", field.before, " -> ", field.after);
}

}  // namespace

std::string RenderPlan(const std::vector<config::Change>& changes, const PlanContext& context, Paint paint) {
  const std::string edges = Concat(context.edges, context.edges == 1 ? " edge" : " edges");
  std::string out = Concat("Revision ", context.base_revision, " -> ", context.base_revision + 1, " on ",
                           context.server, " (", edges, ")\n");
  std::size_t widest = 0;
  for (const auto& change : changes) widest = std::max(widest, change.path.size());
  for (const auto& change : changes) {
    const std::string padding(change.summary.empty() ? 0 : widest - change.path.size() + 2, ' ');
    out += Concat("  ", Sign(change.kind, paint), " ", change.path, padding, change.summary, "\n");
    for (const auto& field : change.fields) out += Concat("      ", FieldLine(field, paint), "\n");
  }
  const auto count = [&](Kind kind) {
    return std::count_if(changes.begin(), changes.end(), [&](const auto& change) { return change.kind == kind; });
  };
  return out + Concat("Plan: ", count(Kind::kAdd), " to add, ", count(Kind::kChange), " to change, ",
                      count(Kind::kRemove), " to remove.\n");
}

}  // namespace ccp::ctl
