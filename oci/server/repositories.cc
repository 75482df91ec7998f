// SPDX-License-Identifier: Apache-2.0
#include "oci/server/repositories.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/blob_files.h"
#include "oci/media_type.h"
#include "oci/reference.h"
#include "oci/server/reachable.h"
#include "oci/server/route.h"

namespace jcb::oci {
namespace {

constexpr const char* k_ref_name = "org.opencontainers.image.ref.name";

std::optional<Reference> find_reference(const Descriptor& descriptor) {
  const auto name = descriptor.annotations.find(k_ref_name);
  if (name == descriptor.annotations.end()) return std::nullopt;
  try {
    return Reference::parse(name->second);
  } catch (const Error&) {
    return std::nullopt;  // another tool's tag, which no registry could have
  }
}

bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

// We change index.json by rename, other tools write into it: both are seen.
void Repositories::refresh() {
  const auto now = m_layout.root().find_stat(k_index_file, util::Follow::yes);
  if (m_index && now && is_same_file(*now, m_status)) return;
  m_index = m_layout.root().open_regular(k_index_file);
  if (::fstat(m_index.get(), &m_status) != 0) throw_errno("stat", m_layout.name() + "/" + k_index_file);
  try {
    read_tags();
  } catch (...) {
    m_index.reset();
    throw;
  }
}

void Repositories::read_tags() {
  std::map<std::string, EntryPointer> entries;
  m_untagged.clear();
  m_referring.reset();
  for (Descriptor& descriptor : m_layout.list_manifests()) {
    const auto reference = find_reference(descriptor);
    if (!reference || reference->digest()) {
      m_untagged.push_back(std::move(descriptor));
      continue;
    }
    EntryPointer& entry = entries[reference->name()];
    if (!entry) entry = std::make_shared<Entry>(Entry{reference->host(), reference->repository(), {}, {}});
    descriptor.annotations.erase(k_ref_name);
    entry->tags.insert_or_assign(reference->tag().empty() ? "latest" : reference->tag(), std::move(descriptor));
  }
  publish(entries);
}

// Whole names come first: no host's repository can hide another one.
void Repositories::publish(const std::map<std::string, EntryPointer>& entries) {
  m_by_name.clear();
  m_names.clear();
  std::map<std::string, int> hosts;
  for (const auto& [name, entry] : entries) {
    if (!entry->host.empty()) ++hosts[entry->path];
    if (!is_repository_name(name)) continue;
    m_by_name.emplace(name, entry);
    m_names.push_back(name);
  }
  for (const auto& [name, entry] : entries) {
    if (entry->host.empty() || hosts[entry->path] > 1) continue;
    const bool is_new = m_by_name.emplace(entry->path, entry).second;
    if (is_new && !is_repository_name(name)) m_names.push_back(entry->path);
  }
  std::sort(m_names.begin(), m_names.end());
}

// Read once for all repositories.
const std::vector<std::pair<Digest, Descriptor>>& Repositories::referring() {
  if (m_referring) return *m_referring;
  m_referring.emplace();
  for (const Descriptor& descriptor : m_untagged) {
    if (const auto subject = find_subject(m_layout, descriptor)) m_referring->emplace_back(*subject, descriptor);
  }
  return *m_referring;
}

std::shared_ptr<const Repository> Repositories::find(const std::string& name) {
  const std::lock_guard guard(m_mutex);
  refresh();
  const auto found = m_by_name.find(name);
  if (found == m_by_name.end()) return nullptr;
  Entry& entry = *found->second;
  const auto has_come = [&](const Digest& digest) { return m_layout.has_blob(digest); };
  const auto& known = entry.contents;
  if (!known || std::any_of(known->absent.begin(), known->absent.end(), has_come))
    entry.contents = std::make_shared<const Repository>(collect_repository(m_layout, entry.tags, referring()));
  return entry.contents;
}

std::vector<std::string> Repositories::names() {
  const std::lock_guard guard(m_mutex);
  refresh();
  return m_names;
}

}  // namespace jcb::oci
