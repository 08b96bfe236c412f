//! Where processor time goes.

use crate::statistics::ratio;
use curex_localnet::process;
use serde::Serialize;
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

/// Ticks in a second, as user programs see them (`USER_HZ`, proc(5)); 100 on every architecture of Debian.
const TICKS: u64 = 100;

/// Processor time of a process and its threads, in ticks of the system's clock.
#[derive(Clone, Debug, Default)]
pub struct Spent {
	/// By name of the thread; numbers at the end are left out.
	threads: BTreeMap<String, u64>,
}

impl Spent {
	/// What these processes have spent since they started.
	pub fn of(processes: &[u32]) -> Self {
		let mut spent = Self::default();
		for process in processes {
			let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { continue };
			for thread in threads.flatten() {
				// A thread may have ended meanwhile.
				let Ok(text) = fs::read_to_string(thread.path().join("stat")) else { continue };
				if let Some((name, ticks)) = read_stat(&text) {
					*spent.threads.entry(name).or_default() += ticks;
				}
			}
		}
		spent
	}

	/// What was spent since an earlier moment, in seconds. Threads that ended between are not counted.
	pub fn since(&self, earlier: &Self) -> BTreeMap<String, f64> {
		self.threads
			.iter()
			.map(|(name, ticks)| {
				let before = earlier.threads.get(name).copied().unwrap_or_default();
				(name.clone(), ticks.saturating_sub(before) as f64 / TICKS as f64)
			})
			.filter(|(_, seconds)| *seconds > 0.0)
			.collect()
	}
}

/// Name and ticks (user and system) in a line of `/proc/…/stat`, proc(5).
fn read_stat(text: &str) -> Option<(String, u64)> {
	let (before, after) = text.rsplit_once(") ")?;
	let (_, name) = before.split_once('(')?;
	let fields: Vec<&str> = after.split(' ').collect();
	// Fields 14 and 15; the first after the name is the third.
	let ticks = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
	let name = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
	Some((name.to_owned(), ticks(14)? + ticks(15)?))
}

/// Share of the nodes' processor time by what it is spent on.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
	/// What, and its share (0 to 1), the greatest first.
	pub shares: Vec<(String, f64)>,
	/// The functions with the greatest shares.
	pub functions: Vec<(String, f64)>,
}

/// What functions belong to what, by parts of their names; the first that fits counts.
const KINDS: [(&str, &[&str]); 9] = [
	("runtime (compiled WebAssembly)", &["[jit]", "perf-", "0x0000"]),
	(
		"signatures",
		&[
			"schnorrkel",
			"curve25519",
			"ed25519",
			"ristretto",
			"merlin",
			"keccak",
			"sha512",
			"scalar52",
		],
	),
	("hashing", &["blake2", "twox", "sha2", "sha256", "siphash", "xxhash"]),
	(
		"trie and overlay",
		&[
			"trie",
			"hash_db",
			"memory_db",
			"hashdb",
			"state_machine",
			"overlay",
			"nibble",
			"sp_state",
		],
	),
	("database", &["parity_db", "kvdb", "lz4", "snappy"]),
	(
		"WebAssembly host",
		&["wasmtime", "sp_io", "sc_executor", "sp_wasm", "cranelift", "sp_runtime_interface"],
	),
	("pool", &["txpool", "transaction_pool"]),
	(
		"network",
		&[
			"litep2p",
			"libp2p",
			"yamux",
			"snow",
			"chacha",
			"poly1305",
			"noise",
			"sc_network",
			"tokio_tungstenite",
		],
	),
	(
		"memory",
		&[
			"malloc",
			"memcpy",
			"memmove",
			"memset",
			"memcmp",
			"je_",
			"_rjem",
			"jemalloc",
			"clear_page",
			"page_fault",
			"madvise",
			"zap_",
		],
	),
];

