#!/usr/bin/env bash
# Builds the fuzz targets with clang, and runs each on its corpus: tests/fuzz.sh [seconds for each] [seed]
# By default a minute from the same seed, as a test; with seconds a search from a new seed (0) each time.
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install-packages.sh clang-14 libclang-rt-14-dev
cmake --preset fuzz -DCCP_FUZZ_SECONDS="${1:-60}" -DCCP_FUZZ_SEED="${2:-$(($# > 0 ? 0 : 1))}"
cmake --build --preset fuzz
exec ctest --preset fuzz --no-tests=error -j "$(nproc)"
