#!/usr/bin/env bash
# Treats the local consortium badly and checks that it says what is wrong, leaves nothing behind, and starts again:
# no network during the set-up, a taken port, a full disk, a damaged key, another consortium's specification, and kill -9
# during the build and at each of the eight steps.
# Not part of the tests: it takes about forty minutes. Needs root for the full disk (a small file system in memory) and for
# taking the network away.
#
#   scripts/chaos.sh            everything
#   scripts/chaos.sh --quick    without the kills
set -euo pipefail
source "$(dirname "$0")/setup.sh"
setup_build
setup_lab
build_programs
cd "$CUREX_ROOT"

work=$(mktemp -d "$CUREX_CACHE/chaos.XXXXXX")
home="$work/home"
failures=0
trap 'umount "$work/small" 2>/dev/null || true; rm -rf "$work"' EXIT

# No function: what runs in the background must be the program itself, for it is killed by its number.
localnet=("$CARGO_TARGET_DIR/release/curex-localnet" --binaries "$CARGO_TARGET_DIR/release" --root "$CUREX_ROOT")

passed() { say "passed: $*"; }
failed() {
	say "FAILED: $*"
	tail -n 15 "$work/log" >&2
	failures=$((failures + 1))
}

# refused WHAT PATTERN COMMAND...: the command must fail, and say why it stopped in words that match.
refused() {
	local what=$1 pattern=$2 reason
	shift 2
	if "$@" >"$work/log" 2>&1; then
		failed "$what: it succeeded"
		return
	fi
	reason=$(sed 's/\x1b\[[0-9;]*m//g' "$work/log" | sed -n '/stopped:/,$p')
	if grep -qiE "$pattern" <<<"$reason"; then
		passed "$what: $(grep -iE -m1 "$pattern" <<<"$reason" | cut -c1-200)"
	else
		failed "$what: the reason is not told"
	fi
	nothing_runs "$what"
}

# nothing_runs WHAT: within half a minute no program of the consortium is left.
nothing_runs() {
	local left=60
	while pgrep -f "$work/" >/dev/null && [ "$left" -gt 0 ]; do
		sleep 0.5
		left=$((left - 1))
	done
	if pgrep -af "$work/" >"$work/log"; then failed "$1: programs were left behind"; fi
}

say "no network during the set-up"
offline=(unshare --net env CUREX_CACHE="$work/cache")
mkdir -p "$work/cache"
# A package that nobody has: what matters is what is said when it cannot be fetched.
refused "packages without a network" "is the network reachable" \
	"${offline[@]}" bash -c 'source scripts/setup.sh && install_packages "a test" gnu-standards'
refused "crates without a network" "is the network reachable" \
	"${offline[@]}" CARGO_HOME="$work/cargo" CARGO_TARGET_DIR="$work/target" \
	bash -c 'source scripts/setup.sh && fetch_crates'

say "a taken port"
python3 -c 'import socket, time
taken = socket.socket()
taken.bind(("127.0.0.1", 9950))
taken.listen()
time.sleep(60)' &
holder=$!
sleep 1
refused "taken port" "port 9950 is taken" "${localnet[@]}" --home "$home" --once
kill "$holder"
wait "$holder" 2>/dev/null || true

say "a folder that cannot be written"
refused "unwritable home" "/proc/curex" "${localnet[@]}" --home /proc/curex --once
refused "unwritable target folder" "cannot be written" env CARGO_TARGET_DIR=/proc/curex scripts/run.sh --once

say "a full disk"
mkdir -p "$work/small"
mount -t tmpfs -o size=2m tmpfs "$work/small"
refused "no space to build" "needs 12 GiB" env CARGO_TARGET_DIR="$work/small/target" scripts/run.sh --once
refused "full disk" "no space left" "${localnet[@]}" --home "$work/small/home" --once
umount "$work/small"

say "a damaged key, another password, another specification"
# Founded, but not told: the port is taken again.
python3 -c 'import socket, time
taken = socket.socket()
taken.bind(("127.0.0.1", 9950))
taken.listen()
time.sleep(60)' &
holder=$!
sleep 1
"${localnet[@]}" --home "$home" --once >"$work/log" 2>&1 || true
kill "$holder"
wait "$holder" 2>/dev/null || true
account="$home/members/hospital-a/accounts/administrator.json"
password="$(dirname "$account")/password"
cp -p "$account" "$work/key" && cp -p "$password" "$work/password"
printf 'not a key' >"$account"
refused "damaged key file" "key" "${localnet[@]}" --home "$home" --once
cp -p "$work/key" "$account"
printf 'another password' >"$password"
refused "another password" "password" "${localnet[@]}" --home "$home" --once
cp -p "$work/password" "$password"
spec="$home/members/hospital-b/chain.json"
cp -p "$spec" "$work/spec"
"$CARGO_TARGET_DIR/release/curex-node" export-chain-spec --chain local --raw >"$spec" 2>/dev/null
refused "another specification" "genesis|specification|chain" "${localnet[@]}" --home "$home" --once
cp -p "$work/spec" "$spec"

if [ "${1:-}" != --quick ]; then
	for pause in 10 45 90; do
		say "kill -9 during the build, after $pause s"
		touch primitives/src/lib.rs
		setsid scripts/run.sh --once --home "$home" >"$work/log" 2>&1 &
		victim=$!
		sleep "$pause"
		kill -9 -- "-$victim" 2>/dev/null || failed "the build was over before it could be killed"
		wait "$victim" 2>/dev/null || true
	done
	say "the next build"
	if (build_programs) >"$work/log" 2>&1; then
		passed "a killed build is taken up again"
	else
		failed "after the killed builds"
	fi

	for step in 1 2 3 4 5 6 7 8; do
		say "kill -9 in step $step"
		"${localnet[@]}" --home "$home" --once >"$work/story" 2>&1 &
		victim=$!
		while kill -0 "$victim" 2>/dev/null && ! grep -q "^.\[1m$step\. " "$work/story"; do sleep 0.2; done
		if ! kill -9 "$victim" 2>/dev/null; then
			cp "$work/story" "$work/log"
			failed "step $step was never reached"
		fi
		wait "$victim" 2>/dev/null || true
		nothing_runs "kill in step $step"
	done
	say "the next start"
	if "${localnet[@]}" --home "$home" --once --json "$work/account.json" >"$work/log" 2>&1; then
		passed "after eight kills the whole account was verified"
	else
		failed "after the kills"
	fi
	nothing_runs "the end"
fi
[ "$failures" = 0 ] || die "$failures checks failed"
say "all checks passed"