/// Records the nodes with `perf` for a while. Nothing if the machine does not let us.
pub async fn profile(processes: &[u32], home: &Path, time: Duration) -> Option<Profile> {
	let processes: Vec<String> = processes.iter().map(u32::to_string).collect();
	let data = home.join("perf.data").display().to_string();
	let record = [
		"perf",
		"record",
		"-q",
		"-F",
		"199",
		"-o",
		&data,
		"-p",
		&processes.join(","),
		"--",
		"sleep",
		&time.as_secs().to_string(),
	]
	.map(str::to_owned);
	let recorded = tokio::task::spawn_blocking(move || process::output(&record)).await;
	recorded.ok()?.ok()?;
	let report = [
		"perf",
		"report",
		"--stdio",
		"-q",
		"-i",
		&data,
		"--no-children",
		"-g",
		"none",
		"-F",
		"overhead,dso,symbol",
		"-t",
		"\t",
	]
	.map(str::to_owned);
	let reported = tokio::task::spawn_blocking(move || process::output(&report)).await;
	Some(sort_out(&reported.ok()?.ok()?))
}

/// Sorts the lines of `perf report` by what the functions belong to.
fn sort_out(text: &str) -> Profile {
	let mut functions: Vec<(String, f64)> = text
		.lines()
		.filter_map(|line| {
			let (share, function) = line.trim().split_once('\t')?;
			let share = share.trim().trim_end_matches('%').parse::<f64>().ok()?;
			Some((function.split_whitespace().collect::<Vec<_>>().join(" "), share / 100.0))
		})
		.collect();
	let all: f64 = functions.iter().map(|(_, share)| share).sum();
	let mut shares: BTreeMap<String, f64> = BTreeMap::new();
	for (function, share) in &functions {
		*shares.entry(kind_of(function).into()).or_default() += ratio(*share, all);
	}
	let mut shares: Vec<_> = shares.into_iter().collect();
	let greatest = |one: &(String, f64), other: &(String, f64)| other.1.total_cmp(&one.1);
	shares.sort_by(greatest);
	functions.sort_by(greatest);
	functions.truncate(25);
	Profile { shares, functions }
}

fn kind_of(function: &str) -> &'static str {
	let lower = function.to_lowercase();
	KINDS
		.iter()
		.find(|(_, parts)| parts.iter().any(|part| lower.contains(part)))
		.map_or(if lower.contains("[k]") { "kernel" } else { "other" }, |(kind, _)| kind)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn threads_are_counted_by_name_without_number() {
		let line = "17 (tokio (rt)-12) S 1 17 17 0 -1 4194304 9 0 0 0 250 50 0 0 20 0 9 0 77";
		assert_eq!(read_stat(line), Some(("tokio (rt)".into(), 300)));
		assert_eq!(read_stat("nonsense"), None);
	}

	#[test]
	fn what_was_spent_before_does_not_count() {
		let spent = |ticks| Spent { threads: [("a".to_owned(), ticks)].into() };
		let since = spent(5 * TICKS).since(&spent(2 * TICKS));
		assert_eq!(since.get("a"), Some(&3.0));
		assert!(spent(4).since(&spent(4)).is_empty());
	}

	#[test]
	fn functions_are_sorted_by_what_they_belong_to() {
		let text = "    30.00%\tcurex-node\t[.] schnorrkel::sign::verify\n\
			    10.00%\tcurex-node\t[.] trie_db::lookup\n\
			    10.00%\tcurex-node\t[.] something::else\n\n";
		let profile = sort_out(text);
		assert_eq!(profile.shares[0], ("signatures".to_owned(), 0.6));
		assert_eq!(profile.functions[0].1, 0.3);
		assert!(profile.shares.contains(&("trie and overlay".to_owned(), 0.2)));
		assert!(profile.shares.contains(&("other".to_owned(), 0.2)));
		assert_eq!(kind_of("[kernel.kallsyms] [k] do_syscall_64"), "kernel");
	}
}
