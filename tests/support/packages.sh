# SPDX-License-Identifier: Apache-2.0
# The Debian and Ubuntu packages that jcbuild needs, in one place: run-tests, quickstart and the documents use these.
# shellcheck shell=bash disable=SC2034

build_packages=(g++ meson ninja-build pkg-config python3
  libssl-dev libzstd-dev zlib1g-dev libseccomp-dev libyaml-cpp-dev libisal-dev nlohmann-json3-dev libcli11-dev)
run_packages=(ca-certificates runc uidmap mmdebstrap)
test_packages=(catch2 busybox-static zstd jq skopeo umoci podman universal-ctags clang-format shellcheck util-linux procps attr)
arm64_packages=(g++-aarch64-linux-gnu qemu-user-static
  libssl-dev:arm64 libzstd-dev:arm64 zlib1g-dev:arm64 libseccomp-dev:arm64 libyaml-cpp-dev:arm64 libisal-dev:arm64)

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -- "$@"; fi
}

# Prints those of the named packages that are not installed.
missing_packages() {
  local name
  for name; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
  done
}

# Installs what is missing of the named packages; asks apt nothing when all is there.
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
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "${missing[@]}" \
    </dev/null >&2
}
