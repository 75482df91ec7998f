#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ADD of URLs and repositories, and repositories as contexts; B1, B3, B13, B20 through the whole program.
. "$(dirname "$0")/common.sh"
. "$tests/support/server.sh"
require git python3 sha256sum jq
import_tiny
mkdir -p "$scratch/git" "$scratch/repo/sub" "$scratch/files" "$scratch/context"
echo top > "$scratch/repo/top"
echo inner > "$scratch/repo/sub/inner"
ln -s / "$scratch/repo/out"
printf 'FROM tiny\nCOPY sub/inner /inner\n' > "$scratch/repo/Dockerfile"
make_repository "$scratch/git" r.git "$scratch/repo"
commit=$(git -C "$scratch/git/r.git" rev-parse main)
tar -C "$scratch/repo" -cf "$scratch/files/x.tar" top
tar -C "$scratch/repo" --exclude=.git -cf "$scratch/files/whole.tar" .
start_server --git-root "$scratch/git" --files "$scratch/files"
sum=$(sha256sum < "$scratch/files/x.tar" | cut -d' ' -f1)
file() { jc export "$1" -o "$scratch/x.tar" && tar -xOf "$scratch/x.tar" "./$2" 2> /dev/null || tar -xOf "$scratch/x.tar" "$2"; }
build() { printf 'FROM tiny\n%s\n' "$1" > "$scratch/context/Dockerfile"; expect "$2" jc build -t it "$scratch/context"; }

build "ADD --checksum=sha256:$sum $server_url/files/x.tar /d/" 0
jc export it -o "$scratch/it.tar"
tar -tvf "$scratch/it.tar" > "$scratch/list"
grep -q -- '-rw------- .*d/x.tar$' "$scratch/list" || fail "mode of a download: $(grep x.tar "$scratch/list")"
build "ADD --unpack=true $server_url/files/x.tar /d/" 0
equal "$(file it d/top)" top
build "ADD --checksum=sha256:${sum//[0-9]/0} $server_url/files/x.tar /d/" 1
says "$sum" x.tar
build "ADD $server_url/status/404 /d/" 1
says 404
build "ADD $server_url/to/302?file:///etc/passwd /d/" 1 # B20
build "ADD $server_url/git/r.git#main /src/" 0
equal "$(file it src/sub/inner)" inner
tar -tf "$scratch/x.tar" > "$scratch/list"
! grep -q 'src/\.git' "$scratch/list" || fail ".git was kept"
build "ADD --keep-git-dir=true $server_url/git/r.git#main /src/" 0
jc export it -o "$scratch/it.tar"
tar -tf "$scratch/it.tar" > "$scratch/list"
grep -q 'src/\.git/HEAD$' "$scratch/list" || fail ".git was not kept"
build "ADD --checksum=$commit $server_url/git/r.git#main:sub /src/" 0
equal "$(file it src/inner)" inner
build "ADD --checksum=0123456 $server_url/git/r.git#main /src/" 1
build "ADD $server_url/git/r.git#nosuch /src/" 1
says nosuch
build "ADD $server_url/git/r.git#--upload-pack=x /src/" 1 # B1
build "ADD $server_url/git/r.git#main:out /src/" 1        # B3
# B13: a password is needed, used, and nowhere afterwards.
build "ADD http://u:p@${server_url#http://}/git-private/r.git#main /src/" 0
config_of it > "$scratch/config"
! grep -qF "u:p@" "$scratch/config" "$scratch/err" || fail "the password is in the image or in the messages"
! in_user_namespace grep -rqF "u:p@" "$JCBUILD_STORE" || fail "the password is in the store"

expect 0 jc build -t private "http://u:p@${server_url#http://}/git-private/r.git#main"
! grep -qF "u:p@" "$scratch/err" || fail "the password of a context is in the messages"
expect 0 jc build -t context "$server_url/git/r.git#main"
expect 0 jc build -t tarred "$server_url/files/whole.tar"
equal "$(digest_of tarred)" "$(digest_of context)" "digest from an archive by address"
equal "$(file context inner)" inner
expect 1 jc build -t x "$server_url/git/r.git#main:nowhere"
! has_tag x || fail "a tag of a failed build"
stop_server
nothing_left
