// SPDX-License-Identifier: Apache-2.0
#include "build/git_command.h"

#include <algorithm>

#include "jcbuild/error.h"
#include "oci/registry/address.h"
#include "oci/registry/http_url.h"
#include "util/file.h"
#include "util/text.h"

namespace jcb::build {
namespace {

namespace fs = std::filesystem;

// The three faults: what git itself and old converters once wrote, in histories that cannot be changed any more.
constexpr std::string_view k_configuration = R"([core]
	hooksPath = /dev/null
	fsmonitor = false
	askPass =
[credential]
	helper =
[init]
	defaultBranch = master
[transfer]
	fsckObjects = true
[fetch "fsck"]
	zeroPaddedFilemode = ignore
	badTimezone = ignore
	missingSpaceBeforeDate = ignore
[protocol "ext"]
	allow = never
[protocol "file"]
	allow = never
[http]
	lowSpeedLimit = 1024
	lowSpeedTime = 60
[gc]
	auto = 0
[maintenance]
	auto = false
[advice]
	detachedHead = false
)";

constexpr std::size_t k_shown_lines = 20;

std::string allowed_protocols(const GitUrl& url) { return url.is_plain_http() ? "http:https:ssh" : "https:ssh"; }

// git passes this to a shell, and ssh takes the file's name apart again: quoted for both.
std::string ssh_command(const fs::path& known_hosts) {
  std::string file = known_hosts.empty() ? "/dev/null" : known_hosts.native();
  if (file.find_first_of("\"\n") != std::string::npos) throw Error(ErrorKind::refused, "the name of the known hosts file holds a quote");
  for (auto at = file.find('%'); at != std::string::npos; at = file.find('%', at + 2)) file.insert(at, "%");
  const std::string option = "UserKnownHostsFile=\"" + file + "\"";
  return "/usr/bin/ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o IdentityFile=none -o ConnectTimeout=15 -o " +
         util::quote_for_shell(option);
}

std::vector<std::string> make_environment(const GitUrl& url, const fs::path& home, const GitAccess& access) {
  std::vector<std::string> environment{"PATH=/usr/bin:/bin",
                                       "LC_ALL=C",
                                       "HOME=" + home.native(),
                                       "GIT_CONFIG_NOSYSTEM=1",
                                       "GIT_ATTR_NOSYSTEM=1",
                                       "GIT_CONFIG_GLOBAL=" + (home / "config").native(),
                                       "GIT_CEILING_DIRECTORIES=" + home.parent_path().native(),  // a store may lie inside a repository
                                       "GIT_ALLOW_PROTOCOL=" + allowed_protocols(url),
                                       "GIT_TERMINAL_PROMPT=0",
                                       "GIT_LFS_SKIP_SMUDGE=1",
                                       "GIT_SSH_VARIANT=ssh",
                                       "GIT_SSH_COMMAND=" + ssh_command(access.known_hosts)};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) environment.push_back(std::string(name) + "=" + value);
  };
  add("SSH_AUTH_SOCK", access.ssh_socket.native());
  add("http_proxy", access.proxies.http);
  add("https_proxy", access.proxies.https);
  add("no_proxy", access.proxies.none);
  return environment;
}

// The Authorization header: of secrets, by BuildKit's names and order, else of the URL's user information.
std::string find_authorization(const GitUrl& url, const FindSecret& find_secret) {
  for (const auto& suffix : {"." + url.host, std::string()}) {
    if (!find_secret) break;
    if (const auto header = find_secret("GIT_AUTH_HEADER" + suffix)) return std::string(util::trim(*header));
    if (const auto token = find_secret("GIT_AUTH_TOKEN" + suffix))
      return oci::make_basic_authorization("x-access-token", util::trim(*token));
  }
  return url.user_info.empty() ? "" : oci::make_basic_authorization(url.user_info);
}

// For which URLs the header is sent: this repository alone, or as on GitHub's own runners all of github.com, where
// submodules of the same owner usually are.
std::string authorization_scope(const GitUrl& url) {
  return url.remote.starts_with("https://github.com/") ? "https://github.com/" : url.remote;
}

void check_host(const GitUrl& url, const GitAccess& access) {
  // With a proxy it is the proxy that looks names up.
  const bool proxied = !access.proxies.http.empty() || !access.proxies.https.empty();
  if (!access.allow_link_local && (proxied ? oci::is_denied_literal(url.host) : oci::has_denied_address(url.host)))
    throw Error(ErrorKind::refused, url.remote + " leads to a link-local or metadata address, which is not connected to");
}

std::vector<std::string> last_lines(const std::string& text) {
  auto lines = util::split(text, '\n');
  std::erase_if(lines, [](const std::string& line) { return util::trim(line).empty(); });
  lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(std::min(lines.size(), k_shown_lines)));
  for (auto& line : lines) line = util::escape_text(strip_userinfo(line));
  return lines;
}

std::string hint_for(const std::string& output) {
  const auto says = [&](std::string_view text) { return output.find(text) != std::string::npos; };
  if (says("terminal prompts disabled") || says("Authentication failed")) return "give a token as the secret GIT_AUTH_TOKEN";
  if (says("Host key verification failed")) return "the host's key must be in a known_hosts file";
  if (says("Permission denied (publickey")) return "give an ssh agent with --ssh default";
  return {};
}

}  // namespace

GitCommand::GitCommand(const GitUrl& url, const fs::path& directory, const GitAccess& access)
    : m_remote(url.remote), m_program(util::require_trusted_program("git", "install git")), m_home(directory / "home") {
  check_host(url, access);
  const util::Root home(util::Root::open(directory).make_dirs("home", 0700));
  home.write_file("config", k_configuration, 0600);
  m_environment = make_environment(url, m_home, access);
  const std::string authorization = url.is_ssh() ? "" : find_authorization(url, access.find_secret);
  if (authorization.find_first_of("\r\n") != std::string::npos) throw Error(ErrorKind::invalid, "a secret for git holds a line break");
  if (authorization.empty()) return;
  m_environment.push_back("JCBUILD_GIT_HEADER=Authorization: " + authorization);
  m_first_arguments = {"--config-env=http." + authorization_scope(url) + ".extraHeader=JCBUILD_GIT_HEADER",
                       // After a redirect git would send the header to the new host as well.
                       "-c", "http.followRedirects=false"};
}

util::Captured GitCommand::capture(const fs::path& work_tree, const std::vector<std::string>& arguments) const {
  util::Command command{m_program, m_first_arguments, m_environment, work_tree.empty() ? m_home : work_tree};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return util::run_captured(command);
}

bool GitCommand::try_run(const fs::path& work_tree, const std::vector<std::string>& arguments) const {
  return capture(work_tree, arguments).status.success();
}

std::string GitCommand::run(const fs::path& work_tree, const std::vector<std::string>& arguments) const {
  util::Captured captured = capture(work_tree, arguments);
  if (captured.status.success()) return std::move(captured.out);
  Error error(ErrorKind::failed,
              "git " + arguments.at(0) + " of " + m_remote + " ended with status " + std::to_string(captured.status.code),
              hint_for(captured.err));
  error.add_details(last_lines(captured.err));
  throw error;
}

}  // namespace jcb::build
