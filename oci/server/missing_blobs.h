// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "oci/descriptor.h"
#include "util/fd.h"

namespace jcb::oci {

/// Gets a blob that the layout does not keep, verified; nothing when nobody knows where. May take long. Throws Error.
using FindMissing = std::function<std::optional<util::Fd>(const Descriptor&)>;

/// Blobs that are being got: one at a time for each digest, however many clients wait for it. Thread-safe.
class MissingBlobs {
 public:
  /// With an empty function nothing is ever found.
  explicit MissingBlobs(FindMissing find) : m_find(std::move(find)) {}

  bool can_find() const noexcept { return m_find != nullptr; }
  /// What the function returns or throws, to everyone who asked while it ran.
  std::optional<util::Fd> find(const Descriptor& blob);

 private:
  using Result = std::shared_ptr<const util::Fd>;

  FindMissing m_find;
  std::mutex m_mutex;
  std::map<Digest, std::shared_future<Result>> m_flights;
};

}  // namespace jcb::oci
