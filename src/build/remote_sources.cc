// SPDX-License-Identifier: Apache-2.0
#include "build/remote_sources.h"

#include "build/git_url.h"
#include "build/step_key.h"
#include "jcbuild/error.h"

namespace jcb::build {

RemoteSources::RemoteSources(const store::Store& store, RemoteAccess access, std::function<std::filesystem::path()> make_directory)
    : m_store(store), m_access(std::move(access)), m_make_directory(std::move(make_directory)) {}

RemoteFile RemoteSources::fetch(const PlannedSource& source) {
  if (m_access.http == nullptr) throw Error(ErrorKind::unsupported, "cannot fetch " + strip_userinfo(source.text) + " here");
  const std::lock_guard lock(m_mutex);
  const std::string name = source.text + " " + source.checksum;
  const auto found = m_files.find(name);
  if (found != m_files.end()) return found->second;
  DownloadOptions options;
  options.checksum = source.checksum;
  if (m_access.git.find_secret) options.authorization = find_http_authorization(source.text, m_access.git.find_secret);
  return m_files.emplace(name, fetch_remote_file(*m_access.http, m_store, source.text, options)).first->second;
}

GitOptions RemoteSources::git_options(const PlannedSource& source) const {
  GitOptions options;
  options.keep_git_dir = source.keep_git_dir;
  options.checksum = source.checksum;
  options.access = m_access.git;
  return options;
}

const GitCommit& RemoteSources::commit_of(const PlannedSource& source) {
  const std::lock_guard lock(m_mutex);
  const auto found = m_commits.find(source.text);
  if (found != m_commits.end()) return found->second;
  return m_commits.emplace(source.text, resolve_git_ref(*parse_git_url(source.text), m_make_directory(), git_options(source)))
      .first->second;
}

std::string RemoteSources::identity(const PlannedSource& source) {
  if (source.kind == PlannedSource::Kind::url) {
    auto fields = remote_key_fields(fetch(source));
    fields.emplace_back(source.unpack ? "unpack" : "");
    return make_key("url", fields);
  }
  return make_key("git", git_key_fields(*parse_git_url(source.text), commit_of(source), git_options(source)));
}

CopyArgument RemoteSources::open(const PlannedSource& source) {
  return source.kind == PlannedSource::Kind::url ? open_file(source) : open_repository(source);
}

CopyArgument RemoteSources::open_file(const PlannedSource& source) {
  const auto file = fetch(source);
  const auto directory = m_make_directory();
  place_remote_file(m_store, file, directory);
  ContextOptions options;
  options.name = file.url;
  options.keep_times = true;
  CopyArgument argument;
  argument.from = std::make_shared<const Context>(util::Root::open(directory), std::move(options));
  argument.path = file.name;
  argument.literal = true;
  argument.unpack = source.unpack;
  return argument;
}

CopyArgument RemoteSources::open_repository(const PlannedSource& source) {
  const auto url = *parse_git_url(source.text);
  const auto checkout = check_out(url, commit_of(source), m_make_directory(), git_options(source));
  ContextOptions options;
  options.name = url.remote;
  options.keep_times = true;
  CopyArgument argument;
  argument.from = std::make_shared<const Context>(util::Root::open(checkout.tree), std::move(options));
  argument.path = ".";
  argument.literal = true;
  return argument;
}

}  // namespace jcb::build
