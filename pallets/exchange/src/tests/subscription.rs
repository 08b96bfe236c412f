use crate::{mock::*, Commitments, Error, Event, Exchanges, Subscriptions};
use curex_primitives::{
	exchange::exchange_id, Categories, ConsentId, ConsentTerms, Direction, ExchangeState, Gate,
	Ground, LegalBasis, OrganisationId, OrganisationStatus, SubscriptionId, SubscriptionState,
	SubscriptionTerms,
};
use frame::testing_prelude::*;

fn stands(id: SubscriptionId) -> SubscriptionState {
	Exchange::subscription(id).unwrap().state
}

fn many_uses() {
	let lock = curex_primitives::WithdrawLock([4; 32]);
	let terms = ConsentTerms { max_uses: 100, withdraw_lock: lock, ..terms() };
	file(MANY, terms);
}

const MANY: ConsentId = ConsentId([0xC5; 32]);

fn plentiful() -> SubscriptionTerms {
	SubscriptionTerms { gate: Gate::Consent(MANY), ..standing_order() }
}

#[test]
fn deliveries_follow_an_accepted_subscription() {
	run(|| {
		let id = opened(1, standing_order());
		let event =
			Event::SubscriptionOpened { subscription: id, recipient: RECIPIENT, holder: HOLDER };
		System::assert_last_event(event.into());
		refuse(|| deliver(id, 1), Error::WrongState);
		refuse(|| Exchange::accept_subscription(side(RECIPIENT), id), Error::NotAuthorized);
		assert_ok!(Exchange::accept_subscription(side(HOLDER), id));
		refuse(|| Exchange::accept_subscription(side(HOLDER), id), Error::WrongState);
		assert_ok!(deliver(id, 1));
		let delivery = exchange_id(HOLDER, &key(1));
		let exchange = Exchanges::<Test>::get(delivery).unwrap();
		assert_eq!(exchange.direction, Direction::Push);
		assert_eq!(exchange.state, ExchangeState::Dispatched);
		assert_eq!(exchange.subscription, Some(id));
		assert_eq!(Exchange::consent(CONSENT).unwrap().used, 1);
		assert_ok!(Exchange::receive(side(RECIPIENT), delivery, fresh()));
		assert_eq!(Exchange::subscription(id).unwrap().deliveries, 1);
	});
}

#[test]
fn the_gate_is_asked_at_each_delivery() {
	run(|| {
		let id = subscribed(1);
		assert_ok!(deliver(id, 1));
		assert_ok!(deliver(id, 2));
		refuse(|| deliver(id, 3), Error::GateClosed);
		set_fit(RECIPIENT, false);
		many_uses();
		let plenty = opened(2, plentiful());
		assert_ok!(Exchange::accept_subscription(side(HOLDER), plenty));
		refuse(|| deliver(plenty, 4), Error::ReleaseNeeded);
	});
}

#[test]
fn a_withdrawal_ends_the_subscription_and_what_is_under_way() {
	run(|| {
		let id = subscribed(1);
		assert_ok!(deliver(id, 1));
		withdraw();
		assert_eq!(stands(id), SubscriptionState::Ended);
		refuse(|| deliver(id, 2), Error::WrongState);
		assert_eq!(state_of(exchange_id(HOLDER, &key(1))), ExchangeState::Terminated);
		forward(SubscriptionCheck::get() + 2);
		let event =
			Event::SubscriptionChanged { subscription: id, state: SubscriptionState::Ended };
		System::assert_has_event(event.into());
		assert!(Subscriptions::<Test>::get(id).unwrap().ended_at.is_some());
	});
}

#[test]
fn it_ends_with_its_time_and_with_the_consents() {
	run(|| {
		let (ours, consents) = (
			subscribed(1),
			opened(2, SubscriptionTerms { until: START + 2 * DAY, ..standing_order() }),
		);
		assert_ok!(Exchange::accept_subscription(side(HOLDER), consents));
		Now::set(START + DAY / 2 - 1);
		assert_eq!(stands(ours), SubscriptionState::Active);
		Now::set(START + DAY / 2);
		assert_eq!(stands(ours), SubscriptionState::Ended);
		refuse(|| deliver(ours, 1), Error::WrongState);
		Now::set(START + DAY);
		assert_eq!(stands(consents), SubscriptionState::Ended);
	});
}

