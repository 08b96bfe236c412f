#!/usr/bin/env bash
# Looks at every page of the explorer in Chromium (explorer/browser-tests), on generated exchanges, and on the ledger of a
# consortium of one hospital, to which a clinic and an authority come, whose exchanges are proven and whose protection officer
# signs in. Leaves screenshots in target folder/browser-artefacts. CUREX_PROGRAMS names a folder of programs that are built
# already, CHROMIUM the browser.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
source scripts/one-hospital.sh

if [ -z "${CUREX_PROGRAMS:-}" ]; then
	setup_build
	build_programs
	bash scripts/browser-verifier.sh
	CUREX_PROGRAMS=$CARGO_TARGET_DIR/release
fi
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
[ -n "$CHROMIUM" ] || die "there is no Chromium" "install the package chromium, or name one with CHROMIUM=/path"
command -v npm >/dev/null || die "there is no npm" "install the packages nodejs and npm"

home=$(mktemp -d)
programs=()
hospital_node=
stop() {
	for program in "${programs[@]}" $hospital_node; do kill "$program" 2>/dev/null || true; done
	# They write to the folder until they have ended.
	wait "${programs[@]}" $hospital_node 2>/dev/null || true
	rm -rf "$home"
}
trap stop EXIT

"$CUREX_PROGRAMS/curex-explorer" bench --exchanges 2000 --searches 1 --database "$home/index.sqlite" >"$home/bench.json"
serve() { # NAME NODE DATABASE OPTION...
	"$CUREX_PROGRAMS/curex-explorer" run --node "$2" --database "$home/$3" --listen 127.0.0.1:0 "${@:4}" \
		>"$home/$1" 2>"$home/$1.log" &
	programs+=($!)
	for _ in $(seq 300); do
		grep -q '^explorer at ' "$home/$1" && break
		sleep 0.1
	done
	grep -q '^explorer at ' "$home/$1" || die "the explorer did not start" "$(cat "$home/$1.log")"
	sed -n 's/^explorer at //p' "$home/$1" >"$home/$1.address"
}
# Nothing listens there: generated exchanges have no node.
serve open ws://127.0.0.1:1 index.sqlite --open
serve closed ws://127.0.0.1:1 index.sqlite --query-log "$home/queries.sqlite"
start_hospital "$CUREX_PROGRAMS/curex-node" "$home"
serve proving "$hospital_address" proving.sqlite --open
serve office "$hospital_address" office.sqlite
EXPLORER=$(cat "$home/open.address") CLOSED=$(cat "$home/closed.address")
PROVING=$(cat "$home/proving.address") OFFICE=$(cat "$home/office.address")
export CUREX=$CUREX_PROGRAMS/curex NODE_ADDRESS=$hospital_address

ARTEFACTS=$CARGO_TARGET_DIR/browser-artefacts
STORY=$home/story
export EXPLORER CLOSED PROVING OFFICE CHROMIUM ARTEFACTS STORY
cd explorer/browser-tests
npm ci --no-audit --no-fund --silent
say "exchanges on the ledger of one hospital"
node story.js
npm test
say "screenshots: $ARTEFACTS"
