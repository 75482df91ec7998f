// SPDX-License-Identifier: Apache-2.0
// RUN --mount as a whole: flags to files that a command sees.
#include "build/run_mounts.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <mutex>
#include <thread>

#include "isolated.h"
#include "jcbuild/error.h"

using namespace jcb;
using namespace jcb::build;

namespace {

using Flags = std::vector<std::string>;

// A store, a build context and a stage; made inside `isolated`.
struct Machine {
  util::TempDir top{"/tmp"};
  store::Store store = store::Store::open(top.path() / "store");
  std::map<std::string, Secret> secrets{{"token", {"s3cr3t-token-value"}}};
  std::map<std::string, std::filesystem::path> agents;
  MountEnvironment environment;
  std::string upper;  // what the last RUN left
  std::mutex mutex;

  Machine() {
    top.root().make_dirs("context/dir");
    top.root().write_file("context/dir/file", "of the context\n");
    top.root().make_dirs("stage/usr/lib");
    top.root().write_file("stage/usr/lib/so", "of the stage\n");
    link("/usr/lib", "stage/abs");
    link("../../../../../../../../etc", "stage/escape");
    environment.tree = [this](const std::string& from) { return tree(from); };
    environment.secrets = &secrets;
    environment.ssh_sockets = &agents;
    environment.store = &store;
    environment.cache_namespace = "test";
  }

  void link(const char* target, const char* path) const {
    if (::symlinkat(target, top.root().fd(), path) != 0) throw_errno("link", path);
  }

  MountTree tree(const std::string& from) const {
    if (!from.empty() && from != "stage") throw Error(ErrorKind::not_found, "no stage " + from);
    const auto path = top.path() / (from.empty() ? "context" : from);
    return {std::make_shared<const util::Root>(util::Root::open(path)), path, "state"};
  }

  // What the script prints in a RUN with these --mount values.
  std::string run(const Flags& mounts, const std::string& script, const std::function<void(sandbox::Job&)>& change = {}) {
    Flags flags;
    for (const auto& mount : mounts) flags.push_back("--mount=" + mount);
    store::Workspace workspace = store.make_workspace();
    const RunMounts made(dockerfile::parse_run_options(flags).mounts, environment, workspace);
    TestRoot root;
    sandbox::make_skeleton(root.top.root().subroot("skeleton"), made.points());
    root.open();
    sandbox::Job job = root.job(script);
    made.add_to(job);
    if (change) change(job);
    const std::string printed = root.run(job);
    root.mount.reset();
    const std::lock_guard guard(mutex);
    upper = root.upper();
    return printed;
  }
};

// The same on a machine of its own.
std::string run(const Flags& mounts, const std::string& script) {
  return isolated([&] {
    Machine machine;
    const std::string printed = machine.run(mounts, script);
    return printed + machine.upper;
  });
}

// All file contents and names below a directory.
void read_all(const util::Root& root, const std::string& path, std::string& text) {
  for (const auto& entry : root.list(path)) {
    const std::string child = path.empty() ? entry.name : path + "/" + entry.name;
    text += child + "\n";
    if (S_ISDIR(entry.type)) read_all(root, child, text);
    if (S_ISREG(entry.type)) text += root.read_file(child, 1 << 24) + "\n";
  }
}

// An agent that answers every line with "agent: " before it.
class EchoAgent {
 public:
  explicit EchoAgent(const std::filesystem::path& path) : m_listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{AF_UNIX, {}};
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(m_listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(m_listener.get(), 4) != 0)
      throw_errno("listen at", path.native());
    m_thread = std::thread([this] { serve(); });
  }
  ~EchoAgent() {
    ::shutdown(m_listener.get(), SHUT_RDWR);
    m_thread.join();
  }

 private:
  void serve() const {
    for (;;) {
      const util::Fd client(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      util::write_all(client.get(), "agent: " + util::read_to_end(client.get(), 1 << 20, "request"), "answer");
    }
  }
  util::Fd m_listener;
  std::thread m_thread;
};

// Speaks to the socket named by SSH_AUTH_SOCK.
const std::string k_ask =
    "perl -MIO::Socket::UNIX -e '$s = IO::Socket::UNIX->new(Peer => $ENV{SSH_AUTH_SOCK}) or die \"no agent\\n\"; print $s \"x\" x "
    "$ARGV[0]; "
    "$s->shutdown(1); local $/; $a = <$s>; print length($a), \" \", substr($a, 0, 8), \"\\n\"' ";

}  // namespace

