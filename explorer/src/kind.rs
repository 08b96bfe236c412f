//! The kinds of records that the explorer shows: where the ledger keeps them, and which events change them.

use curex_client::ledger::Event;
use curex_verify::bundle::storage_key;
use serde_json::Value as Json;
use std::fmt;

/// A kind of record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Kind {
	/// A member of the consortium.
	Organisation = 0,
	/// An account that acts for a member.
	Account = 1,
	/// A patient's consent.
	Consent = 2,
	/// An exchange of health data.
	Exchange = 3,
	/// The review of a break-glass.
	Review = 4,
	/// A permit for secondary use.
	Permit = 5,
	/// The orders to erase of one day.
	Erasure = 6,
	/// An authority's inquiry.
	Inquiry = 7,
	/// A breach of security.
	Breach = 8,
	/// An anchor of an access log.
	Anchor = 9,
	/// A commitment to an inventory of assets.
	Inventory = 10,
	/// The digest of an alert.
	Alert = 11,
	/// An assessment of risk.
	Assessment = 12,
	/// A plan of safeguards, with the decision on it.
	Plan = 13,
}

/// How a part of a storage key is hashed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hasher {
	Identity,
	Twox64,
	Blake2,
}

/// What a part of a storage key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
	U32,
	U64,
	Bytes32,
}

/// What is known of a kind.
struct Description {
	slug: &'static str,
	singular: &'static str,
	plural: &'static str,
	about: &'static str,
	pallet: &'static str,
	entry: &'static str,
	key: &'static [(Hasher, Part)],
	/// Paths to the parts of the key in the fields of events.
	named_by: &'static [&'static [&'static str]],
	/// The events that change it; every event of the pallet that names it, if empty.
	events: &'static [&'static str],
}

const NUMBERED: &[&[&str]] = &[&["organisation", "number"]];
const BY_ORGANISATION: &[(Hasher, Part)] =
	&[(Hasher::Twox64, Part::U32), (Hasher::Twox64, Part::U64)];

impl Kind {
	/// Every kind, in the order of their numbers.
	pub const ALL: [Self; 14] = [
		Self::Organisation,
		Self::Account,
		Self::Consent,
		Self::Exchange,
		Self::Review,
		Self::Permit,
		Self::Erasure,
		Self::Inquiry,
		Self::Breach,
		Self::Anchor,
		Self::Inventory,
		Self::Alert,
		Self::Assessment,
		Self::Plan,
	];

	/// The kind with this name in addresses.
	pub fn from_slug(slug: &str) -> Option<Self> {
		Self::ALL.into_iter().find(|kind| kind.slug() == slug)
	}

	/// The kind with this number.
	pub fn from_number(number: u8) -> Option<Self> {
		Self::ALL.get(usize::from(number)).copied()
	}

