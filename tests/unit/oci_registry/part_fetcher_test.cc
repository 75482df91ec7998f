// SPDX-License-Identifier: Apache-2.0
#include "oci/registry/part_fetcher.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <random>

#include "jcbuild/error.h"
#include "support/fake_blobs.h"

using namespace jcb::oci;
using jcb::Error;
using jcb::test::FakeBlobs;

namespace {

constexpr std::size_t k_mib = 1 << 20;

std::string noise(std::size_t size) {
  std::string text(size, '\0');
  std::mt19937_64 random(size);
  for (std::size_t i = 0; i + 8 <= size; i += 8) {
    const auto value = random();
    std::memcpy(text.data() + i, &value, 8);
  }
  return text;
}

std::string read_all(PartFetcher& fetcher) {
  std::string text;
  for (auto run = fetcher.next(); !run.empty(); run = fetcher.next()) text += run;
  CHECK(fetcher.next().empty());
  return text;
}

std::string fetch(FakeBlobs& remote, const Descriptor& blob, std::uint64_t first = 0, unsigned connections = 8) {
  ConnectionPool pool(remote, connections);
  PartFetcher fetcher(pool, blob, first);
  return read_all(fetcher);
}

}  // namespace

TEST_CASE("a small blob is one request, a large one comes in parts over all connections, in order") {
  FakeBlobs remote;
  remote.delay = std::chrono::microseconds(50);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 3 * k_mib + 7}) {
    const std::string bytes = noise(size);
    CHECK((fetch(remote, remote.add(bytes)) == bytes));
  }
  CHECK(remote.part_requests == 0);
  CHECK(remote.blob_requests == 2);
  const std::string bytes = noise(20 * k_mib + 13);
  CHECK((fetch(remote, remote.add(bytes)) == bytes));
  CHECK(remote.part_requests == 41);
  CHECK(remote.blob_requests == 2);
  CHECK(remote.most_running == 2);
}