TEST_CASE("a bind shows a part of the context or of a stage, read-only, and leaves no trace", "[kernel]") {
  CHECK(run({"source=dir,target=/m"}, "cat /m/file; (: > /m/new) 2>/dev/null || echo ro") == "of the context\nro\n");
  CHECK(run({"from=stage,source=/abs/so,target=/deep/so"}, "cat /deep/so; (: > /deep/so) 2>/dev/null || echo ro") == "of the stage\nro\n");
  CHECK(run({"target=/all"}, "ls /all; grep -c ' /all .*nodev' /proc/mounts") == "dir\n1\n");
}

TEST_CASE("B8: a source that is a link out of its tree is looked up inside it", "[kernel]") {
  CHECK(
      run({"from=stage,source=/escape,target=/m"}, "ls /m").starts_with("error: the source of a mount, /escape of stage, does not exist"));
  CHECK(run({"from=stage,source=/../../../abs,target=/m"}, "ls /m") == "so\n");
}

TEST_CASE("B8: a source that is a device or a FIFO is refused", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          if (::mkfifoat(machine.top.root().fd(), "stage/fifo", 0644) != 0) throw_errno("make", "fifo");
          return machine.run({"from=stage,source=fifo,target=/m"}, "cat /m");
        }) == "error: the source of a mount, /fifo of stage, is neither a directory nor a regular file");
}

TEST_CASE("B5, B11: a source that is swapped after it was looked up changes nothing", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          store::Workspace workspace = machine.store.make_workspace();
          const RunMounts made({dockerfile::parse_run_mount("from=stage,source=usr/lib,target=/m")}, machine.environment, workspace);
          const auto stage = machine.top.root().subroot("stage/usr");
          if (::renameat(stage.fd(), "lib", stage.fd(), "old") != 0 || ::symlinkat("/etc", stage.fd(), "lib") != 0)
            throw_errno("swap", "lib");
          TestRoot root;
          sandbox::make_skeleton(root.top.root().subroot("skeleton"), made.points());
          root.open();
          sandbox::Job job = root.job("ls /m");
          made.add_to(job);
          return root.run(job);
        }) == "so\n");
}

TEST_CASE("B5: a subdirectory of a cache is looked up inside the cache", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          const std::string made =
              machine.run({"type=cache,target=/c"}, "mkdir /c/sub; echo kept > /c/sub/file; ln -s /etc /c/out; ln -s /sub /c/in");
          const std::string in = machine.run({"type=cache,target=/x,id=/c,source=in"}, "cat /x/file");
          return made + in + machine.run({"type=cache,target=/x,id=/c,source=out"}, "ls /x");
        }).starts_with("error: the cache mount has no directory out"));
  CHECK(isolated([] {
          Machine machine;
          machine.run({"type=cache,target=/c"}, "mkdir /c/sub; echo kept > /c/sub/file; ln -s /sub /c/in");
          return machine.run({"type=cache,target=/x,id=/c,source=in"}, "cat /x/file");
        }) == "kept\n");
}

TEST_CASE("B11: what is written to a bind with rw is thrown away", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          const std::string printed =
              machine.run({"source=dir,target=/m,rw", "from=stage,source=usr/lib/so,target=/so,rw"},
                          "echo more >> /m/file; echo x > /m/new; rm -r /m/sub 2>/dev/null; echo y > /so; cat /m/file /m/new /so");
          std::string left;
          read_all(machine.top.root().subroot("context"), "", left);
          return printed + machine.upper + left + machine.top.root().read_file("stage/usr/lib/so", 100) +
                 std::to_string(machine.top.root().list("store/tmp").size());
        }) == "of the context\nmore\nx\ny\ndir\ndir/file\nof the context\n\nof the stage\n0");
}

