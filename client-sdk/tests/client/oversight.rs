//! What supervision, the council, administrators and tickets put on the ledger.

use crate::{
	calls::{assert_last, client},
	node::{caused, Reply},
};
use codec::Encode;
use curex_client::{
	administration::{code_hash, Decision},
	oversight::{Breach, Disclosure, Question},
	receipt::ConsentSpec,
	time, Error,
};
use curex_primitives::{
	oversight::{Inquiry, InquiryOutcome, InquiryRefusal, NoticeKind, Regime},
	Attestation, Commitment, Competence, Consent, ConsentId, ConsentStatus, Country, ExchangeId,
	GroupId, LegalBasis, Level, Moment, OrganisationId, OrganisationKind, Purpose, RecordHandle,
	Tolerance,
};

const OWN: OrganisationId = OrganisationId(1);
const PARTNER: OrganisationId = OrganisationId(2);

#[tokio::test]
async fn an_inquiry_is_opened_answered_refused_and_withdrawn_as_it_is_said() {
	let (node, client) = client().await;
	let check = |call: &str, words: &[&str]| assert_last(&node, "Oversight", call, words);
	let question = Question {
		organisation: PARTNER,
		field: Competence::DataProtection,
		about: RecordHandle([0x33; 32]),
		term: 10 * time::DAY,
	};
	let opened = (7u32, OWN, PARTNER, 1_000u64).encode();
	node.next_transaction_causes(&[caused("Oversight", "InquiryOpened", &opened)]);
	let (_, number, opening) = client.open_inquiry(&question, "complaint 12").await.unwrap();
	check("open_inquiry", &["DataProtection", "51, 51", "864000000"]);
	assert_eq!((number, opening.content.as_str()), (7, "complaint 12"));
	let silent = client.open_inquiry(&question, "complaint 12").await;
	assert!(matches!(silent, Err(Error::Protocol(_))), "no event tells the number");
	let hasty = Question { term: time::HOUR, ..question };
	let before = node.submitted().len();
	assert!(matches!(client.open_inquiry(&hasty, "x").await, Err(Error::Input(_))));
	assert_eq!(node.submitted().len(), before);

	let given = Disclosure::new(7, "text/plain", b"the log");
	client.disclose(&given).await.unwrap();
	let bytes = given.commitment().unwrap().0.map(|byte| byte.to_string()).join(", ");
	check("disclose", &["inquiry: 7", &bytes]);
	client.refuse_inquiry(7, InquiryRefusal::Erased, "erased in March").await.unwrap();
	check("refuse_inquiry", &["inquiry: 7", "Erased"]);
	client.withdraw_inquiry(7).await.unwrap();
	check("withdraw_inquiry", &["inquiry: 7"]);
	client.set_anchor_period(PARTNER, time::HOUR).await.unwrap();
	check("set_anchor_period", &["3600000"]);
}

#[tokio::test]
async fn an_inquiry_is_read_as_the_ledger_holds_it() {
	let (node, client) = client().await;
	let inquiry = Inquiry {
		authority: PARTNER,
		field: Competence::DataProtection,
		organisation: OWN,
		about: RecordHandle([7; 32]),
		case: Commitment([8; 32]),
		opened_at: 10,
		due: 1_000,
		outcome: InquiryOutcome::Open,
		closed: None,
	};
	let held = inquiry.clone();
	node.function("OversightApi_inquiry", move |asked| {
		(asked == 7u32.encode()).then_some(held.clone()).encode()
	});
	let view = curex_client::View::Finalised;
	assert_eq!(client.inquiry(7, view).await.unwrap(), Some(inquiry));
	assert_eq!(client.inquiry(8, view).await.unwrap(), None);
}

