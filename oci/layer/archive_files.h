// SPDX-License-Identifier: Apache-2.0
// The files of an image archive while it is read; internal to oci/layer/.
//
// What an archive's files are is known only when its index has been read, which may come last. Small files stay in
// memory until then; large ones become blobs that are not published yet, hashed as they pass, and are dropped if nothing
// refers to them. Old docker archives have links between layers: they are names in the archive's own map, never paths
// of a file system.
#pragma once

#include "oci/layer/tar.h"
#include "oci/layout.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace jcb::oci {

/// A file of the archive that has become a blob of the layout.
struct ArchivedBlob {
  Digest digest;
  std::uint64_t size_bytes = 0;
  Compression compression = Compression::none;  ///< by its magic number
};

class ArchiveFiles {
 public:
  /// Reads the tar to its end. Throws Error(invalid, system).
  ArchiveFiles(int fd, const Layout& layout, std::string_view thing);

  const std::string& thing() const noexcept { return m_thing; }
  const Layout& layout() const noexcept { return m_layout; }
  /// Whether there is a file of that name, or a link that leads to one.
  bool has(std::string_view path) const { return find(path).has_value(); }
  /// The text of an index, which must not be larger than 4 MiB. Throws Error(invalid).
  const std::string& text(const std::string& path) const;
  /// Makes a file a blob of the layout; again, it returns the same. Throws Error(invalid) when it is missing or its
  /// digest is not `expected`.
  ArchivedBlob publish(const std::string& path, const std::optional<Digest>& expected);

 private:
  struct File {
    std::string link;                    // the name this one stands for; empty for a file
    std::optional<std::string> content;  // of a small file
    std::optional<BlobWriter> writer;    // of a large one, until it is published
    std::optional<Digest> published;
    std::uint64_t size_bytes = 0;
    Compression compression = Compression::none;
  };

  /// The name of the file that a path leads to through links.
  std::optional<std::string> find(std::string_view path) const;
  void add(const TarEntry& entry, TarReader& tar);
  File read_file(const std::string& path, const TarEntry& entry, TarReader& tar);
  void read_small(File& file, TarReader& tar);
  void read_large(File& file, TarReader& tar);
  void publish_file(File& file, const std::string& path, const std::optional<Digest>& expected);

  const Layout& m_layout;
  std::string m_thing;
  std::map<std::string, File> m_files;
  std::size_t m_unpublished_writers = 0;
  std::uint64_t m_memory_left;
  std::string m_buffer;
};

}  // namespace jcb::oci
