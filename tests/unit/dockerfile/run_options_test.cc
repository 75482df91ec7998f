// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/run_options.h"
#include "dockerfile/csv.h"
#include "jcbuild/error.h"

#include <catch2/catch.hpp>

using namespace jcb;
using namespace jcb::dockerfile;

namespace {

// The message of what `body` throws, with its hint behind " / ".
template <typename Body>
std::string fault(Body&& body) {
  try {
    body();
    return "nothing thrown";
  } catch (const Error& error) {
    return error.message() + (error.hint().empty() ? "" : " / " + error.hint());
  }
}

std::string mount_fault(const char* value) {
  return fault([&] { parse_run_mount(value); });
}

RunMount make(MountType type, const char* target, const char* id = "") {
  RunMount mount;
  mount.type = type;
  mount.target = target;
  mount.id = id;
  mount.read_only = type != MountType::cache && type != MountType::tmpfs;
  return mount;
}

}  // namespace

TEST_CASE("a CSV record is read as Go's encoding/csv reads it") {
  CHECK(parse_csv_record("a=1,b=2") == std::vector<std::string>{"a=1", "b=2"});
  CHECK(parse_csv_record("a=1, b ,") == std::vector<std::string>{"a=1", " b ", ""});
  CHECK(parse_csv_record(R"("a=x,y","b=""q""",c)") == std::vector<std::string>{"a=x,y", "b=\"q\"", "c"});
  CHECK(parse_csv_record("\"a\nb\"") == std::vector<std::string>{"a\nb"});
  for (const char* bad : {"", "a=\"x\"", "\"a", "\"a\"b", "a\nb"}) CHECK_THROWS_AS(parse_csv_record(bad), Error);
  const std::vector<std::string> fields{"plain", "with,comma", "with \"quote\"", ""};
  CHECK(parse_csv_record(make_csv_record(fields)) == fields);
}

TEST_CASE("every form of a bind mount") {
  RunMount mount = make(MountType::bind, "/m");
  CHECK(parse_run_mount("target=/m") == mount);
  CHECK(parse_run_mount("type=bind,dst=/m") == mount);
  CHECK(parse_run_mount("TYPE=Bind,Destination=/m,ro") == mount);
  CHECK(parse_run_mount("target=/m,readonly=true") == mount);
  CHECK(parse_run_mount("target=/m,rw=false") == mount);
  mount.read_only = false;
  for (const char* value : {"target=/m,rw", "target=/m,readwrite", "target=/m,readwrite=1", "target=/m,ro=F", "ro,target=/m,rw"})
    CHECK(parse_run_mount(value) == mount);
  mount.read_only = true;
  mount.from = "build";
  mount.source = "/out";
  CHECK(parse_run_mount("from=build,source=/out,target=/m") == mount);
  CHECK(parse_run_mount("from=build,src=/out,target=/m") == mount);
  mount.target = "/with,comma";
  CHECK(parse_run_mount("from=build,src=/out,\"target=/with,comma\"") == mount);
  CHECK(parse_run_mount("source=x").target.empty());
}

TEST_CASE("every form of a cache mount") {
  RunMount mount = make(MountType::cache, "/root/.cache", "/root/.cache");
  CHECK(parse_run_mount("type=cache,target=/root/.cache") == mount);
  CHECK(parse_run_mount("type=cache,target=/root/.cache,sharing=shared") == mount);
  CHECK(parse_run_mount("type=cache,target=/root//x/../.cache/").id == "/root/.cache");
  CHECK(parse_run_mount("type=cache,target=.cache").id == ".cache");
  mount.id = "pip";
  mount.sharing = CacheSharing::locked;
  mount.mode = 01777;
  mount.uid = 1000;
  mount.gid = 2147483647;
  mount.from = "seed";
  mount.source = "a/b";
  CHECK(parse_run_mount("type=cache,target=/root/.cache,id=pip,sharing=locked,mode=1777,uid=1000,gid=2147483647,from=seed,source=a/b") ==
        mount);
  CHECK(parse_run_mount("type=cache,target=/c,sharing=PRIVATE").sharing == CacheSharing::private_);
  CHECK(parse_run_mount("type=cache,target=/c,ro").read_only);
}

TEST_CASE("every form of a tmpfs mount, with docker's sizes") {
  RunMount mount = make(MountType::tmpfs, "/t");
  CHECK(parse_run_mount("type=tmpfs,target=/t") == mount);
  CHECK(parse_run_mount("type=tmpfs,target=/t,from=unused").from.empty());
  const std::vector<std::pair<std::string, std::uint64_t>> sizes{
      {"0", 0},          {"64", 64},    {"64b", 64},     {"2k", 2048},       {"2 KB", 2048},     {"2KiB", 2048},
      {"1.5m", 1572864}, {"0.5k", 512}, {"1.25K", 1280}, {"3g", 3221225472}, {"1T", 1ULL << 40}, {"1p", 1ULL << 50}};
  for (const auto& [text, bytes] : sizes) CHECK(parse_run_mount("type=tmpfs,target=/t,size=" + text).size_bytes == bytes);
  for (const char* bad : {"", "x", "1x", "-1", "1.2.3", ".", "1.", ".5", "1  k", "1kk", "99999999999999999999", "9999999p", "1ib2"})
    CHECK_THROWS_AS(parse_run_mount("type=tmpfs,target=/t,size=" + std::string(bad)), Error);
}

TEST_CASE("every form of a secret mount") {
  RunMount mount = make(MountType::secret, "/run/secrets/token", "token");
  CHECK(parse_run_mount("type=secret,id=token") == mount);
  CHECK(parse_run_mount("type=secret,source=token") == mount);
  CHECK(parse_run_mount("type=secret,target=/run/secrets/token") == mount);
  CHECK(parse_run_mount("type=secret,id=a/b").target == "/run/secrets/b");
  mount.target = "/root/.netrc";
  mount.required = true;
  mount.mode = 0440;
  mount.uid = 7;
  mount.gid = 8;
  CHECK(parse_run_mount("type=secret,id=token,target=/root/.netrc,required,mode=0440,uid=7,gid=8") == mount);
  CHECK(parse_run_mount("required=true,mode=440,uid=7,gid=8,id=token,dst=/root/.netrc,type=secret") == mount);
  const RunMount variable = parse_run_mount("type=secret,id=token,env=TOKEN");
  CHECK(variable.environment == "TOKEN");
  CHECK(variable.target.empty());
  CHECK(parse_run_mount("type=secret,id=token,env=TOKEN,target=/t").target == "/t");
}

TEST_CASE("ssh mounts are numbered in their order") {
  const auto options =
      parse_run_options({"--mount=type=ssh", "--mount=type=ssh,target=/own,id=work", "--mount=type=ssh,required,mode=0666,uid=1,gid=2"});
  REQUIRE(options.mounts.size() == 3);
  CHECK(options.mounts[0] == make(MountType::ssh, "/run/buildkit/ssh_agent.0", "default"));
  CHECK(options.mounts[1] == make(MountType::ssh, "/own", "work"));
  CHECK(options.mounts[2].target == "/run/buildkit/ssh_agent.2");
  CHECK(options.mounts[2].required);
  CHECK(options.mounts[2].mode == 0666);
}

TEST_CASE("modes that nobody gave are BuildKit's") {
  CHECK(default_mode(MountType::cache) == 0755);
  CHECK(default_mode(MountType::secret) == 0400);
  CHECK(default_mode(MountType::ssh) == 0600);
  CHECK(default_mode(MountType::tmpfs) == 01777);
}

TEST_CASE("B9: what is not on the list is refused, with the nearest name") {
  CHECK(mount_fault("target=/m,bind-propagation=shared").starts_with("unknown key 'bind-propagation' / it is one of "));
  CHECK(mount_fault("taget=/m") == "unknown key 'taget' / did you mean target?");
  CHECK(mount_fault("type=cahce,target=/m") == "unknown mount type 'cahce' / did you mean cache?");
  CHECK(mount_fault("type=cache,target=/m,sharing=lock") == "unknown sharing 'lock' / did you mean locked?");
  CHECK(mount_fault("from=$X,target=/m") == "'from' takes no variables: '$X' / give the image a name: FROM $X AS name");
  CHECK(mount_fault("target") == "the key 'target' needs a value");
  CHECK(mount_fault("target=/m,,ro").starts_with("unknown key ''"));
  CHECK(mount_fault("target=/m,ro=maybe") == "the key 'readonly' takes true or false, not 'maybe'");
  CHECK(mount_fault("target=/m,mode=0755") == "a mount of type bind has no key 'mode'");
  CHECK(mount_fault("type=tmpfs,target=/m,uid=1") == "a mount of type tmpfs has no key 'uid'");
  CHECK(mount_fault("target=/m,required") == "a mount of type bind has no key 'required'");
  CHECK(mount_fault("type=cache,target=/m,size=1k") == "a mount of type cache has no key 'size'");
  CHECK(mount_fault("type=secret,id=x,sharing=locked") == "a mount of type secret has no key 'sharing'");
  CHECK(mount_fault("type=secret,id=x,from=y") == "a mount of type secret has no key 'from'");
  CHECK(mount_fault("type=ssh,source=x") == "a mount of type ssh has no key 'source'");
  CHECK(mount_fault("type=cache,target=/m,env=X") == "a mount of type cache has no key 'env'");
  CHECK(mount_fault("type=secret,id=x,source=y") == "a secret mount takes 'id' or 'source', not both");
  CHECK(mount_fault("type=secret") == "a secret mount needs an id or a target / write --mount=type=secret,id=NAME");
  CHECK(mount_fault("type=secret,id=x,env=A=B") == "'A=B' cannot be the name of a variable");
  for (const char* mode : {"8", "0o755", "10000", "-1", "", "777777777777777777777"})
    CHECK_THROWS_AS(parse_run_mount("type=cache,target=/m,mode=" + std::string(mode)), Error);
  for (const char* uid : {"root", "4294967296", "2147483648", "-1", ""})
    CHECK_THROWS_AS(parse_run_mount("type=cache,target=/m,uid=" + std::string(uid)), Error);
}

TEST_CASE("a variable's value cannot add a key") {
  const auto expand = [](const std::string& value) { return value == "$X" ? "/m,rw" : value; };
  const auto mount = parse_run_mount("target=$X", expand);
  CHECK(mount.target == "/m,rw");
  CHECK(mount.read_only);
}

TEST_CASE("network, security and devices of one RUN") {
  const auto options = parse_run_options({"--network=none", "--security=insecure", "--device=vendor.com/gpu=all", "--device=b"});
  CHECK(options.network == "none");
  CHECK(options.security == "insecure");
  CHECK(options.devices == std::vector<RunDevice>{{"vendor.com/gpu=all", false}, {"b", false}});
  CHECK(parse_run_options({}) == RunOptions{});
  CHECK(parse_run_options({"--network=host", "--security=sandbox"}).security == "sandbox");
  CHECK(fault([] { parse_run_options({"--network=nome"}); }) == "unknown value for --network 'nome' / did you mean none?");
  CHECK_THROWS_AS(parse_run_options({"--security=off"}), Error);
  CHECK_THROWS_AS(parse_run_options({"--mount"}), Error);
  CHECK_THROWS_AS(parse_run_options({"--mont=x"}), Error);
}

TEST_CASE("a device has a name, and is required or not") {
  const std::pair<const char*, RunDevice> good[] = {
      {"v.com/gpu", {"v.com/gpu", false}},
      {"v.com/gpu=0", {"v.com/gpu=0", false}},
      {"v.com/gpu=*", {"v.com/gpu=*", false}},
      {"v.com/gpu=0,required", {"v.com/gpu=0", true}},
      {"required,v.com/gpu=0", {"v.com/gpu=0", true}},
      {"name=v.com/gpu=0,required=true", {"v.com/gpu=0", true}},
      {"NAME=v.com/gpu=0,REQUIRED=1", {"v.com/gpu=0", true}},
      {"v.com/gpu=0,required=false", {"v.com/gpu=0", false}},
      {"\"v.com/gpu=0\",required", {"v.com/gpu=0", true}},
  };
  for (const auto& [text, device] : good) {
    INFO(text);
    CHECK(parse_run_device(text) == device);
  }
  CHECK(fault([] { parse_run_device("required"); }) == "a device needs a name / write --device=VENDOR/CLASS=NAME");
  CHECK(fault([] { parse_run_device("name="); }) == "a device needs a name / write --device=VENDOR/CLASS=NAME");
  CHECK(fault([] { parse_run_device("a,requird"); }) == "unknown key 'requird' / did you mean required?");
  CHECK(fault([] { parse_run_device("a,b=c"); }) == "unknown key 'b' / it is one of name, required");
  CHECK(fault([] { parse_run_device("name=a,name=b"); }) == "a device has one name");
  CHECK(fault([] { parse_run_device("a,name=b"); }) == "a device has one name");
  CHECK(fault([] { parse_run_device("a,required=maybe"); }) == "the key 'required' takes true or false, not 'maybe'");
  CHECK_THROWS_AS(parse_run_device(""), Error);
  const auto expand = [](const std::string& value) { return value == "$X" ? "v.com/gpu=0,required" : value; };
  CHECK(parse_run_device("name=$X", expand) == RunDevice{"v.com/gpu=0,required", false});
}
