# Shared by run, profile and memory: starts the programs that are compared, each in the background with its process id kept, and ends them.
# Sourced by bash with `set -euo pipefail`; needs $here (this folder) and $root (the repository).

# Loopback addresses 127.0.0.11 to 13 need no name and no privilege with this port.
UPSTREAM_PORT=18080
LISTENERS=()  # process ids that this script started, in order
declare -A PORT=([nginx]=18081 [nginx-lua]=18082 [haproxy]=18083
                 [temblor-recipe]=18084 [temblor-pass]=18085 [temblor-stream]=18086 [temblor-recipe-all]=18087
                 [nginx-tls]=18088 [haproxy-tls]=18089 [temblor-pass-tls]=18090 [temblor-stream-tls]=18091
                 [temblor-pass-log]=18096
                 [nginx-h2]=18092 [haproxy-h2]=18093 [temblor-pass-h2]=18094 [temblor-stream-h2]=18095)
# Requests that a client of HTTP/2 has under way on each connection.
H2_STREAMS=10
declare -A PID
PEERS=$here/peers
# Elements of the JSON body, by the name of its size.
declare -A ITEMS=([18]=0 [1k]=20 [64k]=1180)

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# need TOOL PACKAGE: a tool of the machine.
need() {
  PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || die "$1 is missing. On Debian and Ubuntu: apt-get install $2"
}

# Debian keeps servers in /usr/sbin, which is not on everybody's path.
PATH=$PATH:/usr/sbin:/sbin

make_folder() {
  TMP=$(mktemp -d)
  chmod 755 "$TMP"  # nginx's worker is another user if this runs as root
  trap stop_all EXIT
  trap 'exit 130' INT TERM
}

stop_all() {
  local pid
  for pid in ${LISTENERS[@]+"${LISTENERS[@]}"}; do kill "$pid" 2>/dev/null || true; done
  for pid in ${LISTENERS[@]+"${LISTENERS[@]}"}; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$TMP"
}

is_open() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# start NAME HOST PORT COMMAND...: runs it in the background and waits until it listens.
start() {
  local name=$1 host=$2 port=$3 i; shift 3
  ! is_open "$host" "$port" || die "$host:$port is in use; $name needs it"
  "$@" </dev/null >"$TMP/$name.out" 2>&1 &
  PID[$name]=$!
  LISTENERS+=($!)
  for ((i = 0; i < 100; i++)); do
    is_open "$host" "$port" && return
    kill -0 "${PID[$name]}" 2>/dev/null || break
    sleep 0.1
  done
  cat "$TMP/$name.out" "$TMP/$name.log" >&2 2>/dev/null || true
  die "$name does not listen at $host:$port"
}

# fill FILE NAME: a configuration with its place holders filled in; prints the path of the copy.
fill() {
  local kind paths=
  for kind in client_body proxy fastcgi uwsgi scgi; do paths+="${kind}_temp_path $TMP/$2.$kind; "; done
  sed -e "s#@TMP@#$TMP#g; s#@UPSTREAM_PORT@#$UPSTREAM_PORT#g; s#@PORT@#${PORT[$2]-}#g; s#@TEMP_PATHS@#$paths#" "$1" >"$TMP/$(basename "$1")"
  echo "$TMP/$(basename "$1")"
}

start_upstreams() {
  start upstreams 127.0.0.11 $UPSTREAM_PORT nginx -e "$TMP/upstreams.log" -c "$(fill "$PEERS/upstreams.conf" upstreams)"
}

