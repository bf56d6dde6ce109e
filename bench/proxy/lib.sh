# Shared by run and profile: starts the programs that are compared, each in the background with its process id kept, and ends them.
# Sourced by bash with `set -euo pipefail`; needs $here (this folder) and $root (the repository).

# Loopback addresses 127.0.0.11 to 13 need no name and no privilege with this port.
UPSTREAM_PORT=18080
LISTENERS=()  # process ids that this script started, in order
declare -A PORT=([nginx]=18081 [nginx-lua]=18082 [haproxy]=18083
                 [temblor-recipe]=18084 [temblor-pass]=18085 [temblor-stream]=18086 [temblor-recipe-all]=18087)
declare -A PID
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
  start upstreams 127.0.0.11 $UPSTREAM_PORT nginx -e "$TMP/upstreams.log" -c "$(fill "$here/peers/upstreams.conf" upstreams)"
}

# The recipe's files with our addresses and room for 128 requests at each upstream; 4 are too few for a comparison of speed.
recipe_files() {
  local folder=$1 port=$2 config="$1/config.yaml" i
  mkdir -p "$folder"
  cp "$root"/recipes/reverse-proxy/*.trickle "$folder"
  sed -e "s/host: 0.0.0.0/host: 127.0.0.1/; s/port: 65535/port: $port/; /concurrency: 9/d; s/^      endpoint:/      concurrency: 128\n&/" \
    "$root/recipes/reverse-proxy/config.yaml" >"$config"
  for i in 1 2 3; do sed -i "s/^\( *\)host: webserver0$i$/\1host: 127.0.0.1$i\n\1port: $UPSTREAM_PORT/" "$config"; done
  [ "$(grep -c "concurrency: 128\|port: $UPSTREAM_PORT\|port: $port" "$config")" = 7 ] || die "the recipe's config.yaml is not what this script expects"
}

# start_temblor NAME BINARY: one of the four ways in which Temblor takes part.
start_temblor() {
  local name=$1 binary=$2 folder=$TMP/$1 port=${PORT[$1]} files
  recipe_files "$folder" "$port"
  files=("$folder/config.yaml" "$folder"/*.trickle)
  case $name in
    temblor-pass | temblor-stream) cp "$here/pass/request_handling.trickle" "$folder";;
  esac
  if [ "$name" = temblor-stream ]; then
    sed -i "s/^      port: $port$/&\n      validate: false/; s/^      concurrency: 128$/&\n      validate: false/" "$folder/config.yaml"
  fi
  if [ "$name" != temblor-recipe-all ]; then files+=("$here/one-worker.yaml"); fi
  start "$name" 127.0.0.1 "$port" "$binary" server run -n --dialect 0.9 -f "${files[@]}"
}

# load NAME SIZE CONNECTIONS SECONDS: prints requests, seconds, p50, p99, unsuccessful answers, socket errors.
load() {
  local address=127.0.0.1:${PORT[$1]-}
  [ "$1" != direct ] || address=127.0.0.11:$UPSTREAM_PORT
  BENCH_ITEMS=${ITEMS[$2]} wrk -t1 -c"$3" -d"$4s" -s "$here/load/requests.lua" "http://$address" >"$TMP/wrk" 2>&1 || die "wrk failed: $(cat "$TMP/wrk")"
  awk '$1 == "result" { sub(/^result /, ""); print; found = 1 } END { exit !found }' "$TMP/wrk" || die "wrk gave no result: $(cat "$TMP/wrk")"
}

# check NAME: dies unless it answers the recipe's request with status 200 and what an upstream says.
check() {
  local address=127.0.0.1:${PORT[$1]-} answer
  [ "$1" != direct ] || address=127.0.0.11:$UPSTREAM_PORT
  answer=$(curl --noproxy '*' -sS -m 5 -w '\n%{http_code}' -H 'Content-Type: application/json' -d '{"snot": "badger"}' "http://$address/anything") || die "$1 does not answer"
  [[ $answer == *'"who":"upstream"'*$'\n'200 ]] || die "$1 answers: $answer"
}
