// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "build/context.h"
#include "build/rootfs.h"
#include "build/stage.h"
#include "store/store.h"

namespace jcb::build {

/// A stack of trees bottom first, and the state that they amount to (step_key.h).
struct Stack {
  std::vector<std::string> trees;
  std::string state;
};

/// A tree that COPY and mounts take from.
struct SourceTree {
  std::shared_ptr<const Context> context;
  std::filesystem::path path;  ///< where it lies or is mounted; ours alone, or the user's context
};

/// Opens what `--from` names: contexts at once, stages and images when they are first asked for. Thread-safe; everything
/// stays open until the object goes.
class SourceTrees {
 public:
  /// `stack_of` tells the finished stack of a stage or image. Borrows the store.
  SourceTrees(const store::Store& store, std::map<std::string, SourceTree> contexts,
              std::function<const Stack&(const Origin& origin)> stack_of);

  /// Throws Error(not_found) when a context is not there.
  SourceTree open(const Origin& origin);
  /// The same to be shown by a mount: of a context with ignore rules a copy without what they hide, made once.
  SourceTree open_for_mount(const Origin& origin);
  /// A directory for files that are made for a step; there as long as the object.
  std::filesystem::path make_directory(std::string_view prefix);
  /// What names the content of a stage or image; nothing for a context, which has to be looked at.
  std::optional<std::string> find_state(const Origin& origin) const;

 private:
  struct Mounted;
  store::Workspace& workspace();
  std::shared_ptr<const util::OwnerTable> find_owners(const std::vector<std::string>& trees) const;
  const store::Store& m_store;
  std::map<std::string, SourceTree> m_contexts;
  std::function<const Stack&(const Origin&)> m_stack_of;
  std::mutex m_mutex;
  std::optional<store::Workspace> m_workspace;                // made when it is first needed
  std::map<std::string, std::shared_ptr<Mounted>> m_mounted;  // by state
  std::map<std::string, SourceTree> m_filtered;               // contexts by name
};

}  // namespace jcb::build
