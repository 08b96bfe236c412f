#!/usr/bin/env bash
# Runs the fuzz targets of the workers' parsers one after the other, each until it has run for some minutes in all
# (workers/fuzz/README.md). May be stopped and started again at any time: the time that a target has had, its corpus and what
# made it fail are kept in workers/fuzz.
#
#   scripts/fuzz-parsers.sh                  each for five minutes
#   scripts/fuzz-parsers.sh 60               each for an hour
#   scripts/fuzz-parsers.sh 5 feed versions  these alone
#
# Prints one JSON object for each target. The exit code is 1 if one failed.
set -euo pipefail
source "$(dirname "$0")/setup.sh"
setup_build
minutes=${1:-5}
[[ "$minutes" =~ ^[0-9]+$ ]] || die "$minutes is no number of minutes" "see the head of this script"
shift || true

fuzz="$CUREX_ROOT/workers/fuzz"
cd "$fuzz"
# The versions of the programs, and one more crate.
cp "$CUREX_ROOT/Cargo.lock" Cargo.lock
say "building the targets"
export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/fuzz"
RUSTC_WRAPPER="$CUREX_ROOT/fuzz/instrument" cargo build --release --bins ||
	die "the targets could not be built" "the reason stands above"
programs="$CARGO_TARGET_DIR/release"

targets=("$@")
if [ ${#targets[@]} = 0 ]; then
	mapfile -t targets < <(basename -s .rs fuzz_targets/*.rs)
fi
failed=0
for target in "${targets[@]}"; do
	[ -x "$programs/$target" ] || die "there is no target $target" "the targets are the files of workers/fuzz/fuzz_targets"
	mkdir -p "corpus/$target" "artifacts/$target" runs
	seconds=0 executions=0 peak=0
	[ ! -f "runs/$target" ] || read -r seconds executions peak <"runs/$target"
	while [ "$seconds" -lt $((minutes * 60)) ]; do
		left=$((minutes * 60 - seconds))
		slice=$((left < 60 ? left : 60))
		say "$target: $seconds of $((minutes * 60)) seconds"
		log=$(mktemp)
		seeds=()
		[ ! -d "seeds/$target" ] || seeds=("seeds/$target")
		status=0
		"$programs/$target" "corpus/$target" "${seeds[@]}" -max_total_time=$slice -max_len=65536 -timeout=20 -rss_limit_mb=2048 \
			-artifact_prefix="artifacts/$target/" -print_final_stats=1 >"$log" 2>&1 || status=$?
		stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -n 1; }
		seconds=$((seconds + slice))
		units=$(stat number_of_executed_units) rss=$(stat peak_rss_mb)
		executions=$((executions + ${units:-0}))
		peak=$((${rss:-0} > peak ? ${rss:-0} : peak))
		echo "$seconds $executions $peak" >"runs/$target"
		if [ "$status" != 0 ]; then
			failed=1
			tail -n 40 "$log" >&2
			rm -f "$log"
			break
		fi
		rm -f "$log"
	done
	printf '{"target": "%s", "seconds": %d, "executions": %d, "corpus": %d, "failures": %d, "peak_mib": %d}\n' "$target" \
		"$seconds" "$executions" "$(find "corpus/$target" -type f | wc -l)" "$(find "artifacts/$target" -type f | wc -l)" "$peak"
done
exit "$failed"
