#!/usr/bin/env bash
# Tests the checkers with planted bugs: mutants.sh N takes one in N of checkers/mutants, another share each day.
set -euo pipefail
cd "$(dirname "$0")/.."
share=${1:-1}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
ls checkers/mutants/*.yaml | awk -v n="$share" -v day="$((10#$(date +%j)))" 'NR % n == day % n' | while read -r file; do
  cp "$file" "$folder/"
done
bin/lgos-sim mutants "$folder"
