// SPDX-License-Identifier: Apache-2.0
// An archive is taken for a layout when it has an index.json and an oci-layout, for docker's when it has a manifest.json.
// docker 25 and later write both, then the layout counts: its manifests keep their digests, and manifest.json has the
// better names.
#include "jcbuild/error.h"
#include "oci/blob_files.h"
#include "oci/fields.h"
#include "oci/layer/archive.h"
#include "oci/layer/archive_files.h"
#include "oci/layer/docker_archive.h"
#include "oci/media_type.h"
#include "util/text.h"

#include <algorithm>
#include <set>

namespace jcb::oci {
namespace {

constexpr const char* k_docker_manifest_file = "manifest.json";
constexpr int k_max_index_depth = 2;

class LayoutImporter {
 public:
  explicit LayoutImporter(ArchiveFiles& files) : m_files(files) {}

  /// Publishes what `descriptor` refers to, whatever it is.
  void import(const Descriptor& descriptor, int index_depth = 0) {
    if (!m_seen.insert(descriptor.digest).second) return;
    publish(descriptor);
    if (is_index_type(descriptor.media_type)) return import_index(descriptor, index_depth);
    if (!is_manifest_type(descriptor.media_type)) return;
    const auto manifest = Manifest::parse(m_files.layout().read_blob(descriptor, k_max_manifest_bytes), descriptor.media_type);
    publish(manifest.config);
    for (const Descriptor& layer : manifest.layers) publish(layer);
  }

 private:
  bool is_here(const Descriptor& descriptor) const {
    return m_files.has(blob_path(descriptor.digest)) || m_files.layout().find_blob_size(descriptor.digest) == descriptor.size_bytes;
  }

  // An index may have lost the images of other platforms on its way: copying one platform leaves it as it was signed.
  void import_index(const Descriptor& descriptor, int depth) {
    if (depth == k_max_index_depth) reject(m_files.thing(), "indexes nested deeper than " + std::to_string(k_max_index_depth));
    const auto index = Index::parse(m_files.layout().read_blob(descriptor, k_max_manifest_bytes), descriptor.media_type);
    for (const Descriptor& entry : index.manifests) {
      if (is_here(entry)) import(entry, depth + 1);
    }
  }

  // A blob may be missing from the archive where the layout has it already.
  void publish(const Descriptor& descriptor) {
    const auto path = blob_path(descriptor.digest);
    if (!m_files.has(path) && m_files.layout().find_blob_size(descriptor.digest) == descriptor.size_bytes) return;
    const auto blob = m_files.publish(path, descriptor.digest);
    if (blob.size_bytes != descriptor.size_bytes)
      reject(m_files.thing(), "blob " + blob.digest.text() + " has " + std::to_string(blob.size_bytes) + " bytes, its descriptor says " +
                                  std::to_string(descriptor.size_bytes));
  }

  ArchiveFiles& m_files;
  std::set<Digest> m_seen;
};

std::string annotation(const Descriptor& descriptor, const char* key) {
  const auto found = descriptor.annotations.find(key);
  return found == descriptor.annotations.end() ? std::string() : found->second;
}

std::string annotated_name(const Descriptor& descriptor) {
  const auto image_name = annotation(descriptor, "io.containerd.image.name");
  return image_name.empty() ? annotation(descriptor, "org.opencontainers.image.ref.name") : image_name;
}

// manifest.json knows an image by its config.
std::vector<std::string> find_docker_names(const ArchiveFiles& files, const Descriptor& descriptor,
                                           const std::vector<DockerImage>& docker_images) {
  if (docker_images.empty() || !is_manifest_type(descriptor.media_type)) return {};
  const auto config = Manifest::parse(files.layout().read_blob(descriptor, k_max_manifest_bytes), descriptor.media_type).config;
  for (const DockerImage& image : docker_images) {
    if (find_named_digest(image.config) == config.digest) return image.names;
  }
  return {};
}

// index.json has a descriptor for each name: one image may come several times.
void add_image(std::vector<ArchivedImage>& images, const Descriptor& descriptor, std::vector<std::string> names) {
  auto image =
      std::find_if(images.begin(), images.end(), [&](const ArchivedImage& other) { return other.descriptor.digest == descriptor.digest; });
  if (image == images.end()) image = images.insert(images.end(), {{}, descriptor});
  for (std::string& name : names) {
    if (std::find(image->names.begin(), image->names.end(), name) == image->names.end()) image->names.push_back(std::move(name));
  }
}

std::vector<ArchivedImage> import_layout(ArchiveFiles& files, const std::vector<DockerImage>& docker_images) {
  LayoutImporter importer(files);
  std::vector<ArchivedImage> images;
  for (const Descriptor& descriptor : Index::parse(files.text(k_index_file)).manifests) {
    importer.import(descriptor);
    auto names = find_docker_names(files, descriptor, docker_images);
    if (names.empty() && !annotated_name(descriptor).empty()) names.push_back(annotated_name(descriptor));
    add_image(images, descriptor, std::move(names));
  }
  return images;
}

}  // namespace

std::vector<ArchivedImage> read_archive(int fd, const Layout& layout, std::string_view thing) {
  ArchiveFiles files(fd, layout, thing);
  const bool is_docker = files.has(k_docker_manifest_file);
  const bool is_layout = files.has(k_layout_file) && files.has(k_index_file);
  if (!is_docker && !is_layout)
    throw Error(ErrorKind::invalid, files.thing() + " is no image archive: it has neither manifest.json nor index.json and oci-layout",
                "a plain root file system is read by import");
  const auto docker_images = is_docker ? parse_docker_manifest(files.text(k_docker_manifest_file), thing) : std::vector<DockerImage>{};
  return is_layout ? import_layout(files, docker_images) : import_docker_images(files, docker_images);
}

}  // namespace jcb::oci
