// SPDX-License-Identifier: Apache-2.0
#include "build/cache_mounts.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "build/seed.h"
#include "jcbuild/error.h"
#include "sandbox/isolation.h"
#include "util/hash.h"
#include "util/lock.h"

namespace jcb::build {
namespace {

using dockerfile::CacheSharing;
using Cache = std::shared_ptr<const TakenCache>;

util::Root open_seed(const util::Fd& seed) {
  util::Fd fd(::openat(seed.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_errno("open", "the directory that a cache mount starts with");
  return util::Root(std::move(fd));
}

// The attributes of a cache's own directory: what the wish says, then what the seed has.
void set_attributes(const util::Root& made, const CacheWish& wish) {
  struct stat status {};
  status.st_mode = 0755;
  if (wish.seed && ::fstat(wish.seed->get(), &status) != 0) throw_errno("stat", "the directory that a cache mount starts with");
  const util::Fd directory = made.open_at(".", O_RDONLY | O_DIRECTORY);
  // Where there is one id, what is his is everybody's.
  if (!sandbox::has_one_id() && ::fchown(directory.get(), wish.uid.value_or(status.st_uid), wish.gid.value_or(status.st_gid)) != 0)
    throw_errno("set the owner of", "a cache mount");
  if (::fchmod(directory.get(), wish.mode.value_or(status.st_mode) & 07777) != 0) throw_errno("set the mode of", "a cache mount");
}

std::filesystem::path find_or_make(const store::Store& store, store::Workspace& workspace, const std::string& id, const CacheWish& wish) {
  if (auto found = store.find_cache_mount(id)) return *found;
  const store::Lease lease = store.lease("new-mount-" + util::sha256_hex(id));
  if (auto found = store.find_cache_mount(id)) return *found;
  const auto path = workspace.make_directory("cache");
  const util::Root made = util::Root::open(path);
  if (wish.seed) copy_tree(open_seed(*wish.seed), made);
  set_attributes(made, wish);
  return store.publish_cache_mount(path, id);
}

util::Fd open_cache(const std::filesystem::path& path) {
  util::Fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) throw_errno("open", path.native());
  return directory;
}

// Number 0 is the cache that shared and locked users have; what is busy is passed over.
Cache take_private(const store::Store& store, store::Workspace& workspace, const CacheWish& wish) {
  for (std::uint64_t number = 0;; ++number) {
    const std::string suffix = number == 0 ? "" : std::string(1, '\0') + "private " + std::to_string(number);
    const auto path = find_or_make(store, workspace, wish.id + suffix, wish);
    util::Fd directory = open_cache(path);
    if (util::try_lock_file(directory.get(), util::LockMode::exclusive, path.native()))
      return std::make_shared<const TakenCache>(path, std::move(directory));
  }
}

}  // namespace

// A job that was just started may hold a copy of the descriptor for a moment: so it is unlocked, not only closed.
TakenCache::~TakenCache() {
  if (m_directory) ::flock(m_directory.get(), LOCK_UN);
}

std::vector<Cache> take_caches(const store::Store& store, store::Workspace& workspace, const std::vector<CacheWish>& wishes) {
  // One lock for each directory, the stronger one where a RUN mounts it twice.
  std::map<std::filesystem::path, util::LockMode> modes;
  std::vector<std::filesystem::path> paths;
  for (const auto& wish : wishes) {
    paths.push_back(wish.sharing == CacheSharing::private_ ? "" : find_or_make(store, workspace, wish.id, wish));
    if (paths.back().empty()) continue;
    const auto mode = modes.try_emplace(paths.back(), util::LockMode::shared).first;
    if (wish.sharing == CacheSharing::locked) mode->second = util::LockMode::exclusive;
  }
  std::map<std::filesystem::path, Cache> taken;
  for (const auto& [path, mode] : modes) {
    util::Fd directory = open_cache(path);
    util::lock_file(directory.get(), mode, path.native());
    taken[path] = std::make_shared<const TakenCache>(path, std::move(directory));
  }
  std::vector<Cache> caches;
  for (std::size_t i = 0; i < wishes.size(); ++i)
    caches.push_back(paths[i].empty() ? take_private(store, workspace, wishes[i]) : taken.at(paths[i]));
  return caches;
}

}  // namespace jcb::build
