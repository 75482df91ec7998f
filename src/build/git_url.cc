// SPDX-License-Identifier: Apache-2.0
#include "build/git_url.h"

#include <algorithm>
#include <map>

#include "build/url.h"
#include "jcbuild/error.h"
#include "oci/registry/http_url.h"
#include "util/text.h"

namespace jcb::build {
namespace {

constexpr std::string_view k_hex = "0123456789abcdef";

[[noreturn]] void fail(const std::string& cause) { throw Error(ErrorKind::invalid, "malformed git URL: " + cause); }

std::string show(std::string_view text) { return "\"" + util::escape_text(text) + "\""; }

// The text before `?` or `#`, and what follows each.
struct Parts {
  std::string_view base, query, fragment;
};

Parts split_parts(std::string_view text) {
  Parts parts;
  if (const auto hash = text.find('#'); hash != std::string_view::npos) {
    parts.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  if (const auto mark = text.find('?'); mark != std::string_view::npos) {
    parts.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  parts.base = text;
  return parts;
}

// What git-check-ref-format(1) allows in a name, and never something that git would read as an option or an expression.
void check_ref(const std::string& ref) {
  const bool expression = ref.find("..") != std::string::npos || ref.find("@{") != std::string::npos;
  const bool characters = std::any_of(ref.begin(), ref.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || std::string_view("~^:?*[\\").find(c) != std::string_view::npos;
  });
  if (ref.starts_with('-') || ref.starts_with('/') || ref.ends_with('/') || ref.ends_with(".lock") || ref.size() > 250 || expression ||
      characters)
    fail(show(ref) + " cannot be the name of a branch, tag or commit");
}

void check_subdir(const std::string& subdir) {
  if (subdir.find('\0') != std::string::npos || subdir.size() > 4096) fail("no valid subdirectory");
}

void check_checksum(const std::string& checksum) {
  if (checksum.size() < 7 || checksum.size() > 64 || checksum.find_first_not_of(k_hex) != std::string::npos)
    fail(show(checksum) + " is no checksum of a commit: 7 to 64 hexadecimal digits in lower case");
}

bool parse_flag(const std::string& key, const std::string& value) {
  if (value.empty() || value == "1" || value == "t" || value == "T" || value == "true" || value == "True" || value == "TRUE") return true;
  if (value == "0" || value == "f" || value == "F" || value == "false" || value == "False" || value == "FALSE") return false;
  fail(key + "=" + show(value) + " is neither true nor false");
}

// Sets a part that the fragment may have set already; both may say the same.
void set_part(std::string& part, const std::string& value, const char* name) {
  if (!part.empty() && part != value) fail(std::string(name) + " is given as " + show(part) + " and as " + show(value));
  part = value;
}

std::string with_prefix(const std::string& prefix, const std::string& name) { return name.starts_with(prefix) ? name : prefix + name; }

void set_option(GitUrl& url, const std::string& key, const std::string& value) {
  const bool flag = key == "keep-git-dir" || key == "submodules" || key == "fetch-by-commit";
  if (value.empty() && !flag) fail("the query " + show(key) + " has no value");
  if (key == "ref") return set_part(url.ref, value, "the ref");
  if (key == "tag") return set_part(url.ref, with_prefix("refs/tags/", value), "the ref");
  if (key == "branch") return set_part(url.ref, with_prefix("refs/heads/", value), "the ref");
  if (key == "subdir") return set_part(url.subdir, value, "the subdirectory");
  if (key == "checksum" || key == "commit") return set_part(url.checksum, value, "the commit");
  if (key == "keep-git-dir") {
    url.keep_git_dir = parse_flag(key, value);
  } else if (key == "submodules") {
    url.submodules = parse_flag(key, value);
  } else if (key == "fetch-by-commit") {
    parse_flag(key, value);
  } else if (key != "mtime") {
    fail("unknown query " + show(key));
  } else if (value != "commit") {
    fail("mtime is always that of the commit here");
  }
}

std::string decode_query(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return oci::decode_percent(spaced);
}

void parse_query(GitUrl& url, std::string_view query) {
  std::map<std::string, std::string> options;
  for (const auto& pair : util::split(query, '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const std::string key = decode_query(pair.substr(0, equals));
    const std::string value = equals == std::string::npos ? "" : decode_query(pair.substr(equals + 1));
    if (!options.emplace(key, value).second) fail("the query " + show(key) + " is given twice");
  }
  for (const auto& [key, value] : options) set_option(url, key, value);
}

void parse_fragment(GitUrl& url, std::string_view fragment) {
  const std::string text = oci::decode_percent(fragment);
  const auto colon = text.find(':');
  url.ref = text.substr(0, colon);
  if (colon != std::string::npos) url.subdir = text.substr(colon + 1);
}

GitUrl with_options(GitUrl url, const Parts& parts) {
  parse_fragment(url, parts.fragment);
  parse_query(url, parts.query);
  if (!url.checksum.empty()) check_checksum(url.checksum);
  if (url.ref.empty() && is_commit_id(url.checksum)) url.ref = url.checksum;
  check_ref(url.ref);
  check_subdir(url.subdir);
  return url;
}

std::optional<GitUrl> parse_http(const Parts& parts) {
  if (!parts.base.ends_with(".git")) return std::nullopt;
  const oci::HttpUrl http = oci::HttpUrl::parse(parts.base);
  GitUrl url;
  url.remote = http.origin() + http.path;
  url.user_info = http.user_info;
  url.host = http.host;
  return with_options(std::move(url), parts);
}

// ssh takes a host that begins with `-` for an option (CVE-2017-1000117).
void check_ssh_names(std::string_view user, std::string_view host) {
  const auto good = [](std::string_view name, std::string_view extra) {
    return !name.empty() && !name.starts_with('-') && std::all_of(name.begin(), name.end(), [&](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || extra.find(c) != std::string_view::npos;
    });
  };
  if (!good(host, ".-_[]:") || (!user.empty() && !good(user, ".-_+"))) fail("no valid user and host of ssh");
}

GitUrl parse_ssh(const Parts& parts) {
  const std::string_view rest = parts.base.substr(6);
  const auto slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  if (slash + 1 >= rest.size()) fail("it names no repository");
  const auto at = authority.rfind('@');
  const std::string_view user = at == std::string_view::npos ? "" : authority.substr(0, at);
  const std::string_view host = authority.substr(at == std::string_view::npos ? 0 : at + 1);
  if (user.find(':') != std::string_view::npos)
    throw Error(ErrorKind::refused, "a password in an ssh URL is of no use: ssh asks the agent for keys", "give the agent with --ssh");
  check_ssh_names(user, host);
  GitUrl url;
  url.remote = "ssh://" + std::string(rest);
  url.host = host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return with_options(std::move(url), parts);
}

// USER@HOST:PATH, the user required: without one it could be a path with a colon in it.
std::optional<GitUrl> parse_scp(const Parts& parts) {
  const auto at = parts.base.find('@'), colon = parts.base.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || at > colon ||
      parts.base.substr(0, colon).find('/') != std::string_view::npos)
    return std::nullopt;
  const std::string_view user = parts.base.substr(0, at), host = parts.base.substr(at + 1, colon - at - 1),
                         path = parts.base.substr(colon + 1);
  check_ssh_names(user, host);
  if (path.empty() || path.starts_with('-')) fail("it names no repository");
  GitUrl url;
  url.remote = parts.base;
  url.host = host;
  return with_options(std::move(url), parts);
}

void check_characters(std::string_view text) {
  if (text.size() > 8192) fail("longer than 8192 bytes");
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') fail("it holds a space or control character");
  }
}

}  // namespace

std::string GitUrl::short_name() const {
  std::string name = remote.substr(remote.find_last_of("/:") + 1);
  return name.ends_with(".git") ? name.substr(0, name.size() - 4) : name;
}

std::optional<GitUrl> parse_git_url(std::string_view text) {
  const auto mark = text.find("://");
  const std::string scheme = mark == std::string_view::npos ? "" : util::to_lower(text.substr(0, mark));
  const Parts parts = split_parts(text);
  if (scheme == "http" || scheme == "https") {
    if (parts.base.ends_with(".git")) check_characters(text);
    return parse_http(parts);
  }
  if (scheme == "git")
    throw Error(ErrorKind::refused, "the git protocol proves nothing about what it brings", "use the repository's https or ssh URL");
  if (scheme == "ssh") {
    check_characters(text);
    return parse_ssh(parts);
  }
  if (!scheme.empty() || text.starts_with('.') || text.starts_with('/')) return std::nullopt;
  const auto url = parse_scp(parts);
  if (url) check_characters(text);
  return url;
}

std::optional<GitUrl> parse_git_context(std::string_view text) {
  if (!text.starts_with("github.com/")) return parse_git_url(text);
  const auto end = std::min(text.find_first_of("?#"), text.size());
  const std::string base(text.substr(0, end)), suffix = base.ends_with(".git") ? "" : ".git";
  return parse_git_url("https://" + base + suffix + std::string(text.substr(end)));
}

bool is_commit_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of(k_hex) == std::string_view::npos;
}

}  // namespace jcb::build
