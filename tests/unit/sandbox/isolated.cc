// SPDX-License-Identifier: Apache-2.0
#include "isolated.h"

#include "jcbuild/error.h"
#include "util/fd.h"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

using namespace jcb;
using namespace jcb::sandbox;

namespace {

std::string run_body(const std::function<std::string()>& body, const std::function<void()>& enter) {
  try {
    enter();
    return body();
  } catch (const Error& error) {
    return "error: " + error.message();
  } catch (const Interrupted&) {
    return "interrupted";
  }
}

void list_tree(const util::Root& root, const std::string& path, std::string& text) {
  for (const auto& entry : root.list(path)) {
    const std::string child = path.empty() ? entry.name : path + "/" + entry.name;
    text += child + "\n";
    if (S_ISDIR(entry.type)) list_tree(root, child, text);
  }
}

}  // namespace

std::string isolated(const std::function<std::string()>& body, IsolationChoice choice) {
  return in_child(body, [choice] { enter_isolation(choice); });
}

std::string in_child(const std::function<std::string()>& body, const std::function<void()>& enter) {
  util::Pipe pipe = util::make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    pipe.read_end.reset();
    util::write_all(pipe.write_end.get(), run_body(body, enter), "the test's pipe");
    ::_exit(0);
  }
  pipe.write_end.reset();
  std::string text = util::read_to_end(pipe.read_end.get(), std::uint64_t{8} << 20, "the test's pipe");
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status == 0 ? text : text + "[the test's child died]";
}

bool has_many_ids() {
  const bool many = isolated([] { return std::string(tier_name(enter_isolation().tier)); }) != "single-uid";
  if (!many) WARN("skipped: this user has one id");
  return many;
}

TestRoot::TestRoot(const std::filesystem::path& parent) : top(parent) {
  for (const char* name : {"lower", "upper", "work", "skeleton", "merged"}) top.root().make_dirs(name);
  for (const char* name : {"usr", "etc", "tmp", "proc", "sys", "dev"}) lower().make_dirs(name);
  for (const char* name : {"bin", "sbin", "lib", "lib64"}) {
    const std::string target = std::string("usr/") + name;
    if (::access(("/" + target).c_str(), F_OK) == 0 && ::symlinkat(target.c_str(), lower().fd(), name) != 0) throw_errno("link", name);
  }
}

void TestRoot::open(const std::vector<Bind>& binds) {
  const auto skeleton = top.root().subroot("skeleton");
  make_skeleton(skeleton, binds);
  const auto tree = lower();
  mount = std::make_unique<OverlayMount>(std::vector{&tree, &skeleton}, top.path() / "upper", top.path() / "work", top.path() / "merged");
}

Job TestRoot::job(const std::string& script) const {
  Job job;
  job.root = top.path() / "merged";
  job.argv = {"sh", "-c", script};
  job.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
  job.binds = {{"/usr", "/usr", true}};
  return job;
}

std::string TestRoot::run(const Job& job) const {
  std::string text;
  const auto status = run_job(job, [&](std::string_view bytes) { text += bytes; });
  if (!status.success()) text += "[" + std::to_string(status.code) + (status.signaled ? " signal" : "") + "]";
  return text;
}

std::string TestRoot::upper() const {
  std::string text;
  list_tree(top.root().subroot("upper"), "", text);
  return text;
}
