//! For whom an account speaks, as the ledger says: read anew at every request, so that whoever is dismissed or
//! suspended is out at once.

use super::Scope;
use crate::{
	facts::bytes_as_text,
	kind::{Kind, RecordId},
	store::{query, Connection},
	Error,
};
use curex_primitives::{Competence, Competences, Duties, Duty, Purpose};
use serde_json::Value as Json;

/// A delegate who may look.
#[derive(Clone, PartialEq, Debug)]
pub struct Standing {
	/// The account.
	pub account: [u8; 32],
	/// Number of the organisation for which it acts.
	pub organisation: u32,
	/// Its name.
	pub name: String,
	/// What it may see.
	pub role: Role,
	/// The organisations established in an authority's country, itself among them; for others the own one alone.
	pub within: Vec<u32>,
}

/// What a delegate is to the explorer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
	/// Supervises its country in these fields.
	Authority(Competences),
	/// Data protection officer of a hospital or care centre: sees what concerns the own organisation.
	ProtectionOfficer,
	/// Security officer of a hospital or care centre: sees the own organisation's security.
	SecurityOfficer,
}

/// Records about security.
const SECURITY: [Kind; 7] = [
	Kind::Inquiry,
	Kind::Breach,
	Kind::Anchor,
	Kind::Inventory,
	Kind::Alert,
	Kind::Assessment,
	Kind::Plan,
];

impl Standing {
	/// The standing of an account, if it may look at all.
	///
	/// # Errors
	/// [`Error::Database`] and [`Error::Damaged`]; [`Error::Refused`] that says why not.
	pub fn of(connection: &Connection, account: [u8; 32]) -> Result<Self, Error> {
		let refused = |why: &str| Error::Refused(why.into());
		let id = format!("0x{}", hex::encode(account));
		let delegate = current(connection, Kind::Account, &id)?
			.ok_or_else(|| refused("this account acts for no member"))?;
		let organisation = number(&delegate, "organisation")
			.ok_or_else(|| Error::Damaged("a delegate names no organisation".into()))?;
		let member = current(connection, Kind::Organisation, &organisation.to_string())?
			.filter(|member| member["status"] == "Active")
			.ok_or_else(|| refused("the account's organisation is not active"))?;
		let bits = |value: &Json| u16::try_from(value.as_u64().unwrap_or_default()).ok();
		let duties = bits(&delegate["duties"]).and_then(Duties::from_bits).unwrap_or(Duties::EMPTY);
		let competences = bits(&member["competences"])
			.and_then(|bits| u8::try_from(bits).ok())
			.and_then(Competences::from_bits)
			.unwrap_or(Competences::EMPTY);
		let is_authority = member["kind"] == "Authority";
		let role = if is_authority && duties.contains(Duty::Oversight) {
			Role::Authority(competences)
		} else if is_authority {
			return Err(refused("an authority's account needs the duty of oversight"));
		} else if duties.contains(Duty::Oversight) {
			Role::ProtectionOfficer
		} else if duties.contains(Duty::SecurityDecision) {
			Role::SecurityOfficer
		} else {
			return Err(refused(
				"the account needs the duty of oversight or of security decisions",
			));
		};
		let within = if is_authority {
			query::organisations_of(connection, &member["country"])?
		} else {
			vec![organisation]
		};
		let name = bytes_as_text(&member["name"]).unwrap_or_default();
		Ok(Self { account, organisation, name, role, within })
	}

	/// What the account may see of the records.
	pub fn scope(&self) -> Scope {
		let mut kinds = vec![Kind::Organisation, Kind::Account];
		let mut purposes = None;
		match self.role {
			Role::ProtectionOfficer => kinds.extend(Kind::ALL),
			Role::SecurityOfficer => kinds.extend(SECURITY),
			Role::Authority(competences) => {
				for competence in competences.iter() {
					kinds.extend(supervised(competence));
				}
				if !competences.contains(Competence::DataProtection) {
					let secondary =
						Purpose::ALL.iter().filter(|purpose| purpose.is_secondary_use());
					purposes = Some(secondary.map(|purpose| word(*purpose)).collect());
				}
			},
		}
		Scope::of(&kinds, self.within.clone(), purposes)
	}
}

/// What an authority sees by one of its competences.
fn supervised(competence: Competence) -> &'static [Kind] {
	match competence {
		Competence::DataProtection => &[
			Kind::Consent,
			Kind::Exchange,
			Kind::Review,
			Kind::Permit,
			Kind::Erasure,
			Kind::Inquiry,
			Kind::Breach,
			Kind::Anchor,
			Kind::Assessment,
		],
		Competence::NetworkSecurity => &SECURITY,
		Competence::HealthDataAccess => {
			&[Kind::Permit, Kind::Exchange, Kind::Erasure, Kind::Inquiry]
		},
		Competence::MarketSurveillance => {
			&[Kind::Inventory, Kind::Alert, Kind::Assessment, Kind::Inquiry]
		},
	}
}

/// A purpose as the index writes it.
fn word(purpose: Purpose) -> String {
	crate::facts::kebab(&format!("{purpose:?}"))
}

/// The content of a record that the ledger's state still holds.
fn current(connection: &Connection, kind: Kind, id: &str) -> Result<Option<Json>, Error> {
	let Some(id) = RecordId::parse(kind, id) else { return Ok(None) };
	let row = query::record(connection, &Scope::everything(), kind, &id)?;
	Ok(row.filter(|row| row.removed.is_none()).map(|row| row.value))
}

fn number(value: &Json, name: &str) -> Option<u32> {
	value[name].as_u64().and_then(|number| u32::try_from(number).ok())
}
