#!/usr/bin/env bash
# Fuzzes every target for a time, one after the other: fuzz.sh 60s [REGEXP], which picks among lines of "FOLDER TARGET".
# Crashers stay in the package's testdata/fuzz. At the end it lists each target with what became of it, and fails if any did.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-60s} pick=${2:-.}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cache=$(go env GOCACHE)/fuzz module=$(go list -m)

git grep '^func Fuzz' -- '*_test.go' | sed -nE 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*)\(.*|\1 \2|p' | sort -u | grep -E -- "$pick" >"$work/targets" ||
  { echo "fuzz: no target matches $pick" >&2; exit 1; }

built='' failed=0
while read -r dir target; do
  echo "fuzz: $dir $target"
  if [ "$dir" != "$built" ]; then # with -fuzz, so that it is instrumented for coverage
    go test -c -fuzz . -o "$work/test" "./$dir"
    built=$dir
  fi
  ls "$dir/testdata/fuzz/$target" >"$work/before" 2>/dev/null || true
  code=0
  (cd "$dir" && "$work/test" -test.run '^$' -test.fuzz "^$target\$" -test.fuzztime "$time" -test.fuzzminimizetime 20x \
    -test.fuzzcachedir "$cache/$module/$dir" </dev/null) 2>&1 | tee "$work/log" || code=$?
  ls "$dir/testdata/fuzz/$target" >"$work/after" 2>/dev/null || true
  fate=pass
  if [ "$code" -ne 0 ]; then
    # Go sometimes takes the end of -fuzztime for a failure: it says so alone, and keeps no crasher.
    if grep -qx ' *context deadline exceeded' "$work/log" && cmp -s "$work/before" "$work/after" &&
      ! grep -qE 'Failing input|panic:|fuzzing process|DATA RACE' "$work/log"; then
      fate='pass (its end was told late)'
    else
      fate=FAIL failed=1
    fi
  fi
  execs=$(sed -nE 's/^fuzz: elapsed: .*, execs: ([0-9]+).*/\1/p' "$work/log" | tail -n 1)
  printf '%12s  %s %s: %s\n' "${execs:-0}" "$dir" "$target" "$fate" >>"$work/fates"
done <"$work/targets"

echo 'fuzz: executions of each target'
cat "$work/fates"
exit "$failed"
