// SPDX-License-Identifier: Apache-2.0
#include "build/step_inputs.h"

#include "build/step_key.h"

namespace jcb::build {
namespace {

// Whether the content below a mount's source is an input: a cache mount without `from` starts empty, the others have none.
bool shows_files(const dockerfile::RunMount& mount) {
  return mount.type == dockerfile::MountType::bind || (mount.type == dockerfile::MountType::cache && !mount.from.empty());
}

CopyAction as_copy(const dockerfile::RunMount& mount, const Origin& origin) {
  PlannedSource source;
  source.from = origin;
  source.text = mount.source;
  if (source.text.empty()) source.text.push_back('.');
  source.literal = true;
  CopyAction action;
  action.sources.push_back(std::move(source));
  action.destination.push_back('/');
  return action;
}

}  // namespace

StepInputs::StepInputs(const Step& step, SourceTrees& trees, RemoteSources& remotes, const store::Store& store) {
  if (const auto* copy = std::get_if<CopyAction>(&step.action)) m_actions.push_back(*copy);
  if (const auto* run = std::get_if<RunAction>(&step.action)) {
    for (std::size_t i = 0; i < run->mounts.size(); ++i) {
      if (shows_files(run->mounts[i])) m_actions.push_back(as_copy(run->mounts[i], run->mount_origins[i]));
    }
  }
  for (const auto& action : m_actions) m_sources.emplace_back(action, trees, remotes, store);
}

const std::string& StepInputs::digest() {
  if (!m_digest.empty()) return m_digest;
  std::vector<std::string> fields;
  for (auto& sources : m_sources) fields.push_back(sources.digest());
  m_digest = make_key("inputs", fields);
  return m_digest;
}

std::string StepInputs::definition() {
  std::vector<std::string> fields;
  for (auto& sources : m_sources) fields.push_back(sources.definition());
  return make_key("inputs", fields);
}

void StepInputs::copy(const util::Root& merged, util::OwnerRecords* records) { m_sources.front().copy(merged, records); }

}  // namespace jcb::build
