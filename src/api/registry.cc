// SPDX-License-Identifier: Apache-2.0
// pull, login, logout, tags, and deleting what a registry has.
#include "jcbuild/registry.h"

#include "api/remote_image.h"
#include "store/pull_reference.h"
#include "util/text.h"

namespace jcb {
namespace {

// Docker Hub answers to many names; its credential has one.
std::string registry_host(const std::string& text) {
  std::string host = text;
  for (const std::string_view scheme : {"https://", "http://", "docker://"}) {
    if (host.starts_with(scheme)) host.erase(0, scheme.size());
  }
  while (host.ends_with('/')) host.pop_back();
  if (host.empty() || host == "index.docker.io" || host == "index.docker.io/v1" || host == "registry-1.docker.io") return "docker.io";
  if (host.find_first_of("/ \t@?#") != std::string::npos)
    throw Error(ErrorKind::usage, "'" + util::escape_text(text) + "' is no registry", "name its host alone: jcbuild login nvcr.io");
  return host;
}

oci::Reference remote_reference(const std::string& text) {
  const auto name = oci::ImageName::parse(text.find("://") == std::string::npos ? "docker://" + text : text);
  if (name.transport != oci::Transport::registry)
    throw Error(ErrorKind::usage, "'" + util::escape_text(text) + "' is not in a registry", "use docker://HOST/REPO:TAG");
  return *name.reference;
}

}  // namespace

PullResult pull_image(Session& session, const PullRequest& request) {
  auto& parts = session.parts();
  const auto reference = remote_reference(request.name);
  const auto platform = request.platform.empty() ? oci::Platform::host() : oci::Platform::parse(request.platform);
  parts.isolate();
  Task task(parts.progress(), 0, "pull " + reference.text());
  auto options = api::pull_options(parts, task.id());
  options.keep_blobs = request.keep_blobs;
  const auto pulled = store::pull_reference(parts.store(), parts.registries(), reference, platform, options);
  task.finish(pulled.fetched ? TaskResult::done : TaskResult::cached);
  return {pulled.tagged.name, pulled.image.descriptor.digest.text(), pulled.fetched};
}

std::string log_in(Session& session, const LoginRequest& request) {
  auto& registries = session.parts().registries();
  const std::string host = registry_host(request.host);
  oci::Credential credential;
  credential.username = request.username;
  credential.password = request.password;
  const std::string realm = registries.open_host(host, credential)->check_login();
  return registries.credentials().store(host, credential, realm);
}

std::vector<std::string> log_out(Session& session, const std::string& text) {
  const std::string host = registry_host(text);
  auto places = session.parts().registries().credentials().erase(host);
  if (places.empty()) throw Error(ErrorKind::not_found, "there is no login for " + host);
  return places;
}

std::vector<std::string> log_out_everywhere(Session& session) {
  auto& credentials = session.parts().registries().credentials();
  auto hosts = credentials.list();
  for (const auto& host : hosts) credentials.erase(host);
  return hosts;
}

std::vector<std::string> list_remote_tags(Session& session, const std::string& name) {
  auto& registries = session.parts().registries();
  const auto candidates = registries.hosts().expand_short_name(remote_reference(name));
  return registries.open_by_name(candidates.front().name())->list_tags();
}

std::string delete_remote_image(Session& session, const std::string& name) {
  auto& registries = session.parts().target_registries();
  const auto reference = registries.hosts().expand_short_name(remote_reference(name)).front();
  const auto client = registries.open_for_push(reference);
  const std::string wanted = reference.digest() ? reference.digest()->text() : reference.tag().empty() ? "latest" : reference.tag();
  const auto found = client->find_descriptor(wanted);
  if (!found) throw Error(ErrorKind::not_found, client->name() + " has no " + util::escape_text(wanted));
  client->delete_manifest(found->digest);
  return found->digest.text();
}

}  // namespace jcb
