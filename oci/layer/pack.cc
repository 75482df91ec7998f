// SPDX-License-Identifier: Apache-2.0
// Packing: a depth-first walk over held descriptors that turns an overlay directory into tar entries, children sorted
// by their name in the tar.
//
// Overlayfs keeps deletions as character devices 0:0 (whiteouts) and as a mark on directories (opaque); image-spec
// layer.md wants `.wh.NAME` and `.wh..wh..opq`. BuildKit expands opaque directories into whiteouts instead, for which it
// needs the lower layers; this needs the directory alone.
#include "oci/layer/codec.h"
#include "oci/layer/layer.h"
#include "oci/layer/whiteout.h"
#include "oci/layer/xattr.h"

#include "jcbuild/error.h"
#include "util/hash.h"
#include "util/interrupt.h"
#include "util/text.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace jcb::oci {
namespace {

constexpr std::size_t k_held_directories = 48;  // of a deep tree's open directories, the ones nearest to the leaves

std::string thing_of(const std::string& path) { return "'" + util::escape_text(path) + "'"; }

// Joins small writes, so that hashing and compressing see large pieces.
class ChunkedSink {
 public:
  explicit ChunkedSink(ByteSink sink) : m_sink(std::move(sink)) { m_buffer.reserve(k_chunk_bytes); }
  void write(std::string_view bytes) {
    const bool is_large = bytes.size() >= k_chunk_bytes / 4;
    if (is_large || m_buffer.size() + bytes.size() > k_chunk_bytes) flush();
    if (is_large) return m_sink(bytes);
    m_buffer.append(bytes);
  }
  void flush() {
    if (!m_buffer.empty()) m_sink(m_buffer);
    m_buffer.clear();
  }

 private:
  ByteSink m_sink;
  std::string m_buffer;
};

// A directory on the way down. Its descriptor is closed while the walk is far below, and opened again on the way up.
struct Level {
  std::string path;                                              // "" for the root, else ends with a slash
  std::vector<std::pair<std::string, util::DirEntry>> children;  // by name in the tar
  std::size_t next = 0;
  util::Fd fd;
  dev_t device = 0;
  ino_t inode = 0;
};

class TreePacker {
 public:
  TreePacker(const util::Root& root, OverlayXattr overlay_xattr, const util::OwnerTable* owners, const ByteSink& sink)
      : m_root(root), m_overlay_xattr(overlay_xattr), m_owners(owners), m_writer(sink), m_buffer(k_chunk_bytes) {}

  void run() {
    push({}, m_root.open_at(".", O_RDONLY | O_DIRECTORY));
    while (!m_levels.empty()) {
      if (m_levels.back().next == m_levels.back().children.size()) {
        pop();
      } else {
        Level& level = m_levels.back();
        const auto child = std::move(level.children[level.next++]);
        pack(level, child.first, child.second);
      }
    }
    m_writer.finish();
  }
  std::uint64_t entries() const noexcept { return m_entries; }

 private:
  void push(std::string path, util::Fd fd) {
    util::check_interrupt();
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) throw_errno("stat", thing_of(path));
    Level level{std::move(path), {}, 0, std::move(fd), status.st_dev, status.st_ino};
    for (auto& entry : util::list_directory(level.fd.get(), thing_of(level.path))) add_child(level, std::move(entry));
    std::sort(level.children.begin(), level.children.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    m_levels.push_back(std::move(level));
    if (m_levels.size() > k_held_directories) m_levels[m_levels.size() - k_held_directories - 1].fd.reset();
  }

  void add_child(Level& level, util::DirEntry entry) const {
    if (is_whiteout_name(entry.name))
      throw Error(ErrorKind::refused,
                  thing_of(level.path + entry.name) + " cannot be in a layer: names that begin with .wh. mean deletions");
    if (entry.type == S_IFSOCK) return;
    std::string name = entry.name;
    if (is_whiteout_device(level.fd.get(), entry, level.path)) name = whiteout_name(name);
    level.children.emplace_back(std::move(name), std::move(entry));
  }

