// SPDX-License-Identifier: Apache-2.0
#include "store/origins.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "util/file.h"
#include "util/json.h"

namespace jcb::store {
namespace {

constexpr const char* k_directory = "cache/origins";
constexpr std::size_t k_most_origins = 8;
constexpr std::uint64_t k_most_bytes = std::uint64_t{64} << 10;

util::Root open_directory(const Store& store) { return util::Root::open(store.path() / k_directory); }

std::vector<std::string> parse(std::string_view text) {
  std::vector<std::string> repositories;
  try {
    const util::Json json = util::parse_json(text, "an origin note");
    if (!json.is_array()) return {};
    for (const auto& item : json) {
      if (item.is_string()) repositories.push_back(item.get<std::string>());
    }
  } catch (const Error&) {
    return {};
  }
  return repositories;
}

}  // namespace

void note_origin(const Store& store, const oci::Digest& blob, const std::string& repository) {
  auto repositories = find_origins(store, blob);
  if (!repositories.empty() && repositories.front() == repository) return;
  std::erase(repositories, repository);
  repositories.insert(repositories.begin(), repository);
  repositories.resize(std::min(repositories.size(), k_most_origins));
  util::write_file_atomically(open_directory(store), blob.hex(), util::to_text(util::Json(repositories)));
}

std::vector<std::string> find_origins(const Store& store, const oci::Digest& blob) {
  const auto text = open_directory(store).find_file(blob.hex(), k_most_bytes);
  return text ? parse(*text) : std::vector<std::string>{};
}

std::vector<oci::Digest> list_origins(const Store& store) {
  std::vector<oci::Digest> blobs;
  for (const auto& entry : open_directory(store).list()) {
    if (oci::is_sha256_hex(entry.name)) blobs.push_back(oci::Digest::from_sha256_hex(entry.name));
  }
  return blobs;
}

void forget_origin(const Store& store, const oci::Digest& blob) { open_directory(store).remove_tree(blob.hex()); }

}  // namespace jcb::store