TEST_CASE("a cache keeps what was written, under its id and namespace", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          std::string printed = machine.run({"type=cache,target=/root/.cache"},
                                            "stat -c '%a %u' ~/.cache /root/.cache 2>/dev/null | tail -1; "
                                            "echo kept > /root/.cache/file") +
                                machine.upper;
          printed += machine.run({"type=cache,id=/root/.cache,target=/other,ro"}, "cat /other/file; (: > /other/x) 2>/dev/null || echo ro");
          machine.environment.cache_namespace = "another";
          return printed + machine.run({"type=cache,target=/root/.cache"}, "ls /root/.cache");
        }) == "755 0\nkept\nro\n");
}

TEST_CASE("B10: any text is an id, and stays one directory of the store", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          for (const char* id : {"../../../../../../tmp/escape", "/etc", ".", "..", "a\nb"})
            machine.run({std::string("type=cache,target=/c,\"id=") + id + "\""}, "echo x > /c/x");
          std::string names;
          for (const auto& entry :
               machine.store.path().empty() ? std::vector<util::DirEntry>{} : machine.top.root().list("store/cache/mounts"))
            names += std::to_string(entry.name.size()) + " ";
          return names + (::access("/tmp/escape", F_OK) == 0 ? "escaped" : "contained");
        }) == "64 64 64 64 64 contained");
}

TEST_CASE("a new cache gets its mode and owner, and starts from a tree", "[kernel]") {
  CHECK(run({"type=cache,target=/c,mode=1770,uid=7,gid=8"}, "stat -c '%a %u %g' /c") == "1770 7 8\n");
  CHECK(isolated([] {
          Machine machine;
          const std::string seeded = "type=cache,target=/c,from=stage,source=usr";
          std::string printed = machine.run({seeded}, "cat /c/lib/so; echo changed > /c/lib/so");
          printed += machine.run({seeded}, "cat /c/lib/so") + machine.top.root().read_file("stage/usr/lib/so", 100);
          return printed + machine.run({"type=cache,target=/c"}, "ls /c");
        }) == "of the stage\nchanged\nof the stage\n");
}

TEST_CASE("B19: private users have directories of their own, locked ones wait, shared ones share", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          const CacheWish wish{"id", dockerfile::CacheSharing::private_, nullptr, {}, {}, {}};
          store::Workspace workspace = machine.store.make_workspace();
          auto first = take_caches(machine.store, workspace, {wish, wish});
          const auto paths = std::pair(first[0]->path(), first[1]->path());
          first.clear();
          const auto again = take_caches(machine.store, workspace, {wish});
          return std::string(paths.first != paths.second ? "apart " : "same ") + (again[0]->path() == paths.first ? "reused" : "new");
        }) == "apart reused");
  CHECK(isolated([] {
          Machine machine;
          std::atomic<int> users{0}, most{0};
          const auto use = [&](dockerfile::CacheSharing sharing) {
            store::Workspace workspace = machine.store.make_workspace();
            const auto taken =
                take_caches(machine.store, workspace, {{"b", sharing, nullptr, {}, {}, {}}, {"a", sharing, nullptr, {}, {}, {}}});
            most = std::max(most.load(), ++users);
            std::this_thread::sleep_for(std::chrono::milliseconds(30));
            --users;
          };
          for (const auto sharing : {dockerfile::CacheSharing::locked, dockerfile::CacheSharing::shared}) {
            std::vector<std::thread> threads;
            for (int i = 0; i < 4; ++i) threads.emplace_back(use, sharing);
            for (auto& thread : threads) thread.join();
            if (sharing == dockerfile::CacheSharing::locked && most != 1) return std::string("not alone");
          }
          return std::string(most > 1 ? "shared" : "serial");
        }) == "shared");
}

TEST_CASE("a cache inside a shared cache stays mounted when another RUN that has the same ends", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          const Flags mounts{"type=cache,target=/c", "type=cache,target=/c/inner"};
          std::string slow;
          std::thread other([&] {
            slow = machine.run(mounts,
                               "echo x > /c/started; while [ ! -e /c/over ]; do sleep 0.01; done; echo y > /c/inner/file; ls /c/inner");
          });
          const std::string quick = machine.run(mounts, "while [ ! -e /c/started ]; do sleep 0.01; done; ls /c");
          machine.run({"type=cache,target=/c"}, ": > /c/over");
          other.join();
          return quick + slow;
        }) == "inner\nstarted\nfile\n");
}

