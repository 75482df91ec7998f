// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cstdlib>

#include "cli/terminal.h"

using namespace jcb::cli;

TEST_CASE("escaping leaves text alone and shows what a terminal would obey") {
  CHECK(escape("plain ü 日本 🙂") == "plain ü 日本 🙂");
  CHECK(escape("a\x1b[31mb\x7f\r") == "a\\x1b[31mb\\x7f\\x0d");
  CHECK(escape(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(escape("\xc2\x9b"
               "31m") == "\\u009b31m");
  CHECK(escape("\xe2\x80\xae"
               "txt") == "\\u202etxt");
  CHECK(escape("a\nb\tc") == "a\\x0ab\\x09c");
  CHECK(escape("a\nb\tc\r", true) == "a\nb\tc\\x0d");
}

TEST_CASE("escaping shows each byte that is no UTF-8") {
  CHECK(escape("\xff") == "\\xff");
  CHECK(escape("\xc0\xaf") == "\\xc0\\xaf");           // overlong
  CHECK(escape("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(escape("\xe2\x82") == "\\xe2\\x82");           // cut off
  CHECK(escape("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
}

TEST_CASE("a JSON string is one line of valid UTF-8") {
  CHECK(json_string("") == "\"\"");
  CHECK(json_string("a\"b\\c") == R"("a\"b\\c")");
  CHECK(json_string("a\nb\x1b") == R"("a\u000ab\u001b")");
  CHECK(json_string("ü\xff") == "\"ü\\ufffd\"");
}

TEST_CASE("bytes are shown in decimal units that never read 1000.0") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(999) == "999 B");
  CHECK(human_bytes(1000) == "1.0 kB");
  CHECK(human_bytes(999949) == "999.9 kB");
  CHECK(human_bytes(999950) == "1.0 MB");
  CHECK(human_bytes(14200000) == "14.2 MB");
  CHECK(human_bytes(18446744073709551615ULL) == "18446744.1 TB");
}

TEST_CASE("durations are shown as people say them") {
  CHECK(human_seconds(0) == "0.0s");
  CHECK(human_seconds(3.14) == "3.1s");
  CHECK(human_seconds(59.99) == "1m00s");
  CHECK(human_seconds(125) == "2m05s");
  CHECK(human_seconds(3600) == "1h00m");
  CHECK(human_seconds(3725) == "1h02m");
}

TEST_CASE("cutting counts columns, and wide characters as two") {
  CHECK(cut("abc", 3) == "abc");
  CHECK(cut("abcd", 3) == "ab…");
  CHECK(cut("äöü", 3) == "äöü");
  CHECK(cut("日本語", 6) == "日本語");
  CHECK(cut("日本語", 5) == "日本…");
  CHECK(cut("日本語", 4) == "日…");
  CHECK(cut("abc", 1) == "…");
  CHECK(cut("abc", 0) == "…");
  CHECK(cut("", 0).empty());
  CHECK(display_width("a日🙂") == 5);
  CHECK(display_width("e\xcc\x81") == 1);
}

TEST_CASE("a table lines up its columns and leaves no blanks at a line's end") {
  CHECK(format_table({{"NAME", "SIZE"}, {"ä", "1"}, {"long name", ""}}) == "NAME       SIZE\nä          1\nlong name\n");
  CHECK(format_table({{"a"}, {"b", "c"}}) == "a\nb  c\n");
  CHECK(format_table({}).empty());
}

TEST_CASE("colour follows the choice before NO_COLOR") {
  CHECK(use_color(ColorChoice::always, -1));
  CHECK_FALSE(use_color(ColorChoice::never, -1));
  CHECK_FALSE(use_color(ColorChoice::automatic, -1));
}

TEST_CASE("what is no terminal has the usual size") {
  CHECK_FALSE(is_terminal(-1));
  CHECK(terminal_width(-1) == 80);
  CHECK(terminal_height(-1) == 24);
}
