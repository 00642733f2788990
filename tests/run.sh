#!/usr/bin/env bash
# The whole test suite: installs what is missing, builds the release preset, runs every test through ctest, and then each
# fuzz target for a minute. Arguments go to ctest, and nothing is fuzzed: tests/run.sh -R integration
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install-packages.sh
export CCP_TOKENIZER="$PWD/build/o200k_base.tiktoken"
deploy/install-tokenizer.sh "$CCP_TOKENIZER"
cmake --preset release -DCCP_BUILD_TESTS=ON
cmake --build --preset release
ctest --preset release --no-tests=error -j "$(nproc)" "$@"
(($# > 0)) || tests/fuzz.sh
