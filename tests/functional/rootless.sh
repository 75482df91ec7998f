#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: user
# No process of a build or a run belongs to root; newuidmap and newgidmap alone act with root's rights.
. "$(dirname "$0")/common.sh"
import_tiny
mkdir "$scratch/context"
printf 'FROM tiny\nRUN echo start && sleep 1\nUSER app\nRUN sleep 1\n' > "$scratch/context/Dockerfile"
# PID, real and effective user, name of every descendant of this shell.
sample() {
  ps -eo pid=,ppid=,ruid=,euid=,comm= | awk -v top=$$ '
    { parent[$1] = $2; line[$1] = $0 }
    END { for (pid in parent) { p = pid; while (p in parent && p != top) p = parent[p]; if (p == top && pid != top) print line[pid] } }'
}
watch() { while kill -0 "$1" 2> /dev/null; do sample; sleep 0.02; done > "$scratch/seen"; }
"$JCBUILD" build -t seen "$scratch/context" > "$scratch/log" 2>&1 &
watch $!
wait $! || { cat "$scratch/log"; fail "build"; }
cp "$scratch/seen" "$scratch/all"
"$JCBUILD" run --rm seen sleep 1.5 > "$scratch/log" 2>&1 &
watch $!
wait $! || { cat "$scratch/log"; fail "run"; }
cat "$scratch/seen" >> "$scratch/all"
grep -q 'sleep$' "$scratch/all" || fail "the samples miss the commands"
first=$(subordinate subuid)
awk -v own="$(id -u)" -v first="$first" '
  { ours = ($3 == own || ($3 >= first && $3 < first + 65536)); if (!ours || ($4 == 0 && $5 !~ /^new[ug]idmap$/)) { print; bad = 1 } }
  END { exit bad }' "$scratch/all" || fail "processes of another user"
nothing_left
