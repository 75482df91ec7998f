# SPDX-License-Identifier: Apache-2.0
# The vocabulary of the functional tests. Each test sources this file and then has:
#   $scratch        an empty directory of its own, removed at the end together with all that grew in it
#   $JCBUILD_STORE  an empty store
#   $JCBUILD        the program under test
# A test ends with status 0 (passed), 77 (skipped; the reason is its last line) or anything else (failed).
# Heads: "# users: root|user|both" and "# limit: SECONDS" are read by run-tests.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
umask 022

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${JCBUILD:=$tests/../build/src/cli/jcbuild}"
: "${JCBUILD_PACKAGES:=$tests/../packages}"
[ -x "$JCBUILD" ] || { echo "no program at $JCBUILD: build it first"; exit 1; }
scratch=$(mktemp -d "${TMPDIR:-/tmp}/jcbuild-f.XXXXXX")
export JCBUILD JCBUILD_PACKAGES JCBUILD_STORE=$scratch/store JCBUILD_PROGRESS=plain
export XDG_RUNTIME_DIR=$scratch/runtime
mkdir -m 700 "$XDG_RUNTIME_DIR"

jc() { "$JCBUILD" "$@"; }

fail() {
  echo "failed: $*" >&2
  exit 1
}

skip() {
  echo "skip: $*"
  exit 77
}

require() {
  local name
  for name; do command -v "$name" > /dev/null || skip "$name is not installed"; done
}

# Runs a command with all subordinate ids mapped, as jcbuild does for an ordinary user: the way to read and remove
# what belongs to those ids. Root just runs it.
in_user_namespace() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  local gate child own status=0
  gate=$(mktemp -u "$scratch/.gate.XXXXXXXXXX")
  mkfifo "$gate"
  # shellcheck disable=SC2016
  unshare --user sh -c 'read -r _ < "$0"; exec "$@"' "$gate" "$@" <&0 &
  child=$!
  own=$(readlink /proc/self/ns/user)
  until [ "$(readlink "/proc/$child/ns/user")" != "$own" ]; do sleep 0.01; done
  newuidmap "$child" 0 "$(id -u)" 1 1 "$(subordinate subuid)" 65536
  newgidmap "$child" 0 "$(id -g)" 1 1 "$(subordinate subgid)" 65536
  echo > "$gate"
  wait "$child" || status=$?
  rm -f "$gate"
  return "$status"
}
subordinate() { awk -F: -v name="$(id -un)" -v id="$(id -u)" '$1 == name || $1 == id { print $2; exit }' "/etc/$1"; }

# A command that a test wants run at its end, whatever that is.
at_end=true
clean_up() {
  local status=$?
  trap - EXIT
  eval "$at_end" || true
  in_user_namespace rm -rf "$scratch" 2> /dev/null || rm -rf "$scratch" 2> /dev/null || true
  exit "$status"
}
trap clean_up EXIT

# Runs a command and demands its exit status: expect 1 jc compose nothing. Output is in $scratch/out and $scratch/err.
expect() {
  local wanted=$1 status=0
  shift
  "$@" > "$scratch/out" 2> "$scratch/err" < /dev/null || status=$?
  [ "$status" = "$wanted" ] || { tail -n 30 "$scratch/out" "$scratch/err"; fail "status $status instead of $wanted: $*"; }
}

# says TEXT...: each text (a fixed string) is in what the last expect printed.
says() {
  local text
  for text; do
    grep -qF -- "$text" "$scratch/out" "$scratch/err" || { tail -n 30 "$scratch/out" "$scratch/err"; fail "no word of: $text"; }
  done
}

# The first line of the error names the cause: first_line_says TEXT...
# Progress may stand before it; the error begins with "error: " or the program's name.
first_line_says() {
  local text line
  line=$(grep -m1 -E '^(error|jcbuild): ' "$scratch/err" || grep -m1 . "$scratch/err" || true)
  for text; do [[ "$line" == *"$text"* ]] || fail "first line is \"$line\", without: $text"; done
}

