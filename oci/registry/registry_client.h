// SPDX-License-Identifier: Apache-2.0
// The distribution-spec's client for one repository. Retries, redirects and resuming are HttpClient's; tokens are
// Authenticator's; here is what the requests mean, and what to tell people when they are refused.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "oci/image_config.h"
#include "oci/layout.h"
#include "oci/manifest.h"
#include "oci/registry/authenticator.h"
#include "oci/registry/endpoint.h"
#include "oci/registry/remote_blobs.h"

namespace jcb::oci {

/// A manifest or index as the registry stores it.
struct RemoteManifest {
  Descriptor descriptor;  ///< type, digest (computed from the bytes) and size
  std::string bytes;
};

class RegistryConnections;

/// What is shared by the clients of one invocation.
struct ClientContext {
  /// Makes the connections of an endpoint.
  std::function<std::shared_ptr<HttpClient>(const Endpoint&)> make_http;
  std::shared_ptr<CredentialStore> credentials;
  /// Warnings of registries and rate limits, each once; any thread.
  std::function<void(const std::string&)> on_note;
  /// Connections and tokens that clients share; without, a client has its own.
  std::shared_ptr<RegistryConnections> connections;
};

/// What a client may be used for; decides the scopes that it asks for.
enum class Access { pull, push };

/// Thread-safe. Errors are Error(not_found, refused, failed, invalid) whose message names registry, repository and
/// reference or digest in one line, with what the server said (cleaned, 200 characters) and a hint.
class RegistryClient final : public RemoteBlobs {
 public:
  RegistryClient(const ClientContext& context, Endpoint endpoint, Access access);
  ~RegistryClient() override;

  const Endpoint& endpoint() const noexcept;
  std::string name() const override;

  /// HEAD: what a tag or digest stands for, or nothing when it is not there.
  std::optional<Descriptor> find_descriptor(const std::string& reference);
  /// GET; by digest it must be that digest. Nothing when it is not there. `limit` 4 MiB.
  std::optional<RemoteManifest> find_manifest(const std::string& reference);
  /// PUT, after everything it refers to is there. `reference` is a tag or the digest.
  void put_manifest(const std::string& reference, const Descriptor& descriptor, const std::string& bytes);
  /// DELETE by digest. Throws Error(unsupported) where the registry does not allow it.
  void delete_manifest(const Digest& digest);

  /// HEAD: whether the repository has the blob.
  bool has_blob(const Digest& digest);
  PartResult read_part(const Descriptor& blob, const HttpRange& range, HttpSink& sink) override;
  void read_blob(const Descriptor& blob, HttpSink& sink) override;
  /// A small blob, verified.
  std::string read_small_blob(const Descriptor& blob, std::uint64_t limit_bytes);
  /// Sends a blob in one PUT; where the registry refuses so large a body, or a connection broke, in chunks from where it
  /// stands. `on_bytes` (may be empty) gets the running count. Throws Error.
  void put_blob(const Descriptor& blob, const HttpBody& body, const std::function<void(std::uint64_t)>& on_bytes);
  /// Asks for the blob of another repository of the same registry. False: not done, the blob has to be sent.
  bool mount_blob(const Digest& digest, const std::string& from_repository);

  /// All tags, sorted, through all pages.
  std::vector<std::string> list_tags();
  /// What refers to `subject` (referrers API, else its fallback tag), filtered by type unless that is empty.
  std::vector<Descriptor> list_referrers(const Digest& subject, const std::string& artifact_type = {});

  /// For `login`: proves the credential against the registry. Throws Error(refused). Returns the token realm, or empty.
  std::string check_login();
  /// Tells the user something about this registry; each text once.
  void note(const std::string& text) const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

/// The image behind `reference` for `platform`: through an index to the entry that fits best. Manifest and config are
/// verified and parsed. `manifest_bytes` and `config_bytes` are what they were made of.
struct RemoteImage {
  LoadedImage image;
  std::string manifest_bytes, config_bytes;
  std::optional<RemoteManifest> index;  ///< what the reference itself stood for, when that was an index
};
/// Throws Error(not_found) that lists what platforms there are.
RemoteImage fetch_image(RegistryClient& client, const std::string& reference, const Platform& platform);

}  // namespace jcb::oci
