// SPDX-License-Identifier: Apache-2.0
#include "build/base_image.h"

#include <algorithm>

#include "build/bootstrap.h"
#include "build/capture.h"
#include "build/output.h"
#include "build/step_key.h"
#include "jcbuild/error.h"
#include "store/images.h"
#include "store/owned_trees.h"
#include "store/pull_reference.h"
#include "store/push.h"
#include "store/source.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb::build {
namespace {

oci::ImageConfig bootstrap_config(const oci::ImageName& name, const oci::Platform& platform, const oci::Digest& diff_id) {
  oci::ImageConfig config;
  config.platform = platform;
  config.created = util::format_rfc3339(k_default_epoch);
  config.config.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  config.config.cmd = {"/bin/bash"};
  config.diff_ids = {diff_id};
  config.history = {{config.created, "jcbuild " + name.text(), "", "", false}};
  return config;
}

store::Layer make_bootstrap(const store::Store& store, const BootstrapRequest& request, const CommitOptions& options, Task& task) {
  store::Workspace workspace = store.make_workspace();
  const auto target = workspace.make_directory("rootfs");
  const timespec started = step_clock();
  StepOutput output(task, workspace.path() / "bootstrap.log");
  const util::Root root = util::Root::open(target);
  util::OwnerRecords records(root.duplicate());
  bootstrap_rootfs(
      request, target, [&](std::string_view bytes) { output.take(bytes); }, &records);
  util::OwnerTable owners = oci::collect_owners(root, records);
  capture(root, started, request.source_date_epoch, package_rules());
  oci::PackOptions pack;
  pack.compression = options.compression;
  pack.overlay_xattr = options.overlay_xattr;
  pack.owners = store::table_for(store, owners);
  const auto packed = oci::pack_layer(root, store.layout(), pack);
  if (!packed) throw Error(ErrorKind::failed, "the bootstrap of " + request.distribution + " " + request.suite + " made no file");
  store::Layer layer{packed->diff_id, packed->descriptor};
  store.publish_tree(target, layer.tree(), std::move(owners));
  return layer;
}

BootstrapRequest bootstrap_request(const oci::ImageName& name, const oci::Platform& platform) {
  BootstrapRequest request;
  request.distribution = name.distribution;
  request.suite = name.suite;
  request.architecture = platform.architecture;
  request.source_date_epoch = k_default_epoch;
  return request;
}

std::string bootstrap_key(const BootstrapRequest& request) {
  return make_key("bootstrap-3", {request.distribution, request.suite, request.architecture, std::to_string(request.source_date_epoch),
                                  package_rules().id, bootstrap_inputs(request)});
}

std::optional<Base> find_bootstrap(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform,
                                   const std::string& key) {
  const auto record = store.find_step(key);
  if (!record || !record->layer) return std::nullopt;
  return Base{{*record->layer}, bootstrap_config(name, platform, record->layer->diff_id)};
}

Base bootstrap_base(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform, const CommitOptions& options,
                    Progress& progress, TaskId parent) {
  const auto request = bootstrap_request(name, platform);
  const std::string key = bootstrap_key(request);
  if (auto base = find_bootstrap(store, name, platform, key)) return *base;
  const store::Lease lease = store.lease("bootstrap-" + key);
  if (auto base = find_bootstrap(store, name, platform, key)) return *base;
  Task task(progress, parent, "base " + name.text());
  const auto layer = in_step("making the base " + name.text(), [&] { return make_bootstrap(store, request, options, task); });
  store.put_step(key, {layer.diff_id.hex(), std::nullopt, layer, 0});
  task.finish();
  return {{layer}, bootstrap_config(name, platform, layer.diff_id)};
}

// Layers of a pulled image that are unpacked for another isolation only, or lost, and whose blobs were not kept.
void fetch_lost_layers(const store::Store& store, oci::LoadedImage image, const BaseAccess& access, Progress& progress, TaskId parent) {
  std::vector<oci::Descriptor> lost;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const auto& layer = image.manifest.layers[i];
    if (!store.has_tree(image.config.diff_ids[i].hex()) && !store.layout().has_blob(layer.digest)) lost.push_back(layer);
  }
  if (lost.empty() || !access.registries) return;
  image.manifest.layers = std::move(lost);
  store::PushOptions options;
  options.connections = access.connections;
  options.progress = &progress;
  options.parent = parent;
  options.open_origin = [&](const std::string& origin) { return access.registries().open_by_name(origin); };
  store::complete_blobs(store, image, options);
}

