#!/usr/bin/env bash
# Talks to a node with @polkadot/api and polkadot-api (explorer/standard-clients): standard RPC, metadata, types, a signed
# transaction. Starts a consortium of one hospital for that, on this machine alone. CUREX_NODE_PROGRAM names a node that is
# built already. Needs Node and npm, for the test alone.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh

if [ -z "${CUREX_NODE_PROGRAM:-}" ]; then
	setup_build
	build_programs
	CUREX_NODE_PROGRAM=$CARGO_TARGET_DIR/release/curex-node
fi
command -v npm >/dev/null || die "there is no npm" "install the packages nodejs and npm"

home=$(mktemp -d)
node=
stop() {
	[ -z "$node" ] || { kill "$node" 2>/dev/null || true; wait "$node" 2>/dev/null || true; }
	rm -rf "$home"
}
trap stop EXIT

# The well-known development account //Alice acts for the hospital; the key of its envelopes opens nothing.
"$CUREX_NODE_PROGRAM" init --home "$home/hospital" --name "Hospital" --kind hospital --country GR \
	--encryption-key "$(printf '11%.0s' {1..32})" \
	--delegate 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY=administration,council >/dev/null
"$CUREX_NODE_PROGRAM" genesis --member "$home/hospital/organisation.json" --local --slot-ms 1000 --epoch-slots 60 \
	>"$home/chain.json"
"$CUREX_NODE_PROGRAM" join --home "$home/hospital" --spec "$home/chain.json" >/dev/null
"$CUREX_NODE_PROGRAM" run --home "$home/hospital" -- --listen-addr /ip4/127.0.0.1/tcp/0 --rpc-port 0 --no-prometheus \
	>"$home/log" 2>&1 &
node=$!
address=
for _ in $(seq 600); do
	address=$(sed -n 's/.*Running JSON-RPC server: addr=\(127\.0\.0\.1:[0-9]*\).*/\1/p' "$home/log" | head -n1)
	[ -z "$address" ] || break
	kill -0 "$node" 2>/dev/null || break
	sleep 0.2
done
[ -n "$address" ] || die "the node did not start" "$(tail -n 5 "$home/log")"

export CUREX_NODE=ws://$address
cd explorer/standard-clients
npm ci --no-audit --no-fund --silent --ignore-scripts
npm test
