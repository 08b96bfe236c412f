//! The organisations that exchange: pairs of a holder and a recipient, each with the accounts of its lanes.
//!
//! An account's transactions are numbered, so that they come into blocks in their order. Each step of a path therefore
//! has accounts of its own: the next step of an exchange never waits for a number that another exchange holds.

use crate::Error;
use curex_client::Signer;
use curex_primitives::OrganisationId;
use serde_json::{json, Value};
use subxt::utils::AccountId32;

/// How many organisations the built-in specification of a local network begins with.
const BUILT_IN: u32 = 6;

/// The most steps of one side of a path.
pub const STEPS_OF_A_SIDE: usize = 3;

/// An account with its number on the ledger.
#[derive(Clone)]
pub struct Account {
	/// Signs.
	pub signer: Signer,
	/// The number of its next transaction.
	pub next: u64,
}

/// An organisation with its accounts.
pub struct Organisation {
	/// Its number.
	pub id: OrganisationId,
	kind: &'static str,
	/// The accounts of the lanes, [`STEPS_OF_A_SIDE`] each.
	pub lanes: Vec<[Account; STEPS_OF_A_SIDE]>,
}

/// A holder and a recipient.
pub struct Pair {
	/// A hospital.
	pub holder: Organisation,
	/// A care centre.
	pub recipient: Organisation,
}

impl Organisation {
	fn new(number: u32, kind: &'static str, lanes: usize) -> Result<Self, Error> {
		let account = |lane: usize, step: usize| -> Result<Account, Error> {
			let path = format!("//Bench//{number}//{lane}//{step}");
			let signer = Signer::development(&path)
				.map_err(|error| Error::Key { path, reason: error.to_string() })?;
			Ok(Account { signer, next: 0 })
		};
		let lanes = (0..lanes)
			.map(|lane| Ok([account(lane, 0)?, account(lane, 1)?, account(lane, 2)?]))
			.collect::<Result<_, Error>>()?;
		Ok(Self { id: OrganisationId(number), kind, lanes })
	}

	/// As a chain specification gives it.
	fn genesis(&self) -> Value {
		let duties = ["administration", "security-report", "consent", "exchange"];
		let delegates: Vec<Value> = self
			.lanes
			.iter()
			.flatten()
			.map(|account| {
				let address = AccountId32(account.signer.account()).to_string();
				json!({ "account": address, "duties": duties })
			})
			.collect();
		json!({
			"kind": self.kind,
			"country": "GR",
			"competences": [],
			"encryptionKey": format!("0x{:064x}", self.id.0),
			"name": format!("Member {}", self.id.0),
			"delegates": delegates,
			"peers": [],
			"validator": null,
		})
	}
}

/// So many pairs with so many lanes.
pub fn pairs(count: u32, lanes: usize) -> Result<Vec<Pair>, Error> {
	(0..count)
		.map(|pair| {
			let number = BUILT_IN + 2 * pair;
			Ok(Pair {
				holder: Organisation::new(number, "hospital", lanes)?,
				recipient: Organisation::new(number + 1, "care-centre", lanes)?,
			})
		})
		.collect()
}

/// Puts the pairs and the length of a slot into a readable specification of a local network.
pub fn add_to(specification: &mut Value, pairs: &[Pair], slot_ms: u64) -> Result<(), Error> {
	let unreadable = || Error::Protocol("the specification has no genesis patch".into());
	let consortium = specification
		.pointer_mut("/genesis/runtimeGenesis/patch/consortium")
		.ok_or_else(unreadable)?;
	consortium["timing"]["slotMs"] = slot_ms.into();
	let organisations = consortium["organisations"].as_array_mut().ok_or_else(unreadable)?;
	if organisations.len() != BUILT_IN as usize {
		return Err(Error::Protocol(format!(
			"the specification begins with {} organisations, not {BUILT_IN}",
			organisations.len()
		)));
	}
	for pair in pairs {
		organisations.extend([pair.holder.genesis(), pair.recipient.genesis()]);
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::collections::BTreeSet;

	fn specification(members: usize) -> Value {
		json!({ "genesis": { "runtimeGenesis": { "patch": { "consortium": {
			"timing": { "slotMs": 3_000, "epochSlots": 40 },
			"organisations": vec![json!({}); members],
		} } } } })
	}

	#[test]
	fn no_two_steps_share_an_account() {
		let pairs = pairs(2, 2).unwrap();
		let accounts: BTreeSet<[u8; 32]> = pairs
			.iter()
			.flat_map(|pair| [&pair.holder, &pair.recipient])
			.flat_map(|organisation| organisation.lanes.iter().flatten())
			.map(|account| account.signer.account())
			.collect();
		assert_eq!(accounts.len(), 2 * 2 * 2 * STEPS_OF_A_SIDE);
	}

	#[test]
	fn the_numbers_of_the_members_follow_those_of_the_specification() {
		let pairs = pairs(2, 1).unwrap();
		let mut specification = specification(6);
		add_to(&mut specification, &pairs, 2_000).unwrap();
		let consortium = &specification["genesis"]["runtimeGenesis"]["patch"]["consortium"];
		assert_eq!(consortium["timing"]["slotMs"], 2_000);
		let organisations = consortium["organisations"].as_array().unwrap();
		assert_eq!(organisations.len(), 10);
		for pair in &pairs {
			for organisation in [&pair.holder, &pair.recipient] {
				let told = &organisations[organisation.id.0 as usize];
				assert_eq!(told["name"], format!("Member {}", organisation.id.0));
			}
		}
	}

	#[test]
	fn another_specification_is_refused() {
		let pairs = pairs(1, 1).unwrap();
		assert!(add_to(&mut specification(4), &pairs, 3_000).is_err());
		assert!(add_to(&mut json!({}), &pairs, 3_000).is_err());
	}
}
