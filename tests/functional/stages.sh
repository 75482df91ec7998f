#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several stages: only those that are needed run, independent ones side by side, COPY --from takes files with their owners.
. "$(dirname "$0")/common.sh"
require jq skopeo umoci
import_tiny
mkdir "$scratch/context"
cat > "$scratch/context/Dockerfile" <<'END'
FROM tiny AS never
RUN false
FROM tiny AS left
# Each waits for the other: alone, neither would end well.
RUN --mount=type=cache,id=meet,target=/meet touch /meet/left; for i in $(seq 200); do [ -e /meet/right ] && break; sleep 0.05; done; [ -e /meet/right ]
RUN mkdir -p /out/sub && echo left > /out/sub/file && chown -R app:video /out && chmod 640 /out/sub/file
FROM tiny AS right
RUN --mount=type=cache,id=meet,target=/meet touch /meet/right; for i in $(seq 200); do [ -e /meet/left ] && break; sleep 0.05; done; [ -e /meet/left ]
RUN echo right > /file
FROM left AS middle
ENV stage=middle
FROM middle
COPY --from=left /out /copied/
COPY --from=1 --chown=0:0 /out/sub/file /numbered
COPY --from=right /file /right
RUN --mount=type=bind,from=right,source=/file,target=/mounted cat /mounted > /seen
END
expect 0 jc build --jobs 4 -t staged "$scratch/context"
verify_image staged
umoci_unpack staged "$scratch/tree"
root=$scratch/tree/rootfs
equal "$(cat "$root/copied/sub/file" "$root/numbered" "$root/right" "$root/seen" | tr '\n' ' ')" "left left right right "
equal "$(stat -c %a "$root/copied/sub/file")" 640
[ ! -e "$root/mounted" ] || fail "a mount point is in the image"
[ "$(id -u)" != 0 ] || equal "$(stat -c %u:%g "$root/copied/sub/file" "$root/numbered" | tr '\n' ' ')" "1000:44 0:0 "
skopeo inspect --config "oci:$JCBUILD_STORE/oci:staged:latest" > "$scratch/config"
equal "$(jq -r '.config.Env | index("stage=middle") != null' "$scratch/config")" true
equal "$(jq '[.history[] | select(.empty_layer != true)] | length' "$scratch/config")" "$(jq '.rootfs.diff_ids | length' "$scratch/config")" history
first=$(digest_of staged)
expect 0 jc build --jobs 1 -t again "$scratch/context"
equal "$(digest_of again)" "$first" "digest with another number of jobs"
says cached
expect 0 jc build --target left -t left "$scratch/context"
expect 1 jc build --target lefd -t x "$scratch/context"
first_line_says "no stage 'lefd'"
says "left"
expect 1 jc build --target never -t x "$scratch/context"
! has_tag x || fail "a tag of a failed build"
nothing_left
