// SPDX-License-Identifier: Apache-2.0
#include "oci/server/answers.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

using util::Json;

constexpr std::size_t k_max_page = 1000;

std::size_t page_size(const std::map<std::string, std::string>& query) {
  const auto asked = query.find("n");
  if (asked == query.end()) return k_max_page;
  return static_cast<std::size_t>(std::min<std::uint64_t>(util::parse_unsigned(asked->second, "n"), k_max_page));
}

}  // namespace

ServerAnswer make_document(std::string_view content_type, std::string body) {
  ServerAnswer answer;
  answer.headers.emplace_back("Content-Type", content_type);
  answer.body = std::move(body);
  return answer;
}

ServerAnswer make_refusal(unsigned status, std::string_view code, const std::string& message) {
  const Json error{{"code", std::string(code)}, {"message", message}};
  ServerAnswer answer = make_document("application/json", util::to_text(Json{{"errors", Json::array({error})}}));
  answer.status = status;
  return answer;
}

bool is_listed_before(const std::string& a, const std::string& b) {
  const int order = util::to_lower(a).compare(util::to_lower(b));
  return order < 0 || (order == 0 && a < b);
}

ServerAnswer make_page(Listing listing, const std::map<std::string, std::string>& query) {
  std::size_t size = 0;
  try {
    size = page_size(query);
  } catch (const Error&) {
    return make_refusal(400, "PAGINATION_NUMBER_INVALID", "n is not a number of entries");
  }
  auto& all = listing.elements;
  std::sort(all.begin(), all.end(), is_listed_before);
  const auto last = query.find("last");
  const auto begin = last == query.end() ? all.begin() : std::upper_bound(all.begin(), all.end(), last->second, is_listed_before);
  const auto end = begin + std::min(static_cast<std::ptrdiff_t>(size), all.end() - begin);
  Json document = Json::object();
  if (!listing.name.empty()) document["name"] = listing.name;
  document[listing.key] = std::vector<std::string>(begin, end);
  ServerAnswer answer = make_document("application/json", util::to_text(document));
  if (begin != end && end != all.end())
    answer.headers.emplace_back("Link", "<" + listing.path + "?n=" + std::to_string(size) + "&last=" + *std::prev(end) + ">; rel=\"next\"");
  return answer;
}

}  // namespace jcb::oci
