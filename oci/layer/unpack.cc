// SPDX-License-Identifier: Apache-2.0
// Unpacking in one pass: the blob's bytes are hashed as they are read, the tar's bytes as they are decompressed, and
// files are written straight from there. Digests can therefore only be compared at the end; a target is worth nothing
// before that.
#include "oci/layer/codec.h"
#include "oci/layer/layer.h"
#include "oci/layer/layer_check.h"
#include "oci/layer/unpack_entry.h"

#include "jcbuild/error.h"

#include <vector>

namespace jcb::oci {
namespace {

void unpack_all(TarReader& reader, const util::Root& target, const UnpackOptions& options, const std::string& thing) {
  EntryUnpacker unpacker(target, options, thing);
  while (const auto entry = reader.next()) unpacker.unpack(*entry, reader);
  reader.expect_end();
  unpacker.finish();
}

// Where the tar is malformed, the likely reason is a damaged blob, and that is the better message: reads the rest.
void check_rest_of_blob(int fd, LayerCheck& check) {
  std::vector<char> buffer(k_chunk_bytes);
  while (const std::size_t got = util::read_full(fd, buffer.data(), buffer.size(), check.thing())) check.add_blob({buffer.data(), got});
  check.finish_blob();
}

}  // namespace

void unpack_layer(int fd, const Descriptor& descriptor, const std::optional<Digest>& diff_id, const util::Root& target,
                  const UnpackOptions& options) {
  LayerCheck check(descriptor, diff_id, options, "layer " + descriptor.digest.text());
  const auto decompressor = make_decompressor(
      fd, check.declared_compression(), [&check](std::string_view bytes) { check.add_blob(bytes); }, check.thing());
  const auto source = [&](char* buffer, std::size_t size) {
    const std::size_t got = decompressor->read(buffer, size);
    check.add_tar({buffer, got});
    return got;
  };
  try {
    TarReader reader(source, check.thing(), options.limits);
    unpack_all(reader, target, options, check.thing());
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::invalid) check_rest_of_blob(fd, check);
    throw;
  }
  check.finish();
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
