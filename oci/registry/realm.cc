// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/realm.h"

#include <algorithm>

#include "oci/registry/address.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

// Second labels that countries use as com, org and so on: example.co.uk and other.co.uk are strangers.
constexpr std::string_view k_second_labels[] = {"ac",  "co", "com", "edu", "go",  "gob", "gov", "gouv", "gv",  "id", "in",
                                                "ltd", "me", "mil", "ne",  "net", "nom", "or",  "org",  "plc", "sch"};

// Where everybody can have a name. The Public Suffix List has thousands; these are where registries and tunnels live. A
// missing one weakens the rule to what other clients have: none.
constexpr std::string_view k_shared_suffixes[] = {
    "amazonaws.com",     "appspot.com",       "azurecontainer.io",  "azurecr.io",    "azurecr.cn", "azurewebsites.net", "azure.com",
    "cloudfront.net",    "cloudapp.net",      "duckdns.org",        "dyndns.org",    "ecr.aws",    "firebaseapp.com",   "fly.dev",
    "github.io",         "githubpreview.dev", "gitlab.io",          "herokuapp.com", "jfrog.io",   "netlify.app",       "ngrok.io",
    "ngrok.app",         "ngrok-free.app",    "no-ip.org",          "onrender.com",  "pages.dev",  "pkg.dev",           "readthedocs.io",
    "run.app",           "scw.cloud",         "sslip.io",           "nip.io",        "ts.net",     "trycloudflare.com", "vercel.app",
    "web.app",           "windows.net",       "workers.dev",        "loca.lt",       "ddns.net",   "hopto.org",         "aliyuncs.com",
    "myhuaweicloud.com", "oraclecloud.com",   "tencentcloudcr.com", "ovh.net",       "github.dev", "gitpod.io"};

bool contains(const auto& list, std::string_view text) { return std::find(std::begin(list), std::end(list), text) != std::end(list); }

// The last two labels, or "" where they make no site.
std::string_view site_of(std::string_view host) {
  const auto last = host.rfind('.');
  if (last == std::string_view::npos || last == 0 || is_private_literal(std::string(host))) return {};
  const bool numeric =
      host.find(':') != std::string_view::npos || host.substr(last + 1).find_first_not_of("0123456789") == std::string_view::npos;
  const auto previous = host.rfind('.', last - 1);
  const std::string_view site = previous == std::string_view::npos ? host : host.substr(previous + 1);
  const std::string_view second = site.substr(0, site.find('.'));
  const bool country = host.size() - last - 1 == 2 && contains(k_second_labels, second);
  return numeric || country || contains(k_shared_suffixes, site) ? std::string_view() : site;
}

// Realms of other sites that belong to a registry.
struct Known {
  std::string_view registry, realm;
};
constexpr Known k_known[] = {{"docker.io", "auth.docker.io"},
                             {"nvcr.io", "authn.nvidia.com"},
                             {"registry.access.redhat.com", "sso.redhat.com"},
                             {"registry.redhat.io", "sso.redhat.com"}};

std::string without_dot(std::string_view host) { return util::to_lower(host.ends_with('.') ? host.substr(0, host.size() - 1) : host); }

}  // namespace

bool is_same_site(std::string_view host, std::string_view other) {
  const std::string a = without_dot(host), b = without_dot(other);
  return a == b || (!site_of(a).empty() && site_of(a) == site_of(b));
}

bool may_send_credentials(const RealmQuestion& question) {
  const auto& [registry, origin, realm, recorded] = question;
  if (is_same_site(origin.host, realm.host)) return true;
  const bool known = std::any_of(std::begin(k_known), std::end(k_known), [&, &name = registry, &host = realm.host](const Known& entry) {
    return entry.registry == name && entry.realm == host;
  });
  return known || (!recorded.empty() && recorded == realm.text());
}

}  // namespace jcb::oci
