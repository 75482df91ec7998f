// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/fd.h"
#include "util/root.h"

#include <filesystem>
#include <vector>

namespace jcb::sandbox {

/// An overlay file system mounted at a directory of ours, unmounted when the object goes.
/// Options: `userxattr` in a user namespace; redirect_dir, metacopy and index off in every tier, so that the upper
/// directory alone is the difference.
class OverlayMount {
 public:
  /// Mounts `upper` over `lowers_top_first` (held directories; at least one, at most about 240: they are passed as
  /// /proc/self/fd/N to stay below the page that mount(2) takes). Without upper (an empty path) it is read-only and
  /// needs two lowers; one lower is bind mounted. Needs enter_isolation. Throws Error(unsupported) where the kernel has
  /// no overlay for us, Error(system) otherwise.
  OverlayMount(const std::vector<const util::Root*>& lowers_top_first, const std::filesystem::path& upper,
               const std::filesystem::path& work, const std::filesystem::path& mount_point);
  ~OverlayMount();
  OverlayMount(const OverlayMount&) = delete;
  OverlayMount& operator=(const OverlayMount&) = delete;

  const std::filesystem::path& path() const noexcept { return m_path; }
  /// The merged tree.
  util::Root root() const { return util::Root::open(m_path); }

 private:
  std::filesystem::path m_path;
};

}  // namespace jcb::sandbox
