// SPDX-License-Identifier: Apache-2.0
// Everything that jcbuild keeps, below one directory of mode 0700; no database and no daemon, safe for many processes
// and for kill -9 at any time.
//
//   oci/                 an OCI image layout: blobs and tags
//   layers/<name>/       unpacked trees, used as overlay lowers, never changed: <diff id> of a layer, or step-<key>
//   layers-1/<name>/     the same, made by a user with a single id
//   layers-c/<name>/     the same, made where nothing can be mounted: marked as root's overlays do not read it
//   owners-1/<name>      the owners in such a tree (util/owner_table.h); published before the tree, removed after it; none
//                        where all belongs to root
//   cache/steps/<xx>/    results of steps and packages by key (record.h)
//   cache/mounts/<hash>/ cache mounts
//   cache/notes/<hash>   what a step's key was made of when it last ran, for --explain-cache
//   cache/catalog/       parsed package trees
//   cache/downloads/     files fetched by URL (build/remote_file.h)
//   cache/context/       digests of files of build contexts, by their stat data
//   cache/origins/       where blobs that are not kept can be had again (origins.h)
//   partial/<name>/      layers that are being pulled (partial_layer.h)
//   containers/<id>/     running containers
//   logs/                full output of the last failed steps
//   tmp/<token>/         everything unfinished; `lock` inside is held by its process
//   locks/               leases
//   lock                 shared by writers, owned by prune
//
// Order of every commit: write below tmp/ -> flush -> rename -> flush the directory -> only then what refers to it.
#pragma once

#include <time.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/layout.h"
#include "store/lease.h"
#include "store/record.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/owner_table.h"
#include "util/root.h"

namespace jcb::store {

/// A private directory below tmp/, removed at the end; when the process dies first, whoever comes next removes it.
class Workspace {
 public:
  Workspace(Workspace&&) noexcept = default;
  ~Workspace();

  const std::filesystem::path& path() const noexcept { return m_path; }
  /// Makes a subdirectory of a name not used before in this workspace and returns its path. Thread-safe.
  std::filesystem::path make_directory(std::string_view prefix, mode_t mode = 0755);

 private:
  friend class Store;
  Workspace(std::filesystem::path path, util::FileLock lock) : m_path(std::move(path)), m_lock(std::move(lock)) {}
  std::filesystem::path m_path;
  std::optional<util::FileLock> m_lock;
  std::unique_ptr<std::atomic<int>> m_serial = std::make_unique<std::atomic<int>>(0);
};

/// What unpacked trees are like.
enum class TreeFlavour {
  mapped,  ///< files have their owners; for the overlays of whoever made them
  single,  ///< all belongs to one user, and tables tell
  copied,  ///< as mapped, but to be copied, not mounted: other marks of deletions (oci/layer/whiteout.h) and opaque directories
};

/// The open state directory. Trees of the flavours are kept apart; records and blobs are shared.
class Store {
 public:
  /// Opens it, making what is missing (parents too, all 0700). Throws Error naming the path.
  static Store open(const std::filesystem::path& directory, TreeFlavour flavour = TreeFlavour::mapped);

  TreeFlavour flavour() const noexcept { return m_flavour; }

  const std::filesystem::path& path() const noexcept { return m_path; }
  const oci::Layout& layout() const noexcept { return m_layout; }

