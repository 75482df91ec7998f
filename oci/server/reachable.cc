// SPDX-License-Identifier: Apache-2.0
#include "oci/server/reachable.h"

#include "jcbuild/error.h"
#include "oci/media_type.h"

namespace jcb::oci {
namespace {

constexpr int k_max_index_depth = 3;
constexpr std::size_t k_max_reachable = 10'000;

class Collector {
 public:
  Collector(const Layout& layout, Repository& repository) : m_layout(layout), m_repository(repository) {}

  void add(const Descriptor& descriptor, int depth = 0) {
    if (m_repository.manifests.size() >= k_max_reachable) return;
    if (!m_repository.manifests.emplace(descriptor.digest, descriptor).second) return;
    try {
      if (is_index_type(descriptor.media_type)) {
        add_entries(descriptor, depth);
      } else if (is_manifest_type(descriptor.media_type)) {
        add_parts(descriptor);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::not_found) m_repository.absent.push_back(descriptor.digest);
    }
  }

 private:
  std::string read(const Descriptor& descriptor) const { return m_layout.read_blob(descriptor, k_max_manifest_bytes); }

  void add_entries(const Descriptor& descriptor, int depth) {
    const Index index = Index::parse(read(descriptor), descriptor.media_type);
    if (depth == k_max_index_depth) return;
    for (const Descriptor& entry : index.manifests) {
      if (is_index_type(entry.media_type) || is_manifest_type(entry.media_type)) {
        add(entry, depth + 1);
      } else {
        m_repository.blobs.emplace(entry.digest, entry);
      }
    }
  }

  void add_parts(const Descriptor& descriptor) {
    Manifest manifest = Manifest::parse(read(descriptor), descriptor.media_type);
    m_repository.blobs.emplace(manifest.config.digest, manifest.config);
    for (const Descriptor& layer : manifest.layers) m_repository.blobs.emplace(layer.digest, layer);
    if (!manifest.subject) return;
    const std::string type = manifest.artifact_type.empty() ? manifest.config.media_type : manifest.artifact_type;
    m_repository.referrers[manifest.subject->digest].push_back(
        {descriptor.media_type, descriptor.digest, descriptor.size_bytes, std::move(manifest.annotations), {}, type, {}});
  }

  const Layout& m_layout;
  Repository& m_repository;
};

}  // namespace

// A signature may be signed itself: until nothing is added any more.
Repository collect_repository(const Layout& layout, const std::map<std::string, Descriptor>& tags,
                              const std::vector<std::pair<Digest, Descriptor>>& untagged) {
  Repository repository;
  repository.tags = tags;
  Collector collector(layout, repository);
  for (const auto& [tag, descriptor] : tags) collector.add(descriptor);
  std::size_t before = 0;
  while (before != repository.manifests.size()) {
    before = repository.manifests.size();
    for (const auto& [subject, descriptor] : untagged) {
      if (repository.manifests.count(subject) > 0) collector.add(descriptor);
    }
  }
  return repository;
}

std::optional<Digest> find_subject(const Layout& layout, const Descriptor& manifest) {
  if (!is_manifest_type(manifest.media_type)) return std::nullopt;
  try {
    const auto subject = Manifest::parse(layout.read_blob(manifest, k_max_manifest_bytes), manifest.media_type).subject;
    return subject ? std::optional(subject->digest) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace jcb::oci
