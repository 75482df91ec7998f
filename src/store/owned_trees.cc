// SPDX-License-Identifier: Apache-2.0
#include "store/owned_trees.h"

namespace jcb::store {

OwnedTrees::OwnedTrees(const Store& store, const std::vector<std::string>& names) : m_single(store.flavour() == TreeFlavour::single) {
  for (const auto& name : names) {
    m_roots.push_back(store.tree(name));
    m_tables.push_back(store.owners(name));
  }
}

std::vector<const util::Root*> OwnedTrees::roots() const {
  std::vector<const util::Root*> result;
  for (const auto& root : m_roots) result.push_back(&root);
  return result;
}

std::vector<oci::OwnedTree> OwnedTrees::trees() const {
  std::vector<oci::OwnedTree> result;
  for (std::size_t i = 0; i < m_roots.size(); ++i) result.push_back({&m_roots[i], &m_tables[i]});
  return result;
}

oci::MergedOwners OwnedTrees::merged_owners(util::OwnerTable& result) const {
  oci::MergedOwners owners;
  if (!m_single) return owners;
  for (const auto& table : m_tables) owners.bottom_first.push_back(&table);
  owners.result = &result;
  return owners;
}

const util::OwnerTable* table_for(const Store& store, const util::OwnerTable& table) {
  return store.flavour() == TreeFlavour::single ? &table : nullptr;
}

util::OwnerTable unpack_owned(const Store& store, const util::Root& tree, oci::UnpackOptions options,
                              const std::function<void(const oci::UnpackOptions&)>& unpack) {
  options.begin_writeback = true;  // publish_tree flushes
  if (store.flavour() != TreeFlavour::single) {
    unpack(options);
    return {};
  }
  util::OwnerRecords records(tree.duplicate());
  options.records = &records;
  unpack(options);
  oci::CollectOptions collect;
  collect.inherit_groups = false;
  return oci::collect_owners(tree, records, collect);
}

}  // namespace jcb::store
