//! Random operations against a plain model that knows no storage, no lists and no lazy deadlines of the pallet's; the
//! invariants after every step.
//!
//! `CUREX_MODEL_SEEDS=100 CUREX_MODEL_STEPS=10000 cargo test -p pallet-exchange model` runs more.

use crate::{mock::*, Exchanges, Reviews, Sequences};
use curex_primitives::{
	exchange::exchange_id, AcknowledgementCode, BatchRequest, ConsentId, ConsentTerms, Direction,
	DisputeGrounds, Duty, ExchangeId, ExchangeProposal, ExchangeState, Gate, Grantee, LegalBasis,
	Obligation, OrganisationId, OrganisationStatus, ReviewVerdict, Settlement, Suspender,
	WithdrawLock,
};
use frame::testing_prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Seeds that every run takes.
const SEEDS: [u64; 4] = [0x5EED_0001, 0x5EED_0002, 0xC0FF_EE00, 0xDEAD_BEEF];
const PARTIES: [OrganisationId; 3] = [HOLDER, RECIPIENT, HOSPITAL];

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
	fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
		let mut mixed = self.0;
		mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
		mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
		mixed ^ mixed >> 31
	}

	fn below(&mut self, bound: usize) -> usize {
		(self.next() % bound as u64) as usize
	}

	fn pick<T: Copy>(&mut self, from: &[T]) -> T {
		from[self.below(from.len())]
	}
}

#[derive(Clone, Copy, PartialEq)]
enum Basis {
	Consent(usize),
	Care,
	Glass,
}

struct Item {
	direction: Direction,
	holder: OrganisationId,
	recipient: OrganisationId,
	basis: Basis,
	state: ExchangeState,
	deadline: u32,
	released: bool,
	suspended_by: Option<Suspender>,
	ended: Option<u32>,
	held: bool,
	unlisted: bool,
	relisted: Option<u32>,
	reviewed: bool,
	notified: bool,
	notice_open: Option<u8>,
	notices: u8,
	breach: bool,
	misuse: bool,
	assessed: BTreeSet<u32>,
}

struct Given {
	id: ConsentId,
	holder: OrganisationId,
	grantee: OrganisationId,
	withdrawn: Option<u32>,
}

#[derive(Default)]
struct Model {
	items: BTreeMap<ExchangeId, Item>,
	consents: Vec<Given>,
	suspended: BTreeSet<u32>,
	unfit: BTreeSet<u32>,
	counts: BTreeMap<u32, u64>,
	begun: u64,
	pruned: u64,
}

impl Model {
	fn active(&self, organisation: OrganisationId) -> bool {
		!self.suspended.contains(&organisation.0)
	}

	fn both_active(&self, item: &Item) -> bool {
		self.active(item.holder) && self.active(item.recipient)
	}

	fn rests(&self, basis: Basis, holder: OrganisationId, recipient: OrganisationId) -> bool {
		match basis {
			Basis::Consent(index) => {
				let given = &self.consents[index];
				given.holder == holder && given.grantee == recipient && given.withdrawn.is_none()
			},
			Basis::Care | Basis::Glass => true,
		}
	}

	fn allows(&self, item: &Item) -> bool {
		let fit = !self.unfit.contains(&item.recipient.0);
		self.both_active(item)
			&& self.rests(item.basis, item.holder, item.recipient)
			&& (fit || item.released || item.basis == Basis::Glass)
	}

	fn now_stands(&self, item: &Item, now: u32) -> ExchangeState {
		use ExchangeState::*;
		let over = now > item.deadline;
		let withdrawn_in_time = match item.basis {
			Basis::Consent(index) => {
				self.consents[index].withdrawn.is_some_and(|at| at <= item.deadline)
			},
			Basis::Care | Basis::Glass => false,
		};
		let suspended = item.basis != Basis::Glass && !over && !self.both_active(item);
		let going =
			matches!(item.state, Approved | Dispatched | AgreementSuspended | DeliverySuspended);
		match item.state {
			_ if going && (withdrawn_in_time || suspended) => Terminated,
			_ if !over => item.state,
			Requested | Held | Offered => NotServed,
			Disputed => Settled,
			Delivered => Expired,
			_ if going => Expired,
			ended => ended,
		}
	}