TEST_CASE("B19: a cache in use is seen by other processes", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          store::Workspace workspace = machine.store.make_workspace();
          CacheWish wish{"id", dockerfile::CacheSharing::locked, nullptr, {}, {}, {}};
          const auto held = take_caches(machine.store, workspace, {wish});
          util::Pipe pipe = util::make_pipe();
          if (::fork() == 0) {
            wish.sharing = dockerfile::CacheSharing::private_;
            util::write_all(pipe.write_end.get(), take_caches(machine.store, workspace, {wish})[0]->path().native(), "pipe");
            ::_exit(0);
          }
          pipe.write_end.reset();
          const std::string other = util::read_to_end(pipe.read_end.get(), 4096, "pipe");
          return std::string(!other.empty() && other != held[0]->path() ? "apart" : "same");
        }) == "apart");
}

TEST_CASE("a locked cache mounted twice by one RUN does not wait for itself", "[kernel]") {
  CHECK(run({"type=cache,id=x,target=/a,sharing=locked", "type=cache,id=x,target=/b", "type=cache,id=x,target=/c,sharing=private"},
            "echo x > /a/file; ls /b /c") == "/b:\nfile\n\n/c:\n");
}

TEST_CASE("a tmpfs mount is empty memory of its size", "[kernel]") {
  CHECK(run({"type=tmpfs,target=/t,size=64k"},
            "stat -f -c %T /t; stat -c %a /t; head -c 100000 /dev/zero > /t/x 2>/dev/null || echo full") == "tmpfs\n1777\nfull\n");
}

TEST_CASE("a secret is a file, a variable or both; absent when it is not required", "[kernel]") {
  CHECK(run({"type=secret,id=token"}, "cat /run/secrets/token; stat -c ' %a %u %g' /run/secrets/token") == "s3cr3t-token-value 400 0 0\n");
  CHECK(run({"type=secret,id=token,target=/t,mode=0444,uid=5,gid=6,env=T"}, "cat /t; stat -c ' %a %u %g' /t; echo $T") ==
        "s3cr3t-token-value 444 5 6\ns3cr3t-token-value\n");
  CHECK(run({"type=secret,id=token,env=T"}, "echo $T; ls -d /run/secrets 2>/dev/null || echo none") == "s3cr3t-token-value\nnone\n");
  CHECK(run({"type=secret,id=other"}, "ls /run/secrets") == "ls: cannot access '/run/secrets': No such file or directory\n[2]");
  CHECK(run({"type=secret,id=other,required"}, "") == "error: the secret other is required and was not given");
}

TEST_CASE("B14: a secret is in no file of the store, no layer and no key", "[kernel]") {
  const auto mounts =
      dockerfile::parse_run_options({"--mount=type=secret,id=token,env=T", "--mount=type=cache,id=hidden,target=/c,sharing=locked"}).mounts;
  for (const auto& field : key_fields(mounts)) CHECK(field.find("s3cr3t") == std::string::npos);
  CHECK(isolated([&] {
          Machine machine;
          store::Workspace workspace = machine.store.make_workspace();
          const RunMounts made(
              dockerfile::parse_run_options({"--mount=type=secret,id=token", "--mount=type=secret,id=token,target=/c/in"}).mounts,
              machine.environment, workspace);
          std::string during;
          TestRoot root;
          sandbox::make_skeleton(root.top.root().subroot("skeleton"), made.points());
          root.open();
          sandbox::Job job = root.job("cat /run/secrets/token /c/in; echo; sleep 0.1");
          made.add_to(job);
          // While the command runs: what anybody who can read our files would see.
          const auto look = [&](std::string_view) {
            read_all(machine.top.root().subroot("store"), "", during);
            read_all(root.top.root().subroot("upper"), "", during);
            read_all(root.top.root().subroot("skeleton"), "", during);
          };
          std::string printed;
          sandbox::run_job(job, [&](std::string_view bytes) { printed += bytes, look(bytes); });
          root.mount.reset();
          return printed + (during.size() > 100 && during.find("s3cr3t") == std::string::npos ? "unseen " : "seen ") + root.upper();
        }) == "s3cr3t-token-values3cr3t-token-value\nunseen ");
}

