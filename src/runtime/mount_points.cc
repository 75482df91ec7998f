// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_points.h"

#include "jcbuild/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace jcb::runtime {
namespace {

constexpr mode_t k_directory_mode = 0755;

// Where the kernel says that an open file is, as seen from the root. Links are gone from it.
std::string resolved_path(const util::Root& root, const util::Fd& file, std::string_view thing) {
  std::string base = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(root.fd())).native();
  const std::string path = std::filesystem::read_symlink(file.proc_path()).native();
  if (base == "/") base.clear();
  if (path == base) return "/";
  if (path.starts_with(base + "/")) return path.substr(base.size());
  throw Error(ErrorKind::refused, std::string(thing) + " is outside of the root file system");
}

void check_link_free(std::string_view path, std::string_view thing) {
  for (const char* forbidden : {"/proc", "/dev/fd"}) {
    if (is_at_or_below(path, forbidden)) throw Error(ErrorKind::refused, std::string(thing) + " is in " + forbidden);
  }
}

// As Root::make_dirs, but the modes of new directories do not depend on our umask: containers run as other users too.
util::Fd make_directories(const util::Root& root, std::string_view path) {
  util::Fd last = root.open_at(".", O_RDONLY | O_DIRECTORY);
  for (std::size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    const auto prefix = path.substr(0, end);
    if (auto existing = root.find_at(prefix, O_RDONLY | O_DIRECTORY)) {
      last = std::move(*existing);
      continue;
    }
    last = root.make_dirs(prefix, k_directory_mode);
    if (::fchmod(last.get(), k_directory_mode) != 0) throw_errno("set the mode of", prefix);
  }
  return last;
}

util::Fd make_empty_file(const util::Root& root, const std::string& path) {
  make_directories(root, path.substr(0, path.rfind('/')));
  util::Fd file = root.open_at(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
  if (::fchmod(file.get(), 0644) != 0) throw_errno("set the mode of", path);
  return file;
}

util::Fd open_or_make(const util::Root& root, const std::string& path, MountPoint kind) {
  if (auto existing = root.find_at(path, O_PATH)) return std::move(*existing);
  if (root.find_stat(path)) throw Error(ErrorKind::refused, "mount point " + path + " is a link to nowhere in the image");
  return kind == MountPoint::directory ? make_directories(root, path) : make_empty_file(root, path);
}

mode_t type_of(const util::Fd& file, std::string_view thing) {
  struct stat status {};
  if (::fstatat(file.get(), "", &status, AT_EMPTY_PATH) != 0) throw_errno("stat", thing);
  return status.st_mode & S_IFMT;
}

}  // namespace

std::string clean_absolute_path(std::string_view text, std::string_view thing) {
  if (!text.starts_with('/') || text.find('\0') != std::string_view::npos)
    throw Error(ErrorKind::invalid, std::string(thing) + " '" + std::string(text) + "' is not an absolute path");
  std::string path = std::filesystem::path(text).lexically_normal().native();
  // lexically_normal keeps a trailing slash and, as POSIX may, two leading ones.
  while (path.starts_with("//")) path.erase(0, 1);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

bool is_at_or_below(std::string_view path, std::string_view directory) {
  if (directory == "/") return true;
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

void make_real_directory(const util::Root& root, const std::string& name) {
  const auto status = root.find_stat(name);
  if (status && S_ISDIR(status->st_mode)) return;
  root.remove_tree(name);
  if (::mkdirat(root.fd(), name.c_str(), k_directory_mode) != 0) throw_errno("make directory", name);
}

std::string make_mount_point(const util::Root& root, std::string_view target, MountPoint kind) {
  const std::string path = clean_absolute_path(target, "mount point");
  const util::Fd file = open_or_make(root, path, kind);
  const bool is_directory = S_ISDIR(type_of(file, path));
  if (is_directory != (kind == MountPoint::directory))
    throw Error(ErrorKind::invalid, "mount point " + path + (is_directory ? " is a directory" : " is not a directory") + " in the image");
  return resolved_path(root, file, path);
}

std::string make_file_mount_point(const util::Root& root, std::string_view target) {
  const std::string path = clean_absolute_path(target, "mount point");
  const auto status = root.find_stat(path);
  if (status && S_ISREG(status->st_mode)) return resolved_path(root, root.open_at(path, O_PATH | O_NOFOLLOW), path);
  if (status) root.remove_tree(path);
  return resolved_path(root, make_empty_file(root, path), path);
}

std::string make_working_directory(const util::Root& root, std::string_view path, const sandbox::Identity& owner) {
  const std::string clean = clean_absolute_path(path, "working directory");
  const std::string thing = "working directory " + clean;
  check_link_free(clean, thing);
  const bool exists = root.find_at(clean, O_PATH | O_DIRECTORY).has_value();
  const util::Fd directory = make_directories(root, clean);
  std::string resolved = resolved_path(root, directory, thing);
  check_link_free(resolved, thing);
  if (!exists && ::fchown(directory.get(), owner.uid, owner.gid) != 0) throw_errno("change the owner of", thing);
  return resolved;
}

}  // namespace jcb::runtime
