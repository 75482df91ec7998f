#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# ROS 1 without a master: packages and messages are found, messages are sent through a bag file, a workspace's package
# is made and found by name.
set -euo pipefail

fail() { echo "$*" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ROS_HOME=$work/home ROS_LOG_DIR=$work/log

[ "$(rosversion -d)" = "$ROS_DISTRO" ] || fail "rosversion says $(rosversion -d), not $ROS_DISTRO"
[ "$(rospack find std_msgs)" = /usr/share/std_msgs ] || fail "rospack does not find std_msgs"
[ "$(rosmsg show std_msgs/String)" = "string data" ] || fail "rosmsg does not know std_msgs/String"
rosmsg show sensor_msgs/Image | grep -q '^uint32 height$' || fail "rosmsg does not know sensor_msgs/Image"
rossrv show std_srvs/SetBool | grep -q '^bool success$' || fail "rossrv does not know std_srvs/SetBool"

python3 - "$work" <<'PYTHON'
import io
import sys

import rosbag
import roslib
import rospy
from geometry_msgs.msg import PoseStamped
from std_msgs.msg import String

stamped = PoseStamped()
stamped.header.frame_id, stamped.pose.position.x = "map", 1.5
wire = io.BytesIO()
stamped.serialize(wire)
received = PoseStamped().deserialize(wire.getvalue())
assert (received.header.frame_id, received.pose.position.x) == ("map", 1.5)

path = sys.argv[1] + "/probe.bag"
with rosbag.Bag(path, "w", compression="bz2") as bag:
    for number in range(3):
        bag.write("/chatter", String(data=f"hello {number}"), rospy.Time(number + 1))
with rosbag.Bag(path) as bag:
    heard = [(message.data, stamp.secs) for _, message, stamp in bag.read_messages("/chatter")]
assert heard == [("hello 0", 1), ("hello 1", 2), ("hello 2", 3)], heard
PYTHON
rosbag info "$work/probe.bag" | grep -q 'std_msgs/String' || fail "rosbag cannot read its own bag"

mkdir -p "$work/src"
(cd "$work/src" && catkin_create_pkg probe std_msgs rospy > /dev/null)
mkdir "$work/src/probe/scripts"
printf '#!/bin/sh\necho "ran $1"\n' > "$work/src/probe/scripts/run"
chmod +x "$work/src/probe/scripts/run"
export ROS_PACKAGE_PATH=$work/src:$ROS_PACKAGE_PATH
rospack profile > /dev/null
[ "$(rospack depends1 probe | sort | tr '\n' ' ')" = "rospy std_msgs " ] || fail "rospack reads package.xml wrongly"
[ "$(rosrun probe run well)" = "ran well" ] || fail "rosrun does not run a script of the workspace"

cat > "$work/probe.launch" <<'XML'
<launch><group ns="left"><node name="talker" pkg="probe" type="run"/></group></launch>
XML
[ "$(roslaunch --nodes "$work/probe.launch")" = /left/talker ] || fail "roslaunch cannot read a launch file"

echo "ROS $ROS_DISTRO, rospy $(rosversion rospy)"
