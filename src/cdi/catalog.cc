// SPDX-License-Identifier: Apache-2.0
#include "cdi/catalog.h"

#include "cdi/spec_reader.h"
#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>
#include <set>

namespace jcb::cdi {
namespace {

std::string with_hint(const Error& error) { return error.message() + (error.hint().empty() ? "" : " (" + error.hint() + ")"); }

// "FILE: cause" of a parser, without the file that stands beside it anyway.
std::string without_file(const std::string& message, const std::string& file) {
  if (!message.starts_with(file + ":")) return message;
  const auto rest = message.substr(file.size() + 1);
  return rest.starts_with(' ') ? rest.substr(1) : "at " + rest;
}

}  // namespace

std::optional<std::string> Catalog::Entry::annotation(const std::string& key) const {
  for (const auto* annotations : {&device->annotations, &file->spec.annotations}) {
    if (const auto found = annotations->find(key); found != annotations->end()) return found->second;
  }
  return std::nullopt;
}

Catalog::Catalog(const SpecTexts& texts) : m_directories(texts.directories), m_problems(texts.problems) {
  for (const auto& text : texts.texts) {
    try {
      m_files.push_back({text.file, text.priority, parse_spec(text.file, text.text)});
    } catch (const Error& error) {
      m_problems.push_back({text.file, without_file(with_hint(error), text.file)});
    }
  }
  for (const auto& file : m_files) add_devices(file);
  for (const auto& name : m_conflicts) m_devices.erase(name);
}

// Files come in the order of their directories, so that a later one is never of lower priority.
void Catalog::add_devices(const SpecFile& file) {
  for (const auto& device : file.spec.devices) {
    const Entry entry{&file, &device};
    const auto [old, is_new] = m_devices.emplace(entry.name(), entry);
    if (is_new) continue;
    if (old->second.file->priority == file.priority) {
      m_conflicts.push_back(entry.name());
      m_problems.push_back({file.file, entry.name() + " is defined in " + old->second.file->file + ", too: neither counts"});
      m_problems.push_back({old->second.file->file, entry.name() + " is defined in " + file.file + ", too: neither counts"});
    }
    old->second = entry;
  }
}

std::optional<Catalog::Entry> Catalog::find(const std::string& name) const {
  const auto found = m_devices.find(name);
  return found == m_devices.end() ? std::nullopt : std::optional(found->second);
}

ContainerEdits Catalog::edits_of(const std::vector<std::string>& names) const {
  std::vector<Entry> entries;
  std::vector<std::string> unknown;
  for (const auto& name : names) {
    const auto entry = find(name);
    if (entry)
      entries.push_back(*entry);
    else
      unknown.push_back(name);
  }
  if (!unknown.empty()) throw_unknown(unknown);
  ContainerEdits edits;
  std::set<const SpecFile*> seen;
  for (const auto& entry : entries) {
    if (seen.insert(entry.file).second) edits.append(entry.file->spec.edits);
    edits.append(entry.device->edits);
  }
  return edits;
}

void Catalog::throw_unknown(const std::vector<std::string>& names) const {
  std::vector<std::string> known, places, shown;
  for (const auto& [name, entry] : m_devices) known.push_back(name);
  for (const auto& directory : m_directories) places.push_back(util::escape_text(directory));
  for (const auto& name : names) shown.push_back(util::escape_text(name));
  const std::string nearest = util::did_you_mean(util::nearest_names(names.front(), known));
  Error error(ErrorKind::not_found,
              std::string(names.size() == 1 ? "there is no device " : "there are no devices ") + util::join(shown, ", ") + " in " +
                  (places.empty() ? "any directory" : util::join(places, ", ")),
              nearest.empty() ? "jcbuild cdi list shows what there is" : nearest);
  std::vector<std::string> details;
  for (const auto& problem : m_problems) details.push_back(util::escape_text(problem.file + ": " + problem.message));
  error.add_details(details);
  throw error;
}

}  // namespace jcb::cdi
