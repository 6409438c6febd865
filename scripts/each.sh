#!/usr/bin/env bash
# Runs a command of lgos-sim on every scenario: each.sh run|twice FLAGS. A scenario that was made for a few hosts runs at
# its own size. Goes on after a failure and exits 1 at the end if there was one.
set -uo pipefail
cd "$(dirname "$0")/.."
command=$1
shift

failed=()
for name in $(bin/lgos-sim list --names); do
  flags=("$@")
  case $name in two-writers) flags+=(--nodes 8) ;; esac
  bin/lgos-sim "$command" "$name" "${flags[@]}" || failed+=("$name")
done
[ "${#failed[@]}" = 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
