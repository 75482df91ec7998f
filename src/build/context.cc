// SPDX-License-Identifier: Apache-2.0
#include "build/context.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jcbuild/error.h"
#include "util/hash.h"
#include "util/text.h"

namespace jcb::build {
namespace {

// The components of a source path: "." and empty ones dropped, ".." clamped at the context's root, as docker does.
std::vector<std::string> clean_components(const std::string& pattern) {
  std::vector<std::string> components;
  for (auto& part : util::split(pattern, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      components.push_back(std::move(part));
    } else if (!components.empty()) {
      components.pop_back();
    }
  }
  return components;
}

bool has_wildcard(const std::string& component) { return component.find_first_of("*?[\\") != std::string::npos; }

std::string join_path(const std::string& directory, const std::string& name) { return directory.empty() ? name : directory + "/" + name; }

// Feeds everything that the content of a tree consists of into a hash: not owner and not times, which COPY does not take.
class TreeHash {
 public:
  TreeHash(const util::Root& root, const Context& context) : m_root(root), m_context(context) {}

  std::string hash(const std::string& path, const struct stat& status) {
    add(path, "", status);
    return m_hash.hex();
  }

 private:
  void add(const std::string& path, const std::string& relative, const struct stat& status) {
    m_hash.field(relative).field(std::to_string(status.st_mode & S_IFMT)).field(std::to_string(m_context.image_mode(status.st_mode)));
    if (S_ISDIR(status.st_mode)) return add_children(path, relative);
    if (S_ISLNK(status.st_mode)) {
      m_hash.field(m_root.read_link(path));
    } else if (S_ISREG(status.st_mode)) {
      add_content(path);
    } else {
      throw Error(ErrorKind::invalid, "cannot copy " + path + ": it is neither a file, a directory nor a link");
    }
  }

  void add_children(const std::string& path, const std::string& relative) {
    for (const auto& entry : m_root.list(path)) {
      const auto child = join_path(path, entry.name);
      const auto status = m_root.find_stat(child);
      if (status) add(child, join_path(relative, entry.name), *status);
    }
  }

  void add_content(const std::string& path) {
    const util::Fd file = m_root.open_regular(path);
    util::Sha256 content;
    std::vector<char> buffer(std::size_t{1} << 17);
    while (const std::size_t got = util::read_full(file.get(), buffer.data(), buffer.size(), path)) content.update({buffer.data(), got});
    m_hash.field(content.hex());
  }

  const util::Root& m_root;
  const Context& m_context;
  util::Sha256 m_hash;
};

}  // namespace

std::uint32_t Context::image_mode(std::uint32_t mode) const noexcept {
  if (m_modes == ModePolicy::as_is) return mode & 07777U;
  if (S_ISLNK(mode)) return 0777;
  return S_ISDIR(mode) || (mode & S_IXUSR) != 0 ? 0755 : 0644;
}

std::vector<std::string> Context::expand(const std::string& pattern) const {
  std::vector<std::string> paths{""};
  for (const auto& component : clean_components(pattern)) {
    std::vector<std::string> next;
    for (const auto& path : paths) {
      if (!has_wildcard(component)) {
        const auto candidate = join_path(path, component);
        if (m_root.find_stat(candidate)) next.push_back(candidate);
        continue;
      }
      const auto status = m_root.find_stat(path.empty() ? "." : path, util::Follow::yes);
      if (!status || !S_ISDIR(status->st_mode)) continue;
      for (const auto& entry : m_root.list(path)) {
        if (util::matches_glob(component, entry.name)) next.push_back(join_path(path, entry.name));
      }
    }
    paths = std::move(next);
  }
  return paths;
}

std::vector<CopySource> Context::match(const std::string& pattern) const {
  std::vector<CopySource> sources;
  for (const auto& path : expand(pattern)) {
    // A link named as a source is followed inside the context, as docker does; links below a directory stay links.
    const auto status = m_root.find_stat(path.empty() ? "." : path, util::Follow::yes);
    if (!status) continue;
    sources.push_back({path, S_ISDIR(status->st_mode), TreeHash(m_root, *this).hash(path.empty() ? "." : path, *status)});
  }
  if (!sources.empty()) return sources;
  std::vector<std::string> names;
  for (const auto& entry : m_root.list()) names.push_back(entry.name);
  throw Error(ErrorKind::not_found, "'" + util::escape_text(pattern) + "' is not in the build context",
              util::did_you_mean(util::nearest_names(pattern, names)));
}

}  // namespace jcb::build
