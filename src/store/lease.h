// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/fd.h"
#include "util/root.h"

#include <optional>
#include <string>

namespace jcb::store {

/// The right to produce what a key names; one holder at a time on this machine. Ends with the object or the process.
/// Unlike util::FileLock it takes its lock file away at the end, since keys are many; a taker that waited on a removed
/// file notices that the name now means another inode and starts again.
class Lease {
 public:
  /// Waits until no other process holds `key` (a file name). Throws Error(system), Interrupted.
  static Lease acquire(const util::Root& locks, const std::string& key);
  /// The same without waiting.
  static std::optional<Lease> try_acquire(const util::Root& locks, const std::string& key);
  ~Lease();
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&&) = delete;

 private:
  Lease(util::Fd directory, util::Fd file, std::string key)
      : m_directory(std::move(directory)), m_file(std::move(file)), m_key(std::move(key)) {}
  util::Fd m_directory;
  util::Fd m_file;
  std::string m_key;
};

}  // namespace jcb::store
