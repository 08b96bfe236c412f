//! The paths that are compared: what is signed for each, and by which event of the ledger an exchange counts.

use crate::{
	ledger::{Ledger, Pen},
	load::{Lane, Plan},
	members::{Account, Pair},
	Error,
};
use curex_client::ledger::curex::{self, runtime_types::curex_primitives as generated};
use curex_primitives::{
	commitment::withdraw_lock,
	exchange::{batch_message, exchange_id, request_message},
	AccessMode, AccessModes, AcknowledgementCode, Assessment, Attestation, BatchAnswer,
	BatchCompletion, BatchRequest, BatchService, Categories, Category, Commitment, Confidence,
	ConsentId, ConsentTerms, Countersignature, ExchangeId, ExchangeProposal, Gate, Grantee,
	LegalBasis, Level, Moment, OrganisationId, Purpose, Representation,
};

/// Most exchanges in one transaction of the batch path.
pub const MOST_AT_ONCE: usize = curex_primitives::batch::MAX_BATCH as usize;

/// For how many blocks a countersignature is made to last.
const COUNTERSIGNED_FOR: u64 = 1_000;

/// For how long consents and assessments are made to last, milliseconds.
const A_MONTH: Moment = 30 * 24 * 3_600 * 1_000;

/// A path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
	/// The cheapest signed call that admission lets through: one small value, overwritten.
	Floor,
	/// One transaction with both parties' signatures: requested, approved and dispatched.
	Countersigned,
	/// That, and the recipient's receipt and acknowledgement in another transaction.
	Completed,
	/// Every step a transaction of its own.
	Full,
	/// Two transactions for many exchanges: what the recipient signed together, served; receipts and acknowledgements.
	Batch,
	/// Three transactions for many exchanges: requests; approvals and dispatches; receipts and acknowledgements.
	Stepwise,
}

impl Path {
	/// All, in the order in which they are measured.
	pub const ALL: [Self; 6] = [
		Self::Floor,
		Self::Countersigned,
		Self::Completed,
		Self::Full,
		Self::Batch,
		Self::Stepwise,
	];

	/// Name in tables and JSON.
	pub const fn name(self) -> &'static str {
		match self {
			Self::Floor => "floor",
			Self::Countersigned => "one-transaction",
			Self::Completed => "one-transaction, acknowledged",
			Self::Full => "full",
			Self::Batch => "batch",
			Self::Stepwise => "batch, step by step",
		}
	}

	/// Exchanges in one transaction, where a batch has so many.
	pub const fn at_once(self, batch: usize) -> usize {
		match self {
			Self::Floor | Self::Countersigned | Self::Completed | Self::Full => 1,
			Self::Batch | Self::Stepwise => batch,
		}
	}

	/// The event of the ledger that counts an exchange, or a call of the floor.
	pub const fn event(self) -> (&'static str, &'static str) {
		match self {
			Self::Floor => ("Orders", "PolicySet"),
			Self::Countersigned => ("Exchange", "Dispatched"),
			Self::Completed | Self::Full | Self::Batch | Self::Stepwise => {
				("Exchange", "Acknowledged")
			},
		}
	}

	/// How many transactions wait at least.
	const fn least_waiting(self) -> usize {
		match self {
			Self::Floor | Self::Countersigned | Self::Completed | Self::Full => 256,
			Self::Batch | Self::Stepwise => 6,
		}
	}
}

/// A consent under which exchanges go.
#[derive(Clone, Copy)]
pub struct FiledConsent {
	/// Its handle.
	pub id: ConsentId,
	/// The code that withdraws it.
	pub code: [u8; 32],
}

/// What all exchanges need: a consent of each pair, and an assessment of each recipient.
pub struct Preparation {
	/// The transactions.
	pub plan: Plan,
	/// The consents of each pair.
	pub consents: Vec<Vec<FiledConsent>>,
}

/// Makes every account's numbers those that the ledger expects next.
pub async fn renumber(ledger: &Ledger, pairs: &mut [Pair]) -> Result<(), Error> {
	for pair in pairs {
		for organisation in [&mut pair.holder, &mut pair.recipient] {
			for account in organisation.lanes.iter_mut().flatten() {
				account.next = ledger.next_number(account.signer.account()).await?;
			}
		}
	}
	Ok(())
}

