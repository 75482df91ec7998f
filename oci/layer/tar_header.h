// SPDX-License-Identifier: Apache-2.0
// The 512-byte tar header (POSIX.1-2017 pax, "ustar Interchange Format") as offsets and lengths. Private to oci/layer.
//
//   0 name[100]  100 mode[8]  108 uid[8]  116 gid[8]  124 size[12]  136 mtime[12]  148 chksum[8]  156 typeflag
//   157 linkname[100]  257 magic[6] version[2]  265 uname[32]  297 gname[32]  329 devmajor[8]  337 devminor[8]
//   345 prefix[155]
//   GNU (magic "ustar  "): 345 atime[12] 357 ctime[12] 386 sparse[4][24] 482 isextended 483 realsize[12]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace jcb::oci {

inline constexpr std::size_t k_block_bytes = 512;
using TarBlock = std::array<char, k_block_bytes>;

struct TarField {
  std::size_t offset;
  std::size_t size;
};
inline constexpr TarField k_name{0, 100}, k_mode{100, 8}, k_uid{108, 8}, k_gid{116, 8}, k_size{124, 12}, k_mtime{136, 12},
    k_checksum{148, 8}, k_link_name{157, 100}, k_magic{257, 8}, k_device_major{329, 8}, k_device_minor{337, 8}, k_prefix{345, 155},
    k_sparse{386, 96}, k_real_size{483, 12};
inline constexpr std::size_t k_type_offset = 156, k_sparse_extended_offset = 482, k_sparse_entry_bytes = 24, k_more_sparse_offset = 504;

/// The bytes of a field.
std::string_view field_of(const TarBlock& block, TarField field) noexcept;
/// The same up to the first NUL.
std::string_view text_of(const TarBlock& block, TarField field) noexcept;

/// Reads a number: octal digits between blanks and NULs (an empty field is 0), or GNU's base-256 (first bit set,
/// two's complement). Nothing when it is neither, or needs more than 63 bits.
std::optional<std::int64_t> parse_tar_number(std::string_view field) noexcept;

/// The sum of the header's bytes with the checksum field as blanks.
std::uint32_t tar_checksum(const TarBlock& block) noexcept;
/// Whether the stored checksum is the sum of the bytes, taken as unsigned (POSIX) or signed (old tars).
bool has_good_checksum(const TarBlock& block) noexcept;

/// How many bytes fill `size` up to whole blocks.
constexpr std::uint64_t tar_padding(std::uint64_t size) noexcept { return (k_block_bytes - size % k_block_bytes) % k_block_bytes; }

}  // namespace jcb::oci
