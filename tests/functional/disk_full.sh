#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: root
# A full disk ends the build with a clear line, no tag and a clean store; with room again it goes on.
. "$(dirname "$0")/common.sh"
mkdir -p "$JCBUILD_STORE"
mount -t tmpfs -o size=24m tmpfs "$JCBUILD_STORE"
# shellcheck disable=SC2034
at_end='umount "$JCBUILD_STORE" 2> /dev/null'
import_tiny
mkdir "$scratch/context"
printf 'FROM tiny\nRUN dd if=/dev/urandom of=/big bs=1M count=12\n' > "$scratch/context/Dockerfile"
expect 1 jc build -t big "$scratch/context"
says "No space left on device"
! has_tag big || fail "a tag on a full disk"
no_stray_files
expect 0 jc verify
mount -o remount,size=96m "$JCBUILD_STORE"
expect 0 jc build -t big "$scratch/context"
verify_image big
umount "$JCBUILD_STORE"
nothing_left
