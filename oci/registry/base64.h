// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jcb::oci {

/// RFC 4648 section 4, padded.
std::string encode_base64(std::string_view bytes);

/// The bytes behind padded base64, or nothing when `text` is none: other characters, bits that stand for nothing.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace jcb::oci
