#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is wrong in a request is named in the first line, with what helps, and leaves nothing behind.
. "$(dirname "$0")/common.sh"
import_tiny
export JCBUILD_PACKAGES=$tests/functional/trees/broken
before=$(cat "$JCBUILD_STORE/oci/index.json")

expect 1 jc compose fien --base tiny
first_line_says fien
says "did you mean" fine
expect 1 jc compose one --base tiny
first_line_says one two three "->"
expect 1 jc compose dangling --base tiny
first_line_says no-such-dependency
says dangling
expect 1 jc compose fine --base no-such-image
first_line_says no-such-image

expect 1 jc compose bad-yaml --base tiny
grep -Eq 'bad-yaml/Dockerfile:[0-9]+:[0-9]+' "$scratch/err" || fail "the YAML error has no position: $(cat "$scratch/err")"
expect 1 jc compose bad-dockerfile --base tiny
grep -Eq 'bad-dockerfile/Dockerfile:7:1' "$scratch/err" || fail "the Dockerfile error has no position: $(cat "$scratch/err")"
first_line_says RNU

expect 1 jc resolve fien --format json
jq -e '.error | .kind and (.message | contains("fien")) and has("hint")' "$scratch/out" > /dev/null || fail "no error record"

printf 'FROM tiny\nRUN true\n' > "$scratch/Dockerfile"
for words in "" "frobnicate" "compose" "run" "run --no-such-flag tiny" "tag tiny" "build --network bridge $scratch" "images --format nonsense"; do
  # shellcheck disable=SC2086
  expect 2 jc $words
done
equal "$(cat "$JCBUILD_STORE/oci/index.json")" "$before" "the tags"
nothing_left
