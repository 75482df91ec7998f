# SPDX-License-Identifier: Apache-2.0
# Sourced by functional tests: registries on loopback, and skopeo to look into them. All end with the test.
#   start_registry NAME [OPTION...]  Debian's docker-registry; afterwards ${registry[NAME]} is its HOST:PORT
#     --htpasswd USER:PASSWORD  --tls  --client-certs  --token  --mirror URL  --redirect HOST:PORT  --no-delete  --relative
#   start_token_server [OPTION...]   token_server.py; $token_host; the users are alice:s3cr:et and $token_user
#   start_fault_registry [OPTION...] fault_registry.py; ${fault[LISTENER]} is HOST:PORT
#   make_certificates                $certificates (server, expired, elsewhere, selfsigned), $trusted (ca.crt),
#                                    $identified (ca.crt, client.cert, client.key)
#   make_image TAG [OPTION...]       registry_image.py into the layout $images
#   log_in STATUS PASSWORD HOST USER [OPTION...]
#   push_with_skopeo TAG NAME [OPTION...], read_with_skopeo NAME TAG [OPTION...]: between $images and $read
# shellcheck shell=bash disable=SC2034

support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$scratch/lab
certificates=$lab/certificates trusted=$lab/trusted identified=$lab/identified
images=$scratch/images read=$scratch/read
declare -A registry=() registry_pid=() fault=()
token_host='' token_user=$'bob:s3cr:et p\xc3\xa4'
mkdir -p "$lab" "$scratch/home"
# Nothing of the machine's own: no credentials, no registries, no remembered places of blobs.
export HOME=$scratch/home XDG_CONFIG_HOME=$scratch/home/.config XDG_DATA_HOME=$scratch/home/.data XDG_CACHE_HOME=$scratch/home/.cache
docker_config=$HOME/.docker
unset DOCKER_CONFIG REGISTRY_AUTH_FILE JCBUILD_AUTHFILE http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
at_end="stop_registries; $at_end"

# A certificate NAME with the subject alternative names $2, signed by the lab's own authority; further words are for openssl.
make_certificate() {
  local name=$1 names=$2
  shift 2
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" -keyout "$certificates/$name.key" \
    -out "$lab/$name.csr" 2> /dev/null
  openssl x509 -req -in "$lab/$name.csr" -CA "$trusted/ca.crt" -CAkey "$lab/ca.key" -CAcreateserial -out "$certificates/$name.crt" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names") "$@" 2> /dev/null
}

make_certificates() {
  [ ! -e "$certificates/server.crt" ] || return 0
  require openssl
  mkdir -p "$certificates" "$trusted" "$identified"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=lab -days 2 -keyout "$lab/ca.key" -out "$trusted/ca.crt" \
    -addext 'basicConstraints=critical,CA:TRUE' 2> /dev/null
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 2 -keyout "$certificates/selfsigned.key" \
    -out "$certificates/selfsigned.crt" -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2> /dev/null
  make_certificate elsewhere DNS:elsewhere.example -days 2
  make_certificate client DNS:client -days 2
  make_certificate expired DNS:localhost,IP:127.0.0.1 -days -1
  make_certificate server DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:::1,DNS:registry.test -days 2
  cp "$trusted/ca.crt" "$identified/"
  cp "$certificates/client.crt" "$identified/client.cert"
  cp "$certificates/client.key" "$identified/client.key"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# The configuration of a docker-registry on standard output: registry_config NAME PORT OPTION...
registry_config() {
  local name=$1 port=$2 delete=true relative=false tls='' scheme=http auth='' rest='' client=''
  shift 2
  while [ $# -gt 0 ]; do
    case $1 in
      --htpasswd)
        htpasswd -Bbn -C 4 "${2%%:*}" "${2#*:}" > "$lab/$name.htpasswd"
        auth="auth: {htpasswd: {realm: basic-realm, path: $lab/$name.htpasswd}}"
        shift
        ;;
      --token) auth="auth: {token: {realm: \"$token_realm\", service: test-registry, issuer: test-issuer, rootcertbundle: $lab/token.crt}}" ;;
      --tls) tls=yes scheme=https ;;
      --client-certs) tls=yes scheme=https client=", clientcas: [$trusted/ca.crt]" ;;
      --mirror) rest="proxy: {remoteurl: \"$2\"}"; shift ;;
      --redirect) rest="middleware: {storage: [{name: redirect, options: {baseurl: \"http://$2/\"}}]}"; shift ;;
      --no-delete) delete=false ;;
      --relative) relative=true ;;
    esac
    shift
  done
  [ -z "$tls" ] || tls=", tls: {certificate: $certificates/server.crt, key: $certificates/server.key, minimumtls: tls1.2$client}"
  cat <<END
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $lab/data/$name}, delete: {enabled: $delete}}
http: {addr: "127.0.0.1:$port", host: "$scheme://127.0.0.1:$port", relativeurls: $relative, secret: lab$tls}
$auth
$rest
END
}

