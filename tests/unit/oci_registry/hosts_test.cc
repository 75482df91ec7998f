// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/hosts.h"

#include "config_tree.h"

using namespace jcb;
using namespace jcb::test;
using oci::Reference;
using Places = std::vector<std::string>;

namespace {

const std::string k_digest = "@sha256:" + std::string(64, 'a');

std::vector<std::string> meanings(const ConfigTree& tree, const std::string& name) {
  std::vector<std::string> texts;
  for (const Reference& reference : tree.hosts().expand_short_name(Reference::parse(name))) texts.push_back(reference.text());
  return texts;
}

}  // namespace

TEST_CASE("without configuration a name's host answers, and Docker Hub's server for Docker Hub") {
  const ConfigTree tree;
  const std::string library = "registry-1.docker.io/library/ubuntu";
  for (const char* name : {"docker.io/ubuntu", "index.docker.io/ubuntu", "registry-1.docker.io/library/ubuntu:22.04",
                           "registry.hub.docker.com/ubuntu", "ubuntu", "Docker.IO/ubuntu"}) {
    INFO(name);
    const auto endpoints = tree.hosts().pull_endpoints(Reference::parse(name));
    CHECK(describe(endpoints) == Places{library});
    CHECK(endpoints[0].name() == "docker.io/library/ubuntu");
  }
  CHECK(places(tree, "docker.io/user/x:1") == Places{"registry-1.docker.io/user/x"});
  CHECK(places(tree, "nvcr.io/nvidia/l4t-base:r36.2.0") == Places{"nvcr.io/nvidia/l4t-base"});
  CHECK(tree.hosts().push_endpoint(Reference::parse("docker.io/x")).name() == "docker.io/library/x");
  CHECK(tree.hosts().notes().empty());
}

TEST_CASE("plain http is for this machine alone") {
  const ConfigTree tree;
  for (const char* host : {"localhost", "localhost:5000", "LOCALHOST:5000", "127.0.0.1:5000", "127.9.8.7:1", "[::1]:5000", "[0:0::1]"}) {
    INFO(host);
    CHECK(tree.hosts().pull_endpoints(Reference::parse(std::string(host) + "/x"))[0].plain_http);
  }
  for (const char* host : {"localhost.evil.com", "127.0.0.1.evil.com", "128.0.0.1:5000", "127.1:5000", "[::2]:5000", "10.0.0.1:5000"}) {
    INFO(host);
    CHECK_FALSE(tree.hosts().pull_endpoints(Reference::parse(std::string(host) + "/x"))[0].plain_http);
  }
}

TEST_CASE("the command line decides on verification") {
  ConfigTree tree;
  tree.write("etc/containers/registries.conf", "[[registry]]\nlocation = 'a.b'\ninsecure = true\n");
  CHECK(places(tree, "a.b/x") == Places{"a.b/x http insecure"});
  CHECK_FALSE(tree.hosts().push_endpoint(Reference::parse("a.b/x")).tls.insecure_everywhere);
  tree.options.verify_tls = true;
  CHECK(places(tree, "a.b/x") == Places{"a.b/x"});
  CHECK(places(tree, "localhost:5000/x") == Places{"localhost:5000/x"});
  tree.options.verify_tls = false;
  CHECK(places(tree, "c.d/x") == Places{"c.d/x http insecure"});
  CHECK(tree.hosts().push_endpoint(Reference::parse("c.d/x")).tls.insecure_everywhere);
}

TEST_CASE("the example of the manual page: mirrors in order, then the location") {
  const ConfigTree tree;
  tree.write("etc/containers/registries.conf", R"(
[[registry]]
prefix = "example.com/foo"
insecure = false
blocked = false
location = "internal-registry-for-example.com/bar"
[[registry.mirror]]
location = "example-mirror-0.local/mirror-for-foo"
[[registry.mirror]]
location = "example-mirror-1.local/mirrors/foo"
insecure = true
[[registry]]
location = "registry.com"
[[registry.mirror]]
location = "mirror.registry.com"
)");
  CHECK(places(tree, "example.com/foo/image:latest") == Places{"mirror example-mirror-0.local/mirror-for-foo/image",
                                                               "mirror example-mirror-1.local/mirrors/foo/image http insecure",
                                                               "internal-registry-for-example.com/bar/image"});
  CHECK(places(tree, "registry.com/image:latest") == Places{"mirror mirror.registry.com/image", "registry.com/image"});
  const auto push = tree.hosts().push_endpoint(Reference::parse("example.com/foo/image"));
  CHECK((push.name() == "example.com/foo/image" && !push.is_mirror));
}

TEST_CASE("a pull-through mirror stands in for Docker Hub") {
  const ConfigTree tree;
  tree.write(
      "etc/containers/registries.conf",
      "[[registry]]\nprefix = 'docker.io'\nlocation = 'docker.io'\n[[registry.mirror]]\nlocation = '127.0.0.1:5003'\ninsecure = true\n");
  const Places wanted{"mirror 127.0.0.1:5003/library/x http insecure", "registry-1.docker.io/library/x"};
  CHECK(places(tree, "docker.io/library/x:1") == wanted);
  CHECK(places(tree, meanings(tree, "x:1").at(0)) == wanted);
}

