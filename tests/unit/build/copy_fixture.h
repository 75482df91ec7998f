// SPDX-License-Identifier: Apache-2.0
// Trees from text, a COPY between them, and what came out as text.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "build/copy.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::test {

/// COPY makes files of root. As another user, that takes a user namespace with one id; the process enters one for good.
inline bool may_chown() {
  static const bool possible = [] {
    if (::geteuid() == 0) return true;
    const auto uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER) != 0) return false;
    const auto put = [](const char* path, const std::string& text) {
      const util::Fd file(::open(path, O_WRONLY | O_CLOEXEC));
      return file && ::write(file.get(), text.data(), text.size()) > 0;
    };
    return put("/proc/self/setgroups", "deny") && put("/proc/self/uid_map", "0 " + uid + " 1") &&
           put("/proc/self/gid_map", "0 " + gid + " 1");
  }();
  if (!possible) WARN("skipped: neither root nor able to make a user namespace");
  return possible;
}

/// Whether this process may give files to any user.
inline bool may_chown_to_anyone() {
  const util::TempDir top(std::filesystem::temp_directory_path());
  const bool possible = ::chown(top.path().c_str(), 55, 66) == 0;
  if (!possible) WARN("skipped: this process may not give files away");
  return possible;
}

/// Makes files, directories (ending in '/') and links ("name -> target") below a root; parents too. A file holds its path.
inline void make_tree(const util::Root& root, const std::vector<std::string>& entries) {
  for (const auto& entry : entries) {
    const auto arrow = entry.find(" -> ");
    const std::string path = entry.substr(0, arrow);
    const auto slash = path.rfind('/');
    if (slash != std::string::npos) root.make_dirs(path.substr(0, slash));
    if (path.ends_with('/')) continue;
    if (arrow == std::string::npos) {
      root.write_file(path, path);
    } else {
      const auto place = root.place(path);
      REQUIRE(::symlinkat(entry.substr(arrow + 4).c_str(), place.parent.get(), place.name.c_str()) == 0);
    }
  }
}

inline void list_tree(const util::Root& root, const std::string& directory, std::vector<std::string>& lines) {
  for (const auto& entry : root.list(directory)) {
    const std::string path = directory.empty() ? entry.name : directory + "/" + entry.name;
    if (entry.type == S_IFDIR) {
      lines.push_back(path + "/");
      list_tree(root, path, lines);
    } else if (entry.type == S_IFLNK) {
      lines.push_back(path + " -> " + root.read_link(path));
    } else if (entry.type == S_IFREG) {
      lines.push_back(path + " = " + root.read_file(path, 1U << 20));
    } else {
      lines.push_back(path + " ?");
    }
  }
}

/// Every path of a tree with what it is: "d/", "d/f = content", "l -> target".
inline std::vector<std::string> tree_lines(const util::Root& root) {
  std::vector<std::string> lines;
  list_tree(root, "", lines);
  return lines;
}

/// A source tree, a destination tree, and a COPY from one to the other.
struct CopyFixture {
  util::TempDir top{std::filesystem::temp_directory_path()};
  util::Root source;
  util::Root target;
  build::ContextOptions options;
  build::CopyRequest request;

  CopyFixture() : source(make("source")), target(make("target")) {}

  util::Root make(const std::string& name) const {
    top.root().make_dirs(name);
    return top.root().subroot(name);
  }
  void set_ignore(const std::string& text) {
    options.ignore = std::make_shared<const dockerfile::IgnoreRules>(dockerfile::IgnoreRules::parse(text, ".dockerignore"));
  }
  std::shared_ptr<const build::Context> context() const { return std::make_shared<const build::Context>(source.duplicate(), options); }
  /// The request with these paths and this destination.
  build::CopyRequest with(const std::vector<std::string>& paths, const std::string& destination) const {
    build::CopyRequest full = request;
    for (const auto& path : paths) full.arguments.push_back({context(), path});
    full.destination = destination;
    return full;
  }
  std::vector<build::CopySource> select(const std::vector<std::string>& paths) const { return build::select_sources(with(paths, "/")); }
  std::string content(const std::string& path) const { return select({path}).at(0).content; }
  /// Copies, and lists the destination.
  std::vector<std::string> copy(const std::vector<std::string>& paths, const std::string& destination) const {
    const auto full = with(paths, destination);
    build::copy_into(target, full, build::select_sources(full));
    return tree_lines(target);
  }
  mode_t mode(const std::string& path) const { return target.find_stat(path)->st_mode & 07777; }
};

using Lines = std::vector<std::string>;

}  // namespace jcb::test
