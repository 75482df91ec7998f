// SPDX-License-Identifier: Apache-2.0
// Files by URL, for ADD and for contexts. What was fetched once stays below the store's cache/downloads:
//
//   files/<sha256>      the content; its mtime is the Last-Modified that it came with
//   urls/<sha256 of the URL without user information>.json
//                       {"version":1,"url":…,"etag":…,"last_modified":…,"digest":…,"check":"<sha256 of the rest>"}
//
// An unchanged URL costs one conditional request; with a checksum whose content is here it costs none. Nothing is
// flushed: content is hashed again whenever it is taken out, so what a power cut tore is found out and fetched anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "build/url.h"
#include "oci/registry/http.h"
#include "store/store.h"

namespace jcb::build {

/// A file in the cache of downloads.
struct RemoteFile {
  std::string url;            ///< without user information
  std::string name;           ///< the last component of the URL's path, decoded; "__unnamed__" where it has none, as BuildKit
  std::string digest;         ///< "sha256:<hex>"
  std::int64_t modified = 0;  ///< Last-Modified in seconds since the epoch; 0 where the server told none
  bool operator==(const RemoteFile&) const = default;
};

struct DownloadOptions {
  std::string checksum;       ///< "sha256:<hex>", sha384 or sha512; empty is any content
  std::string authorization;  ///< the Authorization header; empty is what the URL's user information says
  std::uint64_t limit_bytes = std::uint64_t{1} << 40;
  std::function<void(std::uint64_t received_bytes)> on_progress;  ///< called while bytes arrive; less than before after a restart
};

/// Makes sure that the content of `url` is in the cache and as new as the server's. Throws Error; when the content has
/// another checksum, Error(invalid) with both, and nothing is kept. Waits for another process that fetches the same URL.
RemoteFile fetch_remote_file(oci::HttpClient& http, const store::Store& store, const std::string& url, const DownloadOptions& options = {});

/// Copies a file of the cache to `directory`/`file.name`, mode 0600, and returns the path. The content is verified on
/// the way: Error(invalid) when it is damaged; it is then no longer in the cache.
std::filesystem::path place_remote_file(const store::Store& store, const RemoteFile& file, const std::filesystem::path& directory);

/// Both in one: `url` becomes a file of `directory`.
RemoteFile download(oci::HttpClient& http, const store::Store& store, const std::string& url, const std::filesystem::path& directory,
                    const DownloadOptions& options = {});

/// The Authorization header from the secrets HTTP_AUTH_HEADER_<host> (taken as it is) or HTTP_AUTH_TOKEN_<host> (Bearer),
/// as BuildKit names them; "" without either.
std::string find_http_authorization(const std::string& url, const FindSecret& find_secret);

/// What a step key needs to know of it: URL, name, digest, time.
std::vector<std::string> remote_key_fields(const RemoteFile& file);

}  // namespace jcb::build
