// SPDX-License-Identifier: Apache-2.0
// Moving images between the store, layouts and archives.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/parts.h"
#include "api/rootfs.h"
#include "jcbuild/images.h"
#include "oci/layer/archive.h"
#include "oci/media_type.h"
#include "store/images.h"
#include "store/source.h"
#include "util/file.h"
#include "util/interrupt.h"
#include "util/text.h"

namespace jcb {
namespace {

namespace fs = std::filesystem;

// Reports a transfer as one task, and lets an interrupt end it.
class Transfer {
 public:
  Transfer(Progress& progress, const std::string& name) : m_task(progress, 0, name) {}
  std::function<void(std::uint64_t, std::uint64_t)> counter() {
    return [this](std::uint64_t done, std::uint64_t total) {
      util::check_interrupt();
      m_task.bytes(done, total);
    };
  }
  void finish() { m_task.finish(); }

 private:
  Task m_task;
};

oci::ImageName named(const std::string& text) { return oci::ImageName::parse(text); }

// Writes a file through a temporary name beside it.
void write_archive_file(const std::string& path, const std::function<void(int)>& write) {
  const fs::path target = fs::absolute(path);
  util::AtomicFile file(util::Root::open(target.parent_path()), target.filename().native(), 0644);
  write(file.fd());
  file.commit();
}

void write_layout(const oci::Layout& from, const oci::LoadedImage& image, const oci::ImageName& target,
                  const std::function<void(std::uint64_t, std::uint64_t)>& count) {
  if (::mkdir(target.path.c_str(), 0755) != 0 && errno != EEXIST) throw_errno("make directory", target.path);
  const auto layout = oci::Layout::create(util::Root::open(target.path), target.path);
  store::copy_image(from, image, layout, count);
  layout.set_tag(target.tag.empty() ? "latest" : target.tag, image.descriptor);
}

// All images of an index, then the index itself.
void write_index(const oci::Layout& from, const oci::Descriptor& descriptor, const oci::Layout& to,
                 const std::function<void(std::uint64_t, std::uint64_t)>& count) {
  const auto bytes = from.read_blob(descriptor, oci::k_max_manifest_bytes);
  for (const auto& entry : oci::Index::parse(bytes, descriptor.media_type).manifests)
    store::copy_image(from, oci::load_image(from, entry, oci::Platform::host()), to, count);
  to.put_blob(bytes);
}

void write_index_destination(const oci::Layout& from, const oci::Descriptor& descriptor, const oci::ImageName& target,
                             const std::function<void(std::uint64_t, std::uint64_t)>& count) {
  if (target.transport != oci::Transport::oci_layout)
    throw Error(ErrorKind::unsupported, "an image for several platforms can only be written to a layout", "use --output oci:DIR");
  if (::mkdir(target.path.c_str(), 0755) != 0 && errno != EEXIST) throw_errno("make directory", target.path);
  const auto layout = oci::Layout::create(util::Root::open(target.path), target.path);
  write_index(from, descriptor, layout, count);
  layout.set_tag(target.tag.empty() ? "latest" : target.tag, descriptor);
}

std::string archive_name(const oci::ImageName& target, const std::string& source_name) {
  if (!target.tag.empty()) return target.tag;
  return source_name.empty() ? "" : source_name;
}

}  // namespace

namespace api {

void write_destination(Session::Parts& parts, const oci::Layout& layout, const oci::LoadedImage& image, const std::string& destination,
                       const std::string& source_name) {
  const auto target = named(destination);
  Transfer transfer(parts.progress(), "writing " + destination);
  switch (target.transport) {
    case oci::Transport::store: {
      const std::string tag = store_tag(destination);
      store::copy_image(layout, image, parts.store().layout(), transfer.counter());
      set_store_tag(parts.store(), tag, image.descriptor);
      break;
    }
    case oci::Transport::oci_layout:
      write_layout(layout, image, target, transfer.counter());
      break;
    case oci::Transport::oci_archive:
      write_archive_file(target.path,
                         [&](int fd) { oci::write_oci_archive(fd, layout, image, target.tag.empty() ? "latest" : target.tag); });
      break;
    case oci::Transport::docker_archive: {
      const std::string name = archive_name(target, source_name);
      write_archive_file(target.path, [&](int fd) {
        oci::write_docker_archive(fd, layout, image, name.empty() ? std::vector<std::string>{} : std::vector{name});
      });
      break;
    }
    case oci::Transport::rootfs_directory:
      unpack_rootfs(layout, image, target.path);
      break;
    case oci::Transport::registry:
      throw Error(ErrorKind::unsupported, "registries cannot be written yet",
                  "write an archive and push it: skopeo copy oci-archive:FILE " + destination);
    default:
      throw Error(ErrorKind::usage, destination + " is not something an image can be written to");
  }
  transfer.finish();
}

void write_built(Session::Parts& parts, const oci::Descriptor& image, const std::string& destination, const std::string& source_name) {
  const auto& layout = parts.store().layout();
  if (!oci::is_index_type(image.media_type))
    return write_destination(parts, layout, oci::load_image(layout, image, oci::Platform::host()), destination, source_name);
  Transfer transfer(parts.progress(), "writing " + destination);
  write_index_destination(layout, image, named(destination), transfer.counter());
  transfer.finish();
}

}  // namespace api

std::string copy_image(Session& session, const std::string& source, const std::string& target) {
  auto& parts = session.parts();
  const auto sharing = parts.store().share();
  const auto opened = store::open_image(parts.store(), named(source), oci::Platform::host());
  const std::string source_name = opened.names.empty() ? "" : opened.names.front();
  api::write_destination(parts, opened.layout, opened.image, target, source_name);
  return opened.image.descriptor.digest.text();
}

void save_image(Session& session, const std::string& name, const std::string& format, int fd) {
  auto& parts = session.parts();
  const auto opened = store::open_image(parts.store(), named(name), oci::Platform::host());
  Transfer transfer(parts.progress(), "saving " + name);
  if (format == "oci-archive") {
    const auto reference = opened.names.empty() ? "latest" : opened.names.front();
    oci::write_oci_archive(fd, opened.layout, opened.image, reference);
  } else if (format == "docker-archive") {
    oci::write_docker_archive(fd, opened.layout, opened.image, opened.names);
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

void unpack_image(Session& session, const std::string& name, const fs::path& destination) {
  auto& parts = session.parts();
  const auto opened = store::open_image(parts.store(), named(name), oci::Platform::host());
  Transfer transfer(parts.progress(), "unpacking " + name);
  api::unpack_bundle(opened.layout, opened.image, destination);
  transfer.finish();
}

}  // namespace jcb