#[tokio::test]
async fn a_breach_is_registered_with_its_laws_and_notified() {
	let (node, client) = client().await;
	let now = time::now();
	let breach = Breach {
		detected_at: now - time::HOUR,
		regimes: [Regime::DataProtection].into_iter().collect(),
		affected_from: now - 2 * time::DAY,
		affected_until: now,
	};
	let opened = (3u32, OWN, breach.regimes).encode();
	node.next_transaction_causes(&[caused("Oversight", "BreachOpened", &opened)]);
	let (_, number, _) = client.open_breach(&breach, "a lost laptop").await.unwrap();
	assert_eq!(number, 3);
	assert_last(&node, "Oversight", "open_breach", &[&breach.detected_at.to_string()]);
	client.notify_breach(3, NoticeKind::DataProtection, "we lost …").await.unwrap();
	assert_last(&node, "Oversight", "notify_breach", &["breach: 3", "DataProtection"]);

	let before = node.submitted().len();
	for wrong in [
		Breach { detected_at: now + time::HOUR, ..breach.clone() },
		Breach { regimes: Default::default(), ..breach.clone() },
		Breach { affected_until: breach.affected_from, ..breach },
	] {
		assert!(matches!(client.open_breach(&wrong, "x").await, Err(Error::Input(_))));
	}
	assert_eq!(node.submitted().len(), before);
}

#[tokio::test]
async fn the_exchanges_that_a_breach_may_affect_are_read_to_the_end() {
	type Page = (Vec<ExchangeId>, Option<ExchangeId>);
	let (node, client) = client().await;
	node.function("OversightApi_affected_exchanges", |asked| {
		let first = asked == (3u32, None::<ExchangeId>, 10_000u32).encode();
		let page: Page = if first {
			(vec![ExchangeId([1; 32])], Some(ExchangeId([5; 32])))
		} else {
			(vec![ExchangeId([6; 32])], None)
		};
		page.encode()
	});
	let found = client.affected_exchanges(3).await.unwrap();
	assert_eq!(found, [ExchangeId([1; 32]), ExchangeId([6; 32])]);
	node.function("OversightApi_affected_exchanges", |_| {
		let page: Page = (Vec::new(), Some(ExchangeId([5; 32])));
		page.encode()
	});
	let endless = client.affected_exchanges(3).await;
	assert!(matches!(endless, Err(Error::Protocol(_))));
}

#[tokio::test]
async fn records_are_held_and_holds_lifted() {
	let (node, client) = client().await;
	let exchange = ExchangeId([4; 32]);
	client.hold_exchange(exchange, true).await.unwrap();
	assert_last(&node, "Exchange", "set_hold", &["4, 4"]);
	client.hold_exchange(exchange, false).await.unwrap();
	assert_last(&node, "Exchange", "lift_hold", &["4, 4"]);
	client.hold_erasure(20_000, "a claim").await.unwrap();
	assert_last(&node, "Erasure", "hold", &["day: 20000"]);
	client.lift_erasure_hold(20_000).await.unwrap();
	assert_last(&node, "Erasure", "lift", &["day: 20000"]);
	let (_, opening) = client.withdraw_by_court(ConsentId([6; 32]), "order 5").await.unwrap();
	assert_last(&node, "Consent", "withdraw_by_court", &["6, 6"]);
	assert_eq!(opening.content, "order 5");
}

#[tokio::test]
async fn the_council_can_propose_everything_that_it_decides() {
	let (node, client) = client().await;
	let law = |bases| Decision::SetLaw {
		country: Some(Country::new(*b"GR").unwrap()),
		purpose: Purpose::Treatment,
		kind: OrganisationKind::Hospital,
		bases,
	};
	for (decision, words) in [
		(Decision::Suspend(PARTNER), vec!["suspend"]),
		(Decision::Reinstate(PARTNER), vec!["reinstate"]),
		(Decision::Expel(PARTNER), vec!["expel"]),
		(Decision::AddValidator(PARTNER, [9; 32]), vec!["add_validator", "9, 9"]),
		(Decision::RemoveValidator(PARTNER), vec!["remove_validator"]),
		(Decision::SetQuota(PARTNER, 77), vec!["set_quota", "limit: 77"]),
		(Decision::AuthoriseUpgrade([5; 32]), vec!["authorize_upgrade", "5, 5"]),
		(law(Some(LegalBasis::CARE.into())), vec!["set_law", "Treatment", "Hospital", "Some"]),
		(law(None), vec!["set_law", "None"]),
		(Decision::RaiseOldestPolicy(4), vec!["raise_oldest_policy", "version: 4"]),
		(
			Decision::SetGroupMember { group: GroupId(8), organisation: PARTNER, belongs: false },
			vec!["set_group_member", "false"],
		),
	] {
		client.propose(&decision, 3).await.unwrap();
		assert_last(&node, "Council", "propose", &words);
	}
}

