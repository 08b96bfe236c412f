//! Anchoring the organisation's access log: who opened which patient's data, as AuditEvents (IHE BALP) of its own systems.
//!
//! The ledger gets one Merkle root for a period. The organisation keeps a salt for each event, so that one event can be
//! shown to a patient or an authority, and nothing can be guessed about its neighbours.

use crate::{
	client::{Client, View},
	fhir::check::check,
	ledger::curex,
	receipt::random,
	submission::Recorded,
	time, Error,
};
use curex_primitives::{
	merkle,
	oversight::{AnchorAlarms, LogAnchor},
	Moment, OrganisationId, SizeBucket,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Domain of an entry.
const ENTRY: &[u8; 16] = b"curex/accesslog.";

/// The log of one period, as the organisation keeps it: hashes and salts, nothing of any event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccessLog {
	/// Whose.
	pub organisation: OrganisationId,
	/// Its number among the organisation's.
	pub sequence: u64,
	/// Events from this moment on, in milliseconds since 1970.
	pub from: Moment,
	/// Events before this moment.
	pub to: Moment,
	entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
	/// As `curex fhir check` tells it.
	#[serde(with = "crate::hexadecimal")]
	leaf: [u8; 32],
	#[serde(with = "crate::hexadecimal")]
	salt: [u8; 32],
}

impl Entry {
	fn bytes(&self) -> [u8; 80] {
		let mut bytes = [0; 80];
		bytes[..16].copy_from_slice(ENTRY);
		bytes[16..48].copy_from_slice(&self.salt);
		bytes[48..].copy_from_slice(&self.leaf);
		bytes
	}
}

/// Shows that one event stands in an anchored log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EntryProof {
	/// Whose log.
	pub organisation: OrganisationId,
	/// Number of the anchor.
	pub sequence: u64,
	#[serde(with = "crate::hexadecimal")]
	salt: [u8; 32],
	proof: merkle::Proof,
}

/// Leaf and moment of an AuditEvent, in whatever form its JSON is written.
fn leaf_of(event: &[u8]) -> Result<([u8; 32], Moment), Error> {
	let unusable = || Error::input("not every event is an AuditEvent (`curex fhir check`)");
	let mapped = check(event).map_err(|_| unusable())?;
	if mapped.resource_type != "AuditEvent" {
		return Err(unusable());
	}
	let text = |key: &str| mapped.mapping[key].as_str();
	let leaf = text("leaf").and_then(crate::hexadecimal::read).ok_or_else(unusable)?;
	let recorded = text("recorded").and_then(time::read).ok_or_else(unusable)?;
	Ok((leaf, recorded))
}

impl AccessLog {
	/// The log of a period. Events of other times are left out; an event that is there twice counts once.
	///
	/// # Errors
	/// [`Error::Input`] when the period is empty, or something is no AuditEvent.
	pub fn new<E: AsRef<[u8]>>(
		organisation: OrganisationId,
		sequence: u64,
		(from, to): (Moment, Moment),
		events: impl IntoIterator<Item = E>,
	) -> Result<Self, Error> {
		if from >= to {
			return Err(Error::input("the period ends before it begins"));
		}
		let mut leaves = BTreeSet::new();
		for event in events {
			let (leaf, recorded) = leaf_of(event.as_ref())?;
			if (from..to).contains(&recorded) {
				leaves.insert(leaf);
			}
		}
		// In the order of their hashes, which tells nothing of the order in which they came.
		let entries = leaves.into_iter().map(|leaf| Entry { leaf, salt: random() }).collect();
		Ok(Self { organisation, sequence, from, to, entries })
	}

	/// How many events.
	pub fn len(&self) -> usize {
		self.entries.len()
	}

	/// Whether there is none.
	pub fn is_empty(&self) -> bool {
		self.entries.is_empty()
	}

	fn tree(&self) -> merkle::Tree {
		merkle::Tree::new(self.entries.iter().map(|entry| merkle::leaf(&entry.bytes())).collect())
	}

