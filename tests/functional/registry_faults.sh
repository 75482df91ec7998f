#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: root
# limit: 420
# Everything that a server can do wrong (tests/support/registry_behaviours.py): each pull or push ends as it should and in
# time, says in its first line who and what, leaves a clean store, and credentials go to nobody else.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
import_tiny
make_image img --layers text:0.5,random:9
make_image second --layers text:0.6
digest=$(image_digest "$images" img)
layer=$(jq -r '.layers[1].digest' "$images/blobs/sha256/${digest#sha256:}")
start_fault_registry
push_with_skopeo img "${fault[http]}/img:1"
push_with_skopeo second "${fault[http]}/img:second"
mkdir "$scratch/cases"

# One case, with a store of its own; its verdict is a line of $scratch/cases/NAME: attempt NAME STATUS SECONDS WORDS...
# WORDS: "{pull,push} REFERENCE [OPTION...]", after "--" what the first line of an error holds.
attempt() {
  local name=$1 wanted=$2 limit=$3 case=$scratch/cases/$1 words=() status=0 started
  shift 3
  while [ $# -gt 0 ] && [ "$1" != -- ]; do words+=("$1"); shift; done
  [ $# = 0 ] || shift
  mkdir "$case"
  started=$(date +%s%N)
  JCBUILD_STORE=$case/store timeout -k 5 "$limit" "$JCBUILD" "${words[@]}" > "$case/out" 2> "$case/err" < /dev/null || status=$?
  echo "$name: status $status after $((($(date +%s%N) - started) / 1000000)) ms: ${words[*]}" > "$case/head"
  [ "$status" -le 1 ] || { echo "status $status" > "$case/wrong"; return; }
  [ "$wanted" = any ] || [ "$status" = "$wanted" ] || { echo "status $status instead of $wanted" > "$case/wrong"; return; }
  { judge "$case" "$status" "$@" && { [ "$status" = 1 ] || right "$case" "${words[@]}"; }; } > "$case/wrong"
}
# What came, or went, is the image.
right() {
  local case=$1 got
  case $2 in
    pull) got=$(tail -n 1 "$case/out") ;;
    push) got=$(kept_digest "$(sed 's|^[^/]*/||; s|:1$||' <<< "$4")" 1) ;;
    *) return 0 ;;
  esac
  [[ "$got" == "$digest" || "$case" == */27 ]] || echo "that is not the image: $got"
}
judge() {
  local case=$1 status=$2 line text
  shift 2
  ! LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$case/err" "$case/out" || echo "control characters"
  [ ! -d "$case/store/oci" ] || JCBUILD_STORE=$case/store jc verify > "$case/verify" 2>&1 || { echo "store is not clean:"; cat "$case/verify"; }
  if [ "$status" = 1 ]; then
    line=$(grep -m1 -E '^(error|jcbuild): ' "$case/err" || true)
    [ -n "$line" ] || echo "no error line"
    # Of what is wrong with the content itself the line below says whose it is.
    line+=$(grep -m1 '^  while p' "$case/err" || true)
    [[ "$line" == *"127.0.0."* || "$line" == *.test* || "$line" == *.invalid* || "$line" == *"[::1]"* ]] || echo "no host is named: $line"
    [[ "$line" != *"<html"* && ${#line} -lt 700 ]] || echo "a first line of a server: $line"
    for text; do [[ "$line" == *"$text"* ]] || echo "the first line is \"$line\", without: $text"; done
  fi
  return 0
}
# Runs it beside the others, four at a time.
try() {
  while [ "$(jobs -rp | wc -l)" -ge $((running + 6)) ]; do wait -n 2> /dev/null || true; done
  attempt "$@" &
}
running=$(jobs -rp | wc -l)
http=${fault[http]} tls=${fault[tls]}
pull() { # pull NUMBER STATUS SECONDS [OPTION...] [-- TEXT...]
  try "$1" "$2" "$3" pull "$http/fault-$1/img:1" "${@:4}"
}
push() { try "$1" "$2" "$3" push "oci:$images:img" "$http/fault-$1/new$1:1" "${@:4}"; }

# The slow ones first.
pull 12 0 150
pull 13 0 150
pull 1 1 30 -- 401
pull 2 1 30 --creds u:p
pull 3 0 30 --creds u:p
try 3-anonymous 1 30 pull "$http/fault-3/img:1" -- fault-3/img
try 3-wrong 1 30 pull "$http/fault-3/img:1" --creds u:wrong
pull 4 any 30 --creds u:leaked
pull 5a 1 30
pull 5b 1 30 -- 169.254.169.254
try 5c 1 30 pull "$tls/fault-5c/img:1" --cert-dir "$trusted" --creds u:leaked -- http
pull 6a any 30
pull 6b 1 30
pull 6c 1 30
pull 6d any 30 --creds u:leaked
pull 6e 1 30
pull 7a 1 30 -- token
pull 7b 0 30
pull 7c 0 30
pull 7d 0 30
pull 7e 0 30
pull 7f 1 30
pull 8 0 30
pull 9a 1 30 -- img
pull 9b 1 30 -- img:1
pull 9c 0 30
pull 9d 0 30
pull 9e 1 30 --retry 0 -- 429
pull 9f 0 30
for number in 10a 10b 10c 10d; do pull "$number" 0 40; done
pull 10e 1 60 --retry 2 -- 503
pull 11 0 40
pull 14 any 60 --retry 1
pull 15 1 60 --retry 1
pull 16 0 40
pull 17 1 60 -- "$layer"
pull 17b any 40
pull 18 any 60 --retry 1
pull 19a 1 60 --retry 1
pull 19b 0 40
pull 20 any 60 --retry 1
pull 21 0 40
pull 22 any 60 --retry 1
pull 23a 1 30 -- redirect
pull 23b 0 30
try 23c 1 30 pull "$tls/fault-23c/img:1" --cert-dir "$trusted"
pull 23d 1 30
pull 23e 1 30 -- 169.254.169.254
pull 24 0 30 --creds u:p
pull 25 1 30 -- sha256:0000
pull 25b 1 30
pull 26 1 30
pull 26b any 30
pull 27 any 30
pull 28 1 30
pull 29a 1 30 --retry 1
pull 29b 1 30 --retry 1
push 30a 1 30
push 30b 0 30
push 30c any 30 --creds u:p
push 30d 0 30
push 30e 0 30
push 30f 1 30 --retry 0 -- 169.254.169.254
push 31a 0 60
push 31b 0 60
push 31c 1 60 --retry 1 -- DIGEST_INVALID sha256:
try 32 0 40 copy "docker://$http/img:1" "docker://$http/fault-32/new32:1"
push 33 0 40
pull 34 1 30 -- "$layer"
push 35 0 40
try 37 any 30 tags "$http/fault-37/img"
try 38-goaway 0 30 pull "${fault[goaway]}/img:1" --cert-dir "$trusted"
try 38-refused 0 30 pull "${fault[refused]}/img:1" --cert-dir "$trusted"
try 39-expired 1 30 pull "${fault[expired]}/img:1" --cert-dir "$trusted" -- expired
try 39-elsewhere 1 30 pull "${fault[elsewhere]}/img:1" --cert-dir "$trusted"
try 39-selfsigned 1 30 pull "${fault[selfsigned]}/img:1" --cert-dir "$trusted"
try 39-noshake 1 60 pull "${fault[noshake]}/img:1" --cert-dir "$trusted" --retry 1
try 40 1 60 pull registry.invalid/img:1 --retry 0
try 40-silent 1 90 pull "${fault[dead]}/img:1" --retry 0
[ -z "${fault[six]:-}" ] || try 41 0 30 pull "${fault[six]}/img:1" --tls-verify=false
https_proxy=http://${fault[proxy]} try 42 1 30 pull registry.invalid/img:1 --retry 1
pull 43 0 60
pull 44 1 30 -- denied
pull 44b 0 30
pull cut 0 40
pull cut-norange 0 40
pull blob503 0 40
pull slow 0 40
push upload-cut 0 60
push upload-500 0 40
push upload-401 0 40 --creds u:p
push upload-413 0 60
if [ "$(id -u)" = 0 ]; then
  # The first address of a name is dead: no connection is refused there, and none accepted.
  printf '127.0.0.1 localhost\n127.0.0.3 two.test\n127.0.0.1 two.test\n' > "$scratch/hosts"
  printf '#!/bin/sh\nexec unshare -m sh -c '\''mount --bind "$0" /etc/hosts && exec "$@"'\'' "%s" "%s" "$@"\n' "$scratch/hosts" "$JCBUILD" > "$scratch/two"
  chmod 755 "$scratch/two"
  JCBUILD=$scratch/two try 40-two 0 60 pull "two.test:${http#*:}/img:1" --tls-verify=false
fi
for job in $(jobs -rp); do [[ " ${registry_pid[*]} " == *" $job "* ]] || wait "$job" || true; done

wrong=0
for case in "$scratch"/cases/*; do
  [ -s "$case/wrong" ] || continue
  wrong=$((wrong + 1))
  cat "$case/head" "$case/wrong"
  tail -n 4 "$case/err"
done
echo "$(find "$scratch/cases" -mindepth 1 -maxdepth 1 | wc -l) cases, $wrong wrong"

# What the server counted.
count() { # count WHAT LIMIT REGEX JQ
  local value
  value=$(requests "$3" "$4")
  awk -v value="$value" -v limit="$2" 'BEGIN { exit !(value <= limit) }' || { echo "$1: $value, above $2"; wrong=$((wrong + 1)); }
}
sent='[.[].sent] | add // 0'
size=$(stat -c %s "$images/blobs/sha256/${layer#sha256:}")
blobs=$(jq '.layers | map(.size) | add' "$images/blobs/sha256/${digest#sha256:}")
leaked=$(printf 'u:leaked' | base64)
count "credentials that went astray" 0 . "[.[] | select(.headers.authorization == \"Basic $leaked\" and (.listener == \"far\" or .listener == \"other\"))] | length"
count "plain credentials of a TLS registry" 0 . "[.[] | select(.headers.authorization == \"Basic $leaked\" and .listener == \"http\" and (.line | contains(\"fault-5c\")))] | length"
count "credentials behind a redirect" 0 v2-plain '[.[] | select(.headers.authorization)] | length'
count "bytes that were sent again after cuts" $((blobs * 105 / 100)) 'GET .*fault-(cut)/.*/blobs/' "$sent"
count "bytes that were sent again after resets" $((blobs * 105 / 100)) 'GET .*fault-11/.*/blobs/' "$sent"
count "bytes of a blob without end" $((blobs * 5)) 'GET .*fault-18/.*/blobs/' "$sent"
count "bytes of a manifest of 64 MiB" $((24 << 20)) 'GET .*fault-28/.*/manifests/' "$sent"
count "bytes of a token of 16 MiB" $((12 << 20)) '/token/huge' "$sent"
count "requests of one who is never let in" 12 '/fault-2/' length
count "tries of a wrong blob" 3 "GET .*fault-17/.*$layer" '[.[] | select(.headers.range == null or (.headers.range | startswith("bytes=0-")))] | length'
count "requests of a loop of redirects" 12 'fault-23a/.*/blobs/' length
count "pages of a loop" 3 'fault-37/' length
count "seconds between retries after 429" 60 'fault-9c/' 'map(.time) | max - min'
count "bytes that were sent again after a cut upload" $((blobs + size / 2)) '(PUT|PATCH) .*/new.*upload-cut|(PUT|PATCH) .*fault-upload-cut' '[.[].received] | add // 0'
[ "$(requests "GET .*fault-cut/.*$layer" 'map(select(.headers.range)) | length')" -gt 0 ] || { echo "no part was asked for"; wrong=$((wrong + 1)); }
[ "$wrong" = 0 ] || fail "$wrong faults"
stop_registries
nothing_left