/// Files `count` consents of each pair and assesses each recipient.
pub fn prepare(
	pen: &Pen,
	pairs: &mut [Pair],
	count: usize,
	now: Moment,
) -> Result<Preparation, Error> {
	let (mut lanes, mut consents) = (Vec::new(), Vec::new());
	for pair in pairs {
		let call = curex::tx().risk().record(1, assessment(now).into());
		let assessment = sign(pen, "risk.record", &call, &mut pair.recipient.lanes[0][0])?;
		lanes.push(Lane { steps: vec![vec![assessment]] });

		let (mut filings, mut filed) = (Vec::new(), Vec::new());
		for _ in 0..count {
			let consent = FiledConsent { id: ConsentId(rand::random()), code: rand::random() };
			let terms = terms(pair.recipient.id, &consent.code, now);
			let call = curex::tx().consent().file(consent.id.into(), terms.into());
			filings.push(sign(pen, "consent.file", &call, &mut pair.holder.lanes[0][0])?);
			filed.push(consent);
		}
		lanes.push(Lane { steps: vec![filings] });
		consents.push(filed);
	}
	let plan = Plan { lanes, least_waiting: 256 };
	Ok(Preparation { plan, consents })
}

/// Signs `count` exchanges of a path, spread over the lanes of the pairs; `batch` of them in a batch.
pub fn plan(
	path: Path,
	pen: &Pen,
	genesis: &[u8; 32],
	pairs: &mut [Pair],
	consents: &[Vec<FiledConsent>],
	count: usize,
	batch: usize,
) -> Result<Plan, Error> {
	let lanes: usize = pairs.iter().map(|pair| pair.holder.lanes.len()).sum();
	// The floor has no recipient: both sides' accounts are lanes of their own.
	let lanes = if path == Path::Floor { 2 * lanes } else { lanes };
	let each = count.div_ceil(lanes.max(1) * path.at_once(batch));
	let mut plan = Plan { lanes: Vec::new(), least_waiting: path.least_waiting() };
	// All lanes with the same index first: pairs take turns.
	let most = pairs.iter().map(|pair| pair.holder.lanes.len()).max().unwrap_or(0);
	for lane in 0..most {
		for (pair, consents) in pairs.iter_mut().zip(consents) {
			let mut maker = Maker { pen, genesis, pair, consents, lane, used: 0 };
			match path {
				Path::Floor => plan.lanes.extend(maker.floor(each)?),
				Path::Countersigned => plan.lanes.push(maker.countersigned(each, false)?),
				Path::Completed => plan.lanes.push(maker.countersigned(each, true)?),
				Path::Full => plan.lanes.push(maker.full(each)?),
				Path::Batch => plan.lanes.push(maker.batches(each, batch)?),
				Path::Stepwise => plan.lanes.push(maker.stepwise(each, batch)?),
			}
		}
	}
	Ok(plan)
}

/// Signs what one lane of one pair submits.
struct Maker<'a> {
	pen: &'a Pen,
	genesis: &'a [u8; 32],
	pair: &'a mut Pair,
	consents: &'a [FiledConsent],
	lane: usize,
	used: usize,
}

/// An exchange that is to be requested.
struct Draft {
	key: [u8; 32],
	id: ExchangeId,
	proposal: ExchangeProposal,
}