start_registry() {
  local name=$1 port tries=0
  require docker-registry curl
  [[ " $* " != *" --htpasswd "* ]] || require htpasswd
  [[ " $* " != *" --tls "* && " $* " != *" --client-certs "* ]] || make_certificates
  while [ "$tries" -lt 5 ]; do
    port=$(free_port)
    registry_config "$name" "$port" "${@:2}" > "$lab/$name.yml"
    docker-registry serve "$lab/$name.yml" > "$lab/$name.log" 2>&1 < /dev/null &
    registry_pid[$name]=$!
    if answers "$port" "${registry_pid[$name]}"; then
      registry[$name]=127.0.0.1:$port
      return
    fi
    tries=$((tries + 1))
  done
  cat "$lab/$name.log"
  fail "docker-registry does not start"
}

# Whether something listens on a port of ours before its process is gone.
answers() {
  local waited=0
  while kill -0 "$2" 2> /dev/null && [ "$waited" -lt 200 ]; do
    if (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; then return 0; fi
    sleep 0.05
    waited=$((waited + 1))
  done
  return 1
}

stop_registry() {
  kill "${registry_pid[$1]}" 2> /dev/null || true
  wait "${registry_pid[$1]}" 2> /dev/null || true
  unset "registry_pid[$1]"
}
stop_registries() {
  local name
  for name in "${!registry_pid[@]}"; do stop_registry "$name"; done
}

# Runs a server of ours in the background and prints nothing; its first line is in the file $lab/NAME.line.
start_python() {
  local name=$1
  shift
  mkfifo "$lab/$name.input"
  python3 "$support/$1" "${@:2}" < "$lab/$name.input" > "$lab/$name.line" 2> "$lab/$name.log" &
  registry_pid[$1]=$!
  # It serves until its input ends: when we do.
  exec {input}> "$lab/$name.input"
  wait_for 10 test -s "$lab/$name.line"
}

start_token_server() {
  require openssl
  openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=token -days 2 -keyout "$lab/token.key" -out "$lab/token.crt" 2> /dev/null
  start_python token token_server.py --key "$lab/token.key" --certificate "$lab/token.crt" --user alice:s3cr:et --user "$token_user" "$@"
  token_host=$(cat "$lab/token.line")
  token_realm=http://$token_host/token
}
token_control() { curl -sf "http://$token_host/_/$1" "${@:2}"; }
set_token_server() { token_control set -d "$1" > /dev/null; }
# Fields of all token requests so far: token_requests '.who'
token_requests() { token_control tokens | jq -rc ".[] | $1"; }

start_fault_registry() {
  local name host
  make_certificates
  start_python fault fault_registry.py --certificates "$certificates" "$@"
  while read -r name host; do fault[$name]=$host; done < <(jq -r 'to_entries[] | "\(.key) \(.value)"' "$lab/fault.line")
}
fault_control() { curl -sf "http://${fault[http]}/_/$1" "${@:2}"; }
# Rules for repositories below a prefix: set_rules PREFIX RULE...
set_rules() {
  jq -n '{prefix: $prefix, rules: $ARGS.positional}' --arg prefix "$1" --args -- "${@:2}" | fault_control rules -d @- > /dev/null
}
# A jq program over the logged requests whose "METHOD TARGET" matches: requests 'GET .*/blobs/' 'length'
requests() { fault_control log -G --data-urlencode "match=$1" | jq -rc "$2"; }
# Hostile images: put_blob REPOSITORY FILE prints the digest; put_manifest REPOSITORY TAG [TYPE] takes any bytes from its
# standard input and prints theirs.
put_blob() {
  local digest
  digest=sha256:$(sha256sum < "$2" | cut -d' ' -f1)
  curl -sf -X POST -H 'Content-Type: application/octet-stream' --data-binary "@$2" "http://${fault[http]}/v2/$1/blobs/uploads/?digest=$digest"
  echo "$digest"
}
put_manifest() {
  fault_control "manifest?repository=$1&tag=$2&type=${3:-application/vnd.oci.image.manifest.v1%2Bjson}" --data-binary @- | jq -r .digest
}
# What the fault registry has, whatever its rules: kept_digest REPOSITORY TAG
kept_digest() { fault_control "manifest?repository=$1&tag=$2" | jq -r .digest; }
forget_requests() { fault_control forget -d '{}' > /dev/null; }

# skopeo keeps where it has seen blobs, for root below /var/lib; as for everybody else it does so in XDG_DATA_HOME.
lab_skopeo() { _CONTAINERS_ROOTLESS_UID=1000 skopeo "$@"; }
push_with_skopeo() {
  rm -rf "$XDG_DATA_HOME/containers/cache"
  lab_skopeo copy -q --dest-tls-verify=false "${@:3}" "oci:$images:$1" "docker://$2"
}
read_with_skopeo() {
  rm -rf "$XDG_DATA_HOME/containers/cache"
  lab_skopeo copy -q --src-tls-verify=false "${@:3}" "docker://$1" "oci:$read:$2"
}
make_image() { "$support/registry_image.py" "$images" "$@"; }
# The digest of a manifest in a layout: image_digest $images TAG
image_digest() { jq -er --arg tag "$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag) | .digest' "$1/index.json" | tail -n 1; }

# log_in STATUS PASSWORD HOST USER [OPTION...]: jcbuild login, the password on its standard input.
log_in() {
  printf '%s\n' "$2" > "$scratch/password"
  expect "$1" with_input "$scratch/password" jc login "$3" -u "$4" --password-stdin "${@:5}"
  rm "$scratch/password"
}
with_input() { "${@:2}" < "$1"; }
