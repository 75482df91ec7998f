#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What desktop adds, as far as it can be seen without a display: rviz2 and its plugins load, the demos are there.
set -euo pipefail

fail() { echo "$*" >&2; exit 1; }
prefix=/opt/ros/$ROS_DISTRO

! ldd "$prefix/lib/rviz2/rviz2" | grep 'not found' || fail "rviz2 lacks libraries"
! ldd "$prefix/lib/librviz_default_plugins.so" | grep 'not found' || fail "rviz2's plugins lack libraries"
[ -x "$prefix/lib/demo_nodes_cpp/talker" ] || fail "demo_nodes_cpp has no talker"
[ "$(ros2 pkg prefix rviz2)" = "$prefix" ] || fail "ros2 does not find rviz2"

echo "rviz2 at $(ros2 pkg prefix rviz2)"
