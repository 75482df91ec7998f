// SPDX-License-Identifier: Apache-2.0
#include "store/origin_fetch.h"

#include <algorithm>
#include <set>

#include "jcbuild/error.h"
#include "store/origins.h"
#include "store/pull.h"

namespace jcb::store {
namespace {

using Blobs = std::vector<oci::Descriptor>;

std::vector<std::string> origins_of(const Store& store, const oci::Descriptor& blob, const PushOptions& options) {
  return options.open_origin ? find_origins(store, blob.digest) : std::vector<std::string>{};
}

[[noreturn]] void refuse_missing(const oci::Layout& layout, const oci::Descriptor& blob, const std::vector<std::string>& causes) {
  Error error(ErrorKind::not_found,
              "blob " + blob.digest.text() + " is neither in " + layout.name() + " nor in a repository that it came from",
              "pull or build the image again; pull --keep-blobs keeps what a push needs");
  error.add_details(causes);
  throw error;
}

class OriginFetch {
 public:
  OriginFetch(const Store& store, const oci::Layout& layout, const PushOptions& options)
      : m_store(store), m_layout(layout), m_options(options) {}

  /// Brings `blob`, and with it those of `others` that the same repository had.
  void fetch(const oci::Descriptor& blob, const Blobs& others) {
    while (!has_whole_blob(m_layout, blob)) {
      const std::string origin = next_origin(blob);
      fetch_together(origin, choose(origin, others));
    }
  }

 private:
  bool is_open(const oci::Descriptor& blob, const std::string& origin) const { return !m_tried.contains({blob.digest.hex(), origin}); }

  std::string next_origin(const oci::Descriptor& blob) const {
    for (const std::string& origin : origins_of(m_store, blob, m_options)) {
      if (is_open(blob, origin)) return origin;
    }
    refuse_missing(m_layout, blob, m_causes);
  }

  // What is missing, was at `origin`, and has not been asked for there.
  Blobs choose(const std::string& origin, const Blobs& blobs) {
    Blobs chosen;
    for (const oci::Descriptor& blob : blobs) {
      const auto origins = origins_of(m_store, blob, m_options);
      const bool was_there = std::find(origins.begin(), origins.end(), origin) != origins.end();
      if (!was_there || has_whole_blob(m_layout, blob) || !is_open(blob, origin)) continue;
      m_tried.insert({blob.digest.hex(), origin});
      chosen.push_back(blob);
    }
    return chosen;
  }

  // A blob that is not there must not keep the others from coming; a repository that cannot be reached is asked once.
  void fetch_together(const std::string& origin, const Blobs& blobs) {
    const bool can_go_on = fetch_at_once(origin, blobs);
    if (!can_go_on || blobs.size() == 1) return;
    for (const oci::Descriptor& blob : blobs) {
      if (!has_whole_blob(m_layout, blob)) fetch_at_once(origin, {blob});
    }
  }

  // Returns whether the repository may have more.
  bool fetch_at_once(const std::string& origin, const Blobs& blobs) {
    try {
      const auto client = m_options.open_origin(origin);
      PullOptions options;
      options.connections = m_options.connections;
      options.progress = m_options.progress;
      options.parent = m_options.parent;
      fetch_blobs(m_layout, *client, blobs, options);
      return true;
    } catch (const Error& error) {
      m_causes.push_back(origin + ": " + error.message());
      return error.kind() == ErrorKind::not_found || error.kind() == ErrorKind::invalid;
    }
  }

  const Store& m_store;
  const oci::Layout& m_layout;
  const PushOptions& m_options;
  std::set<std::pair<std::string, std::string>> m_tried;
  std::vector<std::string> m_causes;
};

}  // namespace

void require_origin(const Store& store, const oci::Layout& layout, const oci::Descriptor& blob, const PushOptions& options) {
  if (origins_of(store, blob, options).empty()) refuse_missing(layout, blob, {});
}

bool has_whole_blob(const oci::Layout& layout, const oci::Descriptor& blob) {
  return layout.find_blob_size(blob.digest) == blob.size_bytes;
}

void fetch_from_origins(const Store& store, const oci::Layout& layout, const Blobs& blobs, const PushOptions& options) {
  OriginFetch fetch(store, layout, options);
  for (const oci::Descriptor& blob : blobs) fetch.fetch(blob, blobs);
}

}  // namespace jcb::store
