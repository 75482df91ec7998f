#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# limit: 2400
# SIGKILL at a random moment of a compose: the next one gives the undisturbed digest, the store is clean, nothing is left.
. "$(dirname "$0")/common.sh"
rounds=12
[ -z "${SLOW:-}" ] || rounds=200
export JCBUILD_PACKAGES=$tests/functional/trees/tiny
import_tiny
in_user_namespace cp -a "$JCBUILD_STORE" "$scratch/fresh"
compose() { "$JCBUILD" compose gamma delta --base tiny -t result; }
started=$(date +%s%N)
undisturbed=$(compose 2> /dev/null)
duration=$((($(date +%s%N) - started) / 1000000))
equal "$undisturbed" "$(digest_of result)" "printed digest"
verify_image result
echo "a whole compose takes $duration ms"
for ((round = 1; round <= rounds; round++)); do
  in_user_namespace rm -rf "$JCBUILD_STORE"
  in_user_namespace cp -a "$scratch/fresh" "$JCBUILD_STORE"
  delay=$(((RANDOM * 32768 + RANDOM) % duration))
  "$JCBUILD" compose gamma delta --base tiny -t result > /dev/null 2> "$scratch/log" &
  victim=$!
  sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
  kill -KILL "$victim" 2> /dev/null || true
  wait "$victim" 2> /dev/null || true
  gone() { ! pgrep -f "$JCBUILD compose gamma delta" > /dev/null; }
  wait_for 5 gone
  digest=$(compose 2> "$scratch/log") || { cat "$scratch/log"; fail "round $round: no compose after a kill at $delay ms"; }
  equal "$digest" "$undisturbed" "round $round, killed at $delay ms: digest"
  jc verify > "$scratch/log" 2>&1 || { cat "$scratch/log"; fail "round $round, killed at $delay ms: verify"; }
  nothing_left
done
echo "$rounds kills"
