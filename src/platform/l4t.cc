// SPDX-License-Identifier: Apache-2.0
// Facts per L4T release, from NVIDIA's release pages and jetson-containers' l4t_version.py.
//
// Every table is read as ranges: an entry holds from its release up to the next entry of the same major release. A
// point release that came out after this file was written (36.4.9) is thus taken for its predecessor, where a table of
// exact releases would fall back to something wholly different.
#include "platform/l4t.h"

#include <array>
#include <span>

namespace jcb::platform {
namespace {

struct Entry {
  std::string_view from;   // the first L4T release
  std::string_view value;  // of JetPack, CUDA, ...
};

constexpr std::array<Entry, 46> k_jetpack{{
    {"24.1", "2.2"},     {"24.2", "2.3"},     {"24.2.1", "2.3.1"}, {"27.1", "3.0"},     {"28.1", "3.1"},     {"28.2", "3.2"},
    {"28.2.1", "3.3"},   {"31.0", "4.0"},     {"31.0.2", "4.1"},   {"31.1", "4.1.1"},   {"32.0", "4.2"},     {"32.2", "4.2.1"},
    {"32.2.1", "4.2.2"}, {"32.2.3", "4.2.3"}, {"32.3", "4.3"},     {"32.4", "4.4"},     {"32.4.4", "4.4.1"}, {"32.5", "4.5"},
    {"32.5.1", "4.5.1"}, {"32.6", "4.6"},     {"32.7", "4.6.1"},   {"32.7.2", "4.6.2"}, {"32.7.3", "4.6.3"}, {"32.7.4", "4.6.4"},
    {"32.7.5", "4.6.5"}, {"32.7.6", "4.6.6"}, {"34.0", "5.0"},     {"34.1.1", "5.0.1"}, {"35.0", "5.0.2"},   {"35.2", "5.1"},
    {"35.3", "5.1.1"},   {"35.4", "5.1.2"},   {"35.5", "5.1.3"},   {"35.6", "5.1.4"},   {"35.6.1", "5.1.5"}, {"35.6.4", "5.1.6"},
    {"36.0", "6.0"},     {"36.4", "6.1"},     {"36.4.2", "6.1.1"}, {"36.4.3", "6.2"},   {"36.4.4", "6.2.1"}, {"36.5", "6.2.1"},
    {"38.0", "7.0"},     {"38.4", "7.1"},     {"39.0", "7.2"},     {"39.1", "7.2"},
}};

constexpr std::array<Entry, 10> k_cuda{{
    {"28.1", "9.0"},
    {"31.0", "10.0"},
    {"32.0", "10.0"},
    {"32.4", "10.2"},
    {"34.0", "11.4"},
    {"35.0", "11.4"},
    {"36.0", "12.2"},
    {"36.3", "12.4"},
    {"36.4", "12.6"},
    {"38.0", "13.0"},
}};

constexpr std::string_view k_newest_cuda = "13.2";  // of L4T 39 and whatever follows it

std::string_view value_of(std::span<const Entry> table, const Version& l4t) {
  std::string_view value;
  for (const Entry& entry : table) {
    const Version from = Version::parse(entry.from);
    if (from.major() == l4t.major() && from <= l4t) value = entry.value;
  }
  return value;
}

}  // namespace

Version jetpack_of_l4t(const Version& l4t) {
  const std::string_view jetpack = value_of(k_jetpack, l4t);
  return jetpack.empty() ? Version() : Version::parse(jetpack);
}

Version cuda_of_l4t(const Version& l4t) {
  if (l4t.major() >= 39) return Version::parse(k_newest_cuda);
  const std::string_view cuda = value_of(k_cuda, l4t);
  return cuda.empty() ? Version() : Version::parse(cuda);
}

Distribution distribution_of_l4t(const Version& l4t) {
  const int major = l4t.major();
  if (major >= 37) return find_distribution("ubuntu:24.04").value();
  if (major == 36) return find_distribution("ubuntu:22.04").value();
  if (major >= 34) return find_distribution("ubuntu:20.04").value();
  if (major >= 31) return find_distribution("ubuntu:18.04").value();
  if (major >= 24) return find_distribution("ubuntu:16.04").value();
  return {};
}

std::vector<int> cuda_architectures_of_l4t(const Version& l4t) {
  const int major = l4t.major();
  if (major >= 39) return {87, 110, 120, 121};
  if (major >= 37) return {110};  // L4T 38 runs on Thor alone; upstream builds for Orin here, which Thor cannot load
  if (major == 36) return {87};
  if (major >= 34) return {72, 87};
  return {53, 62, 72};
}

std::string base_of_l4t(const Version& l4t, const Distribution& distribution) {
  // NVIDIA's images hold the distribution of their L4T release; whoever asks for another one cannot start from them.
  if (l4t.major() >= 36 || distribution != distribution_of_l4t(l4t)) return distribution.id + ":" + distribution.version;
  const std::string registry = "nvcr.io/nvidia/";
  if (l4t >= Version::parse("35.4.1")) return registry + "l4t-jetpack:r35.4.1";
  if (l4t.major() >= 34) return registry + "l4t-jetpack:r" + l4t.text();
  if (l4t >= Version::parse("32.7.1")) return registry + "l4t-base:r32.7.1";
  return registry + "l4t-base:r" + l4t.text();
}

}  // namespace jcb::platform
