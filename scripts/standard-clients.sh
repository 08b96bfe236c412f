#!/usr/bin/env bash
# Talks to a node with @polkadot/api and polkadot-api (explorer/standard-clients): standard RPC, metadata, types, a signed
# transaction. Starts a consortium of one hospital for that, on this machine alone. CUREX_NODE_PROGRAM names a node that is
# built already. Needs Node and npm, for the test alone.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
source scripts/one-hospital.sh

if [ -z "${CUREX_NODE_PROGRAM:-}" ]; then
	setup_build
	build_programs
	CUREX_NODE_PROGRAM=$CARGO_TARGET_DIR/release/curex-node
fi
command -v npm >/dev/null || die "there is no npm" "install the packages nodejs and npm"

home=$(mktemp -d)
hospital_node=
stop() {
	[ -z "$hospital_node" ] || { kill "$hospital_node" 2>/dev/null || true; wait "$hospital_node" 2>/dev/null || true; }
	rm -rf "$home"
}
trap stop EXIT

start_hospital "$CUREX_NODE_PROGRAM" "$home"
export CUREX_NODE=$hospital_address
cd explorer/standard-clients
npm ci --no-audit --no-fund --silent --ignore-scripts
npm test
