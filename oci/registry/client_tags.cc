// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "jcbuild/error.h"
#include "oci/fields.h"
#include "oci/registry/repository.h"
#include "util/json.h"

namespace jcb::oci {
namespace {

// The most that ECR takes; others take less and say so by Link.
constexpr std::size_t k_page_tags = 1000;
constexpr int k_most_pages = 1000;
constexpr std::size_t k_most_tags = 1'000'000;
constexpr std::string_view k_thing = "list of tags";

std::string first_page() { return "tags/list?n=" + std::to_string(k_page_tags); }

bool is_tag(std::string_view tag) {
  constexpr std::string_view word = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  return !tag.empty() && tag.size() <= 128 && word.find(tag.front()) != std::string_view::npos &&
         tag.find_first_not_of(std::string(word) + ".-") == std::string_view::npos;
}

std::vector<std::string> read_page(const std::string& text) {
  const util::Json document = util::parse_json(text, k_thing);
  find_field(document, "name", k_thing);  // refuses what is no object
  auto tags = util::get_strings(document, "tags", k_thing);
  for (const std::string& tag : tags) {
    if (!is_tag(tag)) reject(k_thing, "'" + clean_text(tag) + "' is not a tag");
  }
  return tags;
}

}  // namespace

std::vector<std::string> RegistryClient::list_tags() {
  const Repository& repository = m_state->repository;
  const Purpose purpose{"list the tags of", repository.endpoint().name()};
  HttpRequest request = repository.make_request("GET", first_page(), std::uint64_t{4} << 20);
  std::set<std::string> tags;
  for (int page = 0; page < k_most_pages && tags.size() <= k_most_tags; ++page) {
    TextSink sink;
    const HttpResponse response = repository.send(request, purpose, sink);
    if (is_web_page(response)) throw make_web_page_error(endpoint(), purpose);
    if (!is_success(response)) repository.refuse(purpose, response);
    const auto more = in_step("listing the tags of " + purpose.thing, [&] { return read_page(sink.text()); });
    const std::size_t before = tags.size();
    tags.insert(more.begin(), more.end());
    // A page that brings nothing new is the end, or one of a circle.
    if (tags.size() == before) return {tags.begin(), tags.end()};
    if (const auto next = repository.find_next_page(response, purpose)) {
      request.url = next->text();
    } else if (more.size() >= k_page_tags) {
      request.url = repository.make_request("GET", first_page() + "&last=" + more.back()).url;
    } else {
      return {tags.begin(), tags.end()};
    }
  }
  throw Error(ErrorKind::invalid, "cannot list the tags of " + purpose.thing + ": there is no end to them");
}

}  // namespace jcb::oci