	fn block_ends(&mut self, now: u32) {
		let mut closed = Vec::new();
		for (id, item) in &self.items {
			if item.ended.is_none() && item.deadline < now {
				closed.push((*id, self.now_stands(item, now)));
			}
		}
		for (id, state) in closed {
			let item = self.items.get_mut(&id).unwrap();
			(item.state, item.ended) = (state, Some(now));
		}
		let retention = ExchangeRetention::get();
		let before = self.items.len();
		self.items.retain(|_, item| {
			let Some(ended) = item.ended else { return true };
			let listed = item.relisted.unwrap_or(ended + retention);
			if item.unlisted || now <= listed {
				return true;
			}
			item.unlisted = item.held;
			item.held
		});
		self.pruned += (before - self.items.len()) as u64;
	}

	fn begin(&mut self, id: ExchangeId, item: Item) {
		*self.counts.entry(item.holder.0).or_default() += 1;
		*self.counts.entry(item.recipient.0).or_default() += 1;
		self.begun += 1;
		self.items.insert(id, item);
	}
}

struct Run {
	model: Model,
	random: Random,
	drawn: u64,
}

impl Run {
	fn now(&self) -> u32 {
		System::block_number() as u32
	}

	fn some_key(&mut self) -> [u8; 32] {
		self.drawn += 1;
		let mut key = [0xE0; 32];
		key[..8].copy_from_slice(&self.drawn.to_le_bytes());
		key
	}

	fn some_exchange(&mut self) -> Option<ExchangeId> {
		let ids: Vec<_> = self.model.items.keys().copied().collect();
		(!ids.is_empty()).then(|| self.random.pick(&ids))
	}

	fn some_pair(&mut self) -> (OrganisationId, OrganisationId) {
		let first = self.random.below(3);
		let second = (first + 1 + self.random.below(2)) % 3;
		(PARTIES[first], PARTIES[second])
	}

	fn some_basis(&mut self) -> Basis {
		if self.model.consents.is_empty() || self.random.below(3) == 0 {
			Basis::Care
		} else {
			let newest = self.model.consents.len().saturating_sub(6);
			Basis::Consent(newest + self.random.below(self.model.consents.len() - newest))
		}
	}

	fn proposal(&self, partner: OrganisationId, basis: Basis) -> ExchangeProposal {
		let gate = match basis {
			Basis::Consent(index) => Gate::Consent(self.model.consents[index].id),
			Basis::Care => Gate::Statutory(LegalBasis::CARE),
			Basis::Glass => urgent().gate,
		};
		ExchangeProposal { partner, gate, ..pull() }
	}

	fn item(
		&self,
		direction: Direction,
		holder: OrganisationId,
		recipient: OrganisationId,
		basis: Basis,
		state: ExchangeState,
		window: u32,
	) -> Item {
		Item {
			direction,
			holder,
			recipient,
			basis,
			state,
			deadline: self.now() + window,
			released: false,
			suspended_by: None,
			ended: None,
			held: false,
			unlisted: false,
			relisted: None,
			reviewed: false,
			notified: false,
			notice_open: None,
			notices: 0,
			breach: false,
			misuse: false,
			assessed: BTreeSet::new(),
		}
	}

	fn begin(&mut self) {
		let (initiator, partner) = self.some_pair();
		let basis = self.some_basis();
		let key = self.some_key();
		let active = self.model.active(initiator);
		let unfit = |organisation: OrganisationId| self.model.unfit.contains(&organisation.0);
		match self.random.below(6) {
			0 => {
				let proposal = self.proposal(partner, basis);
				let offer = ExchangeProposal { recipient_key: push().recipient_key, ..proposal };
				let done = Exchange::offer(side(initiator), key, offer).is_ok();
				let allowed = active
					&& self.model.active(partner)
					&& self.model.rests(basis, initiator, partner);
				assert_eq!(done, allowed);
				if done {
					let offered = ExchangeState::Offered;
					let window = AnswerWindow::get();
					let item =
						self.item(Direction::Push, initiator, partner, basis, offered, window);
					self.model.begin(exchange_id(initiator, &key), item);
				}
			},
			1 => {
				let urgent = ExchangeProposal { partner, ..urgent() };
				let origin = delegate(initiator, Duty::Emergency);
				let done = Exchange::break_glass(origin, key, urgent, fresh()).is_ok();
				assert_eq!(done, active && self.model.active(partner));
				if done {
					let item = self.item(
						Direction::Pull,
						partner,
						initiator,
						Basis::Glass,
						ExchangeState::Approved,
						EmergencyWindow::get(),
					);
					self.model.begin(exchange_id(initiator, &key), item);
				}
			},
			2 => {
				let mut items = Vec::new();
				let mut begun = Vec::new();
				let held = unfit(initiator);
				for _ in 0..3 {
					let key = self.some_key();
					let broken = self.random.below(4) == 0;
					let mut proposal = self.proposal(partner, basis);
					if broken {
						proposal.recipient_key = proposal.envelope;
					} else {
						begun.push(key);
					}
					items.push(BatchRequest { key, proposal });
				}
				let done =
					Exchange::request_batch(side(initiator), items.try_into().unwrap()).is_ok();
				assert_eq!(done, active);
				for key in begun.into_iter().filter(|_| done) {
					self.requested(exchange_id(initiator, &key), initiator, partner, basis, held);
				}
			},
			_ => {
				let held = unfit(initiator);
				let proposal = self.proposal(partner, basis);
				let done = Exchange::request(side(initiator), key, proposal).is_ok();
				assert_eq!(done, active);
				if done {
					self.requested(exchange_id(initiator, &key), initiator, partner, basis, held);
				}
			},
		}
	}

