// SPDX-License-Identifier: Apache-2.0
#include "oci/media_type.h"
#include "scripted_client.h"

using namespace jcb;
using namespace scripted;

namespace {

const std::string k_layer = "layer";

std::string config_for(const std::string& architecture, std::size_t layers = 1, const std::string& variant = {}) {
  oci::ImageConfig config;
  config.platform = {"linux", architecture, variant};
  config.diff_ids.assign(layers, oci::Digest::of(k_layer));
  return config.serialize();
}

// Documents under their digests, and tags.
struct Shelf {
  std::vector<Step> steps;  ///< every document at every place it may be asked for
  std::map<std::string, FakeAnswer> answers;

  oci::Descriptor put_manifest(const std::string& bytes, std::string_view type, const std::string& tag = {}) {
    const auto descriptor = describe(bytes, type);
    const FakeAnswer found = answer(200, {{"Content-Type", std::string(type)}}, bytes);
    answers["/v2/team/app/manifests/" + descriptor.digest.text()] = found;
    if (!tag.empty()) answers["/v2/team/app/manifests/" + tag] = found;
    return descriptor;
  }
  oci::Descriptor put_blob(const std::string& bytes, std::string_view type) {
    const auto descriptor = describe(bytes, type);
    answers["/v2/team/app/blobs/" + descriptor.digest.text()] = answer(200, {}, bytes);
    return descriptor;
  }
  oci::Descriptor put_image(const std::string& config, const std::string& tag = {}, std::string_view type = oci::k_media_manifest,
                            std::string_view config_type = oci::k_media_config) {
    oci::Manifest manifest{std::string(type), {}, put_blob(config, config_type), {put_blob(k_layer, oci::k_media_layer_gzip)}, {}, {}};
    return put_manifest(manifest.serialize(), type, tag);
  }
  oci::Descriptor put_index(std::vector<oci::Descriptor> entries, const std::string& tag = {}) {
    return put_manifest(oci::Index{std::string(oci::k_media_index), std::move(entries), {}}.serialize(), oci::k_media_index, tag);
  }
};

oci::Descriptor named(oci::Descriptor entry, const char* platform) {
  entry.platform = oci::Platform::parse(platform);
  return entry;
}

struct Registry : Shelf {
  std::vector<std::string> notes;
  std::shared_ptr<test::FakeHttp> http = std::make_shared<test::FakeHttp>([this](const HttpRequest& request, std::size_t) {
    const auto found = answers.find(oci::HttpUrl::parse(request.url).path);
    return found == answers.end() ? error(404, "MANIFEST_UNKNOWN") : found->second;
  });
  oci::RegistryClient client{
      {[this](const oci::Endpoint&) { return http; }, nullptr, [this](const std::string& text) { notes.push_back(text); }, nullptr},
      endpoint(),
      oci::Access::pull};

  oci::RemoteImage fetch(const char* platform = "linux/arm64") { return fetch_image(client, "1", oci::Platform::parse(platform)); }
};

}  // namespace

TEST_CASE_METHOD(Registry, "an image is fetched through its index, documents verified and kept") {
  const auto arm = put_image(config_for("arm64")), amd = put_image(config_for("amd64"));
  const auto index = put_index({named(amd, "linux/amd64"), named(arm, "linux/arm64/v8")}, "1");
  const auto image = fetch();
  CHECK(image.image.descriptor.digest == arm.digest);
  CHECK(image.image.config.platform.architecture == "arm64");
  CHECK(oci::Digest::of(image.manifest_bytes) == arm.digest);
  CHECK(oci::Digest::of(image.config_bytes) == image.image.manifest.config.digest);
  REQUIRE(image.index);
  CHECK(image.index->descriptor.digest == index.digest);
  CHECK(http->requests.size() == 3);
  CHECK(notes.empty());
}

TEST_CASE_METHOD(Registry, "an image without an index is fetched, docker's too, and another platform is told") {
  put_image(config_for("amd64"), "1", oci::k_docker_manifest, oci::k_docker_config);
  CHECK_FALSE(fetch("linux/amd64").index);
  CHECK(notes.empty());
  CHECK(fetch("linux/arm64").image.config.platform.architecture == "amd64");
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].ends_with(" is for linux/amd64, not linux/arm64"));
}

TEST_CASE_METHOD(Registry, "a platform that is not there is not found, and those that are there are listed") {
  const auto amd = put_image(config_for("amd64"));
  oci::Descriptor attestation = named(put_image(config_for("")), "unknown/unknown");
  put_index({named(amd, "linux/amd64"), attestation}, "1");
  const Error error = error_of(ErrorKind::not_found, [&] { fetch(); });
  CHECK(error.message().find(" has no image for linux/arm64") != std::string::npos);
  CHECK(error.hint() == "there is: linux/amd64");
  answers.clear();
  CHECK(error_of(ErrorKind::not_found, [&] { fetch(); }).message() == "registry.test/team/app:1 is not there");
}

TEST_CASE_METHOD(Registry, "indexes are followed to a depth of two [index bomb]") {
  const auto one = put_index({named(put_image(config_for("arm64")), "linux/arm64")});
  const auto two = put_index({one}, "1");
  CHECK(fetch().index->descriptor.digest == two.digest);
  put_index({two}, "1");
  CHECK(error_of(ErrorKind::invalid, [&] { fetch(); }).message().ends_with("indexes nested deeper than 2"));
  put_index(std::vector<oci::Descriptor>(1001, named(one, "linux/arm64")), "1");
  error_of(ErrorKind::invalid, [&] { fetch(); });
}

TEST_CASE_METHOD(Registry, "an entry that is not what its index says is refused [CVE-2021-41190]") {
  const auto image = named(put_image(config_for("arm64")), "linux/arm64");
  auto larger = image;
  ++larger.size_bytes;
  put_index({larger}, "1");
  error_of(ErrorKind::invalid, [&] { fetch(); });
  auto typed = image;
  typed.media_type = std::string(oci::k_docker_manifest);
  put_index({typed}, "1");
  error_of(ErrorKind::invalid, [&] { fetch(); });
  auto index = image;
  index.media_type = std::string(oci::k_media_index);
  put_index({index}, "1");
  error_of(ErrorKind::invalid, [&] { fetch(); });
}

TEST_CASE_METHOD(Registry, "manifest and config have to fit [diffID] [J3]") {
  put_image(config_for("arm64", 2), "1");
  CHECK(error_of(ErrorKind::invalid, [&] { fetch(); }).message() == "the manifest has 1 layers, the config 2 diff_ids");
  put_image(config_for("arm64"), "1", oci::k_media_manifest, "application/vnd.acme.config");
  error_of(ErrorKind::unsupported, [&] { fetch(); });
  const auto image = put_image(config_for("arm64"), "1");
  const auto config = describe(config_for("arm64"));
  answers["/v2/team/app/blobs/" + config.digest.text()].body[0] = ' ';
  error_of(ErrorKind::invalid, [&] { fetch(); });
}
