// SPDX-License-Identifier: Apache-2.0
// sources.list(5), both its forms, as far as a bootstrap needs them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jcb::build {

/// One archive: where it is, which suites and components of it are used, and how it is trusted.
struct AptSource {
  std::string uri;
  std::vector<std::string> suites;
  std::vector<std::string> components;
  std::string signed_by;  ///< path of a keyring; empty: apt's default
  bool trusted = false;
  bool operator==(const AptSource&) const = default;
};

/// The binary ("deb") archives of a one-line file (*.list). Lines that do not parse are passed over.
std::vector<AptSource> parse_one_line_sources(std::string_view text);
/// The same of a deb822 file (*.sources); stanzas with "Enabled: no" are left out.
std::vector<AptSource> parse_deb822_sources(std::string_view text);

/// Of `sources` those that serve the release `from` (the suite itself, -updates and -security), with `to` in its place.
/// Suites of third parties and further pockets are dropped.
std::vector<AptSource> select_release(const std::vector<AptSource>& sources, std::string_view from, std::string_view to);

/// The text of a sources.list in one-line form.
std::string to_sources_list(const std::vector<AptSource>& sources);

/// The sources.list for a release of "debian" or "ubuntu" on this machine: JCBUILD_MIRROR_<DISTRIBUTION> when set, else
/// the host's own archives when it runs that distribution, else "", which leaves it to mmdebstrap, that knows the public
/// ones. Throws Error(unsupported) for another distribution or a missing keyring, Error(refused) for an archive with a
/// password in its address: it would be in the image.
std::string make_apt_sources(std::string_view distribution, std::string_view suite, std::string_view architecture);

}  // namespace jcb::build
