//! Which records somebody may see. Every question to the index takes a scope; there is no way to leave it out.

use crate::{
	facts::Facts,
	kind::Kind,
	store::{query, Connection, EventRow, ExtrinsicRow, RecordRow, Value},
	Error,
};
use curex_client::ledger::Event;
use std::collections::BTreeSet;

/// What somebody may see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope {
	/// Of which kinds; a bit for each.
	kinds: u16,
	/// That concern at least one of these organisations; of all, if nothing is said.
	organisations: Option<BTreeSet<u32>>,
	/// Exchanges for these purposes alone, if any are said.
	purposes: Option<BTreeSet<String>>,
}

impl Scope {
	/// Everything.
	pub fn everything() -> Self {
		Self { kinds: u16::MAX, organisations: None, purposes: None }
	}

	/// Nothing.
	pub fn nothing() -> Self {
		Self { kinds: 0, organisations: Some(BTreeSet::new()), purposes: None }
	}

	/// Records of these kinds that concern one of these organisations; exchanges for these purposes alone, if any
	/// are said.
	pub fn of(kinds: &[Kind], organisations: Vec<u32>, purposes: Option<BTreeSet<String>>) -> Self {
		let kinds = kinds.iter().fold(0, |bits, kind| bits | 1 << *kind as u8);
		Self { kinds, organisations: Some(organisations.into_iter().collect()), purposes }
	}

	/// Whether nothing is kept back.
	pub fn is_everything(&self) -> bool {
		*self == Self::everything()
	}

	/// Whether records of a kind are seen at all.
	pub fn has(&self, kind: Kind) -> bool {
		self.kinds & (1 << kind as u8) != 0
	}

	/// The organisations, if not all.
	pub fn organisations(&self) -> Option<&BTreeSet<u32>> {
		self.organisations.as_ref()
	}

	/// The purposes of exchanges, if not all.
	pub fn purposes(&self) -> Option<&BTreeSet<String>> {
		self.purposes.as_ref()
	}

	/// Whether a record is seen.
	///
	/// # Errors
	/// [`Error::Database`] and [`Error::Damaged`].
	pub fn admits(&self, connection: &Connection, row: &RecordRow) -> Result<bool, Error> {
		if !self.has(row.kind) {
			return Ok(false);
		}
		if let (Kind::Exchange, Some(purposes)) = (row.kind, &self.purposes) {
			if !row.purpose.as_ref().is_some_and(|purpose| purposes.contains(purpose)) {
				return Ok(false);
			}
		}
		let Some(organisations) = &self.organisations else { return Ok(true) };
		let concerns = |row: &RecordRow| {
			let facts = Facts::of(row.kind, row.id.organisation(), &row.value);
			facts.parties.iter().any(|(number, _)| organisations.contains(number))
		};
		Ok(match row.kind {
			// Members know each other; orders to erase name nobody.
			Kind::Organisation | Kind::Erasure => true,
			Kind::Review => {
				let everything = Self::everything();
				let about = query::record(connection, &everything, Kind::Exchange, &row.id)?;
				concerns(row) || about.is_some_and(|exchange| concerns(&exchange))
			},
			_ => concerns(row),
		})
	}

	/// The same as a condition on `record r`; its values are appended.
	pub(crate) fn condition(&self, kind: Kind, sql: &mut String, values: &mut Vec<Value>) {
		if !self.has(kind) {
			sql.push_str(" AND 1 = 0");
			return;
		}
		let mut list = |sql: &mut String, items: Vec<Value>| {
			sql.push('(');
			sql.push_str(&vec!["?"; items.len()].join(", "));
			sql.push(')');
			values.extend(items);
		};
		if let (Kind::Exchange, Some(purposes)) = (kind, &self.purposes) {
			sql.push_str(" AND r.purpose IN ");
			list(sql, purposes.iter().cloned().map(Value::from).collect());
		}
		let Some(organisations) = &self.organisations else { return };
		let numbers: Vec<Value> = organisations.iter().map(|number| (*number).into()).collect();
		let concerns = "EXISTS (SELECT 1 FROM party s WHERE s.organisation IN ";
		match kind {
			Kind::Organisation | Kind::Erasure => {},
			Kind::Review => {
				sql.push_str(&format!(" AND ({concerns}"));
				list(sql, numbers.clone());
				sql.push_str(" AND s.kind = r.kind AND s.serial = r.serial) OR EXISTS (SELECT 1 FROM record e \
					JOIN party s ON s.kind = e.kind AND s.serial = e.serial WHERE e.kind = 3 AND e.id = r.id \
					AND s.organisation IN ");
				list(sql, numbers);
				sql.push_str("))");
			},
			_ => {
				sql.push_str(&format!(" AND {concerns}"));
				list(sql, numbers);
				sql.push_str(" AND s.kind = r.kind AND s.serial = r.serial)");
			},
		}
	}

	/// The transactions and events of a block that are seen: those that concern a record that is seen, calls of
	/// organisations that are seen, and what concerns no record at all.
	///
	/// # Errors
	/// [`Error::Database`] and [`Error::Damaged`].
	pub fn choose(
		&self,
		connection: &Connection,
		extrinsics: Vec<ExtrinsicRow>,
		events: Vec<EventRow>,
	) -> Result<(Vec<ExtrinsicRow>, Vec<EventRow>), Error> {
		if self.is_everything() {
			return Ok((extrinsics, events));
		}
		let mut about_seen = BTreeSet::new();
		let mut seen_events = Vec::new();
		for event in events {
			let touched = Kind::touched(&Event {
				extrinsic: event.extrinsic,
				pallet: event.pallet.clone(),
				name: event.name.clone(),
				fields: event.fields.clone(),
			});
			let mut seen = touched.is_empty() && !keeps_records(&event.pallet);
			for (kind, id) in touched {
				if query::record(connection, self, kind, &id)?.is_some() {
					seen = true;
					about_seen.extend(event.extrinsic);
				}
			}
			if seen {
				seen_events.push(event);
			}
		}
		let mut seen = Vec::new();
		for extrinsic in extrinsics {
			let admitted = about_seen.contains(&extrinsic.position)
				|| match extrinsic.signer {
					None => !keeps_records(&extrinsic.pallet),
					Some(account) => {
						let organisation = query::organisation_of(connection, account)?;
						self.opens_calls_of(&extrinsic.pallet)
							&& self.organisations.as_ref().is_none_or(|seen| {
								organisation.is_some_and(|number| seen.contains(&number))
							})
					},
				};
			if admitted {
				seen.push(extrinsic);
			}
		}
		// What a hidden transaction caused stays hidden, fees and all.
		let positions: BTreeSet<u32> = seen.iter().map(|extrinsic| extrinsic.position).collect();
		seen_events.retain(|event| event.extrinsic.is_none_or(|index| positions.contains(&index)));
		Ok((seen, seen_events))
	}

	/// Whether every kind of record that a pallet keeps is seen: then its calls are.
	fn opens_calls_of(&self, pallet: &str) -> bool {
		let mut kept = Kind::ALL.into_iter().filter(|kind| kind.pallet() == pallet).peekable();
		// A batch may carry calls of any pallet.
		kept.peek().is_some()
			&& kept.all(|kind| self.has(kind))
			&& (pallet != Kind::Exchange.pallet() || self.purposes.is_none())
	}
}

/// Whether a pallet's events and calls can be about records.
fn keeps_records(pallet: &str) -> bool {
	const WITHOUT_RECORDS: [&str; 7] =
		["System", "Timestamp", "Session", "Babe", "Grandpa", "Council", "Offences"];
	!WITHOUT_RECORDS.contains(&pallet)
}
