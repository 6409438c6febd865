#!/usr/bin/env bash
# Installs what the GPU kernels need and says what it does: Mesa's Vulkan driver (apt, only as root: it never uses sudo)
# and ONNX Runtime 1.24.3 (npm, unpacked into third_party/, which git ignores). Quick when both are there.
#   scripts/setup.sh         stops with exit 3 and the exact command where something cannot be had
#   scripts/setup.sh --soft  says so in one line and goes on: the simulator then computes with its own CPU kernels
#   GPU=off                  does nothing, loudly
set -euo pipefail
cd "$(dirname "$0")/.."

soft=
[ "${1:-}" = --soft ] && soft=1

if [ "${GPU:-}" = off ]; then
  echo "setup: GPU=off: no Vulkan driver and no ONNX Runtime are installed, and the tests that need them are switched off"
  exit 0
fi

# missing WHAT COMMAND: what to say where something cannot be installed here. It ends a hard set-up.
missing() {
  lacking=1
  if [ "$soft" ]; then
    echo "setup: no $1; going on with CPU kernels (to install it: $2)"
    return
  fi
  echo "setup: no $1. To install it: $2" >&2
  echo "setup: or do without it: GPU=off make test" >&2
  exit 3
}
lacking=

has_vulkan() {
  [ -n "$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep 'libvulkan\.so\.1')" ] &&
    [ -n "$(find /usr/share/vulkan/icd.d /etc/vulkan/icd.d -name '*.json' 2>/dev/null)" ]
}

# Mesa's software Vulkan driver (lavapipe); any other Vulkan driver does as well.
setup_vulkan() {
  local apt='apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers'
  has_vulkan && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    missing "Vulkan driver" "apt-get update && $apt   (as root)"
    return
  fi
  echo "setup: installing Mesa's Vulkan driver: $apt"
  if ! (apt-get update -qq && DEBIAN_FRONTEND=noninteractive $apt) >"$temp/log" 2>&1; then
    tail -n 5 "$temp/log" >&2
    missing "Vulkan driver" "$apt"
  fi
}

# ONNX Runtime in the one version that was checked, by its sum: others may differ in the bits of floats.
version=1.24.3
library=third_party/ort/libonnxruntime.so.1
setup_onnx() {
  local arch sum
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) arch=x64 sum=92ba8e44d31b80a34f5e805076a044122c3be1fffe0d88ed790de7267b0b2682 ;;
    Linux-aarch64) arch=arm64 sum=33032cb5b91c12edbf028d7c69fa40a31848d66c0095448758af237d5e0b07db ;;
    *) missing "ONNX Runtime for $(uname -s) on $(uname -m)" "use Linux on x86_64 or aarch64"; return ;;
  esac
  [ -f "$library" ] && echo "$sum  $library" | sha256sum --check --status && return
  if ! command -v npm >/dev/null; then
    missing "ONNX Runtime (npm is not installed)" "install npm, then scripts/setup.sh"
    return
  fi
  local pack="npm pack --ignore-scripts onnxruntime-node@$version"
  local member=package/bin/napi-v6/linux/$arch/libonnxruntime.so.1
  echo "setup: fetching ONNX Runtime $version: $pack"
  if ! (cd "$temp" && $pack >/dev/null && tar -xzf onnxruntime-node-*.tgz "$member") 2>"$temp/log"; then
    tail -n 5 "$temp/log" >&2
    missing "ONNX Runtime" "scripts/setup.sh, with the npm registry in reach"
  elif ! echo "$sum  $temp/$member" | sha256sum --check --status; then
    missing "ONNX Runtime (npm brought another library than the one that was checked)" "scripts/setup.sh, from the public npm registry"
  else
    mkdir -p "$(dirname "$library")"
    cp "$temp/$member" "$library.new" && mv "$library.new" "$library"
  fi
}

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
setup_vulkan
setup_onnx
[ "$lacking" ] || echo "setup: a Vulkan driver and ONNX Runtime $version are there"
