// SPDX-License-Identifier: Apache-2.0
// No process of a job outlives it, however it ends.
#include "isolated.h"

#include "jcbuild/error.h"
#include "util/fd.h"
#include "util/interrupt.h"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <filesystem>
#include <stdexcept>

using namespace jcb;
using namespace jcb::sandbox;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Starts a process that runs a job; returns when the job has printed something. The process ends with 130 when it was
// interrupted.
pid_t start_job(const std::string& script, const std::filesystem::path& parent = "/tmp") {
  util::Pipe ready = util::make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    util::install_interrupt_handlers();
    try {
      enter_isolation();
      TestRoot root(parent);
      root.open();
      run_job(root.job(script), [&](std::string_view) { util::write_all(ready.write_end.get(), "r", "ready"); });
      ::_exit(0);
    } catch (const Interrupted&) {
      ::_exit(130);
    } catch (...) {
      ::_exit(1);
    }
  }
  ready.write_end.reset();
  char byte = 0;
  if (util::read_full(ready.read_end.get(), &byte, 1, "ready") != 1) throw std::runtime_error("the job did not start");
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Processes of this machine whose command line holds `mark`.
int count_marked(const std::string& mark) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    try {
      if (std::isdigit(static_cast<unsigned char>(entry.path().filename().native()[0])) == 0) continue;
      const auto text = util::find_file(entry.path() / "cmdline", 1 << 16);
      if (text && text->find(mark) != std::string::npos) ++count;
    } catch (const std::exception&) {
      // It ended while we looked.
    }
  }
  return count;
}

bool none_left(const std::string& mark) {
  const auto start = std::chrono::steady_clock::now();
  while (count_marked(mark) > 0) {
    if (seconds_since(start) > 5) return false;
    ::usleep(10000);
  }
  return true;
}

std::string make_mark(int number) { return "3600." + std::to_string(::getpid()) + std::to_string(number); }

std::string daemons(const std::string& mark) { return "sleep " + mark + " & setsid sleep " + mark + " & (setsid sleep " + mark + " &) ; "; }

}  // namespace

TEST_CASE("daemons that a step leaves die with it, and it does not wait for them", "[kernel]") {
  const std::string mark = make_mark(1);
  const auto start = std::chrono::steady_clock::now();
  CHECK(isolated([&] {
          TestRoot root;
          root.open();
          return root.run(daemons(mark) + "exit 3");
        }) == "[3]");
  CHECK(seconds_since(start) < 60);
  CHECK(none_left(mark));
}

TEST_CASE("kill -9 of the builder leaves no process of the job", "[kernel]") {
  const std::string mark = make_mark(2);
  const util::TempDir top("/tmp");  // the killed process cannot clean up
  const pid_t pid = start_job(daemons(mark) + "echo ready; sleep " + mark, top.path());
  CHECK(count_marked(mark) > 0);
  ::kill(pid, SIGKILL);
  CHECK(wait_for(pid) == 128 + SIGKILL);
  CHECK(none_left(mark));
}

TEST_CASE("an interrupt ends the job politely when it listens", "[kernel]") {
  const pid_t pid = start_job("trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done");
  const auto start = std::chrono::steady_clock::now();
  ::kill(pid, SIGINT);
  CHECK(wait_for(pid) == 130);
  CHECK(seconds_since(start) < 1.9);
}

TEST_CASE("an interrupt kills a job that does not listen after two seconds, a second one at once", "[kernel]") {
  const std::string mark = make_mark(3);
  const std::string deaf = "trap '' TERM; (trap '' TERM; exec sleep " + mark + ") & echo ready; while :; do sleep 0.05; done";
  pid_t pid = start_job(deaf);
  auto start = std::chrono::steady_clock::now();
  ::kill(pid, SIGTERM);
  CHECK(wait_for(pid) == 130);
  CHECK(seconds_since(start) > 1.9);
  CHECK(none_left(mark));
  pid = start_job(deaf);
  start = std::chrono::steady_clock::now();
  ::kill(pid, SIGTERM);
  ::usleep(300000);
  ::kill(pid, SIGINT);
  CHECK(wait_for(pid) == 130);
  CHECK(seconds_since(start) < 1.9);
  CHECK(none_left(mark));
}

TEST_CASE("a sink that throws ends the job", "[kernel]") {
  const std::string mark = make_mark(4);
  CHECK(isolated([&]() -> std::string {
          TestRoot root;
          root.open();
          try {
            run_job(root.job(daemons(mark) + "echo x; sleep " + mark), [](std::string_view) { throw std::runtime_error("full"); });
          } catch (const std::runtime_error& error) {
            return error.what();
          }
          return "no exception";
        }) == "full");
  CHECK(none_left(mark));
}

TEST_CASE("a signal to the process group of the builder does not reach the step itself", "[kernel]") {
  CHECK(isolated([] {
          TestRoot root;
          root.open();
          return root.run("test $(ps -o pgid= -p $$) -eq $$ && echo own");
        }) == "own\n");
}
