// SPDX-License-Identifier: Apache-2.0
// One layer of a remote image into the store; private to store/pull.
#pragma once

#include "oci/registry/part_fetcher.h"
#include "store/disk_room.h"
#include "store/pull.h"

namespace jcb::store {

/// What the layers of one pull share; borrowed.
struct PullContext {
  const oci::RemoteBlobs& remote;
  oci::ConnectionPool& connections;
  const DiskRoom& room;
  const PullOptions& options;
  Progress& progress;
};

/// Sees to it that the layer's tree is in the store, from the layout's blob if that is there, else over the network.
/// `rank` orders layers that wait for the network. Throws Error, ConnectionPool::Cancelled, Interrupted.
void pull_layer(const PullContext& context, const Store& store, const Layer& layer, unsigned rank);
/// Brings a blob into `layout` as it is. The same errors.
void pull_blob(const PullContext& context, const oci::Layout& layout, const oci::Descriptor& blob, unsigned rank);

}  // namespace jcb::store
