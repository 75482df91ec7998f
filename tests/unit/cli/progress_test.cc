// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "cli/progress_frame.h"
#include "cli/terminal.h"

using namespace jcb;
using namespace jcb::cli;

namespace {

// The names of the tree, each with its depth in front.
std::vector<std::string> tree_of(const TaskTable& table) {
  std::vector<std::string> names;
  for (const auto& [task, depth] : table.tree()) names.push_back(std::to_string(depth) + task->name);
  return names;
}

}  // namespace

TEST_CASE("task ids begin at 1 and are never used again") {
  TaskTable table;
  CHECK(table.begin(0, "a") == 1);
  table.end(1);
  CHECK(table.begin(0, "b") == 2);
  CHECK(table.find(1) == nullptr);
  table.end(99);
  CHECK(table.tasks().size() == 1);
}

TEST_CASE("a task keeps its name as given and as it may be shown") {
  TaskTable table;
  const TaskState* task = table.find(table.begin(0, "a\x1b"));
  REQUIRE(task != nullptr);
  CHECK(task->raw_name == "a\x1b");
  CHECK(task->name == "a\\x1b");
}

TEST_CASE("the tree has children right below their parents, whatever began between") {
  TaskTable table;
  const TaskId first = table.begin(0, "first"), second = table.begin(0, "second");
  table.begin(second, "below second");
  const TaskId child = table.begin(first, "below first");
  table.begin(child, "deep");
  CHECK(tree_of(table) == std::vector<std::string>{"0first", "1below first", "2deep", "0second", "1below second"});
  CHECK(table.depth(child) == 1);
}

TEST_CASE("a task whose parent has ended stands at the top") {
  TaskTable table;
  const TaskId parent = table.begin(0, "parent"), child = table.begin(parent, "child");
  table.end(parent);
  CHECK(tree_of(table) == std::vector<std::string>{"0child"});
  CHECK(table.depth(child) == 0);
}

TEST_CASE("a transfer tells what is known: amount, total, rate, time left") {
  TaskState task;
  task.started = std::chrono::steady_clock::now();
  CHECK(describe_bytes(task).empty());
  task.done_bytes = 2'000'000;
  CHECK(describe_bytes(task) == "2.0 MB");
  task.total_bytes = 8'000'000;
  CHECK(describe_bytes(task) == "2.0 MB of 8.0 MB");
  task.started -= std::chrono::seconds(10);
  // The clock goes on while the test runs: the rate is a little below 200 kB/s.
  CHECK(describe_bytes(task).starts_with("2.0 MB of 8.0 MB, "));
  CHECK(describe_bytes(task).find(" kB/s, ") != std::string::npos);
  CHECK(describe_bytes(task).ends_with(" left"));
  task.done_bytes = task.total_bytes;
  CHECK(describe_bytes(task).find("left") == std::string::npos);
}

TEST_CASE("a frame shows each task and, below it, its last output") {
  TaskTable table;
  const TaskId parent = table.begin(0, "compose");
  table.find(table.begin(parent, "build x"))->last_line = "compiling";
  const std::vector<FrameLine> expected{{"• compose  0.0s"}, {"  • build x  0.0s"}, {"      compiling", true}};
  CHECK(draw_frame(table, {80, 16}) == expected);
}

TEST_CASE("output follows a transfer that is complete") {
  TaskTable table;
  TaskState* task = table.find(table.begin(0, "pull"));
  task->last_line = "unpacking";
  task->done_bytes = 10;
  task->total_bytes = 20;
  CHECK(draw_frame(table, {80, 16})[1].text == "    10 B of 20 B");
  task->done_bytes = 20;
  CHECK(draw_frame(table, {80, 16})[1].text == "    unpacking");
}

TEST_CASE("no line of a frame is wider than the terminal, even a very narrow one") {
  TaskTable table;
  TaskId parent = 0;
  for (int i = 0; i < 6; ++i) {
    parent = table.begin(parent, "a name that is 日本語 and long");
    table.find(parent)->last_line = std::string(300, 'x');
  }
  for (const std::size_t columns : {1, 2, 5, 19, 40, 79, 200}) {
    CAPTURE(columns);
    for (const auto& line : draw_frame(table, {columns, 100})) CHECK(display_width(line.text) <= columns);
    CHECK(display_width(finished_line(*table.find(1), TaskResult::done, 3, columns)) <= columns);
  }
}

TEST_CASE("a frame without room drops details first and counts the tasks that it hides") {
  TaskTable table;
  for (int i = 1; i <= 4; ++i) table.find(table.begin(0, "t" + std::to_string(i)))->last_line = "x";
  CHECK(draw_frame(table, {80, 8}).size() == 8);
  const auto plain = draw_frame(table, {80, 4});
  REQUIRE(plain.size() == 4);
  CHECK(plain[3].text == "• t4  0.0s");
  const auto few = draw_frame(table, {80, 3});
  REQUIRE(few.size() == 3);
  CHECK(few[2].text == "… and 2 more");
  CHECK(draw_frame(table, {80, 1}) == std::vector<FrameLine>{{"… and 4 more"}});
}

TEST_CASE("what stays of a task says how it ended") {
  TaskTable table;
  const TaskState& task = *table.find(table.begin(0, "numpy"));
  CHECK(finished_line(task, TaskResult::done, 1, 80) == "  ✓ numpy  0.0s");
  CHECK(finished_line(task, TaskResult::failed, 0, 80) == "✗ numpy  0.0s");
  CHECK(finished_line(task, TaskResult::cached, 0, 80) == "✓ numpy  cached");
  CHECK(finished_line(task, TaskResult::skipped, 0, 80) == "- numpy  skipped");
}
