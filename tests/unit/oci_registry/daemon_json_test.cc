// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/daemon_json.h"

#include "config_tree.h"

using namespace jcb;
using namespace jcb::test;
using Places = std::vector<std::string>;

TEST_CASE("dockerd's mirrors and insecure registries are followed, with one note") {
  ConfigTree tree;
  const auto file = tree.write("etc/docker/daemon.json", R"({"registry-mirrors": ["https://mirror.example", "http://10.0.0.5:5000/"],
      "insecure-registries": ["lan:5000", "http://plain.lan", "192.168.0.0/16", "fd00::/8"], "runtimes": {"nvidia": {"path": "x"}}})");
  CHECK(places(tree, "docker.io/x") ==
        Places{"mirror mirror.example/library/x", "mirror 10.0.0.5:5000/library/x http", "registry-1.docker.io/library/x"});
  CHECK(places(tree, "nvcr.io/x") == Places{"nvcr.io/x"});
  CHECK(places(tree, "lan:5000/x") == Places{"lan:5000/x http insecure"});
  CHECK(places(tree, "plain.lan/x") == Places{"plain.lan/x http insecure"});
  CHECK(places(tree, "192.168.7.7:5000/x") == Places{"192.168.7.7:5000/x http insecure"});
  CHECK(places(tree, "[fd01::1]:5000/x") == Places{"[fd01::1]:5000/x http insecure"});
  for (const std::string host : {"lan:5001", "192.169.7.7:5000", "192.168.7.7.example.com", "[fe00::1]:5000"})
    CHECK(places(tree, host + "/x") == Places{host + "/x"});
  REQUIRE(tree.hosts().notes().size() == 1);
  CHECK(mentions(tree.hosts().notes()[0], file.native()));
}

TEST_CASE("registries.conf has precedence over daemon.json, and alone leaves none of it") {
  ConfigTree tree;
  tree.write("etc/docker/daemon.json", R"({"registry-mirrors": ["https://mirror.example"], "insecure-registries": ["a.b"]})");
  tree.write("etc/containers/registries.conf", "[[registry]]\nlocation = 'docker.io'\n[[registry]]\nlocation = 'a.b'\n");
  CHECK(places(tree, "docker.io/x") == Places{"registry-1.docker.io/library/x"});
  CHECK(places(tree, "a.b/x") == Places{"a.b/x"});
  tree.options.registries_conf = tree.write("empty.conf", "");
  CHECK(places(tree, "docker.io/x") == Places{"registry-1.docker.io/library/x"});
  CHECK(tree.hosts().notes().empty());
}

TEST_CASE("the user's daemon.json is read too") {
  const ConfigTree tree;
  tree.write("home/.config/docker/daemon.json", R"({"insecure-registries": ["own.lan"]})");
  tree.write("etc/docker/daemon.json", R"({"debug": true})");
  CHECK(places(tree, "own.lan/x") == Places{"own.lan/x http insecure"});
  CHECK(tree.hosts().notes().size() == 1);
}

TEST_CASE("what is wrong in daemon.json is a note and has no effect") {
  const ConfigTree tree;
  for (const char* text :
       {"{", "[]", R"({"registry-mirrors": "x"})", R"({"insecure-registries": ["a.b"], "registry-mirrors": ["ftp://x"]})",
        R"({"insecure-registries": ["a.b"], "registry-mirrors": ["https://x/path"]})",
        R"({"insecure-registries": ["a.b"], "registry-mirrors": ["https://x_y"]})"}) {
    INFO(text);
    tree.write("etc/docker/daemon.json", text);
    CHECK(places(tree, "a.b/x") == Places{"a.b/x"});
    CHECK(places(tree, "docker.io/x") == Places{"registry-1.docker.io/library/x"});
    REQUIRE(tree.hosts().notes().size() == 1);
    CHECK(mentions(tree.hosts().notes()[0], "passed over"));
  }
}

TEST_CASE("networks without sense are nobody's") {
  for (const char* entry : {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/99999999999", "x/8", "/8"}) {
    INFO(entry);
    CHECK_FALSE(oci::is_insecure({entry}, "10.0.0.1:5000"));
  }
  CHECK(oci::is_insecure({"10.0.0.0/0"}, "203.0.113.1"));
  CHECK(oci::is_insecure({"10.0.0.1/32"}, "10.0.0.1"));
  CHECK_FALSE(oci::is_insecure({"10.0.0.1/32"}, "10.0.0.2"));
}
