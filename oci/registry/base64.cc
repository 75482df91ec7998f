// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/base64.h"

namespace jcb::oci {
namespace {

constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The bytes of one group of four characters, `padding` of which are `=`; false when they are none.
bool append_group(std::string& bytes, std::string_view group, std::size_t padding) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto value = i + padding < 4 ? k_alphabet.find(group[i]) : 0;
    if (value == std::string_view::npos) return false;
    bits = bits << 6 | static_cast<unsigned>(value);
  }
  for (std::size_t i = 0; i < 3; ++i) {
    const char byte = static_cast<char>(bits >> (16 - 8 * i) & 0xff);
    if (i + padding < 3)
      bytes += byte;
    else if (byte != 0)
      return false;
  }
  return true;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) { return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U; };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (int shift = 18; shift >= 0; shift -= 6) text += k_alphabet[group >> shift & 63];
    for (std::size_t missing = bytes.size(); missing < i + 3; ++missing) text[text.size() - (i + 3 - missing)] = '=';
  }
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    if (!append_group(bytes, text.substr(i, 4), i + 4 == text.size() ? padding : 0)) return std::nullopt;
  }
  return bytes;
}

}  // namespace jcb::oci
