// SPDX-License-Identifier: Apache-2.0
#include "store/disk_room.h"

#include <sys/statvfs.h>

#include <algorithm>

#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::store {
namespace {

constexpr std::uint64_t k_largest_reserve = std::uint64_t{1} << 30;
constexpr const char* k_hint = "free some with jcbuild prune, or give a store on a larger file system with --store";

struct Figures {
  std::uint64_t free = 0;
  std::uint64_t total = 0;
};

Figures read_figures(const util::Root& directory) {
  struct statvfs status {};
  if (::fstatvfs(directory.fd(), &status) != 0) throw_errno("ask for", "the free space");
  return {std::uint64_t{status.f_bavail} * status.f_frsize, std::uint64_t{status.f_blocks} * status.f_frsize};
}

}  // namespace

DiskRoom::DiskRoom(util::Root directory, std::string name_for_messages)
    : m_directory(std::move(directory)), m_name(std::move(name_for_messages)) {
  const Figures figures = read_figures(m_directory);
  m_free = figures.free;
  m_reserve = std::min({k_largest_reserve, figures.total / 100 * 3, m_free / 8});
}

void DiskRoom::require(std::uint64_t least_bytes, std::uint64_t estimate_bytes) const {
  if (least_bytes <= m_free - m_reserve) return;
  throw Error(
      ErrorKind::failed,
      "no room in " + m_name + ": about " + util::format_bytes(estimate_bytes) + " are needed, " + util::format_bytes(m_free) + " are free",
      k_hint);
}

void DiskRoom::check() const {
  if (read_figures(m_directory).free < m_reserve) throw_full();
}

void DiskRoom::throw_full() const {
  throw Error(ErrorKind::failed,
              "no room in " + m_name + ": of " + util::format_bytes(m_free) + " that were free, " +
                  util::format_bytes(read_figures(m_directory).free) + " are left, and the layers need more",
              k_hint);
}

}  // namespace jcb::store