	/// Its name in addresses.
	pub fn slug(self) -> &'static str {
		self.describe().slug
	}

	/// What one of it is called.
	pub fn singular(self) -> &'static str {
		self.describe().singular
	}

	/// What many of it are called.
	pub fn plural(self) -> &'static str {
		self.describe().plural
	}

	/// What it is, in a sentence.
	pub fn about(self) -> &'static str {
		self.describe().about
	}

	/// The pallet whose state holds it.
	pub fn pallet(self) -> &'static str {
		self.describe().pallet
	}

	/// The entry of that state.
	pub fn entry(self) -> &'static str {
		self.describe().entry
	}

	fn describe(self) -> &'static Description {
		use Hasher::{Blake2, Identity, Twox64};
		match self {
			Self::Organisation => &Description {
				slug: "organisations",
				singular: "Organisation",
				plural: "Organisations",
				about: "Members of the consortium: hospitals, care centres and authorities.",
				pallet: "Consortium",
				entry: "Organisations",
				key: &[(Twox64, Part::U32)],
				named_by: &[&["organisation"]],
				events: &[],
			},
			Self::Account => &Description {
				slug: "accounts",
				singular: "Account",
				plural: "Accounts",
				about: "Accounts that act for a member, with their duties.",
				pallet: "Consortium",
				entry: "Delegates",
				key: &[(Blake2, Part::Bytes32)],
				named_by: &[&["account"], &["old"], &["new"]],
				events: &[],
			},
			Self::Consent => &Description {
				slug: "consents",
				singular: "Consent",
				plural: "Consents",
				about: "Consents of patients, by handle. The ledger knows no patient.",
				pallet: "Consent",
				entry: "Consents",
				key: &[(Blake2, Part::Bytes32)],
				named_by: &[&["consent"], &["by"]],
				events: &[],
			},
			Self::Exchange => &Description {
				slug: "exchanges",
				singular: "Exchange",
				plural: "Exchanges",
				about: "Exchanges of health data between two members, refusals included.",
				pallet: "Exchange",
				entry: "Exchanges",
				key: &[(Identity, Part::Bytes32)],
				named_by: &[&["exchange"]],
				events: &[],
			},
			Self::Review => &Description {
				slug: "reviews",
				singular: "Review of a break-glass",
				plural: "Break-glass and reviews",
				about: "Urgent access without waiting for anybody, and the review that follows it.",
				pallet: "Exchange",
				entry: "Reviews",
				key: &[(Identity, Part::Bytes32)],
				named_by: &[&["exchange"]],
				events: &[
					"GlassBroken",
					"Reviewed",
					"ReviewOverdue",
					"ReviewEscalated",
					"RecordedLate",
					"Pruned",
				],
			},
			Self::Permit => &Description {
				slug: "permits",
				singular: "Permit",
				plural: "Permits for secondary use",
				about: "Permits of health data access bodies (EHDS art. 68).",
				pallet: "SecondaryUse",
				entry: "Permits",
				key: &[(Identity, Part::Bytes32)],
				named_by: &[&["permit"]],
				events: &[],
			},
			Self::Erasure => &Description {
				slug: "erasures",
				singular: "Day of erasure orders",
				plural: "Erasure duties",
				about: "Orders to erase, released a day at a time; no order names what it is about.",
				pallet: "Erasure",
				entry: "Batches",
				key: &[(Twox64, Part::U32)],
				named_by: &[&["day"]],
				events: &[],
			},
			Self::Inquiry => &Description {
				slug: "inquiries",
				singular: "Inquiry",
				plural: "Inquiries",
				about: "What authorities asked of members, with deadline and outcome.",
				pallet: "Oversight",
				entry: "Inquiries",
				key: &[(Twox64, Part::U32)],
				named_by: &[&["inquiry"]],
				events: &[],
			},
			Self::Breach => &Description {
				slug: "breaches",
				singular: "Breach",
				plural: "Breaches",
				about: "Breaches of security with their clocks under GDPR and NIS2.",
				pallet: "Oversight",
				entry: "Breaches",
				key: &[(Twox64, Part::U32)],
				named_by: &[&["breach"]],
				events: &[],
			},
			Self::Anchor => &Description {
				slug: "anchors",
				singular: "Anchor of an access log",
				plural: "Anchors of access logs",
				about: "Commitments with which members anchor their access logs.",
				pallet: "Oversight",
				entry: "Anchors",
				key: BY_ORGANISATION,
				named_by: &[&["organisation", "sequence"]],
				events: &[],
			},
			Self::Inventory => &Description {
				slug: "inventories",
				singular: "Inventory",
				plural: "Inventories",
				about: "Commitments to inventories of assets and their vulnerabilities.",
				pallet: "Inventory",
				entry: "Snapshots",
				key: BY_ORGANISATION,
				named_by: NUMBERED,
				events: &[],
			},
			Self::Alert => &Description {
				slug: "alerts",
				singular: "Alert",
				plural: "Alerts",
				about: "Digests of alerts: how severe and how sure, never what.",
				pallet: "Threats",
				entry: "Alerts",
				key: BY_ORGANISATION,
				named_by: NUMBERED,
				events: &[],
			},
			Self::Assessment => &Description {
				slug: "assessments",
				singular: "Risk assessment",
				plural: "Risk assessments",
				about: "Levels of cybersecurity, privacy and patient-safety risk (NIST SP 800-30).",
				pallet: "Risk",
				entry: "Assessments",
				key: BY_ORGANISATION,
				named_by: NUMBERED,
				events: &[],
			},
			Self::Plan => &Description {
				slug: "plans",
				singular: "Plan of safeguards",
				plural: "Plans and decisions",
				about: "Recommended safeguards, the decision on them and whether they were carried out.",
				pallet: "Safeguards",
				entry: "Plans",
				key: BY_ORGANISATION,
				named_by: &[&["organisation", "number"], &["organisation", "decision.plan"]],
				events: &[],
			},
		}
	}

	/// What all its storage keys begin with.
	pub fn prefix(self) -> [u8; 32] {
		storage_key(self.pallet(), self.entry())
	}

	/// The records that an event changes.
	pub fn touched(event: &Event) -> Vec<(Self, RecordId)> {
		let mut touched = Vec::new();
		for kind in Self::ALL {
			let description = kind.describe();
			let changes = event.pallet == description.pallet
				&& (description.events.is_empty()
					|| description.events.contains(&event.name.as_str()));
			if changes {
				let ids = description.named_by.iter().filter_map(|paths| {
					let parts = paths.iter().map(|path| text_at(&event.fields, path));
					RecordId::parse(kind, &parts.collect::<Option<Vec<_>>>()?.join("-"))
				});
				touched.extend(ids.map(|id| (kind, id)));
			}
		}
		touched
	}
}

