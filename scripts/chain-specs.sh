#!/usr/bin/env bash
# Generates what is committed of the runtime: the chain specifications and the metadata of the client library.
#
#   scripts/chain-specs.sh            writes them
#   scripts/chain-specs.sh --check    fails if what is committed differs from what this build gives
#
# The runtime's code inside a specification depends on the compiler, so that the comparison leaves it out: the genesis
# configuration and state must be equal, the code must be there.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
check_machine
cd "$CUREX_ROOT"
node="$CARGO_TARGET_DIR/release/curex-node"
[ -x "$node" ] || die "curex-node is not built" "run scripts/run.sh or scripts/test.sh first"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The founding members of the specimen consortium: public descriptions only, their secrets were never kept.
members=()
for description in chain-specs/members/*.json; do members+=(--member "$description"); done

"$node" genesis "${members[@]}" --slot-ms 4000 --epoch-slots 900 --plain >"$work/consortium.json"
"$node" genesis "${members[@]}" --slot-ms 4000 --epoch-slots 900 >"$work/consortium-raw.json"
"$node" export-chain-spec --chain local >"$work/local.json" 2>/dev/null
"$node" export-chain-spec --chain local --raw >"$work/local-raw.json" 2>/dev/null
for spec in "$work"/*.json; do "$node" strip-code "$spec" >"$spec.stripped"; done
"$node" metadata >"$work/curex.scale"

if [ "${1:-}" = --check ]; then
	for name in local local-raw consortium consortium-raw; do
		cmp -s "$work/$name.json.stripped" "chain-specs/$name.json" ||
			die "chain-specs/$name.json is not what the runtime gives" "run scripts/chain-specs.sh and commit the result"
	done
	cmp -s "$work/curex.scale" client-sdk/metadata/curex.scale ||
		die "client-sdk/metadata/curex.scale is not the runtime's metadata" "run scripts/chain-specs.sh and commit the result"
	say "chain specifications and metadata agree with the runtime"
else
	for name in local local-raw consortium consortium-raw; do
		cp "$work/$name.json.stripped" "chain-specs/$name.json"
	done
	mkdir -p client-sdk/metadata
	cp "$work/curex.scale" client-sdk/metadata/curex.scale
	say "written: chain-specs/*.json, client-sdk/metadata/curex.scale"
fi
