// SPDX-License-Identifier: Apache-2.0
#include "build/context.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr int k_max_links = 40;  // as the kernel's MAXSYMLINKS
constexpr std::uint64_t k_max_ignore_bytes = std::uint64_t{1} << 20;

bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

std::string hash_file(int fd, const std::string& path) {
  util::Sha256 content;
  std::vector<char> buffer(std::size_t{1} << 17);
  while (const std::size_t got = util::read_full(fd, buffer.data(), buffer.size(), path)) {
    util::check_interrupt();
    content.update({buffer.data(), got});
  }
  return content.hex();
}

void push_parts(std::vector<std::string>& todo, std::string_view path) {
  auto parts = util::split(path, '/');
  std::reverse(parts.begin(), parts.end());
  todo.insert(todo.end(), parts.begin(), parts.end());
}

std::shared_ptr<const dockerfile::IgnoreRules> parse_rules(const std::optional<std::string>& text, const std::string& name) {
  if (!text) return nullptr;
  return std::make_shared<const dockerfile::IgnoreRules>(dockerfile::IgnoreRules::parse(*text, name));
}

// The part of a path that lies below a directory, found by comparing its ancestors with it: names may go through links.
std::optional<std::string> path_below(const util::Root& root, const std::filesystem::path& path) {
  struct stat top {
  }, status{};
  if (::fstat(root.fd(), &top) != 0) throw_errno("stat", "the build context");
  for (auto ancestor = path.parent_path(); !ancestor.empty(); ancestor = ancestor.parent_path()) {
    if (::stat(ancestor.c_str(), &status) == 0 && status.st_dev == top.st_dev && status.st_ino == top.st_ino)
      return path.native().substr(ancestor.native().size());
    if (ancestor == ancestor.parent_path()) break;
  }
  return std::nullopt;
}

// The ignore file of one Dockerfile.
std::shared_ptr<const dockerfile::IgnoreRules> find_own_rules(const util::Root& context, std::filesystem::path path) {
  path += ".dockerignore";
  const auto inside = path_below(context, std::filesystem::absolute(path));
  if (inside) return parse_rules(context.find_file(*inside, k_max_ignore_bytes), path.filename().native());
  return parse_rules(util::find_file(path, k_max_ignore_bytes), path.native());
}

}  // namespace

std::uint32_t Context::image_mode(std::uint32_t mode) const noexcept {
  if (m_options.modes == ModePolicy::as_is) return mode & 07777U;
  if (S_ISLNK(mode)) return 0777;
  return S_ISDIR(mode) || (mode & S_IXUSR) != 0 ? 0755 : 0644;
}

std::string Context::digest(const util::Root& directory, const std::string& name, const struct stat& status,
                            const std::string& path) const {
  if (m_options.digests) {
    if (auto known = m_options.digests->find(status)) return std::move(*known);
  }
  const util::Fd file = directory.open_at(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat before {
  }, after{};
  if (::fstat(file.get(), &before) != 0) throw_errno("stat", path);
  std::string digest = is_same_file(before, status) ? hash_file(file.get(), path) : "";
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (::fstat(file.get(), &after) != 0) throw_errno("stat", path);
  if (digest.empty() || !is_same_file(before, after))
    throw Error(ErrorKind::failed, util::escape_text(path) + " in " + m_options.name + " was changed while it was read",
                "run the build again");
  if (m_options.digests) m_options.digests->remember(after, digest, now);
  return digest;
}

std::string resolve_in_root(const util::Root& root, std::string_view path, const std::function<void(const std::string&)>& on_link) {
  std::vector<std::string> done, todo;
  push_parts(todo, path);
  for (int links = 0; !todo.empty();) {
    const std::string part = std::move(todo.back());
    todo.pop_back();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!done.empty()) done.pop_back();
      continue;
    }
    done.push_back(part);
    const std::string here = util::join(done, "/");
    const auto status = root.find_stat(here);
    if (!status || !S_ISLNK(status->st_mode)) continue;
    if (++links > k_max_links) throw Error(ErrorKind::invalid, "too many links in " + util::escape_text(path));
    if (on_link) on_link(here);
    const std::string target = root.read_link(here);
    if (target.starts_with('/')) {
      done.clear();
    } else {
      done.pop_back();
    }
    push_parts(todo, target);
  }
  return util::join(done, "/");
}

std::shared_ptr<const dockerfile::IgnoreRules> find_ignore_rules(const util::Root& context, const std::filesystem::path& dockerfile) {
  auto own = dockerfile.empty() ? nullptr : find_own_rules(context, dockerfile);
  return own ? own : parse_rules(context.find_file(".dockerignore", k_max_ignore_bytes), ".dockerignore");
}

}  // namespace jcb::build
