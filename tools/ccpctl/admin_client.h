// Calls to control's admin service, one deadline each, errors as absl::Status whose message is fit to print.
//
// Threading: one thread. No retries: a command either reaches control or says why not.
// Errors: kUnavailable names the address and the next command; other codes are control's own.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "ccp/v1/admin.grpc.pb.h"

namespace ccp::ctl {

class AdminClient {
 public:
  AdminClient(std::string server, std::chrono::milliseconds timeout);

  absl::StatusOr<v1::ApplyResponse> Apply(v1::ApplyRequest request);
  absl::StatusOr<v1::ApplyResponse> Rollback(const v1::RollbackRequest& request);
  absl::StatusOr<v1::GetConfigResponse> GetConfig(std::uint64_t revision);
  absl::StatusOr<v1::ListRevisionsResponse> ListRevisions(std::uint32_t limit);
  absl::StatusOr<v1::ListEdgesResponse> ListEdges();
  absl::StatusOr<v1::StatsResponse> Stats(const v1::StatsRequest& request);
  absl::StatusOr<v1::GetRequestResponse> GetRequest(const std::string& request_id);

  std::size_t ConnectedEdges();  // 0 also when control does not say.

  const std::string& server() const { return server_; }

 private:
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                        Response*),
                                const Request& request, std::chrono::milliseconds extra);

  std::string server_;
  std::chrono::milliseconds timeout_;
  std::unique_ptr<v1::Admin::Stub> stub_;
};

}  // namespace ccp::ctl
