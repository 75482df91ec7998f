#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: user
# Tag lists through all pages, and deletion, where it is allowed.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
make_image small --layers text:0.5
make_image other --layers text:0.6
start_registry plain
start_registry fixed --no-delete
start_fault_registry
for tag in 1 2 10 a latest; do push_with_skopeo small "${registry[plain]}/x/small:$tag"; done
push_with_skopeo other "${registry[plain]}/x/small:stays"
push_with_skopeo small "${registry[fixed]}/x/small:1"
expect 0 jc tags "docker://${registry[plain]}/x/small"
equal "$(tr '\n' ' ' < "$scratch/out")" "1 10 2 a latest stays " "tags"
expect 1 jc tags "docker://${registry[plain]}/x/absent"
first_line_says "${registry[plain]}" x/absent

# Pages.
push_with_skopeo small "${fault[http]}/x/small:t0"
for number in 1 2 3 4 5 6; do
  lab_skopeo inspect --raw --tls-verify=false "docker://${fault[http]}/x/small:t0" | put_manifest x/small "t$number" > /dev/null
done
fault_control page -d '{"size": 2}' > /dev/null
expect 0 jc tags "docker://${fault[http]}/x/small"
equal "$(tr '\n' ' ' < "$scratch/out")" "t0 t1 t2 t3 t4 t5 t6 " "tags over pages"

# The manifest goes, and with it every tag of it; others stay.
expect 0 jc rmi "docker://${registry[plain]}/x/small:2"
! lab_skopeo inspect --tls-verify=false "docker://${registry[plain]}/x/small:2" > /dev/null 2>&1 || fail "the manifest is still there"
lab_skopeo inspect --tls-verify=false "docker://${registry[plain]}/x/small:stays" > /dev/null || fail "another manifest went too"
expect 1 jc rmi "docker://${registry[plain]}/x/small:2"
first_line_says "${registry[plain]}" x/small
expect 1 jc rmi "docker://${registry[fixed]}/x/small:1"
first_line_says "${registry[fixed]}" x/small
lab_skopeo inspect --tls-verify=false "docker://${registry[fixed]}/x/small:1" > /dev/null || fail "gone although refused"
stop_registries
nothing_left
