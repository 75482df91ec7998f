// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace jcb::oci {

/// A content digest (image-spec descriptor.md, "Digests"), valid by construction: `sha256:` and 64 lower-case
/// hexadecimal digits. Other algorithms are refused: what cannot be checked here must not be trusted here.
class Digest {
 public:
  /// Parses the text form. Throws Error(invalid).
  static Digest parse(std::string_view text);
  /// The digest whose 64 hexadecimal digits are known to be valid (a hasher's output). Throws Error(invalid) otherwise.
  static Digest from_sha256_hex(std::string hex);
  /// The SHA-256 of `bytes`.
  static Digest of(std::string_view bytes);

  /// The 64 digits, usable as a file name.
  const std::string& hex() const noexcept { return m_hex; }
  /// "sha256:<hex>".
  std::string text() const { return "sha256:" + m_hex; }
  /// The first 12 digits, for people.
  std::string short_text() const { return m_hex.substr(0, 12); }
  auto operator<=>(const Digest&) const = default;

 private:
  explicit Digest(std::string hex) : m_hex(std::move(hex)) {}
  std::string m_hex;
};

/// Whether `text` is what Digest::hex returns: 64 lower-case hexadecimal digits.
bool is_sha256_hex(std::string_view text) noexcept;

}  // namespace jcb::oci
