// SPDX-License-Identifier: Apache-2.0
// Which requests go through a proxy. We decide and tell libcurl: versions differ in what no_proxy may hold, and whether an
// address is the server's or a proxy's must be known.
#pragma once

#include <string>
#include <vector>

#include "oci/registry/http_url.h"

namespace jcb::oci {

/// Through which proxies to go; empty is none. They are the caller's to say: the environment is never looked at here.
struct HttpProxies {
  std::string http;   ///< for http URLs
  std::string https;  ///< for https URLs
  std::string none;   ///< hosts to reach directly, as in `no_proxy`
};

/// The proxies that the variables http_proxy, https_proxy, all_proxy and no_proxy of "K=V" strings name. Capitals count
/// too, but for HTTP_PROXY, which a CGI's request header can set.
HttpProxies read_proxies(const std::vector<std::string>& environment);

/// The proxy for `url`, or "". Directly reached are localhost and loopback addresses, as docker has it, and what
/// `proxies.none` lists, separated by commas or spaces: `*`; a name, which stands for itself and all below it (with or
/// without a leading dot); an address; a network (10.0.0.0/8, fd00::/8); each but the last with an optional port.
std::string find_proxy(const HttpProxies& proxies, const HttpUrl& url);

}  // namespace jcb::oci
