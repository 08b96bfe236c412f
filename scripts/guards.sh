#!/usr/bin/env bash
# Takes the guards that scripts/guards.toml lists away, one at a time, and runs the tests that are about them: a test that
# passes without its guard shows nothing. For reviewers; no part of scripts/test.sh. The checkout is not touched: a copy is
# compiled once, in which every guard has a switch.
#
#   scripts/guards.sh                   every guard
#   scripts/guards.sh NAME...           these guards
#   scripts/guards.sh --package NAME    only the tests that are in this package; may be repeated
#   scripts/guards.sh --dev ...         without optimisation, where such a build is at hand
set -euo pipefail
source "$(dirname "$0")/setup.sh"
setup_build
export SKIP_WASM_BUILD=1
exec python3 "$CUREX_ROOT/scripts/guards.py" "$@"