/// The text of a number or handle at a path of fields.
fn text_at(fields: &Json, path: &str) -> Option<String> {
	let value = path.split('.').try_fold(fields, |value, name| value.get(name))?;
	match value {
		Json::String(text) => Some(text.clone()),
		Json::Number(number) => Some(number.to_string()),
		_ => None,
	}
}

/// Which record of its kind, in its one form: numbers in decimal, handles as `0x…`, parts joined by hyphens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RecordId(String);

impl RecordId {
	/// Reads an id of a kind.
	pub fn parse(kind: Kind, text: &str) -> Option<Self> {
		let wanted = kind.describe().key;
		let parts: Vec<&str> = text.split('-').collect();
		if parts.len() != wanted.len() {
			return None;
		}
		let read = parts.iter().zip(wanted).map(|(text, (_, part))| match part {
			Part::U32 => decimal::<u32>(text),
			Part::U64 => decimal::<u64>(text),
			Part::Bytes32 => handle(text).map(|bytes| format!("0x{}", hex::encode(bytes))),
		});
		read.collect::<Option<Vec<_>>>().map(|parts| Self(parts.join("-")))
	}

	/// The id that a storage key leads to.
	pub fn of_key(kind: Kind, key: &[u8]) -> Option<Self> {
		let mut rest = key.strip_prefix(&kind.prefix())?;
		let mut parts = Vec::new();
		for (hasher, part) in kind.describe().key {
			let hashed = match hasher {
				Hasher::Identity => 0,
				Hasher::Twox64 => 8,
				Hasher::Blake2 => 16,
			};
			rest = rest.get(hashed..)?;
			let length = match part {
				Part::U32 => 4,
				Part::U64 => 8,
				Part::Bytes32 => 32,
			};
			let (bytes, after) = rest.split_at_checked(length)?;
			rest = after;
			parts.push(match part {
				Part::U32 => u32::from_le_bytes(bytes.try_into().ok()?).to_string(),
				Part::U64 => u64::from_le_bytes(bytes.try_into().ok()?).to_string(),
				Part::Bytes32 => format!("0x{}", hex::encode(bytes)),
			});
		}
		rest.is_empty().then(|| Self(parts.join("-")))
	}

	/// The storage key of this record of a kind.
	pub fn key(&self, kind: Kind) -> Vec<u8> {
		let mut key = kind.prefix().to_vec();
		for (text, (hasher, part)) in self.0.split('-').zip(kind.describe().key) {
			let bytes = match part {
				Part::U32 => text.parse::<u32>().unwrap_or_default().to_le_bytes().to_vec(),
				Part::U64 => text.parse::<u64>().unwrap_or_default().to_le_bytes().to_vec(),
				Part::Bytes32 => handle(text).unwrap_or_default().to_vec(),
			};
			match hasher {
				Hasher::Identity => {},
				Hasher::Twox64 => key.extend(sp_crypto_hashing::twox_64(&bytes)),
				Hasher::Blake2 => key.extend(sp_crypto_hashing::blake2_128(&bytes)),
			}
			key.extend(bytes);
		}
		key
	}

