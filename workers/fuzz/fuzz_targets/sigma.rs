//! Sigma rules, then a line of a log that they are applied to: behind the first zero, its first byte chooses the format.
#![no_main]

use curex_threats::{ingest, sigma::Rules, Format, Malformed, Source};
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 4] = [Format::Zeek, Format::Eve, Format::Syslog, Format::Windows];

fuzz_target!(|text: &str| {
	let (yaml, line) = text.split_once('\0').unwrap_or((text, ""));
	let mut rules = Rules::default();
	if rules.add(yaml).is_err() {
		return;
	}
	let Some(first) = line.bytes().next().filter(u8::is_ascii) else { return };
	let (format, line) = (FORMATS[usize::from(first) % FORMATS.len()], &line[1..]);
	let mut malformed = Malformed::default();
	let read =
		ingest::read(Source::new("fuzz", format, line.as_bytes()), &mut malformed, |event| {
			rules.notices(format, line, &event);
		});
	read.expect("a slice can be read to its end");
});
