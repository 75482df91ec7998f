#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# Every Dockerfile of a jetson-containers checkout is read, and comes out with as many instructions of each kind as were
# counted in it. The checkout is the caller's: JETSON_CONTAINERS=DIRECTORY, best at the commit below. At another commit
# every file must be read, and the numbers are only told.
. "$(dirname "$0")/common.sh"
counted_at=dd206bfe71f9ed35a02d9b9d9954bddb1b649602
counted='809 run
582 arg
307 from
266 copy
152 env
138 workdir
69 cmd
41 add
23 expose
10 entrypoint
6 shell
5 healthcheck
3 user'

[ -n "${JETSON_CONTAINERS:-}" ] || skip "JETSON_CONTAINERS names no checkout of jetson-containers"
[ -d "$JETSON_CONTAINERS/packages" ] || skip "$JETSON_CONTAINERS has no folder packages"
printf 'FROM a\n' > "$scratch/probe"
if ! jc debug ast "$scratch/probe" > "$scratch/ast" 2> "$scratch/err"; then
  grep -q 'no command' "$scratch/err" || fail "$(cat "$scratch/err")"
  skip "this jcbuild has no command debug ast"
fi

mapfile -d '' files < <(find "$JETSON_CONTAINERS/packages" -name 'Dockerfile*' -type f -print0 | sort -z)
for file in "${files[@]}"; do
  jc debug ast "$file" > "$scratch/ast" 2> "$scratch/err" || fail "$file: $(cat "$scratch/err")"
  [ -s "$scratch/ast" ] || fail "$file: nothing was read"
  sed 's/^(\([a-z]*\).*/\1/' "$scratch/ast" >> "$scratch/kinds"
done
sort "$scratch/kinds" | uniq -c | sort -k1,1nr -k2 | sed 's/^ *//' > "$scratch/counts"
echo "${#files[@]} files: $(paste -sd, "$scratch/counts")"

commit=$(git -C "$JETSON_CONTAINERS" rev-parse HEAD 2> /dev/null || cat "$JETSON_CONTAINERS/.commit" 2> /dev/null || true)
[ "$commit" = "$counted_at" ] || { echo "not the commit that was counted: numbers are not compared"; exit 0; }
equal "${#files[@]}" 305 "numbers of files"
equal "$(cat "$scratch/counts")" "$counted" "numbers of instructions"
