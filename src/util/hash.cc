// SPDX-License-Identifier: Apache-2.0
#include "util/hash.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>

namespace jcb::util {

namespace {

// An EVP context that is ready for bytes.
class Context {
 public:
  explicit Context(const EVP_MD* algorithm) : m_context(EVP_MD_CTX_new()) {
    if (m_context != nullptr && EVP_DigestInit_ex(m_context, algorithm, nullptr) == 1) return;
    EVP_MD_CTX_free(m_context);
    throw Error(ErrorKind::system, "OpenSSL lacks a hash algorithm");
  }
  ~Context() { EVP_MD_CTX_free(m_context); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void update(std::string_view bytes) { EVP_DigestUpdate(m_context, bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(m_context, digest.data(), &size);
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      text += digits[digest[i] >> 4];
      text += digits[digest[i] & 15];
    }
    return text;
  }

 private:
  EVP_MD_CTX* m_context;
};

const EVP_MD* find_algorithm(std::string_view name) {
  if (name == "sha256") return EVP_sha256();
  if (name == "sha384") return EVP_sha384();
  if (name == "sha512") return EVP_sha512();
  throw Error(ErrorKind::invalid, "unknown hash algorithm \"" + escape_text(name) + "\"", "sha256, sha384 and sha512 are known");
}

}  // namespace

struct Sha256::State : Context {
  State() : Context(EVP_sha256()) {}
};

Sha256::Sha256() : m_state(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::string_view bytes) {
  m_state->update(bytes);
  return *this;
}

Sha256& Sha256::field(std::string_view bytes) {
  std::array<char, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i) length[i] = static_cast<char>((std::uint64_t{bytes.size()} >> (8 * i)) & 0xff);
  return update({length.data(), length.size()}).update(bytes);
}

std::string Sha256::hex() { return m_state->hex(); }

struct Hasher::State : Context {
  using Context::Context;
};

Hasher::Hasher(std::string_view algorithm) : m_state(std::make_unique<State>(find_algorithm(algorithm))) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
void Hasher::update(std::string_view bytes) { m_state->update(bytes); }
std::string Hasher::hex() { return m_state->hex(); }

std::string sha256_hex(std::string_view bytes) { return Sha256().update(bytes).hex(); }

}  // namespace jcb::util
