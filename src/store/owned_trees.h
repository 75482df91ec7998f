// SPDX-License-Identifier: Apache-2.0
// Trees of the store with whom their files belong to, the same to use in both flavours.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "oci/layer/owners.h"
#include "store/store.h"

namespace jcb::store {

/// Trees of the store, opened, each with its table of owners.
class OwnedTrees {
 public:
  /// In the order of `names`. Throws Error(not_found, invalid).
  OwnedTrees(const Store& store, const std::vector<std::string>& names);

  /// For overlays and merges; valid as long as this object. In the order of the names.
  std::vector<const util::Root*> roots() const;
  /// The same with the tables.
  std::vector<oci::OwnedTree> trees() const;
  /// What merge_overlay_directories takes for trees given bottom first: the result's table goes to `result`. Nothing in the
  /// mapped flavour, where the files tell.
  oci::MergedOwners merged_owners(util::OwnerTable& result) const;

 private:
  bool m_single;
  std::vector<util::Root> m_roots;
  std::vector<util::OwnerTable> m_tables;
};

/// What PackOptions and write_layer_tar take for a tree with this table: null in the mapped flavour.
const util::OwnerTable* table_for(const Store& store, const util::OwnerTable& table);

/// Calls `unpack` with the options for unpacking into the fresh directory `tree`, as the store's flavour needs them; returns
/// the table to publish it with.
util::OwnerTable unpack_owned(const Store& store, const util::Root& tree, oci::UnpackOptions options,
                              const std::function<void(const oci::UnpackOptions&)>& unpack);

}  // namespace jcb::store