impl Maker<'_> {
	fn draft(&mut self) -> Draft {
		let consent = self.consents[self.used % self.consents.len()];
		self.used += 1;
		let key = rand::random();
		Draft {
			key,
			id: exchange_id(self.pair.recipient.id, &key),
			proposal: ExchangeProposal {
				partner: self.pair.holder.id,
				gate: Gate::Consent(consent.id),
				purpose: Purpose::Treatment,
				categories: [Category::PatientSummary].into_iter().collect(),
				envelope: Commitment(rand::random()),
				recipient_key: Commitment(rand::random()),
				border: None,
			},
		}
	}

	/// Signs with the account of the holder's step.
	fn by_holder<P: subxt::tx::Payload>(
		&mut self,
		step: usize,
		name: &'static str,
		call: &P,
	) -> Result<Vec<u8>, Error> {
		sign(self.pen, name, call, &mut self.pair.holder.lanes[self.lane][step])
	}

	/// Signs with the account of the recipient's step.
	fn by_recipient<P: subxt::tx::Payload>(
		&mut self,
		step: usize,
		name: &'static str,
		call: &P,
	) -> Result<Vec<u8>, Error> {
		sign(self.pen, name, call, &mut self.pair.recipient.lanes[self.lane][step])
	}

	fn floor(&mut self, count: usize) -> Result<[Lane; 2], Error> {
		let call = curex::tx().orders().set_policy(generated::orders::Policy {
			discover_every: 0,
			watch_every: 0,
			survey_every: 0,
			assess_every: 0,
		});
		let (mut holders, mut recipients) = (Vec::new(), Vec::new());
		for _ in 0..count {
			holders.push(self.by_holder(0, "orders.set_policy", &call)?);
			recipients.push(self.by_recipient(0, "orders.set_policy", &call)?);
		}
		Ok([Lane { steps: vec![holders] }, Lane { steps: vec![recipients] }])
	}

	/// The recipient's signature over what `message` makes of the block until which it lasts.
	fn countersign(
		&self,
		message: impl FnOnce(u32) -> [u8; 48],
	) -> Result<Countersignature, Error> {
		let expires_at = u32::try_from(self.pen.block() + COUNTERSIGNED_FOR)
			.map_err(|_| Error::Protocol("the ledger has too many blocks".into()))?;
		let signer = &self.pair.recipient.lanes[self.lane][0].signer;
		let signature = signer.sign(&message(expires_at))?;
		Ok(Countersignature { signer: signer.account(), signature, expires_at })
	}

	fn countersigned(&mut self, count: usize, acknowledged: bool) -> Result<Lane, Error> {
		let (mut served, mut completed) = (Vec::new(), Vec::new());
		for _ in 0..count {
			let Draft { key, id, proposal } = self.draft();
			let recipient = self.pair.recipient.id;
			let request = self.countersign(|expires_at| {
				request_message(self.genesis, recipient, &key, &proposal, expires_at)
			})?;
			let payload = Commitment(rand::random());
			let call = curex::tx().exchange().serve_countersigned(
				key,
				proposal.into(),
				payload.into(),
				request.into(),
			);
			served.push(self.by_holder(0, "exchange.serve_countersigned", &call)?);
			if acknowledged {
				let call = curex::tx().exchange().complete(
					id.into(),
					Commitment(rand::random()).into(),
					AcknowledgementCode::Accepted.into(),
					None,
				);
				completed.push(self.by_recipient(1, "exchange.complete", &call)?);
			}
		}
		let mut steps = vec![served];
		if acknowledged {
			steps.push(completed);
		}
		Ok(Lane { steps })
	}

	fn full(&mut self, count: usize) -> Result<Lane, Error> {
		let mut steps = vec![Vec::new(); 5];
		for _ in 0..count {
			let Draft { key, id, proposal } = self.draft();
			let calls = curex::tx().exchange();
			let call = calls.request(key, proposal.into());
			steps[0].push(self.by_recipient(0, "exchange.request", &call)?);
			let call = calls.approve(id.into());
			steps[1].push(self.by_holder(0, "exchange.approve", &call)?);
			let call = calls.dispatch(id.into(), Commitment(rand::random()).into());
			steps[2].push(self.by_holder(1, "exchange.dispatch", &call)?);
			let call = calls.receive(id.into(), Commitment(rand::random()).into());
			steps[3].push(self.by_recipient(1, "exchange.receive", &call)?);
			let call = calls.acknowledge(id.into(), AcknowledgementCode::Accepted.into(), None);
			steps[4].push(self.by_recipient(2, "exchange.acknowledge", &call)?);
		}
		Ok(Lane { steps })
	}

	/// Requests for a batch, and the exchanges that they begin.
	fn requests(&mut self, size: usize) -> (Vec<BatchRequest>, Vec<ExchangeId>) {
		(0..size)
			.map(|_| {
				let Draft { key, id, proposal } = self.draft();
				(BatchRequest { key, proposal }, id)
			})
			.unzip()
	}

	/// Signs the completion of a batch.
	fn completion(&mut self, ids: &[ExchangeId]) -> Result<Vec<u8>, Error> {
		let items = ids
			.iter()
			.map(|id| {
				let completion = BatchCompletion {
					exchange: *id,
					receipt: Commitment(rand::random()),
					code: AcknowledgementCode::Accepted,
					evidence: None,
				};
				completion.into()
			})
			.collect();
		let call = curex::tx().exchange().complete_batch(bounded(items));
		self.by_recipient(1, "exchange.complete_batch", &call)
	}

	fn batches(&mut self, count: usize, size: usize) -> Result<Lane, Error> {
		let mut steps = vec![Vec::new(); 2];
		for _ in 0..count {
			let (requests, ids) = self.requests(size);
			let recipient = self.pair.recipient.id;
			let signed = self.countersign(|expires_at| {
				batch_message(self.genesis, recipient, requests.iter(), expires_at)
			})?;
			let items = requests
				.into_iter()
				.map(|request| BatchService { request, payload: Commitment(rand::random()) }.into())
				.collect();
			let call =
				curex::tx().exchange().serve_countersigned_batch(bounded(items), signed.into());
			steps[0].push(self.by_holder(0, "exchange.serve_countersigned_batch", &call)?);
			steps[1].push(self.completion(&ids)?);
		}
		Ok(Lane { steps })
	}

	fn stepwise(&mut self, count: usize, size: usize) -> Result<Lane, Error> {
		let mut steps = vec![Vec::new(); 3];
		for _ in 0..count {
			let (requests, ids) = self.requests(size);
			let requests = requests.into_iter().map(Into::into).collect();
			let answers = ids
				.iter()
				.map(|id| BatchAnswer { exchange: *id, payload: Commitment(rand::random()) }.into())
				.collect();
			let calls = curex::tx().exchange();
			let call = calls.request_batch(bounded(requests));
			steps[0].push(self.by_recipient(0, "exchange.request_batch", &call)?);
			let call = calls.answer_batch(bounded(answers));
			steps[1].push(self.by_holder(0, "exchange.answer_batch", &call)?);
			steps[2].push(self.completion(&ids)?);
		}
		Ok(Lane { steps })
	}
}

