// SPDX-License-Identifier: Apache-2.0
// Tags: index.json. It is changed as JSON, not through our types, so that what other tools wrote there (annotations,
// fields of later versions) survives; a lookup makes no value but the one it returns.
#include "jcbuild/error.h"
#include "oci/blob_files.h"
#include "oci/fields.h"
#include "oci/layout.h"
#include "oci/media_type.h"
#include "util/file.h"
#include "util/json.h"
#include "util/lock.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::oci {
namespace {

using util::Json;

constexpr const char* k_ref_name = "org.opencontainers.image.ref.name";
constexpr std::size_t k_max_tag_bytes = 1024;

std::string index_thing(const std::string& layout) { return layout + "/" + k_index_file; }

// How many entries it may have follows from the size of the file.
Json read_index(const util::Root& root, const std::string& layout) {
  const auto thing = index_thing(layout);
  const auto text = root.find_file(k_index_file, k_max_manifest_bytes);
  if (!text) throw Error(ErrorKind::invalid, layout + " has no " + k_index_file);
  Json index = util::parse_json(*text, thing);
  check_document_type(index, k_media_index, k_media_index, thing);
  if (index.contains("layers") || index.contains("config"))
    reject(thing, "it is not an index: \"layers\" or \"config\" has no place in it");
  if (!index.contains("manifests") || index["manifests"].is_null()) index["manifests"] = Json::array();
  if (!index["manifests"].is_array()) reject(thing, "\"manifests\" is not an array");
  return index;
}

void write_index(const util::Root& root, const std::string& layout, const Json& index) {
  const auto text = util::to_text(index);
  if (text.size() > k_max_manifest_bytes)
    throw Error(ErrorKind::refused, index_thing(layout) + " would be larger than 4 MiB", "remove tags");
  util::write_file_atomically(root, k_index_file, text, 0644);
}

// The tag of an entry, "" when it has none or is malformed (list_manifests says what is wrong with it).
std::string_view tag_of(const Json& entry) {
  if (!entry.is_object()) return {};
  const auto annotations = entry.find("annotations");
  if (annotations == entry.end() || !annotations->is_object()) return {};
  const auto name = annotations->find(k_ref_name);
  if (name == annotations->end() || !name->is_string()) return {};
  return name->get_ref<const std::string&>();
}

[[noreturn]] void reject_ambiguous(const std::string& layout, const Json& manifests) {
  std::vector<std::string> tags;
  for (const Json& entry : manifests) tags.push_back(tag_of(entry).empty() ? "(untagged)" : util::escape_text(tag_of(entry)));
  constexpr std::size_t most = 20;
  if (tags.size() > most) tags.resize(most), tags.push_back("…");
  throw Error(ErrorKind::invalid, layout + " holds more than one image: " + util::join(tags, ", "), "add :TAG to the name");
}

void check_tag(const std::string& tag) {
  const bool printable = std::all_of(tag.begin(), tag.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!printable || tag.size() > k_max_tag_bytes)
    throw Error(ErrorKind::usage, "'" + util::escape_text(tag.substr(0, k_max_tag_bytes)) + "' cannot be a tag of a layout");
}

// Without a tag only an untagged entry of the same manifest is the same entry: others are other images.
bool is_replaced_by(const Json& entry, const std::string& tag, const Json& replacement) {
  if (!tag.empty()) return tag_of(entry) == tag;
  return tag_of(entry).empty() && entry.is_object() && entry.contains("digest") && entry["digest"] == replacement["digest"];
}

}  // namespace

std::vector<Descriptor> Layout::list_manifests() const {
  const Json index = read_index(m_root, m_name);
  return get_descriptors(index, "manifests", index["manifests"].size(), index_thing(m_name));
}

std::optional<Descriptor> Layout::find_tag(std::string_view tag) const {
  const Json index = read_index(m_root, m_name);
  const Json& manifests = index["manifests"];
  if (tag.empty() && manifests.size() > 1) reject_ambiguous(m_name, manifests);
  for (const Json& entry : manifests) {
    if (tag.empty() || tag_of(entry) == tag) return Descriptor::from_json(entry, index_thing(m_name));
  }
  return std::nullopt;
}

void Layout::set_tag(const std::string& tag, Descriptor manifest) const {
  check_tag(tag);
  if (find_blob_size(manifest.digest) != manifest.size_bytes)
    throw Error(ErrorKind::not_found,
                m_name + " has no blob " + manifest.digest.text() + " of " + std::to_string(manifest.size_bytes) + " bytes to tag");
  manifest.annotations.erase(k_ref_name);
  if (!tag.empty()) manifest.annotations[k_ref_name] = tag;
  const Json replacement = manifest.to_json();
  const auto lock = util::FileLock::acquire(m_root, k_lock_file);
  Json index = read_index(m_root, m_name);
  auto& manifests = index["manifests"].get_ref<Json::array_t&>();
  const auto replaced = [&](const Json& entry) { return is_replaced_by(entry, tag, replacement); };
  const auto first = std::find_if(manifests.begin(), manifests.end(), replaced);
  if (first == manifests.end()) {
    manifests.push_back(replacement);
  } else {
    manifests.erase(std::remove_if(std::next(first), manifests.end(), replaced), manifests.end());
    *first = replacement;
  }
  write_index(m_root, m_name, index);
}

bool Layout::remove_tag(std::string_view tag) const {
  const auto lock = util::FileLock::acquire(m_root, k_lock_file);
  Json index = read_index(m_root, m_name);
  auto& manifests = index["manifests"].get_ref<Json::array_t&>();
  const auto tagged = [&](const Json& entry) { return tag_of(entry) == tag; };
  const auto end = std::remove_if(manifests.begin(), manifests.end(), tagged);
  if (tag.empty() || end == manifests.end()) return false;
  manifests.erase(end, manifests.end());
  write_index(m_root, m_name, index);
  return true;
}

}  // namespace jcb::oci
