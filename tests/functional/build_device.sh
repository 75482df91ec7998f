#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# users: both
# RUN --device: a step gets nodes, libraries, links and variables of a device when it was allowed, and nothing of it is in
# its layer.
. "$(dirname "$0")/common.sh"
require jq
import_tiny

specs=$scratch/cdi
driver=$scratch/driver
mkdir "$specs" "$driver" "$scratch/context"
echo "a stand-in" > "$driver/libstandin.so.1.1"
cat > "$specs/vendor.yaml" <<END
cdiVersion: 0.5.0
kind: vendor.com/gpu
containerEdits:
  env: [GPU_TOP=1]
  mounts:
  - hostPath: $driver/libstandin.so.1.1
    containerPath: /usr/lib/vendor/libstandin.so.1.1
    options: [ro, nosuid, nodev, rbind, rprivate]
  hooks:
  - hookName: createContainer
    path: /usr/bin/nvidia-cdi-hook
    args: [nvidia-cdi-hook, create-symlinks, --link, "libstandin.so.1.1::/usr/lib/vendor/libstandin.so.1"]
  - hookName: createContainer
    path: /usr/bin/nvidia-cdi-hook
    args: [nvidia-cdi-hook, update-ldcache, --folder, /usr/lib/vendor]
devices:
- {name: "0", containerEdits: {deviceNodes: [{path: /dev/vendor/gpu0, hostPath: /dev/null}], env: [GPU=zero]}}
- {name: "1", containerEdits: {deviceNodes: [{path: /dev/vendor/gpu1, hostPath: /dev/zero}], env: [GPU=one]}}
END
cat > "$specs/hook.json" <<'END'
{"cdiVersion": "0.3.0", "kind": "hook.com/x", "devices": [{"name": "y", "containerEdits":
  {"hooks": [{"hookName": "prestart", "path": "/bin/true"}], "env": ["X=1"]}}]}
END
echo "no: [good" > "$specs/broken.yaml"
build() { jc build --cdi-spec-dir "$specs" "$@" "$scratch/context"; }
dockerfile() { { echo FROM tiny; cat; } > "$scratch/context/Dockerfile"; }
diff_ids() { config_of "$1" | jq -c .rootfs.diff_ids; }

# What there is.
expect 0 jc cdi list --spec-dir "$specs"
says "hook.com/x=y" "vendor.com/gpu=0" "vendor.com/gpu=1" "broken.yaml: at 2:1"
expect 0 jc cdi list --spec-dir "$specs" --format json
equal "$(jq -c '[.devices[].name, (.problems | length)]' "$scratch/out")" '["hook.com/x=y","vendor.com/gpu=0","vendor.com/gpu=1",1]'
expect 0 jc cdi validate "$specs/vendor.yaml" "$specs/hook.json"
says "CDI 0.5.0 (needs 0.5.0), vendor.com/gpu: 0 1" "the hook /bin/true"
expect 1 jc cdi validate "$specs/broken.yaml"
first_line_says "broken.yaml:2:1"
echo '{"ociVersion":"1.0.2","process":{"env":["GPU=old","A=1"]},"mounts":[{"destination":"/a/b/c/d/e"}]}' > "$scratch/config.json"
expect 0 jc cdi apply --spec-dir "$specs" --device vendor.com/gpu=1 --no-hooks "$scratch/config.json"
equal "$(jq -c '[.process.env, [.mounts[].destination], [.linux.devices[] | .path, .type, .major, .minor], .hooks]' "$scratch/out")" \
  '[["GPU=one","A=1","GPU_TOP=1"],["/usr/lib/vendor/libstandin.so.1.1","/a/b/c/d/e"],["/dev/vendor/gpu1","c",1,5],null]'
expect 0 jc cdi apply --spec-dir "$specs" --device vendor.com/gpu=1 "$scratch/config.json"
equal "$(jq '.hooks.createContainer | length' "$scratch/out")" 2
expect 1 jc cdi apply --spec-dir "$specs" --device vendor.com/gpu=9 "$scratch/config.json"
first_line_says "vendor.com/gpu=9" "$specs"

# A step sees the device; its layer is what the step wrote and nothing else.
dockerfile <<'END'
RUN --device=vendor.com/gpu=0,required \
    echo lost > /dev/vendor/gpu0 && test -c /dev/vendor/gpu0 && [ ! -e /dev/vendor/gpu1 ] && \
    [ "$GPU $GPU_TOP" = "zero 1" ] && \
    [ "$(cat /usr/lib/vendor/libstandin.so.1)" = "a stand-in" ] && \
    [ /usr/lib/vendor/libstandin.so.1 -ef /usr/lib/vendor/libstandin.so.1.1 ] && \
    [ "$LD_LIBRARY_PATH" = /usr/lib/vendor ] && \
    ! (echo x > /usr/lib/vendor/libstandin.so.1.1) 2> /dev/null && echo done > /result
