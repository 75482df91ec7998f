// SPDX-License-Identifier: Apache-2.0
#include "runtime/container.h"

#include "jcbuild/error.h"
#include "runtime/host.h"
#include "util/file.h"
#include "util/json.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

using namespace jcb;
using namespace jcb::runtime;
using Catch::Matchers::Contains;
using util::Json;

namespace {

using Strings = std::vector<std::string>;

// A bundle with an empty root, and a directory outside of it that links of the image point to.
struct Bundle {
  util::TempDir directory{std::filesystem::temp_directory_path(), "spec-"};
  util::TempDir outside{std::filesystem::temp_directory_path(), "outside-"};
  oci::ImageConfig image;
  ContainerOptions options;

  Bundle() {
    directory.root().make_dirs("rootfs/etc");
    image.config.cmd = Strings{"true"};
    options.id = "spec-test";
    options.hostname = "box";
  }
  std::filesystem::path rootfs() const { return directory.path() / "rootfs"; }
  util::Root root() const { return util::Root::open(rootfs()); }
  void link(const std::string& target, const char* name) const { REQUIRE(::symlinkat(target.c_str(), root().fd(), name) == 0); }
  Json spec(bool in_user_namespace = false) const { return make_spec(image, options, rootfs(), in_user_namespace); }
  bool is_outside_untouched() const { return outside.root().list().empty(); }
};

std::string error_of(const Bundle& bundle) {
  try {
    bundle.spec();
  } catch (const Error& error) {
    return error.message();
  }
  return "none";
}

const Json* find_mount(const Json& spec, const std::string& destination) {
  for (const Json& mount : spec.at("mounts")) {
    if (mount.at("destination") == destination) return &mount;
  }
  return nullptr;
}

bool has_option(const Json& mount, const std::string& option) {
  const auto& options = mount.at("options");
  return std::find(options.begin(), options.end(), option) != options.end();
}

bool is_directory(const util::Root& root, const char* path) {
  const auto status = root.find_stat(path);
  return status && S_ISDIR(status->st_mode);
}

}  // namespace

TEST_CASE("the command follows docker's table of ENTRYPOINT and CMD") {
  const auto arguments = [](std::optional<Strings> entrypoint, std::optional<Strings> cmd, std::optional<Strings> user_entrypoint,
                            Strings user_arguments) {
    Bundle bundle;
    bundle.image.config.entrypoint = std::move(entrypoint);
    bundle.image.config.cmd = std::move(cmd);
    bundle.options.entrypoint = std::move(user_entrypoint);
    bundle.options.arguments = std::move(user_arguments);
    return bundle.spec().at("process").at("args").get<Strings>();
  };
  CHECK(arguments({}, Strings{"c"}, {}, {}) == Strings{"c"});
  CHECK(arguments(Strings{"e"}, Strings{"c"}, {}, {}) == Strings{"e", "c"});
  CHECK(arguments(Strings{"e"}, Strings{"c"}, {}, {"a"}) == Strings{"e", "a"});
  CHECK(arguments(Strings{"e"}, Strings{"c"}, Strings{"u"}, {}) == Strings{"u"});
  CHECK(arguments(Strings{"e"}, Strings{"c"}, Strings{"u", "v"}, {"a"}) == Strings{"u", "v", "a"});
  CHECK(arguments(Strings{"e"}, Strings{"c"}, Strings{""}, {"a"}) == Strings{"a"});
  CHECK_THROWS_WITH(arguments({}, {}, {}, {}), "no command: the image has no CMD or ENTRYPOINT");
  CHECK_THROWS_WITH(arguments(Strings{"e"}, Strings{"c"}, Strings{""}, {}), "no command: the image has no CMD or ENTRYPOINT");
}

TEST_CASE("the environment is defaults, then the image's, then the user's, and nothing of ours") {
  Bundle bundle;
  REQUIRE(::setenv("JCBUILD_TEST_SECRET", "x", 1) == 0);
  bundle.image.config.env = {"PATH=/image", "A=1", "B=2"};
  bundle.options.environment = {"B=3", "C=4=5", "C=6"};
  bundle.options.terminal = true;
  CHECK(bundle.spec().at("process").at("env").get<Strings>() ==
        Strings{"PATH=/image", "HOSTNAME=box", "TERM=xterm", "HOME=/", "A=1", "B=3", "C=6"});
  bundle.options.environment = {"JCBUILD_TEST_SECRET"};
  CHECK_THAT(error_of(bundle), Contains("is not NAME=VALUE"));
}