TEST_CASE("the longest prefix counts, at borders of hosts and components") {
  const ConfigTree tree;
  tree.write("etc/containers/registries.conf", R"(
[[registry]]
prefix = "*.b.c"
location = "wild.local"
[[registry]]
prefix = "*.a.b.c"
[[registry]]
prefix = "a.b.c/n/one"
location = "one.local/1"
[[registry]]
prefix = "a.b.c/n"
location = "n.local"
[[registry]]
prefix = "a.b.c/n/one:tagged"
[[registry]]
prefix = "a.b.c:5000"
location = "port.local"
)");
  CHECK(places(tree, "a.b.c/n/one") == Places{"one.local/1"});
  CHECK(places(tree, "a.b.c/n/one/more") == Places{"one.local/1/more"});
  CHECK(places(tree, "a.b.c/n/one:tagged") == Places{"a.b.c/n/one"});
  CHECK(places(tree, "a.b.c/n/one:taggeds") == Places{"one.local/1"});
  CHECK(places(tree, "a.b.c/n/one" + k_digest) == Places{"one.local/1"});
  CHECK(places(tree, "a.b.c/n/ones") == Places{"n.local/ones"});
  CHECK(places(tree, "a.b.c/nn/x") == Places{"wild.local/nn/x"});
  CHECK(places(tree, "x.a.b.c/n/y") == Places{"x.a.b.c/n/y"});
  CHECK(places(tree, "a.b.c:5000/n/x") == Places{"port.local/n/x"});
  CHECK(places(tree, "a.b.c:5001/n/x") == Places{"a.b.c:5001/n/x"});
  CHECK(places(tree, "b.c/x") == Places{"b.c/x"});
}

TEST_CASE("mirrors for tags or for digests are asked for those alone") {
  const ConfigTree tree;
  tree.write("etc/containers/registries.conf", R"(
[[registry]]
prefix = "a.b"
[[registry.mirror]]
location = "digests.local"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.local"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "all.local"
)");
  CHECK(places(tree, "a.b/x:1") == Places{"mirror tags.local/x", "mirror all.local/x", "a.b/x"});
  CHECK(places(tree, "a.b/x" + k_digest) == Places{"mirror digests.local/x", "mirror all.local/x", "a.b/x"});
}

TEST_CASE("a blocked registry is refused with the file that blocks it") {
  const ConfigTree tree;
  const auto file = tree.write("etc/containers/registries.conf.d/no.conf", "[[registry]]\nprefix = 'bad.example'\nblocked = true\n");
  const auto hosts = tree.hosts();
  const auto message = error_of(ErrorKind::refused, [&] { hosts.pull_endpoints(Reference::parse("BAD.example/x:1")); });
  CHECK((mentions(message, "x:1") && mentions(message, file.native())));
  error_of(ErrorKind::refused, [&] { hosts.push_endpoint(Reference::parse("bad.example/x")); });
  error_of(ErrorKind::refused, [&] { hosts.host_endpoint("bad.example"); });
  CHECK_NOTHROW(hosts.pull_endpoints(Reference::parse("bad.example.org/x")));
}

TEST_CASE("a location that leaves no repository is an error") {
  const ConfigTree tree;
  tree.write("etc/containers/registries.conf", "[[registry]]\nprefix = 'a.b/x'\nlocation = 'c.d'\n");
  const auto message = error_of(ErrorKind::invalid, [&] { places(tree, "a.b/x"); });
  CHECK(mentions(message, "leaves no repository"));
  CHECK(places(tree, "a.b/x/y") == Places{"c.d/y"});
}

TEST_CASE("drop-ins are laid over the file in order, the user's last") {
  const ConfigTree tree;
  const auto moved = [](const std::string& to) { return "[[registry]]\nprefix = 'a.b'\nlocation = '" + to + "'\n"; };
  tree.write("etc/containers/registries.conf", "unqualified-search-registries = ['one.local']\n" + moved("main.local"));
  CHECK(places(tree, "a.b/x") == Places{"main.local/x"});
  tree.write("etc/containers/registries.conf.d/20.conf", moved("twenty.local"));
  tree.write("etc/containers/registries.conf.d/10.conf", moved("ten.local") + "[[registry]]\nprefix = 'c.d'\nlocation = 'e.f'\n");
  tree.write("etc/containers/registries.conf.d/30.conf.bak", moved("backup.local"));
  CHECK(places(tree, "a.b/x") == Places{"twenty.local/x"});
  CHECK(places(tree, "c.d/x") == Places{"e.f/x"});
  tree.write("home/.config/containers/registries.conf.d/00.conf", moved("own.local") + "[aliases]\nx = 'y.z/x'\n");
  CHECK(places(tree, "a.b/x") == Places{"own.local/x"});
  CHECK(meanings(tree, "x") == Places{"y.z/x"});
  CHECK(meanings(tree, "w") == Places{"one.local/w"});
}

