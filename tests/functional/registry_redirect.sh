#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: user
# Blobs that lie behind a redirect, at a server that answers 400 when credentials arrive (as S3 does).
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
make_image small --layers text:0.5,random:9
digest=$(image_digest "$images" small)
start_fault_registry --blobs "$lab/data/behind"
start_registry behind --htpasswd 'alice:s3cr:et' --redirect "${fault[far]}"
push_with_skopeo small "${registry[behind]}/x/small:1" --dest-creds alice:s3cr:et
expect 0 jc pull "${registry[behind]}/x/small:1" --creds alice:s3cr:et
equal "$(tail -n 1 "$scratch/out")" "$digest"
[ "$(requests 'GET /docker/registry/v2/blobs/' '[.[] | select(.status == 200 or .status == 206)] | length')" -ge 3 ] || fail "the blobs came another way"
equal "$(requests '/docker/registry/' '[.[] | select(.headers.authorization or .headers.cookie or .status == 400)] | length')" 0 "requests with credentials"
expect 0 jc verify
expect 0 jc copy "docker://${registry[behind]}/x/small:1" "oci:$scratch/layout:it" --src-creds alice:s3cr:et
equal "$(image_digest "$scratch/layout" it)" "$digest"
expect 0 jc push "oci:$images:small" "docker://${registry[behind]}/y/small:2" --creds alice:s3cr:et
stop_registries
nothing_left
