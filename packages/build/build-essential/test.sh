#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compiles, links and runs a C and a C++ program, builds one through make, and reads a flag through pkg-config.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > sum.c <<'C'
#include <math.h>
#include <stdio.h>
int main(void) {
  double sum = 0;
  for (int i = 1; i <= 4; ++i) sum += sqrt((double)(i * i));
  printf("%.0f\n", sum);
  return 0;
}
C
gcc -O2 -Wall -Werror sum.c -o sum -lm
[ "$(./sum)" = 10 ] || { echo "the C program printed a wrong sum" >&2; exit 1; }

cat > sort.cc <<'CXX'
#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
int main() {
  std::vector<std::string> words{"layer", "blob", "tag"};
  std::thread([&] { std::sort(words.begin(), words.end()); }).join();
  try {
    throw std::runtime_error("caught");
  } catch (const std::exception& error) {
    words.push_back(error.what());
  }
  for (const auto& word : words) std::cout << word << ' ';
}
CXX
printf 'CXXFLAGS = -O2 -pthread\nsort: sort.cc\n' > Makefile
make --silent sort
[ "$(./sort)" = "blob layer tag caught " ] || { echo "the C++ program printed a wrong list" >&2; exit 1; }

printf 'Name: probe\nDescription: probe\nVersion: 1.2\nCflags: -DPROBE=1\n' > probe.pc
flags=$(PKG_CONFIG_PATH=$work pkg-config --cflags probe)
[ "${flags% }" = -DPROBE=1 ] || { echo "pkg-config answered '$flags'" >&2; exit 1; }

gcc --version | head -n 1
g++ --version | head -n 1
make --version | head -n 1
