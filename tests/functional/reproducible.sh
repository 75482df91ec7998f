#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cold composes in different stores, by different users, umasks, time zones, locales and directories: one digest.
. "$(dirname "$0")/common.sh"
export JCBUILD_PACKAGES=$tests/functional/trees/tiny
import_tiny
first=$(jc compose gamma delta --base tiny -t result 2> /dev/null)
verify_image result
mkdir -p "$scratch/elsewhere"
other=$(
  cd "$scratch/elsewhere"
  umask 0
  export TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 JCBUILD_STORE=$scratch/other-store HOME=$scratch/elsewhere
  jc import "$scratch/tiny.tar" tiny > /dev/null
  jc compose gamma delta --base tiny -t another/name:v2 2> /dev/null
)
equal "$other" "$first" "digest with other surroundings"
# root and an ordinary user
if [ "$(id -u)" = 0 ]; then
  . "$tests/support/user.sh"
  ensure_user
  chmod 755 "$scratch"
  chmod 644 "$scratch/tiny.tar"
  # shellcheck disable=SC2016
  ordinary=$(as_user bash -c 'umask 077; export JCBUILD_STORE=$(mktemp -d)/store; cd /
    "$JCBUILD" import "$1" tiny > /dev/null && JCBUILD_PACKAGES=$2 "$JCBUILD" compose gamma delta --base tiny -t r 2> /dev/null' \
    - "$scratch/tiny.tar" "$JCBUILD_PACKAGES")
  equal "$ordinary" "$first" "digest made by an ordinary user"
fi
