// SPDX-License-Identifier: Apache-2.0
#include "store/push.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "store/origin_fetch.h"
#include "store/origins.h"
#include "store/push_blob.h"
#include "store/push_plan.h"
#include "store/push_progress.h"
#include "util/parallel.h"

namespace jcb::store {
namespace {

bool stands_for(oci::RegistryClient& client, const std::string& reference, const oci::Descriptor& image) {
  const auto found = client.find_descriptor(reference);
  return found && found->digest == image.digest;
}

// Asks for each blob; the answers are in the order of the plan.
std::vector<char> find_present(const PushPlan& plan, oci::RegistryClient& client, unsigned connections) {
  std::vector<char> present(plan.blobs.size(), 0);
  std::atomic<bool> stop{false};
  util::run_in_parallel(present.size(), connections, stop,
                        [&](std::size_t i) { present[i] = client.has_blob(plan.blobs[i].descriptor.digest) ? 1 : 0; });
  return present;
}

// What nobody has is found out before anything is sent.
void check_sources(const Store& store, const oci::Layout& layout, const PushPlan& plan, const std::vector<char>& present,
                   const PushOptions& options) {
  for (std::size_t i = 0; i < plan.blobs.size(); ++i) {
    if (present[i] == 0 && !plan.blobs[i].is_local) require_origin(store, layout, plan.blobs[i].descriptor, options);
  }
}

void push_blobs(const Store& store, const oci::Layout& layout, const PushPlan& plan, oci::RegistryClient& client,
                const PushOptions& options, PushProgress& progress) {
  const auto present = find_present(plan, client, options.connections);
  check_sources(store, layout, plan, present, options);
  std::atomic<bool> stop{false};
  BlobPusher pusher(store, layout, client, options, stop);
  util::run_in_parallel(plan.blobs.size(), options.connections, stop, [&](std::size_t i) {
    PushProgress::Blob blob(progress, i);
    if (present[i] == 0) in_step("blob " + plan.blobs[i].descriptor.digest.text(), [&] { pusher.push(plan.blobs[i], blob); });
    note_origin(store, plan.blobs[i].descriptor.digest, client.name());
    blob.finish(present[i] != 0 ? TaskResult::cached : TaskResult::done);
  });
}

void put_manifest(const oci::Layout& layout, const oci::Descriptor& manifest, oci::RegistryClient& client,
                  const std::vector<std::string>& references) {
  const std::string bytes = layout.read_blob(manifest, oci::k_max_manifest_bytes);
  for (const std::string& reference : references) client.put_manifest(reference, manifest, bytes);
}

void push_all(const Store& store, const oci::Layout& layout, const oci::Descriptor& image, oci::RegistryClient& client,
              const std::vector<std::string>& references, const PushOptions& options) {
  SilentProgress silent;
  const PushPlan plan = plan_push(layout, image);
  PushProgress progress(options.progress != nullptr ? *options.progress : silent, options.parent, "pushing to " + client.name(), plan);
  push_blobs(store, layout, plan, client, options, progress);
  for (const oci::Descriptor& manifest : plan.manifests) {
    const bool is_image = manifest.digest == image.digest;
    put_manifest(layout, manifest, client, is_image ? references : std::vector<std::string>{manifest.digest.text()});
  }
  progress.finish();
}

}  // namespace

void push_image(const Store& store, const oci::Layout& layout, const oci::Descriptor& image, oci::RegistryClient& client,
                const std::vector<std::string>& references, const PushOptions& options) {
  const auto wanted = references.empty() ? std::vector<std::string>{image.digest.text()} : references;
  in_step("pushing " + image.digest.text() + " to " + client.name(), [&] {
    if (!stands_for(client, wanted.front(), image)) return push_all(store, layout, image, client, wanted, options);
    put_manifest(layout, image, client, {wanted.begin() + 1, wanted.end()});
  });
}

void complete_blobs(const Store& store, const oci::LoadedImage& image, const PushOptions& options) {
  std::vector<oci::Descriptor> blobs{image.manifest.config};
  blobs.insert(blobs.end(), image.manifest.layers.begin(), image.manifest.layers.end());
  std::erase_if(blobs, [&](const oci::Descriptor& blob) { return has_whole_blob(store.layout(), blob); });
  if (!blobs.empty()) fetch_from_origins(store, store.layout(), blobs, options);
}

}  // namespace jcb::store
