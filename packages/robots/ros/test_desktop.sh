#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What desktop adds, as far as it can be seen without a display: rviz and its plugins load, tf and tf2 compute.
set -euo pipefail

fail() { echo "$*" >&2; exit 1; }

[ -d "$(rospack find rviz)" ] || fail "rospack does not find rviz"
rviz=$(command -v rviz) || fail "there is no rviz"
for file in "$rviz" /usr/lib/*/librviz_default_plugin.so*; do
  [ -e "$file" ] || fail "there is no $file"
  ! ldd "$file" | grep 'not found' || fail "$file lacks libraries"
done
options=$(QT_QPA_PLATFORM=offscreen "$rviz" --help 2>&1 || true)
grep -q -- '--display-config' <<< "$options" || fail "rviz printed instead of its options: $options"

python3 - <<'PYTHON'
import math

import nav_msgs.msg
import numpy
import tf.transformations as transformations
import tf2_ros
from geometry_msgs.msg import TransformStamped

quarter = transformations.quaternion_from_euler(0, 0, math.pi / 2)
turned = transformations.quaternion_matrix(quarter) @ numpy.array([1.0, 0.0, 0.0, 1.0])
assert numpy.allclose(turned[:3], [0, 1, 0])

buffer = tf2_ros.BufferCore()
link = TransformStamped()
link.header.frame_id, link.child_frame_id = "map", "base"
link.transform.translation.x, link.transform.rotation.w = 2.0, 1.0
buffer.set_transform_static(link, "probe")
found = buffer.lookup_transform_core("map", "base", tf2_ros.TransformStamped().header.stamp)
assert found.transform.translation.x == 2.0
assert nav_msgs.msg.Odometry().pose.pose.position.x == 0
PYTHON

echo "rviz $(rosversion rviz)"
