// SPDX-License-Identifier: Apache-2.0
#include "oci/server/missing_blobs.h"

#include "util/scope_exit.h"

namespace jcb::oci {
namespace {

// A descriptor each: they are read at offsets of their own.
std::optional<util::Fd> share(const std::shared_ptr<const util::Fd>& file) {
  if (!file) return std::nullopt;
  return file->duplicate();
}

}  // namespace

std::optional<util::Fd> MissingBlobs::find(const Descriptor& blob) {
  if (!can_find()) return std::nullopt;
  std::promise<Result> promise;
  {
    std::unique_lock guard(m_mutex);
    if (const auto flight = m_flights.find(blob.digest); flight != m_flights.end()) {
      const auto result = flight->second;
      guard.unlock();
      return share(result.get());
    }
    m_flights.emplace(blob.digest, promise.get_future().share());
  }
  const util::ScopeExit landed([&] {
    const std::lock_guard guard(m_mutex);
    m_flights.erase(blob.digest);
  });
  Result result;
  try {
    if (auto found = m_find(blob)) result = std::make_shared<const util::Fd>(std::move(*found));
  } catch (...) {
    promise.set_exception(std::current_exception());
    throw;
  }
  promise.set_value(result);
  return share(result);
}

}  // namespace jcb::oci
