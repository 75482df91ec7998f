#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What ros-base adds: actions, nodelets, bonds and dynamic reconfiguration.
set -euo pipefail

fail() { echo "$*" >&2; exit 1; }

python3 - <<'PYTHON'
import actionlib
from actionlib_msgs.msg import GoalStatus
from bondpy import bondpy
from dynamic_reconfigure import encoding

assert actionlib.SimpleActionClient and bondpy.Bond
assert actionlib.GoalStatus.SUCCEEDED == GoalStatus.SUCCEEDED == 3
config = encoding.encode_config({"rate": 2.5, "name": "probe", "enabled": True})
assert encoding.decode_config(config) == {"rate": 2.5, "name": "probe", "enabled": True}
PYTHON

# Debian keeps the program beside its libraries; rosrun knows the place.
nodelet=/usr/lib/nodelet/nodelet
[ -x "$nodelet" ] || fail "there is no nodelet program"
! ldd "$nodelet" | grep 'not found' || fail "nodelet lacks libraries"
# Without arguments it explains itself, fails, and needs no master for either.
usage=$("$nodelet" 2>&1 || true)
grep -q 'nodelet load' <<< "$usage" || fail "nodelet printed instead of its usage: $usage"

echo "nodelet $(rosversion nodelet)"
