// SPDX-License-Identifier: Apache-2.0
// What every way of running a job does with it first. Private to sandbox.
#pragma once

#include <string>
#include <vector>

#include "sandbox/sandbox.h"

namespace jcb::sandbox {

/// Throws Error(invalid) naming what is wrong with the command, the environment, the directory or the user.
void check_job(const Job& job);
/// The texts as execve(2) takes them, ended by a null; points into `strings`.
std::vector<char*> to_pointers(const std::vector<std::string>& strings);
/// The paths to try to execute, in order.
std::vector<std::string> make_candidates(const Job& job);
/// The content of a file of the host such as /etc/hosts for the job; `alone` when there is none, or no network.
std::string network_file(const Job& job, const char* host_path, const char* alone);
/// What a job without network sees as /etc/hosts: nothing of the host.
inline constexpr const char* k_local_hosts = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
/// Whether a link-free path is `directory` or lies below it.
bool is_below(const std::string& path, const std::string& directory);
/// Throws Error(refused) for a link-free path that nobody may mount over; `target` is how the caller named it.
void check_place(const std::string& path, const std::string& target);

}  // namespace jcb::sandbox
