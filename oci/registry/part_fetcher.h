// SPDX-License-Identifier: Apache-2.0
// Blobs over several connections at once, each handed out in order (docs/design/004-registries.md, "Parts").
//
// A blob above 8 MiB is asked for in parts of a 64th of it, 512 KiB to 4 MiB, and a 20th of all blobs together at once: what
// is under way when the process is killed is lost, and each request costs a registry some milliseconds. A pool has as many
// buffers of 4 MiB as connections, for all blobs together; a part takes one when it is assigned to a connection and gives it
// back when the consumer has had it. Parts are assigned in order within a blob, so the one that its consumer waits for is
// always under way, and is handed out while it arrives. One buffer is left for each blob that has none, so no blob waits for
// another's consumer for long. Smaller blobs, and those of servers that know no parts, come as one stream through two buffers.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "oci/descriptor.h"
#include "oci/registry/remote_blobs.h"

namespace jcb::oci {

/// The connections of one pull, a thread each, started when there is work for them.
class ConnectionPool {
 public:
  /// `remote` is borrowed. `connections` is 1 to 64.
  ConnectionPool(RemoteBlobs& remote, unsigned connections);
  /// All fetchers are gone.
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  /// Ends everything: from now on every `next` throws Cancelled. Any thread.
  void cancel();
  /// What it throws; it says that something else went wrong, which is what people want to hear.
  struct Cancelled {};

 private:
  friend class PartFetcher;
  struct State;
  std::unique_ptr<State> m_state;
};

/// One blob on its way. For one thread; every fetcher needs one of its own, since buffers are shared.
class PartFetcher {
 public:
  /// Begins to fetch `blob` from its byte `first` on. Of two blobs whose consumers both wait, the lower rank is served first.
  PartFetcher(ConnectionPool& pool, const Descriptor& blob, std::uint64_t first = 0, unsigned rank = 0);
  /// Cancels what is under way and waits until no connection is busy with it.
  ~PartFetcher();
  PartFetcher(const PartFetcher&) = delete;
  PartFetcher& operator=(const PartFetcher&) = delete;

  /// The next bytes, valid until the next call; empty when the blob is complete. Exactly as many as the descriptor says,
  /// but nothing is verified here. Throws what the connection threw, Error(failed, invalid) when the server sent less or
  /// more, ConnectionPool::Cancelled, Interrupted.
  std::string_view next();
  /// How many bytes of the blob have arrived.
  std::uint64_t received() const;

 private:
  struct Blob;
  friend struct ConnectionPool::State;
  ConnectionPool::State& m_pool;
  std::shared_ptr<Blob> m_blob;
};

}  // namespace jcb::oci