#[test]
fn a_suspension_pauses_it_and_is_noticed() {
	run(|| {
		let id = subscribed(1);
		set_status(RECIPIENT, OrganisationStatus::Suspended);
		assert_eq!(stands(id), SubscriptionState::Suspended);
		refuse(|| deliver(id, 1), Error::Suspended);
		forward(SubscriptionCheck::get() + 2);
		let changed = |state| Event::<Test>::SubscriptionChanged { subscription: id, state };
		System::assert_has_event(changed(SubscriptionState::Suspended).into());
		set_status(RECIPIENT, OrganisationStatus::Active);
		assert_eq!(stands(id), SubscriptionState::Active);
		assert_ok!(deliver(id, 1));
		forward(SubscriptionCheck::get() + 2);
		System::assert_has_event(changed(SubscriptionState::Active).into());
		set_status(RECIPIENT, OrganisationStatus::Exited);
		assert_eq!(stands(id), SubscriptionState::Ended);
	});
}

#[test]
fn deliveries_keep_the_least_interval() {
	run(|| {
		many_uses();
		let id = opened(1, SubscriptionTerms { min_interval_s: 60, ..plentiful() });
		assert_ok!(Exchange::accept_subscription(side(HOLDER), id));
		assert_ok!(deliver(id, 1));
		Now::mutate(|now| *now += 59_999);
		refuse(|| deliver(id, 2), Error::TooSoon);
		Now::mutate(|now| *now += 1);
		assert_ok!(deliver(id, 2));
	});
}

#[test]
fn an_opening_is_recorded_whatever_the_gate_says_and_lapses_like_a_refusal() {
	run(|| {
		let worlds = [
			standing_order(),
			SubscriptionTerms { gate: Gate::Consent(ConsentId([1; 32])), ..standing_order() },
			SubscriptionTerms { categories: Categories::all(), ..standing_order() },
			SubscriptionTerms {
				gate: Gate::Statutory(LegalBasis::EXPLICIT_CONSENT),
				..standing_order()
			},
		];
		let ids: Vec<_> = (1..).zip(worlds).map(|(number, terms)| opened(number, terms)).collect();
		for id in &ids[1..] {
			refuse(|| Exchange::accept_subscription(side(HOLDER), *id), Error::GateClosed);
		}
		skip(AnswerWindow::get() + 1);
		for id in &ids {
			assert_eq!(stands(*id), SubscriptionState::NotServed);
			refuse(|| Exchange::accept_subscription(side(HOLDER), *id), Error::WindowClosed);
		}
	});
}

#[test]
fn malformed_terms_are_refused_with_their_defect() {
	run(|| {
		let refused = |change: fn(&mut SubscriptionTerms), error| {
			let mut terms = standing_order();
			change(&mut terms);
			refuse(|| Exchange::subscribe(side(RECIPIENT), key(1), terms), error);
		};
		refused(|terms| terms.holder = RECIPIENT, Error::PartnerIsSelf);
		refused(|terms| terms.holder = OrganisationId(99), Error::PartnerNotFound);
		refused(|terms| terms.categories = Categories::EMPTY, Error::NoCategory);
		refused(|terms| terms.envelope = terms.recipient_key, Error::MissingCommitment);
		refused(|terms| terms.gate = Gate::BreakGlass(Ground::Other), Error::WrongGate);
		refused(|terms| terms.until = START, Error::WrongPeriod);
		refused(|terms| terms.until = u64::MAX, Error::WrongPeriod);
		let used = Exchanges::<Test>::get(requested(5)).unwrap().envelope;
		let reused = SubscriptionTerms { envelope: used, ..standing_order() };
		refuse(|| Exchange::subscribe(side(RECIPIENT), key(1), reused), Error::CommitmentReused);
		opened(1, standing_order());
		refuse(
			|| Exchange::subscribe(side(RECIPIENT), key(1), standing_order()),
			Error::AlreadyExists,
		);
	});
}

#[test]
fn either_side_ends_it_and_nobody_else() {
	for by in [HOLDER, RECIPIENT] {
		run(|| {
			let id = subscribed(1);
			refuse(|| Exchange::end_subscription(side(HOSPITAL), id), Error::NotAuthorized);
			assert_ok!(Exchange::end_subscription(side(by), id));
			assert_eq!(stands(id), SubscriptionState::Ended);
			refuse(|| Exchange::end_subscription(side(by), id), Error::WrongState);
			refuse(|| deliver(id, 1), Error::WrongState);
		});
	}
}

#[test]
fn it_is_pruned_after_its_retention_with_its_commitments() {
	run(|| {
		let terms = standing_order();
		let id = opened(1, terms.clone());
		assert_ok!(Exchange::accept_subscription(side(HOLDER), id));
		assert_ok!(Exchange::end_subscription(side(HOLDER), id));
		forward(ExchangeRetention::get());
		assert!(Subscriptions::<Test>::contains_key(id));
		forward(2);
		assert!(!Subscriptions::<Test>::contains_key(id));
		assert!(!Commitments::<Test>::contains_key(terms.envelope));
		assert!(!Commitments::<Test>::contains_key(terms.recipient_key));
	});
}
