use crate::mock::*;
use curex_primitives::{exchange::exchange_id, ExchangeState};

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
