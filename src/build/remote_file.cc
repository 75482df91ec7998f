// SPDX-License-Identifier: Apache-2.0
#include "build/remote_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "jcbuild/error.h"
#include "oci/digest.h"
#include "oci/registry/http_url.h"
#include "util/hash.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::build {
namespace {

namespace fs = std::filesystem;
using util::Json;

constexpr int k_version = 1;
constexpr std::string_view k_thing = "a record of a download";

struct Checksum {
  std::string algorithm, hex;
};

Checksum parse_checksum(const std::string& text) {
  const auto colon = text.find(':');
  Checksum checksum{text.substr(0, colon), colon == std::string::npos ? "" : text.substr(colon + 1)};
  const std::size_t length = checksum.algorithm == "sha256"   ? 64
                             : checksum.algorithm == "sha384" ? 96
                             : checksum.algorithm == "sha512" ? 128
                                                              : 0;
  if (length == 0 || checksum.hex.size() != length || checksum.hex.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(ErrorKind::invalid, "malformed checksum \"" + util::escape_text(text) + "\"",
                "write sha256:, sha384: or sha512: and all hexadecimal digits in lower case");
  return checksum;
}

// As path.Base of the decoded path in BuildKit, but for names that cannot be a file.
std::string file_name(const oci::HttpUrl& url) {
  std::string path = oci::decode_percent(url.path);
  path.erase(path.find_last_not_of('/') + 1);
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name.size() > 255 || name.find('\0') != std::string::npos)
    throw Error(ErrorKind::invalid, "the last component of " + url.text() + " cannot be the name of a file");
  return name.empty() || name == "." || name == ".." ? "__unnamed__" : name;
}

std::int64_t modified_time(const std::string& last_modified) {
  try {
    return last_modified.empty() ? 0 : oci::parse_http_date(last_modified);
  } catch (const Error&) {
    return 0;
  }
}

// What is remembered of a URL.
struct Record {
  std::string url, etag, last_modified, digest;

  std::string serialize() const {
    Json json{{"version", k_version}, {"url", url}, {"etag", etag}, {"last_modified", last_modified}, {"digest", digest}};
    json["check"] = util::sha256_hex(util::to_text(json));
    return util::to_text(json);
  }

  // Nothing when it is torn or of another version.
  static std::optional<Record> parse(std::string_view text) {
    try {
      Json json = util::parse_json(text, k_thing);
      const std::string check = util::get_string(json, "check", k_thing);
      json.erase("check");
      if (util::get_integer(json, "version", k_thing) != k_version || util::sha256_hex(util::to_text(json)) != check) return std::nullopt;
      const auto text_of = [&](const char* key) { return util::get_string(json, key, k_thing); };
      return Record{text_of("url"), text_of("etag"), text_of("last_modified"), oci::Digest::parse(text_of("digest")).text()};
    } catch (const Error&) {
      return std::nullopt;
    }
  }
};

std::string content_path(const std::string& digest) { return "files/" + oci::Digest::parse(digest).hex(); }

// Calls `use` with all bytes of an open file in pieces.
template <typename Use>
void for_all_bytes(int fd, std::string_view thing, Use&& use) {
  std::array<char, 1 << 16> buffer;
  while (const std::size_t got = util::read_full(fd, buffer.data(), buffer.size(), thing)) use(std::string_view(buffer.data(), got));
}

// cache/downloads.
class Cache {
 public:
  explicit Cache(const store::Store& store) : m_root(util::Root::open(store.downloads())) {
    m_root.make_dirs("files", 0700);
    m_root.make_dirs("urls", 0700);
  }

  // The record of a URL whose content is here too.
  std::optional<Record> find(const std::string& url) const {
    const auto text = m_root.find_file(record_path(url), 1 << 20);
    auto record = text ? Record::parse(*text) : std::nullopt;
    return record && record->url == url && m_root.find_stat(content_path(record->digest)) ? record : std::nullopt;
  }

  // The time of content that is here.
  std::optional<std::int64_t> find_content(const std::string& digest) const {
    const auto status = m_root.find_stat(content_path(digest));
    return status ? std::optional<std::int64_t>(status->st_mtime) : std::nullopt;
  }

  bool content_has(const std::string& digest, const Checksum& checksum) const {
    if (checksum.algorithm == "sha256") return digest == "sha256:" + checksum.hex;
    return hash(digest, checksum.algorithm) == checksum.hex;
  }

