// SPDX-License-Identifier: Apache-2.0
// Platform names: Go's GOOS and GOARCH, normalised as containerd's platforms package does.
#include "jcbuild/error.h"
#include "oci/descriptor.h"
#include "util/text.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

namespace jcb::oci {
namespace {

struct MachineName {
  std::string_view machine;  // uname -m, or what people type
  std::string_view architecture;
  std::string_view variant;
};

constexpr std::array k_machine_names{
    MachineName{"x86_64", "amd64", ""}, MachineName{"x86-64", "amd64", ""},        MachineName{"aarch64", "arm64", ""},
    MachineName{"armv8l", "arm", "v7"}, MachineName{"armv7l", "arm", "v7"},        MachineName{"armhf", "arm", "v7"},
    MachineName{"armv6l", "arm", "v6"}, MachineName{"armel", "arm", "v6"},         MachineName{"i386", "386", ""},
    MachineName{"i686", "386", ""},     MachineName{"loongarch64", "loong64", ""},
};

Platform normalised(std::string os, std::string_view machine, std::string variant) {
  for (const MachineName& name : k_machine_names) {
    if (name.machine != machine) continue;
    return {std::move(os), std::string(name.architecture), variant.empty() ? std::string(name.variant) : std::move(variant)};
  }
  return {std::move(os), std::string(machine), std::move(variant)};
}

bool is_platform_word(std::string_view word) {
  return !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
}

// The variant that an absent one stands for.
std::string_view full_variant(const Platform& platform) {
  if (!platform.variant.empty()) return platform.variant;
  if (platform.architecture == "arm64") return "v8";
  if (platform.architecture == "arm") return "v7";
  if (platform.architecture == "amd64") return "v1";
  return {};
}

}  // namespace

Platform Platform::host() {
  struct utsname names {};
  if (::uname(&names) != 0) throw_errno("read", "the machine's name");
  return normalised("linux", names.machine, {});
}

Platform Platform::parse(std::string_view text) {
  auto parts = util::split(util::to_lower(text), '/');
  const bool well_formed = (parts.size() == 2 || parts.size() == 3) && std::all_of(parts.begin(), parts.end(), is_platform_word);
  if (!well_formed)
    throw Error(ErrorKind::usage, "'" + util::escape_text(text) + "' is not a platform",
                "write OS/ARCH or OS/ARCH/VARIANT, such as linux/arm64");
  return normalised(parts[0], parts[1], parts.size() == 3 ? parts[2] : std::string());
}

std::string Platform::text() const { return os + "/" + architecture + (variant.empty() ? "" : "/" + variant); }

bool Platform::accepts(const Platform& image) const {
  return os == image.os && architecture == image.architecture && full_variant(*this) == full_variant(image);
}

}  // namespace jcb::oci
