// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "util/fd.h"
#include "util/root.h"

#include <optional>
#include <string>
#include <string_view>

namespace jcb::util {

enum class LockMode { shared, exclusive };

/// Locks an open file or directory (flock(2)): also against other descriptors of this process, so it serves threads as
/// well. The lock goes with the last copy of the descriptor. Waits; any thread that waits sees an interrupt, whichever
/// thread the signal went to. Throws Error(system) naming `thing`, Interrupted.
void lock_file(int fd, LockMode mode, std::string_view thing);
/// The same without waiting; false when another holds it.
bool try_lock_file(int fd, LockMode mode, std::string_view thing);

/// An advisory lock on a file (flock(2)), held until the object goes or the process dies, however it dies.
/// The file stays: removing lock files races with their takers.
class FileLock {
 public:
  /// Waits for the lock on `name` in `directory` (created when missing). Throws Error(system), Interrupted on a signal.
  static FileLock acquire(const Root& directory, const std::string& name, LockMode mode = LockMode::exclusive);
  /// Takes the lock, or returns nothing when another holds it.
  static std::optional<FileLock> try_acquire(const Root& directory, const std::string& name, LockMode mode = LockMode::exclusive);

 private:
  explicit FileLock(Fd file) : m_file(std::move(file)) {}
  Fd m_file;
};

}  // namespace jcb::util
