// SPDX-License-Identifier: Apache-2.0
#include "oci/layer/layer_stream.h"

#include "jcbuild/error.h"
#include "layer_support.h"
#include "oci/layer/compress.h"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <random>

using namespace jcb::oci;
using namespace jcb::test;
using jcb::Error;
using jcb::ErrorKind;
namespace util = jcb::util;

namespace {

std::string compress(std::string_view text, Compression method) {
  std::string out;
  const auto compressor = make_compressor({method, 1}, [&](std::string_view bytes) { out += bytes; });
  // Members of their own, as estargz and pigz have them.
  compressor->write(text);
  compressor->finish();
  return out;
}

std::string compress_in_members(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 300'000) out += compress(std::string_view(text).substr(at, 300'000), Compression::gzip);
  return out;
}

// Layers as images have them, and with what they should not have: names that come twice, in all kinds.
class RandomLayer {
 public:
  explicit RandomLayer(unsigned seed, bool doubles) : m_random(seed), m_doubles(doubles) {}

  std::string make() {
    for (int i = 0; i < 200; ++i) add();
    return m_text.finish();
  }

 private:
  unsigned pick(unsigned count) { return m_random() % count; }

  std::string name() {
    std::string path;
    for (unsigned depth = pick(3); depth-- > 0;) path += "dir" + std::to_string(pick(6)) + "/";
    return path + (m_doubles ? "n" + std::to_string(pick(60)) : "n" + std::to_string(m_next++));
  }

  std::string content() {
    std::string text(pick(30) == 0 ? 400'000 : pick(9'000), '\0');
    for (char& c : text) c = static_cast<char>(m_random() & 0x3f);
    return text;
  }

  void add() {
    const std::string path = name();
    switch (pick(12)) {
      case 0:
        return add_directory(path);
      case 1:
        m_text.link(path, pick(2) == 0 ? "dir1" : "nowhere");
        return;
      case 2:
        if (m_files.empty()) return;
        if (m_doubles && pick(2) == 0) return;
        m_text.hard_link(path, m_files[pick(static_cast<unsigned>(m_files.size()))]);
        return;
      case 3:
        m_text.file(path + "-gone/.wh.x" + std::to_string(m_next++));
        return;
      case 4:
        m_text.file("dir" + std::to_string(pick(6)) + "/.wh..wh..opq");
        return;
      default:
        return add_file(path);
    }
  }

  void add_directory(const std::string& path) {
    auto entry = make_entry(EntryType::directory, path + "/", {}, pick(4) == 0 ? 0555 : 02775);
    entry.mtime_s += pick(1000);
    m_text.add(entry);
    m_text.file(path + "/inside", "x");
  }

  void add_file(const std::string& path) {
    auto entry = make_entry(EntryType::file, path, {}, pick(5) == 0 ? 04755 : 0440);
    entry.mtime_s += pick(1000);
    entry.mtime_ns = 7;
    entry.xattrs["user.note"] = path;
    if (is_root()) entry.uid = entry.gid = 10 + pick(3);
    m_text.add(entry, content());
    if (!m_doubles) m_files.push_back(path);
  }

  std::mt19937 m_random;
  bool m_doubles;
  TarText m_text;
  std::vector<std::string> m_files;
  unsigned m_next = 0;
};

struct Blob {
  Blob(const std::string& tar, std::string compressed, std::string_view type)
      : bytes(std::move(compressed)),
        diff_id(Digest::of(tar)),
        descriptor{std::string(type), Digest::of(bytes), bytes.size(), {}, {}, {}, {}} {}
  std::string bytes;
  std::optional<Digest> diff_id;
  Descriptor descriptor;
};

Blob gzip_blob(const std::string& tar) { return {tar, compress_in_members(tar), k_media_layer_gzip}; }
Blob plain_blob(const std::string& tar) { return {tar, tar, k_media_layer}; }

std::string describe(const Tree& tree) {
  std::string tar;
  write_layer_tar(tree.root, OverlayXattr::user, [&](std::string_view bytes) { tar += bytes; });
  return tar;
}

struct Stopped {};

// Hands a blob out in runs of odd sizes, up to where the process is to be stopped.
ChunkSource read_until(const Blob& blob, std::uint64_t from, std::uint64_t stop, std::size_t run = 3'001) {
  return [&blob, at = from, stop, run]() mutable -> std::string_view {
    if (at >= stop) throw Stopped();
    const auto part = std::string_view(blob.bytes).substr(at, run);
    at += part.size();
    return part;
  };
}

