#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What ros-base adds: bags and tf2.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 - "$work/bag" <<'PYTHON'
import sys

import rosbag2_py
import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.time import Time
from std_msgs.msg import String

storage = rosbag2_py.StorageOptions(uri=sys.argv[1], storage_id="sqlite3")
converter = rosbag2_py.ConverterOptions("cdr", "cdr")
topic = {"name": "/chatter", "type": "std_msgs/msg/String", "serialization_format": "cdr"}
writer = rosbag2_py.SequentialWriter()
writer.open(storage, converter)
try:
    writer.create_topic(rosbag2_py.TopicMetadata(**topic))
except TypeError:  # Jazzy numbers its topics
    writer.create_topic(rosbag2_py.TopicMetadata(id=0, **topic))
writer.write("/chatter", serialize_message(String(data="hello")), 1)
del writer
reader = rosbag2_py.SequentialReader()
reader.open(storage, converter)
assert reader.has_next() and deserialize_message(reader.read_next()[1], String).data == "hello"

buffer = tf2_ros.Buffer()
link = TransformStamped()
link.header.frame_id, link.child_frame_id = "map", "base"
link.transform.translation.x, link.transform.rotation.w = 2.0, 1.0
buffer.set_transform_static(link, "probe")
assert buffer.lookup_transform("map", "base", Time()).transform.translation.x == 2.0
PYTHON

echo "rosbag2 $(python3 -c 'from importlib.metadata import version; print(version("ros2bag"))')"