equal() { [ "$1" = "$2" ] || fail "${3:-values} differ: $(printf '%q and %q' "$1" "$2")"; }

# A directory tree for a tiny image: busybox and the files that every image has.
make_rootfs() {
  local root=$1 busybox applet
  require busybox
  busybox=$(command -v busybox)
  mkdir -p "$root"/{bin,etc,root,tmp,proc,sys,dev,usr/share,var/log,opt}
  chmod 1777 "$root/tmp"
  chmod 700 "$root/root"
  cp "$busybox" "$root/bin/busybox"
  chmod 755 "$root/bin/busybox"
  for applet in $("$busybox" --list); do [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"; done
  ln -sf busybox "$root/bin/busybox.link" && ln "$root/bin/busybox" "$root/bin/busybox.hard"
  # Package tests are run by bash.
  printf '#!/bin/sh\nexec /bin/sh "$@"\n' > "$root/bin/bash"
  chmod 755 "$root/bin/bash"
  printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' > "$root/etc/passwd"
  printf 'root:x:0:\napp:x:1000:\nvideo:x:44:app\nnogroup:x:65534:\n' > "$root/etc/group"
  printf 'ID=busybox\nVERSION_ID=1\n' > "$root/etc/os-release"
}

# Imports the tiny image under the name $1 (default: tiny). The same bytes for everybody.
import_tiny() {
  local name=${1:-tiny} root=$scratch/tiny-rootfs
  [ -d "$root" ] || make_rootfs "$root"
  tar --sort=name --numeric-owner --owner=0 --group=0 --mtime=@1700000000 --format=posix \
    --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime -C "$root" -cf "$scratch/tiny.tar" .
  jc import "$scratch/tiny.tar" "$name" > /dev/null
}

# The manifest digest behind a tag, read from the layout itself.
digest_of() {
  local name=$1
  [[ "$name" == *:* ]] || name=$name:latest
  jq -er --arg name "$name" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name) | .digest' \
    "${2:-$JCBUILD_STORE}/oci/index.json"
}
has_tag() { digest_of "$@" > /dev/null 2>&1; }
blob() { printf '%s/oci/blobs/sha256/%s' "${2:-$JCBUILD_STORE}" "${1#sha256:}"; }
config_of() { cat "$(blob "$(jq -r .config.digest "$(blob "$(digest_of "$1")")")")"; }

# Reads an image of the store with tools that are not ours: every blob has its digest, every layer its diff_id, tar
# lists it in sorted order without doubles, skopeo accepts it.
verify_image() {
  local manifest config index=0 layer type file
  manifest=$(blob "$(digest_of "$1")")
  equal "$(sha256sum < "$manifest" | cut -d' ' -f1)" "$(basename "$manifest")" "manifest digest"
  config=$(blob "$(jq -r .config.digest "$manifest")")
  equal "$(sha256sum < "$config" | cut -d' ' -f1)" "$(basename "$config")" "config digest"
  while read -r layer type; do
    file=$(blob "$layer")
    equal "$(sha256sum < "$file" | cut -d' ' -f1)" "$(basename "$file")" "layer digest"
    decompress "$type" "$file" > "$scratch/layer.tar"
    equal "sha256:$(sha256sum < "$scratch/layer.tar" | cut -d' ' -f1)" "$(jq -r ".rootfs.diff_ids[$index]" "$config")" "diff_id"
    tar -tf "$scratch/layer.tar" > "$scratch/layer.list"
    equal "$(sort "$scratch/layer.list" | uniq -d)" "" "doubled entries"
    index=$((index + 1))
  done < <(jq -r '.layers[] | "\(.digest) \(.mediaType)"' "$manifest")
  equal "$index" "$(jq '.rootfs.diff_ids | length' "$config")" "number of layers"
  rm -f "$scratch/layer.tar" "$scratch/layer.list"
  skopeo inspect "oci:$JCBUILD_STORE/oci:$(full_name "$1")" > /dev/null
}
full_name() { [[ "$1" == *:* ]] && echo "$1" || echo "$1:latest"; }
decompress() {
  case $1 in
    *+zstd) zstd -qdc "$2" ;;
    *+gzip) gzip -dc "$2" ;;
    *) cat "$2" ;;
  esac
}

