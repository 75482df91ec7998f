// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/archive_files.h"

#include "jcbuild/error.h"
#include "oci/fields.h"
#include "oci/layer/compress.h"
#include "oci/manifest.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_files = 20000;
constexpr std::uint64_t k_small_bytes = std::uint64_t{64} << 10;
constexpr std::uint64_t k_memory_bytes = std::uint64_t{64} << 20;
constexpr std::size_t k_read_bytes = std::size_t{256} << 10;
constexpr int k_max_links = 16;
// Each holds two descriptors, of which there may be as few as 1024. Beyond this, files are published as they come: one that
// nothing refers to then stays until the layout is next cleaned.
constexpr std::size_t k_max_unpublished_writers = 64;

std::string shown(std::string_view name) { return "'" + util::escape_text(name) + "'"; }

// The name without ".", ".." and doubled slashes, as the key of a map; nothing when it leads out of the archive.
std::optional<std::string> find_normal_name(std::string_view name) {
  std::vector<std::string> parts;
  for (std::string& part : util::split(name, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(std::move(part));
    } else if (parts.empty()) {
      return std::nullopt;
    } else {
      parts.pop_back();
    }
  }
  return util::join(parts, "/");
}

// A hard link names an entry, a symbolic link a path from where it stands.
std::optional<std::string> find_link_target(const std::string& path, const TarEntry& entry) {
  if (entry.type == EntryType::hard_link) return find_normal_name(entry.link_name);
  if (entry.link_name.starts_with('/')) return std::nullopt;
  return find_normal_name(path.substr(0, path.rfind('/') + 1) + entry.link_name);
}

Compression compression_of(std::string_view head) {
  if (head.starts_with("\x1f\x8b")) return Compression::gzip;
  return head.starts_with("\x28\xb5\x2f\xfd") ? Compression::zstd : Compression::none;
}

// Nothing in an image archive is sparse: a few bytes could claim a terabyte of zeros, which we would then store.
TarLimits archive_limits() {
  TarLimits limits;
  limits.sparse_entries = 0;
  return limits;
}

// Indexes stand in the root and end in .json, as docker's configs do: those are read as text and may be larger.
bool is_root_json(std::string_view path) { return path.ends_with(".json") && path.find('/') == std::string_view::npos; }

}  // namespace

ArchiveFiles::ArchiveFiles(int fd, const Layout& layout, std::string_view thing)
    : m_layout(layout), m_thing(thing), m_memory_left(k_memory_bytes), m_buffer(k_read_bytes, '\0') {
  const auto input = make_decompressor(fd, std::nullopt, {}, thing);
  TarReader tar([&](char* buffer, std::size_t size) { return input->read(buffer, size); }, m_thing, archive_limits());
  while (const auto entry = tar.next()) add(*entry, tar);
  tar.expect_end();
}

// A name given twice is refused: which one counts is where readers disagree.
void ArchiveFiles::add(const TarEntry& entry, TarReader& tar) {
  if (entry.type == EntryType::directory) return;
  const auto path = find_normal_name(entry.name);
  if (!path || path->empty()) reject(m_thing, "the entry " + shown(entry.name) + " leads out of the archive");
  if (m_files.count(*path) != 0) reject(m_thing, "the entry " + shown(*path) + " occurs twice");
  if (m_files.size() == k_max_files) reject(m_thing, "more than " + std::to_string(k_max_files) + " files");
  if (entry.type == EntryType::file) {
    m_files.emplace(*path, read_file(*path, entry, tar));
    return;
  }
  const bool is_link = entry.type == EntryType::hard_link || entry.type == EntryType::symbolic_link;
  if (!is_link) reject(m_thing, "the entry " + shown(*path) + " is neither file, link nor directory");
  const auto target = find_link_target(*path, entry);
  if (!target || target->empty()) reject(m_thing, "the link " + shown(*path) + " leads out of the archive");
  m_files[*path].link = *target;
}

ArchiveFiles::File ArchiveFiles::read_file(const std::string& path, const TarEntry& entry, TarReader& tar) {
  File file;
  file.size_bytes = entry.size_bytes;
  const auto small_bytes = is_root_json(path) ? k_max_config_bytes : k_small_bytes;
  if (entry.size_bytes <= std::min(small_bytes, m_memory_left)) {
    read_small(file, tar);
    return file;
  }
  read_large(file, tar);
  if (m_unpublished_writers > k_max_unpublished_writers) publish_file(file, path, std::nullopt);
  return file;
}

void ArchiveFiles::read_small(File& file, TarReader& tar) {
  std::string content(file.size_bytes, '\0');
  content.resize(tar.read(content.data(), content.size()));
  m_memory_left -= content.size();
  file.compression = compression_of(content);
  file.content = std::move(content);
}

void ArchiveFiles::read_large(File& file, TarReader& tar) {
  file.writer.emplace(m_layout.new_blob());
  ++m_unpublished_writers;
  while (const std::size_t got = tar.read(m_buffer.data(), m_buffer.size())) {
    const std::string_view bytes(m_buffer.data(), got);
    if (file.writer->size_bytes() == 0) file.compression = compression_of(bytes);
    file.writer->write(bytes);
  }
}

std::optional<std::string> ArchiveFiles::find(std::string_view path) const {
  auto name = find_normal_name(path);
  for (int links = 0; name; ++links) {
    const auto found = m_files.find(*name);
    if (found == m_files.end() || links > k_max_links) return std::nullopt;
    if (found->second.link.empty()) break;
    name = found->second.link;
  }
  return name;
}

const std::string& ArchiveFiles::text(const std::string& path) const {
  const auto name = find(path);
  if (!name) reject(m_thing, "it has no file " + shown(path));
  const File& file = m_files.at(*name);
  if (!file.content || file.size_bytes > k_max_manifest_bytes) reject(m_thing, shown(path) + " is too large");
  return *file.content;
}

ArchivedBlob ArchiveFiles::publish(const std::string& path, const std::optional<Digest>& expected) {
  const auto name = find(path);
  if (!name) reject(m_thing, "it has no file " + shown(path));
  File& file = m_files.at(*name);
  publish_file(file, path, expected);
  return {*file.published, file.size_bytes, file.compression};
}

void ArchiveFiles::publish_file(File& file, const std::string& path, const std::optional<Digest>& expected) {
  const auto mismatch = [&](const Digest& digest) {
    reject(m_thing, shown(path) + " has the digest " + digest.text() + ", not " + expected->text());
  };
  if (file.published) {
    if (expected && *expected != *file.published) mismatch(*file.published);
  } else if (file.content) {
    const auto digest = Digest::of(*file.content);
    if (expected && *expected != digest) mismatch(digest);
    file.published = m_layout.put_blob(*file.content);
  } else {
    file.published = in_step("reading " + shown(path) + " of " + m_thing, [&] { return file.writer->commit(expected); });
    file.writer.reset();
    --m_unpublished_writers;
  }
}

}  // namespace jcb::oci
