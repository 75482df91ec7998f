#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: user
# Killed at half of a pull, the next one transfers the rest; resets and 5xx cost next to nothing; nothing is asked twice.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
start_fault_registry
http=${fault[http]}
sent() { requests 'GET .*/blobs/' '[.[].sent] | add // 0'; }
blob_bytes() { jq '[.layers[].size] | add' "$images/blobs/sha256/$(image_digest "$images" "$1" | cut -d: -f2)"; }

# killed_at_half TAG CONNECTIONS: what is under way at that moment is lost, a part for each connection; a part is a 64th of a
# layer, so that a single layer is tried with few.
killed_at_half() {
  local total victim digest
  digest=$(image_digest "$images" "$1") total=$(blob_bytes "$1")
  push_with_skopeo "$1" "$http/$1:1"
  set_rules "$1" "rate=$((20000000 / $2))@GET .*/blobs/.*big"
  forget_requests
  "$JCBUILD" pull "$http/$1:1" --max-connections "$2" > "$scratch/log" 2>&1 &
  victim=$!
  while [ "$(sent)" -lt $((total / 2)) ]; do
    kill -0 "$victim" 2> /dev/null || { cat "$scratch/log"; fail "the pull of $1 ended early"; }
    sleep 0.02
  done
  kill -KILL "$victim"
  wait "$victim" 2> /dev/null || true
  sleep 0.3
  echo "$1: killed after $(sent) of $total bytes"
  ! has_tag "$http/$1:1" || fail "a tag of half an image"
  set_rules "$1"
  forget_requests
  expect 0 jc pull "$http/$1:1" --max-connections "$2"
  equal "$(tail -n 1 "$scratch/out")" "$digest"
  echo "$1: then $(sent)"
  [ "$(sent)" -le $((total * 55 / 100)) ] || fail "$1: the second pull transferred $(sent) of $total bytes"
  expect 0 jc verify
  same_tree "$1"
}
same_tree() {
  rm -rf "$scratch/theirs" "$scratch/ours"
  read_with_skopeo "$http/$1:1" "$1"
  local rootless=() owner=() side
  [ "$(id -u)" = 0 ] || rootless=(--rootless) owner=(--no-owner)
  umoci unpack "${rootless[@]}" --image "$read:$1" "$scratch/theirs" > "$scratch/umoci.log" 2>&1 || { cat "$scratch/umoci.log"; fail umoci; }
  expect 0 jc unpack "$http/$1:1" "$scratch/ours"
  for side in ours theirs; do
    in_user_namespace "$tests/support/tree.py" "${owner[@]}" "$scratch/$side/rootfs" | sed '1s/[0-9]*\t$//' > "$scratch/$side.list"
  done
  diff "$scratch/theirs.list" "$scratch/ours.list" > "$scratch/diff" || { head -n 20 "$scratch/diff"; fail "the trees of $1 differ"; }
}
require umoci
make_image big --layers random:40 --level 0
make_image many --layers files:24 --level 1
make_image several --layers text:40,random:40,files:3,mixed:20 --level 1
make_image stormy --layers text:8,random:14,mixed:4 --level 1
killed_at_half big 2
killed_at_half many 2
killed_at_half several 8

# 30 % of the connections are reset somewhere, 15 % of the requests answered 5xx.
push_with_skopeo stormy "$http/stormy:1"
forget_requests
JCBUILD_STORE=$scratch/stormy expect 0 jc pull "$http/fault-storm/stormy:1"
total=$(blob_bytes stormy)
echo "storm: $(sent) of $total bytes; $(requests 'fault-storm' '[.[] | select(.status >= 500)] | length') answers of 5xx," \
  "$(requests 'GET .*fault-storm.*/blobs/' length) requests for blobs"
[ "$(sent)" -le $((total * 105 / 100)) ] || fail "the storm made it transfer $(sent) of $total bytes"
[ "$(requests 'fault-storm' '[.[] | select(.status >= 500)] | length')" -ge 3 ] || fail "that was no storm"
JCBUILD_STORE=$scratch/stormy expect 0 jc verify
stop_registries
nothing_left
