#!/usr/bin/env bash
# Tests the checkers with planted bugs: mutants.sh N takes one in N of checkers/mutants, another share each day, and compares
# what became of them with the detections that are kept there.
set -euo pipefail
cd "$(dirname "$0")/.."
exec bin/lgos-sim mutants checkers/mutants --share "$((10#$(date +%j)))/${1:-1}" --against checkers/mutants/detections.json
