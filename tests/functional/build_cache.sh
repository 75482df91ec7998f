#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The cache: a step that makes the same again joins the old chain, a miss is explained, and all stages travel.
. "$(dirname "$0")/common.sh"
require jq skopeo
import_tiny
mkdir "$scratch/context"
write() {
  cat > "$scratch/context/Dockerfile" <<END
FROM tiny AS builder
ARG VERSION=$2
RUN $1 echo made > /made
RUN echo second >> /made; echo "ran \$((1 + 1))"
FROM tiny
COPY --from=builder /made /made
RUN cat /made; echo "ran \$((2 + 1))"
END
}
ran() { grep -q "$1" "$scratch/err"; }
write "" 1
expect 0 jc build -t one "$scratch/context"
ran "ran 3" || fail "the first build ran nothing"
# Another text of the first RUN, the same tree: what follows is found.
write ": a comment;" 1
expect 0 jc build -t two --explain-cache "$scratch/context"
! ran "ran 2" || fail "a step behind an equal result ran"
says "not cached: command has changed"
# Only the history may differ.
equal "$(config_of two | jq -c .rootfs)" "$(config_of one | jq -c .rootfs)" "layers"
write ": a comment;" 2
expect 0 jc build --explain-cache "$scratch/context"
says "variable VERSION has changed"
! ran "ran 3" || fail "the second stage ran although it takes the same file"
expect 0 jc build --explain-cache --no-cache -t fresh "$scratch/context"
says "--no-cache is given"
equal "$(config_of fresh | jq -c .rootfs)" "$(config_of one | jq -c .rootfs)" "layers without cache"

# All stages, into a directory and from there into an empty store.
expect 0 jc build -t out --cache-to "oci:$scratch/cache" "$scratch/context"
skopeo inspect --raw "oci:$scratch/cache:cache" | jq -e '.artifactType == "application/vnd.jcbuild.cache.v1"' > /dev/null
export JCBUILD_STORE=$scratch/second
import_tiny
expect 0 jc build -t in --cache-from "oci:$scratch/cache" "$scratch/context"
! ran "ran 2" && ! ran "ran 3" || fail "a step ran although the cache has it"
verify_image in
equal "$(digest_of in)" "$(digest_of out "$scratch/store")" "digest from a cache"
expect 0 jc verify
# Nothing grows: the same again, then less.
before=$(find "$scratch/cache" -type f | wc -l)
expect 0 jc build --cache-to "oci:$scratch/cache" "$scratch/context"
equal "$(find "$scratch/cache" -type f | wc -l)" "$before" "files of the cache"
echo "FROM tiny" > "$scratch/context/Dockerfile"
expect 0 jc build --cache-to "oci:$scratch/cache" "$scratch/context"
equal "$(jq -r '.manifests | length' "$scratch/cache/index.json")" 1
[ "$(find "$scratch/cache/blobs" -type f | wc -l)" = 2 ] || fail "blobs of an old cache stay"
# A damaged blob is an error that names it, a missing cache a warning.
expect 0 jc build --cache-from "oci:$scratch/nowhere" "$scratch/context"
says warning nowhere
expect 1 jc build --cache-from type=gha "$scratch/context"
# A cache is somebody else's: what it calls a digest becomes no path.
mkdir -p "$scratch/hostile/blobs/sha256"
put() { local digest; digest=$(sha256sum "$1" | cut -d' ' -f1); cp "$1" "$scratch/hostile/blobs/sha256/$digest"; echo "$digest"; }
printf '{"version":1,"steps":{"%s":"../../../../x"}}' "$(printf 'a%.0s' $(seq 64))" > "$scratch/hostile-config"
config=$(put "$scratch/hostile-config")
jq -cn --arg config "sha256:$config" --argjson size "$(stat -c %s "$scratch/hostile-config")" '{schemaVersion: 2,
  mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: "application/vnd.jcbuild.cache.v1",
  config: {mediaType: "application/vnd.jcbuild.cache.config.v1+json", digest: $config, size: $size}, layers: []}' > "$scratch/hostile-manifest"
manifest=$(put "$scratch/hostile-manifest")
echo '{"imageLayoutVersion":"1.0.0"}' > "$scratch/hostile/oci-layout"
jq -cn --arg digest "sha256:$manifest" --argjson size "$(stat -c %s "$scratch/hostile-manifest")" '{schemaVersion: 2, manifests: [
  {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $digest, size: $size, annotations: {"org.opencontainers.image.ref.name": "cache"}}]}' \
  > "$scratch/hostile/index.json"
expect 0 jc build --cache-from "oci:$scratch/hostile" "$scratch/context"
says warning hostile digest
nothing_left
