#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who may: passwords, tokens (one request a scope set), identity tokens, login and logout for podman's and docker's files
# and credential helpers. Secrets are in no argument, message or record.
. "$(dirname "$0")/common.sh"
. "$tests/support/registry.sh"
require jq skopeo
import_tiny
make_image small --layers text:0.5,random:1,text:0.6,text:0.7
ours=$(digest_of tiny)
auth=$XDG_RUNTIME_DIR/containers/auth.json
no_secret() { ! grep -qF -e s3cr:et -e s3cr%3Aet -e "$(printf 'alice:s3cr:et' | base64)" "$scratch/out" "$scratch/err" || fail "a password in the messages"; }

# Basic.
start_registry basic --htpasswd 'alice:s3cr:et'
host=${registry[basic]}
expect 1 jc push tiny "$host/a/tiny:1"
first_line_says "$host" "a/tiny"
says "log"
log_in 1 wrong "$host" alice
first_line_says "$host"
[ ! -e "$auth" ] || ! jq -e --arg host "$host" '.auths[$host]' "$auth" > /dev/null || fail "a wrong password was kept"
log_in 0 's3cr:et' "$host" alice
no_secret
expect 0 jc push tiny "$host/a/tiny:1"
no_secret
equal "$(find "$scratch" \( -name auth.json -o -name config.json \) -exec stat -c %a {} +)" 600 "mode of the auth file"
lab_skopeo inspect --tls-verify=false "docker://$host/a/tiny:1" > /dev/null || fail "skopeo does not find podman's login"
expect 0 jc logout "$host"
expect 1 jc pull "$host/a/tiny:1"
! in_user_namespace grep -rqF 's3cr:et' "$JCBUILD_STORE" || fail "the password is in the store"

# docker's file: other entries and unknown fields stay.
file=$scratch/config.json
printf '{"auths":{"other.example":{"auth":"eDp5"}},"HttpHeaders":{"X":"y"},"auths2":1}' > "$file"
log_in 0 's3cr:et' "$host" alice --authfile "$file"
jq -e --arg host "$host" '.auths[$host] and .auths["other.example"].auth == "eDp5" and .HttpHeaders.X == "y" and .auths2 == 1' "$file" > /dev/null || fail "the auth file lost something"
mkdir -p "$docker_config" && cp "$file" "$docker_config/config.json"
expect 0 jc pull "$host/a/tiny:1"
echo '{"auths":' > "$docker_config/config.json"
expect 1 jc pull "$host/a/tiny:1"
first_line_says "$docker_config/config.json"
rm -r "$docker_config"

# Tokens: one request a scope set, however many layers come at once.
start_token_server
start_registry token --token
host=${registry[token]}
push_with_skopeo small "$host/b/small:1" --dest-creds alice:s3cr:et
token_control forget > /dev/null
expect 0 jc pull "$host/b/small:1"
equal "$(token_requests '"\(.who) \(.scopes | join(","))"')" " repository:b/small:pull" "token requests of an anonymous pull"
token_control forget > /dev/null
expect 0 jc push tiny "$host/b/tiny:1" --creds "$token_user"
equal "$(token_requests '"\(.who) \(.scopes | join(","))"')" "bob repository:b/tiny:pull,push" "token requests of a push"
token_control forget > /dev/null
expect 1 jc push tiny "$host/b/tiny:2"
first_line_says "$host" b/tiny
set_token_server '{"deny": ["b/tiny"]}'
expect 1 jc push tiny "$host/b/tiny:3" --creds alice:s3cr:et
first_line_says "$host" b/tiny
no_secret
[ "$(token_requests .who | wc -l)" -le 6 ] || fail "it asked for tokens again and again"
set_token_server '{"deny": [], "omit_expires": true, "ttl": 61}'
expect 0 jc push tiny "$host/b/tiny:4" --creds alice:s3cr:et
token_control forget > /dev/null
expect 0 jc copy "docker://$host/b/small:1" "docker://$host/c/small:1" --src-creds alice:s3cr:et --dest-creds alice:s3cr:et
token_requests '.scopes | sort | join(" ")' | sort | uniq -d > "$scratch/doubled"
equal "$(cat "$scratch/doubled")" "" "scope sets that were asked for twice"

# Identity tokens, also where POST is not to be had; login keeps one when it is given one.
printf '{"auths":{"%s":{"auth":"%s","identitytoken":"rt-alice"}}}' "$host" "$(printf '<token>:' | base64)" > "$file"
token_control forget > /dev/null
expect 0 jc push tiny "$host/d/tiny:1" --authfile "$file"
equal "$(token_requests '"\(.method) \(.grant) \(.who) \(.length != null)"' | sort -u)" "POST refresh_token alice true" "requests with an identity token"
equal "$(token_requests '.scopes | sort | join(" ")' | sort | uniq -d)" "" "scope sets that were asked for twice"
log_in 0 's3cr:et' "$host" alice
expect 0 jc push tiny "$host/d/tiny:2"
expect 0 jc logout "$host"
expect 1 jc push tiny "$host/d/tiny:3"
read_with_skopeo "$host/d/tiny:2" d
equal "$(image_digest "$read" d)" "$ours"

# A helper: asked over its standard input, never by arguments.
mkdir "$scratch/bin"
cat > "$scratch/bin/docker-credential-lab" <<END
#!/bin/sh
echo "\$*" >> "$scratch/helper.words"
case \$1 in
  store) cat > "$scratch/helper.kept" ;;
  get) read -r url; grep -qF "\"\$url\"" "$scratch/helper.kept" 2> /dev/null && cat "$scratch/helper.kept" || { echo "credentials not found in native keychain"; exit 1; } ;;
  erase) rm -f "$scratch/helper.kept" ;;
  list) echo '{}' ;;
esac
END
chmod 755 "$scratch/bin/docker-credential-lab"
as_root=(-r)
[ "$(id -u)" != 0 ] || as_root=()
# shellcheck disable=SC2016
with_helper() { unshare "${as_root[@]}" -m sh -c 'mount --bind "$0" /usr/local/bin && exec "$@"' "$scratch/bin" "$@"; }
if with_helper true 2> /dev/null; then
  mkdir -p "$docker_config"
  echo '{"credsStore":"lab"}' > "$docker_config/config.json"
  host=${registry[basic]}
  jc() { with_helper "$JCBUILD" "$@"; }
  log_in 0 's3cr:et' "$host" alice
  jq -e '.Secret == "s3cr:et"' "$scratch/helper.kept" > /dev/null || fail "the helper was not given the password"
  ! grep -qF 's3cr' "$docker_config/config.json" "$scratch/helper.words" || fail "the password went another way"
  expect 0 jc tags "docker://$host/a/tiny"
  says 1
  expect 0 jc logout "$host"
  [ ! -e "$scratch/helper.kept" ] || fail "logout did not tell the helper"
  expect 1 jc tags "docker://$host/a/tiny"
  echo '{"credHelpers":{"'"$host"'":"../lab"}}' > "$docker_config/config.json"
  expect 1 jc tags "docker://$host/a/tiny"
  first_line_says "../lab"
fi
stop_registries
nothing_left
