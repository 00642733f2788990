// Explains a request file: which model answers and why, and what its translation would lose. The same code that the
// edge runs, so the answer is the edge's answer. Pure: text and catalog in, values and text out.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/config/model.h"
#include "common/tokens/count.h"
#include "tools/ccpctl/listing.h"

namespace ccp::ctl {

struct Explanation {
  std::string asked;   // As the request says.
  std::string chosen;  // First candidate; empty when there is an error.
  std::string route;
  std::string error;                    // What the client would get instead of an answer.
  std::vector<std::string> candidates;  // In the order they would be tried.
  std::vector<std::string> on_quota;
  std::int64_t input_tokens = 0;
  std::string counted_by;   // "o200k_base" or "estimate"
  std::string translation;  // "openai, dialect deepseek" or "none (direct)"
  std::vector<std::string> losses;
  struct Step {
    std::string name;
    bool matched = false;
    std::string reason;
  };
  std::vector<Step> trace;
};

// `headers`: "name: value". `vocabulary` may be nullptr. kInvalidArgument: the file is not a Messages request.
absl::StatusOr<Explanation> ExplainRequest(const config::Catalog& catalog, std::string request_body,
                                           const std::vector<std::string>& headers,
                                           const tokens::Vocabulary* vocabulary);

std::string ExplanationText(const Explanation& explanation);
std::string ExplanationJson(const Explanation& explanation);  // ccp.explain/v1

}  // namespace ccp::ctl
