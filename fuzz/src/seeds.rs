//! The inputs with which the fuzzer begins, and a dictionary of handles.
//!
//! Every story is run first, and every one of its calls has to succeed: a story that the runtime has outgrown is an error.
//! Beside the stories, every call that decodes from zeros is one input, so that no call is forgotten.

use crate::{arriving, offer, on_chain, pass, signed, step, Ended, Pass, MEMBERS, START};
use codec::{DecodeLimit, Encode};
use curex_primitives::{
	benchmarks::broad_terms, commitment::withdraw_lock, exchange::exchange_id, permit::permit_id,
	subscription::subscription_id, AcknowledgementCode, Assessment, Attestation, BatchAnswer,
	BatchCompletion, BatchRequest, Category, Commitment, Competence, Confidence, ConsentId,
	ConsentTerms, DataFormat, DataUseConditions, DisputeGrounds, ErasureId, ErasureMethod,
	ExchangeId, ExchangeProposal, Gate, Grantee, Ground, GroupId, Level, MerkleRoot,
	OrganisationId, PermitTerms, Purpose, RecordHandle, Regimes, ReviewVerdict, SecondaryPurpose,
	Settlement, SizeBucket, SubscriptionTerms, SLOTS,
};
use curex_runtime::{Runtime, RuntimeCall};
use std::{collections::BTreeMap, fmt::Write as _, io, path::Path};

const HOLDER: u8 = 0;
const RECIPIENT: u8 = 4;
const AUTHORITY: u8 = 5;
const KEY: [u8; 32] = [7; 32];
const CODE: [u8; 32] = [8; 32];
const CONSENT: ConsentId = ConsentId([9; 32]);
const DAY: u64 = 24 * 3_600 * 1_000;

fn commitment(number: u8) -> Commitment {
	Commitment([number; 32])
}

/// What happens on a chain, and the input that makes it happen.
#[derive(Default)]
struct Story {
	bytes: Vec<u8>,
}

impl Story {
	fn after(&mut self, time: Pass, member: u8, call: impl Into<RuntimeCall>) {
		let call = call.into();
		self.bytes.extend(step(member, time, &call));
		pass(time as u8);
		let name = format!("{call:?}");
		let ended = offer(signed(MEMBERS[usize::from(member)], call));
		assert_eq!(ended, Ended::Done, "{name}");
	}

	fn then(&mut self, member: u8, call: impl Into<RuntimeCall>) {
		self.after(Pass::Nothing, member, call);
	}
}

fn terms() -> ConsentTerms {
	ConsentTerms {
		grantee: Grantee::Organisation(OrganisationId(RECIPIENT.into())),
		withdraw_lock: withdraw_lock(&CODE),
		..broad_terms(GroupId(0), 0, START)
	}
}

fn proposal(partner: u8, gate: Gate, purpose: Purpose, number: u8) -> ExchangeProposal {
	ExchangeProposal {
		partner: OrganisationId(partner.into()),
		gate,
		purpose,
		categories: Category::PatientSummary.into(),
		envelope: commitment(number),
		recipient_key: commitment(number + 1),
		border: None,
	}
}

fn assessment() -> pallet_risk::Call<Runtime> {
	let assessment = Assessment {
		cyber: Level::Low,
		privacy: Level::Low,
		patient_safety: Level::Low,
		confidence: Confidence::High,
		attestation: Attestation::SelfAssessed,
		inputs: commitment(1),
		parameters: 1,
		evidence: commitment(2),
		assessed_at: START,
		expires_at: START + DAY,
	};
	pallet_risk::Call::record { number: 1, assessment }
}

/// A consent is filed and the recipient assessed.
fn consented(story: &mut Story) {
	story.then(RECIPIENT, assessment());
	story.then(HOLDER, pallet_consent::Call::file { id: CONSENT, terms: terms() });
}

fn request(key: [u8; 32], number: u8) -> pallet_exchange::Call<Runtime> {
	let gate = Gate::Consent(CONSENT);
	let proposal = proposal(HOLDER, gate, Purpose::Treatment, number);
	pallet_exchange::Call::request { key, proposal }
}

fn requested(key: [u8; 32]) -> ExchangeId {
	exchange_id(OrganisationId(RECIPIENT.into()), &key)
}

