// SPDX-License-Identifier: Apache-2.0
// The terminal's side of things. The command line sees the public API only, so the little text handling that it needs is
// its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jcb::cli {

/// `text` with everything that a terminal would obey made visible: C0 but newline and tab where asked, DEL, C1,
/// bidirectional overrides, invalid UTF-8.
std::string escape(std::string_view text, bool keep_newlines = false);
/// A JSON string literal, quotes included.
std::string json_string(std::string_view text);
/// "14.2 MB".
std::string human_bytes(unsigned long long bytes);
/// "3.1s", "2m05s", "1h02m".
std::string human_seconds(double seconds);
/// The columns that escaped text takes on a terminal: two for East Asian wide characters and emoji.
std::size_t display_width(std::string_view escaped);
/// Cuts escaped text to `columns` columns (at least one), with an ellipsis.
std::string cut(std::string_view escaped, std::size_t columns);
/// Lines up columns of rows with two blanks between; the last column is not padded.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

/// Whether a descriptor is a terminal, and how wide it is (80 when nobody knows).
bool is_terminal(int fd);
std::size_t terminal_width(int fd);
/// How many rows it has; 24 when nobody knows.
std::size_t terminal_height(int fd);

enum class ColorChoice { automatic, always, never };
/// Whether to colour what goes to `fd`: the choice, NO_COLOR, and whether it is a terminal.
bool use_color(ColorChoice choice, int fd);

/// Writes a command's result to standard output and flushes it. Throws Error(system) when it cannot be written.
void print_result(std::string_view text);
/// Writes to standard error; failures are ignored, since nobody is left to tell.
void print_story(std::string_view text) noexcept;

}  // namespace jcb::cli