#[tokio::test]
async fn only_the_code_that_the_council_authorised_is_brought() {
	let (node, client) = client().await;
	let key = curex_verify::bundle::storage_key("System", "AuthorizedUpgrade");
	let code = b"a runtime".to_vec();
	node.holds(&key, None);
	let none = client.apply_upgrade(code.clone()).await;
	assert!(matches!(none, Err(Error::Input(_))));
	node.holds(&key, Some((code_hash(&code).0, true).encode()));
	let other = client.apply_upgrade(b"another".to_vec()).await;
	assert!(matches!(other, Err(Error::Input(reason)) if reason.contains("authorised the code")));
	assert!(node.submitted().is_empty());
	client.apply_upgrade(code).await.unwrap();
	assert_last(&node, "System", "apply_authorized_upgrade", &["97, 32, 114"]);
}

#[tokio::test]
async fn an_administrator_says_what_the_organisation_accepts() {
	let (node, client) = client().await;
	client.accept_agreement(3).await.unwrap();
	assert_last(&node, "Consortium", "accept_agreement", &["version: 3"]);
	client.remove_peer([2; 38]).await.unwrap();
	assert_last(&node, "Consortium", "remove_peer", &["2, 2"]);
	let tolerance = Tolerance {
		worst_cyber: Level::Low,
		worst_privacy: Level::Moderate,
		max_age: 30 * time::DAY,
		attestation: Attestation::SelfAssessed,
	};
	client.set_tolerance(tolerance).await.unwrap();
	assert_last(&node, "Risk", "set_tolerance", &["Low", "Moderate", "2592000000"]);
	client.plan_implemented(5, "patched").await.unwrap();
	assert_last(&node, "Safeguards", "implemented", &["plan: 5"]);
	client.close_alert(6, "the host is off the network").await.unwrap();
	assert_last(&node, "Threats", "close", &["number: 6"]);
	let other = OrganisationId(7);
	client.attest_assessment(other, 8, Attestation::Recomputed).await.unwrap();
	assert_last(&node, "Risk", "attest", &["7", "number: 8", "Recomputed"]);
	let refused = client.attest_assessment(other, 8, Attestation::SelfAssessed).await;
	assert!(matches!(refused, Err(Error::Input(_))), "{refused:?}");
}

#[tokio::test]
async fn an_indicator_is_shared_and_those_of_all_are_read() {
	use curex_primitives::TrafficLight;
	let (node, client) = client().await;
	let expires = time::now() + time::DAY;
	client.share_indicator([5; 32], TrafficLight::Green, expires).await.unwrap();
	assert_last(&node, "Threats", "share_indicator", &["5, 5", "Green", &expires.to_string()]);
	for wrong in [time::now() - 1, time::now() + 400 * time::DAY] {
		let refused = client.share_indicator([5; 32], TrafficLight::Green, wrong).await;
		assert!(matches!(refused, Err(Error::Input(_))));
	}
	let prefix = curex_verify::bundle::storage_key("Threats", "Indicators");
	let key = |number: u32| [&prefix[..], &[0; 8], &number.encode()].concat();
	let text = |key: &[u8]| format!("0x{}", hex::encode(key));
	let keys = serde_json::json!([text(&key(1)), text(&key(2))]);
	node.method("state_getKeysPaged", move |_| Reply::Value(keys.clone()));
	let kept = |digest: u8| ([digest; 32], TrafficLight::Amber, 10u64, 20u64);
	node.holds(&key(1), Some(vec![kept(7)].encode()));
	node.holds(&key(2), Some(vec![kept(8), kept(9)].encode()));
	let found = client.shared_indicators(curex_client::View::Best).await.unwrap();
	let told: Vec<(u32, u8)> =
		found.iter().map(|found| (found.organisation.0, found.digest[0])).collect();
	assert_eq!(told, [(1, 7), (2, 8), (2, 9)]);
	node.holds(&key(2), Some(vec![1, 2, 3]));
	let unreadable = client.shared_indicators(curex_client::View::Best).await;
	assert!(matches!(unreadable, Err(Error::Protocol(_))));
}

