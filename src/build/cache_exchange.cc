// SPDX-License-Identifier: Apache-2.0
#include "build/cache_exchange.h"

#include "jcbuild/error.h"
#include "oci/media_type.h"
#include "store/owned_trees.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr std::string_view k_artifact_type = "application/vnd.jcbuild.cache.v1";
constexpr std::string_view k_config_type = "application/vnd.jcbuild.cache.config.v1+json";
constexpr const char* k_output = "io.jcbuild.output";
constexpr std::string_view k_thing = "a build cache";
constexpr int k_version = 1;

// Blobs by the output that they hold.
using Blobs = std::map<std::string, oci::Descriptor>;

Blobs blobs_of(const oci::Manifest& manifest) {
  Blobs blobs;
  for (const auto& layer : manifest.layers) {
    const auto output = layer.annotations.find(k_output);
    if (output != layer.annotations.end()) blobs.emplace(output->second, layer);
  }
  return blobs;
}

// A digest becomes the name of a directory: nothing else may stand in its place.
std::map<std::string, std::string> parse_steps(const util::Json& config) {
  std::map<std::string, std::string> outputs;
  const auto steps = config.find("steps");
  if (steps == config.end() || !steps->is_object()) throw Error(ErrorKind::invalid, "a build cache has no list of steps");
  for (const auto& [key, output] : steps->items()) {
    if (!output.is_string()) throw Error(ErrorKind::invalid, "a build cache names an output that is no digest");
    const auto text = output.get<std::string>();
    if (!text.empty()) oci::Digest::parse("sha256:" + text);
    outputs.emplace(oci::Digest::parse("sha256:" + key).hex(), text);
  }
  return outputs;
}

std::optional<oci::Manifest> find_cache(CachePlace& place) {
  auto manifest = place.find();
  if (manifest && manifest->artifact_type != k_artifact_type)
    throw Error(ErrorKind::invalid, place.name() + " is an image and no build cache", "name another directory or tag");
  return manifest;
}

oci::Descriptor pack_output(const store::Store& store, const StepResult& result, const oci::PackOptions& pack, const oci::Layout& to) {
  const auto packed = oci::pack_layer(store.tree(*result.tree), to, pack);
  if (!packed || packed->diff_id.hex() != result.output)
    throw Error(ErrorKind::failed, "the tree " + *result.tree + " is no longer what it was", "jcbuild verify");
  auto descriptor = packed->descriptor;
  descriptor.annotations[k_output] = result.output;
  return descriptor;
}

}  // namespace

void export_cache(const store::Store& store, const std::vector<StepResult>& results, const oci::PackOptions& pack, CachePlace& to) {
  const auto before = find_cache(to);
  const Blobs old = before ? blobs_of(*before) : Blobs{};
  Blobs blobs;
  util::Json steps = util::Json::object();
  for (const auto& result : results) {
    steps[result.key] = result.output;
    if (!result.tree || blobs.count(result.output) != 0) continue;
    const auto known = old.find(result.output);
    const bool there = known != old.end() && to.has_blob(known->second.digest);
    blobs.emplace(result.output, there ? known->second : pack_output(store, result, pack, to.staging()));
  }
  const std::string config = util::to_text(util::Json{{"version", k_version}, {"steps", steps}});
  oci::Descriptor described{std::string(k_config_type), oci::Digest::of(config), config.size(), {}, std::nullopt, {}, {}};
  oci::Manifest manifest{std::string(oci::k_media_manifest), std::string(k_artifact_type), std::move(described), {}, std::nullopt, {}};
  for (const auto& [output, blob] : blobs) manifest.layers.push_back(blob);
  to.publish(manifest, config);
}

CacheImport::CacheImport(const store::Store& store, std::unique_ptr<CachePlace> from, oci::OverlayXattr overlay_xattr)
    : m_store(store), m_from(std::move(from)), m_overlay_xattr(overlay_xattr) {
  const auto manifest = find_cache(*m_from);
  if (!manifest) throw Error(ErrorKind::not_found, m_from->name() + " holds no build cache");
  m_blobs = blobs_of(*manifest);
  const auto config = util::parse_json(m_from->read_small_blob(manifest->config), k_thing);
  if (util::get_integer(config, "version", k_thing) != k_version)
    throw Error(ErrorKind::unsupported, m_from->name() + " was written by another version of jcbuild");
  m_outputs = parse_steps(config);
}

std::optional<store::StepRecord> CacheImport::fetch(const std::string& key) const {
  const auto found = m_outputs.find(key);
  if (found == m_outputs.end()) return std::nullopt;
  store::StepRecord record;
  record.output = found->second;
  if (!record.output.empty()) {
    record.tree = "tree-" + record.output;
    in_step("fetching a step from " + m_from->name(), [&] { unpack(record.output); });
  }
  m_store.put_step(key, record);
  return record;
}

void CacheImport::unpack(const std::string& output) const {
  if (m_store.has_tree("tree-" + output)) return;
  const auto blob = m_blobs.find(output);
  if (blob == m_blobs.end()) throw Error(ErrorKind::invalid, "the build cache lacks the tree " + output);
  auto workspace = m_store.make_workspace();
  const auto directory = workspace.make_directory("fetched");
  oci::UnpackOptions options;
  options.overlay_xattr = m_overlay_xattr;
  const util::Fd file = m_from->open_blob(blob->second);
  const util::Root tree = util::Root::open(directory);
  m_store.publish_tree(directory, "tree-" + output, store::unpack_owned(m_store, tree, options, [&](const oci::UnpackOptions& owned) {
                         oci::unpack_layer(file.get(), blob->second, oci::Digest::parse("sha256:" + output), tree, owned);
                       }));
}

}  // namespace jcb::build
