#!/usr/bin/env bash
# The whole test suite: installs what is missing, builds the release preset, runs every test through ctest.
# Arguments go to ctest: tests/run.sh -R integration
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install-packages.sh
export CCP_TOKENIZER="$PWD/build/o200k_base.tiktoken"
deploy/install-tokenizer.sh "$CCP_TOKENIZER"
cmake --preset release -DCCP_BUILD_TESTS=ON
cmake --build --preset release
exec ctest --preset release --no-tests=error -j "$(nproc)" "$@"
