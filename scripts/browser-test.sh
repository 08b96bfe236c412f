#!/usr/bin/env bash
# Looks at every page of the explorer in Chromium (explorer/browser-tests), on generated exchanges. Leaves screenshots in
# target folder/browser-artefacts. CUREX_EXPLORER names a program that is built already, CHROMIUM the browser.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh

if [ -z "${CUREX_EXPLORER:-}" ]; then
	setup_build
	build_programs
	CUREX_EXPLORER=$CARGO_TARGET_DIR/release/curex-explorer
fi
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
[ -n "$CHROMIUM" ] || die "there is no Chromium" "install the package chromium, or name one with CHROMIUM=/path"
command -v npm >/dev/null || die "there is no npm" "install the packages nodejs and npm"

home=$(mktemp -d)
programs=()
stop() {
	for program in "${programs[@]}"; do kill "$program" 2>/dev/null || true; done
	rm -rf "$home"
}
trap stop EXIT

"$CUREX_EXPLORER" bench --exchanges 2000 --searches 1 --database "$home/index.sqlite" >"$home/bench.json"
# Nothing listens there: pages need no node, proofs are tested elsewhere.
serve() { # NAME OPTION...
	"$CUREX_EXPLORER" run --node ws://127.0.0.1:1 --database "$home/index.sqlite" --listen 127.0.0.1:0 "${@:2}" \
		>"$home/$1" 2>"$home/$1.log" &
	programs+=($!)
	for _ in $(seq 300); do
		grep -q '^explorer at ' "$home/$1" && break
		sleep 0.1
	done
}
serve open --open
serve closed --query-log "$home/queries.sqlite"
EXPLORER=$(sed -n 's/^explorer at //p' "$home/open")
CLOSED=$(sed -n 's/^explorer at //p' "$home/closed")
[ -n "$EXPLORER" ] && [ -n "$CLOSED" ] || die "the explorer did not start" "$(cat "$home"/*.log)"

ARTEFACTS=$CARGO_TARGET_DIR/browser-artefacts
export EXPLORER CLOSED CHROMIUM ARTEFACTS
cd explorer/browser-tests
npm ci --no-audit --no-fund --silent
npm test
say "screenshots: $ARTEFACTS"
