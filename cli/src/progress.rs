//! How far transfers are, on standard error.

use curex_client::transfer::{Progress, Stage};
use curex_primitives::ExchangeId;
use std::{
	collections::HashMap,
	io::{IsTerminal, Write},
	sync::{Mutex, PoisonError},
};

/// Less than this is there in a moment: 8 MiB.
const WORTH_TELLING: u64 = 8 * 1024 * 1024;

/// Tells a person how far transfers are.
pub fn teller() -> impl Fn(Progress) + Send + Sync {
	let terminal = std::io::stderr().is_terminal();
	let teller = Mutex::new(Teller { out: std::io::stderr(), terminal, told: HashMap::new() });
	move |progress| teller.lock().unwrap_or_else(PoisonError::into_inner).tell(&progress)
}

/// On a terminal each hundredth is written over the one before; elsewhere each tenth is a line.
struct Teller<W> {
	out: W,
	terminal: bool,
	/// The last step of each transfer that is not over: its hundredths or tenths.
	told: HashMap<(ExchangeId, &'static str), u64>,
}

impl<W: Write> Teller<W> {
	fn tell(&mut self, progress: &Progress) {
		if progress.total < WORTH_TELLING {
			return;
		}
		let (percent, doing) = (progress.percent(), doing(progress.stage));
		let step = if self.terminal { percent } else { percent / 10 };
		let key = (progress.exchange, doing);
		if self.told.get(&key).is_some_and(|told| *told >= step) {
			return;
		}
		let is_over = percent == 100;
		self.told.insert(key, step);
		let exchange = progress.exchange.to_string();
		let beginning = exchange.get(..10).unwrap_or(&exchange);
		let line = format!("{beginning}…: {doing}, {percent} % of {}", size(progress.total));
		// Who does not listen misses nothing that counts.
		let _ = match (self.terminal, is_over) {
			(true, false) => write!(self.out, "\r\x1b[K{line}"),
			(true, true) => writeln!(self.out, "\r\x1b[K{line}"),
			(false, _) => writeln!(self.out, "{line}"),
		}
		.and_then(|()| self.out.flush());
	}
}

const fn doing(stage: Stage) -> &'static str {
	match stage {
		Stage::Sealing => "sealing",
		Stage::Sending => "going to the node",
		Stage::Fetching => "coming to the node",
		Stage::Taking => "coming from the node",
		Stage::Opening => "opening",
	}
}

fn size(bytes: u64) -> String {
	const MIB: u64 = 1 << 20;
	match bytes {
		0..1_073_741_824 => format!("{} MiB", bytes / MIB),
		_ => format!("{}.{} GiB", bytes >> 30, (bytes / MIB % 1024) * 10 / 1024),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn told(terminal: bool, total: u64) -> String {
		let mut teller = Teller { out: Vec::new(), terminal, told: HashMap::new() };
		for step in 0..=1_000u64 {
			let done = total / 1_000 * step + if step == 1_000 { total % 1_000 } else { 0 };
			let exchange = ExchangeId([0xab; 32]);
			teller.tell(&Progress { exchange, stage: Stage::Sending, done, total });
		}
		String::from_utf8(teller.out).unwrap()
	}

	#[test]
	fn a_log_gets_a_line_for_each_tenth() {
		let text = told(false, 3 << 30);
		let lines: Vec<&str> = text.lines().collect();
		assert_eq!(lines.len(), 11, "{text}");
		assert_eq!(lines[4], "0xabababab…: going to the node, 40 % of 3.0 GiB");
		assert!(!text.contains(['\r', '\x1b']));
	}

	#[test]
	fn a_terminal_gets_one_line_that_is_written_over() {
		let text = told(true, 100 << 20);
		assert_eq!(text.matches('\r').count(), 101);
		assert_eq!(text.matches('\n').count(), 1);
		assert!(text.ends_with("100 % of 100 MiB\n"), "{text}");
	}

	#[test]
	fn what_is_there_in_a_moment_is_not_told() {
		assert_eq!(told(true, WORTH_TELLING - 1), "");
	}
}
