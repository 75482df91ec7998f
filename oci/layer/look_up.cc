// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/look_up.h"

#include "jcbuild/error.h"
#include "oci/layer/whiteout.h"
#include "oci/layer/xattr.h"
#include "util/text.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace jcb::oci {

Finding look_up(const util::Root& root, const std::string& path, OverlayXattr overlay_xattr) {
  std::vector<std::string> parts = util::split(path, '/');
  std::erase_if(parts, [](const std::string& part) { return part.empty() || part == "."; });
  util::Fd here = root.open_at(".", O_RDONLY | O_DIRECTORY);
  bool opaque = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    struct stat status {};
    if (::fstatat(here.get(), parts[i].c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT && errno != ENAMETOOLONG) throw_errno("stat", parts[i]);
      return opaque ? Finding::hidden : Finding::absent;
    }
    if (is_whiteout_device(status)) return Finding::hidden;
    if (i + 1 == parts.size()) return Finding::present;
    if (!S_ISDIR(status.st_mode)) return Finding::hidden;
    here = util::Fd(::openat(here.get(), parts[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!here) throw_errno("open directory", parts[i]);
    opaque = opaque || is_opaque(here.get(), overlay_xattr, parts[i]);
  }
  return Finding::present;  // the root
}

}  // namespace jcb::oci
