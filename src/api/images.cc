// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/images.h"

#include "api/parts.h"
#include "api/remote_image.h"
#include "oci/reference.h"
#include "store/images.h"
#include "store/source.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb {
namespace {

using util::Json;

api::SourceImage open_named(Session& session, const std::string& name) {
  return api::open_source(session.parts(), name, oci::Platform::host());
}

std::uint64_t total_size(const oci::LoadedImage& image) {
  std::uint64_t total = image.descriptor.size_bytes + image.manifest.config.size_bytes;
  for (const auto& layer : image.manifest.layers) total += layer.size_bytes;
  return total;
}

ImageInfo describe(const store::Store& store, const store::TaggedImage& tagged) {
  ImageInfo info{tagged.name, tagged.descriptor.digest.text(), {}, 0, 0, {}};
  try {
    const auto image = oci::load_image(store.layout(), tagged.descriptor, oci::Platform::host());
    info.created = image.config.created;
    info.size_bytes = total_size(image);
    info.layers = image.manifest.layers.size();
    info.platform = image.config.platform.text();
  } catch (const Error&) {
    info.platform = "unreadable";  // a damaged image must not hide the others; verify says what is wrong with it
  }
  return info;
}

std::string summary(const api::SourceImage& opened) {
  const auto& image = opened.image;
  Json layers = Json::array();
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const auto& layer = image.manifest.layers[i];
    layers.push_back({{"digest", layer.digest.text()},
                      {"diff_id", image.config.diff_ids[i].text()},
                      {"media_type", layer.media_type},
                      {"size_bytes", layer.size_bytes},
                      {"annotations", Json(layer.annotations)}});
  }
  const Json config = util::parse_json(image.config.serialize(), "the image config", {oci::k_max_config_bytes});
  return util::to_pretty_text({{"names", opened.names},
                               {"digest", image.descriptor.digest.text()},
                               {"media_type", image.descriptor.media_type},
                               {"platform", image.config.platform.text()},
                               {"created", image.config.created.empty() ? Json(nullptr) : Json(image.config.created)},
                               {"size_bytes", total_size(image)},
                               {"config", config.value("config", Json::object())},
                               {"layers", layers},
                               {"annotations", Json(image.manifest.annotations)}});
}

}  // namespace

std::vector<ImageInfo> list_images(Session& session) {
  const auto& store = session.parts().store();
  std::vector<ImageInfo> images;
  for (const auto& tagged : store::list_images(store)) images.push_back(describe(store, tagged));
  return images;
}

std::string to_json(const std::vector<ImageInfo>& images) {
  Json list = Json::array();
  for (const auto& image : images) {
    list.push_back({{"name", image.name},
                    {"digest", image.digest},
                    {"created", image.created.empty() ? Json(nullptr) : Json(image.created)},
                    {"size_bytes", image.size_bytes},
                    {"layers", image.layers},
                    {"platform", image.platform}});
  }
  return util::to_pretty_text({{"images", list}});
}

void tag_image(Session& session, const std::string& source, const std::string& name) {
  const auto& store = session.parts().store();
  const std::string tag = api::store_tag(name);
  const auto opened = open_named(session, source);
  if (oci::ImageName::parse(source).transport != oci::Transport::store)
    throw Error(ErrorKind::usage, "tag names an image of the store, not " + util::escape_text(source),
                "bring it in first: jcbuild copy SOURCE NAME");
  const auto found = store::find_image(store, source);
  api::set_store_tag(store, tag, found ? found->descriptor : opened.image.descriptor);
}

void remove_images(Session& session, const std::vector<std::string>& names) {
  const auto& store = session.parts().store();
  std::vector<std::string> tags;
  for (const auto& name : names) {
    const auto found = store::find_image(store, name);
    if (!found) open_named(session, name);  // says what is there instead
    if (found) tags.push_back(found->name);
  }
  for (const auto& tag : tags) store.layout().remove_tag(tag);
}

std::string inspect_image(Session& session, const std::string& name, ImageDocument document) {
  const auto opened = open_named(session, name);
  if (document == ImageDocument::summary) return summary(opened);
  const auto& descriptor = document == ImageDocument::config ? opened.image.manifest.config : opened.image.descriptor;
  return opened.layout().read_blob(descriptor, oci::k_max_config_bytes);
}

std::vector<HistoryInfo> image_history(Session& session, const std::string& name) {
  const auto opened = open_named(session, name);
  std::vector<HistoryInfo> history;
  std::size_t layer = 0;
  const auto& layers = opened.image.manifest.layers;
  for (const auto& entry : opened.image.config.history) {
    HistoryInfo info{entry.created, entry.created_by, entry.comment, std::nullopt};
    if (!entry.empty_layer && layer < layers.size()) info.size_bytes = layers[layer++].size_bytes;
    history.push_back(std::move(info));
  }
  return history;
}

std::string to_json(const std::vector<HistoryInfo>& history) {
  Json list = Json::array();
  for (const auto& line : history) {
    list.push_back({{"created", line.created},
                    {"created_by", line.created_by},
                    {"comment", line.comment},
                    {"size_bytes", line.size_bytes ? Json(*line.size_bytes) : Json(nullptr)}});
  }
  return util::to_pretty_text({{"history", list}});
}

}  // namespace jcb
