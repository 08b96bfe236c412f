//! Lines of logs in every format; the first byte chooses it.
#![no_main]

use curex_threats::{ingest, Format, Malformed, Source};
use libfuzzer_sys::fuzz_target;

const FORMATS: [Format; 10] = [
	Format::Zeek,
	Format::FhirAudit,
	Format::Eve,
	Format::Syslog,
	Format::Windows,
	Format::Wazuh,
	Format::Hl7,
	Format::Dicom,
	Format::FhirObservation,
	Format::AtnaAudit,
];

fuzz_target!(|bytes: &[u8]| {
	let Some((first, lines)) = bytes.split_first() else { return };
	let format = FORMATS[usize::from(*first) % FORMATS.len()];
	let mut malformed = Malformed::default();
	let read = ingest::read(Source::new("fuzz", format, lines), &mut malformed, |_| {});
	read.expect("a slice can be read to its end");
});
