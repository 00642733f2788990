#!/usr/bin/env bash
# From a fresh checkout to an answer: installs what is missing, builds, starts control and edge, sends one real streaming
# request through them and prints the answer and what it used. With a provider's key in the environment (DEEPSEEK_API_KEY,
# OPENAI_API_KEY, OPENROUTER_API_KEY or ANTHROPIC_API_KEY) that provider answers, otherwise the built-in mock provider.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*" >&2; }

say "packages"
deploy/install-packages.sh
deploy/install-tokenizer.sh || echo "going on with estimated token counts" >&2
say "build"
cmake --preset release -DCCP_BUILD_TESTS=OFF >/dev/null
cmake --build --preset release --target ccpctl ccp-control ccp-edge ccp-mock
ccpctl=build/release/bin/ccpctl

# Everything this run makes lies in one directory, and goes with it.
work=$(mktemp -d)
up_pid=
clean_up() {
  if [ -n "$up_pid" ] && kill -0 "$up_pid" 2>/dev/null; then
    kill -TERM "$up_pid"
    wait "$up_pid" || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT

provider=--mock
for key in DEEPSEEK_API_KEY OPENAI_API_KEY OPENROUTER_API_KEY ANTHROPIC_API_KEY; do
  # `ccpctl up` finds the key itself and writes a models.yaml for it.
  if [ -n "${!key:-}" ]; then provider=; break; fi
done

say "ccpctl up ${provider:-(with your provider keys)}"
XDG_CONFIG_HOME="$work/config" "$ccpctl" up ${provider:+"$provider"} --port 0 --control-listen 127.0.0.1:0 \
  --state-dir "$work/state" --port-file "$work/edge" --control-port-file "$work/control" >"$work/log" 2>&1 &
up_pid=$!
until grep -q '^ready' "$work/log"; do
  kill -0 "$up_pid" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done
cat "$work/log" >&2
edge=http://$(cat "$work/edge")
server=$(cat "$work/control")

say "one streaming request, as every Anthropic client sends it"
request='{"model":"claude-sonnet-5-5","max_tokens":200,"stream":true,"messages":[{"role":"user","content":"Say hello in five words."}]}'
curl --fail-with-body --silent --show-error --no-buffer --noproxy '*' --dump-header "$work/headers" "$edge/v1/messages" \
  -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' -H 'x-api-key: any' -d "$request" >"$work/events"
grep -i '^x-ccp-' "$work/headers" >&2
echo "the answer:" >&2
sed -n 's/^data: //p' "$work/events" | jq -j 'select(.type == "content_block_delta") | .delta.text // empty'
echo
grep -q '^event: message_stop' "$work/events" || { echo "the stream did not end well:" >&2; cat "$work/events" >&2; exit 1; }

say "ccpctl stats"
# An edge reports usage a moment after the answer.
for _ in $(seq 100); do
  [ "$("$ccpctl" --server "$server" stats -o json 2>/dev/null | jq .total.requests)" = 1 ] && break
  sleep 0.1
done
"$ccpctl" --server "$server" stats
"$ccpctl" --server "$server" stats -o json 2>/dev/null | jq -e '.total.requests == 1 and .total.output_tokens > 0' >/dev/null

say "it works. Now for yourself: $ccpctl up ${provider:-}   and in another terminal: $ccpctl code"
