// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/answer.h"

#include <algorithm>

#include "oci/registry/header_fields.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

using util::Json;

bool has_page_type(const HttpResponse& response) {
  const std::string type = bare_media_type(response.headers.find("Content-Type").value_or(""));
  return type == "text/html" || type == "application/xhtml+xml";
}

bool looks_like_page(std::string_view body) {
  const std::string start = util::to_lower(util::trim(body).substr(0, 16));
  return start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<head") || start.starts_with("<?xml");
}

std::string string_field(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// {"errors":[{"code":...,"message":...,"detail":...}]}, or what registries' front doors send: {"message":...}.
ServerError read_json_error(const Json& document) {
  const auto list = document.is_object() ? document.find("errors") : document.end();
  const bool listed = list != document.end() && list->is_array() && !list->empty();
  const Json& first = listed ? list->front() : document;
  ServerError error{clean_text(string_field(first, "code"), 40), string_field(first, "message"), false};
  for (const char* key : {"error", "details"}) {
    if (error.message.empty()) error.message = string_field(first, key);
  }
  if (const std::string detail = string_field(first, "detail"); !detail.empty()) error.message += " (" + detail + ")";
  error.message = clean_text(error.message);
  return error;
}

bool is_denied(int status, const ServerError& error) { return status == 403 || error.code == "DENIED"; }

ErrorKind kind_of(int status, const ServerError& error) {
  if (status == 405 || error.code == "UNSUPPORTED") return ErrorKind::unsupported;
  if (status == 401 || is_denied(status, error)) return ErrorKind::refused;
  if (status == 404 || status == 410) return ErrorKind::not_found;
  return ErrorKind::failed;
}

std::string describe(const Endpoint& endpoint, int status, const ServerError& error) {
  const std::string answered = endpoint.host + " answered " + std::to_string(status);
  if (status == 413) return "the body is too large for it or a proxy before it: " + answered;
  if (error.web_page) return answered + " with a web page";
  std::string said = error.code;
  if (!error.message.empty()) said += (said.empty() ? "" : ": ") + error.message;
  if (is_denied(status, error))
    return "denied, the repository is missing or not yours: " + answered + (said.empty() ? "" : " (" + said + ")");
  return answered + (said.empty() ? "" : " (" + said + ")");
}

std::string hint_of(const Endpoint& endpoint, const Purpose& purpose, int status, const ServerError& error, bool has_credential) {
  const std::string log_in = "jcbuild login " + endpoint.registry;
  if (status == 429)
    return endpoint.registry == "docker.io" ? "log in (" + log_in + ") or use a mirror: it counts pulls" : "try again later";
  if (status == 401) return (has_credential ? "the stored credentials were not accepted, log in again: " : "log in: ") + log_in;
  if (is_denied(status, error))
    return purpose.writes ? "create the repository first, or log in: " + log_in : "check the name, or log in: " + log_in;
  if (error.web_page && status == 404) return "is " + endpoint.host + " a registry?";
  const bool unknown_name =
      error.code == "NAME_UNKNOWN" || error.code == "REPOSITORY_NOT_FOUND" || error.code == "RepositoryNotFoundException";
  if (purpose.writes && (unknown_name || status == 404)) return "create the repository first";
  return {};
}

std::string hint_of_failure(const Endpoint& endpoint, const Error& error) {
  const auto* failure = dynamic_cast<const HttpFailure*>(&error);
  if (!error.hint().empty() || failure == nullptr) return error.hint();
  if (failure->reason() == HttpFailure::Reason::certificate)
    return "put its authority into certs.d/" + endpoint.host + "/ca.crt, or use --tls-verify=false if you must";
  if (failure->reason() == HttpFailure::Reason::no_tls && !endpoint.plain_http)
    return endpoint.host + " speaks no TLS: if that is right, use --tls-verify=false";
  return {};
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t limit_bytes) {
  std::string line;
  for (const char c : util::trim(text)) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!space || !line.ends_with(' ')) line += space ? ' ' : c;
  }
  line = util::escape_text(line);
  if (line.size() <= limit_bytes) return line;
  std::size_t end = limit_bytes;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
  return line.substr(0, end) + "...";
}

ServerError read_server_error(const HttpResponse& response) {
  if (has_page_type(response) || looks_like_page(response.error_body)) return {"", "", true};
  try {
    return read_json_error(util::parse_json(response.error_body, "error body"));
  } catch (const Error&) {
    return {"", clean_text(response.error_body), false};
  }
}

Error make_refusal(const Endpoint& endpoint, const Purpose& purpose, const HttpResponse& response, bool has_credential) {
  const ServerError error = read_server_error(response);
  return {kind_of(response.status, error),
          "cannot " + purpose.action + " " + purpose.thing + ": " + describe(endpoint, response.status, error),
          hint_of(endpoint, purpose, response.status, error, has_credential)};
}

Error make_failure(const Endpoint& endpoint, const Purpose& purpose, const Error& error) {
  Error failure(error.kind(), "cannot " + purpose.action + " " + purpose.thing + ": " + error.message(), hint_of_failure(endpoint, error),
                error.errno_value());
  for (auto step = error.steps().rbegin(); step != error.steps().rend(); ++step) failure.add_step(*step);
  return failure;
}

Error make_web_page_error(const Endpoint& endpoint, const Purpose& purpose) {
  return {ErrorKind::failed,
          "cannot " + purpose.action + " " + purpose.thing + ": " + endpoint.host + " answers with a web page: not a registry?",
          "check the host and the port of the name"};
}

bool is_web_page(const HttpResponse& response) {
  if (response.headers.find("Docker-Distribution-Api-Version")) return false;
  return has_page_type(response) || looks_like_page(response.error_body);
}

}  // namespace jcb::oci
