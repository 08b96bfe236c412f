#!/usr/bin/env bash
# Sets the machine up and runs every check of the project:
# formatting, lints, tests with a benchmark smoke run, chain specifications, and the main job from end to end.
#
#   scripts/test.sh              everything
#   scripts/test.sh --no-story   without the main job
set -euo pipefail
source "$(dirname "$0")/setup.sh"
setup_build
setup_tests
[ "${1:-}" = --no-story ] || setup_lab
cd "$CUREX_ROOT"

stage() { say "--- $* ($(date +%H:%M:%S))"; }

stage "formatting"
cargo fmt --all --check || die "the code is not formatted" "run: cargo fmt --all"

stage "dependencies: no RocksDB"
if cargo tree --locked -e normal,build -i librocksdb-sys >/dev/null 2>&1; then
	die "the default build contains RocksDB" "see docs/build.md"
fi

stage "dependencies: programs and tests ask for the same features"
features() { cargo tree --locked --workspace -e "$1" --prefix none -f '{p} {f}' | sed 's/ (\*)//' | sort -u; }
diff <(features normal,build) <(features normal,build,dev) ||
	die "tests switch on features that programs do not" "add them to features/Cargo.toml"

stage "programs"
build_programs --lib --example ten_lines --timings

stage "the Python package"
CUREX_BUILT=1 bash scripts/python.sh

# The main job mostly waits for blocks: it runs beside tests and lints, which come after it where both want a processor.
if [ "${1:-}" != --no-story ]; then
	stage "the main job starts; its account follows the lints"
	home=$(mktemp -d "$CUREX_CACHE/story.XXXXXX")
	# Copies, for tests and lints may not change what runs.
	mkdir "$home/bin"
	cp "$CARGO_TARGET_DIR"/release/curex{,-agent,-explorer,-localnet,-node} "$home/bin/"
	cp "$CARGO_TARGET_DIR/release/examples/ten_lines" "$home/bin/"
	python="$CARGO_TARGET_DIR/python/venv/bin/python $CUREX_ROOT/python/examples"
	"$home/bin/curex-localnet" --binaries "$home/bin" --root "$CUREX_ROOT" --home "$home/story" --once \
		--example "$home/bin/ten_lines \$CUREX_NODE ." --example "$python/ask.py" --example "$python/ask_async.py" \
		>"$home/account" 2>&1 &
	story=$!
	trap 'kill "$story" 2>/dev/null || true; wait "$story" 2>/dev/null || true; rm -rf "$home"' EXIT
fi

stage "tests, with every benchmark run once"
nice cargo test --release --locked --workspace

# With the runtime's code: leaving it out here would have it built again for the programs.
stage "lints"
nice cargo clippy --release --locked --workspace --all-targets -- -D warnings

stage "chain specifications and metadata"
bash scripts/chain-specs.sh --check

if [ "${1:-}" != --no-story ]; then
	stage "the main job"
	# What it tells while it goes on, from the beginning.
	tail -n +1 -f --pid="$story" "$home/account" || true
	wait "$story" || die "the main job failed" "the reason stands above"
fi
say "all checks passed"
