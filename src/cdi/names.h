// SPDX-License-Identifier: Apache-2.0
// Names of the Container Device Interface: vendor.com/class=device. The rules are those of the reference's parser, which
// are looser than the text of SPEC.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jcb::cdi {

/// Whether a text may be a vendor or a class: letters, digits, `_ . -`, a letter first, a letter or digit last.
bool is_vendor_or_class(std::string_view text) noexcept;
/// Whether a text may be the name of a device: also `:`, and a digit may come first.
bool is_device_name(std::string_view text) noexcept;

/// What devices have in common: "nvidia.com/gpu".
struct Kind {
  std::string vendor;
  std::string device_class;
  std::string text() const { return vendor + "/" + device_class; }
  bool operator==(const Kind&) const = default;
};

/// Throws Error(invalid) naming `thing`.
Kind parse_kind(std::string_view text, std::string_view thing);

/// Whether a text is the full name of a device, "vendor/class=name". A path never is.
bool is_qualified_name(std::string_view text) noexcept;

}  // namespace jcb::cdi
