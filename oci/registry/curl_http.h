// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "oci/registry/http.h"
#include "oci/registry/proxy.h"

namespace jcb::oci {

/// Whom to trust and who to be. Certificates are verified against the system's authorities unless said otherwise.
struct HttpTls {
  std::vector<std::filesystem::path> authorities;  ///< PEM files that are trusted besides the system's, for every host
  std::filesystem::path client_certificate, client_key;
  bool insecure = false;             ///< verify nothing of CurlOptions::host; only ever by the user's explicit wish
  bool insecure_everywhere = false;  ///< verify nothing of anybody (--tls-verify=false)
  bool operator==(const HttpTls&) const = default;
};

struct CurlOptions {
  HttpRules rules;
  HttpProxies proxies;
  HttpTls tls;
  /// The host, without port, whose requests (to any port) get `tls`'s client certificate and `insecure`: those that
  /// redirects and token realms lead elsewhere do not. Empty: nobody's.
  std::string host;
};

/// HttpClient over libcurl. Connections are kept for later requests; each exchange has a handle of its own.
class CurlHttp final : public HttpClient {
 public:
  /// Throws Error when a file of `options.tls.authorities` cannot be read.
  explicit CurlHttp(CurlOptions options = {});
  ~CurlHttp() override;
  bool speaks_tls(const HttpUrl& url) override;

 private:
  struct Pool;
  HttpOutcome exchange(const HttpRequest& request, HttpReceiver& receiver) override;
  CurlOptions m_options;
  std::string m_authorities;  ///< PEM of the system's authorities and the extra ones; empty: the system's as curl finds them
  std::unique_ptr<Pool> m_pool;
};

}  // namespace jcb::oci
