#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A failing RUN: the command, its status, its last lines, where all of them are; no tag; what was built stays.
. "$(dirname "$0")/common.sh"
import_tiny
export JCBUILD_PACKAGES=$tests/functional/trees/broken
expect 1 jc compose failing --base tiny -t broken
first_line_says 7
says "exit 7" "line 50" "line 31" failing
! grep -q '^line 29$' "$scratch/err" || fail "more than the last lines"
log=$(grep -oE "$JCBUILD_STORE/[^ ]*log[^ ]*" "$scratch/err" | tail -n 1)
[ -s "$log" ] || fail "no log where the message says: $(cat "$scratch/err")"
grep -q 'line 1$' "$log" && grep -q 'line 50' "$log" || fail "the log is not whole"
! has_tag broken || fail "a tag of a failed build"
nothing_left
expect 0 jc verify
# The step before the failing one is not run again.
expect 1 jc compose failing --base tiny -t broken
says cached
