# SPDX-License-Identifier: Apache-2.0
# The ordinary user for whom root runs things, and how to become him.
# shellcheck shell=bash

k_user=jcbuild

# Prints the first number from which 65536 subordinate ids are free in the files /etc/subuid and /etc/subgid.
free_subordinate_range() {
  awk -F: 'BEGIN { next_free = 100000 } NF == 3 && $2 + $3 > next_free { next_free = $2 + $3 } END { print next_free }' \
    /etc/subuid /etc/subgid 2>/dev/null || echo 100000
}

# Gives `$1` 65536 subordinate user and group ids where it has none; needs root.
ensure_subordinate_ids() {
  local user=$1 first
  touch /etc/subuid /etc/subgid
  first=$(free_subordinate_range)
  grep -q "^$user:" /etc/subuid || usermod --add-subuids "$first-$((first + 65535))" "$user"
  grep -q "^$user:" /etc/subgid || usermod --add-subgids "$first-$((first + 65535))" "$user"
}

# Makes the user `jcbuild` with subordinate ids, where there is none; needs root.
ensure_user() {
  id "$k_user" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$k_user"
  ensure_subordinate_ids "$k_user"
}

# Runs a command as that user, with his home and nothing of root's environment but what is named here.
as_user() {
  local home keep=() name
  home=$(getent passwd "$k_user" | cut -d: -f6)
  for name in CI TERM LANG JCBUILD JCBUILD_PACKAGES JCBUILD_PROGRESS NO_COLOR http_proxy https_proxy no_proxy SLOW; do
    [ -z "${!name+set}" ] || keep+=("$name=${!name}")
  done
  runuser -u "$k_user" -- env -i HOME="$home" USER="$k_user" LOGNAME="$k_user" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
    "${keep[@]}" "$@"
}
