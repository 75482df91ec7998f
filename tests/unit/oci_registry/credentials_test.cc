// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/credentials.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "jcbuild/error.h"
#include "oci/registry/base64.h"
#include "oci/registry/credential_helper.h"
#include "util/file.h"
#include "util/json.h"

using namespace jcb;
namespace fs = std::filesystem;

namespace {

std::string auths(const std::string& key, const std::string& user) {
  return R"({"auths":{")" + key + R"(":{"auth":")" + oci::encode_base64(user + ":p") + "\"}}}";
}

oci::Credential credential_of(const std::string& user, const std::string& password) {
  oci::Credential credential;
  credential.username = user;
  credential.password = password;
  return credential;
}

// A home with the directories of everything, and helpers in its own bin.
struct Home {
  util::TempDir directory{fs::temp_directory_path()};
  fs::path top = directory.path();
  oci::CredentialOptions options;

  Home() {
    options.environment = {
        {"HOME", top}, {"XDG_RUNTIME_DIR", top / "run"}, {"PATH", (top / "bin").native() + ":/usr/bin:/bin"}, {"LOG", top / "log"}};
    fs::create_directory(top / "bin");
  }
  void write(const fs::path& path, const std::string& text) const {
    fs::create_directories((top / path).parent_path());
    std::ofstream(top / path) << text;
  }
  std::string read(const fs::path& path) const { return util::find_file(top / path, 1 << 20).value_or("-"); }
  // A helper that logs its action and input, and then does what `script` says.
  void make_helper(const std::string& name, const std::string& script) const {
    const fs::path path = top / "bin" / ("docker-credential-" + name);
    std::ofstream(path) << "#!/bin/sh\ninput=$(cat)\necho \"$1 $input\" >> \"$LOG\"\n" << script;
    fs::permissions(path, fs::perms(0755));
  }
  std::string user_of(const std::string& registry, const std::string& repository = "a") const {
    const auto found = oci::CredentialStore(options).find(registry, repository);
    return found ? found->username : "-";
  }
  Error error_of(const std::function<void()>& action) const {
    try {
      action();
    } catch (const Error& error) {
      return error;
    }
    return {ErrorKind::usage, "no error"};
  }
};

const char* const k_answers = R"(case $1 in
get) echo '{"ServerURL":"h","Username":"helper","Secret":"s3cret"}' ;;
list) echo '{"https://index.docker.io/v1/":"u","b":"u"}' ;;
esac
)";

}  // namespace

TEST_CASE_METHOD(Home, "auth files are asked in podman's and then docker's order, first hit wins") {
  CHECK(user_of("h") == "-");
  write(".dockercfg", R"({"h":{"auth":")" + oci::encode_base64("legacy:p") + "\"}}");
  CHECK(user_of("h") == "legacy");
  write(".docker/config.json", auths("https://h/v1/", "docker"));
  CHECK(user_of("h") == "docker");
  write(".config/containers/auth.json", auths("h", "config"));
  CHECK(user_of("h") == "config");
  write("run/containers/auth.json", auths("h", "runtime"));
  CHECK(user_of("h") == "runtime");
  write("run/containers/auth.json", auths("other", "runtime"));
  CHECK(user_of("h") == "config");
  write("d/config.json", auths("h", "moved"));
  options.environment["DOCKER_CONFIG"] = top / "d";
  write(".config/containers/auth.json", "{}");
  CHECK(user_of("h") == "moved");
}

TEST_CASE_METHOD(Home, "a file that is named is the only one, and credentials that are given come first") {
  write(".docker/config.json", auths("h", "docker"));
  write("registry", auths("h", "registry"));
  options.environment["REGISTRY_AUTH_FILE"] = top / "registry";
  CHECK(user_of("h") == "registry");
  write("ours", auths("h", "ours"));
  options.environment["JCBUILD_AUTHFILE"] = top / "ours";
  CHECK(user_of("h") == "ours");
  write("flag", auths("other", "flag"));
  options.authfile = top / "flag";
  CHECK(user_of("other") == "flag");
  CHECK(user_of("h") == "-");
  options.authfile = top / "missing";
  CHECK(error_of([&] { user_of("h"); }).kind() == ErrorKind::not_found);
  options.given = credential_of("given", "p");
  CHECK(user_of("h") == "given");
}

TEST_CASE_METHOD(Home, "a corrupt file is an error that names it [J15]") {
  write(".docker/config.json", "{\"auths\": s3cret");
  const auto error = error_of([&] { user_of("h"); });
  CHECK(error.kind() == ErrorKind::invalid);
  CHECK(error.message().find((top / ".docker/config.json").native()) == 0);
  CHECK(error.message().find("s3cret") == std::string::npos);
}

TEST_CASE_METHOD(Home, "a helper is asked by credHelpers, then credsStore, then the file's entry counts") {
  make_helper("one", k_answers);
  make_helper("none", "echo 'credentials not found in native keychain'; exit 1");
  write(".docker/config.json", R"({"credHelpers":{"h":"one"},"credsStore":"none","auths":{"i":{"auth":"aTpw"}}})");
  CHECK(user_of("h") == "helper");
  CHECK(user_of("i") == "i");
  CHECK(user_of("docker.io") == "-");
  CHECK(read("log") == "get h\nget i\nget https://index.docker.io/v1/\n");
}