	/// What the ledger holds of it.
	pub fn anchor(&self) -> LogAnchor {
		let Self { from, to, .. } = *self;
		let count = SizeBucket::of(self.entries.len() as u64);
		LogAnchor { root: self.tree().root(), count, from, to }
	}

	/// The proof of one event.
	///
	/// # Errors
	/// [`Error::NotFound`] when the log does not hold it, [`Error::Input`] when it is no AuditEvent.
	pub fn prove(&self, event: &[u8]) -> Result<EntryProof, Error> {
		let (leaf, _) = leaf_of(event)?;
		let place = self.entries.binary_search_by_key(&leaf, |entry| entry.leaf);
		let place = place.map_err(|_| Error::NotFound("such an event in this log".into()))?;
		let proof = self.tree().prove(place as u64);
		Ok(EntryProof {
			organisation: self.organisation,
			sequence: self.sequence,
			salt: self.entries[place].salt,
			proof: proof.ok_or_else(|| Error::NotFound("such an event in this log".into()))?,
		})
	}
}

impl EntryProof {
	/// Whether the event stands in the anchored log.
	///
	/// # Errors
	/// [`Error::Input`] when it is no AuditEvent.
	pub fn holds(&self, event: &[u8], anchor: &LogAnchor) -> Result<bool, Error> {
		let (leaf, recorded) = leaf_of(event)?;
		let entry = Entry { leaf, salt: self.salt };
		let of_that_time = (anchor.from..anchor.to).contains(&recorded);
		Ok(of_that_time && anchor.holds(&entry.bytes(), &self.proof))
	}
}

impl Client {
	/// An anchor of an organisation's access log, and what is wrong with it; nothing if there is none with this number.
	///
	/// # Errors
	/// As [`Client::exchange`].
	pub async fn log_anchor(
		&self,
		organisation: OrganisationId,
		sequence: u64,
		view: View,
	) -> Result<Option<(LogAnchor, AnchorAlarms)>, Error> {
		self.read("OversightApi_log_anchor", (organisation, sequence), view).await
	}

	/// The last anchor of an organisation with its number, from a number on that is known to be there; nothing without any.
	///
	/// # Errors
	/// As [`Client::exchange`].
	pub async fn last_log_anchor(
		&self,
		organisation: OrganisationId,
	) -> Result<Option<(u64, LogAnchor)>, Error> {
		let view = View::At(self.block_of(View::Finalised).await?);
		let at = |sequence| self.log_anchor(organisation, sequence, view);
		// Numbers have no gap: doubled until there is none, then halved to the last.
		let Some((mut last, _)) = at(1).await? else { return Ok(None) };
		let (mut known, mut missing) = (1, 2);
		while let Some((anchor, _)) = at(missing).await? {
			(known, last, missing) = (missing, anchor, missing * 2);
		}
		while missing - known > 1 {
			let middle = known + (missing - known) / 2;
			match at(middle).await? {
				Some((anchor, _)) => (known, last) = (middle, anchor),
				None => missing = middle,
			}
		}
		Ok(Some((known, last)))
	}

	/// Proves that the anchor of this log says another number of entries than its root holds.
	///
	/// # Errors
	/// [`Error::NotFound`] without such an anchor, [`Error::Input`] when it counts right or is not of this log; otherwise as
	/// [`Client::record`].
	pub async fn prove_miscount(&self, log: &AccessLog) -> Result<Recorded, Error> {
		let AccessLog { organisation, sequence, .. } = *log;
		let (anchor, _) = self
			.log_anchor(organisation, sequence, View::Best)
			.await?
			.ok_or_else(|| Error::NotFound(format!("anchor {sequence}")))?;
		let (count, top) = (log.len() as u64, log.tree().top());
		if !anchor.miscounts(count, top) {
			return Err(Error::input("the anchor counts right, or is of another log"));
		}
		let call =
			curex::tx().oversight().prove_miscount(organisation.into(), sequence, count, top);
		self.record(&call).await
	}

