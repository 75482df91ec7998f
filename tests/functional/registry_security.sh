#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: root
# The attacks on a registry client that are visible from outside, one function each: credentials that are lured away, images
# that are not what they say, answers without end. (The rest is in registry_faults.sh and the unit tests.)
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo zstd
make_image img --layers text:0.5,random:1
digest=$(image_digest "$images" img)
manifest=$images/blobs/sha256/${digest#sha256:}
config=$(jq -r .config.digest "$manifest") layer=$(jq -r '.layers[0].digest' "$manifest")
start_fault_registry
http=${fault[http]}
push_with_skopeo img "$http/img:1"
leaked=$(printf 'u:leaked' | base64)
astray() { equal "$(requests . '[.[] | select((.listener == "far" or .listener == "other") and (.headers.authorization or .headers.cookie))] | length')" 0 "requests with credentials that went astray"; }
# Each pull goes into an empty store: what is there already is not asked for.
fresh() { in_user_namespace rm -rf "$scratch/fresh"; export JCBUILD_STORE=$scratch/fresh; }
# refused REFERENCE [TEXT...]: the pull fails and says of what; nothing is stored; verify is content.
refused() {
  fresh
  expect 1 jc pull "$http/$1" --retry 1 --creds u:leaked
  first_line_says "${@:2}"
  says "$http"
  ! has_tag "$http/$1" || fail "a tag of a refused image"
  ! grep -q leaked "$scratch/err" || fail "the password is in the messages"
  expect 0 jc verify
}
# An image like img, changed by a jq program: forged NAME JQ [TYPE].
forged() { jq -c "$2" "$manifest" | put_manifest "$1" 1 "${3:-}" > /dev/null; }
has_blobs() { put_blob "$1" "$images/blobs/sha256/${config#sha256:}" > /dev/null && put_blob "$1" "$images/blobs/sha256/${layer#sha256:}" > /dev/null; }
own_layer() { # own_layer NAME FILE [TYPE] [DIFF_ID]: an image of this layer alone
  local size blob own diff=${4:-sha256:$(gzip -dcf < "$2" | sha256sum | cut -d' ' -f1)}
  size=$(stat -c %s "$2") blob=$(put_blob "$1" "$2")
  jq -c --arg diff "$diff" '.rootfs.diff_ids = [$diff] | .history = []' "$images/blobs/sha256/${config#sha256:}" > "$scratch/config"
  own=$(put_blob "$1" "$scratch/config")
  jq -cn --arg blob "$blob" --argjson size "$size" --arg config "$own" --argjson config_size "$(stat -c %s "$scratch/config")" --arg type "${3:-tar+gzip}" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: $config_size},
      layers: [{mediaType: ("application/vnd.oci.image.layer.v1." + $type), digest: $blob, size: $size}]}' | put_manifest "$1" 1 > /dev/null
}

