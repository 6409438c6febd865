#!/usr/bin/env bash
# Installs what the GPU kernels and the test of the viewer's page need, and says what it does: Mesa's Vulkan driver and
# Chromium (apt, only as root: it never uses sudo), ONNX Runtime and playwright-core (npm, unpacked into third_party/, which
# git ignores). Quick when all are there.
#   scripts/setup.sh         stops with exit 3 and the exact command where something cannot be had
#   scripts/setup.sh --soft  says so in one line and goes on: the simulator then computes with its own CPU kernels. A browser
#                            is no part of it
#   GPU=off, BROWSER=off     leaves the one or the other out, loudly
set -euo pipefail
cd "$(dirname "$0")/.."

soft=
[ "${1:-}" = --soft ] && soft=1

# missing WHAT COMMAND: what to say where something cannot be installed here. It ends a hard set-up. $switch leaves it out.
switch=GPU
missing() {
  lacking=1
  if [ "$soft" ]; then
    echo "setup: no $1; going on with CPU kernels (to install it: $2)"
    return
  fi
  echo "setup: no $1. To install it: $2" >&2
  echo "setup: or do without it: $switch=off make test" >&2
  exit 3
}
lacking=

has_vulkan() {
  [ -n "$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep 'libvulkan\.so\.1')" ] &&
    [ -n "$(find /usr/share/vulkan/icd.d /etc/vulkan/icd.d -name '*.json' 2>/dev/null)" ]
}

# apt_install WHAT PACKAGES: with apt, as root.
apt_install() {
  local what=$1 apt="apt-get install -y --no-install-recommends $2"
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    missing "$what" "apt-get update && $apt   (as root)"
    return
  fi
  echo "setup: installing $3: $apt"
  if ! (apt-get update -qq && DEBIAN_FRONTEND=noninteractive $apt) >"$temp/log" 2>&1; then
    tail -n 5 "$temp/log" >&2
    missing "$what" "$apt"
  fi
}

# Mesa's software Vulkan driver (lavapipe); any other Vulkan driver does as well.
setup_vulkan() {
  has_vulkan || apt_install "Vulkan driver" "libvulkan1 mesa-vulkan-drivers" "Mesa's Vulkan driver"
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

# Chromium, and playwright-core in the one version that was checked, to open the viewer's page with.
playwright=1.56.1
setup_browser() {
  local sum=fa648e5442796d4160c68dcfc3914ed5224f147852264993e6376e29f0228238 folder=third_party/playwright-core
  command -v chromium >/dev/null || apt_install Chromium "chromium fonts-liberation" Chromium
  [ -f "$folder/index.js" ] && echo "$sum  $folder.tgz" | sha256sum --check --status && return
  if ! command -v npm >/dev/null; then
    missing "playwright-core (npm is not installed)" "install npm, then scripts/setup.sh"
    return
  fi
  local pack="npm pack --ignore-scripts playwright-core@$playwright"
  echo "setup: fetching playwright-core $playwright: $pack"
  if ! (cd "$temp" && $pack >/dev/null && tar -xzf playwright-core-*.tgz) 2>"$temp/log"; then
    tail -n 5 "$temp/log" >&2
    missing "playwright-core" "scripts/setup.sh, with the npm registry in reach"
  elif ! echo "$sum  $(echo "$temp"/playwright-core-*.tgz)" | sha256sum --check --status; then
    missing "playwright-core (npm brought another package than the one that was checked)" "scripts/setup.sh, from the public npm registry"
  else
    mkdir -p third_party
    rm -rf "$folder" "$folder.new"
    cp -r "$temp/package" "$folder.new" && cp "$temp"/playwright-core-*.tgz "$folder.tgz" && mv "$folder.new" "$folder"
  fi
}

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
there=()
if [ "${GPU:-}" = off ]; then
  echo "setup: GPU=off: no Vulkan driver and no ONNX Runtime are installed, and the tests that need them are switched off"
else
  setup_vulkan
  setup_onnx
  there+=("a Vulkan driver and ONNX Runtime $version")
fi
if [ ! "$soft" ]; then
  switch=BROWSER
  if [ "${BROWSER:-}" = off ]; then
    echo "setup: BROWSER=off: no Chromium and no playwright-core are installed, and the test of the viewer's page is switched off"
  else
    setup_browser
    there+=("Chromium and playwright-core $playwright")
  fi
fi
[ "$lacking" ] || [ ${#there[@]} = 0 ] || { printf -v list '%s, ' "${there[@]}"; echo "setup: ${list%, } are there"; }
