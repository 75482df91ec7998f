// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/upload.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/registry/header_fields.h"
#include "util/hash.h"
#include "util/scope_exit.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

constexpr int k_most_tries = 5;
constexpr std::uint64_t k_progress_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t k_largest_chunk_bytes = std::uint64_t{64} << 20;
constexpr std::uint64_t k_smallest_chunk_bytes = std::uint64_t{5} << 20;
constexpr std::uint64_t k_most_least_chunk_bytes = std::uint64_t{1} << 30;

std::uint64_t read_least_chunk(const HttpResponse& response) {
  try {
    const auto text = response.headers.find("OCI-Chunk-Min-Length");
    return text ? std::min(util::parse_unsigned(*text, "OCI-Chunk-Min-Length"), k_most_least_chunk_bytes) : 0;
  } catch (const Error&) {
    return 0;
  }
}

bool is_session_lost(const HttpResponse& response) {
  const std::string code = read_server_error(response).code;
  return response.status == 404 || response.status == 410 || code == "BLOB_UPLOAD_UNKNOWN" || code == "BLOB_UPLOAD_INVALID" ||
         code == "SIZE_INVALID";
}

}  // namespace

UploadSession read_session(const Repository& repository, const HttpResponse& response) {
  const auto location = response.headers.find("Location");
  if (!location) throw Error(ErrorKind::invalid, repository.endpoint().host + " does not say where to upload to (no Location)");
  UploadSession session{repository.connection().resolve(response, *location), read_least_chunk(response), false};
  session.only_public = response.peer != HttpResponse::Peer::private_network;
  return session;
}

void cancel_session(const Repository& repository, const UploadSession& session) noexcept {
  try {
    if (!repository.connection().is_own(session.location)) return;
    HttpRequest request = repository.make_request("DELETE", "");
    request.url = session.location.text();
    TextSink sink;
    // An empty body, so that it is tried once only.
    request.body = HttpBody{};
    request.retry_body = false;
    repository.connection().send({request, repository.scopes(), true}, sink);
  } catch (...) {
    // The registry forgets it by itself, only later; why we are here is what the user is to hear.
  }
}

Upload::Upload(const Repository& repository, const Descriptor& blob, const HttpBody& body,
               const std::function<void(std::uint64_t)>& on_bytes, std::optional<UploadSession> session)
    : m_repository(repository),
      m_blob(blob),
      m_body(body),
      m_on_bytes(on_bytes),
      m_purpose{"push", repository.name_of(blob.digest), true},
      m_session(std::move(session)) {}

RegistryRequest Upload::make_request(const std::string& method, const HttpUrl& url) const {
  HttpRequest request = m_repository.make_request(method, "");
  request.url = url.text();
  request.only_public = m_session->only_public && !m_repository.connection().is_own(url);
  request.retry_body = false;
  return {std::move(request), m_repository.scopes(), false};
}

HttpBody Upload::part_of_body(std::uint64_t first, std::uint64_t size_bytes) const {
  return {size_bytes, [this, first](std::uint64_t offset, char* buffer, std::size_t size) {
            const std::size_t got = m_body.read(first + offset, buffer, size);
            if (m_on_bytes) m_on_bytes(first + offset + got);
            return got;
          }};
}

// The digest comes last: what the registry has put into the query stays as it is.
HttpUrl Upload::closing_url() const {
  HttpUrl url = m_session->location;
  url.query += (url.query.empty() ? "" : "&") + ("digest=sha256%3A" + m_blob.digest.hex());
  return url;
}

void Upload::run() {
  const util::ScopeExit cancel([this] { leave_session(); });
  for (Next next = Next::go_on; next != Next::done;) {
    if (next == Next::restart) leave_session();
    next = next == Next::ask ? ask() : step();
  }
  m_session.reset();
}

void Upload::leave_session() noexcept {
  if (m_session) cancel_session(m_repository, *m_session);
  m_session.reset();
}

Upload::Next Upload::step() {
  if (!m_session) {
    open();
    return Next::go_on;
  }
  if (!m_in_chunks && m_offset == 0) return send_whole();
  return m_offset < m_blob.size_bytes ? send_chunk() : close();
}

void Upload::open() {
  m_offset = 0;
  m_in_chunks = m_chunk_bytes > 0;
  const HttpRequest request = m_repository.make_request("POST", "blobs/uploads/");
  const auto attempt = m_repository.try_send({request, m_repository.scopes(), true}, m_purpose);
  // Where nobody was from the beginning, nobody will be.
  if (attempt.cut && attempt.cut->reason() == HttpFailure::Reason::unreachable && m_tries == 0 && m_furthest == 0)
    m_repository.fail(m_purpose, *attempt.cut);
  if (attempt.cut || attempt.response.status == 408 || attempt.response.status >= 500) return count_try(attempt);
  if (!is_success(attempt.response)) m_repository.refuse(m_purpose, attempt.response);
  try {
    m_session = read_session(m_repository, attempt.response);
  } catch (const Error& error) {
    m_repository.fail(m_purpose, error);
  }
}

Upload::Next Upload::send_whole() {
  auto request = make_request("PUT", closing_url());
  request.http.headers.add("Content-Type", "application/octet-stream");
  request.http.body = part_of_body(0, m_blob.size_bytes);
  const auto attempt = m_repository.try_send(request, m_purpose);
  if (!attempt.cut && (attempt.response.status == 201 || attempt.response.status == 204)) return Next::done;
  return judge(attempt, m_blob.size_bytes);
}

Upload::Next Upload::close() {
  const auto attempt = m_repository.try_send(make_request("PUT", closing_url()), m_purpose);
  if (!attempt.cut && (attempt.response.status == 201 || attempt.response.status == 204)) return Next::done;
  return judge(attempt, 0);
}

