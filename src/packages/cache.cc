// SPDX-License-Identifier: Apache-2.0
#include "packages/cache.h"

#include "jcbuild/error.h"
#include "platform/target_json.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/json.h"

namespace jcb::packages {
namespace {

using util::Json;

constexpr int k_format_version = 1;
constexpr util::JsonLimits k_limits{.bytes = std::size_t{64} << 20, .depth = 8, .values = 4'000'000};

// Time stamps of files come from the kernel's coarse clock, which ticks every 1 to 10 ms.
constexpr std::int64_t k_clock_tick_ns = 50'000'000;

Json stamps_to_json(const PackageTree& tree) {
  Json stamps = Json::array();
  for (const auto& [path, stamp] : tree.stamps()) {
    stamps.push_back(path);
    stamps.push_back(stamp);
  }
  return stamps;
}

bool holds(const Json& stamps, const PackageTree& tree) {
  for (std::size_t i = 0; i + 1 < stamps.size(); i += 2) {
    if (tree.read_stamp(stamps[i].get<std::string>()) != stamps[i + 1].get_ref<const std::string&>()) return false;
  }
  return true;
}

bool holds_all(const Json& json, const std::vector<PackageTree>& trees) {
  if (json.at("version") != k_format_version || json.at("trees").size() != trees.size()) return false;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    if (!holds(json.at("trees")[i], trees[i])) return false;
  }
  return true;
}

// A package in the cache is a list, not a record: the names of the fields would be most of the file.
Json package_to_row(const Package& package) {
  return Json::array({package.name, package.aliases, package.group, package.notes, package.docs, package.directory.native(),
                      package.relative_path, package.dockerfile ? Json(*package.dockerfile) : Json(), package.depends, package.requires_,
                      package.build_args, package.tests, package.config, package.prefix, package.postfix});
}

Package package_from_row(const Json& row) {
  Package package;
  row.at(0).get_to(package.name);
  row.at(1).get_to(package.aliases);
  row.at(2).get_to(package.group);
  row.at(3).get_to(package.notes);
  row.at(4).get_to(package.docs);
  package.directory = row.at(5).get<std::string>();
  row.at(6).get_to(package.relative_path);
  if (!row.at(7).is_null()) package.dockerfile = row.at(7).get<std::string>();
  row.at(8).get_to(package.depends);
  row.at(9).get_to(package.requires_);
  row.at(10).get_to(package.build_args);
  row.at(11).get_to(package.tests);
  row.at(12).get_to(package.config);
  row.at(13).get_to(package.prefix);
  row.at(14).get_to(package.postfix);
  return package;
}

CatalogContent content_from_json(const Json& json) {
  CatalogContent content;
  for (const Json& row : json.at("packages")) content.packages.push_back(package_from_row(row));
  for (const Json& row : json.at("disabled"))
    content.disabled.push_back(
        {row.at(0).get<std::string>(), row.at(1).get<std::vector<std::string>>(), row.at(2).get<std::vector<std::string>>()});
  json.at("load_errors").get_to(content.load_errors);
  return content;
}

Json content_to_json(const std::vector<PackageTree>& trees, const CatalogContent& content) {
  Json json{{"version", k_format_version}, {"trees", Json::array()}, {"packages", Json::array()}, {"disabled", Json::array()}};
  for (const auto& tree : trees) json["trees"].push_back(stamps_to_json(tree));
  for (const auto& package : content.packages) json["packages"].push_back(package_to_row(package));
  for (const auto& disabled : content.disabled)
    json["disabled"].push_back(Json::array({disabled.name, disabled.aliases, disabled.reasons}));
  json["load_errors"] = content.load_errors;
  return json;
}

}  // namespace

std::string make_cache_name(const std::vector<PackageTree>& trees, const platform::Target& target) {
  util::Sha256 hash;
  hash.field(std::to_string(k_format_version)).field(JCBUILD_VERSION).field(util::to_text(platform::to_json(target)));
  for (const auto& tree : trees) hash.field(tree.directory().native());
  return "catalog-" + hash.hex() + ".json";
}

std::optional<CatalogContent> find_cached(const std::filesystem::path& directory, const std::string& name,
                                          const std::vector<PackageTree>& trees) {
  try {
    const auto text = util::find_file(directory / name, k_limits.bytes);
    if (!text) return std::nullopt;
    const Json json = util::parse_json(*text, name, k_limits);
    if (!holds_all(json, trees)) return std::nullopt;
    return content_from_json(json);
  } catch (const Error&) {
    return std::nullopt;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

void write_cache(const std::filesystem::path& directory, const std::string& name, const std::vector<PackageTree>& trees,
                 const CatalogContent& content, std::int64_t began_ns) {
  for (const auto& tree : trees) {
    if (tree.newest_change_ns() > began_ns - k_clock_tick_ns) return;
  }
  try {
    util::write_file_atomically(util::Root::open(directory), name, util::to_text(content_to_json(trees, content)));
  } catch (const Error&) {
    // The next load reads the trees again.
  }
}

}  // namespace jcb::packages