/// Up to the receipt.
fn delivered(story: &mut Story) -> ExchangeId {
	use pallet_exchange::Call;
	consented(story);
	let id = requested(KEY);
	story.after(Pass::Block, RECIPIENT, request(KEY, 10));
	story.then(HOLDER, Call::approve { id });
	story.after(Pass::Block, HOLDER, Call::dispatch { id, payload: commitment(12) });
	story.after(Pass::Block, RECIPIENT, Call::receive { id, receipt: commitment(13) });
	id
}

fn disputed(story: &mut Story) {
	use pallet_exchange::Call;
	let id = delivered(story);
	let (code, grounds) = (AcknowledgementCode::Accepted, DisputeGrounds::Content);
	story.then(RECIPIENT, Call::acknowledge { id, code, evidence: None });
	story.after(Pass::Hour, RECIPIENT, Call::dispute { id, grounds, evidence: commitment(14) });
	story.then(HOLDER, Call::answer_dispute { id, answer: commitment(15) });
	story.then(RECIPIENT, Call::settle_dispute { id, settlement: Settlement::Remedied });
	story.then(HOLDER, Call::attest_package { id, assessment: commitment(17) });
	story.then(RECIPIENT, Call::attest_package { id, assessment: commitment(18) });
	story.then(HOLDER, Call::rectify { id, notice: commitment(16) });
	story.after(Pass::Day, RECIPIENT, Call::acknowledge_rectification { id });
	story.then(AUTHORITY, Call::set_hold { id });
	story.after(Pass::Year, AUTHORITY, Call::lift_hold { id });
}

fn reversed(story: &mut Story) {
	use pallet_exchange::Call;
	let id = delivered(story);
	let (code, evidence) = (AcknowledgementCode::WrongPatient, Some(commitment(14)));
	story.after(Pass::Hour, RECIPIENT, Call::acknowledge { id, code, evidence });
}

fn suspended(story: &mut Story) {
	use pallet_exchange::Call;
	consented(story);
	let id = requested(KEY);
	story.after(Pass::Block, RECIPIENT, request(KEY, 10));
	story.then(HOLDER, Call::approve { id });
	story.then(HOLDER, Call::suspend { id });
	story.after(Pass::Block, HOLDER, Call::resume { id });
	story.then(AUTHORITY, Call::suspend_by_policy { id });
	story.after(Pass::Block, AUTHORITY, Call::resume_by_policy { id });
	story.then(HOLDER, pallet_consent::Call::withdraw { id: CONSENT });
}

fn emergency(story: &mut Story) {
	use pallet_exchange::Call;
	let gate = Gate::BreakGlass(Ground::LifeThreat);
	let proposal = proposal(HOLDER, gate, Purpose::EmergencyTreatment, 10);
	let break_glass = Call::break_glass { key: KEY, proposal, ground_evidence: commitment(12) };
	story.after(Pass::Block, RECIPIENT, break_glass);
	let id = requested(KEY);
	story.then(HOLDER, Call::dispatch { id, payload: commitment(13) });
	let review = pallet_exchange::Reviews::<Runtime>::get(id).expect("each is reviewed");
	let reviewer = review.reviewer.expect("there are other hospitals").0 as u8;
	let (verdict, reasons) = (ReviewVerdict::Unjustified, commitment(14));
	story.after(Pass::Hour, reviewer, Call::review { id, verdict, reasons });
}

fn standing_order(story: &mut Story) {
	use pallet_exchange::Call;
	consented(story);
	let terms = SubscriptionTerms {
		holder: OrganisationId(HOLDER.into()),
		gate: Gate::Consent(CONSENT),
		purpose: Purpose::Treatment,
		categories: Category::PatientSummary.into(),
		border: None,
		until: START + DAY / 2,
		min_interval_s: 60,
		envelope: commitment(10),
		recipient_key: commitment(11),
	};
	story.then(RECIPIENT, Call::subscribe { key: KEY, terms });
	let id = subscription_id(OrganisationId(RECIPIENT.into()), &KEY);
	story.then(HOLDER, Call::accept_subscription { id });
	for (number, time) in [(12, Pass::Block), (14, Pass::Hour)] {
		let (envelope, payload) = (commitment(number), commitment(number + 1));
		let key = [number; 32];
		story.after(time, HOLDER, Call::deliver { subscription: id, key, envelope, payload });
	}
	story.after(Pass::Day, HOLDER, pallet_consent::Call::withdraw { id: CONSENT });
}

