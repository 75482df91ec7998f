// SPDX-License-Identifier: Apache-2.0
// Unpacking in one pass: the blob's bytes are hashed as they are read, the tar's bytes as they are decompressed, and
// files are written straight from there. Digests can therefore only be compared at the end; a target is worth nothing
// before that.
#include "oci/layer/codec.h"
#include "oci/layer/layer.h"
#include "oci/layer/unpack_entry.h"

#include "jcbuild/error.h"
#include "util/hash.h"

#include <vector>

namespace jcb::oci {
namespace {

// Hashes the blob on its way in and holds it against its descriptor.
class BlobCheck {
 public:
  BlobCheck(const Descriptor& descriptor, const UnpackOptions& options, const std::string& thing)
      : m_descriptor(descriptor), m_options(options), m_thing(thing) {}
  void add(std::string_view bytes) {
    m_size += bytes.size();
    check_not_larger();
    m_hash.update(bytes);
    if (m_options.on_bytes) m_options.on_bytes(m_size);
  }
  void finish() {
    check_not_larger();
    if (m_size < m_descriptor.size_bytes) fail("is smaller than its descriptor says");
    if (Digest::from_sha256_hex(m_hash.hex()) != m_descriptor.digest) fail("does not match its digest");
  }

 private:
  [[noreturn]] void fail(std::string_view cause) const {
    throw Error(ErrorKind::invalid, m_thing + " is damaged: it " + std::string(cause));
  }
  void check_not_larger() const {
    if (m_size > m_descriptor.size_bytes) fail("is larger than its descriptor says");
  }

  const Descriptor& m_descriptor;
  const UnpackOptions& m_options;
  const std::string& m_thing;
  util::Sha256 m_hash;
  std::uint64_t m_size = 0;
};

void unpack_all(TarReader& reader, const util::Root& target, const UnpackOptions& options, const std::string& thing) {
  EntryUnpacker unpacker(target, options, thing);
  while (const auto entry = reader.next()) unpacker.unpack(*entry, reader);
  reader.expect_end();
  unpacker.finish();
}

// Where the tar is malformed, the likely reason is a damaged blob, and that is the better message: reads the rest.
void check_rest_of_blob(int fd, BlobCheck& blob, const std::string& thing) {
  std::vector<char> buffer(k_chunk_bytes);
  while (const std::size_t got = util::read_full(fd, buffer.data(), buffer.size(), thing)) blob.add({buffer.data(), got});
  blob.finish();
}

// A blob that says it is a plain tar is not looked at for magic numbers: they could be a file's name.
std::optional<Compression> declared_compression(const Descriptor& descriptor) {
  if (layer_compression(descriptor.media_type) == Compression::none) return Compression::none;
  return std::nullopt;
}

}  // namespace

void unpack_layer(int fd, const Descriptor& descriptor, const std::optional<Digest>& diff_id, const util::Root& target,
                  const UnpackOptions& options) {
  const std::string thing = "layer " + descriptor.digest.text();
  const auto compression = declared_compression(descriptor);
  BlobCheck blob(descriptor, options, thing);
  util::Sha256 tar_hash;
  const bool same_bytes = compression == Compression::none;
  const bool hash_tar = diff_id && !same_bytes;
  const auto decompressor = make_decompressor(
      fd, compression, [&blob](std::string_view bytes) { blob.add(bytes); }, thing);
  const auto source = [&](char* buffer, std::size_t size) {
    const std::size_t got = decompressor->read(buffer, size);
    if (hash_tar) tar_hash.update({buffer, got});
    return got;
  };
  try {
    TarReader reader(source, thing, options.limits);
    unpack_all(reader, target, options, thing);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::invalid) check_rest_of_blob(fd, blob, thing);
    throw;
  }
  blob.finish();
  if (diff_id && (same_bytes ? descriptor.digest : Digest::from_sha256_hex(tar_hash.hex())) != *diff_id)
    throw Error(ErrorKind::invalid, thing + " is not the layer that the image's config names: its diff ID is not " + diff_id->text());
}

void extract_tar(int fd, const util::Root& target, const UnpackOptions& options, std::string_view thing) {
  std::uint64_t bytes = 0;
  const auto count = [&](std::string_view part) {
    bytes += part.size();
    if (options.on_bytes) options.on_bytes(bytes);
  };
  const auto decompressor = make_archive_decompressor(fd, count, thing);
  TarReader reader([&](char* buffer, std::size_t size) { return decompressor->read(buffer, size); }, std::string(thing), options.limits);
  unpack_all(reader, target, options, std::string(thing));
}

}  // namespace jcb::oci