TEST_CASE_METHOD(Home, "a helper's identity token is known by its user") {
  make_helper("id", R"(echo '{"ServerURL":"h","Username":"<token>","Secret":"rt"}')");
  write(".docker/config.json", R"({"credsStore":"id"})");
  const auto found = oci::CredentialStore(options).find("h", "a");
  REQUIRE(found);
  CHECK(found->identity_token == "rt");
  CHECK(found->password.empty());
  CHECK(found->source == "docker-credential-id");
}

TEST_CASE_METHOD(Home, "what a helper does wrong is one line without secrets") {
  make_helper("fails", "printf 'pass not initialized\\033[31m: exit 1\\nmore'; exit 1");
  make_helper("junk", "echo 's3cret'");
  make_helper("crash", "kill -9 $$");
  const auto message = [&](const std::string& name) {
    write(".docker/config.json", R"({"credsStore":")" + name + "\"}");
    return error_of([&] { user_of("h"); }).message();
  };
  CHECK(message("fails") == "docker-credential-fails get failed: pass not initialized\\x1b[31m: exit 1");
  CHECK(message("junk") == "the answer of docker-credential-junk: not JSON, at byte 1");
  CHECK(message("crash") == "docker-credential-crash get failed");
  CHECK(message("missing") == "docker-credential-missing is not installed, or others can write to it");
}

TEST_CASE_METHOD(Home, "a helper that hangs is ended, and one that leaves a process behind is not waited for") {
  make_helper("hangs", "exec sleep 60");
  make_helper("daemon", R"(sleep 60 & echo '{"Username":"d","Secret":"p"}')");
  const auto start = std::chrono::steady_clock::now();
  const oci::CredentialHelper hangs("hangs", options.environment, std::chrono::milliseconds(300));
  CHECK(error_of([&] { hangs.find("h"); }).message().find("docker-credential-hangs get did not answer within") == 0);
  CHECK(oci::CredentialHelper("daemon", options.environment).find("h")->username == "d");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
}

TEST_CASE_METHOD(Home, "names and servers that could mean something else are refused [J14] [credential helper name injection]") {
  for (const std::string& name : {std::string("../x"), std::string("a b"), std::string("a;b"), std::string(), std::string("a/b"),
                                  std::string("$(x)"), std::string("a\nb"), std::string("x\0y", 3)}) {
    INFO(name);
    CHECK_THROWS_AS(oci::CredentialHelper(name, options.environment), Error);
  }
  make_helper("one", k_answers);
  const oci::CredentialHelper helper("one", options.environment);
  for (const std::string& server :
       {std::string("-x"), std::string("a\nb"), std::string("a\rb"), std::string("a\0b", 3), std::string(), std::string(3000, 'x')})
    CHECK_THROWS_AS(helper.find(server), Error);
  CHECK(read("log") == "-");
  helper.find("a;b $(touch x)");
  CHECK(read("log") == "get a;b $(touch x)\n");
}

TEST_CASE_METHOD(Home, "a helper that others could have put there is not run [J14]") {
  make_helper("one", k_answers);
  const auto find = [&] { return oci::CredentialHelper("one", options.environment).find("h"); };
  fs::permissions(top / "bin/docker-credential-one", fs::perms(0775));
  CHECK_THROWS_AS(find(), Error);
  fs::permissions(top / "bin/docker-credential-one", fs::perms(0755));
  fs::permissions(top / "bin", fs::perms(0777));
  CHECK_THROWS_AS(find(), Error);
  fs::permissions(top / "bin", fs::perms(0755));
  CHECK(find());
  options.environment["PATH"] = "bin:.:";
  CHECK_THROWS_AS(find(), Error);
  CHECK(read("log") == "get h\n");
}

