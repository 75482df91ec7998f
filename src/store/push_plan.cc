// SPDX-License-Identifier: Apache-2.0
#include "store/push_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "jcbuild/error.h"
#include "oci/media_type.h"
#include "util/text.h"

namespace jcb::store {
namespace {

constexpr int k_max_index_depth = 2;

bool is_not_distributed(const oci::Descriptor& layer) {
  const auto has = [&](std::string_view part) { return layer.media_type.find(part) != std::string::npos; };
  return has(".nondistributable.") || has(".foreign.");
}

class Planner {
 public:
  explicit Planner(const oci::Layout& layout) : m_layout(layout) {}

  void add(const oci::Descriptor& document, int depth) {
    if (!m_seen.insert(document.digest.hex()).second) return;
    if (oci::is_index_type(document.media_type))
      add_entries(document, depth);
    else if (oci::is_manifest_type(document.media_type))
      add_manifest(document);
    else
      throw Error(ErrorKind::unsupported, document.digest.text() + " is no image but " + util::escape_text(document.media_type));
    m_plan.manifests.push_back(document);
  }

  PushPlan finish() {
    for (auto& [hex, blob] : m_blobs) m_plan.blobs.push_back(std::move(blob));
    std::stable_sort(m_plan.blobs.begin(), m_plan.blobs.end(),
                     [](const PushBlob& left, const PushBlob& right) { return left.descriptor.size_bytes > right.descriptor.size_bytes; });
    return std::move(m_plan);
  }

 private:
  void add_entries(const oci::Descriptor& document, int depth) {
    const std::string thing = "image index " + document.digest.text();
    if (depth == k_max_index_depth) throw Error(ErrorKind::invalid, thing + " is nested deeper than " + std::to_string(k_max_index_depth));
    const auto index = oci::Index::parse(m_layout.read_blob(document, oci::k_max_manifest_bytes), document.media_type);
    bool has_entry = index.manifests.empty();
    for (const oci::Descriptor& entry : index.manifests) {
      if (!m_layout.has_blob(entry.digest)) continue;
      add(entry, depth + 1);
      has_entry = true;
    }
    if (!has_entry) throw Error(ErrorKind::not_found, m_layout.name() + " has none of the images in " + thing);
  }

  void add_manifest(const oci::Descriptor& document) {
    const auto manifest = oci::Manifest::parse(m_layout.read_blob(document, oci::k_max_manifest_bytes), document.media_type);
    add_blob(manifest.config, false);
    for (const oci::Descriptor& layer : manifest.layers) add_blob(layer, true);
  }

  void add_blob(const oci::Descriptor& blob, bool is_layer) {
    const bool is_local = m_layout.has_blob(blob.digest);
    if (is_local) m_layout.open_blob(blob);  // checks the size
    if (!is_local && is_not_distributed(blob)) return;
    const auto [known, is_new] = m_blobs.try_emplace(blob.digest.hex(), PushBlob{blob, is_layer, is_local});
    if (known->second.descriptor.size_bytes != blob.size_bytes)
      throw Error(ErrorKind::invalid, "blob " + blob.digest.text() + " is said to have " + std::to_string(blob.size_bytes) + " bytes and " +
                                          std::to_string(known->second.descriptor.size_bytes));
  }

  const oci::Layout& m_layout;
  std::set<std::string> m_seen;
  std::map<std::string, PushBlob> m_blobs;
  PushPlan m_plan;
};

}  // namespace

std::uint64_t PushPlan::total_bytes() const {
  std::uint64_t total = 0;
  for (const PushBlob& blob : blobs) total += blob.descriptor.size_bytes;
  return total;
}

PushPlan plan_push(const oci::Layout& layout, const oci::Descriptor& image) {
  Planner planner(layout);
  planner.add(image, 0);
  return planner.finish();
}

}  // namespace jcb::store
