#!/usr/bin/env bash
# The test suite under a sanitizer: tests/sanitize.sh asan|tsan [arguments for ctest]
# The npm clients stay outside: they start what the integration tests start.
set -euo pipefail
cd "$(dirname "$0")/.."
preset="${1:?asan or tsan}"
shift

cmake --preset "$preset" -DCCP_BUILD_TESTS=ON
cmake --build --preset "$preset"
logs="$PWD/build/$preset/reports"
rm -rf "$logs"
mkdir -p "$logs"
export ASAN_OPTIONS="log_path=$logs/report" TSAN_OPTIONS="log_path=$logs/report"
status=0
ctest --preset "$preset" --no-tests=error -j "$(nproc)" -E '^clients\.|^structure\.' "$@" || status=$?
shopt -s nullglob
reports=("$logs"/report.*)
if [[ "$preset" == tsan ]]; then
  python3 tests/sanitize/tsan_report.py "$PWD" "${reports[@]}" || status=1
elif ((${#reports[@]} > 0)); then
  cat "${reports[@]}"
  status=1
fi
exit "$status"
