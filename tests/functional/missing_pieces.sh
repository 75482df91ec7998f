#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: root
# Without newuidmap or a range of subordinate ids an ordinary user builds with his single id; who insists on the ids is
# told what to install or to run.
. "$(dirname "$0")/common.sh"
. "$tests/support/user.sh"
ensure_user
chmod 755 "$scratch"
make_rootfs "$scratch/rootfs"
tar -C "$scratch/rootfs" -cf "$scratch/tiny.tar" .
mkdir -m 777 "$scratch/of-user"
mkdir "$scratch/context"
printf 'FROM tiny\nRUN true\n' > "$scratch/context/Dockerfile"
: > "$scratch/empty"
without() { # FILE COMMAND...: an empty file lies over FILE, in a mount namespace of its own
  # shellcheck disable=SC2016
  unshare --mount bash -c 'mount --bind "$0" "$1"; shift; "$@"' "$scratch/empty" "$@"
}
# shellcheck disable=SC2016
build_as_user() {
  "$@" "$tests/support/as-user" bash -c 'export JCBUILD_STORE=$1/store JCBUILD_ISOLATION=$4; "$JCBUILD" import "$2" tiny &&
    "$JCBUILD" build -t t "$3" && "$JCBUILD" export t -o "$1/t.tar"' - "$scratch/of-user" "$scratch/tiny.tar" "$scratch/context" "$isolation"
}
isolation=userns
expect 1 build_as_user without /etc/subuid
says --add-subuids jcbuild
expect 1 build_as_user without /usr/bin/newuidmap
says newuidmap uidmap
expect 0 build_as_user env
isolation=auto
expect 0 build_as_user without /etc/subuid
expect 0 build_as_user without /usr/bin/newuidmap
# Whose ids it took shows in doctor, with the fix for the better way.
# shellcheck disable=SC2016
expect 0 without /etc/subuid "$tests/support/as-user" bash -c 'JCBUILD_STORE=$1/store "$JCBUILD" doctor' - "$scratch/of-user"
says "isolation single-uid: works, and is used" --add-subuids
