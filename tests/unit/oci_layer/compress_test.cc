// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/compress.h"

#include "jcbuild/error.h"
#include "layer_support.h"
#include "oci/layer/codec.h"
#include "util/hash.h"

#include <catch2/catch.hpp>

#include <random>

using namespace jcb::oci;
using namespace jcb::test;
using jcb::Error;

namespace {

std::string noise(std::size_t size, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(generator());
  return text;
}

std::string mixed(std::size_t size) {
  std::string text;
  for (unsigned i = 0; text.size() < size; ++i)
    text += (i % 3 == 0) ? noise(5000, i) : "line " + std::to_string(i) + std::string(3000, 'x');
  text.resize(size);
  return text;
}

std::string compress(const CompressionChoice& choice, std::string_view text, std::size_t piece = 70'001) {
  std::string out;
  const auto compressor = make_compressor(choice, [&](std::string_view bytes) { out += bytes; });
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) compressor->write(text.substr(0, piece));
  compressor->finish();
  return out;
}

std::string read_all(Decompressor& decompressor, std::size_t piece = 40'009) {
  std::string out, buffer(piece, '\0');
  while (const std::size_t got = decompressor.read(buffer.data(), buffer.size())) out.append(buffer, 0, got);
  return out;
}

std::string decompress(std::string_view bytes, std::optional<Compression> method = std::nullopt, std::string* seen = nullptr) {
  const auto fd = file_with(bytes);
  const auto decompressor = make_decompressor(
      fd.get(), method,
      [&](std::string_view part) {
        if (seen != nullptr) *seen += part;
      },
      "the blob");
  return read_all(*decompressor);
}

std::string decompress_with_zlib(std::string_view bytes) {
  const auto fd = file_with(bytes);
  return read_all(*make_zlib_decompressor(CompressedInput(fd.get(), {}, "the blob")));
}

}  // namespace

TEST_CASE("every method gives back what went in and shows every compressed byte") {
  const std::string text = mixed(3'000'000);
  for (const auto method : {Compression::none, Compression::gzip, Compression::zstd}) {
    for (const std::string& content : {std::string(), std::string("x"), text}) {
      const std::string packed = compress({method, 0}, content);
      std::string seen;
      CHECK(decompress(packed, std::nullopt, &seen) == content);
      CHECK(seen == packed);
      CHECK(decompress(packed, method) == content);
    }
  }
}

TEST_CASE("gzip and zstd read and write what the command-line tools write and read") {
  const std::string text = mixed(1'000'000);
  for (const char* tool : {"gzip", "zstd"}) {
    if (!has_tool(tool)) continue;
    const auto method = std::string(tool) == "gzip" ? Compression::gzip : Compression::zstd;
    for (const int level : {0, 1, 3, 9}) CHECK(run_tool(tool, {"-dc"}, compress({method, level}, text)) == text);
    CHECK(decompress(run_tool(tool, {"-c"}, text)) == text);
  }
}

TEST_CASE("the same input gives the same compressed bytes however it is cut") {
  const std::string text = mixed(1'000'000);
  CHECK(compress({Compression::zstd, 0}, text) == compress({Compression::zstd, 0}, text));
  CHECK(compress({Compression::gzip, 9}, text) == compress({Compression::gzip, 9}, text, 999));
  const std::string header = compress({Compression::gzip, 0}, text).substr(0, 10);
  CHECK(header.substr(0, 4) == std::string("\x1f\x8b\x08\0", 4));
  CHECK(header.substr(4, 4) == std::string(4, '\0'));
  CHECK(header[9] == '\xff');
}

TEST_CASE("concatenated members and frames are read on, wherever the border falls") {
  for (const auto method : {Compression::gzip, Compression::zstd}) {
    const std::string second = compress({method, 0}, "second");
    for (std::size_t near = k_chunk_bytes - 40; near < k_chunk_bytes + 10; ++near) {
      // Noise does not compress, so the first member ends about where it should: around the border between two reads.
      const std::string text = noise(near, static_cast<unsigned>(near));
      CHECK(decompress(compress({method, 1}, text) + second) == text + "second");
    }
    CHECK(decompress(second + second + second) == "secondsecondsecond");
  }
}

