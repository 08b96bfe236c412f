#!/usr/bin/env bash
# Feeds the runtime with transactions that nobody meant (docs/build.md, "Fuzzing"). What it finds stays in fuzz/corpus, what
# fails in fuzz/artifacts.
#
#   scripts/fuzz.sh            for half an hour
#   scripts/fuzz.sh 60         for a minute
#   scripts/fuzz.sh FILE       that input once
set -euo pipefail
source "$(dirname "$0")/setup.sh"
setup_build
cd "$CUREX_ROOT"

export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/fuzz"
export RUSTC_WRAPPER="$CUREX_ROOT/fuzz/instrument" SKIP_WASM_BUILD=1
cp Cargo.lock fuzz/Cargo.lock
say "building the fuzzer"
cargo build --release --manifest-path fuzz/Cargo.toml ||
	die "the fuzzer could not be built" "the reason stands above"

fuzzer="$CARGO_TARGET_DIR/release/transactions"
what="${1:-1800}"
if [ -f "$what" ]; then
	exec "$fuzzer" "$what"
fi
[[ "$what" =~ ^[0-9]+$ ]] || die "$what is neither a number of seconds nor a file" "see the head of this script"
mkdir -p fuzz/artifacts
CUREX_SEEDS=fuzz "$fuzzer" || die "the first inputs could not be written" "the reason stands above"
# A year may pass in one step, so that a single input may take seconds.
"$fuzzer" fuzz/corpus -dict=fuzz/dictionary -artifact_prefix=fuzz/artifacts/ -max_len=16384 -timeout=120 \
	-rss_limit_mb=4096 -print_final_stats=1 -max_total_time="$what"
