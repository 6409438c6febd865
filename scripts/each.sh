#!/usr/bin/env bash
# Runs a command of lgos-sim on every scenario at a size: each.sh run|twice NODES FLAGS. two-writers is made for a few
# hosts and has 8. run leaves every run's record, plan and report in OUT/SCENARIO-SEED and a line for each in OUT/index.txt
# (--out OUT, else results/runs); twice takes only the beginning of the text. The worst exit code is this script's.
set -uo pipefail
cd "$(dirname "$0")/.."
command=$1 nodes=$2
shift 2

names=$(bin/lgos-sim list | awk '/^[a-z]/ && $1 != "two-writers" { print $1 }')
if [ "$command" = run ]; then
  exec bin/lgos-sim run $names two-writers:8 --nodes "$nodes" "$@"
fi
worst=0
bin/lgos-sim "$command" $names --nodes "$nodes" "$@" || worst=$?
bin/lgos-sim "$command" two-writers --nodes 8 "$@" --set limit=1500 --set duration=4m || { code=$?; [ "$code" -gt "$worst" ] && worst=$code; }
exit "$worst"