constexpr std::uint64_t k_no_stop = UINT64_MAX;

// One process after the other unpacks into one tree; each is stopped somewhere.
struct Attempts {
  explicit Attempts(const Blob& layer) : blob(layer) {}

  // Whether the layer is complete.
  bool attempt(std::uint64_t stop) {
    LayerStream stream;
    stream.resume = kept;
    if (!kept)
      tree = std::make_unique<Tree>();
    else
      ++resumed;
    stream.save = [this](const UnpackCheckpoint& checkpoint) {
      kept = checkpoint;
      ++saved;
    };
    stream.drop = [this] {
      kept.reset();
      ++dropped;
    };
    stream.interval_bytes = 1;
    stream.interval = std::chrono::milliseconds(0);
    stream.source = read_until(blob, kept ? kept->blob_offset : 0, stop);
    try {
      unpack_layer(stream, blob.descriptor, blob.diff_id, tree->root, {});
      return true;
    } catch (const Stopped&) {
      return false;
    }
  }

  const Blob& blob;
  std::unique_ptr<Tree> tree;
  std::optional<UnpackCheckpoint> kept;
  int saved = 0, dropped = 0, resumed = 0;
};

// Not through zlib, where ISA-L is missing.
bool can_save_gzip() {
  const std::string bytes = compress("x", Compression::gzip);
  bool given = false;
  const auto decompressor =
      make_decompressor([&]() -> std::string_view { return std::exchange(given, true) ? std::string_view() : std::string_view(bytes); },
                        Compression::gzip, {}, "x");
  char c = 0;
  return decompressor->read(&c, 1) == 1 && decompressor->save().has_value();
}

Blob saveable_blob(const std::string& tar) { return can_save_gzip() ? gzip_blob(tar) : plain_blob(tar); }

std::string undisturbed(const Blob& blob) {
  const Tree tree;
  unpack_layer(file_with(blob.bytes).get(), blob.descriptor, blob.diff_id, tree.root, {});
  return describe(tree);
}

}  // namespace

TEST_CASE("a layer that arrives in runs is unpacked as from a file") {
  const std::string tar = RandomLayer(1, true).make();
  for (const auto method : {Compression::none, Compression::gzip, Compression::zstd}) {
    const Blob blob(tar, compress(tar, method), layer_media_type(method));
    LayerStream stream;
    stream.source = read_until(blob, 0, k_no_stop);
    const Tree tree;
    unpack_layer(stream, blob.descriptor, blob.diff_id, tree.root, {});
    CHECK((describe(tree) == undisturbed(blob)));
  }
}

TEST_CASE("a layer that was stopped anywhere, again and again, gives the tree of an undisturbed one") {
  const bool doubles = GENERATE(false, true);
  const bool gzip = GENERATE(false, true);
  if (gzip && !can_save_gzip()) return;
  for (unsigned seed = 0; seed < 3; ++seed) {
    const std::string tar = RandomLayer(seed, doubles).make();
    const Blob blob = gzip ? gzip_blob(tar) : plain_blob(tar);
    const std::string expected = undisturbed(blob);
    std::mt19937 random(seed);
    for (int round = 0; round < 4; ++round) {
      Attempts attempts(blob);
      std::uint64_t stop = 0;
      while (stop < blob.bytes.size()) {
        stop = std::max<std::uint64_t>(stop, attempts.kept ? attempts.kept->blob_offset : 0) + 1 + random() % (blob.bytes.size() / 3);
        if (attempts.attempt(stop)) break;
      }
      if (stop >= blob.bytes.size() && describe(*attempts.tree) != expected) REQUIRE(attempts.attempt(k_no_stop));
      INFO("seed " << seed << " round " << round << " saved " << attempts.saved << " dropped " << attempts.dropped);
      CHECK((describe(*attempts.tree) == expected));
      CHECK(attempts.saved > 0);
      if (!doubles) CHECK(attempts.resumed > 0);
    }
  }
}

TEST_CASE("a single large file goes on in its middle") {
  std::string content(3'000'000, '\0');
  std::mt19937 random(5);
  for (char& c : content) c = static_cast<char>(random());
  const Blob blob = saveable_blob(TarText().dir("lib").file("lib/huge.so", content).finish());
  Attempts attempts(blob);
  CHECK_FALSE(attempts.attempt(2'000'000));
  REQUIRE(attempts.kept);
  CHECK(attempts.kept->blob_offset > 1'500'000);
  CHECK(attempts.attempt(k_no_stop));
  CHECK((attempts.tree->read("lib/huge.so") == content));
  CHECK((describe(*attempts.tree) == undisturbed(blob)));
}

