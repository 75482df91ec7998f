#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# --on-error=shell: a shell in the failed step, with what it left and its environment; what happens there changes nothing.
. "$(dirname "$0")/common.sh"
import_tiny
mkdir "$scratch/context"
printf 'FROM tiny\nRUN echo before > /before\nENV word=there\nWORKDIR /w\nRUN echo half > /half; exit 3\n' > "$scratch/context/Dockerfile"
printf 'echo "[$(cat /before /half) $word $(pwd)]" | tr "\\n" " "\ntouch /made\nexit 0\n' > "$scratch/typed"
"$JCBUILD" build --on-error=shell -t broken "$scratch/context" < "$scratch/typed" > "$scratch/out" 2> "$scratch/err" && fail "a failed build succeeded"
grep -qF '[before' "$scratch/err" || fail "no shell: $(cat "$scratch/err")"
grep -qF 'half there /w]' "$scratch/err" || fail "the shell saw something else: $(cat "$scratch/err")"
says "exited with status 3"
! has_tag broken || fail "a tag of a failed build"
nothing_left
# The build goes on where it stopped, with the shell's changes gone.
printf 'FROM tiny\nRUN echo before > /before\nENV word=there\nWORKDIR /w\nRUN [ ! -e /made ] && [ ! -e /half ]\n' > "$scratch/context/Dockerfile"
expect 0 jc build -t fixed "$scratch/context"
says cached
