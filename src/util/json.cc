// SPDX-License-Identifier: Apache-2.0
#include "util/json.h"

#include "jcbuild/error.h"

#include <set>
#include <vector>

namespace jcb::util {
namespace {

[[noreturn]] void reject(std::string_view thing, const std::string& cause) {
  throw Error(ErrorKind::invalid, std::string(thing) + ": " + cause);
}

// Counts and compares only; the value itself is built by a second, then harmless, pass.
class Guard : public nlohmann::json_sax<Json> {
 public:
  Guard(const JsonLimits& limits, std::string_view thing) : m_limits(limits), m_thing(thing) {}

  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool start_object(std::size_t) override { return enter(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    if (!m_keys.back().insert(name).second) reject(m_thing, "the key \"" + name + "\" occurs twice in one object");
    if (m_keys.back().size() > m_limits.keys) reject(m_thing, "more than " + std::to_string(m_limits.keys) + " keys in one object");
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    reject(m_thing, "not JSON, at byte " + std::to_string(position));
  }

 private:
  bool value() {
    if (++m_values > m_limits.values) reject(m_thing, "more than " + std::to_string(m_limits.values) + " JSON values");
    return true;
  }
  bool enter() {
    m_keys.emplace_back();
    if (m_keys.size() > m_limits.depth) reject(m_thing, "JSON nested deeper than " + std::to_string(m_limits.depth));
    return value();
  }
  bool leave() {
    m_keys.pop_back();
    return true;
  }

  const JsonLimits& m_limits;
  std::string_view m_thing;
  std::vector<std::set<std::string>> m_keys;
  std::size_t m_values = 0;
};

const Json* find_value(const Json& object, const char* key, std::string_view thing) {
  if (!object.is_object()) reject(thing, "not a JSON object");
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

Json parse_json(std::string_view text, std::string_view thing, const JsonLimits& limits) {
  if (text.size() > limits.bytes) reject(thing, "larger than " + std::to_string(limits.bytes) + " bytes");
  Guard guard(limits, thing);
  Json::sax_parse(text.begin(), text.end(), &guard);
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const nlohmann::json::exception& error) {
    reject(thing, error.what());
  }
}

std::string to_text(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string to_pretty_text(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace); }

std::string get_string(const Json& object, const char* key, std::string_view thing, std::string fallback) {
  const Json* value = find_value(object, key, thing);
  if (value == nullptr) return fallback;
  if (!value->is_string()) reject(thing, "\"" + std::string(key) + "\" is not a string");
  return value->get<std::string>();
}

std::int64_t get_integer(const Json& object, const char* key, std::string_view thing, std::int64_t fallback) {
  const Json* value = find_value(object, key, thing);
  if (value == nullptr) return fallback;
  const bool fits = value->is_number_integer() && !(value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX);
  if (!fits) reject(thing, "\"" + std::string(key) + "\" is not an integer");
  return value->get<std::int64_t>();
}

bool get_bool(const Json& object, const char* key, std::string_view thing, bool fallback) {
  const Json* value = find_value(object, key, thing);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) reject(thing, "\"" + std::string(key) + "\" is not true or false");
  return value->get<bool>();
}

std::vector<std::string> get_strings(const Json& object, const char* key, std::string_view thing) {
  const Json* value = find_value(object, key, thing);
  std::vector<std::string> result;
  if (value == nullptr) return result;
  if (!value->is_array()) reject(thing, "\"" + std::string(key) + "\" is not an array");
  for (const Json& item : *value) {
    if (!item.is_string()) reject(thing, "\"" + std::string(key) + "\" holds something that is not a string");
    result.push_back(item.get<std::string>());
  }
  return result;
}

}  // namespace jcb::util
