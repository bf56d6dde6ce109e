# Writes the deployment of one cell. Sourced by bash with `set -euo pipefail`; needs $here (this folder),
# $root (the repository) and $data (the folder of the event data).

FLOWS=(passthrough classify apache-dissect apache-grok group-count batch wal)
# What each flow plays, how its lines are decoded, and how many events stand behind one value that arrives at the sink.
declare -A SOURCE=([apache-dissect]=apache_access_logs.xz [apache-grok]=apache_access_logs.xz)
declare -A CODEC=([apache-dissect]=string [apache-grok]=string)
declare -A EVENTS=([group-count]=1000)
# Seconds before it counts.
WARMUP=1

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || die "$1 is missing. On Debian and Ubuntu: apt-get install $2"; }

is_flow() { case " ${FLOWS[*]} " in *" $1 "*) ;; *) return 1;; esac; }

source_of() { echo "${SOURCE[$1]:-logs.json.xz}"; }

# check_data FLOW...: dies unless what they play is there.
check_data() {
  local flow file
  [ -n "$data" ] || die "where are the event data? Name the folder that holds logs.json.xz and apache_access_logs.xz: -D FOLDER, or TEMBLOR_BENCH_DATA=FOLDER"
  data=$(cd "$data" 2>/dev/null && pwd) || die "there is no folder $data"
  for flow in "$@"; do
    file=$data/$(source_of "$flow")
    [ -r "$file" ] || die "$file is missing; the flow $flow plays it"
  done
}

make_folder() {
  TMP=$(mktemp -d)
  PROCESS=
  trap 'stop_process; rm -rf "$TMP"' EXIT
  trap 'exit 130' INT TERM
}

stop_process() {
  [ -z "$PROCESS" ] || kill -KILL "$PROCESS" 2>/dev/null || true
}

# deployment FLOW THREADS GROUPS SECONDS: writes the files of a cell to $TMP/cell, the files to load to the array `files`.
deployment() {
  local flow=$1 folder=$TMP/cell group
  rm -rf "$folder"
  mkdir -p "$folder"
  files=("$folder/deployment.yaml")
  sed -e "s#@THREADS@#$2#; s#@CODEC@#${CODEC[$flow]:-json}#; s#@DATA@#$data/$(source_of "$flow")#; s#@WARMUP@#$WARMUP#; s#@SECONDS@#$4#" \
    "$here/deployment.yaml" >"${files[0]}"
  for ((group = 1; group <= $3; group++)); do
    mkdir -p "$folder/log/$group"
    sed "s#@FOLDER@#$folder/log/$group#" "$here/flows/$flow.trickle" >"$folder/flow$group.trickle"
    sed "s#@GROUP@#$group#g" "$here/group.yaml" >"$folder/group$group.yaml"
    files+=("$folder/flow$group.trickle" "$folder/group$group.yaml")
  done
}

# start BINARY: runs the cell that was written last.
start() {
  "$1" server run -n -f "${files[@]}" </dev/null >"$TMP/out" 2>"$TMP/err" &
  PROCESS=$!
}
