// SPDX-License-Identifier: Apache-2.0
// Whether the store's file system has room for what is to come. What layers unpack to is not known before: a pull is
// refused beforehand only where not even their compressed bytes would fit, and is stopped when it eats into the reserve.
#pragma once

#include <cstdint>
#include <string>

#include "util/root.h"

namespace jcb::store {

/// Room at one directory, as it was found, and what of it is to be left. Thread-safe.
class DiskRoom {
 public:
  /// Looks at the file system. The reserve is 3 % of it, at most 1 GiB, and at most an eighth of what is free now.
  DiskRoom(util::Root directory, std::string name_for_messages);

  std::uint64_t free_bytes() const noexcept { return m_free; }
  /// Throws Error(failed) when `least_bytes` do not fit. `estimate_bytes` is for the message.
  void require(std::uint64_t least_bytes, std::uint64_t estimate_bytes) const;
  /// To be called when some MB have been written: throws Error(failed) when the reserve is touched.
  void check() const;
  /// What is thrown when a write failed for lack of space.
  [[noreturn]] void throw_full() const;

 private:
  util::Root m_directory;
  std::string m_name;
  std::uint64_t m_free = 0, m_reserve = 0;
};

}  // namespace jcb::store