Upload::Next Upload::send_chunk() {
  const std::uint64_t left = m_blob.size_bytes - m_offset, limit = std::max(m_chunk_bytes, m_session->least_chunk_bytes);
  const std::uint64_t size = m_chunk_bytes > 0 ? std::min(left, limit) : left;
  auto request = make_request("PATCH", m_session->location);
  request.http.headers.add("Content-Type", "application/octet-stream");
  request.http.headers.add("Content-Range", std::to_string(m_offset) + "-" + std::to_string(m_offset + size - 1));
  request.http.body = part_of_body(m_offset, size);
  const auto attempt = m_repository.try_send(request, m_purpose);
  if (attempt.cut || !is_success(attempt.response)) return judge(attempt, size);
  return take_chunk_answer(attempt.response, m_offset + size);
}

// 202, or 201 as ECR has it. Only what the registry says it has counts: some take a chunk and keep nothing of it.
Upload::Next Upload::take_chunk_answer(const HttpResponse& response, std::uint64_t end) {
  if (!take_location(response)) return Next::restart;
  const auto range = response.headers.find("Range");
  if (!range) return ask();
  const auto received = parse_received_range(*range);
  if (received && *received == end) {
    confirm(end);
    return Next::go_on;
  }
  count_try({{response, false}, std::nullopt});
  if (!received || *received > end || *received <= m_offset) return Next::restart;
  confirm(*received);
  return Next::go_on;
}

Upload::Next Upload::ask() {
  const auto attempt = m_repository.try_send(make_request("GET", m_session->location), m_purpose);
  if (!attempt.cut && attempt.response.status == 403) m_repository.refuse(m_purpose, attempt.response);
  // A session that is gone may be so because it is complete: only the answer was lost.
  if (attempt.cut || !is_success(attempt.response)) return m_repository.has_blob(m_blob.digest, m_purpose) ? Next::done : Next::restart;
  const auto received = parse_received_range(attempt.response.headers.find("Range").value_or(""));
  if (!received || *received <= 1 || *received > m_blob.size_bytes || !take_location(attempt.response)) return Next::restart;
  m_in_chunks = true;
  confirm(*received);
  return Next::go_on;
}

// The newest Location is the only one that is good. Without one the old one stays.
bool Upload::take_location(const HttpResponse& response) {
  const auto location = response.headers.find("Location");
  if (!location) return true;
  try {
    m_session->location = m_repository.connection().resolve(response, *location);
    return true;
  } catch (const Error& error) {
    m_repository.fail(m_purpose, error);
  }
}

void Upload::confirm(std::uint64_t offset) {
  m_offset = offset;
  const bool complete = offset == m_blob.size_bytes && offset > m_furthest;
  if (offset < m_furthest + k_progress_bytes && !complete) return;
  m_furthest = offset;
  m_tries = 0;
}

// Throws when it was the last one, else waits.
void Upload::count_try(const Repository::Attempt& attempt) {
  if (++m_tries < k_most_tries) {
    if (!attempt.response.learned) m_repository.connection().http().wait_to_retry(m_tries - 1, attempt.response);
    return;
  }
  if (!attempt.cut && is_success(attempt.response))
    throw Error(ErrorKind::failed, "cannot push " + m_purpose.thing + ": " + m_repository.endpoint().host + " loses what it is sent");
  if (!attempt.cut) m_repository.refuse(m_purpose, attempt.response);
  // ECR hangs up on who uploads to a repository that does not exist.
  Error error = *attempt.cut;
  if (!m_session) error.suggest("create the repository first, if it is not there");
  m_repository.fail(m_purpose, error);
}

Upload::Next Upload::judge(const Repository::Attempt& attempt, std::uint64_t sent_bytes) {
  const HttpResponse& response = attempt.response;
  const int status = attempt.cut ? 0 : response.status;
  if (status == 413) return shrink_chunks(response, sent_bytes);
  if (status == 400 && read_server_error(response).code == "DIGEST_INVALID") return check_digest_refusal(response);
  const bool again = attempt.cut || attempt.response.learned || status == 408 || status == 416 || status == 202 || status >= 500;
  if (!again && is_success(response)) return Next::done;
  if (!again && !is_session_lost(response)) m_repository.refuse(m_purpose, response);
  count_try(attempt);
  return again ? Next::ask : Next::restart;
}

Upload::Next Upload::shrink_chunks(const HttpResponse& response, std::uint64_t sent_bytes) {
  const std::uint64_t least = std::max(k_smallest_chunk_bytes, m_session->least_chunk_bytes);
  if (sent_bytes <= least) m_repository.refuse(m_purpose, response);
  m_chunk_bytes = std::max(least, std::min(k_largest_chunk_bytes, sent_bytes / 2));
  return m_in_chunks ? Next::ask : Next::restart;
}

// Either our copy of the blob is not what it was, or the registry put it together wrongly: the blob itself can tell.
Upload::Next Upload::check_digest_refusal(const HttpResponse& response) {
  if (is_damaged())
    throw Error(ErrorKind::invalid, "cannot push " + m_purpose.thing + ": the blob here is damaged, its content has another digest",
                "pull or build the image again");
  count_try({{response, false}, std::nullopt});
  return Next::restart;
}

bool Upload::is_damaged() const {
  util::Sha256 hash;
  std::string buffer(std::size_t{1} << 20, '\0');
  for (std::uint64_t offset = 0; offset < m_blob.size_bytes;) {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), m_blob.size_bytes - offset));
    const std::size_t got = m_body.read(offset, buffer.data(), wanted);
    hash.update(std::string_view(buffer).substr(0, got));
    offset += got;
  }
  return hash.hex() != m_blob.digest.hex();
}

}  // namespace jcb::oci
