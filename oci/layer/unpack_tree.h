// SPDX-License-Identifier: Apache-2.0
// The tree that is being unpacked into: finding and making parents, removing what is in the way, and what has to wait
// until the end. Private to oci/layer.
#pragma once

#include "oci/layer/layer.h"
#include "oci/layer/state_bytes.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_set>

namespace jcb::oci {

/// The directory that an entry goes into.
struct ParentDirectory {
  util::Root root;
  dev_t device = 0;
  ino_t inode = 0;
  gid_t gid = 0;
  int fd() const noexcept { return root.fd(); }
};

/// Modification time.
struct FileTime {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
};

/// Told how an unpack goes, for whoever wants to go on with it in another process.
class UnpackObserver {
 public:
  virtual ~UnpackObserver() = default;
  /// A whole entry is done (null), or some more of the content of `open_file` is.
  virtual void on_progress(const TarEntry* open_file) = 0;
  /// Something that is there is about to be removed.
  virtual void on_removal() = 0;
};

/// One target of unpacking. Paths are clean (entry_path.h).
class UnpackTree {
 public:
  UnpackTree(const util::Root& root, const UnpackOptions& options, const std::string& thing, UnpackObserver* observer = nullptr)
      : m_root(root), m_options(options), m_thing(thing), m_observer(observer) {}

  const util::Root& root() const noexcept { return m_root; }

  /// The directory at `path`, made with its missing parents (0755, the time of the entry that needs them). Links on the
  /// way are followed inside the root. Throws Error(invalid) when something that is no directory is in the way.
  /// The last one is kept open for the entries that follow; every removal drops it (a kept "this directory exists" is
  /// how CVE-2018-20834 and its like began). Valid until the next call of any member.
  const ParentDirectory& directory(std::string_view path, FileTime time);
  /// The same, but nothing when it does not exist.
  const ParentDirectory* find_directory(std::string_view path);

  /// Makes the directory `name`, or finds it; anything else under that name goes. Returns it opened.
  util::Fd make_directory(const ParentDirectory& parent, const std::string& name, std::string_view thing);
  /// Removes whatever has this name. `parent` must not be used afterwards unless it was copied.
  void remove(const util::Root& parent, const std::string& name);

  /// Remembers that this layer has the entry (only where whiteouts are applied: they spare what the layer itself brings).
  void note_created(const ParentDirectory& parent, const std::string& name);
  bool was_created(const ParentDirectory& parent, const std::string& name) const;
  /// Removes what is below `path` and was not created by this layer.
  void remove_lower_children(const std::string& path);

  /// Sets mode and time of a directory when everything is unpacked: work inside changes its time and may need its mode.
  void finish_later(const std::string& path, int fd, std::uint32_t mode, FileTime time);
  void finish();

  /// What is to be done at the end, as bytes; only for Whiteouts::overlay.
  void save(StateWriter& state);
  /// Goes on in a tree that a process left which had come further than the saved state. Throws Error(invalid).
  void load(StateReader& state);

 private:
  struct Pending {
    dev_t device = 0;
    ino_t inode = 0;
    std::uint32_t mode = 0;
    FileTime time;
  };
  std::optional<util::Fd> find_pending(const std::string& path) const;
  bool is_pending(const std::string& path, const Pending& directory) const;
  void keep(std::string path, util::Fd fd);
  void note_parents(std::string_view path);
  void note_left_behind(std::string_view path, FileTime time);
  util::Fd make_missing(std::string_view path, FileTime time);
  void replace_with_directory(int parent, const std::string& name, std::string_view thing);

  const util::Root& m_root;
  const UnpackOptions& m_options;
  const std::string& m_thing;
  UnpackObserver* m_observer;
  bool m_resumed = false;
  bool m_removed = false;                     // since m_pending was last looked through
  std::set<std::pair<dev_t, ino_t>> m_known;  // directories with an entry in m_pending, when resumed
  std::optional<ParentDirectory> m_kept;
  std::string m_kept_path;
  std::map<std::string, Pending> m_pending;
  std::set<std::tuple<dev_t, ino_t, std::string>> m_created;
  std::unordered_set<std::string> m_noted;  // directories whose parents are in m_created
};

/// futimens for both times.
void set_file_time(int fd, FileTime time, std::string_view thing);

}  // namespace jcb::oci
