// Our values <-> protobuf: the only common code that sees generated headers. Pure.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "ccp/v1/admin.pb.h"
#include "ccp/v1/config.pb.h"
#include "ccp/v1/usage.pb.h"
#include "common/config/diff.h"
#include "common/config/load.h"
#include "common/config/model.h"
#include "common/usage/record.h"

namespace ccp::wire {

v1::Catalog ToProto(const config::Catalog& catalog);
absl::StatusOr<config::Catalog> FromProto(const v1::Catalog& proto);  // kInvalidArgument: an enum or slot of a newer build.

v1::UsageRecord ToProto(const usage::Record& record);   // Without seq.
// Appends ToProto(record) in protobuf's bytes, without the message: the edge writes two of them for each request.
void AppendSerialized(std::string& out, const usage::Record& record);
usage::Record FromProto(const v1::UsageRecord& proto);

v1::Diagnostic ToProto(const config::Diagnostic& diagnostic);
config::Diagnostic FromProto(const v1::Diagnostic& proto);
v1::Change ToProto(const config::Change& change);
config::Change FromProto(const v1::Change& proto);

// Deterministic bytes of a catalog: what Snapshot.catalog holds and its digest covers.
std::string Serialize(const config::Catalog& catalog);

}  // namespace ccp::wire
