// A real data race inside a callback of gRPC. If the thread sanitizer's settings hide this one, they hide all of ours:
// tests/sanitize/canary.py demands that it is reported.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <thread>
#include <vector>

#include "ccp/v1/admin.grpc.pb.h"

namespace {

class Racing final : public ccp::v1::Admin::CallbackService {
 public:
  grpc::ServerUnaryReactor* ListEdges(grpc::CallbackServerContext* context, const ccp::v1::ListEdgesRequest*,
                                      ccp::v1::ListEdgesResponse*) override {
    ++calls_;  // The race: two calls run on two of gRPC's threads.
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  long calls() const { return calls_; }

 private:
  long calls_ = 0;
};

void CallOften(const std::string& address) {
  const auto stub = ccp::v1::Admin::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  for (int i = 0; i < 500; ++i) {
    grpc::ClientContext context;
    ccp::v1::ListEdgesResponse response;
    stub->ListEdges(&context, ccp::v1::ListEdgesRequest(), &response);
  }
}

}  // namespace

int main() {
  Racing service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) callers.emplace_back(CallOften, "127.0.0.1:" + std::to_string(port));
  for (std::thread& caller : callers) caller.join();
  server->Shutdown();
  std::printf("%ld calls counted\n", service.calls());
}
