#!/usr/bin/env bash
# Installs what the tests need and runs them all. Further words go to cargo: ./test.sh --lib plan::
set -euo pipefail
cd "$(dirname "$0")"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

need() { # need PROGRAM PACKAGE..
    local program=$1
    shift
    command -v "$program" >/dev/null && return
    if ! can_install; then
        echo "test.sh: \`$program\` is missing, and it cannot be installed from here; install: $*" >&2
        exit 2
    fi
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@"
}

# ring (TLS) and mimalloc are compiled from C.
need cc gcc libc6-dev
if ! command -v cargo >/dev/null; then
    echo "test.sh: \`cargo\` is missing; install Rust 1.95 or later: https://rustup.rs" >&2
    exit 2
fi

# The HTML report is looked at in a real browser; where there is none and none can be installed, its tests say so.
if can_install; then
    need chromium chromium || echo "test.sh: \`chromium\` could not be installed; its tests are skipped" >&2
fi
# The tests start their own servers on free ports of the loopback interface.
exec cargo test --no-fail-fast "$@"
