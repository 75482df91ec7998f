#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Names, records and transports: what one command writes, the others and foreign tools read.
. "$(dirname "$0")/common.sh"
require jq skopeo
import_tiny
verify_image tiny
digest=$(digest_of tiny)
expect 0 jc tag tiny second:v1
equal "$(digest_of second:v1)" "$digest" "digest of the new tag"
expect 0 jc images
says tiny second v1
expect 0 jc images --format json
jq -e 'type == "object" and (tostring | contains("second"))' "$scratch/out" > /dev/null || fail "no record"
expect 0 jc inspect tiny --config
equal "$(jq -c .rootfs "$scratch/out")" "$(config_of tiny | jq -c .rootfs)" "config"
expect 0 jc inspect tiny --manifest
equal "$(jq -r .config.digest "$scratch/out")" "$(jq -r .config.digest "$(blob "$digest")")" "manifest"
expect 0 jc inspect tiny --format json
jq -e --arg digest "$digest" 'type == "object" and (tostring | contains($digest))' "$scratch/out" > /dev/null || fail "no digest in inspect"
expect 0 jc history tiny

for to in "oci:$scratch/layout:t" "oci-archive:$scratch/a.oci.tar:t" "docker-archive:$scratch/a.docker.tar:tiny:t"; do
  expect 0 jc copy tiny "$to"
  skopeo inspect --raw "$to" > /dev/null || fail "skopeo refuses $to"
  expect 0 jc copy "$to" "back:from-${to%%:*}"
  verify_image "back:from-${to%%:*}"
  equal "$(config_of "back:from-${to%%:*}" | jq -c .rootfs)" "$(config_of tiny | jq -c .rootfs)" "layers by way of $to"
done
equal "$(digest_of back:from-oci)" "$digest" "digest by way of a layout"
equal "$(digest_of back:from-oci-archive)" "$digest" "digest by way of an archive"
skopeo copy -q "oci:$JCBUILD_STORE/oci:tiny:latest" "oci-archive:$scratch/foreign.tar:t"
expect 0 jc copy "oci-archive:$scratch/foreign.tar:t" foreign
verify_image foreign

expect 0 jc save -o "$scratch/saved.tar" tiny
expect 0 jc rmi tiny second:v1
! has_tag tiny || fail "rmi left the tag"
expect 1 jc rmi tiny
first_line_says tiny
expect 0 jc load -i "$scratch/saved.tar"
verify_image tiny
expect 0 jc export tiny -o "$scratch/rootfs.tar"
tar -tf "$scratch/rootfs.tar" > "$scratch/rootfs.list"
grep -q 'bin/busybox$' "$scratch/rootfs.list" || fail "export has no busybox"
expect 0 jc verify
nothing_left
