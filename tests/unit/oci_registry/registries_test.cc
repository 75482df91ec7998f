// SPDX-License-Identifier: Apache-2.0
// Against Debian's docker-registry.
#include "oci/registry/registries.h"

#include <catch2/catch.hpp>

#include "config_tree.h"
#include "jcbuild/error.h"
#include "oci/media_type.h"
#include "support/docker_registry.h"

using namespace jcb;
using test::DockerRegistry;

namespace {

// alice and s3cr:et, as htpasswd -B makes it.
constexpr const char* k_htpasswd = "alice:$2y$05$ZblK3pXkHnnDISHTGSFudutzGB/EoBfTCYmKnlzaBH5mbaKj23joC\n";

struct User {
  test::ConfigTree files;
  std::vector<std::string> notes;
  std::optional<oci::Credential> given;

  oci::Registries registries() {
    oci::RegistriesOptions options;
    options.hosts = files.options;
    options.credentials.environment = files.options.environment;
    options.credentials.given = given;
    options.rules.first_pause = std::chrono::milliseconds(2);
    options.on_note = [this](const std::string& text) { notes.push_back(text); };
    return oci::Registries(std::move(options));
  }
};

oci::Credential alice(const std::string& password = "s3cr:et") {
  oci::Credential credential;
  credential.username = "alice";
  credential.password = password;
  credential.source = "--creds";
  return credential;
}

oci::Descriptor describe(const std::string& bytes, std::string_view type) {
  return {std::string(type), oci::Digest::of(bytes), bytes.size(), {}, {}, {}, {}};
}

// An image whose layer is of 3 MB.
struct Image {
  std::string layer = std::string(3'000'000, 'l'), config, manifest;

  explicit Image(const std::string& author = "somebody") {
    oci::ImageConfig values;
    values.platform = {"linux", "arm64", ""};
    values.author = author;
    values.diff_ids = {oci::Digest::of(layer)};
    config = values.serialize();
    manifest = oci::Manifest{std::string(oci::k_media_manifest), {}, config_descriptor(), {layer_descriptor()}, {}, {}}.serialize();
  }
  oci::Descriptor layer_descriptor() const { return describe(layer, oci::k_media_layer); }
  oci::Descriptor config_descriptor() const { return describe(config, oci::k_media_config); }
  oci::Descriptor descriptor() const { return describe(manifest, oci::k_media_manifest); }

  void push(oci::RegistryClient& client, const std::string& tag) const {
    for (const std::string* bytes : {&layer, &config}) {
      const oci::HttpBody body{bytes->size(), [bytes](std::uint64_t offset, char* buffer, std::size_t size) {
                                 return bytes->copy(buffer, size, static_cast<std::size_t>(offset));
                               }};
      client.put_blob(describe(*bytes, oci::k_media_layer), body, {});
    }
    client.put_manifest(tag, descriptor(), manifest);
  }
};

Error error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  FAIL_CHECK("no error");
  return {ErrorKind::failed, ""};
}

}  // namespace

TEST_CASE("an image goes to a registry and comes back, by tag and by digest, with absolute and relative locations", "[registry]") {
  for (const bool relative : {false, true}) {
    DockerRegistry::Options options;
    options.relative_urls = relative;
    const auto server = DockerRegistry::start(options);
    if (!server) return;
    User user;
    auto registries = user.registries();
    const Image image;
    const std::string name = server->host() + "/team/app";
    image.push(*registries.open_for_push(oci::Reference::parse(name)), "v1");

    for (const std::string& reference :
         {name + ":v1", name + "@" + image.descriptor().digest.text(), name + ":other@" + image.descriptor().digest.text()}) {
      const auto found = registries.find(oci::Reference::parse(reference));
      CHECK(found.descriptor == image.descriptor());
      CHECK(found.client->name() == name);
      const auto fetched = fetch_image(*found.client, found.descriptor.digest.text(), oci::Platform::parse("linux/arm64"));
      CHECK(fetched.manifest_bytes == image.manifest);
      CHECK(fetched.config_bytes == image.config);
      oci::TextSink whole, part;
      found.client->read_blob(image.layer_descriptor(), whole);
      CHECK((whole.text() == image.layer));
      CHECK(found.client->read_part(image.layer_descriptor(), {1000, 5000}, part) == oci::PartResult::received);
      CHECK(part.text().size() == 5000);
    }
    CHECK(user.notes.empty());
  }
}

