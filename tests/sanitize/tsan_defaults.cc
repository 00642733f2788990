// Linked into every program of a thread-sanitizer build. Reports do not change exit codes: tsan_report.py judges them,
// because some are about the locking of libraries that are not instrumented.
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_options() { return "exitcode=0:history_size=4:second_deadlock_stack=1"; }

// race_top looks at the top frame alone. Module lines (race:libgrpc.so) would also hide races of ours that merely pass
// through a callback of gRPC; canary.py shows that these do not.
extern "C" const char* __tsan_default_suppressions() {
  return "race_top:^grpc::\n"
         "race_top:^grpc_\n"
         "race_top:grpc_core::\n"
         "race_top:^absl::\n"
         "race_top:^google::protobuf::\n"
         "race_top:^upb_\n";
}
