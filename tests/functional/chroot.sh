#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: root
# limit: 120
# Builds as root of a container that may neither mount nor make namespaces: the steps run in a chroot, the layers are what
# they are elsewhere.
. "$(dirname "$0")/common.sh"
import_tiny

context=$scratch/context
mkdir "$context"
echo from the context > "$context/file"
cat > "$context/Dockerfile" <<'END'
FROM tiny AS builder
RUN mkdir -p /out/deep && echo built > /out/deep/result && ln /out/deep/result /out/hard && ln -s deep/result /out/soft
RUN --mount=type=cache,target=/var/cache/x echo once >> /var/cache/x/count && cp /var/cache/x/count /out/count

FROM tiny
COPY file /opt/file
RUN chown 1000:1000 /opt/file && chmod 4750 /opt/file
RUN rm -r /usr/share && mkdir -p /usr/share/new && touch -d @1600000000 /usr/share/new/old && rm /etc/os-release
COPY --from=builder /out /srv/out
RUN --mount=type=bind,source=.,target=/mnt --mount=type=secret,id=s --mount=type=tmpfs,target=/scratch \
  cat /mnt/file /run/secrets/s > /srv/seen && touch /scratch/gone && echo lost > /etc/resolv.conf && echo discarded > /dev/null
RUN sleep 3600 & (setsid sleep 3600 &) ; test -c /dev/zero
WORKDIR /made/here
USER app
RUN id -un > /tmp/me && pwd > /tmp/where
CMD ["cat", "/srv/seen"]
END
# A number that only processes of this test sleep for.
mark=3600.$$
sed -i "s/sleep 3600/sleep $mark/g" "$context/Dockerfile"
printf hush > "$scratch/secret"
build() { jc build "$@" --secret "id=s,src=$scratch/secret" -t out "$context"; }

expect 0 build
diff_ids() { config_of out | jq -c .rootfs.diff_ids; }
config_of out > "$scratch/expected.json"
digests=$(diff_ids)

# The same inside. What is used of the container's own: nothing but the shared directory.
outer=$JCBUILD_STORE
inner() {
  JCBUILD_STORE=$outer in_container env JCBUILD_STORE="$scratch/inner" "$@"
}
expect 0 inner true
expect 1 inner unshare --mount true
expect 32 inner mount -t tmpfs tmpfs /tmp
expect 0 inner "$JCBUILD" import "$scratch/tiny.tar" tiny
expect 0 inner "$JCBUILD" build --secret "id=s,src=$scratch/secret" -t out "$context"
export JCBUILD_STORE=$scratch/inner
verify_image out
equal "$(diff_ids)" "$digests" "layers"
equal "$(config_of out | jq -c 'del(.created)')" "$(jq -c 'del(.created)' "$scratch/expected.json")" "configurations"
expect 0 inner "$JCBUILD" build --secret "id=s,src=$scratch/secret" -t again "$context"
equal "$(digest_of again)" "$(digest_of out)" "the image of a warm build"
no_stray_files
[ -z "$(pgrep -f "sleep $mark" || true)" ] || fail "processes of a step are left"

# What cannot be had is said, not left out.
printf 'FROM tiny\nRUN --network=none true\n' > "$context/alone"
expect 1 inner "$JCBUILD" build -f "$context/alone" "$context"
says "network namespace" chroot
# A failing step leaves nothing.
printf 'FROM tiny\nRUN touch /x; exit 9\n' > "$context/failing"
expect 1 inner "$JCBUILD" build -f "$context/failing" "$context"
says "exited with status 9"
no_stray_files

# A store in the container's own file system, an overlay, where nobody may make the device 0:0.
# shellcheck disable=SC2016
expect 0 inner sh -ec '
  JCBUILD_STORE=/opt/store
  "$JCBUILD" import "$1/tiny.tar" tiny
  "$JCBUILD" build --secret "id=s,src=$1/secret" --output "oci:$1/made" -t out "$1/context"' sh "$scratch"
made() { cat "$scratch/made/blobs/sha256/${1#sha256:}"; }
manifest=$(jq -r '.manifests[0].digest' "$scratch/made/index.json")
equal "$(made "$(made "$manifest" | jq -r .config.digest)" | jq -c .rootfs.diff_ids)" "$digests" "layers made on an overlay"
