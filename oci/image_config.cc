// SPDX-License-Identifier: Apache-2.0
#include "oci/image_config.h"

#include "jcbuild/error.h"
#include "oci/fields.h"
#include "oci/manifest.h"
#include "util/hash.h"
#include "util/json.h"
#include "util/text.h"

#include <stdexcept>
#include <unordered_map>

namespace jcb::oci {
namespace {

using util::Json;
constexpr std::string_view k_thing = "image config";
// JSON can hold a NUL, execve(2) and mount(2) cannot: cut there, a value would mean something else than it says.
const std::string& without_nul(const std::string& text, const char* key) {
  if (text.find('\0') != std::string::npos) reject(k_thing, "\"" + std::string(key) + "\" holds a NUL byte");
  return text;
}

std::string read_string(const Json& object, const char* key) {
  auto text = util::get_string(object, key, k_thing);
  without_nul(text, key);
  return text;
}

std::optional<std::vector<std::string>> read_words(const Json& object, const char* key) {
  if (find_field(object, key, k_thing) == nullptr) return std::nullopt;
  auto words = util::get_strings(object, key, k_thing);
  for (const std::string& word : words) without_nul(word, key);
  return words;
}

// Go's map[string]struct{}: the keys of an object whose values are empty objects.
std::set<std::string> read_key_set(const Json& object, const char* key) {
  std::set<std::string> keys;
  const Json* field = find_field(object, key, k_thing);
  if (field == nullptr) return keys;
  if (!field->is_object()) reject(k_thing, "\"" + std::string(key) + "\" is not an object");
  for (const auto& [name, value] : field->items()) {
    if (!value.is_object() && !value.is_null()) reject(k_thing, "\"" + std::string(key) + "\" holds something that is not an object");
    keys.insert(without_nul(name, key));
  }
  return keys;
}

// Where a name is set twice the last value counts, as for the process that gets them. A map, because a hostile config
// has room for a million entries.
std::vector<std::string> read_env(const Json& object) {
  std::vector<std::string> env;
  std::unordered_map<std::string, std::size_t> positions;
  for (std::string& entry : util::get_strings(object, "Env", k_thing)) {
    const auto equals = without_nul(entry, "Env").find('=');
    if (equals == std::string::npos) reject(k_thing, "the Env entry '" + util::escape_text(entry) + "' has no '='");
    if (equals == 0) reject(k_thing, "the Env entry '" + util::escape_text(entry) + "' has no name");
    const auto [position, is_new] = positions.emplace(entry.substr(0, equals), env.size());
    if (is_new) {
      env.push_back(std::move(entry));
    } else {
      env[position->second] = std::move(entry);
    }
  }
  return env;
}

std::optional<Healthcheck> read_healthcheck(const Json& object) {
  const Json* field = find_field(object, "Healthcheck", k_thing);
  if (field == nullptr) return std::nullopt;
  const auto integer = [&](const char* key) { return util::get_integer(*field, key, k_thing); };
  return Healthcheck{read_words(*field, "Test").value_or(std::vector<std::string>{}),
                     integer("Interval"),
                     integer("Timeout"),
                     integer("StartPeriod"),
                     integer("StartInterval"),
                     integer("Retries")};
}

ExecutionConfig read_execution_config(const Json& document) {
  ExecutionConfig config;
  const Json* field = find_field(document, "config", k_thing);
  if (field == nullptr) return config;
  config.user = read_string(*field, "User");
  config.exposed_ports = read_key_set(*field, "ExposedPorts");
  config.env = read_env(*field);
  config.entrypoint = read_words(*field, "Entrypoint");
  config.cmd = read_words(*field, "Cmd");
  config.volumes = read_key_set(*field, "Volumes");
  config.working_dir = read_string(*field, "WorkingDir");
  config.labels = get_string_map(*field, "Labels", k_thing);
  config.stop_signal = read_string(*field, "StopSignal");
  config.shell = read_words(*field, "Shell");
  config.healthcheck = read_healthcheck(*field);
  config.on_build = util::get_strings(*field, "OnBuild", k_thing);
  return config;
}

std::vector<Digest> read_diff_ids(const Json& document) {
  const Json& rootfs = require_field(document, "rootfs", k_thing);
  if (const auto type = util::get_string(rootfs, "type", k_thing); type != "layers")
    reject(k_thing, "rootfs.type is '" + util::escape_text(type) + "', not 'layers'");
  const auto texts = util::get_strings(rootfs, "diff_ids", k_thing);
  if (texts.size() > k_max_layers) reject(k_thing, "more than " + std::to_string(k_max_layers) + " diff_ids");
  std::vector<Digest> diff_ids;
  for (const std::string& text : texts)
    diff_ids.push_back(in_step("reading the diff_ids of the image config", [&] { return Digest::parse(text); }));
  return diff_ids;
}

std::vector<HistoryEntry> read_history(const Json& document) {
  std::vector<HistoryEntry> history;
  const Json* field = find_field(document, "history", k_thing);
  if (field == nullptr) return history;
  if (!field->is_array()) reject(k_thing, "\"history\" is not an array");
  for (const Json& entry : *field) {
    const auto text = [&](const char* key) { return util::get_string(entry, key, k_thing); };
    history.push_back(
        {text("created"), text("created_by"), text("author"), text("comment"), util::get_bool(entry, "empty_layer", k_thing)});
  }
  return history;
}

void put(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

void put(Json& object, const char* key, std::int64_t number) {
  if (number != 0) object[key] = number;
}

void put(Json& object, const char* key, const std::vector<std::string>& words) {
  if (!words.empty()) object[key] = words;
}

// An empty list is not an absent one: it says that the base image's entrypoint is gone.
void put(Json& object, const char* key, const std::optional<std::vector<std::string>>& words) {
  if (words) object[key] = *words;
}

void put(Json& object, const char* key, const std::set<std::string>& keys) {
  if (keys.empty()) return;
  Json set = Json::object();
  for (const std::string& name : keys) set[name] = Json::object();
  object[key] = std::move(set);
}

Json to_json(const Healthcheck& healthcheck) {
  Json json = Json::object();
  put(json, "Test", healthcheck.test);
  put(json, "Interval", healthcheck.interval_ns);
  put(json, "Timeout", healthcheck.timeout_ns);
  put(json, "StartPeriod", healthcheck.start_period_ns);
  put(json, "StartInterval", healthcheck.start_interval_ns);
  put(json, "Retries", healthcheck.retries);
  return json;
}

Json to_json(const ExecutionConfig& config) {
  Json json = Json::object();
  put(json, "User", config.user);
  put(json, "ExposedPorts", config.exposed_ports);
  put(json, "Env", config.env);
  put(json, "Entrypoint", config.entrypoint);
  put(json, "Cmd", config.cmd);
  if (config.healthcheck) json["Healthcheck"] = to_json(*config.healthcheck);
  put(json, "Volumes", config.volumes);
  put(json, "WorkingDir", config.working_dir);
  if (!config.labels.empty()) json["Labels"] = oci::to_json(config.labels);
  put(json, "StopSignal", config.stop_signal);
  put(json, "Shell", config.shell);
  put(json, "OnBuild", config.on_build);
  return json;
}

Json to_json(const HistoryEntry& entry) {
  Json json = Json::object();
  put(json, "created", entry.created);
  put(json, "created_by", entry.created_by);
  put(json, "author", entry.author);
  put(json, "comment", entry.comment);
  if (entry.empty_layer) json["empty_layer"] = true;
  return json;
}

Json rootfs_to_json(const std::vector<Digest>& diff_ids) {
  Json list = Json::array();
  for (const Digest& diff_id : diff_ids) list.push_back(diff_id.text());
  return {{"type", "layers"}, {"diff_ids", std::move(list)}};
}

bool defines(std::string_view entry, std::string_view name) {
  return entry.size() > name.size() && entry[name.size()] == '=' && entry.starts_with(name);
}

}  // namespace

std::optional<std::string> ExecutionConfig::find_env(std::string_view name) const {
  for (const std::string& entry : env) {
    if (defines(entry, name)) return entry.substr(name.size() + 1);
  }
  return std::nullopt;
}

void ExecutionConfig::set_env(std::string_view name, std::string_view value) {
  std::string definition = std::string(name) + "=" + std::string(value);
  for (std::string& entry : env) {
    if (!defines(entry, name)) continue;
    entry = std::move(definition);
    return;
  }
  env.push_back(std::move(definition));
}

// History that does not fit the layers is kept as it is: docker tolerates it, and such images exist.
ImageConfig ImageConfig::parse(std::string_view bytes) {
  util::JsonLimits limits;
  limits.bytes = k_max_config_bytes;
  const Json document = util::parse_json(bytes, k_thing, limits);
  ImageConfig image;
  image.platform = {util::get_string(document, "os", k_thing, "linux"), read_string(document, "architecture"),
                    read_string(document, "variant")};
  // Written back, an empty name would be a missing one; both mean what nearly every image is for.
  if (image.platform.os.empty()) image.platform.os = "linux";
  image.created = util::get_string(document, "created", k_thing);
  image.author = util::get_string(document, "author", k_thing);
  image.config = read_execution_config(document);
  image.diff_ids = read_diff_ids(document);
  image.history = read_history(document);
  return image;
}

std::string ImageConfig::serialize() const {
  Json document = Json::object();
  put(document, "created", created);
  put(document, "author", author);
  put(document, "architecture", platform.architecture);
  put(document, "os", platform.os);
  put(document, "variant", platform.variant);
  document["config"] = to_json(config);
  document["rootfs"] = rootfs_to_json(diff_ids);
  if (history.empty()) return util::to_text(document);
  Json entries = Json::array();
  for (const HistoryEntry& entry : history) entries.push_back(to_json(entry));
  document["history"] = std::move(entries);
  return util::to_text(document);
}

Digest ImageConfig::chain_id(std::size_t count) const {
  if (count == 0 || count > diff_ids.size()) throw std::logic_error("chain ID of " + std::to_string(count) + " layers");
  Digest chain = diff_ids.front();
  for (std::size_t i = 1; i < count; ++i) chain = Digest::of(chain.text() + " " + diff_ids[i].text());
  return chain;
}

}  // namespace jcb::oci
