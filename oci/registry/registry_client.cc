// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/registry_client.h"

#include "jcbuild/error.h"
#include "oci/registry/repository.h"

namespace jcb::oci {
namespace {

std::shared_ptr<RegistryConnection> connect(const ClientContext& context, const Endpoint& endpoint) {
  if (context.connections) return context.connections->open(context, endpoint);
  return RegistryConnections().open(context, endpoint);
}

}  // namespace

RegistryClient::RegistryClient(const ClientContext& context, Endpoint endpoint, Access access) {
  auto connection = connect(context, endpoint);
  m_state.reset(new State{Repository(std::move(connection), std::move(endpoint), access), {}, {}});
}

RegistryClient::~RegistryClient() = default;

const Endpoint& RegistryClient::endpoint() const noexcept { return m_state->repository.endpoint(); }

std::string RegistryClient::name() const { return endpoint().name(); }

void RegistryClient::note(const std::string& text) const { m_state->repository.connection().note(text); }

std::string RegistryClient::check_login() {
  const Repository& repository = m_state->repository;
  HttpRequest request = repository.make_request("GET", "");
  request.url = "/v2/";
  const Purpose purpose{"log in to", endpoint().registry};
  TextSink sink;
  try {
    return repository.connection().check_login(request, [&](const HttpResponse& response) {
      if (is_web_page(response)) throw make_web_page_error(endpoint(), purpose);
      if (response.status == 401)
        throw Error(ErrorKind::refused, "cannot log in to " + endpoint().registry + ": the user name or the password is not accepted",
                    "some registries want an access token instead of the password");
      if (!is_success(response)) repository.refuse(purpose, response);
    });
  } catch (const HttpFailure& failure) {
    repository.fail(purpose, failure);
  }
}

}  // namespace jcb::oci
