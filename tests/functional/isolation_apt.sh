#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: root
# limit: 300
# What apt, dpkg and the scripts of packages with users, file capabilities and alternatives need works in every isolation.
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

# chroot: in a container that may neither mount nor make namespaces.
outer=$JCBUILD_STORE
inner() { JCBUILD_STORE=$outer in_container env JCBUILD_STORE="$scratch/inner" "$@"; }
expect 0 inner "$JCBUILD" build -t web --build-context "base=oci:$base" -f "$scratch/Dockerfile" "$scratch/empty"
JCBUILD_STORE=$scratch/inner
verify_image web
expect 0 inner "$JCBUILD" export web -o "$scratch/web.tar"
tar --numeric-owner -tvf "$scratch/web.tar" > "$scratch/list"
grep -q ' usr/sbin/nginx$' "$scratch/list" || fail "no nginx"
grep -qE '^-rwxr-sr-x 0/10[0-9] .* usr/bin/ssh-agent$' "$scratch/list" || fail "ssh-agent lost its group"
! grep -qE ' (dev|proc|sys)/.' "$scratch/list" || fail "a trace of the set-up"
no_stray_files
