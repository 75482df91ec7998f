// SPDX-License-Identifier: Apache-2.0
#include "build/copy_sources.h"

#include "build/step_key.h"
#include "jcbuild/error.h"
#include "util/hash.h"

namespace jcb::build {
namespace {

using Kind = PlannedSource::Kind;

CopyRequest make_request(const CopyAction& action) {
  CopyRequest request;
  request.destination = action.destination;
  request.chown = action.chown;
  request.chmod = action.chmod;
  request.parents = action.parents;
  request.excludes = action.excludes;
  return request;
}

bool is_context(const PlannedSource& source) { return source.kind == Kind::path && source.from.kind == Origin::Kind::context; }

}  // namespace

CopySources::CopySources(const CopyAction& action, SourceTrees& trees, RemoteSources& remotes, const store::Store& store)
    : m_action(action), m_trees(trees), m_remotes(remotes), m_store(store) {}

std::optional<std::string> CopySources::identity(const PlannedSource& source) {
  if (source.kind == Kind::heredoc) return make_key("heredoc", {source.text, source.content});
  if (source.kind == Kind::path) {
    const auto state = m_trees.find_state(source.from);
    return state ? std::optional(make_key("path", {*state, source.text, source.unpack ? "unpack" : "", source.literal ? "literal" : ""}))
                 : std::nullopt;
  }
  return m_remotes.identity(source);
}

std::optional<std::string> CopySources::memo_key() {
  std::vector<std::string> fields{m_action.parents ? "parents" : ""};
  fields.insert(fields.end(), m_action.excludes.begin(), m_action.excludes.end());
  for (const auto& source : m_action.sources) {
    const auto named = identity(source);
    if (!named) return std::nullopt;
    fields.push_back(*named);
  }
  // --chown and --chmod decide what of owners and modes counts, --link and the destination do not.
  fields.push_back(m_action.chown);
  fields.push_back(m_action.chmod);
  return make_key("sources", fields);
}

CopyArgument CopySources::open_heredoc(const PlannedSource& source) {
  const auto directory = m_trees.make_directory("heredoc");
  util::Root root = util::Root::open(directory);
  root.write_file(source.text, source.content, 0644);
  ContextOptions options;
  options.name = "the heredoc " + source.text;
  CopyArgument argument;
  argument.from = std::make_shared<const Context>(std::move(root), std::move(options));
  argument.path = source.text;
  argument.literal = true;
  return argument;
}

CopyArgument CopySources::open(const PlannedSource& source) {
  if (source.kind == Kind::heredoc) return open_heredoc(source);
  if (source.kind != Kind::path) return m_remotes.open(source);
  CopyArgument argument;
  argument.from = m_trees.open(source.from).context;
  argument.path = source.text;
  argument.unpack = source.unpack;
  argument.literal = source.literal;
  return argument;
}

void CopySources::select() {
  if (m_request) return;
  auto request = make_request(m_action);
  for (const auto& source : m_action.sources) request.arguments.push_back(open(source));
  m_selected = select_sources(request);
  m_request = std::move(request);
}

std::string CopySources::digest() {
  const auto memo = memo_key();
  if (memo) {
    if (const auto record = m_store.find_step(*memo)) return record->output;
  }
  select();
  const auto digest = make_key("selection", key_fields(*m_request, m_selected));
  if (memo) {
    store::StepRecord record;
    record.output = digest;
    m_store.put_step(*memo, record);
  }
  return digest;
}

std::string CopySources::definition() {
  std::vector<std::string> fields;
  auto request = make_request(m_action);
  for (const auto& source : m_action.sources) {
    fields.push_back(std::to_string(static_cast<int>(source.kind)) + source.text);
    fields.push_back(source.content + source.checksum + (source.unpack ? " unpack" : "") + (source.keep_git_dir ? " git" : ""));
    fields.push_back(std::to_string(static_cast<int>(source.from.kind)) + " " + std::to_string(source.from.stage) + " " + source.from.name);
    if (is_context(source)) request.arguments.push_back(open(source));
  }
  if (request.arguments.size() == m_action.sources.size()) {
    select();
    fields.push_back(make_key("selection", key_fields(*m_request, m_selected)));
  } else if (!request.arguments.empty()) {
    fields.push_back(make_key("selection", key_fields(request, select_sources(request))));
  }
  return make_key("definition", fields);
}

void CopySources::copy(const util::Root& merged, util::OwnerRecords* records) {
  select();
  copy_into(merged, *m_request, m_selected, records);
}

}  // namespace jcb::build
