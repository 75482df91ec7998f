// SPDX-License-Identifier: Apache-2.0
#include "oci/digest.h"

#include "jcbuild/error.h"
#include "util/hash.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr std::string_view k_prefix = "sha256:";
constexpr std::size_t k_hex_digits = 64;

// Digests come from strangers: neither their bytes nor their length may spoil a message.
std::string shown(std::string_view text) {
  constexpr std::size_t longest = 80;
  return "'" + util::escape_text(text.substr(0, longest)) + (text.size() > longest ? "…'" : "'");
}

}  // namespace

bool is_sha256_hex(std::string_view text) noexcept {
  return text.size() == k_hex_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Digest Digest::parse(std::string_view text) {
  if (text.starts_with(k_prefix)) {
    if (!is_sha256_hex(text.substr(k_prefix.size())))
      throw Error(ErrorKind::invalid, shown(text) + " is not a digest: sha256 takes 64 lower-case hexadecimal digits");
    return Digest(std::string(text.substr(k_prefix.size())));
  }
  if (text.find(':') == std::string_view::npos) throw Error(ErrorKind::invalid, shown(text) + " is not a digest: no algorithm in front");
  throw Error(ErrorKind::invalid, shown(text) + " is not a digest that can be checked: the algorithm is not sha256");
}

Digest Digest::from_sha256_hex(std::string hex) {
  if (!is_sha256_hex(hex)) throw Error(ErrorKind::invalid, shown(hex) + " is not 64 lower-case hexadecimal digits");
  return Digest(std::move(hex));
}

Digest Digest::of(std::string_view bytes) { return Digest(util::sha256_hex(bytes)); }

}  // namespace jcb::oci
