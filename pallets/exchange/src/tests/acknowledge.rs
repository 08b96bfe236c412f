use crate::{mock::*, Commitments, Error, Event, Exchanges};
use curex_primitives::{AcknowledgementCode, Commitment, ExchangeState, RecordHandle};
use frame::testing_prelude::*;

#[test]
fn an_acknowledgement_closes_the_exchange_with_its_code() {
	run(|| {
		for (number, code) in
			(1..).zip([AcknowledgementCode::Accepted, AcknowledgementCode::Incomplete])
		{
			let id = delivered(number);
			let proof = fresh();
			let evidence = Some(proof);
			assert_ok!(Exchange::acknowledge(side(RECIPIENT), id, code, evidence));
			let exchange = Exchanges::<Test>::get(id).unwrap();
			assert_eq!(exchange.state, ExchangeState::Acknowledged);
			assert_eq!(exchange.acknowledgement, Some(code));
			assert_eq!(Commitments::<Test>::get(proof), Some(RecordHandle(id.0)));
			System::assert_last_event(Event::Acknowledged { exchange: id, code, evidence }.into());
		}
		forward(DeliveryWindow::get() + 1);
		assert!(Exchanges::<Test>::iter_values()
			.all(|exchange| exchange.state == ExchangeState::Acknowledged));
	});
}

#[test]
fn only_the_recipient_acknowledges_once_and_after_the_receipt() {
	run(|| {
		let code = AcknowledgementCode::Accepted;
		let by = |organisation, id| Exchange::acknowledge(side(organisation), id, code, None);
		let early = dispatched(1);
		refuse(|| by(RECIPIENT, early), Error::WrongState);
		let id = delivered(2);
		refuse(|| by(HOLDER, id), Error::NotAuthorized);
		refuse(|| by(OUTSIDER, id), Error::NotAuthorized);
		assert_ok!(by(RECIPIENT, id));
		refuse(|| by(RECIPIENT, id), Error::WrongState);
	});
}

#[test]
fn evidence_is_whole_and_fresh() {
	run(|| {
		let id = delivered(1);
		let code = AcknowledgementCode::WrongPatient;
		let with = |evidence| Exchange::acknowledge(side(RECIPIENT), id, code, Some(evidence));
		refuse(|| with(Commitment([0; 32])), Error::MissingCommitment);
		let receipt = Exchanges::<Test>::get(id).unwrap().receipt.unwrap();
		refuse(|| with(receipt), Error::CommitmentReused);
	});
}
