// SPDX-License-Identifier: Apache-2.0
#include "oci/digest.h"

#include "samples.h"

using jcb::ErrorKind;
using jcb::oci::Digest;

TEST_CASE("a digest survives its text form") {
  const std::string text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(Digest::of("abc").text() == text);
  CHECK(Digest::parse(text) == Digest::of("abc"));
  CHECK(Digest::parse(text).short_text() == "ba7816bf8f01");
}

TEST_CASE("what is not a sha256 digest is refused") {
  const auto hex = samples::hex('a');
  for (const std::string& text : std::vector<std::string>{
           "", hex, "sha256:" + hex.substr(1), "sha256:" + hex + "a", "sha256:" + std::string(64, 'A'), "SHA256:" + hex,
           "sha256:../../../../etc/passwd", "sha512:" + hex + hex, "md5:" + hex.substr(0, 32), " sha256:" + hex, "sha256:" + hex + "\n"}) {
    INFO(text);
    CHECK_FALSE(samples::error_of(ErrorKind::invalid, [&] { Digest::parse(text); }).empty());
  }
}

TEST_CASE("a hostile digest does not spoil the message") {
  const auto message = samples::error_of(ErrorKind::invalid, [] { Digest::parse("sha256:\x1b[31m" + std::string(100000, 'x')); });
  CHECK(message.size() < 300);
  CHECK(message.find('\x1b') == std::string::npos);
}
