#include "tools/ccpctl/admin_client.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/json/utf8.h"

namespace ccp::ctl {
namespace {

// Larger than any models.yaml (8 MiB) with its compiled form beside it.
constexpr int kMaxMessageBytes = 64 * 1024 * 1024;

std::unique_ptr<v1::Admin::Stub> Connect(const std::string& server) {
  grpc::ChannelArguments arguments;
  // Control is never behind the HTTP proxy that the environment names for the outside world.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return v1::Admin::NewStub(grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments));
}

// What a person typed, as a proto3 string can carry it.
std::string ValidUtf8(std::string_view text) {
  std::string out;
  json::AppendValidUtf8(out, text);
  return out;
}

// gRPC tells a whole story: "failed to connect to all addresses; last error: UNKNOWN: ...: Connection refused". What
// stands last is what a person can use.
absl::Status Unreachable(const std::string& server, std::string_view story) {
  const std::size_t before = story.rfind(": ");
  const std::string_view reason = before == std::string_view::npos ? story : story.substr(before + 2);
  return Unavailable("cannot reach control at ", server, " (", reason,
                     "). Start it with \"ccpctl up\" or \"ccp-control\", or name another with --server.");
}

absl::Status ToStatus(const grpc::Status& status, const std::string& server, std::chrono::milliseconds timeout) {
  if (status.ok()) return absl::OkStatus();
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) return Unreachable(server, status.error_message());
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::DeadlineExceededError(
        Concat("no answer from control at ", server, " within ", timeout.count(), " ms. Allow more with --timeout."));
  }
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

}  // namespace

AdminClient::AdminClient(std::string server, std::chrono::milliseconds timeout)
    : server_(std::move(server)), timeout_(timeout), stub_(Connect(server_)) {}

template <typename Request, typename Response>
absl::StatusOr<Response> AdminClient::Call(grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                                   Response*),
                                           const Request& request, std::chrono::milliseconds extra) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout_ + extra);
  Response response;
  const grpc::Status status = ((*stub_).*method)(&context, request, &response);
  if (!status.ok()) return ToStatus(status, server_, timeout_ + extra);
  return response;
}

absl::StatusOr<v1::ApplyResponse> AdminClient::Apply(v1::ApplyRequest request) {
  request.set_file_name(ValidUtf8(request.file_name()));
  request.set_message(ValidUtf8(request.message()));
  return Call(&v1::Admin::Stub::Apply, request, std::chrono::milliseconds(request.wait_ms()));
}

absl::StatusOr<v1::ApplyResponse> AdminClient::Rollback(const v1::RollbackRequest& request) {
  return Call(&v1::Admin::Stub::Rollback, request, std::chrono::milliseconds(request.wait_ms()));
}

absl::StatusOr<v1::GetConfigResponse> AdminClient::GetConfig(std::uint64_t revision) {
  v1::GetConfigRequest request;
  request.set_revision(revision);
  return Call(&v1::Admin::Stub::GetConfig, request, {});
}

absl::StatusOr<v1::ListRevisionsResponse> AdminClient::ListRevisions(std::uint32_t limit) {
  v1::ListRevisionsRequest request;
  request.set_limit(limit);
  return Call(&v1::Admin::Stub::ListRevisions, request, {});
}

absl::StatusOr<v1::ListEdgesResponse> AdminClient::ListEdges() {
  return Call(&v1::Admin::Stub::ListEdges, v1::ListEdgesRequest(), {});
}

std::size_t AdminClient::ConnectedEdges() {
  const auto edges = ListEdges();
  if (!edges.ok()) return 0;
  return static_cast<std::size_t>(
      std::count_if(edges->edges().begin(), edges->edges().end(), [](const auto& edge) { return edge.connected(); }));
}

absl::StatusOr<v1::StatsResponse> AdminClient::Stats(const v1::StatsRequest& request) {
  return Call(&v1::Admin::Stub::Stats, request, {});
}

absl::StatusOr<v1::GetRequestResponse> AdminClient::GetRequest(const std::string& request_id) {
  v1::GetRequestRequest request;
  request.set_request_id(ValidUtf8(request_id));
  return Call(&v1::Admin::Stub::GetRequest, request, {});
}

}  // namespace ccp::ctl
