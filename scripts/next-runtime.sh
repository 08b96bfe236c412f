#!/usr/bin/env bash
# Builds the runtime that a rehearsal of an upgrade changes to: this one under the next version number. Prints where it is.
#
#   scripts/bench.sh explorer --next-runtime "$(scripts/next-runtime.sh)"
set -euo pipefail
source "$(dirname "$0")/setup.sh" >&2
setup_build >&2
# A folder of its own: the node's runtime stays what it is.
export CARGO_TARGET_DIR="$CARGO_TARGET_DIR/rehearsal"
cargo build --release --locked -p curex-runtime --features rehearsal >&2
echo "$CARGO_TARGET_DIR/release/wbuild/curex-runtime/curex_runtime.compact.compressed.wasm"
