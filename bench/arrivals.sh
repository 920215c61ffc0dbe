#!/usr/bin/env bash
# Measures the open model: whether as many iterations start as were asked for, how late they start, and whether the
# percentiles of a server that stands still are those of the formula.
#
#   bench/arrivals.sh            rates, then the frozen server
#   bench/arrivals.sh rates      10, 100, 1000 and 10000 per second for DURATION seconds each
#   bench/arrivals.sh frozen     an nginx that is stopped for FREEZE seconds in a window of WINDOW seconds
#
# Environment: KATYDID_BIN (default: cargo build --release), RATES ("10 100 1000 10000"), DURATION (60), WINDOW (60),
# FREEZE (2), FREEZE_RATE (200), OUT (a folder to keep everything in; default: a temporary one).
# nginx has core 0 and katydid core 1. The exit code is 1 if a figure is out of bounds.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
what=${1:-all}
read -ra rates <<<"${RATES:-10 100 1000 10000}"
duration=${DURATION:-60}
window=${WINDOW:-60}
freeze=${FREEZE:-2}
freeze_rate=${FREEZE_RATE:-200}

die() { echo "bench: $*" >&2; exit 2; }

need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "$1 is missing: install the package $2"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null
}

need nginx nginx-light
need python3 python3
need taskset util-linux
[ "$(nproc)" -ge 2 ] || die "two cores are needed: one for nginx, one for the generator"
ulimit -n "$(ulimit -Hn)"
descriptors=$(ulimit -n)
[ "$descriptors" = unlimited ] && descriptors=1048576

katydid=${KATYDID_BIN:-$root/target/release/katydid}
[ -n "${KATYDID_BIN:-}" ] || (cd "$root" && cargo build --release --quiet)
[ -x "$katydid" ] || die "$katydid is not a program"

work=${OUT:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sed -e "s|@PORT@|$port|" -e "s|@WORK@|$work|" -e "s|@DESCRIPTORS@|$descriptors|" "$here/nginx.conf" >"$work/nginx.conf"
taskset -c 0 nginx -p "$work" -c "$work/nginx.conf" -e "$work/nginx.log" &
nginx=$!
trap 'kill -CONT $worker 2>/dev/null; kill $nginx 2>/dev/null; wait $nginx 2>/dev/null; [ -n "${OUT:-}" ] || rm -rf "$work"' EXIT
worker=
for _ in $(seq 100); do
    worker=$(cat "/proc/$nginx/task/$nginx/children" 2>/dev/null | tr -d ' ')
    [ -n "$worker" ] && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 $nginx 2>/dev/null || die "nginx did not start: $(cat "$work/nginx.log")"
    sleep 0.1
done
[ -n "$worker" ] || die "nginx has no worker"

run() { # run CASE RATE SECONDS MAX_USERS: runs the schedule on core 1
    cat >"$work/$1.rhai" <<RHAI
user_class("Visitor").task("get", |user| { user.get("/items/1"); });
arrivals(#{ user_class: "Visitor", rate: $2, duration: $3, start_users: 10, max_users: $4 });
RHAI
    # Which limits count is decided here, from the figures.
    taskset -c 1 "$katydid" run "$work/$1.rhai" --host "http://127.0.0.1:$port" --shards 1 --only-summary \
        --allow-saturation --csv "$work/$1" >"$work/$1.out" 2>"$work/$1.log" || die "$(cat "$work/$1.log" "$work/$1.out")"
}

failed=0
judge() { python3 "$here/arrivals.py" "$@" || failed=1; }

if [ "$what" = all ] || [ "$what" = rates ]; then
    echo "rates: $duration s each"
    for rate in "${rates[@]}"; do
        run "rate_$rate" "$rate" "$duration" 10000
        judge rate "$rate" "$duration" "$work/rate_$rate"
    done
fi

if [ "$what" = all ] || [ "$what" = frozen ]; then
    for users in 10000 50; do
        echo "frozen server: $freeze_rate/s for $window s, standing still for $freeze s, at most $users users"
        run "frozen_$users" "$freeze_rate" "$window" "$users" &
        running=$!
        sleep "$(python3 -c "print(($window - $freeze) / 2)")"
        kill -STOP "$worker"
        stopped=$(date +%s.%N)
        sleep "$freeze"
        kill -CONT "$worker"
        # A busy machine sleeps longer than it was told to.
        stood=$(python3 -c "print($(date +%s.%N) - $stopped)")
        wait $running
        judge frozen "$freeze_rate" "$window" "$stood" "$work/frozen_$users"
    done
fi
exit $failed