	fn requested(
		&mut self,
		id: ExchangeId,
		recipient: OrganisationId,
		holder: OrganisationId,
		basis: Basis,
		held: bool,
	) {
		let state = if held { ExchangeState::Held } else { ExchangeState::Requested };
		let window = AnswerWindow::get();
		let item = self.item(Direction::Pull, holder, recipient, basis, state, window);
		self.model.begin(id, item);
	}

	/// One step of an exchange by one of the parties.
	fn step(&mut self) {
		use ExchangeState::*;
		let Some(id) = self.some_exchange() else { return };
		let now = self.now();
		let item = &self.model.items[&id];
		let (holder, recipient) = (item.holder, item.recipient);
		let stands = self.model.now_stands(item, now);
		let allows = self.model.allows(item);
		let (active_holder, active_recipient) =
			(self.model.active(holder), self.model.active(recipient));
		let rests = self.model.rests(item.basis, holder, recipient) && self.model.both_active(item);
		let unfit = self.model.unfit.contains(&recipient.0) && item.basis != Basis::Glass;
		let disputable = stands == Delivered
			|| stands == Acknowledged
				&& item.ended.is_none_or(|ended| now <= ended + DisputeWindow::get());
		let glass = item.basis == Basis::Glass;
		let released = item.released;
		let suspended_by = item.suspended_by;
		// Whatever else: sometimes the wrong party tries.
		let right = self.random.below(8) != 0;
		let by_holder = if right { holder } else { recipient };
		let by_recipient = if right { recipient } else { holder };
		let next;
		let mut deadline = None;
		let answered = Some(now + DeliveryWindow::get());
		let (done, expected) = match self.random.below(14) {
			0 => {
				let origin = delegate(by_holder, Duty::Review);
				let reason = curex_primitives::ReleaseReason::Compensated;
				let done = Exchange::release(origin, id, reason).is_ok();
				next = if stands == Held { Requested } else { stands };
				let place = matches!(stands, Held | Requested | Offered | Approved);
				(done, active_holder && place && !released && (stands == Held || unfit))
			},
			1 | 2 => {
				(next, deadline) = (Approved, answered);
				let done = Exchange::approve(side(by_holder), id).is_ok();
				(done, active_holder && stands == Requested && allows)
			},
			3 => {
				(next, deadline) = (Approved, answered);
				let done = Exchange::accept(side(by_recipient), id, fresh()).is_ok();
				(done, active_recipient && stands == Offered && rests)
			},
			4 | 5 => {
				(next, deadline) = (Dispatched, answered);
				let done = Exchange::dispatch(side(by_holder), id, fresh()).is_ok();
				(done, active_holder && stands == Approved && allows)
			},
			6 | 7 => {
				(next, deadline) = (Delivered, answered);
				let done = Exchange::receive(side(by_recipient), id, fresh()).is_ok();
				(done, active_recipient && stands == Dispatched)
			},
			8 => {
				next = Acknowledged;
				let code = AcknowledgementCode::Incomplete;
				let evidence = Some(fresh());
				let done = Exchange::acknowledge(side(by_recipient), id, code, evidence).is_ok();
				(done, active_recipient && stands == Delivered)
			},
			9 => {
				next = Reversed;
				let code = AcknowledgementCode::WrongPatient;
				let done = Exchange::acknowledge(side(by_recipient), id, code, None).is_ok();
				(done, active_recipient && (disputable || stands == Disputed))
			},
			10 => {
				next = if stands == Approved { AgreementSuspended } else { DeliverySuspended };
				let done = Exchange::suspend(side(by_holder), id).is_ok();
				(done, active_holder && matches!(stands, Approved | Dispatched) && !glass)
			},
			11 => {
				next = if stands == AgreementSuspended { Approved } else { Dispatched };
				let done = Exchange::resume(side(by_holder), id).is_ok();
				let place = matches!(stands, AgreementSuspended | DeliverySuspended);
				(done, active_holder && place && suspended_by == Some(Suspender::Holder))
			},
			12 => {
				(next, deadline) = (Disputed, Some(now + DisputeWindow::get()));
				let grounds = DisputeGrounds::Delivery;
				let done = Exchange::dispute(side(by_recipient), id, grounds, fresh()).is_ok();
				(done, active_recipient && disputable)
			},
			_ => {
				next = Settled;
				let how = Settlement::Remedied;
				let done = Exchange::settle_dispute(side(by_recipient), id, how).is_ok();
				(done, active_recipient && stands == Disputed)
			},
		};
		assert_eq!(done, expected && right, "{stands:?} to {next:?}");
		if !done {
			return;
		}
		let item = self.model.items.get_mut(&id).unwrap();
		if next == stands || stands == Held {
			item.released = true;
		}
		match next {
			AgreementSuspended | DeliverySuspended => item.suspended_by = Some(Suspender::Holder),
			Approved | Dispatched => item.suspended_by = None,
			Reversed => item.breach = true,
			_ => {},
		}
		item.state = next;
		item.deadline = deadline.unwrap_or(item.deadline);
		item.ended = next.is_final().then_some(now);
	}

