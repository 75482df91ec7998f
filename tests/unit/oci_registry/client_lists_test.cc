// SPDX-License-Identifier: Apache-2.0
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "scripted_client.h"

using namespace jcb;
using namespace scripted;

namespace {

const std::string k_first = "GET /v2/team/app/tags/list?n=1000";

FakeAnswer tags(const std::string& list, const std::string& link = {}) {
  HttpHeaders headers{{"Content-Type", "application/json"}};
  if (!link.empty()) headers.add("Link", link);
  return answer(200, std::move(headers), R"({"name":"team/app","tags":)" + list + "}");
}

std::vector<std::string> list(std::vector<Step> steps) {
  Server server(std::move(steps));
  const auto found = server.client.list_tags();
  CHECK(server.is_done());
  return found;
}

std::string numbered(std::size_t first, std::size_t count) {
  std::string text = "[";
  for (std::size_t i = first; i < first + count; ++i) text += (i == first ? "\"" : ",\"") + std::to_string(i) + "\"";
  return text + "]";
}

const oci::Digest k_subject = oci::Digest::of("subject");
const std::string k_referrers = "GET /v2/team/app/referrers/" + k_subject.text(),
                  k_tag = "GET /v2/team/app/manifests/sha256-" + k_subject.hex();

std::string index_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  oci::Index index{std::string(oci::k_media_index), {}, {}};
  for (const auto& [content, type] : entries) {
    auto entry = describe(content, oci::k_media_manifest);
    entry.artifact_type = type;
    index.manifests.push_back(std::move(entry));
  }
  return index.serialize();
}

FakeAnswer referrers(const std::vector<std::pair<std::string, std::string>>& entries, HttpHeaders more = {}) {
  more.add("Content-Type", std::string(oci::k_media_index));
  return answer(200, std::move(more), index_of(entries));
}

}  // namespace

TEST_CASE("tags come sorted through all pages, by relative and absolute links") {
  CHECK(list({{k_first, tags(R"(["b","a"])", "</v2/team/app/tags/list?n=1000&last=a>; rel=\"next\"")},
              {"GET /v2/team/app/tags/list?n=1000&last=a", tags(R"(["d"])", "<https://registry.test/v2/p3>; rel=next")},
              {"GET /v2/p3", tags(R"(["c"])", "<http://registry.test/v2/p4>; rel=next")},
              {"GET /v2/p4", tags("null")}}) == std::vector<std::string>{"a", "b", "c", "d"});
}

TEST_CASE("a full page without a link is followed by its last tag, and a registry that ignores that ends it") {
  const std::string next = k_first + "&last=1999";
  CHECK(list({{k_first, tags(numbered(1000, 1000))}, {next, tags(numbered(2000, 5))}}).size() == 1005);
  CHECK(list({{k_first, tags(numbered(1000, 1000))}, {next, tags(numbered(1000, 1000))}}).size() == 1000);
}

TEST_CASE("pages that go round are left, and endless ones are an error [37]") {
  const std::string round = "</v2/team/app/tags/list?n=1000>; rel=\"next\"";
  CHECK(list({{k_first, tags(R"(["a"])", round)}, {k_first, tags(R"(["a"])", round)}}) == std::vector<std::string>{"a"});
  std::vector<Step> steps;
  for (int i = 0; i < 1000; ++i) steps.push_back({k_first, tags("[\"t" + std::to_string(i) + "\"]", round)});
  Server server(steps);
  error_of(ErrorKind::invalid, [&] { server.client.list_tags(); });
  CHECK(server.is_done());
}

TEST_CASE("pages on another host are not fetched [Link pagination to other host]") {
  for (const char* link : {"<https://evil.test/x>; rel=next", "<//evil.test/x>; rel=next", "<https://registry.test:444/x>; rel=next",
                           "<http://evil.test/>; rel=next"}) {
    INFO(link);
    Server server({{k_first, tags(R"(["a"])", link)}});
    error_of(ErrorKind::refused, [&] { server.client.list_tags(); });
    CHECK(server.is_done());
  }
}

TEST_CASE("tags that are none are refused, and a missing repository is not found") {
  for (const char* bad : {R"(["\u001b[31m"])", R"(["a/b"])", R"([""])", R"([1])", R"({})"}) {
    INFO(bad);
    Server server({{k_first, tags(bad)}});
    error_of(ErrorKind::invalid, [&] { server.client.list_tags(); });
  }
  Server missing({{k_first, error(404, "NAME_UNKNOWN", "repository name not known")}});
  CHECK(error_of(ErrorKind::not_found, [&] { missing.client.list_tags(); }).message() ==
        "cannot list the tags of registry.test/team/app: registry.test answered 404 (NAME_UNKNOWN: repository name not known)");
}

TEST_CASE("referrers are filtered here unless the registry says that it did") {
  const std::string filtered = k_referrers + "?artifactType=a/x%2By";
  Server here({{filtered, referrers({{"1", "a/x+y"}, {"2", "b"}})}});
  CHECK(here.client.list_referrers(k_subject, "a/x+y").size() == 1);
  Server there({{filtered, referrers({{"1", ""}, {"2", ""}}, {{"OCI-Filters-Applied", "artifactType"}})}});
  CHECK(there.client.list_referrers(k_subject, "a/x+y").size() == 2);
  Server all({{k_referrers, referrers({{"1", "a"}, {"2", "b"}}, {{"Link", "</v2/next>; rel=next"}})},
              {"GET /v2/next", referrers({{"2", "b"}, {"3", "c"}})}});
  CHECK(all.client.list_referrers(k_subject).size() == 3);
}

TEST_CASE("a registry without referrers has them under a tag, or none [36]") {
  for (const FakeAnswer& lacking :
       {answer(404), error(404, "NAME_UNKNOWN"), answer(405), answer(200, {{"Content-Type", "text/html"}}, "<html>")}) {
    Server tagged({{k_referrers, lacking},
                   {k_tag, answer(200, {{"Content-Type", std::string(oci::k_media_index)}}, index_of({{"1", "a"}, {"2", "b"}}))}});
    CHECK(tagged.client.list_referrers(k_subject).size() == 2);
    Server none({{k_referrers, lacking}, {k_tag, error(404, "MANIFEST_UNKNOWN")}});
    CHECK(none.client.list_referrers(k_subject).empty());
  }
  Server one({{k_referrers + "?artifactType=b", answer(404)},
              {k_tag, answer(200, {{"Content-Type", std::string(oci::k_media_index)}}, index_of({{"1", "a"}, {"2", "b"}}))}});
  CHECK(one.client.list_referrers(k_subject, "b").size() == 1);
}

TEST_CASE("referrers are followed over eight pages") {
  const HttpHeaders link{{"Link", "<https://registry.test/v2/team/app/referrers/" + k_subject.text() + ">; rel=next"}};
  std::vector<Step> steps;
  for (int i = 0; i < 8; ++i) steps.push_back({k_referrers, referrers({{std::to_string(i), ""}}, link)});
  Server server(steps);
  CHECK(server.client.list_referrers(k_subject).size() == 8);
  CHECK(server.is_done());
}
