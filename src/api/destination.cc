// SPDX-License-Identifier: Apache-2.0
#include "api/destination.h"

#include <sys/stat.h>

#include "api/remote_image.h"
#include "api/rootfs.h"
#include "api/transfer_task.h"
#include "jcbuild/error.h"
#include "oci/layer/archive.h"
#include "oci/media_type.h"
#include "store/images.h"
#include "store/push.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::api {
namespace {

namespace fs = std::filesystem;
using oci::Transport;
using ByteCount = std::function<void(std::uint64_t, std::uint64_t)>;

// Writes a file through a temporary name beside it.
void write_archive_file(const std::string& path, const std::function<void(int)>& write) {
  const fs::path target = fs::absolute(path);
  util::AtomicFile file(util::Root::open(target.parent_path()), target.filename().native(), 0644);
  write(file.fd());
  file.commit();
}

oci::Layout create_layout(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) throw_errno("make directory", path);
  return oci::Layout::create(util::Root::open(path), path);
}

std::string layout_tag(const oci::ImageName& target) { return target.tag.empty() ? "latest" : target.tag; }

// All images below an index, then the index itself.
void copy_index(const oci::Layout& from, const oci::Descriptor& descriptor, const oci::Layout& to, const ByteCount& count) {
  const auto bytes = from.read_blob(descriptor, oci::k_max_manifest_bytes);
  for (const auto& entry : oci::Index::parse(bytes, descriptor.media_type).manifests) {
    if (oci::is_index_type(entry.media_type))
      copy_index(from, entry, to, count);
    else
      store::copy_image(from, oci::load_image(from, entry, oci::Platform::host()), to, count);
  }
  to.put_blob(bytes);
}

void write_index(Session::Parts& parts, const oci::Layout& from, const oci::Descriptor& index, const oci::ImageName& target,
                 const ByteCount& count) {
  if (target.transport == Transport::store) {
    const std::string tag = store_tag(target.text());
    copy_index(from, index, parts.store().layout(), count);
    return set_store_tag(parts.store(), tag, index);
  }
  if (target.transport != Transport::oci_layout)
    throw Error(ErrorKind::unsupported, "an image for several platforms cannot be written to " + target.text(),
                "use oci:DIR, a registry, or one --platform");
  const auto layout = create_layout(target.path);
  copy_index(from, index, layout, count);
  layout.set_tag(layout_tag(target), index);
}

// An image of the store whose layers were pulled and not kept is fetched again, where something else than a registry wants it.
void complete(Session::Parts& parts, const oci::Layout& layout, const oci::LoadedImage& image, TaskId parent) {
  if (layout.name() == parts.store().layout().name()) store::complete_blobs(parts.store(), image, push_options(parts, parent));
}

void push(Session::Parts& parts, const oci::Layout& layout, const oci::Descriptor& root, const oci::Reference& target, TaskId parent) {
  if (target.digest()) throw Error(ErrorKind::usage, target.text() + " names a digest, and an image is pushed under a tag");
  const auto client = parts.target_registries().open_for_push(target);
  store::push_image(parts.store(), layout, root, *client, {target.tag().empty() ? "latest" : target.tag()}, push_options(parts, parent));
}

void write_image(Session::Parts& parts, const oci::Layout& layout, const oci::LoadedImage& image, const oci::ImageName& target,
                 const std::string& source_name, const ByteCount& count) {
  switch (target.transport) {
    case Transport::store: {
      const std::string tag = store_tag(target.text());
      store::copy_image(layout, image, parts.store().layout(), count);
      return set_store_tag(parts.store(), tag, image.descriptor);
    }
    case Transport::oci_layout: {
      const auto written = create_layout(target.path);
      store::copy_image(layout, image, written, count);
      return written.set_tag(layout_tag(target), image.descriptor);
    }
    case Transport::oci_archive:
      return write_archive_file(target.path, [&](int fd) { oci::write_oci_archive(fd, layout, image, layout_tag(target)); });
    case Transport::docker_archive: {
      const std::string name = target.tag.empty() ? source_name : target.tag;
      const auto names = name.empty() ? std::vector<std::string>{} : std::vector{name};
      return write_archive_file(target.path, [&](int fd) { oci::write_docker_archive(fd, layout, image, names); });
    }
    case Transport::rootfs_directory:
      return unpack_rootfs(layout, image, target.path);
    default:
      throw Error(ErrorKind::usage, target.text() + " is not something an image can be written to");
  }
}

}  // namespace

void write_destination(Session::Parts& parts, const oci::Layout& layout, const oci::LoadedImage& image, const std::string& destination,
                       const std::string& source_name) {
  const auto target = oci::ImageName::parse(destination);
  Transfer transfer(parts.progress(), "writing " + destination);
  if (target.transport == Transport::registry)
    push(parts, layout, image.descriptor, *target.reference, transfer.id());
  else {
    if (target.transport != Transport::store) complete(parts, layout, image, transfer.id());
    write_image(parts, layout, image, target, source_name, transfer.counter());
  }
  transfer.finish();
}

void write_root(Session::Parts& parts, const oci::Layout& layout, const oci::Descriptor& root, const std::string& destination,
                const std::string& source_name, TaskId parent) {
  const auto target = oci::ImageName::parse(destination);
  if (target.transport == Transport::registry) return push(parts, layout, root, *target.reference, parent);
  if (!oci::is_index_type(root.media_type))
    return write_destination(parts, layout, oci::load_image(layout, root, oci::Platform::host()), destination, source_name);
  Transfer transfer(parts.progress(), "writing " + destination);
  write_index(parts, layout, root, target, transfer.counter());
  transfer.finish();
}

}  // namespace jcb::api
