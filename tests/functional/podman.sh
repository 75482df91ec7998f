#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: root
# podman starts the image straight from the store's layout.
. "$(dirname "$0")/common.sh"
require podman
# podman takes lower case only in the path of a layout.
JCBUILD_STORE=$(mktemp -du "${TMPDIR:-/tmp}/jcbuild-podman.XXXXXX" | tr '[:upper:]' '[:lower:]')
# shellcheck disable=SC2034
at_end='rm -rf "$JCBUILD_STORE"'
import_tiny
mkdir "$scratch/context"
printf 'FROM tiny\nRUN echo from-jcbuild > /word\nCMD ["cat", "/word"]\n' > "$scratch/context/Dockerfile"
expect 0 jc build -t forpodman "$scratch/context"
podman=(podman --runtime runc --root "$scratch/podman" --runroot "$scratch/podman-run" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file)
"${podman[@]}" info > "$scratch/log" 2>&1 || skip "podman does not work here: $(tail -n 1 "$scratch/log")"
word=$("${podman[@]}" run --rm --network host --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 \
  "oci:$JCBUILD_STORE/oci:forpodman:latest" 2> "$scratch/log") || { cat "$scratch/log"; fail "podman cannot run it"; }
equal "$word" from-jcbuild "what podman printed"
