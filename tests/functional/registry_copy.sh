#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: user
# Copies between any two of registry, layout, archives and store; indexes with all their platforms; docker's own manifests;
# what refers to an image.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
make_image small --layers text:0.5,random:1
make_image both --layers text:0.5 --platform linux/amd64 --platform linux/arm64/v8
digest=$(image_digest "$images" small)
index=$(image_digest "$images" both)
start_registry one
start_registry two
one=${registry[one]} two=${registry[two]}
push_with_skopeo small "$one/x/small:1"
diff_ids=$(skopeo inspect --config "oci:$images:small" | jq -c .rootfs.diff_ids)
# The layers behind a name of any transport, as skopeo reads them.
seen() {
  case $1 in
    docker://*) lab_skopeo inspect --tls-verify=false --config "$1" ;;
    *:*/*) lab_skopeo inspect --config "$1" ;;
    *) config_of "$1" ;;
  esac | jq -c .rootfs.diff_ids
}
expect 0 jc copy "docker://$one/x/small:1" stored:1
expect 0 jc copy "oci:$images:small" "oci-archive:$scratch/a.oci.tar:it"
expect 0 jc copy "oci:$images:small" "docker-archive:$scratch/a.docker.tar:small:1"
number=0
for from in "docker://$one/x/small:1" "oci:$images:small" "oci-archive:$scratch/a.oci.tar:it" "docker-archive:$scratch/a.docker.tar" stored:1; do
  for to in "docker://$two/from/KIND:1" "oci:$scratch/to:KIND" "oci-archive:$scratch/KIND.oci.tar:it" "docker-archive:$scratch/KIND.docker.tar:it:1" "again:KIND"; do
    number=$((number + 1))
    to=${to/KIND/n$number}
    expect 0 jc copy "$from" "$to"
    [[ "$to" == docker-archive:* ]] && look=docker-archive:$scratch/n$number.docker.tar || look=$to
    equal "$(seen "$look")" "$diff_ids" "layers of $from in $to"
    case "$from $to" in
      *docker-archive*) ;;
      *" docker://"*) equal "sha256:$(lab_skopeo inspect --raw --tls-verify=false "$to" | sha256sum | cut -d' ' -f1)" "$digest" "digest of $from in $to" ;;
      *" again:"*) equal "$(digest_of "$to")" "$digest" "digest of $from in $to" ;;
    esac
  done
done

# Indexes: --all keeps the bytes; one platform is picked otherwise.
expect 0 jc copy --all "oci:$images:both" "docker://$one/x/both:1"
raw() { lab_skopeo inspect --raw --tls-verify=false "docker://$1" > "$scratch/raw" && echo "sha256:$(sha256sum < "$scratch/raw" | cut -d' ' -f1)"; }
equal "$(raw "$one/x/both:1")" "$index" "the index in a registry"
expect 0 jc copy --all --preserve-digests "docker://$one/x/both:1" "docker://$two/x/both:1"
equal "$(raw "$two/x/both:1")" "$index" "the index in another registry"
for arch in amd64 arm64; do
  lab_skopeo --override-arch "$arch" --override-variant "$([ $arch = amd64 ] || echo v8)" copy -q --src-tls-verify=false "docker://$two/x/both:1" "oci:$read:$arch"
  expect 0 jc copy --platform "linux/$arch" "docker://$two/x/both:1" "oci:$scratch/platforms:$arch"
  equal "$(image_digest "$scratch/platforms" "$arch")" "$(image_digest "$read" "$arch")" "what was picked for $arch"
done
expect 0 jc pull "$two/x/both:1" --platform linux/arm64
equal "$(tail -n 1 "$scratch/out")" "$(image_digest "$read" arm64)"
expect 1 jc pull "$two/x/both:1" --platform linux/riscv64
first_line_says "$two" x/both
says linux/amd64 linux/arm64
expect 0 jc copy --all "docker://$two/x/both:1" "oci:$scratch/all:both"
equal "$(image_digest "$scratch/all" both)" "$index" "the index in a layout"

# docker's manifests, as docker push writes them.
lab_skopeo copy -q --format v2s2 --dest-tls-verify=false "oci:$images:small" "docker://$one/docker/small:1"
docker_digest=$(raw "$one/docker/small:1")
jq -e '.mediaType == "application/vnd.docker.distribution.manifest.v2+json"' "$scratch/raw" > /dev/null || fail "that is no docker manifest"
expect 0 jc copy --preserve-digests "docker://$one/docker/small:1" "docker://$two/docker/small:1"
equal "$(raw "$two/docker/small:1")" "$docker_digest" "docker's manifest after a copy"
expect 0 jc pull "$one/docker/small:1"
equal "$(config_of "$one/docker/small:1" | jq -c .rootfs.diff_ids)" "$diff_ids" "layers of a docker image"
expect 0 jc copy "docker://$one/docker/small:1" "oci:$scratch/from-docker:it"
skopeo inspect "oci:$scratch/from-docker:it" > /dev/null || fail "skopeo refuses the layout"
expect 0 jc pull "$two/docker/small@$docker_digest"
jq -c '.schemaVersion = 1' "$scratch/raw" > /dev/null

# An image that refers to another: the referrers API, or the tag that stands in for it.
start_fault_registry
subject=$(jq -c '{mediaType, digest, size}' <<< "$(jq -c --arg digest "$digest" '.manifests[] | select(.digest == $digest)' "$images/index.json" | head -n 1)")
mkdir -p "$scratch/referring/blobs/sha256"
cp "$images"/blobs/sha256/* "$scratch/referring/blobs/sha256/"
jq -c --argjson subject "$subject" '. + {subject: $subject, annotations: {a: "b"}}' "$images/blobs/sha256/${digest#sha256:}" > "$scratch/referrer"
referrer=sha256:$(sha256sum < "$scratch/referrer" | cut -d' ' -f1)
cp "$scratch/referrer" "$scratch/referring/blobs/sha256/${referrer#sha256:}"
cp "$images/oci-layout" "$scratch/referring/"
jq -n --arg digest "$referrer" --argjson size "$(stat -c %s "$scratch/referrer")" '{schemaVersion: 2, manifests: [
  {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $digest, size: $size, annotations: {"org.opencontainers.image.ref.name": "r"}}]}' > "$scratch/referring/index.json"
expect 0 jc copy --preserve-digests "oci:$scratch/referring:r" "docker://${fault[http]}/x/small:r"
! requests . '.[].line' | grep -q "manifests/sha256-${digest#sha256:}" || fail "a fallback tag although the registry has referrers"
for host in "${fault[http]}/fault-36a/refers" "$two/refers"; do
  expect 0 jc copy --preserve-digests "oci:$scratch/referring:r" "docker://$host:r"
  expect 0 jc copy --preserve-digests "oci:$scratch/referring:r" "docker://$host:r2"
  raw "$host:sha256-${digest#sha256:}" > /dev/null || fail "no fallback tag in $host"
  equal "$(jq -c '[.manifests[].digest]' "$scratch/raw")" "[\"$referrer\"]" "the fallback tag of $host"
done
expect 0 jc verify
stop_registries
nothing_left
