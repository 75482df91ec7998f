// SPDX-License-Identifier: Apache-2.0
// Names of images, parsed once at the edge.
#pragma once

#include "oci/digest.h"

#include <optional>
#include <string>
#include <string_view>

namespace jcb::oci {

/// A name in the distribution-spec's grammar: `[HOST[:PORT]/]REPO[:TAG][@DIGEST]`. The host is kept as written, or empty.
/// Limits: name 255 bytes, tag 128. Repository components are lower case, as docker demands.
class Reference {
 public:
  /// Parses; throws Error(usage) that says which part is wrong.
  static Reference parse(std::string_view text);

  const std::string& host() const noexcept { return m_host; }
  /// Path below the host, "library/ubuntu" stays "ubuntu" when written so.
  const std::string& repository() const noexcept { return m_repository; }
  const std::string& tag() const noexcept { return m_tag; }  ///< empty when none was written
  const std::optional<Digest>& digest() const noexcept { return m_digest; }
  /// Host and repository as written.
  std::string name() const;
  /// The form under which the local store keeps the tag: name and tag, "latest" filled in; without the digest.
  std::string store_name() const;
  std::string text() const;
  bool operator==(const Reference&) const = default;

 private:
  friend struct ImageName;
  std::string m_host, m_repository, m_tag;
  std::optional<Digest> m_digest;
};

/// Whether `text` is a host, with a port or without, as the grammar of names has it: "nvcr.io", "[::1]:5000". Such a text
/// holds no slash and is neither "." nor "..": it may name a directory.
bool is_registry_host(std::string_view text);

/// Where an image is (docs/cli.md, "Image names").
enum class Transport { store, oci_layout, oci_archive, docker_archive, registry, rootfs_directory, scratch, bootstrap };

/// An image name with its transport: `NAME`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:TAG]`,
/// `docker://REF`, `dir-rootfs:DIR`, `scratch`, `bootstrap:DISTRO:SUITE`.
struct ImageName {
  Transport transport = Transport::store;
  std::string path;                    ///< DIR or FILE
  std::string tag;                     ///< TAG of a layout or archive, may be empty; a docker-archive's is a whole name
  std::optional<Reference> reference;  ///< store and registry
  std::string distribution;            ///< bootstrap
  std::string suite;                   ///< bootstrap

  /// Throws Error(usage). "x:y" is a tag of the store unless x is a transport; a digest alone ("sha256:…") or a
  /// hexadecimal prefix is left to the store, as a Reference whose repository is that text.
  static ImageName parse(std::string_view text);
  std::string text() const;
};

}  // namespace jcb::oci
