// SPDX-License-Identifier: Apache-2.0
// EVP keeps a hash's state to itself. Where one has to outlive its process there is only OpenSSL's older interface, which is
// deprecated since 3.0, runs the same code and has a plain struct for a state.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "util/hash.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace jcb::util {

namespace {

std::string to_hex(std::basic_string_view<unsigned char> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

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
    return to_hex({digest.data(), size});
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

// The context lies in the object's bytes: the header cannot name OpenSSL's type.
ResumableSha256::ResumableSha256() {
  static_assert(sizeof(SHA256_CTX) == k_state_bytes && alignof(SHA256_CTX) <= 8);
  SHA256_CTX context;
  ::SHA256_Init(&context);
  std::memcpy(m_state.data(), &context, sizeof context);
}

void ResumableSha256::update(std::string_view bytes) {
  SHA256_CTX context;
  std::memcpy(&context, m_state.data(), sizeof context);
  ::SHA256_Update(&context, bytes.data(), bytes.size());
  std::memcpy(m_state.data(), &context, sizeof context);
}

std::string ResumableSha256::hex() const {
  SHA256_CTX context;
  std::memcpy(&context, m_state.data(), sizeof context);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  ::SHA256_Final(digest.data(), &context);
  return to_hex({digest.data(), digest.size()});
}

std::string ResumableSha256::save() const { return {reinterpret_cast<const char*>(m_state.data()), m_state.size()}; }

bool ResumableSha256::load(std::string_view state) {
  SHA256_CTX context;
  if (state.size() != sizeof context) return false;
  std::memcpy(&context, state.data(), sizeof context);
  if (context.md_len != SHA256_DIGEST_LENGTH || context.num >= SHA256_CBLOCK) return false;
  std::memcpy(m_state.data(), &context, sizeof context);
  return true;
}

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
