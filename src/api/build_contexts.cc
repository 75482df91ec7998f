// SPDX-License-Identifier: Apache-2.0
#include "api/build_contexts.h"

#include "util/text.h"

namespace jcb::api {
namespace {

namespace fs = std::filesystem;

bool is_directory(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

// "docker-image://NAME" and "oci-layout://DIR[:TAG]" as buildx writes them, or a name of ours.
std::string image_name(const std::string& text) {
  constexpr std::string_view k_image = "docker-image://", k_layout = "oci-layout://";
  if (text.starts_with(k_image)) return text.substr(k_image.size());
  if (text.starts_with(k_layout)) return "oci:" + text.substr(k_layout.size());
  return text;
}

}  // namespace

void check_contexts(const BuildRequest& request) {
  if (!is_directory(request.context))
    throw Error(ErrorKind::not_found, "the context " + util::escape_text(request.context) + " is not a directory");
}

BuildContexts::BuildContexts(Session::Parts&, const BuildRequest& request) {
  const fs::path dockerfile = request.dockerfile.empty() ? fs::path(request.context) / "Dockerfile" : fs::path(request.dockerfile);
  m_dockerfile = build::read_source_file(dockerfile);
  build::ContextOptions options;
  m_trees[""] = {std::make_shared<const build::Context>(util::Root::open(request.context), std::move(options)), request.context};
  for (const auto& [name, source] : request.build_contexts) {
    if (!is_directory(source)) {
      m_named.images[name] = image_name(source);
      continue;
    }
    build::ContextOptions named;
    named.name = "the build context " + name;
    m_trees[name] = {std::make_shared<const build::Context>(util::Root::open(source), std::move(named)), source};
    m_named.directories.insert(name);
  }
}

}  // namespace jcb::api
