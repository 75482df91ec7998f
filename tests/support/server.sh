# SPDX-License-Identifier: Apache-2.0
# Sourced by functional tests: start_server [--git-root DIRECTORY] [--files DIRECTORY] runs fault_http.py until the script
# ends and sets server_url. make_repository publishes a directory below a --git-root.
# shellcheck shell=bash

support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

start_server() {
  local port
  coproc fault_server { exec python3 "$support/fault_http.py" "$@"; }
  read -r port <&"${fault_server[0]}"
  # shellcheck disable=SC2034
  server_url=http://127.0.0.1:$port
}

# git as if nobody had configured it, with fixed times and names.
plain_git() {
  env -i PATH=/usr/bin:/bin HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a \
    GIT_COMMITTER_EMAIL=a@b GIT_AUTHOR_DATE='1000000000 +0000' GIT_COMMITTER_DATE='1000000000 +0000' git "$@"
}

# make_repository ROOT NAME FILES: commits the directory FILES on the branch main and publishes it as ROOT/NAME.
make_repository() {
  local root=$1 name=$2 files=$3
  [ -d "$files/.git" ] || plain_git init -q -b main -- "$files"
  plain_git -C "$files" add -A
  plain_git -C "$files" commit -q --allow-empty -m commit
  rm -rf "${root:?}/$name"
  plain_git clone -q --bare -- "$files" "$root/$name"
  plain_git -C "$root/$name" update-server-info
}

# Ends the server, which serves as long as its standard input is open.
stop_server() {
  # shellcheck disable=SC1083,SC2093 # {NAME}>&- closes the descriptor that the variable holds
  exec {fault_server[1]}>&-
  # shellcheck disable=SC2154
  wait "$fault_server_PID" || true
}
