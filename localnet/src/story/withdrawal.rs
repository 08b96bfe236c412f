//! Step 7: the patient withdraws, and urgent care goes on.

use super::{
	exchange::Given, not_verified, Story, CARE_CENTRE, FINAL, HOSPITAL_A, HOST_OF_CARE_CENTRE,
	HOST_OF_PATIENT, HOST_OF_REGULATOR, PATIENCE,
};
use crate::{error::Context, layout::MEMBERS, Error};
use curex_client::{proofs::Prover, report::History, Spec};
use curex_primitives::{ConsentStatus, ExchangeState, Gate, Ground, OrganisationId, Purpose};

impl Story<'_> {
	pub(super) async fn patient_withdraws(&mut self, given: &mut Given) -> Result<(), Error> {
		self.account
			.step(7, "The patient withdraws; the next request is not served; urgent care is");
		for gateway in &mut given.gateways {
			gateway.check()?;
		}
		let code = given
			.receipt
			.withdrawal_code
			.clone()
			.ok_or_else(|| not_verified(7, "the receipt has no withdrawal code"))?;
		// Nobody's key: any member's node will do.
		let node = self.reader(HOST_OF_PATIENT).await?;
		let recorded = node
			.withdraw_by_code(given.consent, &code)
			.await
			.during("withdrawing")?
			.finalized()
			.await
			.during("withdrawing")?;
		self.account.record(
			format!(
				"the consent is withdrawn by the receipt's code alone, through {}",
				MEMBERS[HOST_OF_PATIENT].name
			),
			&recorded,
		);
		let consent = node.consent(given.consent, FINAL).await.during("reading the consent")?;
		if !consent.is_some_and(|consent| matches!(consent.status, ConsentStatus::Withdrawn { .. }))
		{
			return Err(not_verified(7, "the ledger does not show the consent as withdrawn"));
		}
		self.refused_alike(given.consent).await?;
		self.patient_looks_back(given).await?;
		self.break_the_glass().await
	}

	/// What the patient learns from the ledger alone, through one member's node, proven against a trust root from another's.
	async fn patient_looks_back(&mut self, given: &Given) -> Result<(), Error> {
		let prover = Prover::new(self.reader(HOST_OF_REGULATOR).await?).await;
		let root = prover.during("deriving the trust root")?.trust_root().clone();
		let node = self.reader(HOST_OF_PATIENT).await?;
		let mut prover = Prover::with_root(node.clone(), root);
		let receipt = given.receipt.view();
		let history = History::read(&node, given.consent, Some(&receipt), &mut prover)
			.await
			.during("reading the history of the consent")?;
		let told = history.events.iter().any(|event| {
			event.exchange == given.exchange && event.record.state == ExchangeState::Acknowledged
		});
		let withdrawn = matches!(history.record.status, ConsentStatus::Withdrawn { .. });
		if !told || !withdrawn || history.receipt_agrees != Some(true) || history.missing() > 0 {
			return Err(not_verified(7, "the history of the consent does not tell what happened"));
		}
		self.account.note(format!(
			"the patient reads that {} exchanges rest on the consent, each proven",
			history.events.len()
		));
		Ok(())
	}

	/// A request under the withdrawn consent, and one for a patient whom hospital A does not know: on the ledger
	/// nothing tells them apart.
	async fn refused_alike(&mut self, consent: curex_primitives::ConsentId) -> Result<(), Error> {
		let centre = self.client(HOST_OF_CARE_CENTRE, CARE_CENTRE, "gateway").await?;
		let withdrawn = self.spec(HOSPITAL_A, Gate::Consent(consent), Purpose::Treatment)?;
		let mut unknown: Spec = self.spec(
			HOSPITAL_A,
			Gate::Statutory(curex_primitives::LegalBasis::CARE),
			Purpose::Treatment,
		)?;
		unknown.patient.family = "Nobody".into();
		let first = centre.request(&withdrawn).await.during("requesting")?;
		let second = centre.request(&unknown).await.during("requesting")?;
		let mut traces = Vec::new();
		for pending in [first, second] {
			self.life_of(&centre, pending.id(), ExchangeState::NotServed).await?;
			let entries =
				self.entries(&centre, &["Exchange"], Some(&pending.id().to_string())).await?;
			let begun = entries.first().map_or(0, |entry| entry.block);
			traces.push(
				entries
					.iter()
					.map(|entry| (entry.event.name.clone(), entry.block - begun))
					.collect::<Vec<_>>(),
			);
		}
		if traces[0] != traces[1] {
			return Err(not_verified(
				7,
				format!(
					"the two refusals differ on the ledger: {:?} and {:?}",
					traces[0], traces[1]
				),
			));
		}
		self.account.note(
			"on the ledger the refusal looks like that for a patient hospital A does not know",
		);
		Ok(())
	}

	async fn break_the_glass(&mut self) -> Result<(), Error> {
		let desk = self.client(HOST_OF_CARE_CENTRE, CARE_CENTRE, "gateway").await?;
		let spec = self.spec(
			HOSPITAL_A,
			Gate::BreakGlass(Ground::Unconscious),
			Purpose::EmergencyTreatment,
		)?;
		let pending = desk
			.prepare_request(&spec, Some("found unconscious at home, brought in by ambulance"))
			.await
			.during("breaking the glass")?;
		desk.begin(&pending)
			.await
			.during("breaking the glass")?
			.in_block()
			.await
			.during("breaking the glass")?;
		desk.deposit_envelope(&pending).await.during("breaking the glass")?;
		let delivery =
			desk.receive(&pending, PATIENCE).await.during("receiving in an emergency")?;
		let code = delivery.acknowledgement();
		delivery.document.map_err(|defect| {
			not_verified(7, format!("what came is no usable document: {defect}"))
		})?;
		desk.conclude(&pending, code, PATIENCE).await.during("acknowledging")?;
		self.life_of(&desk, pending.id(), ExchangeState::Acknowledged).await?;
		let review = desk
			.review_of(pending.id(), FINAL)
			.await
			.during("reading the review")?
			.ok_or_else(|| not_verified(7, "no review was assigned"))?;
		let reviewer = review
			.reviewer
			.filter(|reviewer| {
				![HOSPITAL_A.number, CARE_CENTRE.number].map(OrganisationId).contains(reviewer)
			})
			.ok_or_else(|| {
				not_verified(7, "the review was not assigned to another organisation")
			})?;
		self.account.note(format!(
			"served at once without consent; the ledger assigned the review to {}",
			MEMBERS
				.iter()
				.find(|member| member.number == reviewer.0)
				.map_or("an unknown member", |member| member.name)
		));
		Ok(())
	}
}
