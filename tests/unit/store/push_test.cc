// SPDX-License-Identifier: Apache-2.0
#include "store/push.h"

#include <algorithm>

#include "../oci/samples.h"
#include "store/origins.h"
#include "support/fake_registry.h"

using namespace jcb;
using test::FakeRegistry;
using Strings = std::vector<std::string>;

namespace {

// What was told, as lines: "begin NAME", "end NAME RESULT", "bytes NAME DONE/TOTAL".
class RecordedProgress final : public Progress {
 public:
  Strings events;
  bool has(const std::string& event) const { return std::find(events.begin(), events.end(), event) != events.end(); }

 private:
  TaskId begin(TaskId, std::string_view name) override {
    const std::lock_guard guard(m_mutex);
    m_names.emplace_back(name);
    events.push_back("begin " + m_names.back());
    return m_names.size();
  }
  void line(TaskId task, std::string_view text) override { add(task, "line ", " " + std::string(text)); }
  void bytes(TaskId task, std::uint64_t done, std::uint64_t total) override {
    add(task, "bytes ", " " + std::to_string(done) + "/" + std::to_string(total));
  }
  void end(TaskId task, TaskResult result) override {
    static const Strings names{"done", "cached", "failed", "skipped"};
    add(task, "end ", " " + names.at(static_cast<std::size_t>(result)));
  }
  void message(MessageLevel, std::string_view) override {}
  void add(TaskId task, const std::string& what, const std::string& more) {
    const std::lock_guard guard(m_mutex);
    events.push_back(what + m_names.at(task - 1) + more);
  }
  std::mutex m_mutex;
  Strings m_names;
};

struct Fixture {
  util::TempDir top{std::filesystem::temp_directory_path()};
  store::Store store = store::Store::open(top.path() / "store");
  const oci::Layout& layout = store.layout();
  std::shared_ptr<FakeRegistry> registry = std::make_shared<FakeRegistry>(), elsewhere = std::make_shared<FakeRegistry>();
  std::shared_ptr<oci::RegistryClient> client = FakeRegistry::client(registry, "to.example", "team/image");
  RecordedProgress progress;
  store::PushOptions options;