TEST_CASE("a root whose mount points are links or files is repaired, and nothing outside is touched") {
  Bundle bundle;
  for (const char* name : {"dev", "proc"}) bundle.link(bundle.outside.path(), name);
  bundle.root().write_file("sys", "a file");
  for (const char* name : {"etc/hosts", "etc/resolv.conf"}) bundle.link(bundle.outside.path() / "made", name);
  bundle.root().make_dirs("etc/hostname/full");
  bundle.spec();
  for (const char* name : {"dev", "proc", "sys"}) CHECK(is_directory(bundle.root(), name));
  for (const char* name : {"etc/hosts", "etc/resolv.conf", "etc/hostname"}) CHECK(bundle.root().read_file(name, 100).empty());
  CHECK(bundle.is_outside_untouched());
}

TEST_CASE("an /etc that is a link out of the root stays inside") {
  Bundle bundle;
  bundle.root().remove_tree("etc");
  bundle.link("../../.." + bundle.outside.path().native(), "etc");
  bundle.root().make_dirs(bundle.outside.path().native());
  CHECK(find_mount(bundle.spec(), bundle.outside.path().native() + "/hosts") != nullptr);
  CHECK(bundle.is_outside_untouched());
}

TEST_CASE("the working directory is made inside the root and never in /proc") {
  Bundle bundle;
  bundle.options.working_directory = "/a/../srv//dir/";
  CHECK(bundle.spec().at("process").at("cwd") == "/srv/dir");
  CHECK(is_directory(bundle.root(), "srv/dir"));
  bundle.link("/srv/dir", "link");
  bundle.options.working_directory = "/link/sub";
  CHECK(bundle.spec().at("process").at("cwd") == "/srv/dir/sub");
  bundle.link("../../../../../../../" + bundle.outside.path().native(), "out");
  bundle.root().make_dirs(bundle.outside.path().native());
  bundle.options.working_directory = "/out/sub";
  CHECK(bundle.spec().at("process").at("cwd") == bundle.outside.path().native() + "/sub");
  CHECK(bundle.is_outside_untouched());

  bundle.options.working_directory = "/proc/self/fd/7";
  CHECK_THAT(error_of(bundle), Contains("is in /proc"));
  bundle.options.working_directory = "/x/../proc/self/fd/7";
  CHECK_THAT(error_of(bundle), Contains("is in /proc"));
  bundle.root().make_dirs("proc/self/fd");
  bundle.link("/proc/self/fd", "fds");
  bundle.options.working_directory = "/fds";
  CHECK_THAT(error_of(bundle), Contains("is in /proc"));
  bundle.options.working_directory = "relative";
  CHECK_THAT(error_of(bundle), Contains("not an absolute path"));
}

TEST_CASE("volumes are bound at resolved mount points of the source's kind") {
  Bundle bundle;
  const util::TempDir source(std::filesystem::temp_directory_path(), "source-");
  source.root().write_file("file", "x");
  bundle.root().make_dirs("run");
  REQUIRE(::mkdirat(bundle.root().fd(), "var", 0755) == 0);
  bundle.link("/run", "var/run");
  bundle.options.volumes = {{source.path() / "file", "/new/file", true}, {source.path(), "/var/run/dir", false}};
  const Json spec = bundle.spec();
  const Json* file = find_mount(spec, "/new/file");
  REQUIRE(file != nullptr);
  CHECK(has_option(*file, "ro"));
  CHECK(has_option(*file, "rbind"));
  const Json* directory = find_mount(spec, "/run/dir");
  REQUIRE(directory != nullptr);
  CHECK(has_option(*directory, "rw"));
  CHECK(is_directory(bundle.root(), "run/dir"));
  CHECK(bundle.root().read_file("new/file", 10).empty());
}

TEST_CASE("a volume that cannot be mounted is refused by name") {
  Bundle bundle;
  const util::TempDir source(std::filesystem::temp_directory_path(), "source-");
  const auto attempt = [&](const std::filesystem::path& from, const char* target) {
    bundle.options.volumes = {{from, target, false}};
    return error_of(bundle);
  };
  CHECK_THAT(attempt("/no/such/source", "/x"), Contains("volume source /no/such/source does not exist"));
  CHECK_THAT(attempt("relative", "/x"), Contains("not an absolute path"));
  CHECK_THAT(attempt(source.path(), "x"), Contains("not an absolute path"));
  CHECK_THAT(attempt(source.path(), "/x/.."), Contains("cannot be mounted at /"));
  CHECK_THAT(attempt(source.path(), "/proc/sys"), Contains("in /proc"));
  bundle.link("/proc", "to-proc");
  CHECK_THAT(attempt(source.path(), "/to-proc/sys"), Contains("in /proc"));
  bundle.root().write_file("file", "");
  CHECK_THAT(attempt(source.path(), "/file"), Contains("is not a directory in the image"));
  bundle.link("/nowhere", "dangling");
  CHECK_THAT(attempt(source.path(), "/dangling"), Contains("link to nowhere"));
}

