// SPDX-License-Identifier: Apache-2.0
// Image names with a transport in front. As in containers/image, the first colon ends DIR or FILE: a path with a colon in
// it cannot be written.
#include "jcbuild/error.h"
#include "oci/reference.h"
#include "util/text.h"

#include <algorithm>
#include <array>

namespace jcb::oci {
namespace {

struct Prefix {
  std::string_view text;
  Transport transport;
};

constexpr std::array k_prefixes{
    Prefix{"oci:", Transport::oci_layout},
    Prefix{"oci-archive:", Transport::oci_archive},
    Prefix{"docker-archive:", Transport::docker_archive},
    Prefix{"docker://", Transport::registry},
    Prefix{"dir-rootfs:", Transport::rootfs_directory},
    Prefix{"bootstrap:", Transport::bootstrap},
};

std::string_view prefix_of(Transport transport) {
  for (const Prefix& prefix : k_prefixes) {
    if (prefix.transport == transport) return prefix.text;
  }
  return {};
}

[[noreturn]] void refuse(std::string_view text, const std::string& cause, std::string hint = {}) {
  throw Error(ErrorKind::usage, "'" + util::escape_text(text) + "': " + cause, std::move(hint));
}

bool is_hex(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// "sha256:…" in full or shortened, or the 64 digits alone, which no repository may be called. Any other hexadecimal
// prefix is a repository name as well.
bool is_digest_like(std::string_view text) {
  if (text.starts_with("sha256:")) return is_hex(text.substr(7)) && text.size() <= 7 + 64;
  return text.size() == 64 && is_hex(text);
}

// image-spec annotations.md, "org.opencontainers.image.ref.name", less its rules on where separators may stand.
void check_layout_tag(std::string_view tag, std::string_view text) {
  const bool fine = std::all_of(tag.begin(), tag.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:@+/").find(c) != std::string_view::npos;
  });
  if (!fine) refuse(text, "the tag holds a character that is not a letter, digit or one of -._:@+/");
}

void parse_path(std::string_view rest, std::string_view text, ImageName& name) {
  const auto colon = rest.find(':');
  name.path = rest.substr(0, colon);
  if (name.path.empty()) refuse(text, "there is no path in it");
  if (colon == std::string_view::npos) return;
  name.tag = rest.substr(colon + 1);
  if (name.tag.empty()) refuse(text, "the tag after ':' is empty");
  if (name.transport == Transport::docker_archive) {
    Reference::parse(name.tag);
  } else {
    check_layout_tag(name.tag, text);
  }
}

void parse_bootstrap(std::string_view rest, std::string_view text, ImageName& name) {
  const auto is_part = [](const std::string& part) {
    return !part.empty() && part.front() != '-' && part.front() != '.' &&
           part.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos;
  };
  const auto parts = util::split(rest, ':');
  if (parts.size() != 2 || !is_part(parts[0]) || !is_part(parts[1]))
    refuse(text, "not a bootstrap source", "write bootstrap:DISTRO:SUITE, such as bootstrap:debian:bookworm");
  name.distribution = parts[0];
  name.suite = parts[1];
}

void parse_rest(std::string_view rest, std::string_view text, ImageName& name) {
  switch (name.transport) {
    case Transport::registry:
      name.reference = Reference::parse(rest);
      return;
    case Transport::bootstrap:
      parse_bootstrap(rest, text, name);
      return;
    case Transport::rootfs_directory:  // no tag: a colon belongs to the path
      name.path = rest;
      if (name.path.empty()) refuse(text, "there is no path in it");
      return;
    default:
      parse_path(rest, text, name);
  }
}

}  // namespace

ImageName ImageName::parse(std::string_view text) {
  ImageName name;
  if (text == "scratch") {
    name.transport = Transport::scratch;
    return name;
  }
  for (const Prefix& prefix : k_prefixes) {
    if (!text.starts_with(prefix.text)) continue;
    name.transport = prefix.transport;
    parse_rest(text.substr(prefix.text.size()), text, name);
    return name;
  }
  if (is_digest_like(text)) {
    name.reference.emplace().m_repository = text;
  } else {
    name.reference = Reference::parse(text);
  }
  return name;
}

std::string ImageName::text() const {
  const std::string prefix(prefix_of(transport));
  switch (transport) {
    case Transport::store:
    case Transport::registry:
      return prefix + (reference ? reference->text() : std::string());
    case Transport::scratch:
      return "scratch";
    case Transport::bootstrap:
      return prefix + distribution + ":" + suite;
    default:
      return prefix + path + (tag.empty() ? "" : ":" + tag);
  }
}

}  // namespace jcb::oci
