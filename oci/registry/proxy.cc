// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "util/text.h"

namespace jcb::oci {
namespace {

// The variable's value, the last of several as a shell would have it.
std::string value_of(const std::vector<std::string>& environment, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    for (auto entry = environment.rbegin(); entry != environment.rend(); ++entry) {
      if (entry->starts_with(name) && entry->size() > name.size() + 1 && (*entry)[name.size()] == '=')
        return entry->substr(name.size() + 1);
    }
  }
  return {};
}

// A numeric address; IPv4 as ::ffff:a.b.c.d, so that there is one form to compare.
using Bytes = std::array<std::uint8_t, 16>;

std::optional<Bytes> find_address(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  Bytes bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (::inet_pton(AF_INET, std::string(text).c_str(), bytes.data() + 12) == 1) return bytes;
  if (::inet_pton(AF_INET6, std::string(text).c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

bool have_same_start(const Bytes& a, const Bytes& b, unsigned bits) {
  for (unsigned bit = 0; bit < bits; ++bit) {
    if (((a[bit / 8] ^ b[bit / 8]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

bool is_in_network(const std::string& host, std::string_view network) {
  const auto slash = network.find('/');
  const auto address = find_address(host), base = find_address(network.substr(0, slash));
  const std::string_view digits = network.substr(slash + 1);
  if (!address || !base || digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != std::string_view::npos)
    return false;
  const bool ipv4 = network.substr(0, slash).find(':') == std::string_view::npos;
  const unsigned bits = static_cast<unsigned>(std::stoul(std::string(digits))) + (ipv4 ? 96 : 0);
  return bits <= 128 && have_same_start(*address, *base, bits);
}

// Takes ":PORT" off an entry; false when it is another port than the URL's.
bool fits_port(std::string_view& entry, std::uint16_t port) {
  const auto colon = entry.rfind(':');
  const bool has_port = colon != std::string_view::npos && (entry.find(':') == colon || (colon > 0 && entry[colon - 1] == ']'));
  if (!has_port) return true;
  const bool same = entry.substr(colon + 1) == std::to_string(port);
  entry = entry.substr(0, colon);
  return same;
}

bool fits_entry(std::string_view entry, const HttpUrl& url) {
  if (entry == "*") return true;
  if (entry.find('/') != std::string_view::npos) return is_in_network(url.host, entry);
  if (!fits_port(entry, url.port)) return false;
  if (const auto address = find_address(entry)) return find_address(url.host) == address;
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) entry.remove_prefix(1);
  return !entry.empty() && (url.host == entry || url.host.ends_with("." + std::string(entry)));
}

bool is_loopback(const std::string& host) {
  const auto address = find_address(host);
  const bool numeric = address && (is_in_network(host, "127.0.0.0/8") || is_in_network(host, "::1/128"));
  return numeric || host == "localhost" || host.ends_with(".localhost");
}

}  // namespace

HttpProxies read_proxies(const std::vector<std::string>& environment) {
  return {value_of(environment, {"http_proxy", "all_proxy", "ALL_PROXY"}),
          value_of(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}), value_of(environment, {"no_proxy", "NO_PROXY"})};
}

std::string find_proxy(const HttpProxies& proxies, const HttpUrl& url) {
  std::string list = util::to_lower(proxies.none);
  std::replace(list.begin(), list.end(), ' ', ',');
  const auto entries = util::split(list, ',');
  const bool direct = is_loopback(url.host) || std::any_of(entries.begin(), entries.end(), [&](const std::string& entry) {
                        return !entry.empty() && fits_entry(entry, url);
                      });
  return direct ? "" : url.scheme == "https" ? proxies.https : proxies.http;
}

}  // namespace jcb::oci