// An image of the store, a layout or an archive.
Base opened_base(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform, const BaseAccess& access,
                 Progress& progress, TaskId parent) {
  const auto opened = store::open_image(store, name, platform);
  std::optional<Task> task;
  const auto on_bytes = [&](std::uint64_t done, std::uint64_t total) {
    util::check_interrupt();
    if (task) task->bytes(done, total);
  };
  bool complete = true;
  for (const auto& diff_id : opened.image.config.diff_ids) complete = complete && store.has_tree(diff_id.hex());
  if (!complete) task.emplace(progress, parent, "base " + name.text());
  if (name.transport != oci::Transport::store)
    store::bring_into_store(store, opened, on_bytes);
  else
    fetch_lost_layers(store, opened.image, access, progress, parent);
  Base base{store::unpack_layers(store, opened.image, access.commit.overlay_xattr, on_bytes), opened.image.config};
  if (task) task->finish();
  return base;
}

Base pulled_base(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform, const BaseAccess& access,
                 Progress& progress, TaskId parent) {
  if (!access.registries) throw Error(ErrorKind::not_found, "there is no image " + name.text() + " in the store");
  Task task(progress, parent, "base " + name.text());
  store::PullOptions options;
  options.overlay_xattr = access.commit.overlay_xattr;
  options.connections = access.connections;
  options.progress = &progress;
  options.parent = task.id();
  auto pulled = store::pull_reference(store, access.registries(), *name.reference, platform, options);
  task.finish(pulled.fetched ? TaskResult::done : TaskResult::cached);
  return {std::move(pulled.layers), std::move(pulled.image.config)};
}

// Whether the store's own image is meant: it is there, and nobody wants a newer one.
bool is_stored(const store::Store& store, const oci::ImageName& name, const BaseAccess& access) {
  return name.transport == oci::Transport::store && !access.always_ask && store::find_image(store, name.reference->text());
}

Base image_base(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform, const BaseAccess& access,
                Progress& progress, TaskId parent) {
  const bool named = name.transport == oci::Transport::store || name.transport == oci::Transport::registry;
  if (!named || is_stored(store, name, access)) return opened_base(store, name, platform, access, progress, parent);
  return pulled_base(store, name, platform, access, progress, parent);
}

std::optional<Base> find_stored(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform,
                                const BaseAccess& access) {
  if (!is_stored(store, name, access)) return std::nullopt;
  const auto opened = store::open_image(store, name, platform);
  Base base{{}, opened.image.config};
  for (std::size_t i = 0; i < opened.image.manifest.layers.size(); ++i) {
    base.layers.push_back({opened.image.config.diff_ids[i], opened.image.manifest.layers[i]});
    if (!store.has_tree(base.layers.back().tree())) return std::nullopt;
  }
  return base;
}

// BuildKit: an image from scratch has a directory to start in, and (variables.cc) a PATH.
Base scratch_base(const oci::Platform& platform) {
  Base base;
  base.config.platform = platform;
  base.config.config.working_dir = "/";
  return base;
}

}  // namespace

std::optional<Base> find_base(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform,
                              const BaseAccess& access) {
  if (name.transport == oci::Transport::scratch) return scratch_base(platform);
  if (name.transport == oci::Transport::bootstrap)
    return find_bootstrap(store, name, platform, bootstrap_key(bootstrap_request(name, platform)));
  return find_stored(store, name, platform, access);
}

Base load_base(const store::Store& store, const oci::ImageName& name, const oci::Platform& platform, const BaseAccess& access,
               Progress& progress, TaskId parent) {
  if (name.transport == oci::Transport::scratch) return scratch_base(platform);
  if (name.transport == oci::Transport::bootstrap) return bootstrap_base(store, name, platform, access.commit, progress, parent);
  return image_base(store, name, platform, access, progress, parent);
}

std::int64_t choose_epoch(const std::optional<std::string>& given, const Base& base) {
  if (given && !given->empty()) return static_cast<std::int64_t>(util::parse_unsigned(*given, "SOURCE_DATE_EPOCH"));
  if (!base.config.created.empty()) return std::max<std::int64_t>(util::parse_rfc3339(base.config.created), 0);
  return k_default_epoch;
}

}  // namespace jcb::build
