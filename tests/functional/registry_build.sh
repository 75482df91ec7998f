#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Registries under the builder: FROM, run and compose of a registry's image, --pull, and a build cache that a second
# machine takes from a registry.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
import_tiny
start_registry plain
start_registry basic --htpasswd 'alice:s3cr:et'
host=${registry[plain]}
expect 0 jc push tiny "$host/base/tiny:1"
expect 0 jc push tiny "${registry[basic]}/base/tiny:1" --creds alice:s3cr:et
mkdir "$scratch/context"
dockerfile() { printf 'FROM %s\nRUN echo %s > /made\nCOPY word /word\n' "$1" "$2" > "$scratch/context/Dockerfile"; }
echo word > "$scratch/context/word"
file() { jc export "$1" -o "$scratch/x.tar" && { tar -xOf "$scratch/x.tar" "./$2" 2> /dev/null || tar -xOf "$scratch/x.tar" "$2"; }; }

# FROM pulls what is missing, and nothing else.
export JCBUILD_STORE=$scratch/first
dockerfile "$host/base/tiny:1" one
expect 0 jc build -t it "$scratch/context"
equal "$(file it made)" one
equal "$(jc run --rm "$host/base/tiny:1" cat /etc/os-release | head -n 1)" ID=busybox "run of a registry's image"
JCBUILD_STORE=$scratch/runner expect 0 jc run --rm "$host/base/tiny:1" true
dockerfile "${registry[basic]}/base/tiny:1" one
expect 1 jc build "$scratch/context"
first_line_says "${registry[basic]}" base/tiny
log_in 0 's3cr:et' "${registry[basic]}" alice
expect 0 jc build "$scratch/context"
dockerfile "$host/base/absent:1" one
expect 1 jc build "$scratch/context"
first_line_says "$host" base/absent

# --pull asks again; without it what is here is taken.
printf 'FROM tiny\nRUN echo newer > /newer\n' > "$scratch/context/newer"
JCBUILD_STORE=$scratch/store expect 0 jc build -t newer -f "$scratch/context/newer" "$scratch/context"
JCBUILD_STORE=$scratch/store expect 0 jc push newer "$host/base/tiny:1"
dockerfile "$host/base/tiny:1" one
expect 0 jc build -t it "$scratch/context"
! file it newer 2> /dev/null | grep -q newer || fail "it looked for a newer base unasked"
expect 0 jc build --pull -t it "$scratch/context"
equal "$(file it newer)" newer

# The cache.
dockerfile "$host/base/tiny:1" cached
expect 0 jc build -t it --cache-to "docker://$host/cache/it:main" "$scratch/context"
wanted=$(digest_of it)
lab_skopeo inspect --raw --tls-verify=false "docker://$host/cache/it:main" > /dev/null || fail "skopeo cannot look at the cache"
JCBUILD_STORE=$scratch/second expect 0 jc build -t it --cache-from "type=registry,ref=$host/cache/it:main" "$scratch/context"
equal "$(digest_of it "$scratch/second")" "$wanted" "digest in the second store"
printf 'FROM %s\nRUN cat /proc/sys/kernel/random/uuid > /unique\n' "$host/base/tiny:1" > "$scratch/context/Dockerfile"
# A step whose result differs each time tells whether it was run: the same digest means that it was not.
expect 0 jc build -t unique --cache-to "type=registry,ref=$host/cache/unique:1" "$scratch/context"
JCBUILD_STORE=$scratch/fourth expect 0 jc build -t unique --cache-from "docker://$host/cache/unique:1" "$scratch/context"
equal "$(digest_of unique "$scratch/fourth")" "$(digest_of unique)" "digest of a step that was not to be run"
# A cache that is not there, or that is none, costs a word and no more.
expect 0 jc build -t unique --cache-from "docker://$host/cache/absent:1" "$scratch/context"
expect 0 jc build -t unique --cache-from "docker://$host/base/tiny:1" "$scratch/context"
for store in first second third fourth runner; do JCBUILD_STORE=$scratch/$store expect 0 jc verify; done
export JCBUILD_PACKAGES=$tests/functional/trees/tiny
JCBUILD_STORE=$scratch/composer expect 0 jc compose gamma --base "$host/base/tiny:1" -t composed
stop_registries
nothing_left
