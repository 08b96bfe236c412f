#!/usr/bin/env bash
# Builds the verifier for browsers from verify/browser: curex-verify.wasm in the folder of the programs, where
# curex-explorer finds it. Takes a few minutes the first time.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh
setup_build

# As the runtime: code for the WebAssembly that every browser has, without a host's functions.
module_folder=$CARGO_TARGET_DIR/browser
CARGO_TARGET_DIR=$module_folder RUSTFLAGS='--cfg substrate_runtime -C target-cpu=mvp' \
	cargo ${WASM_BUILD_TOOLCHAIN:+"+$WASM_BUILD_TOOLCHAIN"} rustc --release --locked \
	--package curex-verify-browser --target wasm32v1-none --crate-type cdylib \
	--config 'profile.release.lto="fat"' --config 'profile.release.opt-level="s"' \
	--config 'profile.release.panic="abort"' --config 'profile.release.strip=true' ||
	die "the verifier for browsers was not built" "the reason stands above"
mkdir -p "$CARGO_TARGET_DIR/release"
cp "$module_folder/wasm32v1-none/release/curex_verify_browser.wasm" "$CARGO_TARGET_DIR/release/curex-verify.wasm"
say "built $CARGO_TARGET_DIR/release/curex-verify.wasm ($(wc -c <"$CARGO_TARGET_DIR/release/curex-verify.wasm") bytes)"
