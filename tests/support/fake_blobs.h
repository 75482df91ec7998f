// SPDX-License-Identifier: Apache-2.0
// A registry's blobs in memory, with the faults of a bad network: for whoever takes blobs from a RemoteBlobs.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "jcbuild/error.h"
#include "oci/registry/remote_blobs.h"

namespace jcb::test {

/// Thread-safe; counts what it sends. The fault members are set before it is used.
class FakeBlobs : public oci::RemoteBlobs {
 public:
  /// Serves `bytes` and returns their descriptor.
  oci::Descriptor add(std::string bytes, std::string_view media_type = "application/octet-stream") {
    const auto digest = oci::Digest::of(bytes);
    oci::Descriptor descriptor{std::string(media_type), digest, bytes.size(), {}, {}, {}, {}};
    blobs[digest] = std::move(bytes);
    return descriptor;
  }

  oci::PartResult read_part(const oci::Descriptor& blob, const oci::HttpRange& range, oci::HttpSink& sink) override {
    ++part_requests;
    if (!knows_parts || (refuse_part && refuse_part(range))) return oci::PartResult::not_supported;
    send(blob, range.first, range.size_bytes, sink);
    return oci::PartResult::received;
  }
  void read_blob(const oci::Descriptor& blob, oci::HttpSink& sink) override {
    ++blob_requests;
    send(blob, 0, find(blob).size(), sink);
  }
  std::string name() const override { return "registry.example/app"; }

  std::map<oci::Digest, std::string> blobs;
  bool knows_parts = true;
  std::function<bool(const oci::HttpRange&)> refuse_part;
  std::size_t run = 16'384;                   ///< how much it sends at a time
  std::chrono::microseconds delay{0};         ///< before each
  std::function<void(std::uint64_t)> before;  ///< called with the offset of each; may throw
  bool restart_once = false;                  ///< begins a request anew after its first 100,000 bytes
  std::atomic<std::uint64_t> sent{0};
  std::atomic<unsigned> part_requests{0}, blob_requests{0}, running{0}, most_running{0};
  std::atomic<bool> stalled{false};  ///< sends nothing while it is set

 private:
  const std::string& find(const oci::Descriptor& blob) const {
    const auto found = blobs.find(blob.digest);
    if (found == blobs.end()) throw Error(ErrorKind::not_found, name() + " has no blob " + blob.digest.text());
    return found->second;
  }

  void send(const oci::Descriptor& blob, std::uint64_t first, std::uint64_t size, oci::HttpSink& sink) {
    const std::string_view bytes = std::string_view(find(blob)).substr(first, size);
    const unsigned now = ++running;
    for (unsigned most = most_running; now > most && !most_running.compare_exchange_weak(most, now);) {
    }
    struct Leave {
      std::atomic<unsigned>& count;
      ~Leave() { --count; }
    } const leave{running};
    bool restart = restart_once;
    for (std::size_t at = 0; at < bytes.size();) {
      while (stalled) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        sink.check_wanted();
      }
      if (delay.count() > 0) std::this_thread::sleep_for(delay);
      if (before) before(first + at);
      const auto part = bytes.substr(at, run);
      sent += part.size();
      sink.write(part);
      at += part.size();
      if (restart && at >= 100'000) {
        sink.restart();
        at = 0;
        restart = false;
      }
    }
  }
};

}  // namespace jcb::test
