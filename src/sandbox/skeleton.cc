// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.h"

#include "jcbuild/error.h"
#include "sandbox/mount_points.h"
#include "util/root.h"

#include <sys/stat.h>

#include <string>

namespace jcb::sandbox {
namespace {

// The last two are where the resolv.conf of Ubuntu and Debian images points to.
constexpr const char* k_files[] = {"etc/resolv.conf", "etc/hosts", "etc/hostname", "run/systemd/resolve/stub-resolv.conf",
                                   "run/resolvconf/resolv.conf"};

void make_file(const util::Root& directory, const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash != std::string::npos) directory.make_dirs(path.substr(0, slash));
  if (!directory.find_stat(path)) directory.write_file(path, "");
}

bool shows_directory(const Bind& bind) {
  struct stat status {};
  const int result = bind.held ? ::fstat(bind.held->get(), &status) : ::stat(bind.source.c_str(), &status);
  if (result != 0) throw_errno("stat", bind.source.native());
  return S_ISDIR(status.st_mode);
}

std::string find_path(const std::string& target, const util::Root* image) {
  if (image != nullptr) return MountPoints(image->duplicate()).resolve(target);
  return std::filesystem::path("/" + target).lexically_normal().relative_path();
}

}  // namespace

void make_skeleton(const util::Root& directory, const std::vector<Bind>& binds) {
  std::vector<MountPoint> points;
  for (const auto& bind : binds) points.push_back({bind.target, shows_directory(bind)});
  make_skeleton(directory, points);
}

void make_skeleton(const util::Root& directory, const std::vector<MountPoint>& points, const util::Root* image) {
  for (const char* name : {"proc", "sys", "dev"}) directory.make_dirs(name);
  for (const char* path : k_files) make_file(directory, path);
  for (const auto& point : points) {
    const std::string path = find_path(point.target, image);
    const std::string top = path.substr(0, path.find('/'));
    if (path.empty() || top == "dev" || top == "proc" || top == "sys") continue;
    if (point.directory)
      directory.make_dirs(path);
    else
      make_file(directory, path);
  }
}

}  // namespace jcb::sandbox
