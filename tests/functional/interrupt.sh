#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C during a RUN: status 130, and nothing of the build is left, neither process nor mount nor tag.
. "$(dirname "$0")/common.sh"
import_tiny
mark=$((RANDOM + 70000))
mkdir "$scratch/context"
printf 'FROM tiny\nRUN (setsid sleep %s &) ; sleep %s\n' "$mark" "$mark" > "$scratch/context/Dockerfile"
for signal in INT TERM; do
  # A shell's background job ignores SIGINT from birth; a terminal's does not.
  env --default-signal=INT "$JCBUILD" build -t interrupted "$scratch/context" > "$scratch/log" 2>&1 &
  build=$!
  wait_for 20 pgrep -fx "sleep $mark" > /dev/null
  kill -"$signal" "$build"
  status=0; wait "$build" || status=$?
  equal "$status" $((128 + $(kill -l "$signal"))) "status after $signal"
  ! pgrep -fx "sleep $mark" > /dev/null || fail "the command outlived the build"
  ! has_tag interrupted || fail "a tag of an interrupted build"
  nothing_left
done
expect 0 jc verify
