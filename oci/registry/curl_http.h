// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "oci/registry/http.h"

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

/// Whom to trust and who to be. Certificates are verified against the system's authorities unless said otherwise.
struct HttpTls {
  std::filesystem::path authorities;            ///< a PEM file instead of the system's
  std::filesystem::path authorities_directory;  ///< a directory of PEM files by hash
  std::filesystem::path client_certificate, client_key;
  bool insecure = false;  ///< verify nothing; only ever by the user's explicit wish
};

struct CurlOptions {
  HttpRules rules;
  HttpProxies proxies;
  HttpTls tls;
};

/// HttpClient over libcurl. Connections are kept for later requests; each exchange has a handle of its own.
class CurlHttp final : public HttpClient {
 public:
  explicit CurlHttp(CurlOptions options = {});
  ~CurlHttp() override;

 private:
  struct Pool;
  HttpOutcome exchange(const HttpRequest& request, HttpReceiver& receiver) override;
  CurlOptions m_options;
  std::unique_ptr<Pool> m_pool;
};

}  // namespace jcb::oci
