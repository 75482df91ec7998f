// SPDX-License-Identifier: Apache-2.0
// Turning one tar entry after the other into files. Private to oci/layer.
#pragma once

#include "oci/layer/tar.h"
#include "oci/layer/unpack_metadata.h"
#include "oci/layer/unpack_tree.h"

#include <functional>
#include <string>
#include <vector>

namespace jcb::oci {

/// Unpacks entries into one target.
class EntryUnpacker {
 public:
  EntryUnpacker(const util::Root& target, const UnpackOptions& options, std::string thing, UnpackObserver* observer = nullptr);

  /// Makes what `entry` describes; a file's content is read from `reader`.
  void unpack(const TarEntry& entry, TarReader& reader);
  /// To be called after the last entry.
  void finish() { m_tree.finish(); }

  /// Goes on with a file of which `reader` has given a part before: what was written after that part is written again.
  void resume_file(const TarEntry& entry, TarReader& reader);
  /// What has to outlive this process besides the target.
  void save(StateWriter& state) { m_tree.save(state); }
  void load(StateReader& state) { m_tree.load(state); }

 private:
  // One entry on its way: how messages call it, its clean path and the two halves of that.
  struct Job {
    const TarEntry& entry;
    std::string thing;
    std::string path;
    std::string directory;
    std::string name;
    FileTime time() const { return {entry.mtime_s, entry.mtime_ns}; }
  };

  Job make_job(const TarEntry& entry) const;
  void unpack_as_is(const TarEntry& entry, TarReader& reader);
  void unpack_root(const Job& job);
  void unpack_whiteout(const Job& job);
  void whiteout_in_overlay(const Job& job, const std::string& hidden);
  void whiteout_in_rootfs(const Job& job, const std::string& hidden);
  void make_opaque(const Job& job);

  void unpack_directory(const Job& job);
  void unpack_file(const Job& job, TarReader* reader);
  void unpack_symbolic_link(const Job& job);
  void unpack_hard_link(const Job& job);
  void unpack_node(const Job& job);
  void copy_content(int fd, const Job& job, TarReader& reader);
  // Calls `make` with the directory's descriptor; what is in the way goes first. `make` returns -1 with errno on failure.
  const ParentDirectory& create(const Job& job, const std::function<int(int directory_fd)>& make);

  const UnpackOptions& m_options;
  std::string m_thing;
  UnpackObserver* m_observer;
  UnpackTree m_tree;
  UnpackMetadata m_metadata;
  std::vector<char> m_buffer;
};

}  // namespace jcb::oci
