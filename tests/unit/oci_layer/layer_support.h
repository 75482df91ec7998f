// SPDX-License-Identifier: Apache-2.0
// What the layer tests share: tars from entries and from raw blocks, trees, other people's tools.
#pragma once

#include "oci/layer/layer.h"
#include "oci/layer/tar.h"
#include "oci/layer/tar_header.h"
#include "util/child.h"
#include "util/file.h"

#include <catch2/catch.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jcb::test {

using oci::EntryType;
using oci::TarEntry;

/// A temporary directory and its Root, under the system's temporary directory.
struct Tree {
  util::TempDir directory{std::filesystem::temp_directory_path()};
  util::Root root = directory.root();
  std::string path(const std::string& name = {}) const { return (directory.path() / name).native(); }
  std::string read(const std::string& name) const { return root.read_file(name, 1 << 26); }
  bool has(const std::string& name) const { return root.find_stat(name).has_value(); }
  struct stat status(const std::string& name) const;
};

/// An entry with the usual values; `size_bytes` and content are `add`'s business.
TarEntry make_entry(EntryType type, std::string name, std::string link_name = {}, std::uint32_t mode = 0644);

/// Collects entries and their content into a tar, by our writer.
class TarText {
 public:
  TarText& add(TarEntry entry, std::string_view content = {});
  TarText& file(const std::string& name, std::string_view content = {}) { return add(make_entry(EntryType::file, name), content); }
  TarText& dir(const std::string& name, std::uint32_t mode = 0755) { return add(make_entry(EntryType::directory, name, {}, mode)); }
  TarText& link(const std::string& name, const std::string& target) {
    return add(make_entry(EntryType::symbolic_link, name, target, 0777));
  }
  TarText& hard_link(const std::string& name, const std::string& target) { return add(make_entry(EntryType::hard_link, name, target)); }
  std::string finish();

 private:
  std::string m_bytes;
  oci::TarWriter m_writer{[this](std::string_view bytes) { m_bytes += bytes; }};
};

/// A raw header block with a good checksum: for what our writer would not write.
struct RawHeader {
  std::string name;
  char type = '0';
  std::string size = "00000000000";  ///< the field's bytes
  std::string link_name;
  std::string magic = std::string("ustar\00000", 8);
  std::vector<std::pair<std::size_t, std::string>> patches;  ///< offset and bytes, before the checksum
  std::string block() const;
};
/// `text` filled with NULs to whole blocks.
std::string padded(std::string text);
std::string octal_size(std::uint64_t size);
/// A pax header (type x or g) with the records given as whole text.
std::string pax_header(const std::string& records, char type = 'x');
inline const std::string k_tar_end(1024, '\0');

/// All entries with their content.
std::vector<std::pair<TarEntry, std::string>> read_tar(const std::string& bytes, const oci::TarLimits& limits = {});
/// The message of the Error(invalid) that `action` throws; fails the test when it throws none.
std::string invalid_message(const std::function<void()>& action);

/// An open file with this content, at its beginning.
util::Fd file_with(std::string_view content);

/// Extracts a tar by our unpacker.
void extract(const std::string& tar, const Tree& target, const oci::UnpackOptions& options = {});
oci::UnpackOptions rootfs_options();

/// Runs a program of the system; fails the test when it fails.
std::string run_tool(const std::string& program, const std::vector<std::string>& arguments, std::string_view input = {});
/// Whether the system has it; says so when not.
bool has_tool(const std::string& program);
bool is_root();

}  // namespace jcb::test
