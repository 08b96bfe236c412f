//! Answers of probed hosts, whatever was asked; the first byte chooses the question.
#![no_main]

use curex_discovery::{identify, Heard};
use libfuzzer_sys::fuzz_target;

const QUESTIONS: [Heard<'_>; 10] = [
	Heard::Greeting,
	Heard::Http("/"),
	Heard::Dicom,
	Heard::Smb,
	Heard::Postgres,
	Heard::Mqtt,
	Heard::Redis,
	Heard::Hl7,
	Heard::Snmp,
	Heard::Certificate,
];

fuzz_target!(|bytes: &[u8]| {
	let Some((first, answer)) = bytes.split_first() else { return };
	let question = QUESTIONS[usize::from(*first) % QUESTIONS.len()];
	if let Some(found) = identify(([192, 0, 2, 7], 1).into(), question, answer) {
		assert!(found.evidence.chars().count() <= 1_024, "evidence is bounded");
		assert!(!found.evidence.chars().any(char::is_control), "evidence is clean");
	}
});
