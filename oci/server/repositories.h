// SPDX-License-Identifier: Apache-2.0
// The tags of a layout as the repositories of a registry. A tag there is a whole image name ("my/image:latest",
// "docker.io/library/ubuntu:22.04"); its name is the repository.
//
// What a repository may give away is what can be reached from its tags: manifests, what they hold, and what refers to
// them. That is found out when it is first asked for, and again when index.json is another.
#pragma once

#include <sys/stat.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "oci/layout.h"

namespace jcb::oci {

/// One repository: what each of its tags and digests stands for.
struct Repository {
  std::map<std::string, Descriptor> tags;
  std::map<Digest, Descriptor> manifests;               ///< manifests and indexes
  std::map<Digest, Descriptor> blobs;                   ///< configs and layers, whether they are kept or not
  std::map<Digest, std::vector<Descriptor>> referrers;  ///< by their subject
  std::vector<Digest> absent;                           ///< manifests of indexes that are not in the layout
};

/// The repositories of a layout, as they are now. Thread-safe.
class Repositories {
 public:
  /// The layout is borrowed.
  explicit Repositories(const Layout& layout) : m_layout(layout) {}

  /// The repository of that name, or nullptr. A name that begins with a host ("docker.io/library/ubuntu") is found
  /// without it, too, while no other repository is called so. Throws Error(invalid) when index.json is damaged.
  std::shared_ptr<const Repository> find(const std::string& name);
  /// Every repository once, sorted: by its whole name, or without the host where that is no name for a registry (it has
  /// a port) and the rest is unambiguous.
  std::vector<std::string> names();

 private:
  struct Entry {
    std::string host, path;
    std::map<std::string, Descriptor> tags;
    std::shared_ptr<const Repository> contents;  ///< nullptr until it is asked for
  };
  using EntryPointer = std::shared_ptr<Entry>;

  void refresh();
  void read_tags();
  void publish(const std::map<std::string, EntryPointer>& entries);
  const std::vector<std::pair<Digest, Descriptor>>& referring();

  const Layout& m_layout;
  std::mutex m_mutex;
  util::Fd m_index;         ///< held, so that no later index.json has its inode number
  struct stat m_status {};  ///< of that, as it was read
  std::map<std::string, EntryPointer> m_by_name;
  std::vector<std::string> m_names;
  std::vector<Descriptor> m_untagged;
  std::optional<std::vector<std::pair<Digest, Descriptor>>> m_referring;  ///< subjects of untagged manifests
};

}  // namespace jcb::oci
