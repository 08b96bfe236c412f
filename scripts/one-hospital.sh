# A consortium of one hospital for tests in a browser or with other clients: sourced, after setup.sh.
#
#   start_hospital PROGRAM FOLDER   starts its node, on this machine alone; sets hospital_node (process) and
#                                   hospital_address (ws://…)
#
# The well-known development account //Alice acts for it; the key of its envelopes opens nothing.
start_hospital() {
	local program=$1 home=$2
	"$program" init --home "$home/hospital" --name "Hospital" --kind hospital --country GR \
		--encryption-key "$(printf '11%.0s' {1..32})" \
		--delegate 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY=administration,council,oversight >/dev/null
	"$program" genesis --member "$home/hospital/organisation.json" --local --slot-ms 1000 --epoch-slots 60 \
		>"$home/chain.json"
	"$program" join --home "$home/hospital" --spec "$home/chain.json" >/dev/null
	"$program" run --home "$home/hospital" -- --listen-addr /ip4/127.0.0.1/tcp/0 --rpc-port 0 --no-prometheus \
		--state-pruning archive --blocks-pruning archive >"$home/hospital.log" 2>&1 &
	hospital_node=$!
	local address='' turn
	for turn in $(seq 600); do
		address=$(sed -n 's/.*Running JSON-RPC server: addr=\(127\.0\.0\.1:[0-9]*\).*/\1/p' "$home/hospital.log" | head -n1)
		[ -z "$address" ] || break
		kill -0 "$hospital_node" 2>/dev/null || break
		sleep 0.2
	done
	[ -n "$address" ] || die "the node did not start" "$(tail -n 5 "$home/hospital.log")"
	hospital_address=ws://$address
}
