// SPDX-License-Identifier: Apache-2.0
#include "build/source_trees.h"

#include "build/copy.h"

#include "jcbuild/error.h"
#include "oci/layer/owners.h"
#include "store/owned_trees.h"

namespace jcb::build {

struct SourceTrees::Mounted {
  Mounted(const store::Store& store, store::Workspace& workspace, const std::vector<std::string>& trees, ContextOptions options)
      : rootfs(store, workspace, trees), context(rootfs.root(), std::move(options)) {}
  ReadableRootfs rootfs;
  Context context;
};

SourceTrees::SourceTrees(const store::Store& store, std::map<std::string, SourceTree> contexts,
                         std::function<const Stack&(const Origin& origin)> stack_of)
    : m_store(store), m_contexts(std::move(contexts)), m_stack_of(std::move(stack_of)) {}

store::Workspace& SourceTrees::workspace() {
  if (!m_workspace) m_workspace.emplace(m_store.make_workspace());
  return *m_workspace;
}

std::filesystem::path SourceTrees::make_directory(std::string_view prefix) {
  const std::lock_guard lock(m_mutex);
  return workspace().make_directory(prefix);
}

std::optional<std::string> SourceTrees::find_state(const Origin& origin) const {
  if (origin.kind == Origin::Kind::context) return std::nullopt;
  return m_stack_of(origin).state;
}

std::shared_ptr<const util::OwnerTable> SourceTrees::find_owners(const std::vector<std::string>& trees) const {
  if (m_store.flavour() != store::TreeFlavour::single) return nullptr;
  const store::OwnedTrees owned(m_store, {trees.rbegin(), trees.rend()});
  return std::make_shared<const util::OwnerTable>(oci::merge_owners(owned.trees(), oci::OverlayXattr::user));
}

SourceTree SourceTrees::open(const Origin& origin) {
  if (origin.kind == Origin::Kind::context) {
    const auto found = m_contexts.find(origin.name);
    if (found != m_contexts.end()) return found->second;
    throw Error(ErrorKind::not_found, origin.name.empty() ? "there is no build context" : "there is no build context " + origin.name);
  }
  const Stack& stack = m_stack_of(origin);
  const std::lock_guard lock(m_mutex);
  auto& mounted = m_mounted[stack.state];
  if (!mounted) {
    ContextOptions options;
    options.keep_owners = true;
    options.owners = find_owners(stack.trees);
    options.name = origin.kind == Origin::Kind::stage ? "stage '" + origin.name + "'" : "the image " + origin.name;
    mounted = std::make_shared<Mounted>(m_store, workspace(), stack.trees, std::move(options));
  }
  return {std::shared_ptr<const Context>(mounted, &mounted->context), mounted->rootfs.path()};
}

SourceTree SourceTrees::open_for_mount(const Origin& origin) {
  auto tree = open(origin);
  const auto& ignore = tree.context->options().ignore;
  if (!ignore || ignore->empty()) return tree;
  const std::lock_guard lock(m_mutex);
  const auto found = m_filtered.find(origin.name);
  if (found != m_filtered.end()) return found->second;
  ContextOptions options = tree.context->options();
  options.keep_times = true;  // make(1) looks at them
  CopyRequest request;
  request.destination = "/";
  request.arguments.emplace_back();
  request.arguments.back().from = std::make_shared<const Context>(tree.context->root().duplicate(), std::move(options));
  request.arguments.back().path = ".";
  const auto directory = workspace().make_directory("filtered");
  copy_into(util::Root::open(directory), request, select_sources(request));
  return m_filtered[origin.name] = {std::make_shared<const Context>(util::Root::open(directory)), directory};
}

}  // namespace jcb::build
