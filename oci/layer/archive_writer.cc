// SPDX-License-Identifier: Apache-2.0
// Archives are written to a pipe as well as to a file, so nothing can be filled in later: a tar header needs the size of
// an uncompressed layer before its content, and a compressed layer is therefore decompressed twice.
#include "jcbuild/error.h"
#include "oci/blob_files.h"
#include "oci/fields.h"
#include "oci/layer/archive.h"
#include "oci/layer/compress.h"
#include "oci/layer/tar.h"
#include "oci/media_type.h"
#include "oci/reference.h"
#include "util/hash.h"
#include "util/json.h"

#include <map>
#include <set>

namespace jcb::oci {
namespace {

using util::Json;

constexpr std::size_t k_block_bytes = std::size_t{256} << 10;

// A tar on a file descriptor. Headers and small files are gathered, large content goes straight through.
class ArchiveOutput {
 public:
  explicit ArchiveOutput(int fd) : m_fd(fd), m_tar([this](std::string_view bytes) { write(bytes); }) {}

  void add_directory(const std::string& name) { m_tar.entry(make_entry(name, EntryType::directory, 0755, 0)); }
  void begin_file(const std::string& name, std::uint64_t size_bytes) { m_tar.entry(make_entry(name, EntryType::file, 0644, size_bytes)); }
  void content(std::string_view bytes) { m_tar.content(bytes); }
  void add_file(const std::string& name, std::string_view bytes) {
    begin_file(name, bytes.size());
    content(bytes);
  }
  void finish() {
    m_tar.finish();
    flush();
  }

 private:
  static TarEntry make_entry(const std::string& name, EntryType type, std::uint32_t mode, std::uint64_t size_bytes) {
    TarEntry entry;
    entry.name = name;
    entry.type = type;
    entry.mode = mode;
    entry.size_bytes = size_bytes;
    return entry;
  }
  void write(std::string_view bytes) {
    if (m_buffer.size() + bytes.size() > k_block_bytes) flush();
    if (bytes.size() >= k_block_bytes) return util::write_all(m_fd, bytes, "the archive");
    m_buffer += bytes;
  }
  void flush() {
    util::write_all(m_fd, m_buffer, "the archive");
    m_buffer.clear();
  }

  int m_fd;
  std::string m_buffer;
  TarWriter m_tar;
};

// Passes all bytes of a layer, decompressed as `method` says, to `sink`.
void for_each_block(const Layout& layout, const Descriptor& blob, Compression method, const ByteSink& sink) {
  const util::Fd file = layout.open_blob(blob);
  const auto input = make_decompressor(file.get(), method, {}, "blob " + blob.digest.text());
  std::string buffer(k_block_bytes, '\0');
  while (const std::size_t got = input->read(buffer.data(), buffer.size())) sink({buffer.data(), got});
}

// Adds a file whose bytes are those of a blob, decompressed as `method` says, and must have the digest `expected`.
void add_blob(ArchiveOutput& output, const std::string& name, std::uint64_t size_bytes, const Layout& layout, const Descriptor& blob,
              Compression method, const Digest& expected) {
  output.begin_file(name, size_bytes);
  util::Sha256 hash;
  for_each_block(layout, blob, method, [&](std::string_view bytes) {
    hash.update(bytes);
    output.content(bytes);
  });
  const auto actual = Digest::from_sha256_hex(hash.hex());
  if (actual != expected) reject("blob " + blob.digest.text(), "its content has the digest " + actual.text() + ", not " + expected.text());
}

std::uint64_t uncompressed_size(const Layout& layout, const Descriptor& layer) {
  const auto method = layer_compression(layer.media_type);
  if (method == Compression::none) return layer.size_bytes;
  std::uint64_t size = 0;
  for_each_block(layout, layer, method, [&](std::string_view bytes) { size += bytes.size(); });
  return size;
}

std::string make_index(Descriptor manifest, const std::string& tag) {
  manifest.annotations.erase("org.opencontainers.image.ref.name");
  if (!tag.empty()) manifest.annotations["org.opencontainers.image.ref.name"] = tag;
  return Index{std::string(k_media_index), {std::move(manifest)}, {}}.serialize();
}

std::map<Digest, Descriptor> blobs_of(const LoadedImage& image) {
  std::map<Digest, Descriptor> blobs{{image.descriptor.digest, image.descriptor}, {image.manifest.config.digest, image.manifest.config}};
  for (const Descriptor& layer : image.manifest.layers) blobs.emplace(layer.digest, layer);
  return blobs;
}

std::string layer_path(const Digest& diff_id) { return diff_id.hex() + "/layer.tar"; }

void add_docker_layers(ArchiveOutput& output, const Layout& layout, const LoadedImage& image) {
  std::set<Digest> written;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const Descriptor& layer = image.manifest.layers[i];
    const Digest& diff_id = image.config.diff_ids.at(i);
    if (!written.insert(diff_id).second) continue;
    output.add_directory(diff_id.hex());
    add_blob(output, layer_path(diff_id), uncompressed_size(layout, layer), layout, layer, layer_compression(layer.media_type), diff_id);
  }
}

std::string make_docker_manifest(const std::string& config_path, const LoadedImage& image, const std::vector<Reference>& names) {
  Json tags = names.empty() ? Json() : Json::array();  // docker writes null
  for (const Reference& name : names) tags.push_back(name.store_name());
  Json layers = Json::array();
  for (const Digest& diff_id : image.config.diff_ids) layers.push_back(layer_path(diff_id));
  Json entry = Json::object();
  entry["Config"] = config_path;
  entry["RepoTags"] = std::move(tags);
  entry["Layers"] = std::move(layers);
  Json list = Json::array();
  list.push_back(std::move(entry));
  return util::to_text(list);
}

// What docker before 1.10 reads in manifest.json's place, and some tools for the names alone.
std::string make_repositories(const LoadedImage& image, const std::vector<Reference>& names) {
  Json repositories = Json::object();
  for (const Reference& name : names)
    repositories[name.name()][name.tag().empty() ? "latest" : name.tag()] = image.config.diff_ids.back().hex();
  return util::to_text(repositories);
}

}  // namespace

void write_oci_archive(int fd, const Layout& layout, const LoadedImage& image, const std::string& tag) {
  ArchiveOutput output(fd);
  output.add_file(k_layout_file, R"({"imageLayoutVersion":"1.0.0"})");
  output.add_file(k_index_file, make_index(image.descriptor, tag));
  output.add_directory("blobs");
  output.add_directory(std::string(k_blob_directory));
  const bool converted = !layout.has_blob(image.descriptor.digest);
  for (const auto& [digest, blob] : blobs_of(image)) {
    if (converted && digest == image.descriptor.digest)
      output.add_file(blob_path(digest), image.manifest.serialize());
    else
      add_blob(output, blob_path(digest), blob.size_bytes, layout, blob, Compression::none, digest);
  }
  output.finish();
}

void write_docker_archive(int fd, const Layout& layout, const LoadedImage& image, const std::vector<std::string>& names) {
  std::vector<Reference> references;
  for (const std::string& name : names) references.push_back(Reference::parse(name));
  const auto config_path = image.manifest.config.digest.hex() + ".json";
  ArchiveOutput output(fd);
  output.add_file(config_path, layout.read_blob(image.manifest.config, k_max_config_bytes));
  add_docker_layers(output, layout, image);
  output.add_file("manifest.json", make_docker_manifest(config_path, image, references));
  if (!references.empty() && !image.config.diff_ids.empty()) output.add_file("repositories", make_repositories(image, references));
  output.finish();
}

}  // namespace jcb::oci
