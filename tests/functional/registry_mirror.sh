#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: user
# registries.conf: a mirror that stands in for docker.io, short names and aliases, blocked and rewritten registries; what
# is pushed and who one is never goes to a mirror.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
import_tiny
make_image small --layers text:0.5,random:1
digest=$(image_digest "$images" small)
start_registry hub
start_registry mirror --mirror "http://${registry[hub]}"
start_fault_registry
push_with_skopeo small "${registry[hub]}/library/x:1"
push_with_skopeo small "${fault[http]}/library/x:1"
conf=$scratch/registries.conf
cat > "$conf" <<END
unqualified-search-registries = ["docker.io"]
[aliases]
"aliased" = "${registry[hub]}/library/x"
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "${registry[mirror]}"
insecure = true
[[registry]]
prefix = "blocked.example/inner"
location = "blocked.example/inner"
blocked = true
[[registry]]
prefix = "company.example/team"
location = "${registry[hub]}/library"
insecure = true
[[registry]]
prefix = "watched.example"
location = "${registry[hub]}/library"
insecure = true
[[registry.mirror]]
location = "${fault[http]}/library"
insecure = true
[[registry]]
location = "${registry[hub]}/watched"
insecure = true
[[registry.mirror]]
location = "${fault[http]}/watched"
insecure = true
[[registry]]
prefix = "tired.example"
location = "${registry[hub]}/library"
insecure = true
[[registry.mirror]]
location = "127.0.0.1:1/library"
insecure = true
[[registry.mirror]]
location = "${fault[http]}/fault-9a/library"
insecure = true
[[registry]]
prefix = "exact.example"
location = "${registry[hub]}/library"
insecure = true
[[registry.mirror]]
location = "${fault[http]}/library"
insecure = true
pull-from-mirror = "digest-only"
END
number=0
pulls() {
  number=$((number + 1))
  JCBUILD_STORE=$scratch/store-$number expect 0 jc pull --registries-conf "$conf" "$@"
  equal "$(tail -n 1 "$scratch/out")" "$digest" "digest of $*"
}
pulls docker://docker.io/library/x:1
has_tag docker.io/library/x:1 "$scratch/store-1" || fail "no tag docker.io/library/x:1"
pulls x:1
pulls "x@$digest"
pulls aliased:1
pulls company.example/team/x:1
pulls tired.example/x:1
expect 1 jc pull --registries-conf "$conf" blocked.example/inner/x:1
first_line_says blocked.example/inner blocked
expect 1 jc push tiny blocked.example/inner/x:1 --registries-conf "$conf"
first_line_says blocked
expect 1 jc pull --registries-conf "$conf" docker.io/library/absent:1 --retry 0
first_line_says absent

# Mirrors are read only, and strangers.
forget_requests
pulls watched.example/x:1 --creds alice:secret
[ "$(requests '/v2/library/x/blobs/' length)" -gt 0 ] || fail "the mirror was not asked"
equal "$(requests . '[.[] | select(.headers.authorization)] | length')" 0 "requests to the mirror with credentials"
forget_requests
expect 0 jc push tiny "${registry[hub]}/watched/tiny:1" --registries-conf "$conf"
equal "$(requests . length)" 0 "requests to the mirror of a push"
read_with_skopeo "${registry[hub]}/watched/tiny:1" tiny
pulls exact.example/x:1
equal "$(requests '/manifests/1' length)" 0 "requests for a tag to a mirror that may be asked for digests"
pulls "exact.example/x@$digest"
[ "$(requests "/manifests/$digest" length)" -gt 0 ] || fail "the mirror was not asked for a digest"

# Mistakes in the file are named with their line.
printf '[[registry]]\nprefix = \n' > "$conf"
expect 1 jc pull --registries-conf "$conf" x:1
first_line_says "$conf" "line 2"
stop_registries
nothing_left
