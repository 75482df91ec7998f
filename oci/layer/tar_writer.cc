// SPDX-License-Identifier: Apache-2.0
// Writing tar ourselves: what a layer's digest depends on must not change with the version of a library. The choices
// (all within POSIX.1-2017 pax): ustar header for everything that fits it, `name` split into prefix and name where that
// helps, else a pax header with just the records needed, sorted by key; times in decimals only where they have any;
// numbers as zero-filled octal; device fields zero where there is no device.
#include "oci/layer/pax.h"
#include "oci/layer/tar.h"
#include "oci/layer/tar_header.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>
#include <cstring>

namespace jcb::oci {
namespace {

constexpr std::uint64_t k_max_octal7 = 07777777;       // of an 8-byte field
constexpr std::uint64_t k_max_octal11 = 077777777777;  // of a 12-byte field

using Records = std::map<std::string, std::string>;

[[noreturn]] void throw_unfit(const TarEntry& entry, std::string_view cause) {
  throw Error(ErrorKind::invalid, util::escape_text(entry.name) + ": " + std::string(cause));
}

char type_flag(EntryType type) {
  switch (type) {
    case EntryType::file:
      return '0';
    case EntryType::hard_link:
      return '1';
    case EntryType::symbolic_link:
      return '2';
    case EntryType::character_device:
      return '3';
    case EntryType::block_device:
      return '4';
    case EntryType::directory:
      return '5';
    case EntryType::fifo:
      return '6';
  }
  throw std::logic_error("no such entry type");
}

void put_text(TarBlock& block, TarField field, std::string_view text) {
  std::memcpy(block.data() + field.offset, text.data(), std::min(field.size, text.size()));
}

void put_octal(TarBlock& block, TarField field, std::uint64_t value) {
  for (std::size_t i = field.size - 1; i-- > 0; value >>= 3) block[field.offset + i] = static_cast<char>('0' + (value & 7));
}

// Puts a number, or zero and a record where it does not fit.
void put_number(TarBlock& block, TarField field, std::uint64_t value, const char* key, Records& records) {
  const bool fits = value <= (field.size == 8 ? k_max_octal7 : k_max_octal11);
  put_octal(block, field, fits ? value : 0);
  if (!fits) records[key] = std::to_string(value);
}

void put_time(TarBlock& block, const TarEntry& entry, Records& records) {
  const bool fits = entry.mtime_ns == 0 && entry.mtime_s >= 0 && static_cast<std::uint64_t>(entry.mtime_s) <= k_max_octal11;
  put_octal(block, k_mtime, fits ? static_cast<std::uint64_t>(entry.mtime_s) : 0);
  if (!fits) records["mtime"] = make_pax_time({entry.mtime_s, entry.mtime_ns});
}

// Splits at the first slash that leaves a short enough name; false where there is none.
bool put_split_name(TarBlock& block, std::string_view name) {
  if (name.size() > k_prefix.size + 1 + k_name.size) return false;
  const auto slash = name.find('/', name.size() - k_name.size - 1);
  if (slash == std::string_view::npos || slash == 0 || slash > k_prefix.size || slash + 1 == name.size()) return false;
  put_text(block, k_prefix, name.substr(0, slash));
  put_text(block, k_name, name.substr(slash + 1));
  return true;
}

void put_name(TarBlock& block, const std::string& name, Records& records) {
  if (name.size() <= k_name.size) return put_text(block, k_name, name);
  if (put_split_name(block, name)) return;
  put_text(block, k_name, name);
  records["path"] = name;
}

void put_link_name(TarBlock& block, const std::string& name, Records& records) {
  put_text(block, k_link_name, name);
  if (name.size() > k_link_name.size) records["linkpath"] = name;
}

void put_device(TarBlock& block, const TarEntry& entry) {
  if (entry.device_major > k_max_octal7 || entry.device_minor > k_max_octal7) throw_unfit(entry, "the device number does not fit into tar");
  put_octal(block, k_device_major, entry.device_major);
  put_octal(block, k_device_minor, entry.device_minor);
}

void put_xattrs(const TarEntry& entry, Records& records) {
  for (const auto& [name, value] : entry.xattrs) {
    // The first "=" ends a pax key: such a name would come back as another.
    if (name.empty() || name.find('=') != std::string::npos)
      throw_unfit(entry, "xattr '" + util::escape_text(name) + "' does not fit into tar");
    records[std::string(k_pax_xattr) + name] = value;
  }
}

void seal(TarBlock& block, char type) {
  block[k_type_offset] = type;
  put_text(block, k_magic, std::string_view("ustar\00000", 8));
  const std::uint32_t sum = tar_checksum(block);
  put_octal(block, {k_checksum.offset, k_checksum.size - 1}, sum);  // six digits, NUL, blank
  block[k_checksum.offset + k_checksum.size - 1] = ' ';
}

std::string_view as_text(const TarBlock& block) { return {block.data(), block.size()}; }

std::string_view zeros(std::size_t size) {
  static constexpr std::array<char, 2 * k_block_bytes> none{};
  return {none.data(), size};
}

void write_pax(const ByteSink& sink, const TarEntry& entry, const Records& records) {
  std::string content;
  for (const auto& [key, value] : records) content += make_pax_record(key, value);
  TarBlock block{};
  std::string_view name = entry.name;
  while (name.ends_with('/')) name.remove_suffix(1);
  put_text(block, k_name, ("PaxHeaders.0/" + std::string(name.substr(name.rfind('/') + 1))).substr(0, k_name.size));
  for (const TarField field : {k_uid, k_gid, k_mtime, k_device_major, k_device_minor}) put_octal(block, field, 0);
  put_octal(block, k_mode, 0644);
  put_octal(block, k_size, content.size());
  seal(block, 'x');
  sink(as_text(block));
  sink(content);
  sink(zeros(tar_padding(content.size())));
}

void check_names(const TarEntry& entry) {
  if (entry.name.empty()) throw_unfit(entry, "an entry without a name");
  if (entry.name.find('\0') != std::string::npos || entry.link_name.find('\0') != std::string::npos) throw_unfit(entry, "a NUL in a name");
  const bool is_link = entry.type == EntryType::hard_link || entry.type == EntryType::symbolic_link;
  if (is_link && entry.link_name.empty()) throw_unfit(entry, "a link without a target");
  if (entry.type == EntryType::file && entry.name.ends_with('/')) throw_unfit(entry, "a file's name ends with a slash");
}

}  // namespace

void TarWriter::entry(const TarEntry& entry) {
  if (m_missing_bytes != 0) throw std::logic_error("a tar entry was left incomplete");
  pad();
  check_names(entry);
  const bool is_directory = entry.type == EntryType::directory;
  const bool is_file = entry.type == EntryType::file;
  TarBlock block{};
  Records records;
  put_name(block, is_directory && !entry.name.ends_with('/') ? entry.name + "/" : entry.name, records);
  if (!entry.link_name.empty()) put_link_name(block, entry.link_name, records);
  put_octal(block, k_mode, entry.mode & 07777);
  put_number(block, k_uid, entry.uid, "uid", records);
  put_number(block, k_gid, entry.gid, "gid", records);
  put_number(block, k_size, is_file ? entry.size_bytes : 0, "size", records);
  put_time(block, entry, records);
  put_device(block, entry);
  put_xattrs(entry, records);
  if (!records.empty()) write_pax(m_sink, entry, records);
  seal(block, type_flag(entry.type));
  m_sink(as_text(block));
  m_missing_bytes = is_file ? entry.size_bytes : 0;
  m_padding_bytes = tar_padding(m_missing_bytes);
}

void TarWriter::content(std::string_view bytes) {
  if (bytes.size() > m_missing_bytes) throw std::logic_error("a tar entry has more content than its size");
  m_missing_bytes -= bytes.size();
  m_sink(bytes);
}

void TarWriter::pad() {
  if (m_padding_bytes > 0) m_sink(zeros(m_padding_bytes));
  m_padding_bytes = 0;
}

void TarWriter::finish() {
  if (m_missing_bytes != 0) throw std::logic_error("a tar entry was left incomplete");
  pad();
  m_sink(zeros(2 * k_block_bytes));
}

}  // namespace jcb::oci
