#!/usr/bin/env bash
# Measures how often katydid's verdict on its own validity (docs/validity.md) is wrong: clean runs that are called
# invalid, and runs beyond what their core can do that are not. Ends with 1 if either happened.
#
#   bench/validity.sh
#
# Environment: KATYDID_BIN (default: cargo build --release), RUNS of each clean case (50), SATURATED runs (10),
# DURATION of each in seconds (3), OUT (a folder to keep the outputs in; default: a temporary one).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
runs=${RUNS:-50}
saturated=${SATURATED:-10}
duration=${DURATION:-3}

die() { echo "validity: $*" >&2; exit 2; }

command -v taskset >/dev/null || die "taskset is missing: install the package util-linux"
katydid=${KATYDID_BIN:-$root/target/release/katydid}
[ -n "${KATYDID_BIN:-}" ] || (cd "$root" && cargo build --release --quiet)
[ -x "$katydid" ] || die "$katydid is not a program"

work=${OUT:-$(mktemp -d)}
mkdir -p "$work"
trap '[ -n "${OUT:-}" ] || rm -rf "$work"' EXIT
wrong=0

series() { # series CASE COUNT EXPECTED COMMAND..: runs it so often and counts the exit codes that are not the expected one
    local case=$1 count=$2 expected=$3 other=0 code
    shift 3
    for run in $(seq "$count"); do
        code=0
        "$@" --only-summary -t "${duration}s" --stop-timeout 0 >"$work/$case-$run.txt" 2>&1 || code=$?
        if [ "$code" != "$expected" ]; then
            other=$((other + 1))
            echo "  $case, run $run: exit $code instead of $expected"
            grep -h "not valid\|kept up" "$work/$case-$run.txt" | sed 's/^/    /' || true
        fi
    done
    echo "$case: $other of $count runs were judged wrongly"
    grep -hoE "what was ready [0-9]+ ms late" "$work/$case"-*.txt | grep -oE "[0-9]+" | sort -n | awk '
        { value[NR] = $1 }
        END { if (NR) printf "  shard late by (p99 of each run): median %d ms, worst %d ms\n", value[int((NR + 1) / 2)], value[NR] }'
    wrong=$((wrong + other))
}

echo "$(nproc) cores, load $(cut -d' ' -f1-3 /proc/loadavg), runs of $duration s"
series busy "$runs" 0 "$katydid" run "$here/single.rhai" --host demo -u 50 -r 1000
series waiting "$runs" 0 "$katydid" run "$root/scripts/quickstart.rhai" --host demo -u 200 -r 1000
series saturated "$saturated" 4 taskset -c 0 "$katydid" run "$here/saturated.rhai" -u 100 -r 1000 --shards 1
[ "$wrong" = 0 ]
