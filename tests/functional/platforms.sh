#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: root
# limit: 900
# A foreign platform runs through binfmt_misc; several make one index that skopeo reads.
. "$(dirname "$0")/common.sh"
require jq skopeo
[ "$(uname -m)" = x86_64 ] || skip "the foreign platform of this test is arm64"
mkdir "$scratch/context"
binfmt=/proc/sys/fs/binfmt_misc
[ -e "$binfmt/status" ] || { mount -t binfmt_misc binfmt_misc "$binfmt" 2> /dev/null && at_end="umount $binfmt"; } || skip "binfmt_misc cannot be mounted here"
handler=$(grep -l '^interpreter.*aarch64' "$binfmt"/* 2> /dev/null | head -n 1 || true)

# Without a handler: what is missing and how to get it. With it switched off it is as good as absent.
[ -z "$handler" ] || { echo 0 > "$handler"; at_end="echo 1 > $handler; $at_end"; }
import_tiny
printf 'FROM tiny\nRUN true\n' > "$scratch/context/Dockerfile"
expect 1 jc build --platform linux/arm64 "$scratch/context"
first_line_says "no binfmt_misc handler"
says qemu-user-static
if [ -n "$handler" ]; then
  echo 1 > "$handler"
else
  rule=/usr/lib/binfmt.d/qemu-aarch64.conf
  [ -r "$rule" ] || skip "qemu-user-static is not installed"
  cat "$rule" > "$binfmt/register" || skip "no handler can be registered here"
  at_end="echo -1 > $binfmt/qemu-aarch64; $at_end"
fi

cat > "$scratch/context/Dockerfile" <<'END'
FROM --platform=$BUILDPLATFORM tiny AS native
ARG TARGETARCH BUILDARCH
RUN echo "$BUILDARCH for $TARGETARCH on $(uname -m)" > /made
FROM bootstrap:debian:bookworm
COPY --from=native /made /made
RUN uname -m > /machine && dpkg --print-architecture >> /machine
RUN --mount=type=cache,target=/var/lib/apt/lists --mount=type=cache,target=/var/cache/apt/archives \
    apt-get update && apt-get install -y --no-install-recommends tree && tree --version > /tree
END
expect 0 jc build --platform linux/amd64,linux/arm64 -t both --output "oci:$scratch/layout:both" "$scratch/context"
skopeo inspect --raw "oci:$scratch/layout:both" > "$scratch/index"
equal "$(jq -r '[.manifests[].platform.architecture] | join(" ")' "$scratch/index")" "amd64 arm64" "platforms of the index"
for arch in amd64 arm64; do
  skopeo --override-arch "$arch" copy -q "oci:$scratch/layout:both" "oci-archive:$scratch/$arch.tar:it"
  expect 0 jc copy "oci-archive:$scratch/$arch.tar:it" "it-$arch"
  equal "$(config_of "it-$arch" | jq -r .architecture)" "$arch" "architecture in the config"
  jc export "it-$arch" -o "$scratch/rootfs.tar"
  tar -xf "$scratch/rootfs.tar" -C "$scratch" --no-same-owner ./made ./machine ./tree 2> /dev/null || tar -xf "$scratch/rootfs.tar" -C "$scratch" --no-same-owner made machine tree
  equal "$(head -n 1 "$scratch/made")" "amd64 for $arch on x86_64" "the native stage"
  equal "$(tail -n 1 "$scratch/machine")" "$arch" "dpkg's architecture"
  grep -q '^tree v' "$scratch/tree" || fail "the installed program did not run"
done
equal "$(head -n 1 "$scratch/machine")" aarch64 "the emulated machine"
expect 0 jc verify
nothing_left
