// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace jcb::util {

/// A running SHA-256 (FIPS 180-4) over OpenSSL's EVP, which uses the processor's SHA instructions.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  /// Adds bytes; returns *this so that calls chain.
  Sha256& update(std::string_view bytes);
  /// Adds a field with its length in front, so that neighbouring fields cannot run into each other in a key.
  Sha256& field(std::string_view bytes);
  /// The digest as 64 lower-case hexadecimal digits; the object is spent.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

/// A running SHA-256 that another process can go on with: a value, and its state is a few bytes. As fast as Sha256.
class ResumableSha256 {
 public:
  ResumableSha256();
  void update(std::string_view bytes);
  /// The digest of what was added so far as 64 lower-case hexadecimal digits; more can be added afterwards.
  std::string hex() const;
  /// The state as bytes, for `load` in a process of the same machine and program.
  std::string save() const;
  /// Goes on from what `save` gave. False, and nothing changed, when `state` cannot be that.
  bool load(std::string_view state);

 private:
  static constexpr std::size_t k_state_bytes = 112;  // of OpenSSL's SHA256_CTX
  alignas(8) std::array<unsigned char, k_state_bytes> m_state{};
};

/// A running hash whose algorithm is named at run time, as checksums that users write down do.
class Hasher {
 public:
  /// `algorithm` is "sha256", "sha384" or "sha512"; another is Error(invalid).
  explicit Hasher(std::string_view algorithm);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void update(std::string_view bytes);
  /// The digest as lower-case hexadecimal digits; the object is spent.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

/// SHA-256 of `bytes` as 64 hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace jcb::util
