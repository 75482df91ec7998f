#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# prune --keep SIZE is a hard cap on what the store occupies; what was used last stays longest, images always.
. "$(dirname "$0")/common.sh"
import_tiny
mkdir "$scratch/context"
used() { in_user_namespace du -s -B1 "$JCBUILD_STORE" | cut -f1; }
make() { printf 'FROM tiny\nRUN head -c 4000000 /dev/urandom > /%s\n' "$1" > "$scratch/context/Dockerfile"; }
for name in a b c d e f; do
  make "$name"
  expect 0 jc build "$scratch/context"
done
make a
expect 0 jc build "$scratch/context" # the oldest is used again
cap=14000000
[ "$(used)" -gt "$cap" ] || fail "there is nothing to prune"
expect 0 jc prune --keep "$cap"
[ "$(used)" -le "$cap" ] || fail "$(used) bytes are above the cap of $cap"
expect 0 jc verify
make a
expect 0 jc build "$scratch/context"
says "cached RUN"
make b
expect 0 jc build "$scratch/context"
! grep -q "cached RUN" "$scratch/err" || fail "the least recently used result stayed"
# Images are nobody's cache.
make kept
expect 0 jc build -t kept "$scratch/context"
expect 1 jc prune --keep 1m
first_line_says "images need that"
verify_image kept
