#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: user
# How little is asked: nothing to do is one request, a blob is asked for once and sent once, mounts send nothing.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
make_image img --layers text:0.5,random:9,text:0.7,files:0.3
digest=$(image_digest "$images" img)
layers=$(jq '.layers | length' "$images/blobs/sha256/${digest#sha256:}")
start_fault_registry
http=${fault[http]}
most() { # most LIMIT WHAT REGEX [JQ]
  local value
  value=$(requests "$3" "${4:-length}")
  [ "$value" -le "$1" ] || { requests . '.[] | "\(.line) \(.status) \(.sent) \(.received)"'; fail "$2: $value, above $1"; }
}
received='[.[].received] | add // 0'
expect 0 jc copy "oci:$images:img" img
expect 0 jc push img "$http/a/img:1"
most 1 "manifests sent" 'PUT .*/manifests/'
most $((layers + 1)) "questions for blobs" 'HEAD .*/blobs/'
most $((layers + 1)) "upload sessions" 'POST .*/uploads/'
most $((layers + 1)) "uploads: one PUT a blob" '(PUT|PATCH) .*/uploads/'
most 2 "requests for the tag" '(HEAD|GET) .*/manifests/'
forget_requests
expect 0 jc push img "$http/a/img:1"
most $((layers + 2)) "requests of a push of what is there" .
most 0 "bytes of a push of what is there" . "$received"
forget_requests
expect 0 jc push img "$http/a/img:2"
most 0 "blobs sent for a second tag" '(PUT|PATCH|POST) .*/uploads/'
forget_requests
expect 0 jc copy "docker://$http/a/img:1" "docker://$http/b/img:1"
most 0 "bytes of blobs in a copy within one registry" '/blobs/' '[.[] | select((.line | startswith("GET ")) and .sent > 100000) | .sent] | add // 0'
most 0 "bytes of layers sent in a copy within one registry" '(PUT|PATCH) .*/uploads/' '[.[] | select(.received > 100000)] | length'
equal "$(requests 'PUT .*/b/img/manifests/' length)" 1 "manifests of the copy"

export JCBUILD_STORE=$scratch/other
forget_requests
expect 0 jc pull "$http/a/img:1"
most 0 "bytes of blobs beyond their size" 'GET .*/blobs/' "([.[].sent] | add) - $(jq '[.layers[].size, .config.size] | add' "$images/blobs/sha256/${digest#sha256:}")"
most 2 "requests for manifests" '/manifests/'
most 0 "parts that overlap" 'GET .*/blobs/' '[.[] | "\(.line) \(.headers.range)"] | (length) - (unique | length)'
forget_requests
expect 0 jc pull "$http/a/img:1"
equal "$(tail -n 1 "$scratch/out")" "$digest"
most 1 "requests of a pull of what is there" .
# What is not kept comes from where it was: pushed to its registry it is mounted.
forget_requests
expect 0 jc push "$http/a/img:1" "$http/c/img:1"
most 0 "layers sent back to where they came from" '(PUT|PATCH) .*/uploads/' '[.[] | select(.received > 100000)] | length'
expect 0 jc save -o "$scratch/saved.tar" "$http/a/img:1"
skopeo inspect "docker-archive:$scratch/saved.tar" > "$scratch/inspected"
equal "$(jq '.Layers | length' "$scratch/inspected")" "$layers"
expect 0 jc verify

# A pull through --max-connections 1 is one after the other; the same bytes.
forget_requests
JCBUILD_STORE=$scratch/narrow expect 0 jc pull "$http/a/img:1" --max-connections 1
most 1 "connections at a time" 'GET .*/blobs/' '[.[].connection] | unique | length'
stop_registries
nothing_left
