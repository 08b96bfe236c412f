//! Logs in files, compressed with gzip or not; the first byte chooses the format.
#![no_main]

use std::{fs, path::PathBuf, sync::LazyLock};

use curex_threats::{ingest, Format, Malformed, Source};
use libfuzzer_sys::fuzz_target;

static FILE: LazyLock<PathBuf> =
	LazyLock::new(|| std::env::temp_dir().join(format!("curex-fuzz-logs-{}", std::process::id())));

const FORMATS: [Format; 4] = [Format::Zeek, Format::Hl7, Format::Dicom, Format::Wazuh];

fuzz_target!(|bytes: &[u8]| {
	let Some((first, file)) = bytes.split_first() else { return };
	let format = FORMATS[usize::from(*first) % FORMATS.len()];
	fs::write(&*FILE, file).expect("the folder of temporary files can be written");
	let log = ingest::open(&FILE).expect("the file was just written");
	let mut malformed = Malformed::default();
	// A broken archive is an error of reading.
	let _ = ingest::read(Source::new("fuzz", format, log), &mut malformed, |_| {});
});