  void pop() {
    m_levels.pop_back();
    if (m_levels.empty() || m_levels.back().fd) return;
    Level& level = m_levels.back();
    level.fd = m_root.open_at(level.path.empty() ? "." : level.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    struct stat status {};
    if (::fstat(level.fd.get(), &status) != 0) throw_errno("stat", thing_of(level.path));
    if (status.st_dev != level.device || status.st_ino != level.inode) throw_changed(level.path);
  }

  [[noreturn]] static void throw_changed(const std::string& path) {
    throw Error(ErrorKind::failed, thing_of(path) + " changed while it was read");
  }

  void pack(Level& level, const std::string& tar_name, const util::DirEntry& child) {
    const std::string path = level.path + child.name;
    if (tar_name != child.name) return add_whiteout(level.path + tar_name);
    if (child.type == S_IFREG) return pack_opened(level, path, child.name, O_NONBLOCK);
    if (child.type == S_IFDIR) return pack_opened(level, path, child.name, O_DIRECTORY);
    struct stat status {};
    if (::fstatat(level.fd.get(), child.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) throw_errno("stat", thing_of(path));
    if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) return pack_opened(level, path, child.name, O_NONBLOCK);
    pack_special(level, path, child.name, status);
  }

  void pack_opened(Level& level, const std::string& path, const std::string& name, int flags) {
    util::Fd fd(::openat(level.fd.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | flags));
    if (!fd && errno == ELOOP) throw_changed(path);
    if (!fd) throw_errno("open", thing_of(path));
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) throw_errno("stat", thing_of(path));
    if (S_ISDIR(status.st_mode)) return pack_directory(path, std::move(fd), status);
    if (!S_ISREG(status.st_mode)) throw_changed(path);
    pack_file(path, fd.get(), status);
  }

  void pack_directory(const std::string& path, util::Fd fd, const struct stat& status) {
    TarEntry entry = describe(path, EntryType::directory, status);
    entry.name += '/';
    const bool opaque = add_xattrs(entry, fd.get());
    add(entry);
    if (opaque) add_whiteout(entry.name + std::string(k_opaque_name));
    push(entry.name, std::move(fd));  // invalidates references into m_levels: last
  }

  void pack_file(const std::string& path, int fd, const struct stat& status) {
    TarEntry entry = describe(path, EntryType::file, status);
    if (add_as_link(entry, status)) return;
    if (entry.type != EntryType::file) return add(entry);  // the placeholder of a device
    add_xattrs(entry, fd);
    entry.size_bytes = static_cast<std::uint64_t>(status.st_size);
    add(entry);
    copy_content(path, fd, status);
  }

  void copy_content(const std::string& path, int fd, const struct stat& status) {
    auto left = static_cast<std::uint64_t>(status.st_size);
    while (left > 0) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, m_buffer.size()));
      const std::size_t got = util::read_full(fd, m_buffer.data(), wanted, thing_of(path));
      if (got != wanted) throw_changed(path);
      m_writer.content({m_buffer.data(), got});
      left -= got;
      util::check_interrupt();
    }
    if (status.st_size > 0) check_unchanged(path, fd, status);
  }

  // A file that grew or was rewritten in place shows in its size or times.
  static void check_unchanged(const std::string& path, int fd, const struct stat& before) {
    struct stat after {};
    if (::fstat(fd, &after) != 0) throw_errno("stat", thing_of(path));
    const bool same_time = after.st_mtim.tv_sec == before.st_mtim.tv_sec && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec;
    if (after.st_size != before.st_size || !same_time) throw_changed(path);
  }

  void pack_special(Level& level, const std::string& path, const std::string& name, const struct stat& status) {
    if (S_ISSOCK(status.st_mode)) return;
    TarEntry entry = describe(path, special_type(status.st_mode), status);
    if (entry.type == EntryType::symbolic_link) {
      std::array<char, 4097> target;
      const ssize_t size = ::readlinkat(level.fd.get(), name.c_str(), target.data(), target.size());
      if (size < 0) throw_errno("read link", thing_of(path));
      entry.link_name.assign(target.data(), static_cast<std::size_t>(size));
      entry.mode = 0777;
    }
    if (entry.type == EntryType::character_device || entry.type == EntryType::block_device) {
      entry.device_major = major(status.st_rdev);
      entry.device_minor = minor(status.st_rdev);
    }
    if (!add_as_link(entry, status)) add(entry);
  }

  static EntryType special_type(mode_t mode) {
    if (S_ISLNK(mode)) return EntryType::symbolic_link;
    if (S_ISFIFO(mode)) return EntryType::fifo;
    return S_ISBLK(mode) ? EntryType::block_device : EntryType::character_device;
  }

  TarEntry describe(const std::string& path, EntryType type, const struct stat& status) const {
    if (path.size() >= TarLimits{}.path_bytes)
      throw Error(ErrorKind::unsupported, thing_of(path.substr(0, 100) + "...") + " is too long a path for a layer");
    TarEntry entry;
    entry.name = path;
    entry.type = type;
    entry.mode = status.st_mode & 07777;
    entry.uid = status.st_uid;
    entry.gid = status.st_gid;
    entry.mtime_s = status.st_mtim.tv_sec;
    if (m_owners != nullptr) apply_table(entry);
    return entry;
  }

  void apply_table(TarEntry& entry) const {
    const util::OwnerEntry found = m_owners->find(entry.name);
    entry.uid = found.owner.uid;
    entry.gid = found.owner.gid;
    if (!found.device || entry.type != EntryType::file) return;
    entry.type = found.device->block ? EntryType::block_device : EntryType::character_device;
    entry.device_major = found.device->major;
    entry.device_minor = found.device->minor;
  }

  // Returns whether the entry is an opaque directory.
  bool add_xattrs(TarEntry& entry, int fd) const {
    LayerXattrs found = read_layer_xattrs(fd, m_overlay_xattr, thing_of(entry.name));
    entry.xattrs = std::move(found.xattrs);
    if (found.recorded_owner && m_owners == nullptr) {
      entry.uid = found.recorded_owner->uid;
      entry.gid = found.recorded_owner->gid;
    }
    return found.opaque;
  }

  // The second and later names of one file become links to the first. Names elsewhere, in a lower layer say, are
  // nobody's business: the first name seen here is the file.
  bool add_as_link(TarEntry entry, const struct stat& status) {
    if (status.st_nlink < 2) return false;
    const auto [first, inserted] = m_links.try_emplace({status.st_dev, status.st_ino}, entry.name);
    if (inserted) return false;
    entry.type = EntryType::hard_link;
    entry.link_name = first->second;
    add(entry);
    return true;
  }

  void add_whiteout(std::string name) {
    TarEntry entry;
    entry.name = std::move(name);
    add(entry);
  }

  void add(const TarEntry& entry) {
    m_writer.entry(entry);
    ++m_entries;
  }

  const util::Root& m_root;
  OverlayXattr m_overlay_xattr;
  const util::OwnerTable* m_owners;
  TarWriter m_writer;
  std::vector<char> m_buffer;
  std::vector<Level> m_levels;
  std::map<std::pair<dev_t, ino_t>, std::string> m_links;
  std::uint64_t m_entries = 0;
};

