// SPDX-License-Identifier: Apache-2.0
#include "layer_support.h"

#include "jcbuild/error.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace jcb::test {

struct stat Tree::status(const std::string& name) const {
  const auto found = root.find_stat(name);
  if (!found) throw Error(ErrorKind::not_found, "the test's tree has no " + name);
  return *found;
}

TarEntry make_entry(EntryType type, std::string name, std::string link_name, std::uint32_t mode) {
  TarEntry entry;
  entry.type = type;
  entry.name = std::move(name);
  entry.link_name = std::move(link_name);
  entry.mode = mode;
  entry.uid = ::geteuid();
  entry.gid = ::getegid();
  entry.mtime_s = 1'600'000'000;
  return entry;
}

TarText& TarText::add(TarEntry entry, std::string_view content) {
  if (entry.type == EntryType::file) entry.size_bytes = content.size();
  m_writer.entry(entry);
  if (!content.empty()) m_writer.content(content);
  return *this;
}

std::string TarText::finish() {
  m_writer.finish();
  return m_bytes;
}

std::string RawHeader::block() const {
  oci::TarBlock block{};
  const auto put = [&](std::size_t offset, std::string_view text) { std::memcpy(block.data() + offset, text.data(), text.size()); };
  put(0, std::string_view(name).substr(0, 100));
  for (const std::size_t offset : {100, 108, 116}) put(offset, "0000000");
  put(124, size);
  put(136, "00000000000");
  block[156] = type;
  put(157, std::string_view(link_name).substr(0, 100));
  put(257, magic);
  for (const auto& [offset, bytes] : patches) put(offset, bytes);
  std::array<char, 8> sum{};
  std::snprintf(sum.data(), sum.size(), "%06o", oci::tar_checksum(block));
  put(148, std::string_view(sum.data(), 7));
  block[155] = ' ';
  return {block.data(), block.size()};
}

std::string padded(std::string text) {
  text.resize(text.size() + oci::tar_padding(text.size()), '\0');
  return text;
}

std::string octal_size(std::uint64_t size) {
  std::string text(11, '0');
  for (std::size_t i = text.size(); i-- > 0; size >>= 3) text[i] = static_cast<char>('0' + (size & 7));
  return text;
}

std::string pax_header(const std::string& records, char type) {
  RawHeader header{"PaxHeaders/x", type, octal_size(records.size())};
  return header.block() + padded(records);
}

std::vector<std::pair<TarEntry, std::string>> read_tar(const std::string& bytes, const oci::TarLimits& limits) {
  std::size_t position = 0;
  oci::TarReader reader(
      [&](char* buffer, std::size_t size) {
        const std::size_t part = std::min(size, bytes.size() - position);
        std::memcpy(buffer, bytes.data() + position, part);
        position += part;
        return part;
      },
      "t.tar", limits);
  std::vector<std::pair<TarEntry, std::string>> entries;
  while (auto entry = reader.next()) {
    std::string content;
    std::array<char, 1000> chunk;  // no divisor of a block: reads cross every border
    while (const std::size_t got = reader.read(chunk.data(), chunk.size())) content.append(chunk.data(), got);
    entries.emplace_back(std::move(*entry), std::move(content));
  }
  reader.expect_end();
  return entries;
}

std::string invalid_message(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::invalid);
    return error.message();
  }
  FAIL("nothing was thrown");
  return {};
}

util::Fd file_with(std::string_view content) {
  util::Fd fd(::memfd_create("test", MFD_CLOEXEC));
  util::write_all(fd.get(), content, "the test's file");
  REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
  return fd;
}

void extract(const std::string& tar, const Tree& target, const oci::UnpackOptions& options) {
  oci::extract_tar(file_with(tar).get(), target.root, options, "t.tar");
}

oci::UnpackOptions rootfs_options() {
  oci::UnpackOptions options;
  options.whiteouts = oci::Whiteouts::apply;
  return options;
}

std::string run_tool(const std::string& program, const std::vector<std::string>& arguments, std::string_view input) {
  const auto path = util::require_trusted_program(program, "");
  const auto result = util::run_captured({path, arguments, {"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}, "/"}, input);
  INFO(program << ": " << result.err);
  REQUIRE(result.status.success());
  return result.out;
}

bool has_tool(const std::string& program) {
  if (util::find_trusted_program(program)) return true;
  WARN("skipped: " << program << " is not installed");
  return false;
}

bool is_root() { return ::geteuid() == 0; }

}  // namespace jcb::test
