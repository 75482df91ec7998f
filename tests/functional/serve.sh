#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The store as a registry: skopeo and podman pull from it what is in it, also what comes while it runs.
. "$(dirname "$0")/common.sh"
require jq skopeo
import_tiny my/tiny:v1
digest=$(digest_of my/tiny:v1)

serve() {
  rm -f "$scratch/url"
  env --default-signal=INT "$JCBUILD" serve --listen 127.0.0.1:0 > "$scratch/url" 2> "$scratch/serve.log" &
  server=$!
  # shellcheck disable=SC2034
  at_end='kill "$server" 2> /dev/null'
  wait_for 10 test -s "$scratch/url"
  registry=$(head -n 1 "$scratch/url")
  [[ "$registry" =~ ^http://127\.0\.0\.1:[0-9]+$ ]] || fail "the first line is no URL: $registry"
  registry=${registry#http://}
}
fetch() { skopeo copy -q --src-tls-verify=false "docker://$registry/$1" "oci:$scratch/$2:it"; }
digest_in() { jq -r '.manifests[0].digest' "$scratch/$1/index.json"; }
tags_of() { skopeo list-tags --tls-verify=false "docker://$registry/$1" | jq -r '.Tags | join(" ")'; }
# asked METHOD TARGET: status and body of an answer.
asked() {
  python3 - "$registry" "$@" << 'END'
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1])
connection.request(sys.argv[2], sys.argv[3])
answer = connection.getresponse()
print(answer.status, answer.read().decode())
END
}

serve
fetch my/tiny:v1 by-tag
equal "$(digest_in by-tag)" "$digest" "digest of what was pulled by tag"
fetch "my/tiny@$digest" by-digest
equal "$(digest_in by-digest)" "$digest" "digest of what was pulled by digest"
expect 0 jc copy "oci:$scratch/by-tag:it" back
equal "$(digest_of back)" "$digest" "digest of what came back"
equal "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/my/tiny:v1")" "$digest" "digest by skopeo inspect"

# Tags come and go; names with a host are served with it and without.
expect 0 jc tag my/tiny:v1 my/tiny:v2
expect 0 jc tag my/tiny:v1 docker.io/library/small:1
equal "$(tags_of my/tiny)" "v1 v2" "tags"
equal "$(tags_of docker.io/library/small) $(tags_of library/small)" "1 1" "tags under both names"
equal "$(asked GET /v2/_catalog | cut -d' ' -f2- | jq -r '.repositories | join(" ")')" "back docker.io/library/small my/tiny" "catalog"
expect 0 jc rmi my/tiny:v1
equal "$(tags_of my/tiny)" v2 "tags after rmi"
[[ "$(asked GET /v2/my/tiny/manifests/v1)" == 404*MANIFEST_UNKNOWN* ]] || fail "a removed tag is served"
[[ "$(asked DELETE /v2/my/tiny/manifests/v2)" == 405*UNSUPPORTED* ]] || fail "it lets itself be written"
[[ "$(asked GET /v2/my/tiny/blobs/../../../../oci/index.json)" == 404* ]] || fail "it leaves its paths"

# Others build and prune meanwhile.
mkdir "$scratch/context"
printf 'FROM my/tiny:v2\nRUN echo x > /x\n' > "$scratch/context/Dockerfile"
for i in 1 2 3 4; do fetch my/tiny:v2 "parallel-$i" & pulls+=($!); done
expect 0 jc build -t built "$scratch/context"
expect 0 jc prune
for pull in "${pulls[@]}"; do wait "$pull" || fail "a pull beside a build and a prune failed"; done
fetch built:latest built
equal "$(digest_in built)" "$(digest_of built)" "digest of what was built meanwhile"

if [ "$(id -u)" = 0 ] && command -v podman > /dev/null; then
  podman=(podman --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file)
  if "${podman[@]}" info > "$scratch/log" 2>&1; then
    "${podman[@]}" pull -q --tls-verify=false "$registry/my/tiny:v2" > "$scratch/log" 2>&1 || { cat "$scratch/log"; fail "podman cannot pull it"; }
  fi
fi

# A layer that is not kept is refused with what helps.
layer=$(jq -r '.layers[0].digest' "$(blob "$digest")")
rm "$(blob "$layer")"
[[ "$(asked GET "/v2/my/tiny/blobs/$layer")" == 404*BLOB_UNKNOWN*--keep-blobs* ]] || fail "no word on the layer that is not kept"

# The port is taken; signals end it with status 0.
expect 1 jc serve --listen "$registry"
first_line_says "$registry"
says "--listen"
expect 2 jc serve --listen example.org:5000
kill -TERM "$server"
status=0; wait "$server" || status=$?
equal "$status" 0 "status after TERM"
equal "$(cat "$scratch/serve.log")" "" "what it told"
serve
kill -INT "$server"
status=0; wait "$server" || status=$?
equal "$status" 0 "status after INT"
rm -f "$scratch/url"
"$JCBUILD" serve --listen 0.0.0.0:0 > "$scratch/url" 2> "$scratch/serve.log" &
server=$!
wait_for 10 test -s "$scratch/url"
grep -q "can pull every image" "$scratch/serve.log" || fail "no note that everyone can reach it"
kill "$server"
wait "$server" || fail "it ends badly"
nothing_left
