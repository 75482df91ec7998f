// SPDX-License-Identifier: Apache-2.0
#include "jcbuild/error.h"
#include "oci/registry/upload.h"

namespace jcb::oci {
std::optional<UploadSession> RegistryClient::State::take_session(const Digest& digest) {
  const std::lock_guard lock(mutex);
  const auto found = sessions.find(digest);
  if (found == sessions.end()) return std::nullopt;
  std::optional<UploadSession> session(std::move(found->second));
  sessions.erase(found);
  return session;
}

void RegistryClient::State::keep_session(const Digest& digest, UploadSession session) {
  const std::lock_guard lock(mutex);
  sessions.insert_or_assign(digest, std::move(session));
}

void RegistryClient::put_blob(const Descriptor& blob, const HttpBody& body, const std::function<void(std::uint64_t)>& on_bytes) {
  Upload(m_state->repository, blob, body, on_bytes, m_state->take_session(blob.digest)).run();
}

bool RegistryClient::mount_blob(const Digest& digest, const std::string& from_repository) {
  const Repository& repository = m_state->repository;
  const HttpRequest request =
      repository.make_request("POST", "blobs/uploads/?mount=sha256%3A" + digest.hex() + "&from=" + encode_query(from_repository));
  TextSink sink;
  try {
    const auto response =
        repository.send(request, {"mount", repository.name_of(digest), true}, sink, {"repository:" + from_repository + ":pull"});
    if (response.status != 201 && response.status != 202) return false;
    auto former = m_state->take_session(digest);
    if (former) cancel_session(repository, *former);
    if (response.status == 202) m_state->keep_session(digest, read_session(repository, response));
    return response.status == 201;
  } catch (const Error&) {
    return false;  // the blob can be sent
  }
}

}  // namespace jcb::oci
