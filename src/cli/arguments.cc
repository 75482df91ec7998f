// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <numeric>

#include "cli/terminal.h"

namespace jcb::cli {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t best = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = std::exchange(row[j], best);
    }
  }
  return row[b.size()];
}

}  // namespace

std::map<std::string, std::string> parse_pairs(const std::vector<std::string>& entries, const char* flag) {
  std::map<std::string, std::string> pairs;
  for (const auto& entry : entries) {
    const auto equals = entry.find('=');
    const std::string name = entry.substr(0, equals);
    if (name.empty()) throw Error(ErrorKind::usage, std::string(flag) + " '" + escape(entry) + "' is not NAME=VALUE");
    if (equals != std::string::npos) {
      pairs[name] = entry.substr(equals + 1);
    } else if (const char* value = std::getenv(name.c_str())) {
      pairs[name] = value;
    }
  }
  return pairs;
}

std::vector<std::string> parse_environment(const std::vector<std::string>& entries) {
  std::vector<std::string> environment;
  for (const auto& entry : entries) {
    for (const auto& [name, value] : parse_pairs({entry}, "-e")) environment.push_back(name + "=" + value);
  }
  return environment;
}

std::vector<std::string> read_environment_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error(ErrorKind::not_found, "cannot read the --env-file " + escape(path));
  std::vector<std::string> entries;
  for (std::string line; std::getline(file, line);) {
    const auto start = line.find_first_not_of(" \t\r");
    if (start != std::string::npos && line[start] != '#') entries.push_back(line.substr(start));
  }
  if (file.bad()) throw Error(ErrorKind::invalid, "cannot read the --env-file " + escape(path), "it must be a file of NAME=VALUE lines");
  return parse_environment(entries);
}

VolumeOption parse_volume(const std::string& text) {
  const auto parts = split(text, ':');
  const auto usage = [&](const std::string& cause) {
    return Error(ErrorKind::usage, "-v '" + escape(text) + "': " + cause, "write -v SOURCE:TARGET[:ro]");
  };
  if (parts.size() < 2 || parts.size() > 3 || parts[0].empty()) throw usage("not SOURCE:TARGET[:ro]");
  if (parts[1].empty() || parts[1][0] != '/') throw usage("the target is not an absolute path");
  VolumeOption volume;
  for (const auto& mode : parts.size() == 3 ? split(parts[2], ',') : std::vector<std::string>{}) {
    if (mode == "ro") volume.read_only = true;
    if (mode != "ro" && mode != "rw")
      throw Error(ErrorKind::unsupported, "-v '" + escape(text) + "': the option " + escape(mode) + " is not supported", "use ro or rw");
  }
  if (parts[0][0] != '/' && parts[0][0] != '.')
    throw Error(ErrorKind::unsupported, "-v '" + escape(text) + "': named volumes are not supported yet",
                "give a directory: -v ./" + parts[0] + ":" + parts[1]);
  volume.source = std::filesystem::absolute(parts[0]);
  volume.target = parts[1];
  return volume;
}

std::uint64_t parse_size(const std::string& text, const char* flag) {
  const auto digits = text.find_first_not_of("0123456789");
  std::string unit = digits == std::string::npos ? "" : text.substr(digits);
  std::transform(unit.begin(), unit.end(), unit.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static const std::map<std::string, int> shifts{{"", 0},    {"b", 0},  {"k", 10},  {"kb", 10}, {"m", 20},
                                                 {"mb", 20}, {"g", 30}, {"gb", 30}, {"t", 40},  {"tb", 40}};
  const auto shift = shifts.find(unit);
  const auto refuse = [&](const char* cause) {
    return Error(ErrorKind::usage, std::string(flag) + " '" + escape(text) + "' is " + cause, "write for example 512m or 8g");
  };
  if (digits == 0 || text.empty() || shift == shifts.end()) throw refuse("not a size");
  if (std::min(digits, text.size()) > 18) throw refuse("too large");
  const std::uint64_t number = std::stoull(text.substr(0, digits));
  if (number > (UINT64_MAX >> shift->second)) throw refuse("too large");
  return number << shift->second;
}

std::map<std::string, std::string> parse_colon_pairs(const std::string& text) {
  std::map<std::string, std::string> pairs;
  for (const auto& entry : split(text, ',')) {
    const auto colon = entry.find(':');
    if (colon == std::string::npos || colon == 0) throw Error(ErrorKind::usage, "--build-args '" + escape(entry) + "' is not name:value");
    pairs[entry.substr(0, colon)] = entry.substr(colon + 1);
  }
  return pairs;
}

bool is_path_like(const std::string& argument) {
  std::error_code error;
  return argument == "." || argument == ".." || argument == "-" || argument.find('/') != std::string::npos ||
         std::filesystem::exists(argument, error);
}

std::string nearest(const std::string& name, const std::vector<std::string>& names) {
  std::string best;
  // Half of a short name changed is another name.
  std::size_t least = std::min(std::max<std::size_t>(2, name.size() / 3) + 1, std::max<std::size_t>(name.size(), 1));
  for (const auto& candidate : names) {
    const bool begun = name.size() >= 3 && candidate.starts_with(name);
    const std::size_t d = begun ? 1 : distance(name, candidate);
    if (d < least) least = d, best = candidate;
  }
  return best;
}

}  // namespace jcb::cli