TEST_CASE("a blob is mounted from another repository, tags are listed, a manifest is deleted", "[registry]") {
  const auto server = DockerRegistry::start();
  if (!server) return;
  User user;
  auto registries = user.registries();
  const Image image, second("somebody else");
  const std::string host = server->host();
  const auto first = registries.open_for_push(oci::Reference::parse(host + "/a"));
  image.push(*first, "v2");
  image.push(*first, "v1");
  second.push(*first, "v3");
  CHECK(first->list_tags() == std::vector<std::string>{"v1", "v2", "v3"});

  const auto other = registries.open_for_push(oci::Reference::parse(host + "/b/c"));
  const auto digest = image.layer_descriptor().digest;
  CHECK_FALSE(other->has_blob(digest));
  CHECK(other->mount_blob(digest, "a"));
  CHECK(other->has_blob(digest));
  CHECK_FALSE(other->mount_blob(oci::Digest::of("nowhere"), "a"));
  CHECK(error_of([&] { other->list_tags(); }).message().find(host + "/b/c") != std::string::npos);

  first->delete_manifest(image.descriptor().digest);
  CHECK_FALSE(first->find_descriptor("v1"));
  CHECK(first->find_descriptor("v3"));
  const Error missing = error_of([&] { registries.find(oci::Reference::parse(host + "/a:v1")); });
  CHECK(missing.kind() == ErrorKind::not_found);
  CHECK(missing.message() == host + "/a:v1 is not there");
}

TEST_CASE("what refers to an image is found under its tag where the registry has no referrers", "[registry]") {
  const auto server = DockerRegistry::start();
  if (!server) return;
  User user;
  auto registries = user.registries();
  const auto client = registries.open_for_push(oci::Reference::parse(server->host() + "/a"));
  const Image image;
  image.push(*client, "v1");
  CHECK(client->list_referrers(image.descriptor().digest).empty());
  auto manifest = oci::Manifest::parse(image.manifest);
  manifest.artifact_type = "application/vnd.acme.sbom";
  manifest.subject = image.descriptor();
  const std::string bytes = manifest.serialize();
  const auto referrer = describe(bytes, oci::k_media_manifest);
  client->put_manifest(referrer.digest.text(), referrer, bytes);
  client->put_manifest(referrer.digest.text(), referrer, bytes);
  const auto found = client->list_referrers(image.descriptor().digest, "application/vnd.acme.sbom");
  REQUIRE(found.size() == 1);
  CHECK(found[0].digest == referrer.digest);
  CHECK(client->list_referrers(image.descriptor().digest, "other").empty());
}

TEST_CASE("deletion that a registry does not allow is unsupported", "[registry]") {
  DockerRegistry::Options options;
  options.can_delete = false;
  const auto server = DockerRegistry::start(options);
  if (!server) return;
  User user;
  auto registries = user.registries();
  const auto client = registries.open_for_push(oci::Reference::parse(server->host() + "/a"));
  const Image image;
  image.push(*client, "v1");
  CHECK(error_of([&] { client->delete_manifest(image.descriptor().digest); }).kind() == ErrorKind::unsupported);
}

TEST_CASE("a registry with a password wants it, and login proves it", "[registry]") {
  DockerRegistry::Options options;
  options.htpasswd = k_htpasswd;
  const auto server = DockerRegistry::start(options);
  if (!server) return;
  const Image image;
  const auto name = oci::Reference::parse(server->host() + "/a:v1");
  User known, unknown, wrong;
  known.given = alice();
  auto registries = known.registries();
  image.push(*registries.open_for_push(name), "v1");
  CHECK(registries.find(name).descriptor == image.descriptor());
  CHECK(registries.open_host(server->host(), alice())->check_login().empty());
  CHECK(known.notes.empty());

  const Error nobody = error_of([&] { unknown.registries().find(name); });
  CHECK(nobody.kind() == ErrorKind::refused);
  CHECK(nobody.hint() == "log in: jcbuild login " + server->host());
  wrong.given = alice("wrong");
  CHECK(error_of([&] { wrong.registries().find(name); }).hint().find("log in again") != std::string::npos);
  const Error login = error_of([&] { registries.open_host(server->host(), alice("wrong"))->check_login(); });
  CHECK(login.message() == "cannot log in to " + server->host() + ": the user name or the password is not accepted");
}