TEST_CASE("zlib reads on, too") {
  const std::string text = mixed(600'000), packed = compress({Compression::gzip, 9}, text);
  CHECK(decompress_with_zlib(packed + packed) == text + text);
  CHECK_THROWS_AS(decompress_with_zlib(packed.substr(0, packed.size() - 1)), Error);
  CHECK_THROWS_AS(decompress_with_zlib(packed + "garbage"), Error);
}

TEST_CASE("truncated, damaged and extended streams are refused") {
  const std::string text = mixed(500'000);
  for (const auto method : {Compression::gzip, Compression::zstd}) {
    const std::string packed = compress({method, 0}, text);
    for (const std::size_t keep : {std::size_t{3}, std::size_t{10}, packed.size() / 2, packed.size() - 9, packed.size() - 1})
      CHECK_THAT(invalid_message([&] { decompress(packed.substr(0, keep), method); }), Catch::Contains("the blob"));
    std::string damaged = packed;
    damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);
    invalid_message([&] { decompress(damaged, method); });
    invalid_message([&] { decompress(packed + "garbage after the end", method); });
    invalid_message([&] { decompress("", method); });
    invalid_message([&] { decompress("neither one nor the other", method); });
  }
}

TEST_CASE("a zstd window above 128 MiB is refused") {
  // Magic; frame header descriptor 0 (no checksum, no size); window descriptor exponent 18: 2^28 bytes.
  const std::string frame("\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00", 9);
  CHECK_THAT(invalid_message([&] { decompress(frame); }), Catch::Contains("128 MiB"));
  const std::string allowed("\x28\xb5\x2f\xfd\x00\x88\x01\x00\x00", 9);
  CHECK(decompress(allowed).empty());
}

TEST_CASE("levels that a method does not have are the caller's mistake") {
  CHECK_THROWS_AS(compress({Compression::zstd, 23}, ""), Error);
  CHECK_THROWS_AS(compress({Compression::gzip, 10}, ""), Error);
  CHECK_THROWS_AS(compress({Compression::gzip, -1}, ""), Error);
}

namespace {

std::string read_archive_bytes(std::string_view bytes) {
  const auto fd = file_with(bytes);
  return read_all(*make_archive_decompressor(fd.get(), {}, "the archive"), 3);
}

}  // namespace

TEST_CASE("archives may be xz or bzip2, in several streams, and layers may not") {
  const std::string xz(
      "\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x04\x68"
      "\x65\x6c\x6c\x6f\x00\x00\x00\x00\x86\xa6\x10\x36\x00\x01\x19\x05\xbc\xe8\xec\xcb\x90\x42\x99\x0d\x01\x00\x00\x00"
      "\x00\x01\x59\x5a",
      60);
  const std::string bzip2(
      "\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\x19\x31\x65\x3d\x00\x00\x00\x81\x00\x02\x44\xa0\x00\x21\x9a\x68\x33\x4d"
      "\x07\x33\x8b\xb9\x22\x9c\x28\x48\x0c\x98\xb2\x9e\x80",
      41);
  for (const auto& packed : {xz, bzip2}) {
    CHECK(read_archive_bytes(packed) == "hello");
    CHECK(read_archive_bytes(packed + packed) == "hellohello");
    CHECK(decompress(packed) == packed);
    CHECK_THROWS_AS(read_archive_bytes(packed.substr(0, packed.size() - 3)), Error);
    CHECK_THROWS_AS(read_archive_bytes(packed.substr(0, packed.size() / 2)), Error);
    CHECK_THROWS_AS(read_archive_bytes(packed + "rest"), Error);
    std::string damaged = packed;
    damaged[30] = static_cast<char>(damaged[30] ^ 1);
    CHECK_THROWS_AS(read_archive_bytes(damaged), Error);
  }
  CHECK(read_archive_bytes(compress({Compression::zstd, 0}, "hello")) == "hello");
  CHECK(read_archive_bytes(compress({Compression::gzip, 0}, "hello")) == "hello");
  CHECK(read_archive_bytes("BZh9 is how this text begins") == "BZh9 is how this text begins");
  CHECK(read_archive_bytes("") == "");
}