  /// The unpacked tree `name`, or nothing.
  std::optional<util::Root> find_tree(const std::string& name) const;
  /// As find_tree; absence is Error(not_found): the store lost something that a record or image needs.
  util::Root tree(const std::string& name) const;
  bool has_tree(const std::string& name) const;
  /// Whether the unpacked tree of a layer is here, and its blob, or a note where that can be had (origins.h).
  bool has_layer(const Layer& layer) const;
  /// Flushes the finished directory `from` (below tmp/) and publishes it as `layers/<name>`. When that is there already,
  /// `from` is left to its workspace. Atomic.
  /// `owners` is kept with it (single flavour only), less the paths that `from` does not have.
  void publish_tree(const std::filesystem::path& from, const std::string& name, util::OwnerTable owners = {}) const;
  void remove_tree(const std::string& name) const;
  /// Names below layers/, sorted.
  std::vector<std::string> list_trees() const;
  /// The owners in a tree; an empty table in the mapped flavour. Throws Error(invalid) for a damaged one.
  util::OwnerTable owners(const std::string& name) const;
  /// Removes tables whose trees are gone; to be called while `own` is held.
  void remove_stray_owners() const;

  /// The result recorded under a key, only when all it refers to is still here.
  std::optional<StepRecord> find_step(const std::string& key) const;
  void put_step(const std::string& key, const StepRecord& record) const;
  void remove_step(const std::string& key) const;
  /// Notes that a result was used just now, for prune; and when that was. No error when the record is gone.
  void touch_step(const std::string& key) const noexcept;
  timespec step_used(const std::string& key) const;
  /// All keys with a record file, sorted, readable or not.
  std::vector<std::string> list_steps() const;
  std::optional<StepRecord> read_step(const std::string& key) const;

  /// Held by whoever writes to the store, so that prune waits for it.
  util::FileLock share() const { return util::FileLock::acquire(m_root, "lock", util::LockMode::shared); }
  /// Held by prune; waits until nobody shares.
  util::FileLock own() const { return util::FileLock::acquire(m_root, "lock", util::LockMode::exclusive); }

  Workspace make_workspace() const;
  Lease lease(const std::string& key) const { return Lease::acquire(m_locks, key); }
  std::optional<Lease> try_lease(const std::string& key) const { return Lease::try_acquire(m_locks, key); }

  /// The directory of the cache mount `id`, made when missing; ids are hashed, so any text is safe (CVE-2024-9675).
  std::filesystem::path cache_mount(std::string_view id) const;
  /// The same, or nothing when there is none yet.
  std::optional<std::filesystem::path> find_cache_mount(std::string_view id) const;
  /// Makes the finished directory `from` (below tmp/) the cache mount `id`. The caller holds the lease that guards its
  /// making, and there is none yet. Atomic.
  std::filesystem::path publish_cache_mount(const std::filesystem::path& from, std::string_view id) const;
  /// The file that notes how the key of a step came about when it last ran at `place`; anything may be a place.
  std::filesystem::path cache_note(std::string_view place) const;
  std::filesystem::path catalog_cache() const { return m_path / "cache" / "catalog"; }
  std::filesystem::path context_cache() const { return m_path / "cache" / "context"; }
  std::filesystem::path downloads() const { return m_path / "cache" / "downloads"; }
  std::filesystem::path containers() const { return m_path / "containers"; }
  std::filesystem::path logs() const { return m_path / "logs"; }

  /// Removes what dead processes left: workspaces, lock files, temporary blobs, containers. Needs the rights of
  /// enter_isolation, since trees hold files of subordinate ids. Never touches what a living process holds.
  void reclaim() const;

 private:
  static const char* layers_directory(TreeFlavour flavour) noexcept;
  std::filesystem::path cache_mount_path(std::string_view id) const;
  Store(std::filesystem::path path, TreeFlavour flavour, util::Root root, oci::Layout layout)
      : m_path(std::move(path)),
        m_flavour(flavour),
        m_root(std::move(root)),
        m_layout(std::move(layout)),
        m_layers(m_root.subroot(layers_directory(flavour))),
        m_owners(m_root.subroot("owners-1")),
        m_locks(m_root.subroot("locks")) {}

  std::filesystem::path m_path;
  TreeFlavour m_flavour;
  util::Root m_root;
  oci::Layout m_layout;
  util::Root m_layers;
  util::Root m_owners;
  util::Root m_locks;
};

}  // namespace jcb::store