fn batches(story: &mut Story) {
	use pallet_exchange::Call;
	consented(story);
	let keys: Vec<[u8; 32]> = (20..23).map(|number| [number; 32]).collect();
	let requests: Vec<_> = (30..)
		.step_by(2)
		.zip(&keys)
		.map(|(number, key)| {
			let gate = Gate::Consent(CONSENT);
			let proposal = proposal(HOLDER, gate, Purpose::Treatment, number);
			BatchRequest { key: *key, proposal }
		})
		.collect();
	let answers: Vec<_> = (40..)
		.zip(&keys)
		.map(|(number, key)| BatchAnswer { exchange: requested(*key), payload: commitment(number) })
		.collect();
	let completions: Vec<_> = (50..)
		.zip(&keys)
		.map(|(number, key)| BatchCompletion {
			exchange: requested(*key),
			receipt: commitment(number),
			code: AcknowledgementCode::Accepted,
			evidence: None,
		})
		.collect();
	let few = "three are at most 256";
	let items = requests.try_into().expect(few);
	story.after(Pass::Block, RECIPIENT, Call::request_batch { items });
	let items = answers.try_into().expect(few);
	story.after(Pass::Block, HOLDER, Call::answer_batch { items });
	let items = completions.try_into().expect(few);
	story.after(Pass::Block, RECIPIENT, Call::complete_batch { items });
}

fn secondary_use(story: &mut Story) {
	use pallet_secondary_use::Call;
	let user = OrganisationId(RECIPIENT.into());
	let terms = PermitTerms {
		user,
		purpose: SecondaryPurpose::Research,
		categories: Category::PatientSummary.into(),
		environment: commitment(1),
		format: DataFormat::Pseudonymised,
		justification: commitment(2),
		valid_from: START,
		valid_until: START + 30 * DAY,
		conditions: DataUseConditions::EMPTY,
		document: commitment(3),
	};
	let id = permit_id(OrganisationId(AUTHORITY.into()), &KEY);
	let (holder, dataset) = (OrganisationId(HOLDER.into()), commitment(4));
	story.then(RECIPIENT, assessment());
	story.then(AUTHORITY, Call::issue { key: KEY, terms });
	story.then(AUTHORITY, Call::name_holder { id, holder, dataset });
	let (cohort, opt_out) = (MerkleRoot([5; 32]), MerkleRoot([6; 32]));
	let (size, excluded) = (SizeBucket::Hundreds, SizeBucket::None);
	story.then(HOLDER, Call::commit_cohort { id, dataset, cohort, size, opt_out, excluded });
	story.after(Pass::Block, HOLDER, Call::extract { id, dataset, payload: commitment(7) });
	let gate = Gate::Permit { permit: id, extraction: 0 };
	let recipient_key = commitment(0);
	let proposal =
		ExchangeProposal { recipient_key, ..proposal(RECIPIENT, gate, Purpose::Research, 10) };
	story.then(HOLDER, pallet_exchange::Call::offer { key: KEY, proposal });
	let offered = exchange_id(holder, &KEY);
	let accept = pallet_exchange::Call::accept { id: offered, recipient_key: commitment(11) };
	story.after(Pass::Block, RECIPIENT, accept);
	let (outputs, check) = (commitment(12), commitment(13));
	story.after(Pass::Hour, AUTHORITY, Call::export { id, outputs, check });
	story.then(RECIPIENT, Call::report_reidentification { id, evidence: commitment(14) });
}

fn oversight(story: &mut Story) {
	use pallet_oversight::Call;
	let (root, count) = (MerkleRoot([1; 32]), SizeBucket::More);
	let anchor = |sequence, from, to| Call::anchor { sequence, root, count, from, to };
	story.then(HOLDER, anchor(1, START - DAY, START - 2));
	story.after(Pass::Day, HOLDER, anchor(2, START - 1, START));
	let (about, case) = (RecordHandle([1; 32]), commitment(2));
	let (organisation, field) = (OrganisationId(HOLDER.into()), Competence::DataProtection);
	let term = DAY;
	let inquiry = Call::open_inquiry { organisation, field, about, case, term };
	story.then(AUTHORITY, inquiry);
	story.then(HOLDER, Call::disclose { inquiry: 0, evidence: commitment(3) });
	let breach = Call::open_breach {
		case: commitment(4),
		detected_at: START,
		regimes: Regimes::all(),
		affected_from: START - DAY,
		affected_until: START,
	};
	story.after(Pass::Hour, HOLDER, breach);
}