TEST_CASE("a part that fails is asked for again from where it stands, as long as the others get on") {
  FakeBlobs remote;
  const std::string bytes = noise(40 * k_mib);
  const auto blob = remote.add(bytes);
  std::atomic<int> failures{0};
  remote.before = [&](std::uint64_t offset) {
    if (offset != 20 * k_mib + 16'384 || failures == 1) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the others bring something in between
    ++failures;
    throw Error(jcb::ErrorKind::failed, "the connection broke for good");
  };
  remote.delay = std::chrono::microseconds(50);
  CHECK((fetch(remote, blob) == bytes));
  CHECK(failures == 1);
  CHECK(remote.sent <= blob.size_bytes + 4 * 16'384);
}

TEST_CASE("where nothing gets on, the first failure of a part is the end") {
  FakeBlobs remote;
  const auto blob = remote.add(noise(40 * k_mib));
  std::atomic<int> failures{0};
  remote.before = [&](std::uint64_t offset) {
    if (offset >= 20 * k_mib && ++failures > 0) throw Error(jcb::ErrorKind::failed, "the registry is gone");
  };
  CHECK_THROWS_WITH(fetch(remote, blob), Catch::Contains("is gone"));
  CHECK(failures < 200);
}

TEST_CASE("parts are a 64th of the blob, at most 4 MiB") {
  FakeBlobs remote;
  const std::string bytes = noise(130 * k_mib);
  CHECK((fetch(remote, remote.add(bytes)) == bytes));
  CHECK(remote.part_requests == 64);
}

TEST_CASE("one connection is enough for several blobs at once") {
  FakeBlobs remote;
  const std::string bytes = noise(9 * k_mib), other = noise(10 * k_mib), small = noise(2 * k_mib);
  const auto a = remote.add(bytes), b = remote.add(other), c = remote.add(small);
  ConnectionPool pool(remote, 1);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  const auto check = [&](const Descriptor& blob, const std::string& expected, unsigned rank) {
    PartFetcher fetcher(pool, blob, 0, rank);
    std::string text;
    for (auto run = fetcher.next(); !run.empty(); run = fetcher.next()) text += run;
    right += text == expected ? 1 : 0;
  };
  threads.emplace_back([&] { check(a, bytes, 0); });
  threads.emplace_back([&] { check(b, other, 1); });
  threads.emplace_back([&] { check(c, small, 2); });
  for (auto& thread : threads) thread.join();
  CHECK(right == 3);
  CHECK(remote.most_running == 1);
}

TEST_CASE("a fetch begins where it is told to") {
  FakeBlobs remote;
  const std::string bytes = noise(12 * k_mib);
  const auto blob = remote.add(bytes);
  for (const std::uint64_t first :
       {std::uint64_t{1}, std::uint64_t{5 * k_mib + 3}, std::uint64_t{bytes.size() - 1}, std::uint64_t{bytes.size()}}) {
    remote.sent = 0;
    CHECK((fetch(remote, blob, first) == std::string_view(bytes).substr(first)));
    CHECK(remote.sent == bytes.size() - first);
  }
}

TEST_CASE("a server without parts is asked for one, and then for the whole") {
  FakeBlobs remote;
  remote.knows_parts = false;
  const std::string bytes = noise(12 * k_mib);
  const auto blob = remote.add(bytes);
  CHECK((fetch(remote, blob) == bytes));
  CHECK(remote.part_requests == 1);
  CHECK(remote.blob_requests == 1);
  CHECK((fetch(remote, blob, 3 * k_mib) == std::string_view(bytes).substr(3 * k_mib)));
}

TEST_CASE("a server that refuses some parts only is read as one stream from there") {
  const std::string bytes = noise(40 * k_mib);
  for (const std::uint64_t refused : {std::uint64_t{3}, std::uint64_t{20}, std::uint64_t{39}}) {
    FakeBlobs remote;
    remote.delay = std::chrono::microseconds(20);
    remote.refuse_part = [&](const HttpRange& range) { return range.first >= refused * k_mib && range.first / (5 * k_mib / 8) % 2 == 1; };
    CHECK((fetch(remote, remote.add(bytes)) == bytes));
    CHECK(remote.blob_requests >= 1);
  }
}

TEST_CASE("a body that begins anew is handed out once") {
  for (const bool parts : {false, true}) {
    FakeBlobs remote;
    remote.restart_once = true;
    remote.knows_parts = parts;
    const std::string bytes = noise(10 * k_mib);
    CHECK((fetch(remote, remote.add(bytes)) == bytes));
    CHECK(remote.sent > bytes.size());
  }
}

TEST_CASE("an error comes after what arrived before it, and ends the other connections") {
  FakeBlobs remote;
  const std::string bytes = noise(64 * k_mib);
  const auto blob = remote.add(bytes);
  remote.before = [](std::uint64_t offset) {
    if (offset >= 30 * k_mib + 16'384) throw Error(jcb::ErrorKind::failed, "the network is gone");
  };
  ConnectionPool pool(remote, 8);
  std::string text;
  {
    PartFetcher fetcher(pool, blob);
    const auto read = [&] {
      for (auto run = fetcher.next(); !run.empty(); run = fetcher.next()) text += run;
    };
    CHECK_THROWS_WITH(read(), "the network is gone");
  }
  CHECK(text.size() == 30 * k_mib + 16'384);
  CHECK((text == std::string_view(bytes).substr(0, text.size())));
  CHECK(remote.running == 0);
}

TEST_CASE("a fetcher that goes away early ends its connections") {
  FakeBlobs remote;
  remote.delay = std::chrono::microseconds(200);
  const auto blob = remote.add(noise(64 * k_mib)), small = remote.add(noise(7 * k_mib));
  ConnectionPool pool(remote, 4);
  for (const auto& each : {blob, small}) {
    {
      PartFetcher fetcher(pool, each);
      CHECK_FALSE(fetcher.next().empty());
    }
    CHECK(remote.running == 0);
  }
  CHECK(remote.sent < 20 * k_mib);
}

TEST_CASE("what waits for its consumer is bounded") {
  FakeBlobs remote;
  const auto blob = remote.add(noise(100 * k_mib)), small = remote.add(noise(8 * k_mib));
  ConnectionPool pool(remote, 3);
  PartFetcher large_one(pool, blob), small_one(pool, small, 0, 1);
  CHECK_FALSE(large_one.next().empty());
  CHECK_FALSE(small_one.next().empty());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(remote.sent <= 3 * 4 * k_mib);
  CHECK(remote.sent >= k_mib);
}

TEST_CASE("a server that sends less or more than a blob has is found out") {
  FakeBlobs remote;
  for (const std::size_t size : {3 * k_mib, 12 * k_mib}) {
    const auto blob = remote.add(noise(size));
    remote.blobs.at(blob.digest).resize(size - 5);
    CHECK_THROWS_WITH(fetch(remote, blob), Catch::Contains("less") && Catch::Contains(blob.digest.text()));
    remote.knows_parts = false;
    remote.blobs.at(blob.digest).resize(size + 5);
    remote.run = 10'000;  // the last run holds what is too much
    CHECK_THROWS_WITH(fetch(remote, blob), Catch::Contains("more"));
    remote.knows_parts = true;
  }
}

TEST_CASE("a server that stalls does not hold up who wants no more") {
  for (const bool parts : {true, false}) {
    FakeBlobs remote;
    remote.knows_parts = parts;
    const auto blob = remote.add(noise(40 * k_mib));
    ConnectionPool pool(remote, 4);
    PartFetcher fetcher(pool, blob);
    CHECK_FALSE(fetcher.next().empty());
    remote.stalled = true;
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      pool.cancel();
    });
    const auto read = [&] {
      while (!fetcher.next().empty()) {
      }
    };
    CHECK_THROWS_AS(read(), ConnectionPool::Cancelled);
    other.join();
  }
}
