// SPDX-License-Identifier: Apache-2.0
#include "sandbox/sandbox.h"

#include "jcbuild/error.h"
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

bool shows_directory(const std::filesystem::path& source) {
  struct stat status {};
  if (::stat(source.c_str(), &status) != 0) throw_errno("stat", source.native());
  return S_ISDIR(status.st_mode);
}

}  // namespace

void make_skeleton(const util::Root& directory, const std::vector<Bind>& binds) {
  for (const char* name : {"proc", "sys", "dev"}) directory.make_dirs(name);
  for (const char* path : k_files) make_file(directory, path);
  for (const auto& bind : binds) {
    const std::string path = std::filesystem::path("/" + bind.target).lexically_normal().relative_path();
    const std::string top = path.substr(0, path.find('/'));
    if (path.empty() || top == "dev" || top == "proc" || top == "sys") continue;
    if (shows_directory(bind.source))
      directory.make_dirs(path);
    else
      make_file(directory, path);
  }
}

}  // namespace jcb::sandbox
