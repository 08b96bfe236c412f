#!/usr/bin/env bash
# Measures the ledger on four validators of this machine, in a network of their own; see docs/bench.md.
#
#   scripts/bench.sh exchange [OPTION...]     exchanges per second on each path, beside a floor and PostgreSQL
#   scripts/bench.sh withdrawal [OPTION...]   how soon a withdrawal is in a block, and final, while every block is full
#   scripts/bench.sh transfer [OPTION...]     how fast large parts go from node to node, beside a plain encrypted copy
#   scripts/bench.sh explorer [OPTION...]     what an explorer makes of many exchanges, new session keys, another runtime
#   scripts/bench.sh client [OPTION...]       what the client needs for a request, and how many it submits
#
#   --json FILE     also write what was measured for programs
#   --help          all options
#
# PostgreSQL is installed if it is missing; CUREX_NO_POSTGRES=1 leaves it out. CUREX_BINARIES names a folder with curex-node and
# curex-bench that are to be taken instead of building them.
set -euo pipefail
case "${1:-}" in
exchange | withdrawal | transfer | client | explorer) ;;
*)
	sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d'
	[ "${1:-}" = --help ] || [ "${1:-}" = -h ]
	exit
	;;
esac
source "$(dirname "$0")/setup.sh"

binaries="${CUREX_BINARIES:-}"
if [ -z "$binaries" ]; then
	setup_build
	build_programs
	binaries="$CARGO_TARGET_DIR/release"
fi
arguments=("$@" --node "$binaries/curex-node")

if [ "$1" = explorer ]; then
	arguments+=(--explorer "$binaries/curex-explorer")
fi

if [ "$1" = exchange ] && [ -z "${CUREX_NO_POSTGRES:-}" ]; then
	server() { find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1; }
	if [ -z "$(server)" ]; then
		# The installation must not start a server of its own.
		as_root mkdir -p /etc/postgresql-common
		[ -e /etc/postgresql-common/createcluster.conf ] ||
			echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
		install_packages "the database beside which the ledger is measured" postgresql
	fi
	folder=$(dirname "$(server)")
	version=$(basename "$(dirname "$folder")")
	install_packages "the audit log of that database" "postgresql-$version-pgaudit"
	arguments+=(--postgres "$folder")
fi

# A network namespace: no port is taken, nothing leaves the machine.
if as_root unshare --net true 2>/dev/null; then
	as_root unshare --net bash -c 'ip link set lo up && exec "$@"' bench "$binaries/curex-bench" "${arguments[@]}"
else
	say "no network namespace here: the nodes use ports of this machine's loopback"
	"$binaries/curex-bench" "${arguments[@]}"
fi
