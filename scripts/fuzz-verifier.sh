#!/usr/bin/env bash
# Forges evidence bundles (verify/fuzz): whatever the verifier accepts has to say what the honest chain says. What it finds
# stays in verify/fuzz/corpus, what fails in verify/fuzz/artifacts.
#
#   scripts/fuzz-verifier.sh        for half an hour
#   scripts/fuzz-verifier.sh 60     for a minute
#   scripts/fuzz-verifier.sh FILE   that input once
set -euo pipefail
source "$(dirname "$0")/setup.sh"
setup_build
cd "$CUREX_ROOT/verify/fuzz"

export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/fuzz"
cp "$CUREX_ROOT/Cargo.lock" Cargo.lock
say "building the fuzzer"
RUSTC_WRAPPER="$CUREX_ROOT/fuzz/instrument" cargo build --release --bins || die "the fuzzer could not be built" "the reason stands above"

fuzzer="$CARGO_TARGET_DIR/release/bundle"
what="${1:-1800}"
if [ -f "$what" ]; then
	exec "$fuzzer" "$what"
fi
[[ "$what" =~ ^[0-9]+$ ]] || die "$what is neither a number of seconds nor a file" "see the head of this script"
mkdir -p corpus artifacts
CUREX_SEEDS=corpus "$fuzzer" || die "the first inputs could not be written" "the reason stands above"
"$fuzzer" corpus -artifact_prefix=artifacts/ -max_len=32768 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
	-max_total_time="$what"
