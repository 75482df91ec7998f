// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/certificates.h"

#include "config_tree.h"

using namespace jcb;
using namespace jcb::test;
using oci::find_certificates;

TEST_CASE("certs.d has authorities and a client's certificate for a host and port") {
  const ConfigTree tree;
  for (const char* name : {"b.crt", "a.crt", "client.cert", "client.key", "ca.pem", ".crt"})
    tree.write(std::string("etc/containers/certs.d/my-registry.com:5000/") + name, "x");
  const auto directory = tree.directory.path() / "etc/containers/certs.d/my-registry.com:5000";
  const auto found = find_certificates(tree.options, "my-registry.com:5000");
  CHECK(found.authorities == std::vector<std::filesystem::path>{directory / "a.crt", directory / "b.crt"});
  CHECK((found.certificate == directory / "client.cert" && found.key == directory / "client.key"));
  const auto other = find_certificates(tree.options, "my-registry.com");
  CHECK((other.authorities.empty() && other.certificate.empty()));
  const auto tls = tree.hosts().pull_endpoints(oci::Reference::parse("my-registry.com:5000/x")).at(0).tls;
  CHECK(tls.authorities == found.authorities);
  CHECK((tls.client_certificate == found.certificate && tls.client_key == found.key && !tls.insecure));
}

TEST_CASE("the first certs.d that has the host is used: the user's, containers', docker's") {
  ConfigTree tree;
  const auto authority = [&] { return find_certificates(tree.options, "[::1]:5000").authorities.at(0); };
  const auto docker = tree.write("etc/docker/certs.d/[::1]:5000/ca.crt", "x");
  CHECK(authority() == docker);
  const auto containers = tree.write("etc/containers/certs.d/[::1]:5000/ca.crt", "x");
  CHECK(authority() == containers);
  const auto own = tree.write("home/.config/containers/certs.d/[::1]:5000/ca.crt", "x");
  CHECK(authority() == own);
  const auto given = tree.write("given/z.crt", "x");
  tree.options.certificates = given.parent_path();
  CHECK(authority() == given);
  tree.options.certificates = "/nonexistent";
  CHECK(mentions(error_of(ErrorKind::not_found, [&] { authority(); }), "--cert-dir"));
}

TEST_CASE("Docker Hub's certificates may lie under either of its names") {
  const ConfigTree tree;
  const auto file = tree.write("etc/docker/certs.d/registry-1.docker.io/ca.crt", "x");
  CHECK(find_certificates(tree.options, "docker.io").authorities.at(0) == file);
}

TEST_CASE("a certificate without its key is an error, and a key without its certificate") {
  const ConfigTree tree;
  tree.write("etc/docker/certs.d/a.b/ca.cert", "x");
  tree.write("etc/docker/certs.d/c.d/client.key", "x");
  CHECK(mentions(error_of(ErrorKind::invalid, [&] { find_certificates(tree.options, "a.b"); }), "ca.cert has no ca.key"));
  CHECK(mentions(error_of(ErrorKind::invalid, [&] { find_certificates(tree.options, "c.d"); }), "client.key has no client.cert"));
}

TEST_CASE("no hostile name becomes a path of certificates") {
  const ConfigTree tree;
  tree.write("etc/docker/ca.crt", "x");
  tree.write("etc/docker/certs.d/a.b/ca.crt", "x");
  for (const char* name : {"", ".", "..", "../certs.d", "a.b/../a.b", "/etc", "a.b/", "x\n"}) {
    INFO(name);
    error_of(ErrorKind::usage, [&] { find_certificates(tree.options, name); });
  }
}