TEST_CASE("key fields say what the RUN can see, and no more") {
  const auto fields = [](const char* value) { return key_fields({dockerfile::parse_run_mount(value)}); };
  CHECK(fields("type=cache,target=/c,id=a,sharing=locked") == fields("type=cache,target=/c,id=b"));
  CHECK(fields("type=cache,target=/c,mode=0700") == Flags{"type=cache,target=/c,rw,mode=700"});
  CHECK(fields("from=x,source=/y,\"target=/a,ro\",rw") == Flags{"type=bind,\"target=/a,ro\",from=x,source=/y,rw"});
  CHECK(fields("type=secret,id=a,uid=1,gid=2,required,env=E") == Flags{"type=secret,target=,id=a,env=E,ro,uid=1,gid=2,required"});
  CHECK(fields("type=tmpfs,target=/t,size=1k") == Flags{"type=tmpfs,target=/t,rw,size=1024"});
}

TEST_CASE("ssh: a command talks to the agent through a socket of its own", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          // A path longer than a socket address may hold.
          const std::string deep(120, 'd');
          machine.top.root().make_dirs(deep);
          const EchoAgent agent(machine.top.path() / "agent");
          std::filesystem::create_symlink(machine.top.path() / "agent", machine.top.path() / deep / "agent");
          machine.agents["default"] = machine.top.path() / deep / "agent";
          return machine.run({"type=ssh"},
                             "echo $SSH_AUTH_SOCK; stat -c '%F %a %u %g' $SSH_AUTH_SOCK; " + k_ask + "5; " + k_ask + "500000") +
                 machine.run({"type=ssh,target=/s,mode=0666,uid=3,gid=4"}, "stat -c '%a %u %g' /s; " + k_ask + "1",
                             [](sandbox::Job& job) {
                               job.identity = {3, 4, {}};
                             }) +
                 machine.upper;
        }) == "/run/buildkit/ssh_agent.0\nsocket 600 0 0\n12 agent: x\n500007 agent: x\n666 3 4\n8 agent: x\n");
}

TEST_CASE("ssh: without an agent there is no socket, and a required one is an error", "[kernel]") {
  CHECK(run({"type=ssh"}, "echo ${SSH_AUTH_SOCK-unset}") == "unset\n");
  CHECK(run({"type=ssh,id=work,required"}, "") == "error: the ssh agent work is required and was not given");
}

TEST_CASE("ssh: an agent that went away is a closed connection", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          machine.agents["default"] = machine.top.path() / "gone";
          // perl may find it closed before or after it has written.
          return machine.run({"type=ssh"}, "(" + k_ask + "1) >/tmp/out 2>&1; grep -c agent: /tmp/out; echo over");
        }) == "0\nover\n");
}

TEST_CASE("targets are relative to the working directory, never the root itself", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          machine.environment.working_directory = "/srv/dir";
          return machine.run({"source=dir,target=m"}, "cat /srv/dir/m/file") + machine.run({"source=dir"}, "cat /srv/dir/file");
        }) == "of the context\nof the context\n");
  CHECK(run({"target=/"}, "") == "error: a mount cannot cover the whole root file system");
  CHECK(run({"target=/x/.."}, "") == "error: a mount cannot cover the whole root file system");
  CHECK(run({"source=dir"}, "") == "error: a mount cannot cover the whole root file system");
}

TEST_CASE("B27: a working directory through a descriptor of a mount is refused", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          std::string printed;
          for (int fd = 3; fd < 40; ++fd) {
            try {
              printed += machine.run({"target=/m"}, "pwd",
                                     [&](sandbox::Job& job) { job.working_directory = "/proc/self/fd/" + std::to_string(fd); });
            } catch (const Error&) {
              continue;
            }
          }
          return printed;
        }) == "");
}

TEST_CASE("a RUN without network inside a build with one", "[kernel]") {
  CHECK(isolated([] {
          Machine machine;
          return machine.run({}, "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '",
                             [](sandbox::Job& job) { job.network = sandbox::Network::none; });
        }) == "lo\n");
}
