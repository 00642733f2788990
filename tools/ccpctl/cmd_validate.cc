// validate and schema: what can be said about a file without any server.
#include "common/base/text.h"
#include "common/config/load.h"
#include "common/config/schema.h"
#include "tools/ccpctl/commands.h"

namespace ccp::ctl {

Exit Validate(const Session& session, const std::string& file) {
  const auto source = ReadFile(file);
  if (!source.ok()) return Report(session, source.status());
  const config::LoadResult loaded = config::Load(*source, file == "-" ? "stdin" : file);
  if (!loaded.diagnostics.empty()) session.err << config::Format(loaded.diagnostics, *source);
  if (!loaded.catalog) return kUsage;
  const auto& catalog = *loaded.catalog;
  session.err << Concat(file, ": ok, ", catalog.models.size(), " models, ", catalog.routing.slots.size(), " slots, ",
                        catalog.routing.rules.size(), " rules\n");
  return kOk;
}

Exit PrintSchema(const Session& session) {
  session.out << config::SchemaJson() << "\n";
  return kOk;
}

}  // namespace ccp::ctl
