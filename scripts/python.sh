#!/usr/bin/env bash
# Builds the wheel of the Python package `curex`, installs it in a virtual environment and runs its tests.
# Wheel and environment lie in the build folder, under python/; their paths are printed at the end.
set -euo pipefail
source "$(dirname "$0")/setup.sh"

if [ -z "${CUREX_BUILT:-}" ]; then
	setup_build
	setup_tests
	build_programs --lib
fi
cd "$CUREX_ROOT"
folder="$CARGO_TARGET_DIR/python"
# Debian's Python, not one that happens to come first.
wheel=$(/usr/bin/python3 python/wheel.py "$CARGO_TARGET_DIR/release/libcurex_python.so" "$folder")
rm -rf "$folder/venv"
/usr/bin/python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-index --no-deps "$wheel"
"$folder/venv/bin/python" -m unittest discover --start-directory python/tests
say "wheel: $wheel"
say "environment: $folder/venv"
