// SPDX-License-Identifier: Apache-2.0
#include "api/destination.h"

#include <sys/stat.h>

#include "api/remote_image.h"
#include "api/rootfs.h"
#include "api/transfer_task.h"
#include "jcbuild/error.h"
#include "oci/convert.h"
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

oci::LoadedImage in_form(oci::LoadedImage image, Form form) {
  if (form == Form::as_it_is) return image;
  auto converted = oci::convert_to_oci(image);
  return converted ? std::move(*converted) : std::move(image);
}

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

void rename(oci::Descriptor& descriptor, const oci::Descriptor& other) {
  descriptor.media_type = other.media_type;
  descriptor.digest = other.digest;
  descriptor.size_bytes = other.size_bytes;
}

// Copies the images below an index, then the index itself, one and all in the form that is wanted. Returns what it became.
oci::Descriptor copy_index(const oci::Layout& from, const oci::Descriptor& descriptor, const oci::Layout& to, Form form,
                           const ByteCount& count) {
  const auto bytes = from.read_blob(descriptor, oci::k_max_manifest_bytes);
  auto index = oci::Index::parse(bytes, descriptor.media_type);
  bool changed = form == Form::oci && descriptor.media_type != oci::k_media_index;
  for (auto& entry : index.manifests) {
    const oci::Descriptor before = entry;
    if (oci::is_index_type(entry.media_type)) {
      rename(entry, copy_index(from, entry, to, form, count));
    } else {
      const auto image = in_form(oci::load_image(from, entry, oci::Platform::host()), form);
      store::copy_image(from, image, to, count);
      rename(entry, image.descriptor);
    }
    changed = changed || entry.digest != before.digest;
  }
  if (!changed) {
    to.put_blob(bytes);
    return descriptor;
  }
  index.media_type = oci::k_media_index;
  const std::string converted = index.serialize();
  return {std::string(oci::k_media_index), to.put_blob(converted), converted.size(), {}, std::nullopt, {}, {}};
}

oci::Descriptor write_index(Session::Parts& parts, const oci::Layout& from, const oci::Descriptor& index, const oci::ImageName& target,
                            Form form, const ByteCount& count) {
  if (target.transport == Transport::store) {
    const std::string tag = store_tag(target.text());
    copy_index(from, index, parts.store().layout(), Form::as_it_is, count);
    set_store_tag(parts.store(), tag, index);
    return index;
  }
  if (target.transport != Transport::oci_layout)
    throw Error(ErrorKind::unsupported, "an image for several platforms cannot be written to " + target.text(),
                "use oci:DIR, a registry, or one --platform");
  const auto layout = create_layout(target.path);
  const auto written = copy_index(from, index, layout, form, count);
  layout.set_tag(layout_tag(target), written);
  return written;
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

oci::Descriptor write_destination(Session::Parts& parts, const oci::Layout& layout, const oci::LoadedImage& given,
                                  const std::string& destination, const std::string& source_name, Form form) {
  const auto target = oci::ImageName::parse(destination);
  const bool for_others = target.transport == Transport::oci_layout || target.transport == Transport::oci_archive;
  const auto image = in_form(given, for_others ? form : Form::as_it_is);
  Transfer transfer(parts.progress(), "writing " + destination);
  if (target.transport == Transport::registry)
    push(parts, layout, image.descriptor, *target.reference, transfer.id());
  else {
    if (target.transport != Transport::store) complete(parts, layout, image, transfer.id());
    write_image(parts, layout, image, target, source_name, transfer.counter());
  }
  transfer.finish();
  return image.descriptor;
}

oci::Descriptor write_root(Session::Parts& parts, const oci::Layout& layout, const oci::Descriptor& root, const std::string& destination,
                           const std::string& source_name, TaskId parent, Form form) {
  const auto target = oci::ImageName::parse(destination);
  if (target.transport == Transport::registry) {
    push(parts, layout, root, *target.reference, parent);
    return root;
  }
  if (!oci::is_index_type(root.media_type))
    return write_destination(parts, layout, oci::load_image(layout, root, oci::Platform::host()), destination, source_name, form);
  Transfer transfer(parts.progress(), "writing " + destination);
  auto written = write_index(parts, layout, root, target, form, transfer.counter());
  transfer.finish();
  return written;
}

}  // namespace jcb::api
