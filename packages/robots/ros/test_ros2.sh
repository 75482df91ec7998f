#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ROS 2 without sourcing anything: two nodes of one process talk, and the tools find packages and messages.
set -euo pipefail

fail() { echo "$*" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ROS_LOG_DIR=$work/log ROS_LOCALHOST_ONLY=1

[ "$ROS_VERSION" = 2 ] && [ "$AMENT_PREFIX_PATH" = "/opt/ros/$ROS_DISTRO" ] || fail "the environment is not ROS 2's"
[ "$(ros2 pkg prefix rclpy)" = "/opt/ros/$ROS_DISTRO" ] || fail "ros2 does not find rclpy"
[ "$(ros2 interface show std_msgs/msg/String | grep -v '^#' | sed '/^$/d')" = "string data" ] || fail "std_msgs/msg/String is wrong"

python3 - <<'PYTHON'
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import String
from geometry_msgs.msg import PoseStamped
import rclpy.clock
import rclpy.node

assert deserialize_message(serialize_message(String(data="hello")), String).data == "hello"
stamped = PoseStamped()
stamped.header.frame_id, stamped.pose.position.x = "map", 1.5
received = deserialize_message(serialize_message(stamped), PoseStamped)
assert (received.header.frame_id, received.pose.position.x) == ("map", 1.5)
PYTHON

# The sandbox may have no network at all; then the middleware is only loaded, not spoken through.
if [ "$(cat /sys/class/net/lo/operstate 2> /dev/null)" != down ] && [ -e /sys/class/net/lo ]; then
  python3 - <<'PYTHON' || fail "two nodes do not hear each other"
import time

import rclpy
from std_msgs.msg import String

rclpy.init()
speaker, listener = rclpy.create_node("speaker"), rclpy.create_node("listener")
heard = []
listener.create_subscription(String, "chatter", lambda message: heard.append(message.data), 10)
publisher = speaker.create_publisher(String, "chatter", 10)
deadline = time.monotonic() + 20
while not heard and time.monotonic() < deadline:
    publisher.publish(String(data="hello"))
    rclpy.spin_once(listener, timeout_sec=0.1)
rclpy.shutdown()
assert heard and set(heard) == {"hello"}, heard
PYTHON
else
  echo "skipped: talking between nodes, since there is no loopback interface that is up"
fi

echo "ROS $ROS_DISTRO, rclpy $(python3 -c 'from importlib.metadata import version; print(version("rclpy"))')"