# The recipe's files with our addresses and room for 1024 requests at each upstream; 4 are too few for a comparison of speed.
recipe_files() {
  local folder=$1 port=$2 config="$1/config.yaml" i
  mkdir -p "$folder"
  cp "$root"/recipes/reverse-proxy/*.trickle "$folder"
  sed -e "s/host: 0.0.0.0/host: 127.0.0.1/; s/port: 65535/port: $port/; /concurrency: 9/d; s/^      endpoint:/      concurrency: 1024\n&/" \
    "$root/recipes/reverse-proxy/config.yaml" >"$config"
  for i in 1 2 3; do sed -i "s/^\( *\)host: webserver0$i$/\1host: 127.0.0.1$i\n\1port: $UPSTREAM_PORT/" "$config"; done
  [ "$(grep -c "concurrency: 1024\|port: $UPSTREAM_PORT\|port: $port" "$config")" = 7 ] || die "the recipe's config.yaml is not what this script expects"
}

# A program's name without what is said of its protocol, and that: tls, h2 or nothing.
base_of() { local name=${1%-tls}; echo "${name%-h2}"; }
protocol_of() { case $1 in *-tls) echo tls;; *-h2) echo h2;; esac; }

# A certificate for this run, the same for all.
make_certificate() {
  [ ! -e "$TMP/cert.pem" ] || return 0
  need openssl openssl
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$TMP/key.pem" -out "$TMP/cert.pem" 2>"$TMP/openssl" || die "openssl: $(cat "$TMP/openssl")"
  cat "$TMP/cert.pem" "$TMP/key.pem" >"$TMP/both.pem"
  chmod 644 "$TMP"/*.pem
}

# peer NAME FILE: nginx's or HAProxy's configuration, with TLS if its name says so; prints the path of the copy.
peer() {
  local protocol config
  protocol=$(protocol_of "$1")
  config=$(fill "$PEERS/$2" "$1")
  [ "$config" = "$TMP/$1.conf" ] || mv "$config" "$TMP/$1.conf"
  case $2-$protocol in
    nginx*-tls | nginx*-h2)
      sed -i "s#listen \(.*\) backlog=4096;#listen \1 ssl${protocol/tls/} backlog=4096; ssl_certificate $TMP/cert.pem; ssl_certificate_key $TMP/key.pem; ssl_protocols TLSv1.2 TLSv1.3;#; s#sslh2#ssl http2#" "$TMP/$1.conf";;
    haproxy*-tls) sed -i "s#^  bind .*#& ssl crt $TMP/both.pem alpn http/1.1#" "$TMP/$1.conf";;
    haproxy*-h2) sed -i "s#^  bind .*#& ssl crt $TMP/both.pem alpn h2#" "$TMP/$1.conf";;
  esac
  echo "$TMP/$1.conf"
}

# start_program NAME BINARY: any of the programs; BINARY is Temblor's.
start_program() {
  local name=$1 config
  [ -z "$(protocol_of "$name")" ] || make_certificate
  case $name in
    direct) ;;
    nginx-lua)
      config=$(peer nginx-lua nginx-lua.conf)
      nginx -t -q -e "$TMP/nginx-lua.log" -c "$config" || die "nginx cannot run Lua. On Debian and Ubuntu: apt-get install libnginx-mod-http-lua lua-cjson"
      start nginx-lua 127.0.0.1 "${PORT[nginx-lua]}" nginx -e "$TMP/nginx-lua.log" -c "$config";;
    nginx*) start "$name" 127.0.0.1 "${PORT[$name]}" nginx -e "$TMP/$name.log" -c "$(peer "$name" nginx.conf)";;
    haproxy*) start "$name" 127.0.0.1 "${PORT[$name]}" haproxy -db -f "$(peer "$name" haproxy.cfg)";;
    temblor-*) start_temblor "$name" "$2";;
  esac
}

# start_temblor NAME BINARY: one of the ways in which Temblor takes part.
start_temblor() {
  local name=$1 binary=$2 folder=$TMP/$1 port=${PORT[$1]} base files
  base=$(base_of "$name")
  recipe_files "$folder" "$port"
  files=("$folder/config.yaml" "$folder"/*.trickle)
  case $base in
    temblor-pass | temblor-pass-log | temblor-stream) cp "$here/pass/request_handling.trickle" "$folder";;
  esac
  if [ "$base" = temblor-stream ]; then
    sed -i "s/^      port: $port$/&\n      validate: false/; s/^      concurrency: 1024$/&\n      validate: false/" "$folder/config.yaml"
  fi
  if [ "$base" = temblor-pass-log ]; then
    sed -i "s#^      port: $port\$#&\n      access_log: {to: $TMP/access.log}#" "$folder/config.yaml"
  fi
  if [ "$base" != "$name" ]; then
    # The client's scheme is not the upstreams'.
    sed -i 's/^    erase "port"$/&,\n    erase "scheme"/' "$folder/request_handling.trickle"
    sed -i "s#^      port: $port\$#&\n      tls: {certificates: [{cert: $TMP/cert.pem, key: $TMP/key.pem}]}#" "$folder/config.yaml"
  fi
  if [ "$base" != temblor-recipe-all ]; then files+=("$here/one-worker.yaml"); fi
  start "$name" 127.0.0.1 "$port" "$binary" server run -n --dialect 0.9 -f "${files[@]}"
}

# address NAME: its URL.
address() {
  case $(protocol_of "$1") in
    '') if [ "$1" = direct ]; then echo "http://127.0.0.11:$UPSTREAM_PORT"; else echo "http://127.0.0.1:${PORT[$1]}"; fi;;
    *) echo "https://127.0.0.1:${PORT[$1]}";;
  esac
}

# load NAME SIZE CONNECTIONS SECONDS: prints requests, seconds, p50, p99, unsuccessful answers, socket errors.
load() {
  if [ "$(protocol_of "$1")" = h2 ]; then load_h2 "$@"; return; fi
  BENCH_ITEMS=${ITEMS[$2]} wrk -t1 -c"$3" -d"$4s" -s "$here/load/requests.lua" "$(address "$1")" >"$TMP/wrk" 2>&1 || die "wrk failed: $(cat "$TMP/wrk")"
  awk '$1 == "result" { sub(/^result /, ""); print; found = 1 } END { exit !found }' "$TMP/wrk" || die "wrk gave no result: $(cat "$TMP/wrk")"
}

# The same over HTTP/2.
load_h2() {
  local data=$TMP/body-$2
  [ -e "$data" ] || awk -v n="${ITEMS[$2]}" 'BEGIN {
    if (n == 0) { printf "{\"snot\": \"badger\"}"; exit }
    printf "{\"snot\":\"badger\",\"items\":["
    for (i = 1; i <= n; i++) printf "%s{\"id\":%d,\"name\":\"item-%d\",\"tags\":[\"a\",\"b\"],\"ok\":true}", (i > 1 ? "," : ""), i, i
    printf "]}" }' >"$data"
  rm -f "$TMP/h2.log"
  h2load -t1 -c"$3" -m"$H2_STREAMS" -D"$4" -d "$data" -H 'content-type: application/json' --log-file="$TMP/h2.log" "$(address "$1")/anything" >"$TMP/h2" 2>&1 || die "h2load failed: $(cat "$TMP/h2")"
  # Lines of the log: when it began, status, microseconds. A status of -1 is a stream that failed, or was cut off by the end of the run.
  sort -n -k3,3 "$TMP/h2.log" | awk -v seconds="$4" '
    $2 == -1 { next }
    $2 >= 200 && $2 < 400 { time[++n] = $3; next }
    { bad++ }
    END { printf "%d %.6f %d %d %d 0\n", n + bad, seconds, time[int((n + 1) / 2)], time[int(n * 0.99) + (n < 100)], bad }'
}

# check NAME: dies unless it answers the recipe's request with status 200 and what an upstream says.
check() {
  local answer
  answer=$(curl --noproxy '*' -sSk -m 5 -w '\n%{http_code}' -H 'Content-Type: application/json' -d '{"snot": "badger"}' "$(address "$1")/anything") || die "$1 does not answer"
  [[ $answer == *'"who":"upstream"'*$'\n'200 ]] || die "$1 answers: $answer"
}