	/// What follows from an exchange.
	fn follow(&mut self) {
		let Some(id) = self.some_exchange() else { return };
		let item = &self.model.items[&id];
		let (holder, recipient, glass) = (item.holder, item.recipient, item.basis == Basis::Glass);
		let record = Exchanges::<Test>::get(id).unwrap();
		let (sent, received) = (record.payload.is_some(), record.receipt.is_some());
		let (notice_open, notices) = (item.notice_open.is_some(), item.notices);
		let (reviewed, notified, breach, misuse, held, unlisted) =
			(item.reviewed, item.notified, item.breach, item.misuse, item.held, item.unlisted);
		let (holds, receives) = (self.model.active(holder), self.model.active(recipient));
		let now = self.now();
		let attest = |by, obligation| {
			let by = delegate(by, Duty::Oversight);
			Exchange::attest_duty(by, id, obligation, fresh()).is_ok()
		};
		match self.random.below(9) {
			0 => {
				let done = attest(holder, Obligation::PatientNotice);
				assert_eq!(done, holds && glass && !notified);
				self.model.items.get_mut(&id).unwrap().notified |= done;
			},
			1 => {
				let done = attest(holder, Obligation::Breach);
				assert_eq!(done, holds && breach);
				self.model.items.get_mut(&id).unwrap().breach &= !done;
			},
			2 => {
				let done = attest(recipient, Obligation::Misuse);
				assert_eq!(done, receives && misuse);
				self.model.items.get_mut(&id).unwrap().misuse &= !done;
			},
			3 => {
				let done = Exchange::rectify(side(holder), id, fresh()).is_ok();
				assert_eq!(done, holds && received && !notice_open && notices < 8);
				if done {
					let item = self.model.items.get_mut(&id).unwrap();
					(item.notice_open, item.notices) = (Some(notices), notices + 1);
				}
			},
			4 => {
				let done = Exchange::acknowledge_rectification(side(recipient), id).is_ok();
				assert_eq!(done, receives && notice_open);
				if done {
					self.model.items.get_mut(&id).unwrap().notice_open = None;
				}
			},
			5 => {
				let Some(review) = Reviews::<Test>::get(id) else { return assert!(!glass) };
				let Some(reviewer) = review.second.or(review.reviewer) else { return };
				let verdict =
					self.random.pick(&[ReviewVerdict::Justified, ReviewVerdict::Unjustified]);
				let origin = delegate(reviewer, Duty::Review);
				let done = Exchange::review(origin, id, verdict, fresh()).is_ok();
				assert_eq!(done, self.model.active(reviewer) && !reviewed);
				let item = self.model.items.get_mut(&id).unwrap();
				item.reviewed |= done;
				item.misuse |= done && verdict == ReviewVerdict::Unjustified;
			},
			6 => {
				use ExchangeState::{AgreementSuspended, Approved, Offered};
				let by = self.random.pick(&PARTIES);
				let has = if by == holder {
					let stands = self.model.now_stands(item, now);
					sent || matches!(stands, Offered | Approved | AgreementSuspended)
				} else {
					by == recipient && received
				};
				let expected = self.model.active(by) && has && !item.assessed.contains(&by.0);
				let done = Exchange::attest_package(side(by), id, fresh()).is_ok();
				assert_eq!(done, expected);
				if done {
					self.model.items.get_mut(&id).unwrap().assessed.insert(by.0);
				}
			},
			7 => {
				assert_eq!(Exchange::set_hold(supervisor(), id).is_ok(), !held);
				self.model.items.get_mut(&id).unwrap().held = true;
			},
			_ => {
				assert_eq!(Exchange::lift_hold(supervisor(), id).is_ok(), held);
				let item = self.model.items.get_mut(&id).unwrap();
				item.held = false;
				if held && unlisted {
					(item.unlisted, item.relisted) = (false, Some(now - 1));
				}
			},
		}
	}