TEST_CASE("the user's registries.conf stands instead of the system's and its drop-ins") {
  ConfigTree tree;
  const auto search = [](const std::string& registry) { return "unqualified-search-registries = ['" + registry + "']\n"; };
  tree.write("usr/share/containers/registries.conf", search("share.local"));
  CHECK(meanings(tree, "x") == Places{"share.local/x"});
  tree.write("etc/containers/registries.conf", search("etc.local"));
  CHECK(meanings(tree, "x") == Places{"etc.local/x"});
  tree.write("etc/containers/registries.conf.d/a.conf", search("drop.local"));
  CHECK(meanings(tree, "x") == Places{"drop.local/x"});
  tree.write("home/.config/containers/registries.conf", search("own.local"));
  CHECK(meanings(tree, "x") == Places{"own.local/x"});
  tree.options.environment["XDG_CONFIG_HOME"] =
      tree.write("xdg/containers/registries.conf", search("xdg.local")).parent_path().parent_path();
  CHECK(meanings(tree, "x") == Places{"xdg.local/x"});
  tree.options.environment["CONTAINERS_REGISTRIES_CONF"] = tree.write("named.conf", search("named.local"));
  CHECK(meanings(tree, "x") == Places{"drop.local/x"});
  tree.options.registries_conf = tree.write("alone.conf", search("alone.local"));
  CHECK(meanings(tree, "x") == Places{"alone.local/x"});
}

TEST_CASE("a registries.conf that was named has to be there") {
  ConfigTree tree;
  tree.options.environment["CONTAINERS_REGISTRIES_CONF"] = "/nonexistent/r.conf";
  CHECK(mentions(error_of(ErrorKind::not_found, [&] { tree.hosts(); }), "CONTAINERS_REGISTRIES_CONF"));
  tree.options.registries_conf = "/nonexistent/r.conf";
  CHECK(mentions(error_of(ErrorKind::not_found, [&] { tree.hosts(); }), "--registries-conf"));
}

TEST_CASE("short names mean their alias, else one name in each search registry") {
  const ConfigTree tree;
  CHECK(meanings(tree, "x:1") == Places{"docker.io/library/x:1"});
  CHECK(meanings(tree, "a.b/x:1") == Places{"a.b/x:1"});
  tree.write("etc/containers/registries.conf",
             "unqualified-search-registries = ['a.b', 'docker.io']\n[aliases]\nl4t = 'nvcr.io/nvidia/l4t-base'\ngone = 'a.b/gone'\n");
  CHECK(meanings(tree, "n/x:1" + k_digest) == Places{"a.b/n/x:1" + k_digest, "docker.io/n/x:1" + k_digest});
  CHECK(meanings(tree, "x") == Places{"a.b/x", "docker.io/library/x"});
  CHECK(meanings(tree, "l4t:r36") == Places{"nvcr.io/nvidia/l4t-base:r36"});
  CHECK(meanings(tree, "gone") == Places{"a.b/gone"});
  tree.write("etc/containers/registries.conf.d/a.conf", "[aliases]\ngone = ''\n");
  CHECK(meanings(tree, "gone").size() == 2);
}

TEST_CASE("a short name is refused where nothing or too much is configured") {
  const ConfigTree tree;
  tree.write("etc/containers/registries.conf",
             "unqualified-search-registries = ['a.b', 'c.d']\nshort-name-mode = 'enforcing'\n[aliases]\ny = 'a.b/y'\n");
  CHECK(mentions(error_of(ErrorKind::refused, [&] { meanings(tree, "x"); }), "may be of 2 registries"));
  CHECK(meanings(tree, "y") == Places{"a.b/y"});
  tree.write("etc/containers/registries.conf.d/a.conf", "unqualified-search-registries = []\n");
  CHECK(mentions(error_of(ErrorKind::refused, [&] { meanings(tree, "x"); }), "means nothing"));
}

TEST_CASE("login's endpoint is the host, however Docker Hub is called") {
  const ConfigTree tree;
  tree.write("etc/containers/registries.conf", "credential-helpers = ['pass']\n[[registry]]\nlocation = 'lan:5000'\ninsecure = true\n");
  const auto hub = tree.hosts().host_endpoint("index.docker.io");
  CHECK((hub.host == "registry-1.docker.io" && hub.registry == "docker.io" && hub.repository.empty()));
  CHECK(tree.hosts().host_endpoint("lan:5000").plain_http);
  CHECK_FALSE(tree.hosts().host_endpoint("lan:5001").plain_http);
  CHECK(tree.hosts().credential_helpers() == Places{"pass"});
  for (const char* host : {"", "..", "a/b", "a:b", "a b", "-a"}) error_of(ErrorKind::usage, [&] { tree.hosts().host_endpoint(host); });
}
