#!/usr/bin/env bash
# Prepares a Debian (12 or newer) or Ubuntu machine to build and run CUREX. Sourced by run.sh and test.sh; may be
# run on its own. It says what it installs and why, and installs only what is missing.
#
#   scripts/setup.sh            what the build needs
#   scripts/setup.sh --tests    also what the tests need beside it
#   scripts/setup.sh --lab      also the real services that the laboratory of the main job starts
set -euo pipefail

CUREX_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CUREX_CACHE="${CUREX_CACHE:-$HOME/.cache/curex}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$CUREX_CACHE/target}"
export WASM_BUILD_WORKSPACE_HINT="$CUREX_ROOT"
# Debian's OpenSSL instead of compiling a second one.
export OPENSSL_NO_VENDOR=1
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"

say() { printf '\033[1m[curex]\033[0m %s\n' "$*" >&2; }
die() {
	printf '\033[1;31m[curex] stopped:\033[0m %s\n' "$1" >&2
	shift
	for hint in "$@"; do printf '        %s\n' "$hint" >&2; done
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages WHY PACKAGE...: installs those of the packages that are not there yet.
install_packages() {
	local why=$1 missing=() package
	shift
	for package in "$@"; do
		dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		die "these packages are missing and you are neither root nor have sudo: ${missing[*]}" \
			"install them as root: apt-get install ${missing[*]}"
	fi
	say "installing ${missing[*]} ($why)"
	local log="$CUREX_CACHE/apt.log"
	# No service is started by the installation: the laboratory starts its own, on loopback.
	if ! {
		{ [ -n "${CUREX_APT_UPDATED:-}" ] || as_root apt-get update -q; } &&
			as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
				apt-get install -y -q --no-install-recommends "${missing[@]}"
	} >"$log" 2>&1; then
		tail -n 5 "$log" >&2
		die "apt-get could not install ${missing[*]}" "the whole output is in $log" \
			"is the network reachable, and is another apt running?"
	fi
	export CUREX_APT_UPDATED=1
}

check_machine() {
	command -v apt-get >/dev/null || die "this script sets up Debian 12 or newer, or Ubuntu; apt-get was not found" \
		"on another system install the packages and the WebAssembly target named in docs/build.md by hand"
	mkdir -p "$CUREX_CACHE" "$CARGO_TARGET_DIR" 2>/dev/null || true
	local folder
	for folder in "$CUREX_CACHE" "$CARGO_TARGET_DIR"; do
		[ -d "$folder" ] && [ -w "$folder" ] || die "the folder $folder cannot be written" \
			"make it writable, or choose another one with CUREX_CACHE or CARGO_TARGET_DIR"
	done
	local free_mib
	free_mib=$(df -Pm "$CARGO_TARGET_DIR" | awk 'NR==2 {print $4}')
	if [ ! -e "$CARGO_TARGET_DIR/release/curex-node" ] && [ "$free_mib" -lt 12288 ]; then
		die "only $free_mib MiB are free in $CARGO_TARGET_DIR; a first build needs 12 GiB" \
			"free some space, or choose another folder with CARGO_TARGET_DIR"
	fi
}

# The release of Rust must know the target wasm32v1-none and compile the workspace.
check_rust() {
	if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
		export PATH="$HOME/.cargo/bin:$PATH"
	fi
	if ! command -v rustup >/dev/null; then
		command -v curl >/dev/null || install_packages "to fetch rustup" curl ca-certificates
		say "installing Rust with rustup (the compiler of the whole project)"
		curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs 2>"$CUREX_CACHE/rustup.log" |
			sh -s -- -y --profile minimal -c rustfmt -c clippy >>"$CUREX_CACHE/rustup.log" 2>&1 ||
			die "rustup could not be installed" "the output is in $CUREX_CACHE/rustup.log" "install Rust 1.95 or newer and start again"
		export PATH="$HOME/.cargo/bin:$PATH"
	fi
	local version
	version=$(rustc --version | awk '{print $2}')
	if [ "$(printf '%s\n1.95.0\n' "${version%%-*}" | sort -V | head -n1)" != 1.95.0 ]; then
		die "Rust $version is too old, 1.95 is needed" "rustup update stable"
	fi
}

# The runtime is compiled to WebAssembly. With rustup online that needs one target; where rustup cannot download,
# Debian's own Rust carries the sources from which core, alloc and compiler_builtins are made once.
setup_wasm_target() {
	if [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32v1-none/lib" ]; then return 0; fi
	if rustup target add wasm32v1-none >"$CUREX_CACHE/rustup-target.log" 2>&1; then
		say "added the Rust target wasm32v1-none (the runtime is WebAssembly)"
		return 0
	fi
	local lib=/usr/lib/rustlib/wasm32v1-none/lib
	say "rustup cannot download the WebAssembly target here: using Debian's Rust for the runtime"
	install_packages "the WebAssembly runtime, where rustup cannot download" rustc-web cargo-web rust-web-src
	rustup toolchain list | grep -q '^debian' || rustup toolchain link debian /usr
	# Debian's rustc calls its linker rust-lld; rustup's toolchain has one.
	local tools="$CUREX_CACHE/bin" host
	host=$(rustc -vV | sed -n 's/^host: //p')
	mkdir -p "$tools"
	ln -sf "$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld" "$tools/rust-lld"
	export PATH="$tools:$PATH"
	if ! ls $lib/libcore-*.rlib >/dev/null 2>&1; then
		say "compiling core and alloc for WebAssembly (once, about half a minute)"
		local seed="$CUREX_CACHE/wasm-seed"
		rm -rf "$seed" && mkdir -p "$seed/src"
		printf '[package]\nname = "seed"\nversion = "0.1.0"\nedition = "2021"\n[lib]\n[workspace]\n' >"$seed/Cargo.toml"
		printf '#![no_std]\n' >"$seed/src/lib.rs"
		(cd "$seed" && CARGO_TARGET_DIR="$seed/target" RUSTFLAGS=-Cembed-bitcode=yes RUSTC_BOOTSTRAP=1 rustup run debian \
			cargo build --release --target wasm32v1-none -Zbuild-std=core,alloc) >"$CUREX_CACHE/wasm-seed.log" 2>&1 ||
			die "core could not be compiled for WebAssembly" "the output is in $CUREX_CACHE/wasm-seed.log"
		as_root mkdir -p $lib
		as_root cp "$seed"/target/wasm32v1-none/release/deps/lib{core,alloc,compiler_builtins}-*.rlib $lib/
		rm -rf "$CARGO_TARGET_DIR/release/wbuild" "$seed"
	fi
	export WASM_BUILD_TOOLCHAIN=debian
}

setup_build() {
	check_machine
	install_packages "compilers and libraries of the build" \
		build-essential clang libclang-dev protobuf-compiler cmake lld pkg-config libssl-dev git ca-certificates
	check_rust
	setup_wasm_target
}

setup_lab() {
	install_packages "real services for hospital A's laboratory, started on loopback only" \
		procps openssh-server nginx orthanc dcmtk snmpd
}

# What the tests start beside the project's own programs.
setup_tests() {
	install_packages "signatures of advisories" gpgv
	install_packages "a token in software, for the tests of accounts in hardware" softhsm2
	install_packages "the Python package, its virtual environment" python3 python3-venv
	install_packages "a database server, for the tests of an index that is on one" postgresql
}

# The crates that the build needs, so that a missing network is told before anything is compiled.
fetch_crates() {
	cd "$CUREX_ROOT"
	cargo fetch --locked --target "$(rustc -vV | sed -n 's/^host: //p')" ||
		die "the crates could not be downloaded" "the reason stands above" "is the network reachable?"
}

# build_programs [CARGO OPTION...]: builds every program of the workspace with the one profile and feature set that tests and
# lints use too. Cargo shows each crate as it goes; a first build takes about half an hour on two cores.
build_programs() {
	fetch_crates
	if [ ! -e "$CARGO_TARGET_DIR/release/curex-node" ]; then
		say "building (the first time about half an hour on two cores; later only what changed)"
	fi
	cargo build --release --locked --workspace --bins "$@" ||
		die "the build failed" "the reason stands above" "is there space in $CARGO_TARGET_DIR, and memory?"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	setup_build
	case "${1:-}" in
	--lab) setup_lab ;;
	--tests) setup_tests ;;
	esac
	say "ready: $(rustc --version), target folder $CARGO_TARGET_DIR"
fi