fn bounded<Item>(
	items: Vec<Item>,
) -> curex::runtime_types::bounded_collections::bounded_vec::BoundedVec<Item> {
	curex::runtime_types::bounded_collections::bounded_vec::BoundedVec(items)
}

fn sign<P: subxt::tx::Payload>(
	pen: &Pen,
	name: &'static str,
	call: &P,
	account: &mut Account,
) -> Result<Vec<u8>, Error> {
	let bytes = pen.sign(name, call, &account.signer, account.next)?;
	account.next += 1;
	Ok(bytes)
}

/// A consent for treatment that its uses never exhaust.
fn terms(recipient: OrganisationId, code: &[u8; 32], now: Moment) -> ConsentTerms {
	ConsentTerms {
		grantee: Grantee::Organisation(recipient),
		basis: LegalBasis::EXPLICIT_CONSENT,
		purposes: [Purpose::Treatment].into_iter().collect(),
		categories: [Category::PatientSummary].into_iter().collect::<Categories>(),
		access_modes: [AccessMode::View].into_iter().collect::<AccessModes>(),
		valid_from: now - 60_000,
		valid_until: now + A_MONTH,
		erase_at: now + A_MONTH,
		max_uses: u32::MAX,
		min_interval_s: 0,
		terms: Commitment(rand::random()),
		evidence: Commitment(rand::random()),
		withdraw_lock: withdraw_lock(code),
		policy_version: 1,
		representation: Representation::Own,
	}
}

/// An assessment with which no holder asks for a person's release.
fn assessment(now: Moment) -> Assessment {
	Assessment {
		cyber: Level::Low,
		privacy: Level::Low,
		patient_safety: Level::Low,
		confidence: Confidence::High,
		attestation: Attestation::SelfAssessed,
		inputs: Commitment(rand::random()),
		parameters: 0,
		evidence: Commitment(rand::random()),
		assessed_at: now - 60_000,
		expires_at: now + A_MONTH,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use curex_primitives::Report;

	const NOW: Moment = 1_790_000_000_000;

	#[test]
	fn the_ledger_takes_the_terms_and_the_assessment() {
		let terms = terms(OrganisationId(7), &[1; 32], NOW);
		assert_eq!(terms.check(OrganisationId(6), NOW), Ok(()));
		assert!(terms.encode().len() < 256, "a consent is small: {}", terms.encode().len());
		assert!(Report::Assessment(assessment(NOW)).check(NOW).is_ok());
	}

	#[test]
	fn every_path_counts_by_an_event() {
		for path in Path::ALL {
			let (pallet, event) = path.event();
			assert!(!pallet.is_empty() && !event.is_empty() && path.at_once(2) > 0);
		}
	}
}
