#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# B14: what RUN --mount=type=secret and type=ssh show is in no layer, history, key, log or file of the store.
. "$(dirname "$0")/common.sh"
require jq ssh-agent
import_tiny
mkdir "$scratch/context"
secret=s3cr3t-$RANDOM$RANDOM-value
printf '%s' "$secret" > "$scratch/secret"
cat > "$scratch/context/Dockerfile" <<'END'
FROM tiny
RUN --mount=type=secret,id=token,mode=0440,uid=1000,gid=1000 \
    --mount=type=secret,id=variable,env=TOKEN,required \
    [ "$(cat /run/secrets/token)" = "$TOKEN" ] && stat -c '%a %u:%g' /run/secrets/token > /mode && printf %s "$TOKEN" | wc -c > /size
RUN [ ! -e /run/secrets/token ] && [ -z "${TOKEN-}" ]
END
export VARIABLE=$secret
expect 0 jc build -t secret --secret "id=token,src=$scratch/secret" --secret id=variable,env=VARIABLE "$scratch/context"
verify_image secret
jc export secret -o "$scratch/secret.tar"
equal "$(tar -xOf "$scratch/secret.tar" ./mode 2> /dev/null || tar -xOf "$scratch/secret.tar" mode)" "440 1000:1000" "mode and owner"
scan() {
  ! in_user_namespace grep -rqF "$secret" "$JCBUILD_STORE" || fail "the secret is in the store: $(in_user_namespace grep -rlF "$secret" "$JCBUILD_STORE")"
  for digest in $(jq -r '.layers[].digest' "$(blob "$(digest_of secret)")"); do
    ! zstd -qdc "$(blob "$digest")" | grep -qF "$secret" || fail "the secret is in a layer"
  done
}
scan
# Another secret is no other step: secrets are in no key.
printf 'another' > "$scratch/secret"
VARIABLE=another expect 0 jc build -t same --secret "id=token,src=$scratch/secret" --secret id=variable,env=VARIABLE "$scratch/context"
equal "$(digest_of same)" "$(digest_of secret)" digest
# One that nobody gave.
printf 'FROM tiny\nRUN --mount=type=secret,id=token,required cat /run/secrets/token\n' > "$scratch/context/Dockerfile"
expect 1 jc build -t x "$scratch/context"
says token --secret
# A step that fails with it tells its own words only.
printf 'FROM tiny\nRUN --mount=type=secret,id=token,required test -s /run/secrets/token && exit 9\n' > "$scratch/context/Dockerfile"
printf '%s' "$secret" > "$scratch/secret"
expect 1 jc build -t x --secret "id=token,src=$scratch/secret" "$scratch/context"
! grep -qF "$secret" "$scratch/err" || fail "the secret is in the error"
scan
nothing_left

eval "$(ssh-agent -s -a "$scratch/agent")" > /dev/null
# shellcheck disable=SC2034 # the trap of common.sh runs it
at_end="kill $SSH_AGENT_PID"
cat > "$scratch/context/Dockerfile" <<'END'
FROM tiny
RUN --mount=type=ssh [ -S "$SSH_AUTH_SOCK" ] && echo "$SSH_AUTH_SOCK" > /socket
END
expect 0 jc build -t agent --ssh default "$scratch/context"
jc export agent -o "$scratch/agent.tar"
tar -tf "$scratch/agent.tar" > "$scratch/list"
! grep -q ssh_agent "$scratch/list" || fail "a stub of the socket is in the image"
