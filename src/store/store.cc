// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "jcbuild/error.h"
#include "store/origins.h"
#include "store/partial_layer.h"
#include "util/hash.h"

namespace jcb::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_max_record_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t k_max_table_bytes = std::uint64_t{256} << 20;
constexpr const char* k_workspace_lock = "workspaces";

// Makes a trusted directory with its parents, whatever the umask says.
void make_private_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return;
  if (errno != ENOENT || !path.has_relative_path()) throw_errno("make directory", path.native());
  make_private_directory(path.parent_path());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw_errno("make directory", path.native());
}

std::string record_path(const std::string& key) { return "cache/steps/" + key.substr(0, 2) + "/" + key + ".json"; }

void flush_tree(const fs::path& path) {
  const util::Root tree = util::Root::open(path);
  if (::syncfs(tree.fd()) != 0) throw_errno("flush", path.native());
}

// Removes every entry of `directory` that names a workspace-like directory whose lock nobody holds.
void reclaim_directories(const util::Root& directory) {
  for (const auto& entry : directory.list()) {
    try {
      const auto abandoned = util::FileLock::try_acquire(directory.subroot(entry.name), "lock");
      if (abandoned) directory.remove_tree(entry.name);
    } catch (const Error& error) {
      // Its owner is ending just now and removes it himself.
      if (error.errno_value() != ENOENT) throw;
    }
  }
}

// Small files that are about to be renamed. They have no lock: one that is old has no owner any more.
void remove_old_temporaries(const util::Root& directory) {
  constexpr std::time_t k_old_seconds = 3600;
  for (const auto& entry : directory.list()) {
    if (!entry.name.starts_with(".tmp-")) continue;
    const auto status = directory.find_stat(entry.name);
    if (status && status->st_mtime < std::time(nullptr) - k_old_seconds) directory.remove_tree(entry.name);
  }
}

}  // namespace

Workspace::~Workspace() {
  if (m_path.empty() || !m_lock) return;
  try {
    util::Root::open(m_path.parent_path()).remove_tree(m_path.filename().native());
  } catch (const Error&) {
    // The next reclaim removes it: our lock goes with us.
  }
}

fs::path Workspace::make_directory(std::string_view prefix, mode_t mode) {
  auto path = m_path / (std::string(prefix) + std::to_string((*m_serial)++));
  if (::mkdir(path.c_str(), 0700) != 0 || ::chmod(path.c_str(), mode) != 0) throw_errno("make directory", path.native());
  return path;
}

Store Store::open(const fs::path& directory, TreeFlavour flavour) {
  const fs::path path = fs::absolute(directory).lexically_normal();
  for (const char* part :
       {"", "oci", "layers", "layers-1", "layers-c", "owners-1", "cache/steps", "cache/mounts", "cache/notes", "cache/catalog",
        "cache/context", "cache/downloads", "cache/origins", "partial", "containers", "logs", "tmp", "locks"})
    make_private_directory(part[0] == '\0' ? path : path / part);
  util::Root root = util::Root::open(path);
  oci::Layout layout = oci::Layout::create(root.subroot("oci"), path.native());
  return {path, flavour, std::move(root), std::move(layout)};
}

const char* Store::layers_directory(TreeFlavour flavour) noexcept {
  if (flavour == TreeFlavour::copied) return "layers-c";
  return flavour == TreeFlavour::single ? "layers-1" : "layers";
}

std::optional<util::Root> Store::find_tree(const std::string& name) const {
  auto directory = m_layers.find_at(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) return std::nullopt;
  return util::Root(std::move(*directory));
}

util::Root Store::tree(const std::string& name) const {
  if (auto found = find_tree(name)) return std::move(*found);
  throw Error(ErrorKind::not_found, "the store lacks the unpacked layer " + name, "run the command again with --no-cache");
}

bool Store::has_tree(const std::string& name) const { return m_layers.find_stat(name).has_value(); }

void Store::publish_tree(const fs::path& from, const std::string& name, util::OwnerTable owners) const {
  if (has_tree(name)) return;
  if (m_flavour == TreeFlavour::single) {
    owners.keep_existing(util::Root::open(from));
    m_owners.remove_tree(name);
    if (!owners.empty()) util::write_file_atomically(m_owners, name, owners.serialize());
  }
  flush_tree(from);
  if (::renameat(AT_FDCWD, from.c_str(), m_layers.fd(), name.c_str()) != 0) {
    if (errno == EEXIST || errno == ENOTEMPTY) return;  // another process published the same content first
    throw_errno("publish", name);
  }
  util::sync_file(m_layers.fd(), "layers");
}

void Store::remove_tree(const std::string& name) const {
  m_layers.remove_tree(name);
  if (m_flavour == TreeFlavour::single) m_owners.remove_tree(name);
}

util::OwnerTable Store::owners(const std::string& name) const {
  if (m_flavour != TreeFlavour::single) return {};
  const auto text = m_owners.find_file(name, k_max_table_bytes);
  return text ? util::OwnerTable::parse(*text, (m_path / "owners-1" / name).native()) : util::OwnerTable{};
}

