// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/tls_probe.h"

#include <curl/curl.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>

#include "oci/registry/address.h"
#include "util/text.h"

namespace jcb::oci {

bool speaks_tls(const HttpUrl& url, std::chrono::seconds timeout) {
  if (is_denied_literal(url.host)) return true;
  const std::unique_ptr<CURL, void (*)(CURL*)> easy(::curl_easy_init(), &::curl_easy_cleanup);
  if (easy == nullptr) return true;
  const std::string text = "https://" + url.host + ":" + std::to_string(url.port) + "/";
  ::curl_easy_setopt(easy.get(), CURLOPT_URL, text.c_str());
  ::curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(easy.get(), CURLOPT_CONNECT_ONLY, 1L);
  ::curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
  ::curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT, static_cast<long>(timeout.count()));
  ::curl_easy_setopt(easy.get(), CURLOPT_SSL_VERIFYPEER, 0L);
  ::curl_easy_setopt(easy.get(), CURLOPT_SSL_VERIFYHOST, 0L);
  ::curl_easy_setopt(easy.get(), CURLOPT_CAINFO, nullptr);
  ::curl_easy_setopt(easy.get(), CURLOPT_CAPATH, nullptr);
  char error[CURL_ERROR_SIZE] = {};
  ::curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, error);
  return ::curl_easy_perform(easy.get()) != CURLE_SSL_CONNECT_ERROR || !says_no_tls(error);
}

bool says_no_tls(std::string_view text) {
  const std::string lower = util::to_lower(text);
  static constexpr std::string_view signs[] = {"wrong version number",  // OpenSSL
                                               "packet length too long", "http request", "record layer failure",
                                               "unexpected tls packet",  // GnuTLS
                                               "record overflow"};
  return std::any_of(std::begin(signs), std::end(signs), [&](auto sign) { return lower.find(sign) != std::string::npos; });
}

}  // namespace jcb::oci
