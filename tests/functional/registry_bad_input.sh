#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: user
# The mistakes of a tired person: each gets one line that names host and repository and says what to do; nothing is left.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
import_tiny
make_image small --layers text:0.5
start_registry plain
start_registry basic --htpasswd 'alice:s3cr:et'
start_registry tls --tls
start_token_server
set_token_server '{"deny": ["theirs/app"]}'
start_registry token --token
start_fault_registry
plain=${registry[plain]} basic=${registry[basic]} tls=${registry[tls]} token=${registry[token]}
push_with_skopeo small "$plain/x/small:1"
port=$(free_port)
before=$(cat "$JCBUILD_STORE/oci/index.json")
wrong() { # wrong "TEXT|TEXT of the first line" "TEXT|TEXT anywhere" COMMAND...
  local first hints
  expect 1 jc "${@:3}"
  IFS='|' read -ra first <<< "$1"
  IFS='|' read -ra hints <<< "$2"
  first_line_says "${first[@]}"
  [ "${#hints[@]}" = 0 ] || says "${hints[@]}"
  [ "$(grep -cE '^(error|jcbuild): ' "$scratch/err")" -le 1 ] || { cat "$scratch/err"; fail "several errors: jcbuild ${*:3}"; }
  ! grep -qiE '<html|terminate called|^  *at ' "$scratch/err" || { cat "$scratch/err"; fail "raw output: jcbuild ${*:3}"; }
}
# Who is not there, is no registry, speaks another protocol.
wrong "127.0.0.1:$port" '' pull "127.0.0.1:$port/x/small:1" --retry 0
wrong registry.invalid '' pull registry.invalid/x/small:1 --retry 0
wrong "$tls" cert pull "$tls/x/small:1" --retry 0
wrong "${fault[http]}" '' pull "${fault[http]}/nothing/here:1"
wrong "${fault[selfsigned]}" cert pull "${fault[selfsigned]}/img:1" --retry 0
# What is not there.
wrong "$plain|x/small" '' pull "$plain/x/small:2"
wrong "$plain|x/smal" '' pull "$plain/x/smal:1"
wrong "$plain|x/small" '' pull "$plain/x/small"
wrong "sha256:0000" '' pull "$plain/x/small@sha256:$(printf 0%.0s {1..64})"
wrong "$plain" '' inspect "docker://$plain/x/absent:1"
# Who one is.
wrong "$basic|x/small" login pull "$basic/x/small:1"
wrong "$basic|x/small" '' pull "$basic/x/small:1" --creds alice:wrong
wrong "$token|mine/app" login push tiny "$token/mine/app:1"
wrong "$token|theirs/app" '' push tiny "$token/theirs/app:1" --creds alice:s3cr:et
# What one asks for.
wrong absent '' push absent "$plain/x/y:1"
wrong "$scratch/nothing" '' pull "$tls/x/small:1" --cert-dir "$scratch/nothing" --retry 0
wrong "$scratch/no.conf" '' pull "$plain/x/small:1" --registries-conf "$scratch/no.conf"
wrong "$scratch/no.json" '' pull "$basic/x/small:1" --authfile "$scratch/no.json"
wrong "$plain" '' logout "$plain"
for name in "$plain/UPPER/case:1" "$plain/x/small:no tag" "$plain/x/small@sha256:12"; do
  expect 2 jc pull "$name"
  first_line_says "$name"
done
expect 2 jc pull
expect 2 jc push
expect 2 jc copy tiny
expect 2 jc pull "$plain/x/small:1" --retry many
expect 2 jc login
equal "$(cat "$JCBUILD_STORE/oci/index.json")" "$before" "the tags"
expect 0 jc verify
# And then it works.
expect 0 jc pull "$plain/x/small:1"
stop_registries
nothing_left
