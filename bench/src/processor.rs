//! Where processor time goes.

use crate::statistics::ratio;
use curex_localnet::process;
use serde::Serialize;
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

/// Ticks in a second, as user programs see them (`USER_HZ`, proc(5)); 100 on every architecture of Debian.
const TICKS: u64 = 100;

/// Processor time of processes and their threads, in ticks of the system's clock.
#[derive(Clone, Debug, Default)]
pub struct Spent {
	/// Of the processes, threads that have ended included.
	whole: u64,
	/// Of the threads that run, by name; numbers at the end are left out.
	threads: BTreeMap<String, u64>,
}

impl Spent {
	/// What these processes have spent since they started.
	pub fn of(processes: &[u32]) -> Self {
		let mut spent = Self::default();
		// A process or thread may have ended meanwhile.
		let read = |path: &Path| read_stat(&fs::read_to_string(path).ok()?);
		for process in processes {
			let folder = Path::new("/proc").join(process.to_string());
			spent.whole += read(&folder.join("stat")).map_or(0, |(_, ticks)| ticks);
			let Ok(threads) = fs::read_dir(folder.join("task")) else { continue };
			for thread in threads.flatten() {
				if let Some((name, ticks)) = read(&thread.path().join("stat")) {
					*spent.threads.entry(name).or_default() += ticks;
				}
			}
		}
		spent
	}

	/// What the processes spent since an earlier moment, in seconds.
	pub fn since(&self, earlier: &Self) -> f64 {
		self.whole.saturating_sub(earlier.whole) as f64 / TICKS as f64
	}

	/// What the threads that run spent since an earlier moment, in seconds.
	pub fn threads_since(&self, earlier: &Self) -> BTreeMap<String, f64> {
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

/// The most memory that a running process held, in bytes.
pub fn peak_memory(process: u32) -> u64 {
	let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
	let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
	kib.unwrap_or(0) * 1_024
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
const KINDS: [(&str, &[&str]); 10] = [
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
	("hashing", &["blake2", "twox", "sha2", "sha256", "xxhash"]),
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
		&[
			"wasmtime",
			"sp_io",
			"sc_allocator",
			"sc_executor",
			"sp_wasm",
			"cranelift",
			"sp_runtime_interface",
		],
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
	("tables in memory", &["hasher", "siphash", "hashbrown", "hash_map", "lrumap", "btree"]),
	(
		"memory",
		&[
			"malloc",
			"_int_free",
			"unlink_chunk",
			"cfree",
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
		let spent = |ticks| Spent { whole: 2 * ticks, threads: [("a".to_owned(), ticks)].into() };
		let (earlier, later) = (spent(2 * TICKS), spent(5 * TICKS));
		assert_eq!(later.since(&earlier), 6.0);
		assert_eq!(later.threads_since(&earlier).get("a"), Some(&3.0));
		assert!(later.threads_since(&later).is_empty());
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
