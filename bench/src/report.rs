//! What was measured, for a person and for programs.

use crate::{exchange, statistics::Spread, withdrawal, Error};
use serde::Serialize;
use std::{fmt::Write, fs, path::Path};

/// Says what is being done.
pub fn say(what: &str) {
	eprintln!("\x1b[2m{what} …\x1b[0m");
}

/// Writes results for programs.
pub fn write(results: &impl Serialize, path: &Path) -> Result<(), Error> {
	let text = serde_json::to_vec_pretty(results)
		.map_err(|reason| Error::File { path: path.into(), reason: reason.to_string() })?;
	fs::write(path, text).map_err(Error::at(path))
}

fn spread(spread: &Spread) -> String {
	format!("{:>6.2} {:>6.2} {:>6.2}", spread.p50, spread.p95, spread.p99)
}

/// The paths as a table.
pub fn exchange(results: &exchange::Results) -> String {
	let mut text = String::new();
	let mut line = |content: String| {
		// Writing to a string cannot fail.
		let _ = writeln!(text, "{}", content.trim_end());
	};
	line(format!(
		"Four validators on one machine, {} processors, slots of {} ms, {} pairs of organisations\n",
		results.processors, results.slot_ms, results.pairs
	));
	line(format!(
		"{:<30} {:>9} {:>7} {:>21} {:>21} {:>7} {:>7} {:>9} {:>9}",
		"path",
		"per s",
		"failed",
		"in a block, s",
		"final, s",
		"weight",
		"length",
		"weight",
		"nodes"
	));
	line(format!(
		"{:<30} {:>9} {:>7} {:>21} {:>21} {:>7} {:>7} {:>9} {:>9}",
		"",
		"",
		"",
		"p50    p95    p99",
		"p50    p95    p99",
		"share",
		"share",
		"µs each",
		"µs each"
	));
	for path in &results.paths {
		line(format!(
			"{:<30} {:>9.1} {:>7} {:>21} {:>21} {:>6.1}% {:>6.1}% {:>9.0} {:>9.0}{}",
			path.path,
			path.per_second,
			path.failed + path.refused,
			spread(&path.inclusion),
			spread(&path.finality),
			path.weight_share * 100.0,
			path.length_share * 100.0,
			path.weight_us,
			path.processor_us,
			if path.exhausted { "  (ran out of signed transactions)" } else { "" },
		));
	}
	if let Some(postgres) = &results.postgres {
		line(format!(
			"\nPostgreSQL {}, pgaudit, hash-chained rows, synchronous standby, {} connections",
			postgres.version, postgres.clients
		));
		for path in &postgres.paths {
			line(format!(
				"{:<30} {:>9.1} {:>7} {:>21}",
				path.path,
				path.per_second,
				"",
				spread(&path.latency)
			));
		}
	}
	line("\nIn the state:".into());
	for (what, used) in [("a consent", results.consent), ("an exchange", results.exchange)] {
		line(format!("   {what}: {:.0} bytes in {:.1} entries", used.bytes, used.entries));
	}
	line("\nRatios:".into());
	for (name, ratio) in &results.ratios {
		line(format!("   {name}: {ratio:.3}"));
	}
	line("\nWhere the time goes:".into());
	for path in &results.paths {
		line(format!(
			"   {}: blocks took {:.0} ms to prepare (p95 {:.0} ms), {:.0} µs per exchange; the nodes kept {:.2} \
			 processors busy, the load {:.2}",
			path.path,
			path.preparing_ms.p50,
			path.preparing_ms.p95,
			path.preparing_us,
			path.processors,
			path.client_processors,
		));
		let shares = |shares: &[(String, f64)]| {
			let shares: Vec<_> = shares
				.iter()
				.map(|(name, share)| format!("{name} {:.0} %", share * 100.0))
				.collect();
			shares.join(", ")
		};
		line(format!("      threads: {}", shares(&path.threads)));
		if let Some(profile) = &path.profile {
			line(format!("      functions: {}", shares(&profile.shares)));
		}
	}
	text
}

/// The trials as a table.
pub fn withdrawal(results: &withdrawal::Results) -> String {
	let mut text = String::new();
	let mut line = |content: String| {
		// Writing to a string cannot fail.
		let _ = writeln!(text, "{content}");
	};
	line(format!(
		"{} withdrawals by code under load; {} waiting transactions, blocks filled to {:.1} % of their weight",
		results.trials,
		results.waiting,
		results.weight_share * 100.0
	));
	line(format!(
		"   in the first block whose slot starts a second or more after submission, or earlier: {} of {} ({} needed)",
		results.in_time, results.trials, results.needed
	));
	line(format!("   final within three blocks: {} of {}", results.final_in_three, results.trials));
	line(format!("   never in a block: {}", results.missing));
	line(format!(
		"   to a block, s: p50 p95 p99 greatest {} {:.2}",
		spread(&results.inclusion),
		results.inclusion.greatest
	));
	line(format!(
		"   to finality, s: p50 p95 p99 greatest {} {:.2}",
		spread(&results.finality),
		results.finality.greatest
	));
	line(format!(
		"   blocks until final: p50 p95 p99 greatest {} {:.0}",
		spread(&results.blocks_to_finality),
		results.blocks_to_finality.greatest
	));
	line(format!("   reached: {}", if results.reached { "yes" } else { "no" }));
	text
}
