// SPDX-License-Identifier: Apache-2.0
// copy and push: one image, or an index with all of its, between any two places.
#include <sys/stat.h>

#include "api/destination.h"
#include "api/remote_image.h"
#include "jcbuild/registry.h"
#include "oci/media_type.h"
#include "store/images.h"
#include "store/pull_reference.h"
#include "util/text.h"

namespace jcb {
namespace {

using oci::Transport;

oci::Platform parse_platform(const std::string& text) { return text.empty() ? oci::Platform::host() : oci::Platform::parse(text); }

// What docker's archive and a bare tree lose: compression, and with it the manifest.
void check_preserves(const oci::ImageName& target) {
  if (target.transport == Transport::docker_archive || target.transport == Transport::rootfs_directory)
    throw Error(ErrorKind::refused, target.text() + " cannot keep the image's digests", "use oci-archive:, oci: or a registry");
}

api::Form form_of(const CopyRequest& request) { return request.preserve_digests ? api::Form::as_it_is : api::Form::oci; }

// The descriptor that a local name stands for, an index where it is one, and the layout that it is in.
struct LocalRoot {
  oci::Layout layout;
  oci::Descriptor root;
  std::vector<std::string> names;
};
LocalRoot find_local_root(Session::Parts& parts, const oci::ImageName& name) {
  if (name.transport == Transport::store) {
    const auto found = store::find_image(parts.store(), name.reference->text());
    auto opened = store::open_image(parts.store(), name, oci::Platform::host());  // says what is there instead
    return {std::move(opened.layout), found ? found->descriptor : opened.image.descriptor, std::move(opened.names)};
  }
  if (name.transport == Transport::oci_layout) {
    auto layout = oci::Layout::open(util::Root::open(name.path), name.path);
    const auto found = layout.find_tag(name.tag);
    if (!found) throw Error(ErrorKind::not_found, name.path + " has no image tagged '" + util::escape_text(name.tag) + "'");
    return {std::move(layout), *found, {}};
  }
  throw Error(ErrorKind::unsupported, "only one image can be copied from " + name.text(), "leave out --all");
}

// From a registry with all platforms.
std::string copy_all_remote(Session::Parts& parts, const CopyRequest& request, const oci::ImageName& source, TaskId task) {
  const api::RemoteDocuments remote(parts, *source.reference, oci::Platform::host(), api::Platforms::all);
  if (oci::ImageName::parse(request.target).transport == Transport::registry)
    remote.note_origins();
  else
    remote.fetch_layers(remote.layout(), task);
  return api::write_root(parts, remote.layout(), remote.root(), request.target, remote.reference().store_name(), task, form_of(request))
      .digest.text();
}

std::string copy_all(Session::Parts& parts, const CopyRequest& request, TaskId task) {
  const auto source = oci::ImageName::parse(request.source);
  if (source.transport == Transport::registry) return copy_all_remote(parts, request, source, task);
  const auto local = find_local_root(parts, source);
  const std::string name = local.names.empty() ? "" : local.names.front();
  return api::write_root(parts, local.layout, local.root, request.target, name, task, form_of(request)).digest.text();
}

// From a registry into the store: as pull, under another name, and with the blobs, for who copies wants a copy.
std::string pull_as(Session::Parts& parts, const CopyRequest& request, const oci::ImageName& source, TaskId task) {
  const std::string tag = api::store_tag(request.target);
  auto options = api::pull_options(parts, task);
  options.keep_blobs = true;
  const auto found = parts.registries().find(*source.reference);
  const auto remote = oci::fetch_image(*found.client, found.descriptor.digest.text(), parse_platform(request.platform));
  store::pull_image(parts.store(), *found.client, remote, options);
  auto descriptor = remote.image.descriptor;
  descriptor.annotations.clear();
  api::set_store_tag(parts.store(), tag, descriptor);
  return descriptor.digest.text();
}

std::string copy_one(Session::Parts& parts, const CopyRequest& request, TaskId task) {
  const auto source = oci::ImageName::parse(request.source), target = oci::ImageName::parse(request.target);
  const auto platform = parse_platform(request.platform);
  const bool remote = source.transport == Transport::registry;
  if (remote && target.transport == Transport::store) return pull_as(parts, request, source, task);
  if (target.transport == Transport::registry) {
    const auto opened = api::open_source(parts, request.source, platform);
    if (opened.remote) opened.remote->note_origins();
    api::write_root(parts, opened.layout(), opened.image.descriptor, request.target, opened.first_name(), task);
    return opened.image.descriptor.digest.text();
  }
  const auto opened = api::open_whole_source(parts, request.source, platform, task);
  return api::write_destination(parts, opened.layout(), opened.image, request.target, opened.first_name(), form_of(request)).digest.text();
}

bool writes_store(const CopyRequest& request) {
  return oci::ImageName::parse(request.source).transport == Transport::registry &&
         oci::ImageName::parse(request.target).transport == Transport::store;
}

// "HOST/REPO:TAG" and "docker://HOST/REPO:TAG" are the same to push.
std::string registry_name(const std::string& text) { return text.starts_with("docker://") ? text : "docker://" + text; }

}  // namespace

std::string copy_image(Session& session, const CopyRequest& request) {
  auto& parts = session.parts();
  if (request.preserve_digests) check_preserves(oci::ImageName::parse(request.target));
  if (writes_store(request) && !request.all) parts.isolate();  // layers are unpacked
  const auto sharing = parts.store().share();
  Task task(parts.progress(), 0, "copy " + request.source + " to " + request.target);
  const auto digest = request.all ? copy_all(parts, request, task.id()) : copy_one(parts, request, task.id());
  task.finish();
  return digest;
}

std::string push_image(Session& session, const std::string& source, const std::string& target) {
  auto& parts = session.parts();
  const auto name = oci::ImageName::parse(source);
  if (target.empty() && name.transport != Transport::store)
    throw Error(ErrorKind::usage, "where to push " + source + " is not said", "give DEST: jcbuild push " + source + " HOST/REPO:TAG");
  const auto sharing = parts.store().share();
  const std::string destination = registry_name(target.empty() ? source : target);
  Task task(parts.progress(), 0, "push " + destination.substr(9));
  CopyRequest request{source, destination, "", false, false};
  const bool index = name.transport == Transport::store || name.transport == Transport::oci_layout
                         ? oci::is_index_type(find_local_root(parts, name).root.media_type)
                         : false;
  const auto digest = index ? copy_all(parts, request, task.id()) : copy_one(parts, request, task.id());
  task.finish();
  return digest;
}

}  // namespace jcb
