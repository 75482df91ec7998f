#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jcbuild unpack and umoci unpack make the same tree, entry by entry.
. "$(dirname "$0")/common.sh"
require umoci skopeo
import_tiny
cat > "$scratch/Dockerfile" <<'EOF'
FROM tiny
RUN rm /etc/os-release && rm -r /usr/share && mkdir /usr/share && echo new > /usr/share/new
RUN mkdir -m 2775 /opt/set && chown app:video /opt/set && mkfifo /opt/fifo && ln /etc/passwd /opt/hard && ln -s /nowhere /opt/dangling
RUN chmod 4755 /bin/busybox && printf '%s' 'odd' > "/opt/a name with blanks" && mkdir -p /opt/deep/a/b/c && chmod 0 /opt/deep/a/b
EOF
mkdir "$scratch/context"
expect 0 jc build -t trees -f "$scratch/Dockerfile" "$scratch/context"
verify_image trees
umoci_unpack trees "$scratch/theirs"
expect 0 jc unpack trees "$scratch/ours"
[ -f "$scratch/ours/config.json" ] || fail "no config.json"
owner=()
[ "$(id -u)" = 0 ] || owner=(--no-owner)
in_user_namespace "$tests/support/tree.py" "${owner[@]}" "$scratch/theirs/rootfs" > "$scratch/theirs.list"
in_user_namespace "$tests/support/tree.py" "${owner[@]}" "$scratch/ours/rootfs" > "$scratch/ours.list"
[ "$(wc -l < "$scratch/ours.list")" -gt 270 ] || fail "a short list of files"
# The root directory is no entry of the layers: umoci gives it the time 0.
sed -i '1s/[0-9]*\t$//' "$scratch/theirs.list" "$scratch/ours.list"
diff -u "$scratch/theirs.list" "$scratch/ours.list" || fail "the trees differ"
nothing_left
