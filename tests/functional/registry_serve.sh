#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The store as a registry that can only be read: skopeo, podman and another store pull from it; it answers HTTP as the
# distribution-spec says, gives out nothing but its images, and ends on SIGTERM.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo curl
import_tiny
import_tiny team/app:v1
digest=$(digest_of tiny)
make_image big --layers text:1,random:9
start_registry plain
push_with_skopeo big "${registry[plain]}/x/big:1"
expect 0 jc pull "${registry[plain]}/x/big:1" # its compressed layers are not kept
big=$(image_digest "$images" big)
serve() {
  "$JCBUILD" serve --listen 127.0.0.1:0 > "$scratch/serve.out" 2> "$scratch/serve.err" &
  registry_pid[serve]=$!
  wait_for 10 test -s "$scratch/serve.out"
  url=$(head -n 1 "$scratch/serve.out")
  registry[serve]=${url#http://}
}
serve
host=${registry[serve]}
[[ "$url" =~ ^http://127\.0\.0\.1:[0-9]+$ ]] || fail "no address in the first line: $url"

read_with_skopeo "$host/tiny:latest" tiny
equal "$(image_digest "$read" tiny)" "$digest" "what skopeo pulls"
read_with_skopeo "$host/team/app@$digest" app
equal "$(lab_skopeo list-tags --tls-verify=false "docker://$host/team/app" | jq -c .Tags)" '["v1"]' "tags"
JCBUILD_STORE=$scratch/second expect 0 jc pull "$host/tiny:latest"
equal "$(tail -n 1 "$scratch/out")" "$digest" "what a second store pulls"
# A layer that is not kept is fetched again, or the name is refused with a reason; never wrong bytes.
if JCBUILD_STORE=$scratch/second jc pull "$host/${registry[plain]}/x/big:1" > "$scratch/out" 2> "$scratch/err"; then
  equal "$(tail -n 1 "$scratch/out")" "$big"
else
  first_line_says "$host"
fi
JCBUILD_STORE=$scratch/second expect 0 jc verify
if [ "$(id -u)" = 0 ] && command -v podman > /dev/null; then
  podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file \
    pull -q --tls-verify=false "$host/team/app:v1" > "$scratch/log" 2>&1 || { cat "$scratch/log"; fail "podman pull"; }
fi

# The protocol.
status() { curl -s -o "$scratch/body" -D "$scratch/head" -w '%{http_code}' --path-as-is "$@"; }
answers_with() { equal "$(status "${@:2}")" "$1" "status of ${*:2}"; }
header() { grep -i "^$1:" "$scratch/head" | tr -d '\r' | cut -d' ' -f2-; }
answers_with 200 "$url/v2/"
answers_with 200 "$url/v2/tiny/manifests/latest"
equal "sha256:$(sha256sum < "$scratch/body" | cut -d' ' -f1)" "$digest" "manifest"
equal "$(header docker-content-digest)" "$digest" "Docker-Content-Digest"
equal "$(header content-type)" application/vnd.oci.image.manifest.v1+json "type of the manifest"
layer=$(jq -r '.layers[0].digest' "$scratch/body") size=$(jq -r '.layers[0].size' "$scratch/body")
answers_with 200 -I "$url/v2/tiny/manifests/$digest"
answers_with 200 -I "$url/v2/tiny/blobs/$layer"
equal "$(header content-length)" "$size" "length of a layer"
answers_with 200 "$url/v2/tiny/blobs/$layer"
cp "$scratch/body" "$scratch/layer"
answers_with 206 -H 'Range: bytes=100-299' "$url/v2/tiny/blobs/$layer"
equal "$(header content-range)" "bytes 100-299/$size"
cmp "$scratch/body" <(tail -c +101 "$scratch/layer" | head -c 200) || fail "another part"
answers_with 206 -H 'Range: bytes=-5' "$url/v2/tiny/blobs/$layer"
cmp "$scratch/body" <(tail -c 5 "$scratch/layer") || fail "another end"
answers_with 206 -H "Range: bytes=$((size - 1))-" "$url/v2/tiny/blobs/$layer"
answers_with 416 -H "Range: bytes=$size-" "$url/v2/tiny/blobs/$layer"
equal "$(header content-range)" "bytes */$size"
for missing in tiny/manifests/absent absent/manifests/latest "tiny/blobs/sha256:$(printf 0%.0s {1..64})" absent/tags/list nothing; do
  answers_with 404 "$url/v2/$missing"
done
answers_with 404 "$url/v2/tiny/manifests/absent"
jq -e '.errors[0].code == "MANIFEST_UNKNOWN"' "$scratch/body" > /dev/null || fail "no error of the specification: $(cat "$scratch/body")"
for method in POST PUT PATCH DELETE; do answers_with 405 -X "$method" "$url/v2/tiny/manifests/latest"; done
answers_with 405 -X POST "$url/v2/tiny/blobs/uploads/"

# Nothing else is to be had, and nonsense ends no server.
echo secret > "$scratch/secret"
for path in /../../../../etc/passwd "/v2/../..$scratch/secret" "/v2/tiny/blobs/sha256:../../../../../../..$scratch/secret" /v2/tiny/blobs/sha256%3A..%2F..%2Findex.json \
  /v2/..%2f..%2foci/manifests/index.json /v2/tiny/manifests/..%2f..%2findex.json "/v2/tiny/manifests/%00" //etc/passwd /v2/tiny/blobs/oci-layout; do
  code=$(status "$url$path")
  [[ "$code" == 40[0-9] ]] || fail "status $code for $path"
  ! grep -qE 'root:|secret|schemaVersion|imageLayoutVersion' "$scratch/body" || fail "$path gave out a file"
done
port=${host##*:}
for nonsense in 'GET' 'GET / HTTP/9.9\r\n\r\n' '\x16\x03\x01\x02\x00' 'GET /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n' 'G\x00T /v2/ HTTP/1.1\r\n\r\n'; do
  (exec 3<> "/dev/tcp/127.0.0.1/$port" && printf '%b' "$nonsense" >&3 && timeout 0.3 cat <&3) > /dev/null 2>&1 || true
done
head -c 200000 /dev/zero | tr '\0' a | curl -s -m 5 -o /dev/null -H @- "$url/v2/" || true
# Some connections that say nothing keep nobody else out.
for _ in $(seq 20); do (exec 3<> "/dev/tcp/127.0.0.1/$port"; sleep 3) & done 2> /dev/null
answers_with 200 -m 5 "$url/v2/"
# What comes into the store later is served too.
expect 0 jc tag tiny later:v1
answers_with 200 "$url/v2/later/manifests/v1"
pid=${registry_pid[serve]} status=0
kill -TERM "$pid"
wait "$pid" || status=$?
equal "$status" 0 "status after SIGTERM"
unset "registry_pid[serve]"
expect 1 jc serve --listen "127.0.0.1:${registry[plain]##*:}"
first_line_says "${registry[plain]}"
wait_for 10 bash -c '! pgrep -f "sleep 3" -P $$ > /dev/null'
expect 0 jc verify
stop_registries
nothing_left
