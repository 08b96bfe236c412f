//! Step 8: the regulator verifies the trail without trusting the node that shows it.

use super::{not_verified, Story, HOST_OF_REGULATOR};
use crate::{account::Place, error::Context, Error};
use curex_client::audit::{trail, Filter};

impl Story<'_> {
	pub(super) async fn regulator_audits(&mut self) -> Result<(), Error> {
		self.account.step(8, "The regulator lists the trail and verifies every record");
		let client = self.reader(HOST_OF_REGULATOR).await?;
		let filter = Filter { from: Some(self.first_block + 1), verify: true, ..Filter::default() };
		let entries = trail(&client, &filter, |_| ()).await.during("auditing")?;
		for entry in &entries {
			let Some(justified) = entry.verified_by else {
				return Err(not_verified(8, format!("block {} is not verified", entry.block)));
			};
			self.account.record(
				format!(
					"{}.{} verified by the justification of block {justified}",
					entry.event.pallet, entry.event.name
				),
				Place::from(entry),
			);
		}
		for (pallet, name) in [
			("Inventory", "SnapshotRecorded"),
			("Risk", "AssessmentRecorded"),
			("Safeguards", "PlanDecided"),
			("Consent", "Filed"),
			("Consent", "Withdrawn"),
			("Exchange", "Acknowledged"),
			("Exchange", "GlassBroken"),
		] {
			if !entries.iter().any(|entry| entry.event.is(pallet, name)) {
				return Err(not_verified(8, format!("the trail lacks {pallet}.{name}")));
			}
		}
		self.account.note(format!("{} records verified", entries.len()));
		Ok(())
	}
}