  std::string hash(const std::string& digest, const std::string& algorithm) const {
    util::Hasher hasher(algorithm);
    const auto file = open(digest);
    for_all_bytes(file.get(), digest, [&](std::string_view bytes) { hasher.update(bytes); });
    return hasher.hex();
  }

  util::Fd open(const std::string& digest) const { return m_root.open_regular(content_path(digest)); }
  void remove(const std::string& digest) const { m_root.remove_tree(content_path(digest)); }

  void add(const fs::path& file, const Record& record) const {
    const std::string content = content_path(record.digest);
    if (::renameat(AT_FDCWD, file.c_str(), m_root.fd(), content.c_str()) != 0) throw_errno("keep", record.url);
    put(record);
  }

  void put(const Record& record) const {
    const util::Root urls = m_root.subroot("urls");
    const std::string name = util::sha256_hex(record.url) + ".json", temporary = name + ".new";  // the lease makes it ours
    urls.write_file(temporary, record.serialize(), 0600);
    if (::renameat(urls.fd(), temporary.c_str(), urls.fd(), name.c_str()) != 0) throw_errno("record", record.url);
  }

 private:
  static std::string record_path(const std::string& url) { return "urls/" + util::sha256_hex(url) + ".json"; }
  util::Root m_root;
};

// A file that is written and hashed.
class FileSink final : public oci::HttpSink {
 public:
  FileSink(const fs::path& path, std::string algorithm, std::function<void(std::uint64_t)> on_progress = {})
      : m_path(path),
        m_file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)),
        m_algorithm(std::move(algorithm)),
        m_on_progress(std::move(on_progress)) {
    if (!m_file) throw_errno("create", path.native());
  }
  void write(std::string_view bytes) override {
    util::write_all(m_file.get(), bytes, m_path.native());
    m_sha256.update(bytes);
    if (m_other) m_other->update(bytes);
    m_size += bytes.size();
    if (m_on_progress) m_on_progress(m_size);
  }
  void restart() override {
    if (::ftruncate(m_file.get(), 0) != 0 || ::lseek(m_file.get(), 0, SEEK_SET) != 0) throw_errno("truncate", m_path.native());
    m_sha256 = {};
    m_other = make_other();
    m_size = 0;
  }
  void set_time(std::int64_t seconds) const {
    const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    if (::futimens(m_file.get(), times) != 0) throw_errno("set the time of", m_path.native());
  }
  // Both end the hashing; call once, after the last byte.
  std::string digest() { return "sha256:" + m_sha256.hex(); }
  // By the algorithm asked for; "" when that is SHA-256, whose digest it is then.
  std::string other() { return m_other ? m_other->hex() : ""; }

 private:
  std::optional<util::Hasher> make_other() const {
    return m_algorithm == "sha256" ? std::nullopt : std::optional<util::Hasher>(m_algorithm);
  }
  fs::path m_path;
  util::Fd m_file;
  std::string m_algorithm;
  util::Sha256 m_sha256;
  std::optional<util::Hasher> m_other = make_other();
  std::uint64_t m_size = 0;
  std::function<void(std::uint64_t)> m_on_progress;
};

[[noreturn]] void fail_checksum(const std::string& url, const Checksum& expected, const std::string& found) {
  throw Error(ErrorKind::invalid,
              url + " has the checksum " + expected.algorithm + ":" + found + ", not " + expected.algorithm + ":" + expected.hex,
              "the file has changed, or the checksum is of another one");
}

// One fetch of one URL under its lease.
class Fetch {
 public:
  Fetch(oci::HttpClient& http, const store::Store& store, const std::string& url, const DownloadOptions& options)
      : m_http(http), m_store(store), m_cache(store), m_given_url(url), m_url(oci::HttpUrl::parse(url)), m_options(options) {
    if (!options.checksum.empty()) m_checksum = parse_checksum(options.checksum);
  }

  RemoteFile run() {
    const auto lease = m_store.lease("url-" + util::sha256_hex(m_url.text()));
    m_record = m_cache.find(m_url.text());
    if (const auto found = find_without_request()) return *found;
    const auto workspace = m_store.make_workspace();
    const fs::path path = workspace.path() / "download";
    FileSink sink(path, m_checksum ? m_checksum->algorithm : "sha256", m_options.on_progress);
    const oci::HttpRequest request = make_request();
    const oci::HttpResponse response = m_http.send(request, sink);
    if (response.status == 304 && m_record) return use_record();
    oci::require_success(request, response);
    return keep(path, sink, response);
  }

