// SPDX-License-Identifier: Apache-2.0
#include "oci/server/missing_blobs.h"

#include "jcbuild/error.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace jcb::oci;
using jcb::util::Fd;

namespace {

Fd open_null() { return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// Asks for one digest from many threads at once; returns how many got what `is_good` accepts.
template <typename Ask>
int ask_from_threads(int count, Ask ask) {
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&] { good += ask() ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  return good;
}

Descriptor layer(const std::string& content) {
  return {"application/vnd.oci.image.layer.v1.tar", Digest::of(content), content.size(), {}, std::nullopt, {}, {}};
}

}  // namespace

TEST_CASE("a blob that many wait for is got once, and each gets a descriptor") {
  std::atomic<int> calls{0}, entered{0};
  MissingBlobs missing([&](const Descriptor&) -> std::optional<Fd> {
    ++calls;
    while (entered < 8) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // so that those who are on their way arrive
    return open_null();
  });
  const Descriptor blob = layer("x");
  CHECK(ask_from_threads(8, [&] {
          ++entered;
          const auto file = missing.find(blob);
          return file && ::fcntl(file->get(), F_GETFD) == FD_CLOEXEC;
        }) == 8);
  CHECK(calls == 1);
  CHECK(missing.find(blob).has_value());
  CHECK(calls == 2);
}

TEST_CASE("a failure reaches all who wait, and the next one tries again") {
  std::atomic<int> entered{0};
  MissingBlobs missing([&](const Descriptor&) -> std::optional<Fd> {
    while (entered < 4) std::this_thread::yield();
    throw jcb::Error(jcb::ErrorKind::failed, "no network");
  });
  CHECK(ask_from_threads(4, [&] {
          ++entered;
          try {
            missing.find(layer("x"));
            return false;
          } catch (const jcb::Error& error) {
            return error.message() == "no network";
          }
        }) == 4);
  CHECK_THROWS_AS(missing.find(layer("x")), jcb::Error);
}

TEST_CASE("different blobs do not wait for each other") {
  std::atomic<int> inside{0};
  MissingBlobs missing([&](const Descriptor&) -> std::optional<Fd> {
    ++inside;
    while (inside < 2) std::this_thread::yield();
    return std::nullopt;
  });
  std::thread other([&] { missing.find(layer("a")); });
  CHECK_FALSE(missing.find(layer("b")).has_value());
  other.join();
}

TEST_CASE("without a function nothing is found") {
  MissingBlobs missing(nullptr);
  CHECK_FALSE(missing.can_find());
  CHECK_FALSE(missing.find(layer("x")).has_value());
}
