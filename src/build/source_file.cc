// SPDX-License-Identifier: Apache-2.0
#include "build/source_file.h"

#include "build/variables.h"
#include "dockerfile/expand.h"
#include "jcbuild/error.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr std::uint64_t k_max_bytes = std::uint64_t{4} << 20;

StageName parse_stage(const dockerfile::Instruction& instruction, const Variables& variables, char escape) {
  const auto& words = instruction.arguments;
  if (words.size() != 1 && !(words.size() == 3 && util::to_lower(words[1]) == "as"))
    throw Error(ErrorKind::invalid, "FROM is written IMAGE or IMAGE AS NAME");
  std::string image = dockerfile::expand_word(words[0], variables.global_lookup(), escape);
  if (image.empty()) throw Error(ErrorKind::invalid, "FROM " + words[0] + " is empty", "give the argument with --build-arg");
  return {std::move(image), words.size() == 3 ? words[2] : "", instruction.position};
}

}  // namespace

SourceFile read_source_file(const util::Root& root, const std::string& path, std::string name) {
  const auto text = root.find_file(path, k_max_bytes);
  if (!text) throw Error(ErrorKind::not_found, "there is no " + name);
  auto parsed = dockerfile::parse_dockerfile(*text, name);
  return {std::move(name), std::move(parsed)};
}

SourceFile read_source_file(const std::filesystem::path& path) {
  const auto text = util::find_file(path, k_max_bytes);
  if (!text) throw Error(ErrorKind::not_found, "there is no Dockerfile " + path.native(), "name the Dockerfile with -f FILE");
  return {path.native(), dockerfile::parse_dockerfile(*text, path.native())};
}

std::vector<StageName> list_stages(const SourceFile& file, const std::map<std::string, std::string>& build_args) {
  Variables variables(build_args, {});
  std::vector<StageName> stages;
  for (const auto& instruction : file.parsed.instructions) {
    in_step(place_name(file, instruction.position), [&] {
      if (instruction.keyword == dockerfile::Keyword::arg && stages.empty()) variables.declare_global(instruction, file.parsed.escape);
      if (instruction.keyword == dockerfile::Keyword::from) stages.push_back(parse_stage(instruction, variables, file.parsed.escape));
    });
  }
  return stages;
}

std::string place_name(const SourceFile& file, const dockerfile::Position& position) {
  return file.name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

}  // namespace jcb::build
