// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/pax.h"

#include "jcbuild/error.h"

#include <charconv>

namespace jcb::oci {
namespace {

constexpr std::uint32_t k_second_ns = 1'000'000'000;

bool is_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

std::uint32_t parse_fraction(std::string_view digits) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 9; ++i) value = value * 10 + (i < digits.size() ? static_cast<std::uint32_t>(digits[i] - '0') : 0);
  return value;
}

[[noreturn]] void throw_bad_record(const std::string& thing) { throw Error(ErrorKind::invalid, thing + ": malformed pax record"); }

// Takes one record off the front of `content`.
PaxRecord take_record(std::string_view& content, const std::string& thing) {
  const auto blank = content.find(' ');
  if (blank == std::string_view::npos) throw_bad_record(thing);
  const auto length = parse_pax_number(content.substr(0, blank));
  if (!length || *length > content.size() || *length < blank + 3) throw_bad_record(thing);
  std::string_view record = content.substr(0, *length);
  content.remove_prefix(*length);
  if (record.back() != '\n') throw_bad_record(thing);
  record.remove_prefix(blank + 1);
  record.remove_suffix(1);
  const auto equals = record.find('=');
  if (equals == std::string_view::npos || equals == 0) throw_bad_record(thing);
  return {std::string(record.substr(0, equals)), std::string(record.substr(equals + 1))};
}

}  // namespace

std::string make_pax_record(std::string_view key, std::string_view value) {
  const std::size_t payload = key.size() + value.size() + 3;  // blank, "=", newline
  std::size_t total = payload + std::to_string(payload).size();
  // The length counts its own digits, which may be one more than those of the rest.
  if (payload + std::to_string(total).size() != total) total = payload + std::to_string(total).size();
  std::string record = std::to_string(total) + " ";
  record.append(key).append("=").append(value).append("\n");
  return record;
}

std::vector<PaxRecord> parse_pax_records(std::string_view content, const std::string& thing) {
  std::vector<PaxRecord> records;
  while (!content.empty()) records.push_back(take_record(content, thing));
  return records;
}

std::optional<std::uint64_t> parse_pax_number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (!is_digits(text) || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<PaxTime> parse_pax_time(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = parse_pax_number(text.substr(0, point));
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (!whole || *whole > (std::uint64_t{1} << 62) || (!fraction.empty() && !is_digits(fraction))) return std::nullopt;
  PaxTime time{static_cast<std::int64_t>(*whole), parse_fraction(fraction)};
  if (!negative) return time;
  time.seconds = -time.seconds - (time.nanoseconds > 0 ? 1 : 0);
  time.nanoseconds = time.nanoseconds > 0 ? k_second_ns - time.nanoseconds : 0;
  return time;
}

std::string make_pax_time(const PaxTime& time) {
  if (time.nanoseconds == 0) return std::to_string(time.seconds);
  const bool negative = time.seconds < 0;
  const std::int64_t whole = negative ? -(time.seconds + 1) : time.seconds;
  const std::uint32_t fraction = negative ? k_second_ns - time.nanoseconds : time.nanoseconds;
  std::string digits = std::to_string(fraction);
  digits.insert(0, 9 - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return (negative ? "-" : "") + std::to_string(whole) + "." + digits;
}

}  // namespace jcb::oci
