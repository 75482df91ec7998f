// SPDX-License-Identifier: Apache-2.0
// Blobs are asked for at the registry, which often only says where they lie: a signed address that expires. HttpClient
// resumes each try at the registry, so that a fresh address is had by itself; what is left is the address that expires
// between the redirect and the request, which shows as a refusal by a server that is not the registry.
#include "jcbuild/error.h"
#include "oci/registry/repository.h"

namespace jcb::oci {
namespace {

constexpr int k_most_addresses = 4;

// Passes a blob, or a part of it, on and knows how far it is. When a continuation has to begin again, the bytes before it
// are void as well, because the sink only knows its own start: what still comes is dropped then.
class BlobSink final : public HttpSink {
 public:
  explicit BlobSink(HttpSink& target) : m_target(target) {}

  void write(std::string_view bytes) override {
    if (m_spoiled) return;
    m_target.write(bytes);
    m_received += bytes.size();
  }
  void restart() override {
    if (m_received > 0) m_target.restart();
    m_spoiled = m_base > 0;
    m_received = 0;
  }
  /// From here on a request brings what comes after the bytes that are there.
  void begin_request() {
    m_base = m_received;
    m_spoiled = false;
  }
  std::uint64_t received() const noexcept { return m_received; }

 private:
  HttpSink& m_target;
  std::uint64_t m_received = 0, m_base = 0;
  bool m_spoiled = false;
};

// A server that a redirect led to did not want to send.
bool is_expired(const Repository& repository, const HttpResponse& response) {
  const int status = response.status;
  const bool refusal = status == 400 || status == 401 || status == 403 || status == 404 || status == 410;
  return refusal && !repository.connection().is_own(HttpUrl::parse(response.url));
}

HttpRequest make_blob_request(const Repository& repository, const Descriptor& blob, const std::optional<HttpRange>& range) {
  HttpRequest request = repository.make_request("GET", "blobs/" + blob.digest.text(), range ? range->size_bytes : blob.size_bytes);
  request.immutable = true;
  request.range = range;
  return request;
}

[[noreturn]] void refuse_blob(const Repository& repository, const Digest& digest, const Purpose& purpose, const HttpResponse& response) {
  if (response.status == 404 && repository.has_blob(digest, purpose))
    throw Error(ErrorKind::failed,
                "cannot read " + purpose.thing + ": " + repository.endpoint().host +
                    " says that it has the blob (HEAD), but does not send it (GET answered 404)",
                "its storage is damaged: push the image again");
  repository.refuse(purpose, response);
}

// One read of a blob, from `first` on `size_bytes`, over as many requests as it takes.
class BlobRead {
 public:
  BlobRead(const Repository& repository, const Descriptor& blob, HttpRange range, HttpSink& sink)
      : m_repository(repository), m_blob(blob), m_range(range), m_sink(sink), m_purpose{"read", repository.name_of(blob.digest)} {}

  PartResult run() {
    for (int addresses = 1;; ++addresses) {
      const bool part = is_part();
      m_sink.begin_request();
      const HttpResponse response =
          m_repository.send(make_blob_request(m_repository, m_blob, part ? std::optional(rest()) : std::nullopt), m_purpose, m_sink);
      if (is_success(response)) {
        if (m_sink.received() == m_range.size_bytes) return PartResult::received;
        if (part && m_range.size_bytes != m_blob.size_bytes) return give_up_part();
        if (part) begin_whole();
        if (!part) fail_short();
      } else if (!is_expired(m_repository, response) || addresses >= k_most_addresses) {
        refuse_blob(m_repository, m_blob.digest, m_purpose, response);
      }
      if (addresses >= 2 * k_most_addresses) fail_short();
    }
  }

 private:
  bool is_part() const { return m_range.size_bytes != m_blob.size_bytes || (m_sink.received() > 0 && !m_whole_only); }
  HttpRange rest() const { return {m_range.first + m_sink.received(), m_range.size_bytes - m_sink.received()}; }
  // The server knows no parts after all.
  void begin_whole() {
    m_sink.begin_request();
    m_sink.restart();
    m_whole_only = true;
  }
  PartResult give_up_part() {
    begin_whole();
    return PartResult::not_supported;
  }
  [[noreturn]] void fail_short() const {
    m_repository.fail(m_purpose, Error(ErrorKind::invalid, m_repository.endpoint().host + " sent " + std::to_string(m_sink.received()) +
                                                               " bytes instead of " + std::to_string(m_range.size_bytes)));
  }

  const Repository& m_repository;
  const Descriptor& m_blob;
  HttpRange m_range;
  BlobSink m_sink;
  Purpose m_purpose;
  bool m_whole_only = false;
};

}  // namespace

bool RegistryClient::has_blob(const Digest& digest) {
  const Repository& repository = m_state->repository;
  return repository.has_blob(digest, {"look for", repository.name_of(digest)});
}

PartResult RegistryClient::read_part(const Descriptor& blob, const HttpRange& range, HttpSink& sink) {
  if (range.size_bytes == 0 || range.first >= blob.size_bytes || range.size_bytes > blob.size_bytes - range.first)
    throw Error(ErrorKind::invalid, "a part that " + blob.digest.text() + " does not have");
  return BlobRead(m_state->repository, blob, range, sink).run();
}

void RegistryClient::read_blob(const Descriptor& blob, HttpSink& sink) {
  BlobRead(m_state->repository, blob, {0, blob.size_bytes}, sink).run();
}

std::string RegistryClient::read_small_blob(const Descriptor& blob, std::uint64_t limit_bytes) {
  const std::string thing = m_state->repository.name_of(blob.digest);
  if (blob.size_bytes > limit_bytes)
    throw Error(ErrorKind::invalid, thing + " has " + std::to_string(blob.size_bytes) + " bytes, more than " + std::to_string(limit_bytes));
  // A flipped bit on the way is gone the next time; one in the registry's storage is not.
  for (const bool last : {false, true}) {
    TextSink sink;
    read_blob(blob, sink);
    const Digest digest = Digest::of(sink.text());
    if (digest == blob.digest) return sink.text();
    if (last) throw Error(ErrorKind::invalid, "cannot read " + thing + ": " + endpoint().host + " sent something else, " + digest.text());
  }
  return {};
}

}  // namespace jcb::oci
