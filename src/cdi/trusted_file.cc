// SPDX-License-Identifier: Apache-2.0
#include "cdi/trusted_file.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace jcb::cdi {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& path, const std::string& cause, const std::string& hint) {
  throw Error(ErrorKind::refused, util::escape_text(path) + " " + cause, hint);
}

void check_owner(int fd, const std::string& path, bool above) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_errno("stat", path);
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    refuse(path, "belongs to uid " + std::to_string(status.st_uid) + ": specifications of devices must be root's or your own",
           "chown root " + util::quote_for_shell(path));
  const bool shared = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (shared && !(above && (status.st_mode & S_ISVTX) != 0))
    refuse(path, "can be written by others, who could then show any file of this machine to a container",
           "chmod go-w " + util::quote_for_shell(path));
}

// The path without links, so that the walk below sees every directory that could redirect it; empty when there is none.
fs::path resolve(const fs::path& path) {
  std::error_code error;
  const fs::path resolved = fs::canonical(path, error);
  if (!error) return resolved;
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return {};
  throw Error(ErrorKind::system, "cannot look up " + util::escape_text(path.native()) + ": " + error.message(), {}, error.value());
}

}  // namespace

std::optional<util::Fd> find_trusted(const fs::path& path, int flags) {
  const fs::path resolved = resolve(fs::absolute(path));
  if (resolved.empty()) return std::nullopt;
  util::Fd here(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  fs::path done = "/";
  for (const auto& part : resolved.relative_path()) {
    check_owner(here.get(), done.native(), true);
    done /= part;
    const bool last = done == resolved;
    here = util::Fd(
        ::openat(here.get(), part.c_str(), O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (last ? flags : O_PATH | O_DIRECTORY)));
    if (!here) throw_errno("open", done.native());
  }
  check_owner(here.get(), resolved.native(), false);
  return here;
}

}  // namespace jcb::cdi