TEST_CASE_METHOD(Home, "a helper gets the user's environment but for what changes programs") {
  make_helper("env", R"(echo "{\"Username\":\"$WORD${LD_WORD:-none}\",\"Secret\":\"s\"}")");
  options.environment["WORD"] = "w";
  options.environment["LD_WORD"] = "bad";
  CHECK(oci::CredentialHelper("env", options.environment).find("h")->username == "wnone");
}

TEST_CASE_METHOD(Home, "a login goes to docker's file where docker is in use, else to podman's") {
  const oci::CredentialStore store(options);
  const fs::path podmans = top / ".config/containers/auth.json", dockers = top / ".docker/config.json";
  CHECK(store.store("h", credential_of("u", "p"), "") == podmans.native());
  CHECK(user_of("h") == "u");
  struct stat status {};
  REQUIRE(::stat(podmans.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  REQUIRE(::stat(podmans.parent_path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
  write(".docker/config.json", R"({"detachKeys":"x"})");
  CHECK(store.store("docker.io", credential_of("hub", "p"), "") == dockers.native());
  CHECK(util::parse_json(read(".docker/config.json"), "x")["auths"].contains("https://index.docker.io/v1/"));
  CHECK(util::parse_json(read(".docker/config.json"), "x")["detachKeys"] == "x");
  // What is found first must be the newest.
  CHECK(store.store("h", credential_of("again", "p"), "") == podmans.native());
  CHECK(user_of("h") == "again");
  options.authfile = top / "new/auth.json";
  CHECK(oci::CredentialStore(options).store("h", credential_of("named", "p"), "") == options.authfile.native());
  CHECK(user_of("h") == "named");
}

TEST_CASE_METHOD(Home, "a linked config.json stays a link [J15]") {
  write("dotfiles/config.json", R"({"x":1})");
  fs::permissions(top / "dotfiles/config.json", fs::perms(0644));
  fs::create_directory(top / ".docker");
  fs::create_symlink("../dotfiles/config.json", top / ".docker/config.json");
  const oci::CredentialStore store(options);
  store.store("h", credential_of("u", "p"), "");
  CHECK(fs::is_symlink(top / ".docker/config.json"));
  CHECK(user_of("h") == "u");
  struct stat status {};
  REQUIRE(::stat((top / "dotfiles/config.json").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  fs::remove(top / ".docker/config.json");
  fs::create_symlink("config.json", top / ".docker/config.json");
  CHECK_THROWS_AS(store.store("i", credential_of("u", "p"), ""), Error);
}

TEST_CASE_METHOD(Home, "with a helper the file holds no secret") {
  make_helper("one", k_answers);
  write(".docker/config.json", R"({"credsStore":"one"})");
  const oci::CredentialStore store(options);
  CHECK(store.store("docker.io", credential_of("u", "s3cret\"x"), "") == "docker-credential-one");
  CHECK(read("log") == "store {\"ServerURL\":\"https://index.docker.io/v1/\",\"Username\":\"u\",\"Secret\":\"s3cret\\\"x\"}\n");
  CHECK(read(".docker/config.json").find("s3cret") == std::string::npos);
  CHECK(util::parse_json(read(".docker/config.json"), "x")["auths"]["https://index.docker.io/v1/"].empty());
}

TEST_CASE_METHOD(Home, "logging out forgets a registry everywhere") {
  make_helper("one", k_answers);
  write("run/containers/auth.json", auths("h", "runtime"));
  write(".docker/config.json", R"({"credHelpers":{"h":"one"},"auths":{"h":{"auth":"aDpw"},"i":{"auth":"aTpw"}}})");
  const oci::CredentialStore store(options);
  CHECK(store.erase("h") ==
        std::vector<std::string>{top / "run/containers/auth.json", "docker-credential-one", top / ".docker/config.json"});
  CHECK(read("log") == "get h\nerase h\n");
  CHECK(user_of("i") == "i");
  CHECK(util::parse_json(read("run/containers/auth.json"), "x")["auths"].empty());
  CHECK(store.erase("nobody").empty());
}

TEST_CASE_METHOD(Home, "all logins are listed by one name each") {
  make_helper("one", k_answers);
  write(".docker/config.json", R"({"credsStore":"one","auths":{"https://index.docker.io/v1/":{},"c":{"auth":"Yzpw"},"empty":{}}})");
  write(".config/containers/auth.json", auths("a/team", "x"));
  CHECK(oci::CredentialStore(options).list() == std::vector<std::string>{"a/team", "b", "c", "docker.io"});
}

TEST_CASE_METHOD(Home, "registries.conf's helpers come in its order") {
  make_helper("one", k_answers);
  write(".docker/config.json", auths("h", "file"));
  options.helpers = {"one", "containers-auth.json"};
  CHECK(user_of("h") == "helper");
  options.helpers = {"containers-auth.json", "one"};
  CHECK(user_of("h") == "file");
  CHECK(user_of("i") == "helper");
}

TEST_CASE_METHOD(Home, "a realm is recorded at login and forgotten at logout [realm recorded at login]") {
  const oci::CredentialStore store(options);
  CHECK(store.recorded_realm("h").empty());
  store.store("h", credential_of("u", "p"), "https://tokens.test/token");
  store.store("docker.io", credential_of("u", "p"), "https://auth.docker.io/token");
  CHECK(store.recorded_realm("h") == "https://tokens.test/token");
  CHECK(store.recorded_realm("index.docker.io") == "https://auth.docker.io/token");
  store.store("h", credential_of("u", "p"), "");
  CHECK(store.recorded_realm("h").empty());
  store.erase("docker.io");
  CHECK(store.recorded_realm("docker.io").empty());
  CHECK(read(".config/jcbuild/realms.json") == "{}\n");
}

TEST_CASE("without a home there is nothing to read and nowhere to write") {
  oci::CredentialOptions options;
  const oci::CredentialStore store(options);
  CHECK(store.recorded_realm("h").empty());
  CHECK_THROWS_AS(store.store("h.invalid", credential_of("u", "p"), ""), Error);
}