# Unpacks an image of the store with umoci into $2/rootfs. umoci 0.4 knows no zstd: skopeo rewrites those layers.
umoci_unpack() {
  local rootless=()
  [ "$(id -u)" = 0 ] || rootless=(--rootless)
  rm -rf "$scratch/gzip-layout"
  skopeo copy -q --dest-compress --dest-compress-format gzip "oci:$JCBUILD_STORE/oci:$(full_name "$1")" "oci:$scratch/gzip-layout:it"
  umoci unpack "${rootless[@]}" --image "$scratch/gzip-layout:it" "$2" > "$scratch/umoci.log" 2>&1 || {
    cat "$scratch/umoci.log"; fail "umoci unpack refuses $1"; }
}

# Our descendants, mounts below $scratch and unfinished files in the store: all must be gone.
nothing_left() {
  local left
  left=$(pgrep -f -- "$scratch" | grep -vx -e "$$" -e "$BASHPID" || true)
  [ -z "$left" ] || { ps -fp $left; fail "processes are left"; }
  # shellcheck disable=SC2009
  left=$(grep -F -- "$scratch" /proc/self/mountinfo || true)
  equal "$left" "" "mounts left"
  no_stray_files
}
no_stray_files() {
  local left
  left=$(in_user_namespace find "$JCBUILD_STORE/tmp" "$JCBUILD_STORE/containers" "$JCBUILD_STORE/oci/blobs" \
    -mindepth 1 ! -path '*/blobs/sha256' ! -regex '.*/blobs/sha256/[0-9a-f]*' 2> /dev/null || true)
  equal "$left" "" "stray files"
}

# Waits at most $1 seconds until the command succeeds.
wait_for() {
  local limit=$1 waited=0
  shift
  until "$@"; do
    sleep 0.05
    waited=$((waited + 1))
    [ "$waited" -lt $((limit * 20)) ] || fail "waited $limit s in vain for: $*"
  done
}

# Runs a command as root of a container such as docker makes without any option: docker's capabilities, seccomp profile,
# devices, masked and read-only paths, the host's root file system below an overlay. $scratch is shared with it. Needs the
# image tiny.
in_container() {
  local bundle
  require runc jq
  [ "$(id -u)" = 0 ] || skip "only root can make docker's container"
  bundle=$(mktemp -d "$scratch/bundle.XXXXXX")
  mkdir "$bundle/root" "$bundle/layers"
  jc run --dry-run tiny true > "$bundle/dry.json"
  jq --arg root "$bundle/root" --arg scratch "$scratch" '.root = {path: $root, readonly: false}
    | .mounts |= map(select(.type != "bind"))
    | .mounts += [{destination: $scratch, type: "bind", source: $scratch, options: ["bind", "rw"]}]
    | .process.env = $ARGS.named.env | .process.args = $ARGS.positional | .process.cwd = $scratch' \
    --argjson env "$(container_environment)" "$bundle/dry.json" --args -- "$@" > "$bundle/config.json"
  # shellcheck disable=SC2016
  unshare --mount bash -euc '
    mount -t tmpfs tmpfs "$1/layers"
    mkdir "$1/layers/upper" "$1/layers/work"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1/layers/upper,workdir=$1/layers/work" "$1/root"
    exec runc --root "$1/state" run --bundle "$1" "jcbuild-test-$$"' container "$bundle" < /dev/null
}
container_environment() {
  jq -n '$ENV | with_entries(select(.key | test("^(JCBUILD|PATH$|HOME$|TMPDIR$|http_proxy$|https_proxy$|HTTP_PROXY$|HTTPS_PROXY$|NO_PROXY$|no_proxy$)"))) |
    to_entries | map("\(.key)=\(.value)")'
}
