use crate::mock::*;
use curex_primitives::{
	exchange::exchange_id, Categories, Category, ConsentId, ExchangeState, Gate, LegalBasis,
	Obligation, Purpose,
};

#[test]
fn readers_see_the_state_in_which_an_exchange_stands_now() {
	run(|| {
		let id = approved(1);
		assert_eq!(Exchange::exchange(id).unwrap().state, ExchangeState::Approved);
		withdraw();
		let (record, state) = Exchange::effective(id).unwrap();
		assert_eq!(record.state, ExchangeState::Approved);
		assert_eq!(state, ExchangeState::Terminated);
		assert_eq!(Exchange::exchange(id).unwrap().state, ExchangeState::Terminated);
	});
}

#[test]
fn what_does_not_exist_reads_as_nothing() {
	run(|| {
		let id = exchange_id(RECIPIENT, &key(1));
		assert_eq!(Exchange::exchange(id), None);
		assert_eq!(Exchange::review_of(id), None);
		assert_eq!(Exchange::consent(curex_primitives::ConsentId([1; 32])), None);
		assert!(Exchange::consent(CONSENT).is_some());
		assert!(Exchange::review_of(emergency(1)).is_some());
	});
}

#[test]
fn the_exchanges_of_a_consent_are_read_page_by_page() {
	run(|| {
		let mut ids: Vec<_> = (1..=5).map(requested).collect();
		ids.sort();
		assert_eq!(Exchange::exchanges_of_consent(CONSENT, None), ids);
		assert_eq!(Exchange::exchanges_of_consent(CONSENT, Some(ids[2])), ids[3..]);
		assert!(Exchange::exchanges_of_consent(CONSENT, Some(ids[4])).is_empty());
	});
}

#[test]
fn what_an_organisation_owes_is_read_with_its_due_block() {
	run(|| {
		let id = emergency(1);
		let reviewer = crate::Reviews::<Test>::get(id).unwrap().reviewer.unwrap();
		let notice = (id, Obligation::PatientNotice, 1 + NoticeWindow::get());
		assert_eq!(Exchange::duties_due(HOLDER, None), [notice]);
		assert!(Exchange::duties_due(HOLDER, Some((notice.0, notice.1))).is_empty());
		let review = (id, Obligation::Review, 1 + ReviewWindow::get());
		assert_eq!(Exchange::duties_due(reviewer, None), [review]);
		assert!(Exchange::duties_due(RECIPIENT, None).is_empty());
	});
}

#[test]
fn the_sequence_of_an_organisation_is_read() {
	run(|| {
		assert_eq!(Exchange::sequence_of(RECIPIENT), (1, 0));
		requested(1);
		assert_eq!(Exchange::sequence_of(RECIPIENT), (1, 1));
		assert_eq!(Exchange::sequence_of(HOLDER), (1, 1));
	});
}

#[test]
fn the_closed_question_is_answered_from_what_members_can_read() {
	run(|| {
		let ask = |holder, recipient, gate, categories| {
			Exchange::may_be_served(holder, recipient, gate, Purpose::Treatment, categories, None)
		};
		let summary = || Category::PatientSummary.into();
		let consented = Gate::Consent(CONSENT);
		assert!(ask(HOLDER, RECIPIENT, consented, summary()));
		assert!(!ask(HOLDER, RECIPIENT, consented, Categories::all()));
		assert!(!ask(HOLDER, RECIPIENT, consented, Categories::EMPTY));
		assert!(!ask(HOLDER, OUTSIDER, consented, summary()));
		assert!(!ask(HOLDER, HOLDER, consented, summary()));
		assert!(!ask(HOLDER, RECIPIENT, Gate::Consent(ConsentId([1; 32])), summary()));
		assert!(ask(HOLDER, RECIPIENT, Gate::Statutory(LegalBasis::CARE), summary()));
		withdraw();
		assert!(!ask(HOLDER, RECIPIENT, consented, summary()));
	});
}
