// SPDX-License-Identifier: Apache-2.0
// Cache mounts of RUN: directories of the store that outlive a build.
//   shared    any number of users at a time
//   locked    one user at a time; the others wait
//   private   one user at a time; another gets a directory of its own out of a numbered pool
// The lock is flock(2) on the directory itself, so it is seen by threads and processes alike and never outlives its holder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dockerfile/run_options.h"
#include "store/store.h"
#include "util/fd.h"

namespace jcb::build {

/// A cache that a RUN asks for.
struct CacheWish {
  std::string id;  ///< complete: namespace, id of the mount, what it starts from; hashed by the store
  dockerfile::CacheSharing sharing = dockerfile::CacheSharing::shared;
  std::shared_ptr<const util::Fd> seed;  ///< a directory whose content a new cache starts with; null: an empty one
  std::optional<std::uint32_t> mode;     ///< of a new cache's directory; absent: the seed's, or 0755
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
};

/// A cache in use; given back when the object goes.
class TakenCache {
 public:
  TakenCache(std::filesystem::path path, util::Fd directory) : m_path(std::move(path)), m_directory(std::move(directory)) {}
  ~TakenCache();
  TakenCache(const TakenCache&) = delete;
  TakenCache& operator=(const TakenCache&) = delete;

  const std::filesystem::path& path() const noexcept { return m_path; }
  int fd() const noexcept { return m_directory.get(); }

 private:
  std::filesystem::path m_path;
  util::Fd m_directory;
};

/// Takes all caches of one RUN, in the order of the wishes, making those that are missing. Locks are taken in one order
/// whatever the wishes' is, so that two RUNs never wait for each other. Throws Error(system), Interrupted.
std::vector<std::shared_ptr<const TakenCache>> take_caches(const store::Store& store, store::Workspace& workspace,
                                                           const std::vector<CacheWish>& wishes);

}  // namespace jcb::build
