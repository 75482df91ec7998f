// SPDX-License-Identifier: Apache-2.0
// A run of a blob on its way; private to part_fetcher.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>

namespace jcb::oci {

/// How large parts are.
inline constexpr std::uint64_t k_mebibyte = std::uint64_t{1} << 20;
inline constexpr std::uint64_t k_largest_part = 4 * k_mebibyte, k_smallest_part = k_mebibyte / 2, k_parts = 64;
/// So much at most of what is being fetched is under way: when the process is killed, it is lost.
inline constexpr std::uint64_t k_share_under_way = 20;
/// What is smaller comes as a stream.
inline constexpr std::uint64_t k_least_for_parts = 8 * k_mebibyte;

/// Filled by a connection and emptied by the consumer, from front to back.
struct Part {
  std::uint64_t first = 0;
  std::size_t size = 0;  ///< that will be filled; of a stream: at most
  std::size_t filled = 0, taken = 0;
  bool done = false;       ///< no connection fills it any more
  bool abandoned = false;  ///< nobody wants it any more
  bool of_stream = false;  ///< filled with the mutex held, so it can be taken away at any time
  std::exception_ptr failure;
  std::unique_ptr<char[]> buffer;
};

}  // namespace jcb::oci
