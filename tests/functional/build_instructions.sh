#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every simple instruction has docker's effect on tree and config; a second build runs nothing.
. "$(dirname "$0")/common.sh"
require jq skopeo umoci
import_tiny
mkdir -p "$scratch/context/dir/sub"
echo one > "$scratch/context/one"
echo two > "$scratch/context/dir/sub/two"
ln -s one "$scratch/context/link"
cat > "$scratch/context/Dockerfile" <<'EOF'
ARG BASE=tiny
FROM ${BASE}
ARG WORD=default
ENV GREETING="hello $WORD" \
    PLAIN=yes
LABEL org.example.word=${WORD}
WORKDIR /srv/app
COPY one link ./
COPY --chown=app:video --chmod=755 dir /data/
RUN echo "$GREETING" > greeting && \
    id -u > uid
RUN ["/bin/sh", "-c", "echo exec > exec"]
SHELL ["/bin/sh", "-e", "-c"]
RUN false | true; echo shell > shell
USER app
RUN id -u > /tmp/uid && id -G | tr ' ' '\n' | sort -n | tr '\n' ' ' > /tmp/groups
EXPOSE 8080/tcp 53/udp
ENTRYPOINT ["/bin/echo"]
CMD ["from", "cmd"]
EOF
expect 0 jc build -t built --build-arg WORD=world "$scratch/context"
verify_image built
skopeo inspect --config "oci:$JCBUILD_STORE/oci:built:latest" > "$scratch/config"
check() { equal "$(jq -cr "$1" "$scratch/config")" "$2" "$1"; }
check .config.User app
check .config.WorkingDir /srv/app
check .config.Entrypoint '["/bin/echo"]'
check .config.Cmd '["from","cmd"]'
check '.config.ExposedPorts | keys | sort' '["53/udp","8080/tcp"]'
check '.config.Labels["org.example.word"]' world
check '.config.Env | map(select(startswith("GREETING") or startswith("PLAIN"))) | sort' '["GREETING=hello world","PLAIN=yes"]'
umoci_unpack built "$scratch/tree"
root=$scratch/tree/rootfs
equal "$(cat "$root/srv/app/greeting" "$root/srv/app/uid" "$root/srv/app/exec" "$root/srv/app/shell" "$root/tmp/uid" | tr '\n' ' ')" \
  "hello world 0 exec shell 1000 "
equal "$(cat "$root/tmp/groups")" "44 1000 " "supplementary groups"
equal "$(cat "$root/srv/app/one" "$root/srv/app/link" "$root/data/sub/two" | tr '\n' ' ')" "one one two "
equal "$(stat -c %a "$root/data/sub/two")" 755 "mode of --chmod"
[ "$(id -u)" != 0 ] || equal "$(stat -c %u:%g "$root/data/sub/two")" 1000:44 "owner of --chown"
first=$(digest_of built)
expect 0 jc build -t again --build-arg WORD=world "$scratch/context"
equal "$(digest_of again)" "$first" "digest of the cached build"
says cached
echo changed > "$scratch/context/one"
expect 0 jc build -t changed --build-arg WORD=world "$scratch/context"
[ "$(digest_of changed)" != "$first" ] || fail "a changed file changed nothing"
nothing_left
