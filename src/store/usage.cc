// SPDX-License-Identifier: Apache-2.0
#include "store/usage.h"

#include <sys/stat.h>

#include <set>
#include <utility>

namespace jcb::store {
namespace {

constexpr std::uint64_t k_block = 512;  // the unit of st_blocks whatever the file system's is (stat(2))

std::uint64_t own_blocks(const struct stat& status) { return static_cast<std::uint64_t>(status.st_blocks) * k_block; }

class Usage {
 public:
  std::uint64_t walk(const util::Root& root) {
    std::uint64_t total = 0;
    for (const auto& entry : root.list()) {
      const auto status = root.find_stat(entry.name);
      if (!status) continue;
      const bool directory = S_ISDIR(status->st_mode);
      if (directory || status->st_nlink == 1 || m_seen.insert({status->st_dev, status->st_ino}).second) total += own_blocks(*status);
      if (directory) total += walk(root.subroot(entry.name));
    }
    return total;
  }

 private:
  std::set<std::pair<dev_t, ino_t>> m_seen;  // of files with several names only
};

}  // namespace

std::uint64_t disk_usage(const util::Root& root) { return Usage().walk(root); }

std::uint64_t removable_bytes(const util::Root& root) {
  std::uint64_t total = 0;
  for (const auto& entry : root.list()) {
    const auto status = root.find_stat(entry.name);
    if (!status) continue;
    const bool directory = S_ISDIR(status->st_mode);
    if (directory || status->st_nlink == 1) total += own_blocks(*status);
    if (directory) total += removable_bytes(root.subroot(entry.name));
  }
  return total;
}

}  // namespace jcb::store
