#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# What apt, dpkg and the scripts of packages with users, file capabilities and alternatives need works in every isolation:
# root and chroot (in a container that may neither mount nor make namespaces) for root, userns and single-uid for a user.
# Needs the archives of the distribution; without them it is skipped.
. "$(dirname "$0")/common.sh"
require mmdebstrap
import_tiny

base=$scratch/base
bootstrap() {
  printf 'FROM bootstrap:debian:bookworm\nLABEL x=y\n' > "$scratch/base.Dockerfile"
  jc build -t base --output "oci:$base" -f "$scratch/base.Dockerfile" "$scratch/empty"
}
mkdir "$scratch/empty"
bootstrap > "$scratch/bootstrap.log" 2>&1 || { tail -n 5 "$scratch/bootstrap.log"; skip "debian:bookworm cannot be bootstrapped here"; }

cat > "$scratch/Dockerfile" <<'END'
FROM base
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light openssh-server
RUN nginx -v && mkdir -p /run/sshd && sshd -t -f /dev/null -h /etc/ssh/ssh_host_ed25519_key && id sshd && runuser -u www-data -- id -un | grep www-data
END

plain() { "$@"; }
outer=$JCBUILD_STORE
inner() { JCBUILD_STORE=$outer in_container env JCBUILD_STORE="$scratch/chroot" "$@"; }

# try MODE RUNNER: builds in this isolation, in a store of its own, and looks at what apt left.
try() {
  local mode=$1 run=$2
  JCBUILD_STORE=$scratch/$mode expect 0 "$run" "$JCBUILD" build -t web --isolation "$mode" --build-context "base=oci:$base" \
    -f "$scratch/Dockerfile" "$scratch/empty"
  JCBUILD_STORE=$scratch/$mode
  verify_image web
  expect 0 "$run" "$JCBUILD" export web -o "$scratch/$mode.tar"
  tar --numeric-owner -tvf "$scratch/$mode.tar" > "$scratch/list"
  grep -qE ' (\./)?usr/sbin/nginx$' "$scratch/list" || fail "no nginx ($mode)"
  grep -qE '^-rwxr-sr-x 0/10[0-9] .* (\./)?usr/bin/ssh-agent$' "$scratch/list" || fail "ssh-agent lost its group ($mode)"
  ! grep -qE ' (\./)?(dev|proc|sys)/.' "$scratch/list" || fail "a trace of the set-up ($mode)"
  no_stray_files
  # The layers say who owns what, whoever built them.
  for digest in $(jq -r '.layers[].digest' "$(blob "$(digest_of web)")"); do zstd -qdc "$(blob "$digest")" | tar --numeric-owner -tvf -; done > "$scratch/layers"
  grep -qE '^-rwxr-sr-x 0/10[0-9] .* (\./)?usr/bin/ssh-agent$' "$scratch/layers" || fail "ssh-agent lost its group in the layer ($mode)"
  JCBUILD_STORE=$outer
}

if [ "$(id -u)" = 0 ]; then
  try root plain
  try chroot inner
else
  try userns plain
  try single-uid plain
fi
