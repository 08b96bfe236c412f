//! `curex-evaluate vulnerabilities`: what of advisories is understood, and which assets they concern.

use std::{fs, path::PathBuf};

use crate::Error;
use clap::Subcommand;
use curex_vulnerabilities::{assess_csaf, match_assets, read_inventory, Feed, Match, Status};
use serde_json::{json, Value};

/// What of it.
#[derive(Debug, Subcommand)]
pub enum Command {
	/// Reads CSAF 2.0 advisories and tells how many version ranges compare.
	Csaf {
		/// Folder of advisories.
		#[arg(long)]
		data: PathBuf,
	},
	/// Matches an inventory with a feed.
	Match {
		/// CycloneDX, a snapshot, or a list of assets in JSON.
		#[arg(long)]
		assets: PathBuf,
		/// Folder of CSAF, NVD 2.0, CVE 5, OSV, KEV, EPSS and VEX files.
		#[arg(long)]
		feed: PathBuf,
	},
}

/// Runs the subcommand and gives its result as one JSON object.
///
/// # Errors
/// [`Error`] if a folder or the inventory cannot be read. Single files of a feed that cannot be read are
/// reported in the result.
pub fn run(command: Command) -> Result<Value, Error> {
	match command {
		Command::Csaf { data } => {
			let assessment = assess_csaf(&data)?;
			Ok(json!(assessment))
		},
		Command::Match { assets, feed } => {
			let bytes = fs::read(&assets).map_err(|reason| Error::file(&assets, &reason))?;
			let services = read_inventory(&assets.display().to_string(), &bytes)?;
			let (feed, failures) = Feed::load(&feed)?;
			let report = match_assets(&services, &feed);
			let (open, fixed): (Vec<&Match>, Vec<&Match>) = report
				.matches
				.iter()
				.partition(|found| !matches!(found.status, Status::FixedByPackage { .. }));
			let row = |found: &Match| {
				json!({
					"asset": found.asset,
					"component": found.service,
					"cve": found.cve,
					"confidence": found.confidence,
					"reason": found.reason.join(" "),
					"status": found.status,
					"priority": found.priority,
					"kev": found.kev,
					"epss": found.epss,
					"cvss": found.cvss,
				})
			};
			let rows = |found: &[&Match]| found.iter().map(|one| row(one)).collect::<Vec<_>>();
			Ok(json!({
				"services": services.len(),
				"matches": rows(&open),
				"fixed": rows(&fixed),
				"not_affected": report.not_affected.iter().map(row).collect::<Vec<_>>(),
				"not_understood": report.not_understood,
				"failed": failures,
			}))
		},
	}
}