	/// What happens around the exchanges.
	fn around(&mut self) {
		let now = self.now();
		match self.random.below(5) {
			0 | 1 => {
				let (holder, grantee) = self.some_pair();
				if !self.model.active(holder) {
					return;
				}
				self.drawn += 1;
				let mut bytes = [0xC7; 32];
				bytes[..8].copy_from_slice(&self.drawn.to_le_bytes());
				let (id, lock) = (ConsentId(bytes), WithdrawLock(bytes));
				let terms = ConsentTerms {
					grantee: Grantee::Organisation(grantee),
					withdraw_lock: lock,
					max_uses: u32::MAX,
					valid_until: START + 3_650 * DAY,
					erase_at: START + 3_650 * DAY,
					..terms()
				};
				assert_ok!(Consent::file(delegate(holder, Duty::Consent), id, terms));
				self.model.consents.push(Given { id, holder, grantee, withdrawn: None });
			},
			2 => {
				let live = self.model.consents.iter().position(|given| given.withdrawn.is_none());
				let Some(index) = live else { return };
				let given = &self.model.consents[index];
				if self.model.active(given.holder) {
					let holder = delegate(given.holder, Duty::Consent);
					assert_ok!(Consent::withdraw(holder, given.id));
					self.model.consents[index].withdrawn = Some(now);
				}
			},
			3 => {
				let member = self.random.pick(&PARTIES);
				let was = self.model.suspended.remove(&member.0);
				if !was && self.random.below(2) == 0 {
					self.model.suspended.insert(member.0);
					set_status(member, OrganisationStatus::Suspended);
				} else {
					set_status(member, OrganisationStatus::Active);
				}
			},
			_ => {
				let member = self.random.pick(&PARTIES);
				let was = self.model.unfit.remove(&member.0);
				if !was {
					self.model.unfit.insert(member.0);
				}
				set_fit(member, was);
			},
		}
	}

	fn compare(&self) {
		let now = self.now();
		let model = &self.model;
		assert_eq!(Exchanges::<Test>::iter_keys().count(), model.items.len());
		for (id, item) in &model.items {
			let (record, stands) = Exchange::effective(*id).expect("the model has it");
			assert_eq!(stands, model.now_stands(item, now));
			assert_eq!((record.direction, record.ended_at), (item.direction, item.ended));
		}
		for (organisation, count) in &model.counts {
			assert_eq!(Sequences::<Test>::get(OrganisationId(*organisation)), *count);
		}
	}

	fn go(seed: u64, steps: u32) -> (u64, u64) {
		let mut begun_and_pruned = (0, 0);
		// Short, so that pruning has its share.
		ExchangeRetention::set(40);
		new_test_ext().execute_with(|| {
			let (model, random) = (Model::default(), Random(seed));
			let mut run = Self { model, random, drawn: 0 };
			for _ in 0..steps {
				match run.random.below(20) {
					0 | 1 => run.begin(),
					2..=13 => run.step(),
					14..=16 => run.follow(),
					17 => run.around(),
					_ => {
						for _ in 0..1 + run.random.below(9) {
							let now = run.now();
							forward(1);
							run.model.block_ends(now);
						}
					},
				}
				System::reset_events();
				run.compare();
				check_invariants();
			}
			begun_and_pruned = (run.model.begun, run.model.pruned);
		});
		begun_and_pruned
	}
}

fn set_by_environment(name: &str, default: u64) -> u64 {
	std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn random_operations_agree_with_a_plain_model() {
	let seeds = set_by_environment("CUREX_MODEL_SEEDS", 1);
	let steps = set_by_environment("CUREX_MODEL_STEPS", 2_500) as u32;
	let more = (0..seeds.saturating_sub(1)).map(|number| 0xA11_0000 + number);
	for seed in SEEDS.into_iter().chain(more) {
		println!("seed {seed:#x}");
		let (begun, pruned) = Run::go(seed, steps);
		assert!(begun > u64::from(steps / 30), "{begun} exchanges began");
		assert!(steps < 2_000 || pruned > 0, "none was pruned");
	}
}