	/// Anchors an access log, as its organisation. Keep the log: nothing else proves an event of it.
	///
	/// # Errors
	/// As [`Client::record`].
	pub async fn anchor_log(&self, log: &AccessLog) -> Result<Recorded, Error> {
		let LogAnchor { root, count, from, to } = log.anchor();
		let call =
			curex::tx().oversight().anchor(log.sequence, root.into(), count.into(), from, to);
		self.submit_own(&call).await?.finalized().await
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	const OWN: OrganisationId = OrganisationId(1);
	const PERIOD: (Moment, Moment) = (1_764_547_200_000, 1_764_633_600_000);

	/// Somebody opened data at this minute of 1 December 2025.
	fn event(minute: u32, who: &str) -> Vec<u8> {
		json!({
			"resourceType": "AuditEvent",
			"type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110106"},
			"action": "R",
			"recorded": format!("2025-12-01T00:{minute:02}:00Z"),
			"outcome": "0",
			"agent": [{"who": {"identifier": {"system": "urn:staff", "value": who}}, "requestor": true}],
			"source": {"observer": {"identifier": {"system": "urn:system", "value": "ward"}}},
		})
		.to_string()
		.into_bytes()
	}

	fn log() -> AccessLog {
		let events = (0..20).map(|minute| event(minute, "nurse-7"));
		AccessLog::new(OWN, 3, PERIOD, events).unwrap()
	}

	#[test]
	fn each_event_is_proven_against_the_anchor_and_no_other_is() {
		let log = log();
		let anchor = log.anchor();
		assert_eq!((log.len(), anchor.count), (20, SizeBucket::of(20)));
		for minute in 0..20 {
			let proof = log.prove(&event(minute, "nurse-7")).unwrap();
			assert!(proof.holds(&event(minute, "nurse-7"), &anchor).unwrap());
			assert!(!proof.holds(&event(minute, "nurse-8"), &anchor).unwrap());
			let other = LogAnchor { to: anchor.from + 1, ..anchor.clone() };
			assert!(!proof.holds(&event(minute.max(1), "nurse-7"), &other).unwrap());
		}
		assert!(matches!(log.prove(&event(5, "nurse-8")), Err(Error::NotFound(_))));
	}

	#[test]
	fn the_same_event_written_in_another_form_is_the_same_event() {
		let log = log();
		let value: serde_json::Value = serde_json::from_slice(&event(4, "nurse-7")).unwrap();
		let pretty = serde_json::to_vec_pretty(&value).unwrap();
		assert!(log.prove(&pretty).unwrap().holds(&event(4, "nurse-7"), &log.anchor()).unwrap());
		let twice = [event(4, "nurse-7"), pretty];
		assert_eq!(AccessLog::new(OWN, 1, PERIOD, twice).unwrap().len(), 1);
	}

	#[test]
	fn a_period_takes_its_own_events_and_what_is_no_event_is_refused() {
		let (from, _) = PERIOD;
		let hour = AccessLog::new(OWN, 1, (from, from + 600_000), (0..20).map(|it| event(it, "a")));
		assert_eq!(hour.unwrap().len(), 10);
		let empty = AccessLog::new(OWN, 1, PERIOD, Vec::<Vec<u8>>::new()).unwrap();
		assert!(empty.is_empty());
		assert_eq!(empty.anchor().count, SizeBucket::None);
		assert_eq!(empty.anchor().root, merkle::empty_root());
		for rubbish in [&b""[..], b"{}", b"{\"resourceType\": \"Patient\"}", b"\xff"] {
			let refused = AccessLog::new(OWN, 1, PERIOD, [rubbish]);
			assert!(matches!(refused, Err(Error::Input(_))));
		}
		assert!(AccessLog::new(OWN, 1, (from, from), Vec::<Vec<u8>>::new()).is_err());
	}

	#[test]
	fn what_is_kept_of_a_log_has_nothing_of_its_events_and_comes_back_whole() {
		let log = log();
		let json = serde_json::to_string(&log).unwrap();
		assert!(!json.contains("nurse") && !json.contains("2025-12"));
		assert_eq!(serde_json::from_str::<AccessLog>(&json).unwrap(), log);
		assert_ne!(self::log().anchor().root, log.anchor().root, "each has salts of its own");
	}
}
