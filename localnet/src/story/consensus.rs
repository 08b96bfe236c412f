//! Step 1: the nodes agree.

use super::{not_verified, Story};
use crate::{
	error::Context,
	layout::{HOSPITALS, MEMBERS},
	Error,
};

/// Pallets that a consortium without money and superuser does not have.
const FOREIGN: [&str; 5] = ["Balances", "TransactionPayment", "Sudo", "Assets", "Staking"];

impl Story<'_> {
	pub(super) async fn nodes_agree(&mut self) -> Result<(), Error> {
		self.account.step(1, "Four hospital nodes find each other, author and finalise");
		self.nodes_share_a_first_block().await?;
		for (node, member) in MEMBERS.iter().enumerate().take(HOSPITALS) {
			let health = self
				.wait_for("a node to finalise with its peers", "do the nodes run?", || async {
					let Ok(client) = self.reader(node).await else { return Ok(None) };
					let Ok(health) = client.health().await else { return Ok(None) };
					let ready = health["peers"].as_u64() == Some(HOSPITALS as u64 - 1)
						&& health["finalised"].as_u64() > Some(0)
						&& health["syncing"] == false;
					Ok(ready.then_some(health))
				})
				.await?;
			self.account.note(format!(
				"{} has {} peers, best block {}, final block {}",
				member.name, health["peers"], health["best"], health["finalised"]
			));
		}
		let client = self.reader(0).await?;
		self.first_block = self.finalised(&client).await?;
		let mut authors = std::collections::BTreeSet::new();
		let from = self.first_block;
		self.wait_for("four more final blocks", "do the nodes author?", || async {
			let now = self.finalised(&client).await?;
			Ok((now >= from + 4).then_some(()))
		})
		.await?;
		for node in 0..HOSPITALS {
			let reader = self.reader(node).await?;
			let hash = reader.block_hash(self.first_block).await.during("reading a block")?;
			authors.insert(format!("{hash:?}"));
		}
		if authors.len() != 1 {
			return Err(not_verified(1, "the nodes finalised different blocks at one height"));
		}
		self.account.note(format!(
			"all four finalised the same block {}: {}",
			self.first_block,
			authors.first().cloned().unwrap_or_default()
		));
		let pallets = client.pallets().await.during("reading the metadata")?;
		if let Some(foreign) =
			FOREIGN.iter().find(|name| pallets.iter().any(|pallet| pallet == *name))
		{
			return Err(not_verified(1, format!("the runtime has the pallet {foreign}")));
		}
		self.account.note("the runtime has no currency, no fees and no superuser");
		Ok(())
	}

	/// Nodes of different consortia never connect: told at once instead of waiting for it.
	async fn nodes_share_a_first_block(&self) -> Result<(), Error> {
		let mut first = None;
		for (node, member) in MEMBERS.iter().enumerate().take(HOSPITALS) {
			let genesis = self
				.wait_for("a node to answer", "do the nodes run?", || async {
					let Ok(client) = self.reader(node).await else { return Ok(None) };
					Ok(client.health().await.ok().map(|health| health["genesis"].clone()))
				})
				.await?;
			if *first.get_or_insert_with(|| genesis.clone()) != genesis {
				return Err(not_verified(
					1,
					format!(
						"{} has another first block than {}: their specifications (chain.json) are not of one consortium",
						member.name, MEMBERS[0].name
					),
				));
			}
		}
		Ok(())
	}
}
