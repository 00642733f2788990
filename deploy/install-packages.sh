#!/usr/bin/env bash
# Installs what building and testing ccp needs on Debian 12, and the packages named as arguments. Does nothing, and needs
# no root, when all of it is there.
set -euo pipefail

# The ordinary tools.
tools=(build-essential cmake ninja-build ccache mold pkg-config git ca-certificates curl jq python3)
# libboost1.81-dev by name: libboost-dev is 1.74 here and conflicts with it.
libraries=(
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev libre2-dev libc-ares-dev
  libboost1.81-dev libboost-url1.81-dev nlohmann-json3-dev libspdlog-dev libsimdjson-dev libyaml-cpp-dev libsqlite3-dev
  libssl-dev libcli11-dev zlib1g-dev libgtest-dev libgmock-dev libbenchmark-dev
)
packages=("${tools[@]}" "${libraries[@]}" "$@")
# The client tests run JavaScript; any node from 18 (Debian 12's own) on will do, wherever it came from.
command -v node >/dev/null && command -v npm >/dev/null || packages+=(nodejs npm)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "all packages are installed" >&2
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "need root (or sudo) to install: ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing: ${missing[*]}" >&2
"${as_root[@]}" apt-get update -q >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
