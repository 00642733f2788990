// Diagnostic and Change <-> their twins in ccp.v1.
#include <algorithm>

#include "common/wire/convert.h"

namespace ccp::wire {
namespace {

std::uint32_t Unsigned(int number) { return static_cast<std::uint32_t>(std::max(0, number)); }

v1::Change::Kind ToProto(config::Change::Kind kind) {
  switch (kind) {
    case config::Change::Kind::kAdd: return v1::Change::ADD;
    case config::Change::Kind::kChange: return v1::Change::CHANGE;
    case config::Change::Kind::kRemove: return v1::Change::REMOVE;
  }
  return v1::Change::CHANGE;
}

// A kind of a newer build is shown as a change: it is only printed.
config::Change::Kind FromProto(v1::Change::Kind kind) {
  if (kind == v1::Change::ADD) return config::Change::Kind::kAdd;
  if (kind == v1::Change::REMOVE) return config::Change::Kind::kRemove;
  return config::Change::Kind::kChange;
}

}  // namespace

v1::Diagnostic ToProto(const config::Diagnostic& diagnostic) {
  const bool is_error = diagnostic.severity == config::Diagnostic::Severity::kError;
  v1::Diagnostic proto;
  proto.set_severity(is_error ? v1::Diagnostic::ERROR : v1::Diagnostic::WARNING);
  proto.set_code(diagnostic.code);
  proto.set_file(diagnostic.file);
  proto.set_line(Unsigned(diagnostic.line));
  proto.set_column(Unsigned(diagnostic.column));
  proto.set_path(diagnostic.path);
  proto.set_message(diagnostic.message);
  proto.set_hint(diagnostic.hint);
  return proto;
}

config::Diagnostic FromProto(const v1::Diagnostic& proto) {
  config::Diagnostic diagnostic;
  // A severity of a newer build counts as an error: nothing may slip through as harmless.
  diagnostic.severity = proto.severity() == v1::Diagnostic::WARNING ? config::Diagnostic::Severity::kWarning
                                                                    : config::Diagnostic::Severity::kError;
  diagnostic.code = proto.code();
  diagnostic.file = proto.file();
  diagnostic.line = static_cast<int>(proto.line());
  diagnostic.column = static_cast<int>(proto.column());
  diagnostic.path = proto.path();
  diagnostic.message = proto.message();
  diagnostic.hint = proto.hint();
  return diagnostic;
}

v1::Change ToProto(const config::Change& change) {
  v1::Change proto;
  proto.set_kind(ToProto(change.kind));
  proto.set_path(change.path);
  proto.set_summary(change.summary);
  for (const config::FieldChange& field : change.fields) {
    v1::FieldChange& added = *proto.add_fields();
    added.set_field(field.field);
    added.set_before(field.before);
    added.set_after(field.after);
  }
  return proto;
}

config::Change FromProto(const v1::Change& proto) {
  config::Change change{FromProto(proto.kind()), proto.path(), proto.summary(), {}};
  for (const v1::FieldChange& field : proto.fields()) {
    change.fields.push_back({field.field(), field.before(), field.after()});
  }
  return change;
}

}  // namespace ccp::wire
