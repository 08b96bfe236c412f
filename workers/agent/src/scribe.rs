//! Writes what came of a task: everything within one transaction of the store.

use codec::Encode;
use curex_primitives::{commitment::Domain, Moment, OrganisationId, ReportKind};
use rusqlite::{params, Transaction};
use serde_json::{json, Value};
use zeroize::Zeroizing;

use crate::{
	canonical,
	evidence::{commit, random_salt, report_context, EvidenceKey},
	report::{task_name, with_commitments},
	store::{large, small, AlertMark, Draft, OrderRecord, Recorded, StateName},
	Error,
};

/// Writes within one transaction.
pub(crate) struct Scribe<'a> {
	pub(crate) transaction: &'a Transaction<'a>,
	pub(crate) key: &'a EvidenceKey,
	pub(crate) organisation: OrganisationId,
	pub(crate) now: Moment,
}

impl Scribe<'_> {
	pub(crate) fn record(&self, draft: &Draft) -> Result<Recorded, Error> {
		let kind = draft.report.kind();
		let number = self.next_number(kind)?;
		let context = report_context(self.organisation, kind, number);
		let mut document = match draft.document.clone() {
			Value::Object(members) => members,
			other => serde_json::Map::from_iter([("content".into(), other)]),
		};
		document.insert("organisation".into(), json!(self.organisation));
		document.insert("kind".into(), json!(kind));
		document.insert("number".into(), json!(number));
		let inputs = match &draft.inputs {
			None => None,
			Some(inputs) => {
				let salt = random_salt()?;
				let bytes = Zeroizing::new(canonical::to_bytes(inputs)?);
				document.insert("inputs".into(), inputs.clone());
				document.insert("inputs_salt".into(), json!(format!("0x{}", hex::encode(*salt))));
				Some(commit(Domain::Inputs, &context, &salt, &bytes))
			},
		};
		let document = Zeroizing::new(canonical::to_bytes(&Value::Object(document))?);
		let salt = random_salt()?;
		let evidence = commit(Domain::Evidence, &context, &salt, &document);
		let report = with_commitments(draft.report.clone(), evidence, inputs);
		report.check(self.now).map_err(|defect| Error::Report { kind, defect })?;
		self.transaction.execute(
			"INSERT INTO entries (kind, number, report, sealed, state, recorded_at, alert)
			 VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6)",
			params![
				kind as u8,
				small(number)?,
				report.encode(),
				self.key.seal(&context, &salt, &document)?,
				small(self.now)?,
				draft.alert.as_ref().map(|mark| mark.fingerprint)
			],
		)?;
		if let Some(AlertMark { fingerprint, severity, code }) = &draft.alert {
			if let Some(code) = code {
				self.transaction.execute(
					"INSERT INTO staff_notices (number, alert, code, recorded_at) VALUES (?1, ?2, ?3, ?4)",
					params![small(number)?, fingerprint, code, small(self.now)?],
				)?;
			}
			self.transaction.execute(
				"INSERT INTO alerts (fingerprint, severity) VALUES (?1, ?2)
				 ON CONFLICT (fingerprint) DO UPDATE SET severity = excluded.severity",
				params![fingerprint, *severity as u8],
			)?;
		}
		Ok(Recorded { number, report })
	}

	fn next_number(&self, kind: ReportKind) -> Result<u64, Error> {
		let number: i64 = self.transaction.query_row(
			"INSERT INTO counters (kind, last, confirmed) VALUES (?1, 1, 0)
			 ON CONFLICT (kind) DO UPDATE SET last = last + 1 RETURNING last",
			[kind as u8],
			|row| row.get(0),
		)?;
		large(number)
	}

	pub(crate) fn remember(&self, name: StateName, state: &Value) -> Result<(), Error> {
		let document = Zeroizing::new(canonical::to_bytes(state)?);
		let sealed = self.key.seal(&name.associated(), &*random_salt()?, &document)?;
		self.transaction.execute(
			"INSERT INTO states (name, sealed) VALUES (?1, ?2)
			 ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
			params![name.text(), sealed],
		)?;
		Ok(())
	}

	pub(crate) fn finish(&self, record: &OrderRecord, detail: &str) -> Result<(), Error> {
		let OrderRecord { id, order } = record;
		self.transaction.execute(
			"INSERT INTO orders (id, number, task, issued_at, done, attempts, detail, at)
			 VALUES (?1, ?2, ?3, ?4, 1, 1, ?5, ?6)
			 ON CONFLICT (id) DO UPDATE SET
				done = 1, attempts = attempts + 1, detail = excluded.detail, at = excluded.at",
			params![
				id,
				small(order.number)?,
				task_name(order.task),
				order.issued_at,
				detail,
				small(self.now)?
			],
		)?;
		Ok(())
	}
}