fn erasure(story: &mut Story) {
	use pallet_erasure::Call;
	let orders = core::array::from_fn::<_, SLOTS, _>(|slot| ErasureId([slot as u8 + 1; 32]));
	story.then(HOLDER, Call::file { orders });
	let (day, method) = ((START / DAY) as u32, ErasureMethod::CryptographicErase);
	let attest = Call::attest { day, top: [9; 32], method, evidence: commitment(1) };
	story.after(Pass::Day, RECIPIENT, attest);
	let hold = Call::hold { day, case: commitment(2) };
	story.then(AUTHORITY, hold);
	story.after(Pass::Year, AUTHORITY, Call::lift { day });
}

fn tickets(story: &mut Story) {
	use pallet_consent::Call;
	let (root, valid_until) = (MerkleRoot([1; 32]), START + DAY);
	let withdraw_lock = withdraw_lock(&CODE);
	story.then(HOLDER, Call::record_tickets { root, withdraw_lock, valid_until });
	story.after(Pass::Hour, HOLDER, Call::withdraw_tickets { root });
}

/// A withdrawal by code, which nobody signs.
fn withdrawn_by_code(story: &mut Story) {
	consented(story);
	let call = pallet_consent::Call::<Runtime>::withdraw_by_code { id: CONSENT, code: CODE };
	story.bytes.extend(step(6, Pass::Block, &call.into()));
}

/// The last call of a story as it arrives at a node.
fn arrived(story: &mut Story) {
	consented(story);
	let key = MEMBERS[usize::from(RECIPIENT)];
	story.bytes.extend(arriving(&signed(key, request(KEY, 10).into())));
}

/// Every call that decodes from zeros.
fn from_zeros() -> Vec<(String, Vec<u8>)> {
	let mut found = Vec::new();
	for (pallet, call) in (0..=u8::MAX).flat_map(|one| (0..=u8::MAX).map(move |two| (one, two))) {
		let mut zeros = vec![0; 4_096];
		(zeros[0], zeros[1]) = (pallet, call);
		if let Ok(decoded) = RuntimeCall::decode_with_depth_limit(8, &mut &zeros[..]) {
			let bytes = step(HOLDER, Pass::Nothing, &decoded);
			found.push((format!("call-{pallet}-{call}"), bytes));
		}
	}
	found
}

/// Handles that no mutation would find, since they are hashes.
fn dictionary() -> String {
	let mut text = String::new();
	let mut add = |handle: &[u8]| {
		let escaped = handle.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
		let _ = writeln!(text, "\"{escaped}\"");
	};
	for member in [HOLDER, RECIPIENT, AUTHORITY].map(|member| OrganisationId(member.into())) {
		for key in [KEY, [20; 32], [21; 32]] {
			add(&exchange_id(member, &key).0);
			add(&subscription_id(member, &key).0);
			add(&permit_id(member, &key).0);
		}
	}
	add(&CONSENT.encode());
	add(&START.to_le_bytes());
	text
}

/// Writes the inputs into `corpus` in this folder, and the dictionary beside it. Gives how many inputs there are.
///
/// ## Errors
/// Those of writing.
pub fn write(folder: &Path) -> io::Result<usize> {
	let stories: BTreeMap<&str, fn(&mut Story)> = BTreeMap::from([
		("arrived", arrived as fn(&mut Story)),
		("batches", batches),
		("disputed", disputed),
		("emergency", emergency),
		("erasure", erasure),
		("oversight", oversight),
		("reversed", reversed),
		("secondary-use", secondary_use),
		("standing-order", standing_order),
		("suspended", suspended),
		("tickets", tickets),
		("withdrawn-by-code", withdrawn_by_code),
	]);
	let mut inputs = from_zeros();
	for (name, tell) in stories {
		let mut story = Story::default();
		on_chain(|| tell(&mut story));
		inputs.push((name.to_string(), story.bytes));
	}
	let corpus = folder.join("corpus");
	std::fs::create_dir_all(&corpus)?;
	std::fs::write(folder.join("dictionary"), dictionary())?;
	inputs.iter().try_for_each(|(name, bytes)| std::fs::write(corpus.join(name), bytes))?;
	Ok(inputs.len())
}