RUN [ ! -e /dev/vendor ] && [ ! -e /usr/lib/vendor ] && [ -z "${GPU-}${LD_LIBRARY_PATH-}" ]
END
expect 1 build -t refused
first_line_says "device vendor.com/gpu=0 is asked for and not allowed"
says "--allow device=vendor.com/gpu=0" "Dockerfile:2:1"
expect 1 build -t refused --allow device=vendor.com/gpu=1
says "not allowed"
expect 0 build -t given --allow device=vendor.com/gpu=0
verify_image given
jc export given -o "$scratch/given.tar"
tar -tf "$scratch/given.tar" | sort > "$scratch/given.list"
! grep -qE 'vendor|standin' "$scratch/given.list" || fail "something of the device is in the image"
config_of given | jq -e '.config.Env // [] | map(select(test("GPU|LD_LIB"))) == []' > /dev/null || fail "a variable of the device is in the image"
# The layer is that of the same step without a device.
dockerfile <<'END'
RUN echo done > /result
END
expect 0 build -t plain
tar -tf "$scratch/given.tar" > /dev/null
equal "$(diff_ids given)" "$(diff_ids plain)" "layers with and without a device"

# The key holds which device it is, and not how it was asked for or allowed. ask DEVICE, then build.
ask() { printf 'FROM tiny\nRUN --device=%s echo "$GPU" > /which\n' "$1" > "$scratch/context/Dockerfile"; }
ask vendor.com/gpu=0
expect 0 build -t zero --allow device
ask vendor.com/gpu
expect 0 build -t first --allow device=vendor.com/gpu=*
equal "$(digest_of first)" "$(digest_of zero)" "the image of the first device of the class"
ask name=vendor.com/gpu=0,required
sed -i 's/GPU=zero/GPU=changed/' "$specs/vendor.yaml"
expect 0 build -t later --allow device
equal "$(digest_of later)" "$(digest_of zero)" "the image after the driver changed"
sed -i 's/GPU=changed/GPU=zero/' "$specs/vendor.yaml"
ask vendor.com/gpu=1
expect 0 build -t one --allow device
[ "$(digest_of one)" != "$(digest_of zero)" ] || fail "another device gave the same image"
ask vendor.com/gpu=mine
expect 0 build -t renamed --allow device=vendor.com/gpu=1,alias=vendor.com/gpu=mine
equal "$(digest_of renamed)" "$(digest_of one)" "the image of an alias"

# Without `required` a step does without; with it, it is an error that names where it was looked for.
ask vendor.com/gpu=9
expect 0 build -t without --allow device
says "there is no device vendor.com/gpu=9"
ask vendor.com/gpu=9,required
expect 1 build -t x --allow device
first_line_says "there is no device vendor.com/gpu=9 in $specs"
says "broken.yaml" "Dockerfile:2:1"
ask /dev/null
expect 1 build -t x --allow device
first_line_says "/dev/null is a path"

# Programs of a specification are not run.
ask hook.com/x=y
expect 1 build -t x --allow device
first_line_says "would run /bin/true"
# A file that others can write describes nothing.
ask vendor.com/gpu=0,required
chmod g+w "$specs/vendor.yaml"
expect 1 build -t x --allow device
says "can be written by others"
chmod g-w "$specs/vendor.yaml"

# --device gives a device to every RUN, in compositions too.
dockerfile <<'END'
RUN echo "$GPU" > /first
RUN --device=vendor.com/gpu=0 echo "$GPU" > /second
END
expect 1 build -t every --device vendor.com/gpu=9
first_line_says "there is no device vendor.com/gpu=9"
expect 0 build -t every --device vendor.com/gpu=0
jc export every -o "$scratch/every.tar"
equal "$(tar -xOf "$scratch/every.tar" ./first ./second 2> /dev/null || tar -xOf "$scratch/every.tar" first second)" $'zero\nzero'
mkdir -p "$scratch/packages/gpu"
cat > "$scratch/packages/gpu/Dockerfile" <<'END'
#---
# name: gpu
# group: tests
# test: test.sh
#---
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
RUN echo "$GPU" > /package
END
# shellcheck disable=SC2016
printf '[ "$GPU" = one ] && test -c /dev/vendor/gpu1\n' > "$scratch/packages/gpu/test.sh"
expect 0 jc --packages "$scratch/packages" compose gpu -t composed --base tiny --cdi-spec-dir "$specs" --device vendor.com/gpu=1
expect 1 jc --packages "$scratch/packages" compose gpu -t composed2 --base tiny
says "running test test.sh"

# Said before anything is built.
expect 2 build --allow devices
says "no entitlement"
expect 0 jc build --check "$scratch/context"
expect 0 jc debug ast "$scratch/context/Dockerfile"
says "--device=vendor.com/gpu=0"
nothing_left

if [ "$(id -u)" = 0 ]; then
  # As an ordinary user with one id, and where nothing can be mounted.
  dockerfile <<'END'
RUN --device=vendor.com/gpu=1 test -c /dev/vendor/gpu1 && [ "$(head -c 2 /dev/vendor/gpu1 | wc -c)" = 2 ] && \
  [ "$(cat /usr/lib/vendor/libstandin.so.1)" = "a stand-in" ] && echo "$GPU" > /result
END
  expect 0 build -t outside --allow device
  expected=$(diff_ids outside)
  for isolation in single-uid chroot; do
    export JCBUILD_STORE=$scratch/store-$isolation
    import_tiny
    expect 0 build -t inside --allow device --isolation "$isolation"
    equal "$(diff_ids inside)" "$expected" "layers with the isolation $isolation"
  done
fi
