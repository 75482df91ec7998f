// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "oci/registry/http_url.h"

namespace jcb::oci {

/// Whether what listens at `url`'s host and port answers the beginning of a TLS handshake in kind. Nothing else is sent, and
/// nothing verified: it only tells which protocol to begin with where the user allows both, for a fraction of the time that
/// reading the system's authorities takes. True where that cannot be known, as when nobody answers.
bool speaks_tls(const HttpUrl& url, std::chrono::seconds timeout);

/// Whether libcurl's text for a handshake that failed says that the answer was no TLS at all. libcurl has one code for all
/// that goes wrong in a handshake.
bool says_no_tls(std::string_view text);

}  // namespace jcb::oci
