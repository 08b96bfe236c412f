//! Random damage, and the loop around it.

use std::{
	collections::BTreeMap,
	env, fs,
	panic::{catch_unwind, AssertUnwindSafe},
	path::Path,
	time::{Duration, Instant},
};

/// Largest input that is made, bytes.
const INPUT_BYTES: usize = 64 << 10;

/// Xorshift64*.
struct Numbers(u64);

impl Numbers {
	fn next(&mut self) -> u64 {
		self.0 ^= self.0 >> 12;
		self.0 ^= self.0 << 25;
		self.0 ^= self.0 >> 27;
		self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
	}

	fn below(&mut self, end: usize) -> usize {
		(self.next() % end.max(1) as u64) as usize
	}
}

fn damaged(numbers: &mut Numbers, corpus: &[Vec<u8>]) -> Vec<u8> {
	let mut out = corpus[numbers.below(corpus.len())].clone();
	for _ in 0..1 + numbers.below(8) {
		let at = numbers.below(out.len() + 1);
		match numbers.below(7) {
			0 => out.truncate(at),
			1 => {
				if let Some(byte) = out.get_mut(at) {
					*byte = numbers.next() as u8;
				}
			},
			2 => out.insert(at, numbers.next() as u8),
			3 => {
				let other = &corpus[numbers.below(corpus.len())];
				let from = numbers.below(other.len() + 1);
				let piece = &other[from..(from + numbers.below(64)).min(other.len())];
				out.splice(at..at, piece.iter().copied());
			},
			4 => {
				let piece = out[at..(at + numbers.below(32)).min(out.len())].to_vec();
				for _ in 0..numbers.below(200) {
					out.extend_from_slice(&piece);
				}
			},
			5 => {
				let end = (at + numbers.below(16)).min(out.len());
				out.drain(at..end);
			},
			_ => {
				let words: [&[u8]; 8] = [
					b"\xff\xfe",
					b"\0\0\0\0",
					b"\xff\xff\xff\xff",
					b"[[[[",
					b"{\"",
					b"99999999999999999999",
					b"\xc3\x28",
					b"<!ENTITY",
				];
				let word = words[numbers.below(words.len())];
				out.splice(at..at, word.iter().copied());
			},
		}
		out.truncate(INPUT_BYTES);
	}
	out
}

/// Runs until the time is over. `parse` must neither panic nor take long.
pub fn run(
	name: &str,
	samples: Vec<Vec<u8>>,
	parse: impl Fn(&[u8]),
) -> Result<(), Box<dyn std::error::Error>> {
	let arguments: Vec<String> = env::args().skip(1).collect();
	let options: BTreeMap<&str, &str> = arguments
		.chunks(2)
		.filter_map(|pair| Some((pair.first()?.as_str(), pair.get(1)?.as_str())))
		.collect();
	let seconds: u64 = options.get("--seconds").map_or(Ok(300), |text| text.parse())?;
	let mut corpus = samples;
	if let Some(folder) = options.get("--corpus") {
		for entry in fs::read_dir(folder)? {
			let mut bytes = fs::read(entry?.path()).unwrap_or_default();
			bytes.truncate(INPUT_BYTES);
			corpus.push(bytes);
		}
	}
	let state = options.get("--state").map(Path::new);
	let before: Vec<u64> = state
		.and_then(|path| fs::read_to_string(path).ok())
		.map(|text| text.split_whitespace().filter_map(|n| n.parse().ok()).collect())
		.unwrap_or_default();
	let mut numbers = Numbers(before.first().copied().unwrap_or(0x9e37_79b9_7f4a_7c15).max(1));
	let (mut inputs, mut total_seconds) =
		(before.get(1).copied().unwrap_or(0), before.get(2).copied().unwrap_or(0));
	let mut slowest = Duration::ZERO;
	let clock = Instant::now();
	let end = Duration::from_secs(seconds);
	let mut crashed = false;
	while clock.elapsed() < end && !crashed {
		let input = damaged(&mut numbers, &corpus);
		let started = Instant::now();
		crashed = catch_unwind(AssertUnwindSafe(|| parse(&input))).is_err();
		slowest = slowest.max(started.elapsed());
		inputs += 1;
		if crashed {
			fs::write("fuzz-crash.bin", &input)?;
		}
	}
	total_seconds += clock.elapsed().as_secs();
	if let Some(path) = state {
		fs::write(path, format!("{} {inputs} {total_seconds}", numbers.0))?;
	}
	let peak = fs::read_to_string("/proc/self/status").unwrap_or_default();
	let peak = peak
		.lines()
		.find_map(|line| line.strip_prefix("VmHWM:"))
		.map_or("0", str::trim)
		.trim_end_matches(" kB")
		.to_owned();
	println!(
		"{{\"target\": \"{name}\", \"inputs\": {inputs}, \"seconds\": {total_seconds}, \"crashed\": {crashed}, \
		 \"slowest_ms\": {}, \"peak_kib\": {peak}}}",
		slowest.as_millis()
	);
	if crashed {
		return Err("a parser panicked; the input is in fuzz-crash.bin".into());
	}
	Ok(())
}
