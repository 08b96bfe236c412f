//! What the watch knows beforehand: rules, indicators, hardware behind addresses.

use std::{
	collections::{BTreeMap, BTreeSet, HashMap},
	fs,
	net::IpAddr,
	path::PathBuf,
	sync::Arc,
};

use curex_discovery::{DeviceClass, Identity, Snapshot};
use curex_primitives::{Moment, ReportKind};
use curex_threats::{identity::Bindings, indicators::Indicators, sigma::Rules, Knowledge};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{Config, Error, Store};

/// Indicators of threats that others know.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorFiles {
	/// A folder of STIX 2.1, MISP and plain lists; warning lists in its folder `warnings`.
	#[serde(default)]
	pub folder: Option<PathBuf>,
	/// The key of the digests that members share, which they hand each other: any file of at least 32 bytes.
	#[serde(default)]
	pub key_file: Option<PathBuf>,
	/// Digests that members share, a line each with its expiry.
	#[serde(default)]
	pub shared: Option<PathBuf>,
}

impl IndicatorFiles {
	pub(crate) fn files(&mut self) -> impl Iterator<Item = &mut PathBuf> {
		self.folder.iter_mut().chain(&mut self.key_file).chain(&mut self.shared)
	}

	pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
		match (&self.shared, &self.key_file) {
			(Some(_), None) => Err((
				"indicators.key_file",
				"digests of others are recognised with the members' key only; name its file".into(),
			)),
			_ => Ok(()),
		}
	}

	/// What the folder holds, and in sentences what could not be read.
	///
	/// # Errors
	/// [`Error::Io`] if there is no such folder.
	pub fn load(&self, now: Moment) -> Result<(Indicators, Vec<String>), Error> {
		match &self.folder {
			Some(folder) => {
				Indicators::load(folder, now).map_err(Error::io("reading indicators from", folder))
			},
			None => Ok(Default::default()),
		}
	}

	/// The key of the shared digests.
	///
	/// # Errors
	/// [`Error::Io`] if it cannot be read, [`Error::File`] if it is too short, [`Error::MissingInput`] if none is named.
	pub fn key(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
		let path = self.key_file.as_ref().ok_or(Error::MissingInput {
			task: "indicators",
			what: "the key that the members share".into(),
			remedy: "name its file as `key_file` under [indicators]",
		})?;
		let key = Zeroizing::new(fs::read(path).map_err(Error::io("reading", path))?);
		match key.len() {
			32.. => Ok(key),
			short => Err(Error::File {
				path: path.clone(),
				problem: format!("the key has {short} bytes; it needs at least 32"),
			}),
		}
	}
}

/// Which hardware is behind which address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hardware {
	/// Takes the hardware addresses of the newest inventory. Not where addresses are handed out anew.
	pub from_inventory: bool,
	/// Those that are known.
	pub bindings: Vec<Binding>,
}

/// An address and what may be behind it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
	/// The address.
	pub address: IpAddr,
	/// Hardware addresses, as `84:3a:4b:0f:5b:94`.
	pub hardware: BTreeSet<String>,
}

/// Gathers it, and says in sentences what of it could not be read.
///
/// # Errors
/// [`Error::Io`] and [`Error::File`] if a configured file cannot be used; what the store refuses.
pub(crate) fn gather(
	config: &Config,
	store: &Store,
	now: Moment,
) -> Result<(Knowledge, Vec<String>), Error> {
	let mut notes = Vec::new();
	let mut rules = Rules::default();
	if let Some(folder) = &config.sigma_rules {
		rules = Rules::load(folder).map_err(Error::io("reading Sigma rules from", folder))?;
		notes.push(format!(
			"{} Sigma rules, {} passed over, {} not understood.",
			rules.len(),
			rules.passed_over,
			rules.refused
		));
		notes.extend(rules.reasons.iter().cloned());
	}
	let mut indicators = Indicators::default();
	if let Some(files) = &config.indicators {
		let (read, reasons) = files.load(now)?;
		indicators = read;
		notes.extend(reasons);
		if let Some(path) = &files.shared {
			let key = files.key()?;
			let read = fs::read_to_string(path)
				.map_err(|error| format!("{}: {error}", path.display()))
				.and_then(|text| {
					indicators.read_shared(&key, &text, now).map_err(|error| error.to_string())
				});
			notes.extend(
				read.err().map(|reason| format!("Shared indicators are missing: {reason}.")),
			);
		}
		let refused: BTreeMap<_, _> = indicators.refused.iter().collect();
		let reasons =
			refused.iter().map(|(reason, count)| format!("; {count} not taken: {reason}"));
		notes.push(format!("{} indicators{}.", indicators.len(), reasons.collect::<String>()));
	}
	let snapshot = match store.newest_document(ReportKind::Inventory)? {
		Some((_, _, mut document)) => {
			Some(serde_json::from_value::<Snapshot>(document["snapshot"].take())?)
		},
		None => None,
	};
	let bindings = bindings(&config.hardware, snapshot.as_ref());
	let groups = Arc::new(snapshot.as_ref().map(alike).unwrap_or_default());
	Ok((Knowledge { rules, indicators, bindings, groups }, notes))
}

/// Addresses with others of the same kind of device, by that.
fn alike(snapshot: &Snapshot) -> HashMap<String, String> {
	let known = snapshot.assets.iter().filter(|asset| asset.device_class != DeviceClass::Unknown);
	known.map(|asset| (asset.address.to_string(), asset.device_class.to_string())).collect()
}

fn bindings(hardware: &Hardware, snapshot: Option<&Snapshot>) -> Bindings {
	let mut bindings = Bindings::default();
	for binding in &hardware.bindings {
		for hardware in &binding.hardware {
			bindings.learn(&binding.address.to_string(), &hardware.to_ascii_lowercase());
		}
	}
	let inventory = snapshot.filter(|_| hardware.from_inventory);
	for asset in inventory.iter().flat_map(|snapshot| &snapshot.assets) {
		for identity in &asset.identities {
			if let Identity::Mac(hardware) = identity {
				bindings.learn(&asset.address.to_string(), &hardware.to_ascii_lowercase());
			}
		}
	}
	bindings
}
