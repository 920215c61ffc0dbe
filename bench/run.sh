#!/usr/bin/env bash
# Measures katydid beside wrk against an nginx of its own, and prints CPU microseconds per request of each.
#
#   bench/run.sh              all cases
#   bench/run.sh --wrk-only   only wrk's halves, without building or running katydid
#
# Environment: KATYDID_BIN (default: cargo build --release), ROUNDS (5), DURATION in seconds (10), USERS (50),
# WAITING_USERS (10000), OUT (a folder to keep everything in; default: a temporary one).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
rounds=${ROUNDS:-5}
duration=${DURATION:-10}
users=${USERS:-50}
waiting_users=${WAITING_USERS:-10000}
wrk_only=false
[ "${1:-}" = --wrk-only ] && wrk_only=true

die() { echo "bench: $*" >&2; exit 2; }

need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "$1 is missing: install the package $2"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null
}

need wrk wrk
need nginx nginx-light
need python3 python3
need taskset util-linux
[ "$(nproc)" -ge 2 ] || die "two cores are needed: one for nginx, one for the generator"
ulimit -n "$(ulimit -Hn)"
descriptors=$(ulimit -n)
[ "$descriptors" = unlimited ] && descriptors=1048576

katydid=${KATYDID_BIN:-$root/target/release/katydid}
if ! $wrk_only && [ -z "${KATYDID_BIN:-}" ]; then
    (cd "$root" && cargo build --release --quiet)
fi
$wrk_only || [ -x "$katydid" ] || die "$katydid is not a program"

work=${OUT:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
results=$work/results.jsonl
: >"$results"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sed -e "s|@PORT@|$port|" -e "s|@WORK@|$work|" -e "s|@DESCRIPTORS@|$descriptors|" "$here/nginx.conf" >"$work/nginx.conf"
taskset -c 0 nginx -p "$work" -c "$work/nginx.conf" -e "$work/nginx.log" &
nginx=$!
trap 'kill $nginx 2>/dev/null; wait $nginx 2>/dev/null; [ -n "${OUT:-}" ] || rm -rf "$work"' EXIT
for _ in $(seq 100); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 $nginx 2>/dev/null || die "nginx did not start: $(cat "$work/nginx.log")"
    sleep 0.1
done
host=http://127.0.0.1:$port

measure() { # measure CASE TOOL COMMAND..: runs it on core 1 and notes what it cost
    local case=$1 tool=$2
    shift 2
    python3 "$here/measure.py" run "$results" "$case" "$tool" "$work/$case" -- taskset -c 1 "$@"
}

run_wrk() { # run_wrk CASE PATH [SCRIPT]
    measure "$1" wrk wrk -t1 "-c$users" "-d${duration}s" ${3:+-s "$3"} "$host$2"
}

run_katydid() { # run_katydid CASE SCRIPT USERS RATE SECONDS
    $wrk_only && return
    measure "$1" katydid "$katydid" run "$here/$2" --host "$host" -u "$3" -r "$4" -t "${5}s" --shards 1 \
        --only-summary --csv "$work/$1"
}

for round in $(seq "$rounds"); do
    echo "round $round of $rounds"
    run_wrk single /items/1
    run_katydid single single.rhai "$users" "$users" "$duration"
    run_wrk three_tasks / "$here/three_tasks.lua"
    run_katydid three_tasks three_tasks.rhai "$users" "$users" "$duration"
done
if [ "$descriptors" -gt $((waiting_users + 1000)) ]; then
    run_katydid waiting waiting.rhai "$waiting_users" $((waiting_users / 5)) 30
else
    echo "case waiting left out: $waiting_users connections need more than the $descriptors descriptors of \`ulimit -Hn\`"
fi
python3 "$here/measure.py" summary "$results"
