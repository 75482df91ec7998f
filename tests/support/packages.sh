# SPDX-License-Identifier: Apache-2.0
# The Debian and Ubuntu packages that jcbuild needs, in one place: run-tests, quickstart and the documents use these.
# shellcheck shell=bash disable=SC2034

build_packages=(g++ meson ninja-build pkg-config python3
  libssl-dev libcurl4-openssl-dev libmicrohttpd-dev libtomlplusplus-dev libzstd-dev zlib1g-dev liblzma-dev libbz2-dev libseccomp-dev libyaml-cpp-dev libisal-dev nlohmann-json3-dev libcli11-dev)
run_packages=(ca-certificates git runc uidmap mmdebstrap)
test_packages=(catch2 busybox-static zstd jq skopeo umoci podman universal-ctags clang-format shellcheck util-linux procps attr
  buildah xz-utils bzip2 openssh-client qemu-user-static libcap2-bin docker-registry apache2-utils openssl curl)
arm64_packages=(g++-aarch64-linux-gnu qemu-user-static libc6:arm64 libstdc++6:arm64
  libssl-dev:arm64 libcurl4-openssl-dev:arm64 libmicrohttpd-dev:arm64 libtomlplusplus-dev:arm64 libzstd-dev:arm64 zlib1g-dev:arm64 liblzma-dev:arm64 libbz2-dev:arm64 libseccomp-dev:arm64)
# These exist for one architecture at a time: installing them for arm64 would remove the machine's own. They are
# unpacked beside the build instead (unpack_packages).
arm64_unpacked=(libyaml-cpp-dev libyaml-cpp0.7 libyaml-cpp0.8 libisal-dev libisal2)

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -- "$@"; fi
}

# Prints those of the named packages that are not installed: for this machine's architecture, or the one after a colon.
missing_packages() {
  local name architecture
  for name; do
    architecture=$(dpkg --print-architecture)
    [[ "$name" != *:* ]] || architecture=${name#*:}
    dpkg-query -W -f '${Architecture} ${db:Status-Status}\n' "${name%:*}" 2>/dev/null | grep -Eqx "($architecture|all) installed" ||
      printf '%s\n' "$name"
  done
}

# Unpacks packages of the architecture arm64 into the directory $1, without installing them. A name that this
# distribution lacks (the number in a library's name differs) is passed over: the build says what it misses.
unpack_packages() {
  local sysroot=$1 name debs
  shift
  [ ! -e "$sysroot/.complete" ] || return 0
  debs=$(mktemp -d)
  mkdir -p "$sysroot"
  for name; do
    (cd "$debs" && apt-get -qq download "$name:arm64" 2> /dev/null) || echo "no package $name:arm64" >&2
  done
  for name in "$debs"/*.deb; do dpkg-deb -x "$name" "$sysroot"; done
  rm -rf "$debs"
  find "$sysroot" -name '*.pc' -exec sed -i "s|^prefix=.*|prefix=$sysroot/usr|" {} +
  touch "$sysroot/.complete"
}

# Installs what is missing of the named packages; asks apt nothing when all is there. Removes nothing, ever: apt is
# told to fail rather than to take away what a user has.
install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "missing here and no apt-get to install them with: ${missing[*]}" >&2
    return 1
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "missing packages; as root run: apt-get install ${missing[*]}" >&2
    return 1
  fi
  echo "installing ${missing[*]}" >&2
  # One source out of order is no reason to stop: what is needed is judged by the installation.
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update >&2 || echo "apt-get update reported errors" >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends --no-remove install "${missing[@]}" \
    </dev/null >&2
}
