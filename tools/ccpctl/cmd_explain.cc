// explain: a request file, a past request, a key of models.yaml, or an error code.
#include "common/base/text.h"
#include "common/config/codes.h"
#include "common/config/fields.h"
#include "common/tokens/vocabulary_file.h"
#include "common/usage/record.h"
#include "common/wire/convert.h"
#include "edge/translate/loss.h"
#include "tools/ccpctl/admin_client.h"
#include "tools/ccpctl/commands.h"
#include "tools/ccpctl/explain_request.h"
#include "tools/ccpctl/remote_catalog.h"
#include "tools/ccpctl/request_history.h"

namespace ccp::ctl {
namespace {

// The vocabulary the edge would use; without one both estimate.
std::shared_ptr<const tokens::Vocabulary> FindVocabulary() {
  const std::string path = tokens::FindVocabularyFile();
  if (path.empty()) return nullptr;
  const auto ranks = ReadFile(path);
  if (!ranks.ok()) return nullptr;
  const auto vocabulary = tokens::Vocabulary::Parse(*ranks);
  return vocabulary.ok() ? *vocabulary : nullptr;
}

Exit ExplainFile(const Session& session, const ExplainOptions& options) {
  auto body = ReadFile(options.file);
  if (!body.ok()) return Report(session, body.status());
  AdminClient client(session.server, session.timeout);
  const auto remote = FetchCatalog(client, 0);
  if (!remote.ok()) return Report(session, remote.status());
  const auto vocabulary = FindVocabulary();
  const auto explanation = ExplainRequest(remote->catalog, *std::move(body), options.headers, vocabulary.get());
  if (!explanation.ok()) return Report(session, explanation.status());
  session.out << (session.format == Format::kJson ? ExplanationJson(*explanation) : ExplanationText(*explanation));
  return explanation->error.empty() ? kOk : kFailed;
}

Exit ExplainPast(const Session& session, const std::string& request_id) {
  AdminClient client(session.server, session.timeout);
  const auto history = client.GetRequest(request_id);
  if (!history.ok()) return Report(session, history.status());
  if (history->attempts().empty()) {
    return Report(session,
                  NotFound("no request ", request_id, ". Its id stands in the answer's x-ccp-request-id header"));
  }
  session.out << Render(RequestHistory(*history), session.format);
  return kOk;
}

bool PrintCode(const Session& session, std::string_view code) {
  const config::CodeInfo* known = config::FindCode(code);
  if (known == nullptr) return false;
  session.out << Concat(known->code, ": ", known->title, "\n", known->meaning, "\n");
  return true;
}

bool PrintLoss(const Session& session, std::string_view code) {
  for (const auto& loss : translate::LossCodes()) {
    if (loss.code != code) continue;
    session.out << Concat(loss.code, ": ", loss.meaning, "\n");
    return true;
  }
  return false;
}

Exit ExplainField(const Session& session, const std::string& path) {
  if (const config::Field* field = config::FindField(path); field != nullptr) {
    session.out << config::Describe(*field);
    return kOk;
  }
  const std::string nearest = config::NearestFieldPath(path);
  return Report(session, NotFound("explain: \"", path, "\" is no key of models.yaml, no code and no request id",
                                  nearest.empty() ? "" : Concat(". Did you mean \"", nearest, "\"?")));
}

}  // namespace

Exit Explain(const Session& session, const ExplainOptions& options) {
  if (!options.file.empty()) return ExplainFile(session, options);
  if (options.subject.empty()) {
    return Report(session, InvalidArgument("explain: want a request id, a key of models.yaml, a code, or -f request.json"));
  }
  if (options.subject.starts_with("req_")) return ExplainPast(session, options.subject);
  if (PrintCode(session, options.subject) || PrintLoss(session, options.subject)) return kOk;
  return ExplainField(session, options.subject);
}

}  // namespace ccp::ctl