TEST_CASE("a mirror stands in for its registry, and gets none of its credentials [mirror credentials]", "[registry]") {
  DockerRegistry::Options options;
  options.htpasswd = k_htpasswd;
  const auto locked = DockerRegistry::start(options);
  const auto origin = DockerRegistry::start();
  if (!locked || !origin) return;
  User user;
  user.given = alice();
  user.files.write("etc/containers/registries.conf",
                   "[[registry]]\nprefix = \"docker.io\"\nlocation = \"docker.io\"\n"
                   "[[registry.mirror]]\nlocation = \"127.0.0.1:9\"\ninsecure = true\n"
                   "[[registry.mirror]]\nlocation = \"" +
                       locked->host() +
                       "\"\ninsecure = true\n"
                       "[[registry.mirror]]\nlocation = \"" +
                       origin->host() + "\"\ninsecure = true\n");
  auto registries = user.registries();
  const Image image;
  image.push(*registries.open_for_push(oci::Reference::parse(origin->host() + "/library/x")), "1");
  const auto found = registries.find(oci::Reference::parse("x:1"));
  CHECK(found.client->name() == origin->host() + "/library/x");
  CHECK(found.reference.text() == "docker.io/library/x:1");
  REQUIRE(user.notes.size() >= 2);
  CHECK(user.notes[user.notes.size() - 2].starts_with("passed over: cannot read 127.0.0.1:9/library/x:1: "));
  CHECK(user.notes.back() == "passed over: cannot read " + locked->host() + "/library/x:1: " + locked->host() +
                                 " answered 401 (UNAUTHORIZED: authentication required)");
  oci::TextSink sink;
  registries.open_by_name(found.client->name())->read_blob(image.layer_descriptor(), sink);
  CHECK((sink.text() == image.layer));
}

TEST_CASE("a pull-through mirror brings what it does not have yet", "[registry]") {
  const auto origin = DockerRegistry::start();
  if (!origin) return;
  DockerRegistry::Options options;
  options.proxy_for = "http://" + origin->host();
  const auto mirror = DockerRegistry::start(options);
  User user;
  user.files.write("etc/containers/registries.conf",
                   "[[registry]]\nprefix = \"docker.io\"\nlocation = \"docker.io\"\n"
                   "[[registry.mirror]]\nlocation = \"" +
                       mirror->host() + "\"\ninsecure = true\n");
  auto registries = user.registries();
  const Image image;
  image.push(*registries.open_for_push(oci::Reference::parse(origin->host() + "/library/x")), "1");
  const auto found = registries.find(oci::Reference::parse("docker.io/library/x:1"));
  CHECK(found.client->name() == mirror->host() + "/library/x");
  oci::TextSink sink;
  found.client->read_blob(image.layer_descriptor(), sink);
  CHECK((sink.text() == image.layer));
}

TEST_CASE("where nobody has it every place is named", "[registry]") {
  const auto server = DockerRegistry::start();
  if (!server) return;
  User user;
  user.files.write("etc/containers/registries.conf",
                   "unqualified-search-registries = [\"" + server->host() + "\", \"" + server->host() + "/second\"]\n");
  auto registries = user.registries();
  const Error error = error_of([&] { registries.find(oci::Reference::parse("x:1")); });
  CHECK(error.kind() == ErrorKind::not_found);
  CHECK(error.message() == "cannot find x:1 in any of 2 places");
  CHECK(error.details() == std::vector<std::string>{server->host() + "/x:1 is not there", server->host() + "/second/x:1 is not there"});
  CHECK(error_of([&] { registries.open_for_push(oci::Reference::parse("x:1")); }).kind() == ErrorKind::usage);
}
