// SPDX-License-Identifier: Apache-2.0
#include "build/explain.h"

#include <algorithm>

#include "util/file.h"
#include "util/hash.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr std::uint64_t k_max_bytes = std::uint64_t{4} << 20;

std::vector<KeyPart> digested(const std::vector<KeyPart>& parts) {
  std::vector<KeyPart> result;
  for (const auto& part : parts) result.push_back({part.name, util::sha256_hex(part.value).substr(0, 16)});
  return result;
}

std::vector<KeyPart> read_parts(const std::string& text) {
  std::vector<KeyPart> parts;
  for (const auto& entry : util::parse_json(text, "a cache note"))
    parts.push_back({entry.at(0).get<std::string>(), entry.at(1).get<std::string>()});
  return parts;
}

bool has_part(const std::vector<KeyPart>& parts, const std::string& name) {
  return std::any_of(parts.begin(), parts.end(), [&](const KeyPart& part) { return part.name == name; });
}

std::string first_difference(const std::vector<KeyPart>& before, const std::vector<KeyPart>& now) {
  for (std::size_t i = 0; i < std::max(before.size(), now.size()); ++i) {
    if (i < before.size() && i < now.size() && before[i] == now[i]) continue;
    if (i < now.size() && !has_part(before, now[i].name)) return now[i].name + " is new";
    if (i < before.size() && !has_part(now, before[i].name)) return before[i].name + " is gone";
    return now[std::min(i, now.size() - 1)].name + " has changed";
  }
  return "its result is no longer in the store";
}

}  // namespace

std::string CacheExplainer::explain(const std::string& place, const std::vector<KeyPart>& parts) const {
  const auto text = util::find_file(m_store.cache_note(place), k_max_bytes);
  if (!text) return "it has not run here before";
  try {
    return first_difference(read_parts(*text), digested(parts));
  } catch (const std::exception&) {
    return "the note of its last run cannot be read";  // torn by a power cut: it is only a note
  }
}

void CacheExplainer::remember(const std::string& place, const std::vector<KeyPart>& parts) const {
  util::Json entries = util::Json::array();
  for (const auto& part : digested(parts)) entries.push_back({part.name, part.value});
  const auto path = m_store.cache_note(place);
  const util::Root directory = util::Root::open(path.parent_path());
  // Not flushed and not atomic against a power cut: a note that is lost costs an explanation.
  const std::string temporary = ".tmp-" + util::random_token();
  directory.write_file(temporary, util::to_text(entries), 0600);
  std::filesystem::rename(path.parent_path() / temporary, path);
}

}  // namespace jcb::build