fn spec(uses: u32, categories: &[&str]) -> ConsentSpec {
	let until = time::text(time::now() + 20 * time::DAY).unwrap();
	serde_json::from_value(serde_json::json!({
		"grantee": {"organisation": 2},
		"purposes": ["treatment"],
		"categories": categories,
		"access-modes": ["view"],
		"valid-until": until,
		"max-uses": uses,
		"notice": {"language": "en", "text": "I agree that …"},
		"collection-method": "signed on paper",
		"policy-version": 1,
	}))
	.unwrap()
}

fn on_ledger(prepared: &curex_client::receipt::PreparedConsent) -> Consent {
	Consent {
		holder: OWN,
		terms: prepared.terms.clone(),
		status: ConsentStatus::Active,
		used: 0,
		last_used: 0,
		filed_at: 5,
		narrowed: 0,
		confirmed: None,
		tickets: None,
	}
}

#[tokio::test]
async fn a_ticket_is_recorded_redeemed_and_withdrawn_by_its_receipt() {
	let (node, client) = client().await;
	let until: Moment = time::now() + 30 * time::DAY;
	let specs = [spec(1, &["patient-summary"]), spec(1, &["patient-summary"])];
	let prepared = client.prepare_tickets(&specs, until).await.unwrap();
	client.record_tickets(&prepared.book).await.unwrap();
	assert_last(&node, "Consent", "record_tickets", &[&until.to_string()]);
	let (ticket, receipt) = &prepared.tickets[0];
	client.redeem(ticket).await.unwrap();
	assert_last(&node, "Consent", "redeem", &[&format!("index: {}", ticket.proof.index)]);
	client.withdraw_tickets(prepared.book.root).await.unwrap();
	assert_last(&node, "Consent", "withdraw_tickets", &[]);

	let copy = client.withdraw_ticket(&receipt.view()).await;
	assert!(matches!(copy, Err(Error::Input(_))), "a copy cannot withdraw");
	node.function("ExchangeApi_consent", |_| None::<Consent>.encode());
	node.function("ConsentApi_tickets", |_| None::<curex_primitives::TicketRoot>.encode());
	let unknown = client.withdraw_ticket(receipt).await;
	assert!(matches!(unknown, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_consent_is_suspended_resumed_and_confirmed() {
	let (node, client) = client().await;
	let id = ConsentId([0x21; 32]);
	client.suspend_consent(id).await.unwrap();
	assert_last(&node, "Consent", "suspend", &["33, 33"]);
	client.resume_consent(id).await.unwrap();
	assert_last(&node, "Consent", "resume", &["33, 33"]);
	client.confirm_consent(id, "came in person").await.unwrap();
	assert_last(&node, "Consent", "confirm", &["33, 33"]);
}

#[tokio::test]
async fn a_consent_is_narrowed_under_the_patients_own_codes() {
	let (node, client) = client().await;
	let prepared =
		client.prepare_consent(&spec(3, &["patient-summary", "prescription"])).await.unwrap();
	let held = on_ledger(&prepared);
	node.function("ExchangeApi_consent", move |_| Some(held.clone()).encode());
	let copy = prepared.receipt.view();
	let less = spec(3, &["patient-summary"]);
	let (narrower, terms) = client.prepare_narrowing(&copy, &less).await.unwrap();
	assert!(node.submitted().is_empty(), "nothing is sent before the copy is written down");
	client.narrow(copy.consent(), terms.clone()).await.unwrap();
	assert_last(&node, "Consent", "narrow", &["id:"]);
	assert_eq!(narrower.viewing_code, copy.viewing_code);
	assert_eq!(narrower.consent(), copy.consent());
	assert_eq!(terms, narrower.terms_under(prepared.terms.withdraw_lock).unwrap());
	assert!(terms.narrow(&prepared.terms, None, 5));
	assert_ne!(terms.terms, prepared.terms.terms);

	let mut other = copy;
	other.processing.max_uses += 1;
	assert!(matches!(client.prepare_narrowing(&other, &less).await, Err(Error::Input(_))));
}
