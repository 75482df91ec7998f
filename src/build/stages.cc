// SPDX-License-Identifier: Apache-2.0
#include "build/stages.h"

#include "dockerfile/expand.h"
#include "jcbuild/error.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr std::string_view k_platform = "--platform=";

// The names that an instruction takes files from, as written: COPY --from=x, RUN --mount=…,from=x.
std::vector<std::string> origins_of(const dockerfile::Instruction& instruction) {
  std::vector<std::string> names;
  for (const auto& flag : instruction.flags) {
    if (flag.starts_with("--from=")) names.push_back(flag.substr(7));
    if (!flag.starts_with("--mount=")) continue;
    for (const auto& field : util::split(flag.substr(8), ',')) {
      if (field.starts_with("from=")) names.push_back(field.substr(5));
    }
  }
  return names;
}

std::optional<std::size_t> parse_number(const std::string& text) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::stoul(text);
}

}  // namespace

StageList::StageList(const SourceFile& file, GlobalScope& scope, const NamedContexts& contexts) : m_file(file), m_contexts(contexts) {
  const auto& instructions = file.parsed.instructions;
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    if (!m_stages.empty()) m_stages.back().end = i + 1;
    in_step(place_name(file, instructions[i].position), [&] {
      if (instructions[i].keyword == dockerfile::Keyword::arg && m_stages.empty()) scope.declare(instructions[i], file.parsed.escape);
      if (instructions[i].keyword != dockerfile::Keyword::from) return;
      if (!m_stages.empty()) m_stages.back().end = i;
      m_stages.push_back(parse_from(instructions[i], scope));
      m_stages.back().begin = i;
      m_stages.back().end = i + 1;
    });
  }
}

StageDefinition StageList::parse_from(const dockerfile::Instruction& instruction, const GlobalScope& scope) const {
  const auto& words = instruction.arguments;
  const auto expand = [&](const std::string& word) { return dockerfile::expand_word(word, scope.lookup(), m_file.parsed.escape); };
  StageDefinition stage{words.size() == 1 ? "" : util::to_lower(words[2]), expand(words[0]), std::nullopt, 0, 0};
  if (stage.image.empty()) {
    const auto missing = dockerfile::referenced_variables(words[0], m_file.parsed.escape);
    const std::string name = missing.empty() ? "" : *missing.begin();
    const auto near = util::did_you_mean(util::nearest_names(name, scope.names()));
    throw Error(ErrorKind::invalid, "FROM " + words[0] + " is empty: the argument " + name + " has no value",
                near.empty() ? "give it with --build-arg " + name + "=VALUE, or declare it before the first FROM" : near);
  }
  for (const auto& flag : instruction.flags) {
    if (!flag.starts_with(k_platform)) continue;
    const auto platform = expand(flag.substr(k_platform.size()));
    if (!platform.empty()) stage.platform = oci::Platform::parse(platform);
  }
  return stage;
}

std::size_t StageList::find_target(const std::string& name) const {
  if (name.empty()) return m_stages.size() - 1;
  std::vector<std::string> names;
  for (std::size_t i = m_stages.size(); i-- > 0;) {
    if (m_stages[i].name == util::to_lower(name)) return i;
    if (!m_stages[i].name.empty()) names.push_back(m_stages[i].name);
  }
  if (const auto number = parse_number(name); number && *number < m_stages.size()) return *number;
  const auto near = util::did_you_mean(util::nearest_names(name, names));
  throw Error(ErrorKind::not_found, m_file.name + " has no stage '" + util::escape_text(name) + "'",
              near.empty() && !names.empty() ? "it has " + util::join(names, ", ") : near);
}

Origin StageList::resolve(const std::string& name, std::size_t stage) const {
  if (m_contexts.directories.count(name) != 0) return {Origin::Kind::context, name, 0};
  if (const auto image = m_contexts.images.find(name); image != m_contexts.images.end()) return {Origin::Kind::image, image->second, 0};
  const std::string lower = util::to_lower(name);
  for (std::size_t i = stage; i-- > 0;) {
    if (m_stages[i].name == lower) return {Origin::Kind::stage, lower, i};
  }
  if (const auto number = parse_number(name)) {
    if (*number < stage) return {Origin::Kind::stage, name, *number};
    throw Error(ErrorKind::not_found, "there is no stage " + name + " before this one",
                "stages are counted from 0, and by --from only earlier ones");
  }
  // A later stage of that name is what its author meant; an image of that name hardly.
  for (std::size_t i = stage; i < m_stages.size(); ++i) {
    if (m_stages[i].name == lower)
      throw Error(ErrorKind::invalid,
                  i == stage ? "stage '" + lower + "' takes from itself" : "stage '" + lower + "' comes later in the file",
                  "a stage can only take from stages before it");
  }
  return {Origin::Kind::image, name, 0};
}

std::optional<std::size_t> StageList::parent(std::size_t stage) const {
  const auto& image = m_stages[stage].image;
  if (m_contexts.images.count(image) != 0 || m_contexts.directories.count(image) != 0) return std::nullopt;
  const std::string lower = util::to_lower(image);
  for (std::size_t i = stage; i-- > 0;) {
    if (m_stages[i].name == lower) return i;
  }
  return std::nullopt;
}

std::string StageList::root_image(std::size_t stage) const {
  while (const auto below = parent(stage)) stage = *below;
  const auto& image = m_stages[stage].image;
  const auto named = m_contexts.images.find(image);
  return named == m_contexts.images.end() ? image : named->second;
}

std::vector<std::size_t> StageList::direct_needs(std::size_t stage) const {
  std::vector<std::size_t> needs;
  if (const auto below = parent(stage)) needs.push_back(*below);
  for (std::size_t i = m_stages[stage].begin + 1; i < m_stages[stage].end; ++i) {
    const auto& instruction = m_file.parsed.instructions[i];
    in_step(place_name(m_file, instruction.position), [&] {
      for (const auto& name : origins_of(instruction)) {
        const auto origin = resolve(name, stage);
        if (origin.kind == Origin::Kind::stage) needs.push_back(origin.stage);
      }
    });
  }
  return needs;
}

std::set<std::size_t> StageList::find_needed(std::size_t target) const {
  std::set<std::size_t> needed{target};
  // Needs lie before a stage, so that one walk down meets everything after it has been asked for.
  for (std::size_t stage = target + 1; stage-- > 0;) {
    if (needed.count(stage) == 0) continue;
    for (const auto need : direct_needs(stage)) needed.insert(need);
  }
  return needed;
}

}  // namespace jcb::build
