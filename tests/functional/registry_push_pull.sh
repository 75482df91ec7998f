#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What we push skopeo, podman and umoci read, and what skopeo pushes we read, over http, passwords, TLS and client
# certificates: the same digests and the same trees.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo umoci
import_tiny
ours=$(digest_of tiny)
make_image small --layers text:1,random:9,files:0.3 # a layer above 8 MiB comes in parts
theirs=$(image_digest "$images" small)

# both_ways NAME "skopeo's options without --src/--dest" [OUR OPTION...]
both_ways() {
  local host=${registry[$1]} option src=() dest=() fresh=$scratch/store-$1
  for option in $2; do src+=("--src-$option") dest+=("--dest-$option"); done
  expect 0 jc push tiny "docker://$host/ours/tiny:1" "${@:3}"
  equal "$(tail -n 1 "$scratch/out")" "$ours" "printed digest"
  read_with_skopeo "$host/ours/tiny:1" "$1" "${src[@]}"
  equal "$(image_digest "$read" "$1")" "$ours" "what skopeo reads of ours from $1"
  push_with_skopeo small "$host/theirs/small:1" "${dest[@]}"
  JCBUILD_STORE=$fresh expect 0 jc pull "docker://$host/theirs/small:1" "${@:3}"
  equal "$(tail -n 1 "$scratch/out")" "$theirs" "printed digest"
  equal "$(digest_of "$host/theirs/small:1" "$fresh")" "$theirs" "what we read of skopeo's from $1"
  JCBUILD_STORE=$fresh expect 0 jc verify
}
start_registry plain
start_registry basic --htpasswd 'alice:s3cr:et'
start_registry tls --tls
start_registry mutual --client-certs
both_ways plain ''
both_ways basic 'creds=alice:s3cr:et' --creds 'alice:s3cr:et'
both_ways tls "tls-verify=true cert-dir=$trusted" --cert-dir "$trusted"
both_ways mutual "tls-verify=true cert-dir=$identified" --cert-dir "$identified"
expect 1 jc pull "docker://${registry[mutual]}/theirs/small:1" --cert-dir "$trusted"
first_line_says "${registry[mutual]}"
expect 0 jc pull "docker://${registry[tls]}/theirs/small:1" --tls-verify=false

# By digest, without docker://, as it is; the compressed layers only on request.
host=${registry[plain]}
expect 0 jc pull "$host/theirs/small@$theirs"
equal "$(tail -n 1 "$scratch/out")" "$theirs"
layers=$(jq -r '.layers[].digest' "$images/blobs/sha256/${theirs#sha256:}")
for layer in $layers; do [ ! -e "$(blob "$layer")" ] || fail "a pull kept $layer"; done
expect 0 jc pull "$host/theirs/small:1" --keep-blobs
verify_image "$host/theirs/small:1"
expect 0 jc unpack "$host/theirs/small:1" "$scratch/ours"
read_with_skopeo "$host/theirs/small:1" small
rootless=()
[ "$(id -u)" = 0 ] || rootless=(--rootless)
umoci unpack "${rootless[@]}" --image "$read:small" "$scratch/theirs" > "$scratch/umoci.log" 2>&1 || { cat "$scratch/umoci.log"; fail "umoci"; }
owner=()
[ "$(id -u)" = 0 ] || owner=(--no-owner)
for side in ours theirs; do
  in_user_namespace "$tests/support/tree.py" "${owner[@]}" "$scratch/$side/rootfs" | sed '1s/[0-9]*\t$//' > "$scratch/$side.list"
done
[ "$(wc -l < "$scratch/ours.list")" -gt 30 ] || fail "a short list of files"
diff -u "$scratch/theirs.list" "$scratch/ours.list" || fail "the trees differ"

# Without DEST the name itself; again: nothing is sent.
expect 0 jc tag tiny "$host/named/tiny:2"
expect 0 jc push "$host/named/tiny:2"
expect 0 jc push "$host/named/tiny:2"
equal "$(tail -n 1 "$scratch/out")" "$ours"
read_with_skopeo "$host/named/tiny:2" named
equal "$(image_digest "$read" named)" "$ours"
if [ "$(id -u)" = 0 ] && command -v podman > /dev/null; then
  podman=(podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file)
  "${podman[@]}" pull -q --tls-verify=false "$host/named/tiny:2" > "$scratch/log" 2>&1 || { cat "$scratch/log"; fail "podman pull"; }
  "${podman[@]}" image inspect "$host/named/tiny:2" --format '{{.Digest}}' > "$scratch/podman.digest"
  equal "$(cat "$scratch/podman.digest")" "$ours" "podman's digest"
fi
expect 0 jc inspect --raw "docker://$host/theirs/small:1"
equal "sha256:$(sha256sum < "$scratch/out" | cut -d' ' -f1)" "$theirs" "raw manifest"
expect 0 jc inspect --config "docker://$host/theirs/small:1"
jq -e '.rootfs.diff_ids | length == 3' "$scratch/out" > /dev/null || fail "no config"
expect 0 jc verify
stop_registries
nothing_left