TEST_CASE("a volume inside a volume is made in the outer source, and not through links there") {
  Bundle bundle;
  const util::TempDir outer(std::filesystem::temp_directory_path(), "outer-");
  const util::TempDir inner(std::filesystem::temp_directory_path(), "inner-");
  bundle.options.volumes = {{inner.path(), "/data/models/hub", false}, {outer.path(), "/data", false}};
  const Json spec = bundle.spec();
  CHECK(spec.at("mounts").back().at("destination") == "/data/models/hub");
  CHECK(is_directory(outer.root(), "models/hub"));

  bundle.options.volumes[1].read_only = true;
  CHECK(error_of(bundle) == "none");
  bundle.options.volumes[0].target = "/data/other";
  CHECK_THAT(error_of(bundle), Contains("/data/other does not exist in the read-only volume /data"));

  bundle.options.volumes[1].read_only = false;
  REQUIRE(::symlinkat("/models", outer.root().fd(), "other") == 0);
  CHECK_THAT(error_of(bundle), Contains("passes through a link in the volume /data"));
}

TEST_CASE("a volume over one of our own mounts takes its place") {
  Bundle bundle;
  bundle.options.volumes = {{"/dev", "/dev", false}, {"/etc/hostname", "/etc/hosts", true}};
  const Json spec = bundle.spec();
  const auto& mounts = spec.at("mounts");
  CHECK(mounts.at(1).at("destination") == "/dev");
  CHECK(mounts.at(1).at("source") == "/dev");
  CHECK(mounts.at(2).at("destination") == "/dev/pts");
  CHECK(find_mount(spec, "/etc/hosts")->at("source") == "/etc/hostname");
  CHECK(std::count_if(mounts.begin(), mounts.end(), [](const Json& mount) { return mount.at("destination") == "/etc/hosts"; }) == 1);
}

TEST_CASE("volumes of the image exist in the root") {
  Bundle bundle;
  bundle.link(bundle.outside.path(), "escape");
  bundle.image.config.volumes = {"/var/lib/data", "/x/../../y"};
  bundle.spec();
  CHECK(is_directory(bundle.root(), "var/lib/data"));
  CHECK(is_directory(bundle.root(), "y"));
}

TEST_CASE("a user namespace gets a bound /sys and no device rules") {
  const Bundle bundle;
  const Json root = bundle.spec(false);
  CHECK(find_mount(root, "/sys")->at("type") == "sysfs");
  CHECK(root.at("linux").at("resources").at("devices").at(0) == Json({{"allow", false}, {"access", "rwm"}}));
  const Json rootless = bundle.spec(true);
  CHECK(find_mount(rootless, "/sys")->at("type") == "bind");
  for (const char* option : {"rbind", "ro", "nosuid", "noexec", "nodev"}) CHECK(has_option(*find_mount(rootless, "/sys"), option));
  CHECK_FALSE(rootless.at("linux").contains("resources"));
}

TEST_CASE("without a network there is a namespace and only loopback names") {
  Bundle bundle;
  bundle.options.no_network = true;
  const Json spec = bundle.spec(true);
  CHECK(spec.at("linux").at("namespaces").back().at("type") == "network");
  CHECK(find_mount(spec, "/sys")->at("type") == "sysfs");
  CHECK(bundle.directory.root().read_file("resolv.conf", 100).empty());
  CHECK_THAT(bundle.directory.root().read_file("hosts", 1000), Contains("127.0.0.1\tlocalhost\n") && Contains("\tbox\n"));
}

TEST_CASE("ids and host names that would mean something else are refused") {
  for (const char* id : {"", ".", "../x", "a/b", "a b"}) {
    Bundle bundle;
    bundle.options.id = id;
    CHECK_THAT(error_of(bundle), Contains("is not a container id"));
  }
  Bundle bundle;
  bundle.options.hostname = "x\n10.0.0.1 example.org";
  CHECK_THAT(error_of(bundle), Contains("is not a host name"));
}

TEST_CASE("a numeric user beyond the allowed range is refused") {
  Bundle bundle;
  bundle.image.config.user = "4294967296";
  CHECK(error_of(bundle) != "none");
  bundle.image.config.user = "12:34";
  if (!is_uid_mapped(12) || !is_gid_mapped(34)) return;
  const Json user = bundle.spec().at("process").at("user");
  CHECK(user == Json({{"uid", 12}, {"gid", 34}, {"additionalGids", {34}}}));
}
