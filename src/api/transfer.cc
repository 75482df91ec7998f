// SPDX-License-Identifier: Apache-2.0
// Archives and trees: save, load, import, export, unpack.
#include "api/parts.h"
#include "api/remote_image.h"
#include "api/rootfs.h"
#include "api/transfer_task.h"
#include "build/image_writer.h"
#include "jcbuild/images.h"
#include "oci/layer/archive.h"
#include "store/images.h"
#include "util/text.h"

namespace jcb {

using api::Transfer;

void save_image(Session& session, const std::string& name, const std::string& format, int fd) {
  auto& parts = session.parts();
  const auto sharing = parts.store().share();
  Transfer transfer(parts.progress(), "saving " + name);
  const auto opened = api::open_whole_source(parts, name, oci::Platform::host(), transfer.id());
  if (format == "oci-archive") {
    const auto reference = opened.names.empty() ? "latest" : opened.names.front();
    oci::write_oci_archive(fd, opened.layout(), opened.image, reference);
  } else if (format == "docker-archive") {
    oci::write_docker_archive(fd, opened.layout(), opened.image, opened.names);
  } else {
    throw Error(ErrorKind::usage, "'" + util::escape_text(format) + "' is no archive format", "use docker-archive or oci-archive");
  }
  transfer.finish();
}

std::vector<std::string> load_images(Session& session, int fd, const std::string& thing) {
  auto& parts = session.parts();
  const auto sharing = parts.store().share();
  Transfer transfer(parts.progress(), "loading " + thing);
  const auto& layout = parts.store().layout();
  std::vector<std::pair<std::string, oci::Descriptor>> tags;
  for (const auto& image : oci::read_archive(fd, layout, thing)) {
    oci::load_image(layout, image.descriptor, oci::Platform::host());
    for (const auto& name : image.names) tags.emplace_back(api::store_tag(name), image.descriptor);
  }
  if (tags.empty())
    throw Error(ErrorKind::invalid, thing + " names no image", "copy it under a name: jcbuild copy oci-archive:" + thing + " NAME");
  std::vector<std::string> names;
  for (const auto& [tag, descriptor] : tags) {
    api::set_store_tag(parts.store(), tag, descriptor);
    names.push_back(tag);
  }
  transfer.finish();
  return names;
}

std::string import_tar(Session& session, int fd, const std::string& thing, const std::string& name) {
  auto& parts = session.parts();
  const std::string tag = api::store_tag(name);
  parts.isolate();
  Transfer transfer(parts.progress(), "importing " + thing);
  const auto epoch = build::choose_epoch(parts.find_variable("SOURCE_DATE_EPOCH"), {});
  const auto layer = api::import_layer(parts, fd, thing);
  build::Base nothing;
  nothing.config.platform = oci::Platform::host();
  build::ImageParts image;
  image.base = &nothing;
  image.layers = {{layer, {}}};
  image.history = {{util::format_rfc3339(epoch), "jcbuild import", "", "", false}};
  image.epoch = epoch;
  const auto manifest = build::write_image(parts.store().layout(), image);
  api::set_store_tag(parts.store(), tag, manifest);
  transfer.finish();
  return manifest.digest.text();
}

void export_tar(Session& session, const std::string& name, int fd) {
  auto& parts = session.parts();
  parts.isolate();
  Transfer transfer(parts.progress(), "exporting " + name);
  api::write_rootfs_tar(parts, name, fd);
  transfer.finish();
}

void unpack_image(Session& session, const std::string& name, const std::filesystem::path& destination) {
  auto& parts = session.parts();
  const auto sharing = parts.store().share();
  Transfer transfer(parts.progress(), "unpacking " + name);
  const auto opened = api::open_whole_source(parts, name, oci::Platform::host(), transfer.id());
  api::unpack_bundle(opened.layout(), opened.image, destination);
  transfer.finish();
}

}  // namespace jcb
