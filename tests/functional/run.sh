#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jcbuild run: docker's exit codes and flags; nothing is left.
. "$(dirname "$0")/common.sh"
import_tiny
run() { jc run --rm "$@"; }
expect 0 run tiny true
expect 3 run tiny sh -c 'exit 3'
expect 125 run --runtime /no/such/runtime tiny true
expect 126 run tiny /etc/passwd
expect 127 run tiny /no/such/program
mark=$((RANDOM + 70000))
run tiny sleep "$mark" &
wait_for 20 pgrep -fx "sleep $mark" > /dev/null
pkill -KILL -fx "sleep $mark"
status=0; wait $! || status=$?
equal "$status" 137 "status of a killed program"

equal "$(run -e A=b -e EMPTY= tiny sh -c 'echo "$A-$EMPTY-"')" "b--" "-e"
equal "$(run -w /var/log tiny pwd)" /var/log "-w"
equal "$(run -u app tiny sh -c 'echo "$(id -u):$(id -g)"')" 1000:1000 "-u name"
equal "$(run -u 7:8 tiny sh -c 'echo "$(id -u):$(id -g)"')" 7:8 "-u number"
equal "$(run --entrypoint /bin/echo tiny a b)" "a b" "--entrypoint"
equal "$(echo through | run -i tiny cat)" through "-i"
equal "$(echo through | run tiny cat)" "" "stdin without -i"
mkdir "$scratch/volume"
echo outside > "$scratch/volume/file"
equal "$(run -v "$scratch/volume:/v:ro" tiny sh -c 'cat /v/file; echo x 2>&- > /v/x || echo ro')" $'outside\nro' "-v :ro"
run -v "$scratch/volume:/v" tiny sh -c 'echo inside > /v/new'
equal "$(cat "$scratch/volume/new")" inside "-v"
equal "$(stat -c %u "$scratch/volume/new")" "$(id -u)" "owner in a volume"
run tiny sh -c 'rm -rf /bin /etc; echo gone > /etc-gone' || true
equal "$(run tiny cat /etc/os-release | head -n 1)" ID=busybox "the image after a run"
expect 125 run no-such-image:v1 true
first_line_says no-such-image
nothing_left
expect 0 jc verify
