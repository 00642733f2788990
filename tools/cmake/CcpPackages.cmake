# Every library comes from Debian 12; deploy/install-packages.sh names the packages.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Protobuf 3.21 MODULE REQUIRED)  # MODULE, and before gRPC: Debian ships no CONFIG.
find_package(absl CONFIG REQUIRED)
find_package(gRPC 1.51 CONFIG REQUIRED)      # Also makes re2::re2.
find_package(Boost 1.81.0 REQUIRED COMPONENTS url)
find_package(nlohmann_json 3.11 CONFIG REQUIRED)
find_package(spdlog 1.10 CONFIG REQUIRED)
find_package(simdjson 3.0 CONFIG REQUIRED)
find_package(yaml-cpp 0.7 CONFIG REQUIRED)
find_package(CLI11 2.1 CONFIG REQUIRED)
find_package(SQLite3 REQUIRED)
if(CCP_BUILD_TESTS)
  find_package(GTest 1.12 CONFIG REQUIRED)
endif()
if(CCP_BUILD_BENCH)
  find_package(benchmark 1.7 CONFIG REQUIRED)
endif()
