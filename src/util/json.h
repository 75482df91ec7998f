// SPDX-License-Identifier: Apache-2.0
// JSON for all layers: nlohmann's insertion-ordered value type, read strictly. nlohmann has no depth limit of its own,
// so a SAX handler counts before a value is built; duplicate keys, which different readers understand differently,
// are refused.
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace jcb::util {

/// A JSON value whose objects keep their order.
using Json = nlohmann::ordered_json;

struct JsonLimits {
  std::size_t bytes = std::size_t{4} << 20;
  std::size_t depth = 64;
  std::size_t values = 2'000'000;  ///< scalars, objects and arrays together
  std::size_t keys = 10'000;       ///< in one object: an ordered object searches them one after the other
};

/// Parses one JSON text (RFC 8259, UTF-8, no comments, no duplicate keys). Throws Error(invalid) "THING: cause at byte N".
Json parse_json(std::string_view text, std::string_view thing, const JsonLimits& limits = {});

/// Compact text with escaped non-UTF-8 replaced; the same value always gives the same bytes.
std::string to_text(const Json& value);
/// The same, indented by two spaces, for people.
std::string to_pretty_text(const Json& value);

/// Typed access with an Error(invalid) that names `thing` and the key. A missing key or null gives the default.
std::string get_string(const Json& object, const char* key, std::string_view thing, std::string fallback = {});
std::int64_t get_integer(const Json& object, const char* key, std::string_view thing, std::int64_t fallback = 0);
bool get_bool(const Json& object, const char* key, std::string_view thing, bool fallback = false);
/// An array of strings; missing or null is empty.
std::vector<std::string> get_strings(const Json& object, const char* key, std::string_view thing);

}  // namespace jcb::util
