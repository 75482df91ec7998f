// SPDX-License-Identifier: Apache-2.0
// What a registry says when it does not do what it was asked, as one line for people. Everything in it comes from a
// stranger: a page of HTML is named, never shown; control, bidirectional and escape characters become visible; 200
// characters are enough.
#pragma once

#include <string>
#include <string_view>

#include "jcbuild/error.h"
#include "oci/registry/endpoint.h"
#include "oci/registry/http.h"

namespace jcb::oci {

/// Whether the status is one of 2xx.
inline bool is_success(const HttpResponse& response) { return response.status >= 200 && response.status < 300; }

/// The error body of a response.
struct ServerError {
  std::string code;     ///< of the distribution-spec, "MANIFEST_UNKNOWN"; or empty
  std::string message;  ///< clean, or empty
  bool web_page = false;
};
ServerError read_server_error(const HttpResponse& response);

/// `text` in one line without anything that a terminal would act on, cut at `limit_bytes`.
std::string clean_text(std::string_view text, std::size_t limit_bytes = 200);

/// What a request is for, to be told when it fails: "cannot ACTION THING: ...".
struct Purpose {
  std::string action;  ///< "read the manifest of"
  std::string thing;   ///< "docker.io/library/ubuntu:24.04"
  bool writes = false;
};

/// The Error for a response that was no success. `has_credential`: the user is known to the registry's side.
Error make_refusal(const Endpoint& endpoint, const Purpose& purpose, const HttpResponse& response, bool has_credential);

/// The Error for a request that got no response, from what HttpClient or Authenticator threw.
Error make_failure(const Endpoint& endpoint, const Purpose& purpose, const Error& error);

/// The Error for a server that answers with a page for browsers.
Error make_web_page_error(const Endpoint& endpoint, const Purpose& purpose);

/// Whether a 404 or a success cannot be a registry's: it brings a page and lacks the registry's own header.
bool is_web_page(const HttpResponse& response);

}  // namespace jcb::oci
