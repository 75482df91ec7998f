// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>

#include "store/push.h"
#include "store/push_plan.h"
#include "store/push_progress.h"

namespace jcb::store {

/// Brings blobs into one repository, each the cheapest way: mounted from another repository of the registry, sent from the
/// layout, or fetched into a workspace and passed on. Thread-safe; what it is given has to live longer.
class BlobPusher {
 public:
  /// `stop`: others have failed, so that what is under way is to end.
  BlobPusher(const Store& store, const oci::Layout& layout, oci::RegistryClient& client, const PushOptions& options,
             const std::atomic<bool>& stop);
  ~BlobPusher();

  /// Throws Error, or something that is none when `stop` was set meanwhile.
  void push(const PushBlob& blob, PushProgress::Blob& progress);

 private:
  struct Relay;
  bool mount(const oci::Descriptor& blob, PushProgress::Blob& progress);
  void send(const oci::Layout& layout, const oci::Descriptor& blob, PushProgress::Blob& progress);
  void pass_on(const oci::Descriptor& blob, PushProgress::Blob& progress);

  const Store& m_store;
  const oci::Layout& m_layout;
  oci::RegistryClient& m_client;
  const PushOptions& m_options;
  const std::atomic<bool>& m_stop;
  std::unique_ptr<Relay> m_relay;
};

}  // namespace jcb::store
