// SPDX-License-Identifier: Apache-2.0
#include "build/url.h"

#include <catch2/catch.hpp>

using jcb::build::strip_userinfo;

TEST_CASE("user information leaves every URL of a text [B13]") {
  const std::pair<const char*, const char*> cases[] = {
      {"https://u:s3cret@h/x", "https://h/x"},
      {"https://s3cret@h/x?y#z", "https://h/x?y#z"},
      {"https://u:s3@cret@h/x", "https://h/x"},
      {"ADD https://u:s3cret@h/x http://t@i /to", "ADD https://h/x http://i /to"},
      {"fatal: 'https://u:s3cret@h/x.git' not found", "fatal: 'https://h/x.git' not found"},
      {"ssh://git:s3cret@h/x", "ssh://git@h/x"},
      {"git+ssh://git:s3cret@h/x", "git+ssh://git@h/x"},
      {"git@h:x", "git@h:x"},
      {"https://h/@x", "https://h/@x"},
      {"https://h/x https://h/y@z", "https://h/x https://h/y@z"},
      {"://", "://"},
      {"https://", "https://"},
      {"https://@h", "https://h"},
      {"no URL at all: a@b", "no URL at all: a@b"},
      {"", ""}};
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(strip_userinfo(text) == expected);
  }
}
