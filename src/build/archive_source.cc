// SPDX-License-Identifier: Apache-2.0
#include "build/archive_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/source_file.h"
#include "jcbuild/error.h"
#include "oci/layer/layer.h"
#include "oci/layer/tar.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/interrupt.h"

namespace jcb::build {
namespace {

constexpr const char* k_stdin = "the standard input";

bool begins_with_entry(int fd, const std::string& thing) {
  try {
    const auto decompressor = oci::make_archive_decompressor(fd, {}, thing);
    oci::TarReader reader([&](char* buffer, std::size_t size) { return decompressor->read(buffer, size); }, thing);
    return reader.next().has_value();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::system) throw;
    return false;
  }
}

void rewind_file(int fd, const std::string& thing) {
  if (::lseek(fd, 0, SEEK_SET) < 0) throw_errno("rewind", thing);
}

// A descriptor that can be read twice: the file itself, or a copy of what came through a pipe.
util::Fd make_seekable(int fd, const util::Root& directory) {
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && ::lseek(fd, 0, SEEK_CUR) == 0) {
    util::Fd same(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!same) throw_errno("duplicate", k_stdin);
    return same;
  }
  // Not O_TMPFILE, which overlayfs has only since Linux 6.3.
  const std::string name = ".stdin-" + util::random_token();
  util::Fd copy = directory.open_at(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  directory.remove_tree(name);
  std::string buffer(std::size_t{256} << 10, '\0');
  while (const std::size_t got = util::read_full(fd, buffer.data(), buffer.size(), k_stdin)) {
    util::check_interrupt();
    util::write_all(copy.get(), {buffer.data(), got}, "the copy of the standard input");
  }
  rewind_file(copy.get(), k_stdin);
  return copy;
}

}  // namespace

bool is_archive(const util::Root& root, const std::string& path) {
  const util::Fd file = root.open_regular(path);
  return begins_with_entry(file.get(), path);
}

void extract_archive(int fd, const util::Root& target, const std::optional<std::pair<std::uint32_t, std::uint32_t>>& owner,
                     const std::string& thing, util::OwnerRecords* records) {
  oci::UnpackOptions options;
  options.records = records;
  options.whiteouts = oci::Whiteouts::apply;
  options.owner = owner;
  options.keep_root = true;
  oci::extract_tar(fd, target, options, thing);
}

void unpack_context(int fd, const util::Root& directory) {
  extract_archive(fd, directory, std::pair(::geteuid(), ::getegid()), "the context");
}

StandardInput read_standard_input(int fd, const util::Root& directory) {
  const util::Fd file = make_seekable(fd, directory);
  StandardInput input;
  input.is_archive = begins_with_entry(file.get(), k_stdin);
  rewind_file(file.get(), k_stdin);
  if (input.is_archive) {
    unpack_context(file.get(), directory);
    return input;
  }
  input.dockerfile = util::read_to_end(file.get(), k_max_dockerfile_bytes, k_stdin);
  if (input.dockerfile.find('\0') != std::string::npos)
    throw Error(ErrorKind::invalid, "the standard input is neither a tar nor a Dockerfile");
  return input;
}

}  // namespace jcb::build
