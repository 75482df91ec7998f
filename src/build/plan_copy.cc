// SPDX-License-Identifier: Apache-2.0
// COPY and ADD: where each source comes from and where it goes.
#include "build/git_url.h"
#include "build/history.h"
#include "build/stage_planner.h"
#include "build/url.h"
#include "dockerfile/expand.h"
#include "jcbuild/error.h"
#include "oci/registry/http_url.h"
#include "util/text.h"

namespace jcb::build {
namespace {

using Kind = PlannedSource::Kind;

bool is_true(const std::string& value) { return value.empty() || util::to_lower(value) == "true"; }

bool names_directory(const std::string& target) {
  return target.ends_with('/') || target == "." || target == ".." || target.ends_with("/.") || target.ends_with("/..");
}

// Sources as history shows them.
std::vector<std::string> shown(const std::vector<PlannedSource>& sources) {
  std::vector<std::string> words;
  for (const auto& source : sources) words.push_back(source.kind == Kind::heredoc ? "<<" + source.text : strip_userinfo(source.text));
  return words;
}

std::vector<std::string> shown_flags(const CopyAction& copy) {
  std::vector<std::string> flags;
  if (copy.parents) flags.emplace_back("--parents");
  if (!copy.chown.empty()) flags.push_back("--chown=" + copy.chown);
  if (!copy.chmod.empty()) flags.push_back("--chmod=" + copy.chmod);
  if (copy.link) flags.emplace_back("--link");
  return flags;
}

void add_parts(const CopyAction& copy, std::vector<KeyPart>& parts) {
  parts.push_back({"destination", copy.destination});
  parts.push_back({"--chown", copy.chown});
  parts.push_back({"--chmod", copy.chmod});
  parts.push_back({"--parents", copy.parents ? "true" : "false"});
  parts.push_back({"--link", copy.link ? "true" : "false"});
  for (const auto& pattern : copy.excludes) parts.push_back({"--exclude", pattern});
}

}  // namespace

void StagePlanner::take_copy_flag(const std::string& name, const std::string& value, CopyAction& copy, PlannedSource& common, Step& step) {
  if (name == "--from") common.from = take_origin(value, step);
  if (name == "--chown") copy.chown = expand(value);
  if (name == "--chmod") copy.chmod = expand(value);
  if (name == "--link") copy.link = is_true(value);
  if (name == "--parents") copy.parents = is_true(value);
  if (name == "--exclude") copy.excludes.push_back(expand(value));
  if (name == "--checksum") common.checksum = expand(value);
  if (name == "--keep-git-dir") common.keep_git_dir = is_true(value);
  if (name == "--unpack") common.unpack = is_true(value);
}

std::vector<PlannedSource> StagePlanner::plan_sources(const Instruction& instruction, const PlannedSource& common) const {
  const bool add = instruction.keyword == dockerfile::Keyword::add;
  std::vector<PlannedSource> sources;
  std::size_t document = 0;
  for (std::size_t i = 0; i + 1 < instruction.arguments.size(); ++i) {
    PlannedSource source = common;
    if (!instruction.json_form && document < instruction.heredocs.size() && dockerfile::find_heredoc(instruction.arguments[i])) {
      const auto& heredoc = instruction.heredocs[document++];
      source.kind = Kind::heredoc;
      source.unpack = false;
      source.text = heredoc.name;
      source.content =
          heredoc.expand ? dockerfile::expand_heredoc(heredoc.content, m_variables.lookup(), m_source.parsed.escape) : heredoc.content;
    } else {
      source.text = expand(instruction.arguments[i]);
      if (add && parse_git_url(source.text)) source.kind = Kind::git;
      if (add && source.kind == Kind::path && oci::is_http_url(source.text)) source.kind = Kind::url;
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

void StagePlanner::take_copy(const Instruction& instruction) {
  const bool add = instruction.keyword == dockerfile::Keyword::add;
  Step step;
  CopyAction copy;
  PlannedSource common;
  std::optional<bool> unpack;
  for (const auto& flag : instruction.flags) {
    const auto equals = flag.find('=');
    const std::string name = flag.substr(0, equals), value = equals == std::string::npos ? "" : flag.substr(equals + 1);
    take_copy_flag(name, value, copy, common, step);
    if (name == "--unpack") unpack = common.unpack;
  }
  common.unpack = unpack.value_or(add);
  copy.sources = plan_sources(instruction, common);
  for (auto& source : copy.sources) {
    // docker extracts archives of the context by itself, downloaded ones only when it is told to.
    if (source.kind == Kind::url) source.unpack = unpack.value_or(false);
    if (source.kind != Kind::url && source.kind != Kind::git && !source.checksum.empty())
      throw Error(ErrorKind::invalid, "--checksum is for files from an address, and '" + util::escape_text(source.text) + "' is none");
    if (source.kind == Kind::path && source.from == Origin{} && !m_inputs.has_context)
      throw Error(ErrorKind::invalid, std::string(add ? "ADD" : "COPY") + " needs a build context", "give a directory instead of '-'");
  }
  const std::string target = expand(instruction.arguments.back());
  copy.destination = resolve_path(target);
  if (names_directory(target) && copy.destination != "/") copy.destination += "/";
  if (copy.sources.size() > 1 && !names_directory(target))
    throw Error(ErrorKind::invalid, "a copy of several sources needs a destination that ends in /", "write " + target + "/");
  step.parts.push_back({"instruction", add ? "ADD" : "COPY"});
  add_parts(copy, step.parts);
  auto history = copy_history(add ? "ADD" : "COPY", shown_flags(copy), shown(copy.sources), target);
  step.action = std::move(copy);
  add_step(std::move(step), instruction, std::move(history));
}

}  // namespace jcb::build
