// SPDX-License-Identifier: Apache-2.0
#include "api/build_contexts.h"

#include <fcntl.h>
#include <unistd.h>

#include "build/archive_source.h"
#include "build/git_url.h"
#include "build/remote_file.h"
#include "oci/registry/http_url.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::api {
namespace {

namespace fs = std::filesystem;

bool is_directory(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

bool is_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_address(const std::string& text) { return build::parse_git_context(text) || oci::is_http_url(text); }

// "docker-image://NAME" and "oci-layout://DIR[:TAG]" as buildx writes them, or a name of ours.
std::string image_name(const std::string& text) {
  constexpr std::string_view k_image = "docker-image://", k_layout = "oci-layout://";
  if (text.starts_with(k_image)) return text.substr(k_image.size());
  if (text.starts_with(k_layout)) return "oci:" + text.substr(k_layout.size());
  return text;
}

}  // namespace

void check_contexts(const BuildRequest& request) {
  const auto& context = request.context;
  if (context != "-" && !is_directory(context) && !is_file(context) && !is_address(context))
    throw Error(ErrorKind::not_found, "the context " + util::escape_text(context) + " is no directory, archive or address");
  if (context == "-" && request.dockerfile == "-")
    throw Error(ErrorKind::usage, "standard input cannot be both the context and the Dockerfile");
}

BuildContexts::BuildContexts(Session::Parts& parts, const BuildRequest& request, build::RemoteAccess access)
    : m_parts(parts), m_request(request), m_access(std::move(access)) {
  const auto place = find_place(request.context);
  read_dockerfile(place);
  if (place.dockerfile.empty()) open_tree("", place.directory, m_dockerfile_path);
  for (const auto& [name, source] : request.build_contexts) {
    if (!is_directory(source) && !is_file(source) && !is_address(source)) {
      m_named.images[name] = image_name(source);
      continue;
    }
    const auto named = find_place(source);
    if (!named.dockerfile.empty())
      throw Error(ErrorKind::invalid, "the build context " + name + ", " + build::strip_userinfo(source) + ", is no archive");
    open_tree(name, named.directory, {});
    m_named.directories.insert(name);
  }
}

store::Workspace& BuildContexts::workspace() {
  if (!m_workspace) m_workspace.emplace(m_parts.store().make_workspace());
  return *m_workspace;
}

BuildContexts::Place BuildContexts::find_place(const std::string& text) {
  if (text == "-") return take_stdin();
  if (is_directory(text)) return {text, {}};
  if (is_file(text)) return take_file(text, text);
  return in_step("fetching the context " + build::strip_userinfo(text), [&] { return take_address(text); });
}

BuildContexts::Place BuildContexts::take_stdin() {
  const auto directory = workspace().make_directory("stdin");
  auto input = build::read_standard_input(STDIN_FILENO, util::Root::open(directory));
  return {directory, input.is_archive ? std::string() : std::move(input.dockerfile)};
}

BuildContexts::Place BuildContexts::take_file(const fs::path& file, const std::string& name) {
  const util::Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!opened) throw_errno("open", name);
  const auto directory = workspace().make_directory("context");
  auto input =
      in_step("unpacking the context " + name, [&] { return build::read_standard_input(opened.get(), util::Root::open(directory)); });
  return {directory, input.is_archive ? std::string() : std::move(input.dockerfile)};
}

BuildContexts::Place BuildContexts::take_address(const std::string& text) {
  if (const auto git = build::parse_git_context(text)) {
    build::GitOptions options;
    options.access = m_access.git;
    const auto commit = build::resolve_git_ref(*git, workspace().make_directory("git"), options);
    return {build::check_out(*git, commit, workspace().make_directory("git"), options).tree, {}};
  }
  const auto directory = workspace().make_directory("download");
  const auto file = build::download(*m_access.http, m_parts.store(), text, directory);
  return take_file(directory / file.name, file.url);
}

void BuildContexts::read_dockerfile(const Place& place) {
  if (!place.dockerfile.empty()) {
    m_dockerfile = build::parse_source_file(place.dockerfile, "Dockerfile");
  } else if (m_request.dockerfile == "-") {
    m_dockerfile = build::parse_source_file(util::read_to_end(STDIN_FILENO, build::k_max_dockerfile_bytes, "standard input"), "Dockerfile");
  } else if (!m_request.dockerfile.empty() && is_directory(m_request.context)) {
    m_dockerfile = build::read_source_file(fs::path(m_request.dockerfile));
    m_dockerfile_path = m_request.dockerfile;
  } else {
    // A Dockerfile of an archive or a repository is inside it.
    const std::string name = m_request.dockerfile.empty() ? "Dockerfile" : m_request.dockerfile;
    const auto root = util::Root::open(place.directory);
    m_dockerfile = build::read_source_file(root, name, is_directory(m_request.context) ? (place.directory / name).native() : name);
    m_dockerfile_path = place.directory / name;
  }
}

void BuildContexts::open_tree(const std::string& name, const fs::path& directory, const fs::path& dockerfile) {
  build::ContextOptions options;
  if (!name.empty()) options.name = "the build context " + name;
  auto root = util::Root::open(directory);
  options.ignore = build::find_ignore_rules(root, dockerfile);
  options.digests = std::make_shared<build::ContentCache>(m_parts.store().context_cache(), root);
  m_digests.push_back(options.digests);
  m_trees[name] = {std::make_shared<const build::Context>(std::move(root), std::move(options)), directory};
}

void BuildContexts::save_digests() {
  for (const auto& digests : m_digests) digests->save();
}

}  // namespace jcb::api