// Where a layer's tar goes: the hasher of the diff ID, and through the compressor into the blob.
class LayerSink {
 public:
  LayerSink(const PackOptions& options, BlobWriter& blob)
      : m_options(options), m_compressor(make_compressor(options.compression, [&blob](std::string_view bytes) { blob.write(bytes); })) {}
  void write(std::string_view bytes) {
    // Not compressed, blob and tar are the same bytes: the blob's digest is the diff ID.
    if (is_compressed()) m_hash.update(bytes);
    m_compressor->write(bytes);
    m_bytes += bytes.size();
    if (m_options.on_bytes) m_options.on_bytes(m_bytes);
  }
  void finish() { m_compressor->finish(); }
  std::uint64_t bytes() const noexcept { return m_bytes; }
  Digest diff_id(const Digest& blob) { return is_compressed() ? Digest::from_sha256_hex(m_hash.hex()) : blob; }

 private:
  bool is_compressed() const { return m_options.compression.method != Compression::none; }
  const PackOptions& m_options;
  std::unique_ptr<Compressor> m_compressor;
  util::Sha256 m_hash;
  std::uint64_t m_bytes = 0;
};

// Returns the number of entries.
std::uint64_t pack_tree(const util::Root& directory, OverlayXattr overlay_xattr, const util::OwnerTable* owners, const ByteSink& sink) {
  ChunkedSink chunks(sink);
  TreePacker packer(directory, overlay_xattr, owners, [&chunks](std::string_view bytes) { chunks.write(bytes); });
  packer.run();
  chunks.flush();
  return packer.entries();
}

}  // namespace

std::optional<PackedLayer> pack_layer(const util::Root& directory, const Layout& layout, const PackOptions& options) {
  if (directory.list().empty()) return std::nullopt;
  BlobWriter blob = layout.new_blob();
  LayerSink sink(options, blob);
  const std::uint64_t entries =
      pack_tree(directory, options.overlay_xattr, options.owners, [&sink](std::string_view bytes) { sink.write(bytes); });
  if (entries == 0) return std::nullopt;  // nothing but sockets
  sink.finish();
  const std::uint64_t size = blob.size_bytes();
  const Digest digest = blob.commit();
  Descriptor descriptor{std::string(layer_media_type(options.compression.method)), digest, size, {}, {}, {}, {}};
  return PackedLayer{std::move(descriptor), sink.diff_id(digest), sink.bytes(), entries};
}

void write_layer_tar(const util::Root& directory, OverlayXattr overlay_xattr, const ByteSink& sink, const util::OwnerTable* owners) {
  pack_tree(directory, overlay_xattr, owners, sink);
}

}  // namespace jcb::oci
