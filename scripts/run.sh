#!/usr/bin/env bash
# Sets the machine up, builds CUREX, starts a local consortium and does its main job; see README.md.
#
#   scripts/run.sh [--once] [--json FILE] [--fresh] [--lab DIR] [--feed DIR] [--home DIR] [--port-base PORT]
#                  [--measure N]
#
#   --once         end after the account; exit code 0 only if every step was verified
#   --json FILE    also write the account for programs
#   --fresh        discard the data of earlier runs
#   --lab DIR      another laboratory than lab/ (a folder with a lab.toml)
#   --feed DIR     another advisory feed than feeds/
#   --home DIR     where keys, chains and logs of the local consortium lie
#   --port-base N  first of the ports of the nodes (9950)
#   --measure N    then time N exchanges from request to finalised acknowledgement
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
	exit 0
fi
source "$(dirname "$0")/setup.sh"
setup_build
setup_lab
build_programs
bash "$CUREX_ROOT/scripts/browser-verifier.sh"
exec "$CARGO_TARGET_DIR/release/curex-localnet" --binaries "$CARGO_TARGET_DIR/release" \
	--root "$CUREX_ROOT" "$@"