	/// As text.
	pub fn as_str(&self) -> &str {
		&self.0
	}

	/// The number of the organisation, where it begins with one.
	pub fn organisation(&self) -> Option<u32> {
		self.0.split('-').next()?.parse().ok()
	}
}

impl fmt::Display for RecordId {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str(&self.0)
	}
}

/// A number in its one decimal form.
fn decimal<N: std::str::FromStr + ToString>(text: &str) -> Option<String> {
	text.parse::<N>().ok().map(|number| number.to_string()).filter(|one_form| one_form == text)
}

/// Reads a handle, hash, account or commitment: 32 bytes, with or without `0x`.
pub fn handle(text: &str) -> Option<[u8; 32]> {
	let mut bytes = [0; 32];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
	Some(bytes)
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn sample(kind: Kind) -> String {
		let parts = kind.describe().key.iter().map(|(_, part)| match part {
			Part::U32 => "7".into(),
			Part::U64 => "8000000000".into(),
			Part::Bytes32 => format!("0x{}", "ab".repeat(32)),
		});
		parts.collect::<Vec<String>>().join("-")
	}

	#[test]
	fn every_kind_has_its_number_and_name_and_every_id_survives_its_key() {
		for (number, kind) in (0..).zip(Kind::ALL) {
			assert_eq!(kind as u8, number);
			assert_eq!(Kind::from_number(number), Some(kind));
			assert_eq!(Kind::from_slug(kind.slug()), Some(kind));
			let id = RecordId::parse(kind, &sample(kind)).unwrap();
			let key = id.key(kind);
			assert_eq!(RecordId::of_key(kind, &key), Some(id));
			assert_eq!(RecordId::of_key(kind, &key[..key.len() - 1]), None);
			assert_eq!(RecordId::of_key(kind, &[&key[..], &[0]].concat()), None);
		}
	}

	#[test]
	fn an_id_has_one_form() {
		for wrong in ["", "07", "+7", "-7", "7-8", "4294967296", "0x07", "7 "] {
			assert_eq!(RecordId::parse(Kind::Inquiry, wrong), None, "{wrong}");
		}
		let upper = "AB".repeat(32);
		let id = RecordId::parse(Kind::Exchange, &upper).unwrap();
		assert_eq!(id.as_str(), format!("0x{}", "ab".repeat(32)));
	}

	#[test]
	fn an_event_tells_what_it_changes() {
		let event = |pallet: &str, name: &str, fields| Event {
			extrinsic: Some(1),
			pallet: pallet.into(),
			name: name.into(),
			fields,
		};
		let handle = format!("0x{}", "01".repeat(32));
		let other = format!("0x{}", "02".repeat(32));
		let names = |event| -> Vec<(Kind, String)> {
			Kind::touched(&event).into_iter().map(|(kind, id)| (kind, id.to_string())).collect()
		};
		assert_eq!(
			names(event("Exchange", "Requested", json!({"exchange": handle, "holder": 1}))),
			[(Kind::Exchange, handle.clone())]
		);
		assert_eq!(
			names(event("Exchange", "GlassBroken", json!({"exchange": handle}))),
			[(Kind::Exchange, handle.clone()), (Kind::Review, handle.clone())]
		);
		assert_eq!(
			names(event("Consent", "Superseded", json!({"consent": handle, "by": other}))),
			[(Kind::Consent, handle.clone()), (Kind::Consent, other)]
		);
		assert_eq!(
			names(event(
				"Safeguards",
				"PlanDecided",
				json!({"organisation": 3, "decision": {"plan": 9}})
			)),
			[(Kind::Plan, "3-9".to_string())]
		);
		assert_eq!(names(event("System", "ExtrinsicSuccess", json!({"exchange": handle}))), []);
	}
}
