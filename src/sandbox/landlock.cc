// SPDX-License-Identifier: Apache-2.0
// The constants are spelled out because older targets have no linux/landlock.h.
#include "sandbox/landlock.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "jcbuild/error.h"

namespace jcb::sandbox {
namespace {

constexpr long k_create_ruleset = 444, k_add_rule = 445, k_restrict_self = 446;  // on every architecture

struct RulesetAttributes {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};

struct PathBeneath {
  std::uint64_t allowed = 0;
  std::int32_t directory = -1;
} __attribute__((packed));

// Everything that the version knows to restrict. 2 brought REFER, 3 TRUNCATE, 5 IOCTL_DEV.
std::uint64_t file_accesses(long version) { return (std::uint64_t{1} << (version >= 5 ? 16 : version >= 3 ? 15 : 14)) - 1; }

}  // namespace

util::Fd make_landlock(int root_fd) {
  const long version = ::syscall(k_create_ruleset, nullptr, 0, 1U);
  if (version < 2) return {};
  RulesetAttributes attributes{file_accesses(version), 0, version >= 6 ? 2U : 0U};
  const std::size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  util::Fd ruleset(static_cast<int>(::syscall(k_create_ruleset, &attributes, size, 0U)));
  if (!ruleset) throw_errno("make", "a Landlock ruleset");
  const PathBeneath rule{attributes.files, root_fd};
  if (::syscall(k_add_rule, ruleset.get(), 1, &rule, 0U) != 0) throw_errno("fill", "a Landlock ruleset");
  return ruleset;
}

int confine_by_landlock(int ruleset) noexcept { return static_cast<int>(::syscall(k_restrict_self, ruleset, 0U)); }

}  // namespace jcb::sandbox
