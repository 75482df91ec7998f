// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/token.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

using std::chrono::seconds;

constexpr double k_shortest_life = 60, k_longest_life = 24 * 3600;
constexpr std::size_t k_shown_characters = 200;
constexpr std::size_t k_max_depth = 8;

// application/x-www-form-urlencoded; also right in a query.
std::string encode(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return encoded;
}

HttpRequest make_request(std::string method, const std::string& url) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = url;
  request.headers = {{"Accept", "application/json"}};
  request.limit_bytes = k_max_token_bytes;
  return request;
}

std::string password_user(const Credential& credential) { return credential.username.empty() ? k_token_user : credential.username; }

// A token goes into a header: visible ASCII, as RFC 6750 has it, and nothing else.
bool is_header_safe(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

seconds read_lifetime(const util::Json& answer) {
  const auto found = answer.find("expires_in");
  const double value = found != answer.end() && found->is_number() ? found->get<double>() : 0;
  return seconds(static_cast<seconds::rep>(std::clamp(value, k_shortest_life, k_longest_life)));
}

// A text at one of the places where servers put it.
std::string find_text(const util::Json& error) {
  for (const char* key : {"error_description", "message", "details", "detail", "error"}) {
    const auto found = error.find(key);
    if (found != error.end() && found->is_string()) return found->get<std::string>();
  }
  return {};
}

}  // namespace

Token::~Token() {
  wipe(value);
  wipe(refresh_token);
}

HttpRequest make_token_request(const TokenQuestion& question, const Credential& credential) {
  std::string url = question.realm.text();
  auto add = [&, mark = question.realm.query.empty() ? '?' : '&'](std::string_view name, std::string_view value) mutable {
    url += std::exchange(mark, '&') + std::string(name) + "=" + encode(value);
  };
  if (!question.service.empty()) add("service", question.service);
  for (const auto& scope : question.scopes) add("scope", scope);
  HttpRequest request = make_request("GET", url);
  const std::string& secret = credential.identity_token.empty() ? credential.password : credential.identity_token;
  if (credential.username.empty() && secret.empty()) return request;
  request.headers.add("Authorization", make_basic_authorization(password_user(credential), secret));
  return request;
}

HttpRequest make_refresh_request(const TokenQuestion& question, std::string_view refresh_token) {
  const std::string form = "grant_type=refresh_token&service=" + encode(question.service) +
                           "&client_id=jcbuild&scope=" + encode(util::join(question.scopes, " ")) +
                           "&refresh_token=" + encode(refresh_token);
  HttpRequest request = make_request("POST", question.realm.text());
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = HttpBody{form.size(), [form](std::uint64_t offset, char* buffer, std::size_t size) {
                            return form.copy(buffer, size, static_cast<std::size_t>(offset));
                          }};
  request.secret_body = true;
  return request;
}

Token parse_token(std::string_view answer, std::string_view thing) {
  const util::Json json = util::parse_json(answer, thing, {k_max_token_bytes, k_max_depth});
  if (!json.is_object()) throw Error(ErrorKind::invalid, std::string(thing) + " is no JSON object");
  Token token;
  token.value = util::get_string(json, "token", thing);
  if (token.value.empty()) token.value = util::get_string(json, "access_token", thing);
  if (token.value.empty()) throw Error(ErrorKind::invalid, std::string(thing) + " holds no token");
  token.refresh_token = util::get_string(json, "refresh_token", thing);
  if (!is_header_safe(token.value))
    throw Error(ErrorKind::invalid, std::string(thing) + " holds a token with characters that no token has");
  token.lifetime = read_lifetime(json);
  return token;
}

std::string find_refusal_text(std::string_view error_body) {
  std::string text;
  try {
    const util::Json json = util::parse_json(error_body, "the answer", {k_max_token_bytes, k_max_depth});
    if (!json.is_object()) return {};
    const auto errors = json.find("errors");
    const bool listed = errors != json.end() && errors->is_array() && !errors->empty() && errors->front().is_object();
    text = find_text(listed ? errors->front() : json);
  } catch (const Error&) {
    return {};  // HTML and the like says nothing
  }
  text = util::escape_text(text.substr(0, k_shown_characters));
  return text.substr(0, k_shown_characters);
}

}  // namespace jcb::oci
