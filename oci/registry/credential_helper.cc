// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/credential_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "jcbuild/error.h"
#include "util/child.h"
#include "util/interrupt.h"
#include "util/json.h"
#include "util/text.h"

namespace jcb::oci {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t k_max_answer_bytes = 1 << 20, k_max_server_bytes = 2048, k_shown_characters = 200;
constexpr std::string_view k_not_found = "credentials not found";

bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), good);
}

bool is_owned(const struct stat& status) {
  return (status.st_uid == 0 || status.st_uid == ::geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// The program in the user's $PATH, its links followed, when nobody but root and the user can have put it there.
std::optional<std::filesystem::path> find_in_path(const std::string& name, const std::string& path) {
  for (const auto& directory : util::split(path, ':')) {
    if (!directory.starts_with('/')) continue;  // the current directory is somebody else's
    std::error_code error;
    const auto program = std::filesystem::canonical(std::filesystem::path(directory) / name, error);
    struct stat file {
    }, parent{};
    if (error || ::stat(program.c_str(), &file) != 0 || !S_ISREG(file.st_mode) || ::access(program.c_str(), X_OK) != 0) continue;
    if (is_owned(file) && ::stat(program.parent_path().c_str(), &parent) == 0 && is_owned(parent)) return program;
  }
  return std::nullopt;
}

void check_line(const std::string& text, const char* thing) {
  const bool broken = text.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos;
  if (broken || text.empty() || text.size() > k_max_server_bytes || text.starts_with('-'))
    throw Error(ErrorKind::invalid,
                std::string("a credential helper cannot be asked about this ") + thing + ": " + util::escape_text(text.substr(0, 80)));
}

// The input as a file in memory: it needs no thread to write it, and no broken pipe can come of it.
util::Fd make_input(std::string_view input) {
  util::Fd file(::memfd_create("helper-input", MFD_CLOEXEC));
  if (!file) throw_errno("make", "the input of a credential helper");
  util::write_all(file.get(), input, "the input of a credential helper");
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("rewind", "the input of a credential helper");
  return file;
}

bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

// Reads what is there, for `wait` at most; false at the end of the stream.
bool read_some(int fd, std::string& text, milliseconds wait) {
  std::array<pollfd, 2> polls{{{fd, POLLIN, 0}, {util::interrupt_fd(), POLLIN, 0}}};
  if (::poll(polls.data(), polls.size(), static_cast<int>(wait.count())) < 0 && errno != EINTR)
    throw_errno("wait for", "a credential helper");
  util::check_interrupt();
  if (polls[0].revents == 0) return true;
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) text.append(buffer.data(), std::min(static_cast<std::size_t>(got), k_max_answer_bytes - text.size()));
  ::explicit_bzero(buffer.data(), buffer.size());
  return got > 0;
}

// Reads until the program ends (what it leaves running may hold the pipe for ever). False: it took too long.
bool read_answer(const util::Child& child, int fd, std::string& text, milliseconds limit) {
  const auto end = Clock::now() + limit;
  text.reserve(k_max_answer_bytes);  // growing would leave copies of a secret behind
  for (bool open = true, ended = false; !ended || open;) {
    if (Clock::now() >= end) return false;
    ended = has_ended(child.pid());
    const std::size_t before = text.size();
    open = open && read_some(fd, text, ended ? milliseconds(0) : milliseconds(20));
    if (ended && text.size() == before) return true;
    if (!open) ::poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace

CredentialHelper::CredentialHelper(std::string name, std::map<std::string, std::string> environment, milliseconds limit)
    : m_name(std::move(name)), m_environment(std::move(environment)), m_limit(limit) {
  if (!is_name(m_name))
    throw Error(ErrorKind::invalid, "\"" + util::escape_text(m_name.substr(0, 80)) + "\" is no name of a credential helper");
}

CredentialHelper::Answer CredentialHelper::run(const char* action, std::string_view input) const {
  auto path = util::find_trusted_program(program());
  const auto search = m_environment.find("PATH");
  if (!path && search != m_environment.end()) path = find_in_path(program(), search->second);
  if (!path)
    throw Error(ErrorKind::unsupported, program() + " is not installed, or others can write to it",
                "install it, or take \"" + m_name + "\" out of the auth file");
  util::Command command{*path, {action}, {}, "/"};
  for (const auto& [name, value] : m_environment) {
    if (!name.starts_with("LD_")) command.environment.push_back(name + "=" + value);
  }
  const util::Fd in = make_input(input);
  util::Pipe out = util::make_pipe();
  util::Child child = util::Child::start(command, {in.get(), out.write_end.get(), -1});
  out.write_end.reset();
  Answer answer;
  if (!read_answer(child, out.read_end.get(), answer.text, m_limit)) {
    child.kill(SIGKILL);
    throw Error(ErrorKind::failed, program() + " " + action + " did not answer within " +
                                       std::to_string(std::chrono::duration_cast<std::chrono::seconds>(m_limit).count()) + " seconds");
  }
  answer.success = child.wait().success();
  return answer;
}

// By the protocol a failure's text is on standard output as well; it is for people.
void CredentialHelper::fail(const char* action, const Answer& answer) const {
  const std::string line =
      util::escape_text(util::trim(std::string_view(answer.text).substr(0, answer.text.find('\n'))).substr(0, k_shown_characters));
  throw Error(ErrorKind::failed, program() + " " + action + " failed" + (line.empty() ? "" : ": " + line));
}

std::optional<Credential> CredentialHelper::find(const std::string& server) const {
  check_line(server, "registry");
  const Answer answer = run("get", server);
  if (!answer.success && answer.text.find(k_not_found) != std::string::npos) return std::nullopt;
  if (!answer.success) fail("get", answer);
  const std::string thing = "the answer of " + program();
  const util::Json json = util::parse_json(answer.text, thing, {k_max_answer_bytes, 8});
  Credential credential;
  credential.source = program();
  credential.username = util::get_string(json, "Username", thing);
  (credential.username == k_token_user ? credential.identity_token : credential.password) = util::get_string(json, "Secret", thing);
  if (credential.password.empty() && credential.identity_token.empty()) return std::nullopt;
  return credential;
}

void CredentialHelper::store(const std::string& server, const Credential& credential) const {
  check_line(server, "registry");
  const bool identity = !credential.identity_token.empty();
  const util::Json json{{"ServerURL", server},
                        {"Username", identity ? k_token_user : credential.username},
                        {"Secret", identity ? credential.identity_token : credential.password}};
  std::string input = util::to_text(json);
  const Answer answer = run("store", input);
  wipe(input);
  if (!answer.success) fail("store", answer);
}

void CredentialHelper::erase(const std::string& server) const {
  check_line(server, "registry");
  const Answer answer = run("erase", server);
  if (!answer.success && answer.text.find(k_not_found) == std::string::npos) fail("erase", answer);
}

std::vector<std::string> CredentialHelper::list() const {
  const Answer answer = run("list", "");
  if (!answer.success) fail("list", answer);
  const std::string thing = "the answer of " + program();
  const util::Json json = util::parse_json(answer.text.empty() ? "{}" : answer.text, thing, {k_max_answer_bytes, 8});
  if (!json.is_object()) throw Error(ErrorKind::invalid, thing + " is no JSON object");
  std::vector<std::string> servers;
  for (const auto& [server, user] : json.items()) servers.push_back(server);
  std::sort(servers.begin(), servers.end());
  return servers;
}

}  // namespace jcb::oci