blob_redirect_keeps_credentials_at_home() {
  set_rules s/redirect basic=u:leaked 'redirect=http://{far}/v2-plain{target}@GET .*/blobs/'
  expect 1 jc pull "$http/s/redirect:1" # an own repository, which is empty
  set_rules fault-r basic=u:leaked 'redirect=http://{far}/v2-plain{target}@GET .*/blobs/'
  expect 0 jc pull "$http/fault-r/img:1" --creds u:leaked
  [ "$(requests v2-plain '[.[] | select(.listener == "far" and .status == 200)] | length')" -ge 2 ] || fail "no redirect was followed"
  astray
}
manifest_redirect_keeps_credentials_at_home() {
  set_rules fault-m basic=u:leaked 'redirect=http://{far}/v2-plain{target}@/manifests/'
  jc pull "$http/fault-m/img:1" --creds u:leaked > "$scratch/out" 2> "$scratch/err" || first_line_says "$http"
  astray
}
upload_location_on_another_host_gets_no_credentials() {
  import_tiny
  set_rules fault-l basic=u:leaked 'location=http://{far}/v2-plain{location}@POST .*/uploads/'
  jc push tiny "$http/fault-l/new:1" --creds u:leaked --retry 1 > "$scratch/out" 2> "$scratch/err" || first_line_says "$http"
  astray
  fresh
  import_tiny
  set_rules fault-k 'location=http://169.254.169.254{location}@POST .*/uploads/'
  expect 1 jc push tiny "$http/fault-k/new:1" --retry 0
  first_line_says 169.254.169.254
}
a_realm_elsewhere_gets_no_credentials() {
  set_rules fault-h 'bearer=http://{far}/token/ok'
  jc pull "$http/fault-h/img:1" --creds u:leaked > "$scratch/out" 2> "$scratch/err" || first_line_says "$http"
  astray
  for realm in 'file:///etc/passwd' http://169.254.169.254/t 'gopher://{far}/' 'http://[fe80::1]/t' //; do
    set_rules fault-i "challenge=Bearer realm=\"$realm\",service=\"lab\""
    refused fault-i/img:1
  done
}
an_http_realm_of_a_https_registry_is_refused() {
  set_rules fault-s 'bearer=http://{http}/token/ok'
  forget_requests
  expect 1 jc pull "${fault[tls]}/fault-s/img:1" --cert-dir "$trusted" --creds u:leaked
  equal "$(requests /token/ length)" 0 "token requests over http"
}
a_redirect_from_https_to_http_is_refused() {
  set_rules fault-d 'redirect=http://{http}/v2-plain{target}@GET .*/blobs/'
  expect 1 jc pull "${fault[tls]}/fault-d/img:1" --cert-dir "$trusted"
  first_line_says "${fault[tls]}"
}
foreign_layers_are_not_fetched() {
  put_blob f "$images/blobs/sha256/${config#sha256:}" > /dev/null
  forged f ".layers[0] += {mediaType: \"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip\", urls: [\"http://${fault[far]}/v2-plain/v2/img/blobs/$layer\"]}"
  forget_requests
  refused f:1
  equal "$(requests v2-plain length)" 0 "requests to a foreign layer's URL"
}
digests_are_digests() {
  local value
  has_blobs g
  for value in 'sha256:../../../../etc/passwd' sha256: nocolon "SHA256:${layer#sha256:}" "sha256:${layer#sha256:}00" "md5:d41d8cd98f00b204e9800998ecf8427e" ""; do
    forged g ".layers[0].digest = \"$value\""
    refused g:1
  done
  forged g 'del(.layers[0].digest)'
  refused g:1
}
sizes_are_sizes() {
  has_blobs z && put_blob z "$images/blobs/sha256/$(jq -r '.layers[1].digest' "$manifest" | cut -d: -f2)" > /dev/null
  forged z '.layers[0].size += 1'
  refused z:1 "$layer"
  forged z '.layers[0].size -= 1'
  refused z:1 "$layer"
  forged z '.layers[0].size = -1'
  refused z:1
  forged z '.config.size += 1'
  refused z:1
  set_rules fault-lies 'declared=100@HEAD .*/manifests/'
  fresh
  expect 0 jc pull "$http/fault-lies/img:1" # what HEAD says of a size binds nobody
}
a_document_is_one_thing() {
  has_blobs c
  forged c '. + {manifests: []}'
  refused c:1
  forged c '.mediaType = "application/vnd.oci.image.index.v1+json"'
  refused c:1
  forged c . application/vnd.oci.image.index.v1%2Bjson
  refused c:1
  forged c '.schemaVersion = 1'
  refused c:1
  sed 's/"schemaVersion"/"layers": [], "schemaVersion"/' "$manifest" | put_manifest c 1 > /dev/null
  refused c:1
  { printf '{"schemaVersion":2,"a":'; head -c 100000 /dev/zero | tr '\0' '['; } | put_manifest c 1 > /dev/null
  refused c:1
  printf '<html>log in</html>' | put_manifest c 1 text/html > /dev/null
  refused c:1
  ! grep -q '<html' "$scratch/err" || fail "raw HTML"
}
an_index_is_bounded() {
  local depth inner=$digest size='' type=''
  has_blobs i
  jq -cn --arg digest "$digest" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [range(2000) | {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $digest, size: 1, platform: {os: "linux", architecture: "amd64"}}]}' |
    put_manifest i 1 application/vnd.oci.image.index.v1%2Bjson > /dev/null
  refused i:1
  for depth in 1 2 3 4 5 6; do
    jq -cn --arg digest "$inner" --argjson size "${size:-$(stat -c %s "$manifest")}" --arg type "${type:-manifest}" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{mediaType: "application/vnd.oci.image.\($type).v1+json", digest: $digest, size: $size}]}' > "$scratch/index"
    inner=$(put_manifest img "deep$depth" application/vnd.oci.image.index.v1%2Bjson < "$scratch/index")
    size=$(stat -c %s "$scratch/index") type=index
  done
  refused img:deep6
}
answers_are_bounded() {
  set_rules fault-b "size=$((64 << 20))@/manifests/"
  forget_requests
  refused fault-b/img:1
  refused fault-b/no:1
  [ "$(requests /manifests/ '[.[].sent] | add')" -lt $((48 << 20)) ] || fail "a body without end was read"
  set_rules fault-t 'bearer=http://{http}/token/huge'
  refused fault-t/img:1
  [ "$(requests /token/huge '[.[].sent] | add')" -lt $((12 << 20)) ] || fail "a token without end was read"
}
bombs_do_not_go_off() {
  printf x | zstd -q --long=31 --ultra -20 > "$scratch/window"
  own_layer w "$scratch/window" tar+zstd "sha256:$(printf x | sha256sum | cut -d' ' -f1)"
  refused w:1
  [ "$(id -u)" = 0 ] || return 0
  mkdir "$scratch/zeros" "$scratch/small-disk"
  truncate -s 600M "$scratch/zeros/zeros"
  tar -C "$scratch/zeros" -cf - zeros | gzip -1 > "$scratch/bomb"
  rm "$scratch/zeros/zeros"
  own_layer bomb "$scratch/bomb"
  mount -t tmpfs -o size=96m tmpfs "$scratch/small-disk"
  JCBUILD_STORE=$scratch/small-disk/store expect 1 jc pull "$http/bomb:1"
  JCBUILD_STORE=$scratch/small-disk/store expect 0 jc verify
  [ -z "$(ls -A "$scratch/small-disk/store/partial")" ] || fail "what filled the disk is still there"
  JCBUILD_STORE=$scratch/small-disk/store expect 0 jc pull "$http/img:1"
  umount "$scratch/small-disk"
}
what_is_unpacked_is_what_was_promised() {
  tar -C "$scratch" -czf "$scratch/plain.tgz" --transform 's|^|x/|' config 2> /dev/null
  own_layer d "$scratch/plain.tgz" tar+gzip "sha256:$(printf 0%.0s {1..64})"
  refused d:1
  own_layer d "$scratch/plain.tgz"
  fresh
  expect 0 jc pull "$http/d:1"
  # Several gzip members are one layer.
  { tar -C "$scratch" -cf - config | head -c 1000 | gzip; tar -C "$scratch" -cf - config | tail -c +1001 | gzip; } > "$scratch/members"
  own_layer members "$scratch/members" tar+gzip "sha256:$(gzip -dc < "$scratch/members" | sha256sum | cut -d' ' -f1)"
  expect 0 jc pull "$http/members:1"
  echo canary > "$scratch/canary"
  tar -C "$scratch" -Pczf "$scratch/out.tgz" --transform 's|^|../../../../../../../../../..'"$scratch"'/escaped-|' canary
  own_layer x "$scratch/out.tgz"
  jc pull "$http/x:1" > "$scratch/out" 2> "$scratch/err" || first_line_says "$http"
  [ ! -e "$scratch/escaped-canary" ] || fail "a layer wrote outside"
}
pages_stay_at_home() {
  set_rules fault-p 'header=Link: <http://{far}/v2-plain/v2/img/tags/list>; rel="next"@/tags/'
  forget_requests
  jc tags "$http/fault-p/img" > "$scratch/out" 2> "$scratch/err" || first_line_says "$http"
  equal "$(requests v2-plain length)" 0 "pages from elsewhere"
  set_rules fault-q page-loop@/tags/
  jc tags "$http/fault-q/img" > "$scratch/out" 2> "$scratch/err" || first_line_says "$http"
  [ "$(requests /fault-q/ length)" -le 3 ] || fail "the same page again and again"
}
signed_addresses_are_not_shown() {
  set_rules fault-u 'redirect=http://{far}/v2-plain/nothing?X-Amz-Signature=5ecre7@GET .*/blobs/'
  refused fault-u/img:1
  ! grep -qF 5ecre7 "$scratch/err" "$scratch/out" || fail "a signed URL is in the messages"
}
a_location_is_never_lowered_to_http() {
  import_tiny
  set_rules fault-w 'location=http://{tls}{location}@(POST|PATCH) .*/uploads/'
  expect 0 jc push tiny "${fault[tls]}/fault-w/new:1" --cert-dir "$trusted"
}
a_tag_that_moves_gives_one_image() {
  make_image second --layers text:0.6
  push_with_skopeo second "$http/img:second"
  set_rules fault-v 'other=second@GET .*/manifests/1 '
  expect 0 jc pull "$http/fault-v/img:1"
  equal "$(digest_of "$http/fault-v/img:1")" "$(tail -n 1 "$scratch/out")" "what is stored and what is said"
}
passwords_are_in_no_argument() {
  set_rules fault-y basic=u:leaked "rate=200000@GET .*/blobs/"
  printf '{"auths":{"%s":{"auth":"%s"}}}' "$http" "$leaked" > "$scratch/auth.json"
  jc pull "$http/fault-y/img:1" --authfile "$scratch/auth.json" > "$scratch/out" 2> "$scratch/err" &
  local victim=$!
  printf 'u:leaked\n%s\n' "$leaked" > "$scratch/secrets"
  while kill -0 "$victim" 2> /dev/null; do
    ! cat /proc/[0-9]*/cmdline 2> /dev/null | grep -qaFf "$scratch/secrets" || fail "credentials in an argument"
    sleep 0.2
  done
  wait "$victim" || { cat "$scratch/err"; fail "pull"; }
  ! in_user_namespace grep -rqF -e leaked -e "$leaked" "$JCBUILD_STORE" || fail "credentials in the store"
}

wrong=0
for attack in $(declare -F | awk '{ print $3 }' | sort); do
  [[ "$attack" == *_*_* ]] && grep -q "^$attack() {" "$0" || continue
  forget_requests
  echo "$attack"
  (fresh && "$attack") || wrong=$((wrong + 1))
done
[ "$wrong" = 0 ] || fail "$wrong attacks succeed, or fail otherwise than they should"
export JCBUILD_STORE=$scratch/store
stop_registries
nothing_left
