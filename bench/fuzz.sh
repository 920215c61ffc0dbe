#!/usr/bin/env bash
# Throws broken input at everything that parses bytes of servers or of users, for so many seconds each. An input that
# makes one panic, hang or hold too much is shown, and the script ends with 1.
#
#   bench/fuzz.sh [SECONDS] [NAME]
#
# SECONDS for each target (60); NAME: only targets whose names contain it, such as `answers` or `http::`.
# Environment: MEMORY that all of them together may hold, in kilobytes of address space (8388608).
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
name=${2:-}
[[ "$seconds" =~ ^[1-9][0-9]*$ ]] || { echo "fuzz: \`$seconds\` is not a number of seconds" >&2; exit 2; }

cargo test --release --lib --no-run
targets=$(cargo test --release --lib -- --list 2>/dev/null | sed -n 's/^\(.*fuzz_[a-z_]*\): test$/\1/p' | grep -F -- "$name" || true)
[ -n "$targets" ] || { echo "fuzz: no target has \`$name\` in its name" >&2; exit 2; }

ulimit -v "${MEMORY:-8388608}"
export KATYDID_FUZZ_SECONDS=$seconds
# shellcheck disable=SC2086 # one word for each target
cargo test --release --lib -- --exact --nocapture $targets
