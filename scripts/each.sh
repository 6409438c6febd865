#!/usr/bin/env bash
# Runs a command of lgos-sim on every scenario at a size: each.sh run|twice NODES FLAGS. two-writers is made for a few
# hosts and runs at 8; twice takes only the beginning of its text. The worst exit code of the two calls is this script's.
set -uo pipefail
cd "$(dirname "$0")/.."
command=$1 nodes=$2
shift 2

names=$(bin/lgos-sim list | awk '/^[a-z]/ && $1 != "two-writers" { print $1 }')
worst=0
bin/lgos-sim "$command" $names --nodes "$nodes" "$@" || worst=$?
case "$command" in
  run) set -- "$@" --out results/runs/each-two-writers ;;
  twice) set -- "$@" --set limit=1500 --set duration=4m ;;
esac
bin/lgos-sim "$command" two-writers --nodes 8 "$@" || { code=$?; [ "$code" -gt "$worst" ] && worst=$code; }
exit "$worst"
