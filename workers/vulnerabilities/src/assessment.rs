//! How much of a folder of advisories was understood.

use std::{fs, path::Path};

use serde::Serialize;
use serde_json::Value;

use crate::{
	error::Error,
	feed::{self, Failure, FILE_BYTES},
	import::product_versions,
	range::Versions,
};

/// What of a folder of CSAF 2.0 advisories could be read and compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CsafAssessment {
	/// Advisories that were read.
	pub parsed: u64,
	/// Files that were not, and why.
	pub failed: Vec<Failure>,
	/// `product_version_range` branches of the product trees.
	pub ranges: Understanding,
	/// `product_version` branches of the product trees.
	pub versions: Understanding,
}

/// How many texts were understood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Understanding {
	/// All texts.
	pub total: u64,
	/// Those that compare with a version, a date, a serial number or a model.
	pub understood: u64,
	/// Of these, how many have a condition beside the versions.
	pub with_condition: u64,
	/// The others.
	pub not_understood: Vec<LeftOut>,
}

/// A text that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
	/// The advisory's file.
	pub file: String,
	/// The text.
	pub text: String,
	/// Why it was not understood.
	pub reason: String,
}

/// Reads every advisory below a folder, or one file.
///
/// # Errors
/// [`Error::Folder`] if the folder cannot be listed.
pub fn assess_csaf(path: &Path) -> Result<CsafAssessment, Error> {
	let mut out = CsafAssessment::default();
	for (name, path) in feed::files(path)? {
		let read = fs::metadata(&path)
			.and_then(|meta| match meta.len() {
				size if size > FILE_BYTES => Err(std::io::Error::other("it is too large")),
				_ => fs::read(&path),
			})
			.map_err(|error| error.to_string())
			.and_then(|bytes| {
				let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
				serde_json::from_slice::<Value>(bytes).map_err(|error| error.to_string())
			})
			.and_then(product_versions);
		let sets = match read {
			Ok(sets) => sets,
			Err(reason) => {
				out.failed.push(Failure { file: name, reason });
				continue;
			},
		};
		out.parsed += 1;
		for (category, set) in sets {
			let counted = if category == "product_version_range" {
				&mut out.ranges
			} else {
				&mut out.versions
			};
			counted.total += 1;
			if let Versions::NotUnderstood { reason } = set.versions {
				counted.not_understood.push(LeftOut { file: name.clone(), text: set.text, reason });
			} else {
				counted.understood += 1;
				counted.with_condition += u64::from(set.condition.is_some());
			}
		}
	}
	Ok(out)
}
