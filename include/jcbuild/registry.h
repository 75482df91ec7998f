// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "jcbuild/session.h"

namespace jcb {

/// What `jcbuild pull` is asked for.
struct PullRequest {
  std::string name;         ///< "docker://HOST/REPO:TAG", or the same without docker://
  std::string platform;     ///< empty: this machine's
  bool keep_blobs = false;  ///< keep the layers' compressed blobs, too, so that they can be pushed and served from here
};

struct PullResult {
  std::string name;    ///< the tag in the store
  std::string digest;  ///< of the platform's manifest
  bool fetched = false;
};

/// Brings an image of a registry into the store and tags it. Nothing is tagged when anything fails; what was received of a
/// layer stays for the next try. Throws Error.
PullResult pull_image(Session& session, const PullRequest& request);

/// Sends an image to a registry, with all its platforms; `target` empty: where its name says. Returns the digest of what
/// was tagged there. Throws Error.
std::string push_image(Session& session, const std::string& source, const std::string& target);

/// What `jcbuild copy` is asked for.
struct CopyRequest {
  std::string source, target;     ///< image names with transport
  std::string platform;           ///< of an index; empty: this machine's
  bool all = false;               ///< all platforms of an index, and the index itself
  bool preserve_digests = false;  ///< refuse a target that cannot hold the image as it is
};
/// Copies an image between any two of store, registry, oci:, oci-archive:, docker-archive:. Returns the manifest digest.
std::string copy_image(Session& session, const CopyRequest& request);

/// The user's credential for a registry.
struct LoginRequest {
  std::string host;  ///< empty: Docker Hub
  std::string username, password;
};
/// Proves the credential against the registry and keeps it. Returns where it is kept. Throws Error(refused).
std::string log_in(Session& session, const LoginRequest& request);
/// Forgets the credential of a registry; `host` empty: Docker Hub. Returns from where. Throws Error(not_found).
std::vector<std::string> log_out(Session& session, const std::string& host);
/// Forgets all. Returns the registries.
std::vector<std::string> log_out_everywhere(Session& session);

/// The tags of a repository ("docker://HOST/REPO"), sorted.
std::vector<std::string> list_remote_tags(Session& session, const std::string& name);
/// Deletes the manifest that a tag stands for, and with it all its tags. Returns its digest.
std::string delete_remote_image(Session& session, const std::string& name);

}  // namespace jcb
