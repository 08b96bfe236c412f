#!/usr/bin/env bash
# Measures what the calls weigh on this machine and writes pallets/*/src/weights.rs. To be run on the machine that stands for
# the validators, with nothing else running, whenever a call or the SDK changes. Never part of the tests: the measuring
# program has dependencies of its own and takes about half an hour to build.
#
#   scripts/weights.sh                    all pallets
#   scripts/weights.sh consent exchange   these
#   scripts/weights.sh storage ...        says what reading and writing an entry of the state costs, and what the runtime
#                                         counts for it; --help names the options. Writes nothing.
#
# CUREX_STEPS (20), CUREX_REPEAT (10) and CUREX_SECONDS (2, at least, per call) say how thoroughly.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
setup_build
cd "$CUREX_ROOT"

export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/weights"
# A dependency carries a runtime for tests of its own, which is not needed.
export SKIP_FRAME_STORAGE_ACCESS_TEST_RUNTIME_WASM_BUILD=1
export WASM_BUILD_WORKSPACE_HINT="$CUREX_ROOT/weights"
cp Cargo.lock weights/Cargo.lock
say "building the measuring program"
cargo build --release --manifest-path weights/Cargo.toml ||
	die "the measuring program could not be built" "the reason stands above"

if [ "${1:-}" = storage ]; then
	exec "$CARGO_TARGET_DIR/release/curex-weights" "$@" --folder "$CARGO_TARGET_DIR"
fi
if [ $# = 0 ]; then
	for folder in pallets/*/; do set -- "$@" "$(basename "$folder")"; done
fi
for pallet in "$@"; do
	[ -f "pallets/$pallet/src/benchmarking.rs" ] || die "there is no pallet $pallet with benchmarks" "see pallets/"
	say "measuring $pallet"
	"$CARGO_TARGET_DIR/release/curex-weights" --pallet "pallet_${pallet//-/_}" --extrinsic '*' \
		--steps "${CUREX_STEPS:-20}" --repeat "${CUREX_REPEAT:-10}" --min-duration "${CUREX_SECONDS:-2}" --heap-pages 4096 \
		--template weights/template.hbs --output "pallets/$pallet/src/weights.rs" >"$CUREX_CACHE/weights-$pallet.log" 2>&1 ||
		die "$pallet could not be measured" "the output is in $CUREX_CACHE/weights-$pallet.log" \
			"$(tail -n 3 "$CUREX_CACHE/weights-$pallet.log")"
done
cargo fmt --all
say "written: pallets/*/src/weights.rs"
