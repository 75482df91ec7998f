// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/tar_header.h"

namespace jcb::oci {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\0'; }

std::string_view without_blanks(std::string_view field) {
  while (!field.empty() && is_blank(field.front())) field.remove_prefix(1);
  while (!field.empty() && is_blank(field.back())) field.remove_suffix(1);
  return field;
}

std::optional<std::int64_t> parse_octal(std::string_view field) {
  std::uint64_t value = 0;
  for (const char c : without_blanks(field)) {
    if (c < '0' || c > '7' || value > (std::uint64_t{1} << 60) - 1) return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return static_cast<std::int64_t>(value);
}

// The first bit only marks the form; the second is the sign.
std::optional<std::int64_t> parse_base256(std::string_view field) {
  const bool negative = (field[0] & 0x40) != 0;
  std::int64_t value = negative ? -1 : 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    auto byte = static_cast<unsigned char>(field[i]);
    if (i == 0) byte = static_cast<unsigned char>(negative ? byte | 0x80U : byte & 0x7fU);
    if (value > (INT64_MAX >> 8) || value < (INT64_MIN >> 8)) return std::nullopt;
    value = value * 256 + byte;
  }
  return value;
}

std::int64_t signed_checksum(const TarBlock& block) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own_field = i >= k_checksum.offset && i < k_checksum.offset + k_checksum.size;
    sum += own_field ? ' ' : static_cast<signed char>(block[i]);
  }
  return sum;
}

}  // namespace

std::string_view field_of(const TarBlock& block, TarField field) noexcept { return {block.data() + field.offset, field.size}; }

std::string_view text_of(const TarBlock& block, TarField field) noexcept {
  const std::string_view bytes = field_of(block, field);
  return bytes.substr(0, bytes.find('\0'));
}

std::optional<std::int64_t> parse_tar_number(std::string_view field) noexcept {
  return (field[0] & 0x80) != 0 ? parse_base256(field) : parse_octal(field);
}

std::uint32_t tar_checksum(const TarBlock& block) noexcept {
  std::uint32_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  for (const char c : field_of(block, k_checksum)) sum -= static_cast<unsigned char>(c);
  return sum + static_cast<std::uint32_t>(' ' * k_checksum.size);
}

bool has_good_checksum(const TarBlock& block) noexcept {
  const auto stored = parse_tar_number(field_of(block, k_checksum));
  return stored && (*stored == tar_checksum(block) || *stored == signed_checksum(block));
}

}  // namespace jcb::oci