TEST_CASE("a checkpoint is dropped before anything is removed") {
  std::string filler(600'000, '\0');
  std::mt19937 random(5);
  for (char& c : filler) c = static_cast<char>(random());
  // Unpacked again over what is there, the hard link would have the second content.
  const Blob blob =
      plain_blob(TarText().file("a", "first").file("x", filler).hard_link("b", "a").file("a", "second").file("y", filler).finish());
  Attempts attempts(blob);
  CHECK_FALSE(attempts.attempt(900'000));
  CHECK(attempts.dropped == 1);
  CHECK(attempts.attempt(k_no_stop));
  CHECK(attempts.tree->read("b") == "first");
  CHECK(attempts.tree->read("a") == "second");
}

TEST_CASE("a checkpoint that is none is refused, and damage after a good one is found") {
  const Blob blob = saveable_blob(RandomLayer(3, false).make());
  Attempts attempts(blob);
  CHECK_FALSE(attempts.attempt(blob.bytes.size() / 2));
  REQUIRE(attempts.kept);
  const auto refuse = [&](const UnpackCheckpoint& checkpoint, const Blob& content) {
    LayerStream stream;
    stream.resume = checkpoint;
    stream.source = read_until(content, checkpoint.blob_offset, k_no_stop);
    return invalid_message([&] { unpack_layer(stream, blob.descriptor, blob.diff_id, attempts.tree->root, {}); });
  };
  for (const std::size_t size : {std::size_t{0}, std::size_t{9}, std::size_t{200}, attempts.kept->state.size() - 1}) {
    UnpackCheckpoint cut = *attempts.kept;
    cut.state.resize(size);
    CHECK_FALSE(refuse(cut, blob).empty());
  }
  Blob damaged = blob;
  damaged.bytes[damaged.bytes.size() - 40'000] = static_cast<char>(damaged.bytes[damaged.bytes.size() - 40'000] ^ 1);
  CHECK_FALSE(refuse(*attempts.kept, damaged).empty());
  UnpackCheckpoint shifted = *attempts.kept;
  shifted.blob_offset += 1;
  CHECK_FALSE(refuse(shifted, blob).empty());
}

TEST_CASE("methods that keep their state to themselves take no checkpoints") {
  const std::string tar = RandomLayer(2, false).make();
  const Blob blob(tar, compress(tar, Compression::zstd), k_media_layer_zstd);
  Attempts attempts(blob);
  CHECK_FALSE(attempts.attempt(blob.bytes.size() - 10));
  CHECK(attempts.saved == 0);
}

TEST_CASE("a process that was killed leaves what the next goes on with") {
  const Blob blob = saveable_blob(RandomLayer(11, false).make());
  const std::string expected = undisturbed(blob);
  int resumed = 0;
  std::mt19937 random(1);
  for (int round = 0; round < 12; ++round) {
    const Tree tree, notes;
    // The checkpoint is a file, as it has to outlive the process.
    const auto attempt = [&] {
      LayerStream stream;
      if (notes.has("state")) {
        const std::string text = notes.read("state");
        stream.resume = UnpackCheckpoint{std::stoull(text.substr(0, 20)), text.substr(20)};
      }
      stream.save = [&](const UnpackCheckpoint& checkpoint) {
        const std::string offset = std::to_string(checkpoint.blob_offset);
        notes.root.write_file("new", std::string(20 - offset.size(), '0') + offset + checkpoint.state);
        ::rename(notes.path("new").c_str(), notes.path("state").c_str());
      };
      stream.drop = [&] { ::unlink(notes.path("state").c_str()); };
      stream.interval_bytes = 1;
      stream.interval = std::chrono::milliseconds(0);
      stream.source = read_until(blob, stream.resume ? stream.resume->blob_offset : 0, k_no_stop);
      unpack_layer(stream, blob.descriptor, blob.diff_id, tree.root, {});
    };
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      attempt();
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(500 + random() % 25'000));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    if (!notes.has("state")) util::remove_children(tree.root.fd(), "the tree");
    if (notes.has("state")) ++resumed;
    attempt();
    INFO("round " << round);
    CHECK((describe(tree) == expected));
  }
  CHECK(resumed > 0);
}
