// SPDX-License-Identifier: Apache-2.0
// Saved states as bytes: numbers of eight bytes, least significant first, and strings with their length in front.
// Private to oci/layer.
#pragma once

#include "jcbuild/error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace jcb::oci {

/// Puts values into bytes.
class StateWriter {
 public:
  void number(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) m_bytes += static_cast<char>((value >> shift) & 0xff);
  }
  void text(std::string_view value) {
    number(value.size());
    m_bytes += value;
  }
  std::string take() { return std::move(m_bytes); }

 private:
  std::string m_bytes;
};

/// Takes them out again in the same order. Throws Error(invalid) where there is none.
class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : m_bytes(bytes) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    int shift = 0;
    for (const char c : cut(8)) {
      value |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
      shift += 8;
    }
    return value;
  }
  std::string_view text() { return cut(number()); }
  bool at_end() const noexcept { return m_bytes.empty(); }

 private:
  std::string_view cut(std::uint64_t size) {
    if (size > m_bytes.size()) throw Error(ErrorKind::invalid, "a saved state is cut short");
    const std::string_view part = m_bytes.substr(0, size);
    m_bytes.remove_prefix(part.size());
    return part;
  }

  std::string_view m_bytes;
};

}  // namespace jcb::oci