 private:
  std::optional<RemoteFile> find_without_request() const {
    if (!m_checksum) return std::nullopt;
    if (m_record && m_cache.content_has(m_record->digest, *m_checksum))
      return make_file(m_record->digest, modified_time(m_record->last_modified));
    if (m_checksum->algorithm != "sha256") return std::nullopt;
    const std::string digest = "sha256:" + m_checksum->hex;
    const auto modified = m_cache.find_content(digest);
    return modified ? std::optional(make_file(digest, *modified)) : std::nullopt;
  }

  oci::HttpRequest make_request() const {
    oci::HttpRequest request{"GET", m_given_url, {}, std::nullopt, m_options.limit_bytes};
    if (!m_options.authorization.empty()) request.headers.add("Authorization", m_options.authorization);
    if (m_record && !m_record->etag.empty()) request.headers.add("If-None-Match", m_record->etag);
    if (m_record && m_record->etag.empty() && !m_record->last_modified.empty())
      request.headers.add("If-Modified-Since", m_record->last_modified);
    return request;
  }

  RemoteFile use_record() const {
    if (m_checksum && !m_cache.content_has(m_record->digest, *m_checksum))
      fail_checksum(m_url.text(), *m_checksum, m_cache.hash(m_record->digest, m_checksum->algorithm));
    return make_file(m_record->digest, modified_time(m_record->last_modified));
  }

  RemoteFile keep(const fs::path& path, FileSink& sink, const oci::HttpResponse& response) const {
    const std::string digest = sink.digest(), other = sink.other(), found = other.empty() ? digest.substr(7) : other;
    if (m_checksum && found != m_checksum->hex) fail_checksum(m_url.text(), *m_checksum, found);
    const Record record{m_url.text(), response.headers.find("ETag").value_or(""), response.headers.find("Last-Modified").value_or(""),
                        digest};
    const std::int64_t modified = modified_time(record.last_modified);
    sink.set_time(modified);
    m_cache.add(path, record);
    return make_file(record.digest, modified);
  }

  RemoteFile make_file(const std::string& digest, std::int64_t modified) const {
    return {m_url.text(), file_name(m_url), digest, modified};
  }

  oci::HttpClient& m_http;
  const store::Store& m_store;
  Cache m_cache;
  const std::string& m_given_url;
  oci::HttpUrl m_url;
  const DownloadOptions& m_options;
  std::optional<Checksum> m_checksum;
  std::optional<Record> m_record;
};

}  // namespace

RemoteFile fetch_remote_file(oci::HttpClient& http, const store::Store& store, const std::string& url, const DownloadOptions& options) {
  return Fetch(http, store, url, options).run();
}

fs::path place_remote_file(const store::Store& store, const RemoteFile& file, const fs::path& directory) {
  const Cache cache(store);
  const auto from = cache.open(file.digest);
  FileSink to(directory / file.name, "sha256");
  for_all_bytes(from.get(), file.url, [&](std::string_view bytes) { to.write(bytes); });
  if (to.digest() != file.digest) {
    cache.remove(file.digest);
    ::unlink((directory / file.name).c_str());
    throw Error(ErrorKind::invalid, "the stored copy of " + file.url + " is damaged", "it was removed; run the command again");
  }
  to.set_time(file.modified);
  return directory / file.name;
}

RemoteFile download(oci::HttpClient& http, const store::Store& store, const std::string& url, const fs::path& directory,
                    const DownloadOptions& options) {
  RemoteFile file = fetch_remote_file(http, store, url, options);
  place_remote_file(store, file, directory);
  return file;
}

std::string find_http_authorization(const std::string& url, const FindSecret& find_secret) {
  const std::string host = oci::HttpUrl::parse(url).host;
  if (const auto header = find_secret("HTTP_AUTH_HEADER_" + host)) return std::string(util::trim(*header));
  if (const auto token = find_secret("HTTP_AUTH_TOKEN_" + host)) return "Bearer " + std::string(util::trim(*token));
  return {};
}

std::vector<std::string> remote_key_fields(const RemoteFile& file) {
  return {"url", file.url, file.name, file.digest, std::to_string(file.modified)};
}

}  // namespace jcb::build
