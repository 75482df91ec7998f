// SPDX-License-Identifier: Apache-2.0
#include "cdi/catalog.h"

#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include "jcbuild/error.h"
#include "util/file.h"

using namespace jcb;
using namespace jcb::cdi;
using Catch::Contains;

namespace {

using Names = std::vector<std::string>;

std::string spec(const std::string& kind, const Names& names, const std::string& variable = "V=1") {
  std::string text = "cdiVersion: 0.6.0\nkind: " + kind + "\ncontainerEdits: {env: [TOP_" + variable + "]}\ndevices:\n";
  for (const auto& name : names) text += "- name: '" + name + "'\n  containerEdits: {env: [" + name + "_" + variable + "]}\n";
  return text;
}

// Directories of specifications.
struct Host {
  util::TempDir top{"/tmp"};
  util::Root root = top.root();
  Host() {
    for (const char* name : {"etc", "run", "home"}) root.make_dirs(name);
  }
  void write(const std::string& path, const std::string& text, mode_t mode = 0644) const { root.write_file(path, text, mode); }
  std::vector<SpecDirectory> directories() const {
    return {{top.path() / "etc", 0}, {top.path() / "run", 1}, {top.path() / "home", 2}, {top.path() / "absent", 3}};
  }
  SpecTexts texts() const { return read_specs(directories()); }
  std::string in(const char* path) const { return (top.path() / path).native(); }
};

Names names_in(const Catalog& catalog) {
  Names names;
  for (const auto& [name, entry] : catalog.devices()) names.push_back(name);
  return names;
}

std::string problem_with(const Catalog& catalog, const std::string& file) {
  std::string text;
  for (const auto& problem : catalog.problems()) {
    if (problem.file == file) text += problem.message + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("devices of all directories are found by their full name") {
  const Host host;
  host.write("etc/a.yaml", spec("v.com/gpu", {"0", "all"}));
  host.write("run/b.json", R"({"cdiVersion":"0.3.0","kind":"w.com/net","devices":[{"name":"d","containerEdits":{"env":["A=1"]}}]})");
  host.write("run/c.yml", spec("v.com/not", {"x"}));
  host.write("run/d.yaml.bak", spec("v.com/not", {"y"}));
  host.root.make_dirs("run/below.yaml");
  host.write("run/below.yaml/e.yaml", spec("v.com/not", {"z"}));
  const Catalog catalog(host.texts());
  CHECK(names_in(catalog) == Names{"v.com/gpu=0", "v.com/gpu=all", "w.com/net=d"});
  CHECK(catalog.problems().empty());
  CHECK(catalog.directories().size() == 4);
  REQUIRE(catalog.find("w.com/net=d"));
  CHECK(catalog.find("w.com/net=d")->file->file == host.in("run/b.json"));
  CHECK_FALSE(catalog.find("v.com/gpu"));
}

TEST_CASE("a later directory wins, silently") {
  const Host host;
  host.write("etc/a.yaml", spec("v.com/gpu", {"0", "1"}, "V=etc"));
  host.write("run/a.yaml", spec("v.com/gpu", {"0"}, "V=run"));
  host.write("home/a.yaml", spec("v.com/gpu", {"0"}, "V=home"));
  const Catalog catalog(host.texts());
  CHECK(catalog.problems().empty());
  CHECK(catalog.edits_of({"v.com/gpu=0"}).env == Names{"TOP_V=home", "0_V=home"});
  CHECK(catalog.edits_of({"v.com/gpu=1"}).env == Names{"TOP_V=etc", "1_V=etc"});
}

TEST_CASE("the same device twice in one directory is no device, and both files are named") {
  const Host host;
  host.write("etc/a.yaml", spec("v.com/gpu", {"0", "1"}));
  host.write("etc/b.yaml", spec("v.com/gpu", {"0", "2"}));
  const Catalog catalog(host.texts());
  CHECK(names_in(catalog) == Names{"v.com/gpu=1", "v.com/gpu=2"});
  CHECK_THAT(problem_with(catalog, host.in("etc/a.yaml")), Contains("v.com/gpu=0 is defined in " + host.in("etc/b.yaml") + ", too"));
  CHECK_THAT(problem_with(catalog, host.in("etc/b.yaml")), Contains("v.com/gpu=0 is defined in " + host.in("etc/a.yaml") + ", too"));
}

TEST_CASE("a file that is wrong hides nothing but itself") {
  const Host host;
  host.write("etc/a.yaml", "kind: [\n");
  host.write("etc/b.yaml", spec("v.com/gpu", {"0"}));
  host.write("etc/c.json", "{}");
  host.write("etc/d.yaml", std::string((std::size_t{8} << 20) + 1, '#'));
  REQUIRE(::mkfifo(host.in("etc/e.yaml").c_str(), 0600) == 0);
  const Catalog catalog(host.texts());
  CHECK(names_in(catalog) == Names{"v.com/gpu=0"});
  CHECK_THAT(problem_with(catalog, host.in("etc/a.yaml")), Contains("at 2:1: "));
  CHECK_THAT(problem_with(catalog, host.in("etc/c.json")), Contains("needs 'cdiVersion'"));
  CHECK_THAT(problem_with(catalog, host.in("etc/d.yaml")), Contains("larger than"));
  CHECK_THAT(problem_with(catalog, host.in("etc/e.yaml")), Contains("not a regular file"));
}

TEST_CASE("R13: files and directories that others could write are not believed") {
  const Host host;
  host.write("etc/a.yaml", spec("v.com/gpu", {"a"}), 0664);
  host.write("etc/b.yaml", spec("v.com/gpu", {"b"}), 0646);
  host.write("etc/c.yaml", spec("v.com/gpu", {"c"}));
  host.write("run/d.yaml", spec("v.com/gpu", {"d"}));
  REQUIRE(::chmod(host.in("etc/a.yaml").c_str(), 0664) == 0);
  REQUIRE(::chmod(host.in("etc/b.yaml").c_str(), 0646) == 0);
  REQUIRE(::chmod(host.in("run").c_str(), 0777) == 0);
  // A link leads to the same rules.
  host.root.make_dirs("open");
  host.write("open/e.yaml", spec("v.com/gpu", {"e"}));
  REQUIRE(::chmod(host.in("open").c_str(), 0777) == 0);
  REQUIRE(::symlink("../open/e.yaml", host.in("home/e.yaml").c_str()) == 0);
  REQUIRE(::symlink("../etc/c.yaml", host.in("home/c.yaml").c_str()) == 0);
  const Catalog catalog(host.texts());
  CHECK(names_in(catalog) == Names{"v.com/gpu=c"});
  CHECK(catalog.find("v.com/gpu=c")->file->file == host.in("home/c.yaml"));
  for (const char* file : {"etc/a.yaml", "etc/b.yaml", "run", "home/e.yaml"}) {
    INFO(file);
    CHECK_THAT(problem_with(catalog, host.in(file)), Contains("can be written by others") && Contains("chmod go-w"));
  }
}

TEST_CASE("R13: another user's files are not believed", "[kernel]") {
  if (::geteuid() != 0) {
    WARN("skip: only root can give files away");
    return;
  }
  const Host host;
  host.write("etc/a.yaml", spec("v.com/gpu", {"a"}));
  REQUIRE(::chown(host.in("etc/a.yaml").c_str(), 1, 1) == 0);
  host.write("run/b.yaml", spec("v.com/gpu", {"b"}));
  REQUIRE(::chown(host.in("run").c_str(), 1, 1) == 0);
  const Catalog catalog(host.texts());
  CHECK(names_in(catalog).empty());
  CHECK_THAT(problem_with(catalog, host.in("etc/a.yaml")), Contains("belongs to uid 1"));
  CHECK_THAT(problem_with(catalog, host.in("run")), Contains("belongs to uid 1"));
}

TEST_CASE("edits come in the order of the request, a specification's own once before its first device") {
  const Host host;
  host.write("etc/a.yaml", spec("v.com/gpu", {"x", "y"}));
  host.write("etc/b.yaml", spec("w.com/gpu", {"z"}));
  const Catalog catalog(host.texts());
  CHECK(catalog.edits_of({"v.com/gpu=y", "w.com/gpu=z", "v.com/gpu=x"}).env == Names{"TOP_V=1", "y_V=1", "TOP_V=1", "z_V=1", "x_V=1"});
  CHECK(catalog.edits_of({}).is_empty());
}

TEST_CASE("unknown devices are all named, with the directories, what could be meant and what is wrong with files") {
  const Host host;
  host.write("etc/a.yaml", spec("v.com/gpu", {"all"}));
  host.write("etc/b.yaml", "x: 1\n");
  const Catalog catalog(host.texts());
  try {
    catalog.edits_of({"v.com/gpu=al", "v.com/gpu=all", "w.com/x=y"});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::not_found);
    CHECK(error.message() == "there are no devices v.com/gpu=al, w.com/x=y in " + host.in("etc") + ", " + host.in("run") + ", " +
                                 host.in("home") + ", " + host.in("absent"));
    CHECK_THAT(error.hint(), Contains("v.com/gpu=all"));
    REQUIRE(error.details().size() == 1);
    CHECK_THAT(error.details()[0], Contains("b.yaml: at 1:1: unknown key 'x'"));
  }
}

TEST_CASE("annotations of a device go before those of its specification") {
  const Host host;
  host.write("etc/a.yaml",
             "cdiVersion: 0.6.0\nkind: v.com/gpu\nannotations: {a: spec, b: spec}\ndevices:\n"
             "- {name: d, annotations: {a: device}, containerEdits: {env: [A=1]}}\n");
  const Catalog catalog(host.texts());
  const auto entry = catalog.find("v.com/gpu=d");
  REQUIRE(entry);
  CHECK(entry->annotation("a") == "device");
  CHECK(entry->annotation("b") == "spec");
  CHECK(entry->annotation("c") == std::nullopt);
}

TEST_CASE("a user's own directories come after the machine's; named ones must exist") {
  const auto paths = [](const std::vector<SpecDirectory>& directories) {
    Names names;
    for (const auto& directory : directories) names.push_back(directory.path.native() + " " + std::to_string(directory.priority));
    return names;
  };
  CHECK(paths(usual_directories(true, "/h/.config", "/run/user/1")) == Names{"/etc/cdi 0", "/var/run/cdi 1"});
  CHECK(paths(usual_directories(false, "/h/.config", "/run/user/1")) ==
        Names{"/etc/cdi 0", "/var/run/cdi 1", "/h/.config/cdi 2", "/run/user/1/cdi 3"});
  CHECK(paths(usual_directories(false, "", "relative")) == Names{"/etc/cdi 0", "/var/run/cdi 1"});
  CHECK(paths(named_directories({"/a", "/b"})) == Names{"/a 0", "/b 1"});
  CHECK_THROWS_WITH(read_specs(named_directories({"/absent/cdi"})), "there is no directory /absent/cdi");
  CHECK_NOTHROW(read_specs(usual_directories(false, "/absent", "/absent")));
}
