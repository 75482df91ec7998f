// SPDX-License-Identifier: Apache-2.0
// The grammar is that of distribution/reference (which the distribution-spec's <name> narrows):
//
//   reference  = name [ ":" tag ] [ "@" digest ]
//   name       = [ host "/" ] component *( "/" component )
//   host       = ( domain *( "." domain ) / "[" IPv6 "]" ) [ ":" port ]
//   domain     = alphanumerics with inner hyphens
//   component  = alnum *( separator alnum )        lower case
//   separator  = "." / "_" / "__" / 1*"-"
//   tag        = word *127( word / "." / "-" )
//
// The first component is a host when it has a '.' or a ':', is "localhost", or has an upper-case letter (docker's rule).
#include "oci/reference.h"

#include "jcbuild/error.h"
#include "util/text.h"

#include <algorithm>

namespace jcb::oci {
namespace {

constexpr std::size_t k_max_name_bytes = 255;
constexpr std::size_t k_max_tag_bytes = 128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower_alnum(char c) { return is_lower(c) || is_digit(c); }
bool is_alnum(char c) { return is_lower_alnum(c) || is_upper(c); }
bool is_word(char c) { return is_alnum(c) || c == '_'; }

// A part of the text that is being parsed, with what the messages need.
[[noreturn]] void refuse(std::string_view text, const std::string& cause, std::string hint = {}) {
  throw Error(ErrorKind::usage, "'" + util::escape_text(text.substr(0, 300)) + "' is not an image name: " + cause, std::move(hint));
}

std::string quoted(std::string_view part) { return "'" + util::escape_text(part.substr(0, k_max_name_bytes)) + "'"; }

bool is_separator(std::string_view run) {
  return run == "." || run == "_" || run == "__" || run.find_first_not_of('-') == std::string_view::npos;
}

void check_component(std::string_view component, std::string_view text) {
  if (component.empty()) refuse(text, "a part between slashes is empty");
  if (std::any_of(component.begin(), component.end(), is_upper))
    refuse(text, "repository names are lower case", "write " + util::escape_text(util::to_lower(component)));
  for (std::size_t i = 0; i < component.size();) {
    const auto start = i;
    if (is_lower_alnum(component[i])) {
      ++i;
      continue;
    }
    while (i < component.size() && !is_lower_alnum(component[i])) ++i;
    const auto run = component.substr(start, i - start);
    if (run.find_first_not_of("._-") != std::string_view::npos)
      refuse(text, quoted(component) + " holds a character that is not a-z, 0-9, '.', '_' or '-'");
    if (start == 0 || i == component.size()) refuse(text, quoted(component) + " begins or ends with a separator");
    if (!is_separator(run)) refuse(text, quoted(component) + " holds " + quoted(run) + ", where one separator is allowed");
  }
}

bool is_domain(std::string_view domain) {
  return !domain.empty() && domain.front() != '-' && domain.back() != '-' &&
         std::all_of(domain.begin(), domain.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_ipv6_literal(std::string_view host) {
  return host.size() > 3 && host.front() == '[' && host.back() == ']' &&
         host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
}

bool is_port(std::string_view port) {
  return !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), is_digit) && std::stoul(std::string(port)) <= 65535;
}

// A host and, when a ':' follows it, its port.
std::pair<std::string_view, std::optional<std::string_view>> split_port(std::string_view host) {
  const auto bracket = host.rfind(']');
  const auto colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return {host, std::nullopt};
  return {host.substr(0, colon), host.substr(colon + 1)};
}

bool is_host_name(std::string_view name) {
  if (is_ipv6_literal(name)) return true;
  const auto domains = util::split(name, '.');
  return std::all_of(domains.begin(), domains.end(), is_domain);
}

void check_host(std::string_view host, std::string_view text) {
  const auto [name, port] = split_port(host);
  if (port && !is_port(*port)) refuse(text, quoted(*port) + " is not a port number");
  if (!is_host_name(name)) refuse(text, quoted(name) + " is not a host name");
}

bool is_host(std::string_view component) {
  return component == "localhost" || component.find_first_of(".:") != std::string_view::npos ||
         std::any_of(component.begin(), component.end(), is_upper);
}

void check_tag(std::string_view tag, std::string_view text) {
  if (tag.empty()) refuse(text, "the tag after ':' is empty");
  if (tag.size() > k_max_tag_bytes) refuse(text, "the tag is longer than 128 characters");
  if (!is_word(tag.front())) refuse(text, "the tag begins with " + quoted(tag.substr(0, 1)));
  if (!std::all_of(tag.begin(), tag.end(), [](char c) { return is_word(c) || c == '.' || c == '-'; }))
    refuse(text, "the tag " + quoted(tag) + " holds a character that is not a letter, digit, '_', '.' or '-'");
}

// Cuts what follows the last `separator` off `rest`; nothing when there is none after `from`.
std::optional<std::string_view> cut_suffix(std::string_view& rest, char separator, std::size_t from) {
  const auto at = rest.find(separator, from);
  if (at == std::string_view::npos) return std::nullopt;
  const auto suffix = rest.substr(at + 1);
  rest = rest.substr(0, at);
  return suffix;
}

Digest parse_digest(std::string_view digest, std::string_view text) {
  try {
    return Digest::parse(digest);
  } catch (const Error& error) {
    refuse(text, error.message());
  }
}

}  // namespace

Reference Reference::parse(std::string_view text) {
  if (text.empty()) throw Error(ErrorKind::usage, "the image name is empty");
  if (text.find("://") != std::string_view::npos) refuse(text, "it is a URL", "write HOST/REPOSITORY:TAG");
  Reference reference;
  std::string_view rest = text;
  if (const auto digest = cut_suffix(rest, '@', 0)) reference.m_digest = parse_digest(*digest, text);
  const auto last_slash = rest.rfind('/');
  if (const auto tag = cut_suffix(rest, ':', last_slash == std::string_view::npos ? 0 : last_slash)) {
    check_tag(*tag, text);
    reference.m_tag = *tag;
  }
  if (rest.empty()) refuse(text, "there is no repository in it");
  if (rest.size() > k_max_name_bytes) refuse(text, "it is longer than 255 characters");
  const auto first_slash = rest.find('/');
  if (first_slash != std::string_view::npos && is_host(rest.substr(0, first_slash))) {
    reference.m_host = rest.substr(0, first_slash);
    check_host(reference.m_host, text);
    rest = rest.substr(first_slash + 1);
  }
  for (const std::string& component : util::split(rest, '/')) check_component(component, text);
  reference.m_repository = rest;
  return reference;
}

bool is_registry_host(std::string_view text) {
  const auto [name, port] = split_port(text);
  return text.size() <= k_max_name_bytes && is_host_name(name) && (!port || is_port(*port));
}

std::string Reference::name() const { return m_host.empty() ? m_repository : m_host + "/" + m_repository; }

std::string Reference::store_name() const { return name() + ":" + (m_tag.empty() ? "latest" : m_tag); }

std::string Reference::text() const {
  std::string text = name();
  if (!m_tag.empty()) text += ":" + m_tag;
  if (m_digest) text += "@" + m_digest->text();
  return text;
}

}  // namespace jcb::oci
