//! Unpacks what was fetched, with bounded sizes whatever the archive says.

use std::{
	fs::{self, File},
	io::{self, BufWriter, Read, Write},
	path::Path,
};

use flate2::read::GzDecoder;
use zip::ZipArchive;

use crate::feed::Failure;

/// Most files of an archive.
const FILES: usize = 2_000_000;
/// Most documents that are named as broken.
const FAILURES: usize = 1_000;

/// Most bytes of one document and of all of them.
pub(super) struct Limits {
	pub(super) document: u64,
	pub(super) total: u64,
}

/// Writes every wanted document of an archive as one line; what is no JSON is left out and returned. The target appears
/// only when all of it is there.
pub(super) fn unzip(
	from: &Path,
	to: &Path,
	limits: &Limits,
	wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Failure>, String> {
	let part = to.with_extension("part");
	let outcome = (|| {
		let mut out = BufWriter::new(File::create(&part).map_err(text)?);
		let mut failures = Vec::new();
		let archive = File::open(from).map_err(text)?;
		if lines(archive, &mut out, limits, wanted, &mut failures)? == 0 {
			return Err("it holds no JSON document".into());
		}
		out.into_inner().map_err(text)?.sync_all().map_err(text)?;
		Ok(failures)
	})();
	finish(outcome, &part, to)
}

fn lines(
	archive: File,
	out: &mut impl Write,
	limits: &Limits,
	wanted: impl Fn(&str) -> bool,
	failures: &mut Vec<Failure>,
) -> Result<u64, String> {
	let mut archive = ZipArchive::new(archive).map_err(text)?;
	let mut left = limits.total;
	if archive.len() > FILES {
		return Err(format!("it has more than {FILES} files"));
	}
	let mut count = 0;
	for at in 0..archive.len() {
		let file = archive.by_index(at).map_err(text)?;
		let name = file.name().to_owned();
		let stem = name.rsplit('/').next().and_then(|name| name.strip_suffix(".json"));
		if !stem.is_some_and(&wanted) {
			continue;
		}
		let mut bytes = Vec::new();
		let limit = limits.document.min(left);
		file.take(limit + 1).read_to_end(&mut bytes).map_err(text)?;
		if bytes.len() as u64 > limit {
			return Err(format!("{name} is larger than the {limit} bytes that are read"));
		}
		left -= bytes.len() as u64;
		if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
			if failures.len() < FAILURES {
				failures.push(Failure { file: name, reason: format!("it is no JSON: {error}") });
			}
			continue;
		}
		// Line ends stand between the words of JSON only.
		bytes.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
		out.write_all(bytes.trim_ascii()).and_then(|()| out.write_all(b"\n")).map_err(text)?;
		count += 1;
	}
	Ok(count)
}

/// Unpacks a gzip file; one that is not packed is taken as it is.
pub(super) fn gunzip(from: &Path, to: &Path, limit: u64) -> Result<(), String> {
	let part = to.with_extension("part");
	let outcome = (|| {
		let mut magic = [0; 2];
		let packed = File::open(from).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
			&& magic == [0x1f, 0x8b];
		let file = File::open(from).map_err(text)?;
		let mut out = File::create(&part).map_err(text)?;
		let count = if packed {
			io::copy(&mut GzDecoder::new(file).take(limit + 1), &mut out)
		} else {
			io::copy(&mut file.take(limit + 1), &mut out)
		}
		.map_err(text)?;
		if count > limit {
			return Err(format!("it grows larger than {limit} bytes"));
		}
		out.sync_all().map_err(text)
	})();
	finish(outcome, &part, to)
}

fn finish<T>(outcome: Result<T, String>, part: &Path, to: &Path) -> Result<T, String> {
	match outcome {
		Ok(value) => fs::rename(part, to).map_err(text).map(|()| value),
		Err(reason) => {
			// It may not even have been made.
			let _ = fs::remove_file(part);
			Err(reason)
		},
	}
}

fn text(error: impl std::fmt::Display) -> String {
	error.to_string()
}