void Store::remove_stray_owners() const {
  if (m_flavour != TreeFlavour::single) return;
  for (const auto& entry : m_owners.list()) {
    if (!has_tree(entry.name)) m_owners.remove_tree(entry.name);
  }
}

std::vector<std::string> Store::list_trees() const {
  std::vector<std::string> names;
  for (const auto& entry : m_layers.list()) names.push_back(entry.name);
  return names;
}

std::optional<StepRecord> Store::read_step(const std::string& key) const {
  const auto text = m_root.find_file(record_path(key), k_max_record_bytes);
  return text ? StepRecord::parse(*text) : std::nullopt;
}

std::optional<StepRecord> Store::find_step(const std::string& key) const {
  auto record = read_step(key);
  if (!record || (!record->tree && !record->layer)) return record;
  if (record->tree && !has_tree(*record->tree)) record->tree.reset();
  if (record->layer && !has_layer(*record->layer)) record->layer.reset();
  if (!record->tree && !record->layer) return std::nullopt;
  return record;
}

bool Store::has_layer(const Layer& layer) const {
  if (!has_tree(layer.tree())) return false;
  return m_layout.find_blob_size(layer.blob.digest) == layer.blob.size_bytes || !find_origins(*this, layer.blob.digest).empty();
}

void Store::put_step(const std::string& key, const StepRecord& record) const {
  const util::Root directory(m_root.make_dirs("cache/steps/" + key.substr(0, 2), 0700));
  const std::string temporary = ".tmp-" + util::random_token(), name = key + ".json";
  directory.write_file(temporary, record.serialize(), 0600);
  if (::renameat(directory.fd(), temporary.c_str(), directory.fd(), name.c_str()) != 0) throw_errno("record", key);
}

void Store::touch_step(const std::string& key) const noexcept {
  const timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
  ::utimensat(m_root.fd(), record_path(key).c_str(), times, AT_SYMLINK_NOFOLLOW);
}

timespec Store::step_used(const std::string& key) const {
  const auto status = m_root.find_stat(record_path(key));
  return status ? status->st_mtim : timespec{};
}

void Store::remove_step(const std::string& key) const { m_root.remove_tree(record_path(key)); }

std::vector<std::string> Store::list_steps() const {
  std::vector<std::string> keys;
  for (const auto& shard : m_root.list("cache/steps")) {
    for (const auto& entry : m_root.list("cache/steps/" + shard.name)) {
      if (entry.name.ends_with(".json")) keys.push_back(entry.name.substr(0, entry.name.size() - 5));
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

Workspace Store::make_workspace() const {
  // Between mkdir and lock the directory looks abandoned: reclaim takes this lock exclusively.
  const auto guard = util::FileLock::acquire(m_locks, k_workspace_lock, util::LockMode::shared);
  util::TempDir directory(m_path / "tmp", "");
  auto lock = util::FileLock::acquire(directory.root(), "lock");
  Workspace workspace(directory.path(), std::move(lock));
  directory.keep();
  return workspace;
}

std::optional<fs::path> Store::find_cache_mount(std::string_view id) const {
  auto path = cache_mount_path(id);
  if (!m_root.find_stat(path.lexically_relative(m_path).native())) return std::nullopt;
  return path;
}

fs::path Store::publish_cache_mount(const fs::path& from, std::string_view id) const {
  auto path = cache_mount_path(id);
  if (::rename(from.c_str(), path.c_str()) != 0) throw_errno("publish", path.native());
  return path;
}

// What steps with many ids leave there is out of reach for a user with one: as for trees, each has his own.
fs::path Store::cache_mount_path(std::string_view id) const {
  const std::string name = m_flavour == TreeFlavour::single ? std::string("1") + '\0' + std::string(id) : std::string(id);
  return m_path / "cache" / "mounts" / util::sha256_hex(name);
}

fs::path Store::cache_mount(std::string_view id) const {
  auto path = cache_mount_path(id);
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) throw_errno("make directory", path.native());
  return path;
}

fs::path Store::cache_note(std::string_view place) const { return m_path / "cache" / "notes" / util::sha256_hex(place); }

void Store::reclaim() const {
  const auto guard = util::FileLock::try_acquire(m_locks, k_workspace_lock);
  if (!guard) return;  // somebody is just starting: the next command reclaims
  reclaim_directories(m_root.subroot("tmp"));
  reclaim_directories(m_root.subroot("containers"));
  reclaim_partial_layers(*this);
  for (const auto& entry : m_locks.list()) {
    if (entry.name != k_workspace_lock) Lease::try_acquire(m_locks, entry.name);
  }
  for (const auto& shard : m_root.list("cache/steps")) remove_old_temporaries(m_root.subroot("cache/steps/" + shard.name));
  remove_old_temporaries(m_root.subroot("cache/notes"));
  m_layout.reclaim_temporaries();
}

}  // namespace jcb::store