  const std::string large = std::string(200'000, 'l'), middle = std::string(2000, 'm'), small = "small";

  Fixture() {
    options.progress = &progress;
    options.open_origin = [this](const std::string& name) {
      const auto slash = name.find('/');
      const std::string host = name.substr(0, slash);
      return FakeRegistry::client(host == "to.example" ? registry : elsewhere, host, name.substr(slash + 1));
    };
  }

  oci::LoadedImage make_image(const Strings& contents) const {
    oci::ImageConfig config;
    config.platform.architecture = "arm64";
    std::vector<oci::Descriptor> layers;
    for (const std::string& content : contents) {
      config.diff_ids.push_back(oci::Digest::of(content));
      layers.push_back(samples::put(layout, oci::k_media_layer, content));
    }
    const auto stored = samples::put(layout, oci::k_media_config, config.serialize());
    const oci::Manifest manifest{std::string(oci::k_media_manifest), {}, stored, layers, {}, {}};
    return {samples::put(layout, oci::k_media_manifest, manifest.serialize()), manifest, config};
  }
  void push(const oci::Descriptor& image, const Strings& tags = {"1"}) { push_image(store, layout, image, *client, tags, options); }
  std::map<std::string, std::string>& blobs() { return registry->blobs["team/image"]; }
  std::map<std::string, std::string>& manifests() { return registry->manifests["team/image"]; }
};

std::string name_of(const std::string& bytes) { return oci::Digest::of(bytes).text(); }

}  // namespace

TEST_CASE_METHOD(Fixture, "a push asks for the manifest and each blob once, sends what is missing, manifest last") {
  const auto image = make_image({small, large, middle});
  blobs()[name_of(middle)] = middle;
  push(image.descriptor, {"1", "latest"});
  CHECK(registry->requests.front() == "HEAD /v2/team/image/manifests/1");
  CHECK(registry->count("HEAD /v2/team/image/blobs/") == 4);
  CHECK(registry->count("POST ") == 3);
  CHECK(registry->count("PUT /v2/team/image/blobs/uploads/") == 3);
  CHECK(registry->requests.size() == 1 + 4 + 3 + 3 + 2);
  const std::size_t last = registry->requests.size() - 1;
  CHECK(registry->requests[last - 1] == "PUT /v2/team/image/manifests/1");
  CHECK(registry->requests[last] == "PUT /v2/team/image/manifests/latest");
  CHECK(blobs().at(name_of(large)) == large);
  CHECK(manifests().at("latest") == image.manifest.serialize());
  for (const auto& layer : image.manifest.layers) CHECK(store::find_origins(store, layer.digest) == Strings{"to.example/team/image"});
}

TEST_CASE_METHOD(Fixture, "pushing again is one request, and another tag one more") {
  const auto image = make_image({small});
  push(image.descriptor);
  registry->requests.clear();
  push(image.descriptor);
  CHECK(registry->requests == Strings{"HEAD /v2/team/image/manifests/1"});
  registry->requests.clear();
  push(image.descriptor, {"1", "2"});
  CHECK(registry->requests == Strings{"HEAD /v2/team/image/manifests/1", "PUT /v2/team/image/manifests/2"});
  CHECK(manifests().at("2") == image.manifest.serialize());
}

TEST_CASE_METHOD(Fixture, "without tags the digest is the name") {
  const auto image = make_image({small});
  push(image.descriptor, {});
  CHECK(registry->requests.front() == "HEAD /v2/team/image/manifests/" + image.descriptor.digest.text());
  CHECK(registry->requests.back() == "PUT /v2/team/image/manifests/" + image.descriptor.digest.text());
}

TEST_CASE_METHOD(Fixture, "the largest blob is sent first") {
  options.connections = 1;
  push(make_image({small, middle, large}).descriptor);
  Strings sent;
  for (const auto& request : registry->requests) {
    if (request.starts_with("PUT /v2/team/image/blobs/")) sent.push_back(request.substr(request.find("sha256%3A") + 9));
  }
  REQUIRE(sent.size() == 4);
  CHECK((sent[0] == oci::Digest::of(large).hex() && sent[1] == oci::Digest::of(middle).hex() && sent[3] == oci::Digest::of(small).hex()));
}

TEST_CASE_METHOD(Fixture, "a blob of another repository of the registry is mounted, the two newest are tried") {
  const auto image = make_image({large, small});
  registry->blobs["base"][name_of(large)] = large;
  for (const char* name : {"to.example/base", "to.example/gone", "other.example/base"})
    store::note_origin(store, oci::Digest::of(large), name);
  for (const char* name : {"to.example/c", "to.example/b", "to.example/a"}) store::note_origin(store, oci::Digest::of(small), name);
  push(image.descriptor);
  CHECK(registry->count("mount=sha256%3A" + oci::Digest::of(large).hex()) == 2);
  CHECK(registry->count("mount=sha256%3A" + oci::Digest::of(small).hex()) == 2);
  CHECK(registry->count("&from=c") == 0);
  CHECK(registry->count("digest=sha256%3A" + oci::Digest::of(large).hex()) == 0);
  CHECK(blobs().at(name_of(large)) == large);
  CHECK(blobs().at(name_of(small)) == small);
  CHECK(progress.has("line layer " + oci::Digest::of(large).short_text() + " mounted from base"));
}

TEST_CASE_METHOD(Fixture, "a blob that nobody has ends the push before anything is sent") {
  const auto image = make_image({large, small});
  layout.remove_blob(oci::Digest::of(small));
  const auto message = samples::error_of(ErrorKind::not_found, [&] { push(image.descriptor); });
  CHECK(message.find(name_of(small)) != std::string::npos);
  CHECK((registry->count("POST ") == 0 && registry->count("PUT ") == 0));
  blobs()[name_of(small)] = small;
  CHECK_NOTHROW(push(image.descriptor));
}

TEST_CASE_METHOD(Fixture, "a damaged blob ends the push before anything is sent") {
  const auto image = make_image({large, small});
  std::filesystem::resize_file(store.path() / "oci/blobs/sha256" / oci::Digest::of(large).hex(), 1000);
  const auto message = samples::error_of(ErrorKind::invalid, [&] { push(image.descriptor); });
  CHECK(message.find("has 1000 bytes, not 200000") != std::string::npos);
  CHECK(registry->requests.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a blob that was not kept is passed on from where it came from, and not kept") {
  const auto image = make_image({large, small});
  layout.remove_blob(oci::Digest::of(large));
  elsewhere->blobs["library/base"][name_of(large)] = large;
  for (const char* name : {"from.example/library/base", "from.example/gone"}) store::note_origin(store, oci::Digest::of(large), name);
  push(image.descriptor);
  CHECK(blobs().at(name_of(large)) == large);
  CHECK_FALSE(layout.has_blob(oci::Digest::of(large)));
  CHECK(std::filesystem::is_empty(store.path() / "tmp"));
}

TEST_CASE_METHOD(Fixture, "an origin that has other bytes under the digest is passed over") {
  const auto image = make_image({large});
  layout.remove_blob(oci::Digest::of(large));
  elsewhere->blobs["good"][name_of(large)] = large;
  elsewhere->blobs["evil"][name_of(large)] = std::string(large.size(), 'e');
  for (const char* name : {"from.example/good", "from.example/evil"}) store::note_origin(store, oci::Digest::of(large), name);
  push(image.descriptor);
  CHECK(blobs().at(name_of(large)) == large);
}

TEST_CASE_METHOD(Fixture, "the first failure ends the push; nothing is tagged") {
  const auto image = make_image({large, middle, small});
  registry->fault = [&](const std::string& request) -> std::optional<int> {
    if (request.starts_with("PUT ") && request.find(oci::Digest::of(middle).hex()) != std::string::npos) return 403;
    return std::nullopt;
  };
  const auto message = samples::error_of(ErrorKind::refused, [&] { push(image.descriptor); });
  CHECK(message.find("to.example") != std::string::npos);
  CHECK(registry->count("PUT /v2/team/image/manifests/") == 0);
  CHECK(manifests().empty());
  CHECK(progress.has("end layer " + oci::Digest::of(middle).short_text() + " failed"));
  CHECK(progress.has("end pushing to to.example/team/image failed"));
}

TEST_CASE_METHOD(Fixture, "an index is pushed after its images") {
  const auto one = make_image({small}), two = make_image({middle});
  const auto index = samples::put(layout, oci::k_media_index,
                                  oci::Index{std::string(oci::k_media_index), {one.descriptor, two.descriptor}, {}}.serialize());
  push(index, {"all"});
  Strings puts;
  for (const auto& request : registry->requests) {
    if (request.starts_with("PUT /v2/team/image/manifests/")) puts.push_back(request.substr(29));
  }
  CHECK(puts == Strings{one.descriptor.digest.text(), two.descriptor.digest.text(), "all"});
}

TEST_CASE_METHOD(Fixture, "each layer and the whole tell how far they are") {
  const auto image = make_image({large, small});
  blobs()[name_of(small)] = small;
  push(image.descriptor);
  const auto total = std::to_string(large.size() + small.size() + image.manifest.config.size_bytes);
  const std::string sent = "layer " + oci::Digest::of(large).short_text(), present = "layer " + oci::Digest::of(small).short_text();
  CHECK(progress.has("begin " + sent));
  CHECK(progress.has("bytes " + sent + " 65536/200000"));
  CHECK(progress.has("bytes " + sent + " 200000/200000"));
  CHECK(progress.has("end " + sent + " done"));
  CHECK(progress.has("end " + present + " cached"));
  CHECK(progress.has("bytes pushing to to.example/team/image " + total + "/" + total));
  CHECK(progress.events.back() == "end pushing to to.example/team/image done");
}

TEST_CASE_METHOD(Fixture, "missing blobs are completed from where they came from") {
  const auto image = make_image({large, middle, small});
  for (const std::string& layer : {large, middle}) {
    layout.remove_blob(oci::Digest::of(layer));
    store::note_origin(store, oci::Digest::of(layer), "from.example/second");
    store::note_origin(store, oci::Digest::of(layer), "from.example/first");
  }
  elsewhere->blobs["first"][name_of(large)] = large;
  elsewhere->blobs["second"][name_of(middle)] = middle;
  complete_blobs(store, image, options);
  CHECK((layout.has_blob(oci::Digest::of(large)) && layout.has_blob(oci::Digest::of(middle))));
  elsewhere->requests.clear();
  complete_blobs(store, image, options);
  CHECK(elsewhere->requests.empty());
}

TEST_CASE_METHOD(Fixture, "a blob that no origin has any more is named, with what they said") {
  const auto image = make_image({large});
  layout.remove_blob(oci::Digest::of(large));
  store::note_origin(store, oci::Digest::of(large), "from.example/gone");
  try {
    complete_blobs(store, image, options);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message().find(name_of(large)) != std::string::npos);
    CHECK_FALSE(error.hint().empty());
    REQUIRE(error.details().size() == 1);
    CHECK(error.details()[0].find("from.example/gone") != std::string::npos);
  }
}
