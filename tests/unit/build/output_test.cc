// SPDX-License-Identifier: Apache-2.0
#include "build/output.h"

#include <catch2/catch.hpp>

#include "util/file.h"

using namespace jcb;

namespace {

struct LineCollector final : Progress {
  std::vector<std::string> lines;
  TaskId begin(TaskId, std::string_view) override { return 1; }
  void line(TaskId, std::string_view text) override { lines.emplace_back(text); }
  void bytes(TaskId, std::uint64_t, std::uint64_t) override {}
  void end(TaskId, TaskResult) override {}
  void message(MessageLevel, std::string_view) override {}
};

}  // namespace

TEST_CASE("output arrives as whole lines, the log as it was") {
  const util::TempDir top(std::filesystem::temp_directory_path());
  LineCollector collector;
  Task task(collector, 0, "x");
  build::StepOutput output(task, top.path() / "log");
  for (const char* piece : {"on", "e\ntwo\r\n", "10%\r20%\r30%\n", "\nlast"}) output.take(piece);
  output.finish();
  CHECK(collector.lines == std::vector<std::string>{"one", "two", "30%", "", "last"});
  CHECK(util::read_file(top.path() / "log", 100) == "one\ntwo\r\n10%\r20%\r30%\n\nlast");
}

TEST_CASE("memory stays bounded whatever is printed") {
  const util::TempDir top(std::filesystem::temp_directory_path());
  LineCollector collector;
  Task task(collector, 0, "x");
  build::StepOutput output(task, top.path() / "log");
  output.take(std::string(100000, 'x'));
  for (int i = 0; i < 100; ++i) output.take("\n" + std::to_string(i));
  output.finish();
  CHECK(output.last_lines().size() == 20);
  CHECK(output.last_lines().back() == "99");
  for (const auto& line : collector.lines) CHECK(line.size() <= 100000);
}
