// SPDX-License-Identifier: Apache-2.0
#include "packages/pins.h"

#include "packages/settings.h"

#include <algorithm>

namespace jcb::packages {
namespace {

bool contains(const std::vector<std::size_t>& list, std::size_t value) { return std::find(list.begin(), list.end(), value) != list.end(); }

// "ros:noetic" names "ros:noetic-desktop", "pytorch:2" names "pytorch:2.8"; "pytorch:2.1" does not name "pytorch:2.11".
bool is_version_prefix(std::string_view wish, std::string_view name) {
  return name.starts_with(wish) && (name.size() == wish.size() || name[wish.size()] == '-' || name[wish.size()] == '.');
}

bool accepts(std::string_view wish, const Package& package) {
  if (!Pins::names_version(wish) || is_version_prefix(wish, package.name)) return true;
  return std::find(package.aliases.begin(), package.aliases.end(), wish) != package.aliases.end();
}

}  // namespace

void Pins::pin(std::size_t package) { m_pins[std::string(family_of(at(package).name))].insert(package); }

bool Pins::has_pins_of(std::size_t package) const { return m_pins.find(family_of(at(package).name)) != m_pins.end(); }

bool Pins::covers(std::size_t package) const {
  const auto pins = m_pins.find(family_of(at(package).name));
  if (pins == m_pins.end()) return false;
  return std::any_of(pins->second.begin(), pins->second.end(),
                     [&](std::size_t pin) { return pin == package || contains(bases(pin), package); });
}

std::size_t Pins::choose(std::string_view wish, std::optional<std::size_t> asker) const {
  const auto usual = find(wish);
  if (usual && names_version(wish) && at(*usual).name == wish) return *usual;
  if (usual && covers(*usual)) return *usual;
  const auto pins = acceptable_pins(wish, family_of(usual ? std::string_view(at(*usual).name) : wish));
  if (const auto pin = choose_pin(pins, asker)) return *pin;
  if (!usual) m_catalog.throw_missing(wish);
  return *usual;
}

std::optional<std::size_t> Pins::find(std::string_view wish) const {
  const Package* package = m_catalog.find(wish);
  if (package == nullptr) return std::nullopt;
  return static_cast<std::size_t>(package - m_catalog.packages().data());
}

std::vector<std::size_t> Pins::acceptable_pins(std::string_view wish, std::string_view family) const {
  std::vector<std::size_t> pins;
  const auto found = m_pins.find(family);
  if (found == m_pins.end()) return pins;
  std::copy_if(found->second.begin(), found->second.end(), std::back_inserter(pins),
               [&](std::size_t pin) { return accepts(wish, at(pin)); });
  return pins;
}

// A package that a pin itself needs cannot be given that pin: it gets the topmost part of the pin that does not need it.
std::optional<std::size_t> Pins::choose_pin(const std::vector<std::size_t>& pins, std::optional<std::size_t> asker) const {
  const auto is_possible = [&](std::size_t candidate) { return !asker || !reaches(candidate, *asker); };
  const auto pin = std::find_if(pins.begin(), pins.end(), is_possible);
  if (pin != pins.end()) return *pin;
  for (const std::size_t blocked : pins) {
    const auto parts = bases(blocked);
    const auto part = std::find_if(parts.begin(), parts.end(), is_possible);
    if (part != parts.end()) return *part;
  }
  return std::nullopt;
}

// The packages of the same family that it is built on, directly and indirectly, the nearest first.
std::vector<std::size_t> Pins::bases(std::size_t package) const {
  std::vector<std::size_t> chain{package};
  for (std::size_t next = 0; next < chain.size(); ++next) {
    for (const auto& wish : at(chain[next]).depends) {
      const auto below = find(wish);
      const bool is_family = below && family_of(at(*below).name) == family_of(at(package).name);
      if (is_family && !contains(chain, *below)) chain.push_back(*below);
    }
  }
  chain.erase(chain.begin());
  return chain;
}

bool Pins::reaches(std::size_t from, std::size_t to) const {
  std::vector<bool> seen(m_catalog.packages().size());
  std::vector<std::size_t> open{from};
  while (!open.empty()) {
    const std::size_t current = open.back();
    open.pop_back();
    if (current == to) return true;
    if (seen[current]) continue;
    seen[current] = true;
    for (const auto& wish : at(current).depends) {
      if (const auto below = find(wish)) open.push_back(*below);
    }
  }
  return false;
}

}  // namespace jcb::packages
