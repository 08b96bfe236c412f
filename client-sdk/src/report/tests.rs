//! What a report says, to programs and to people.

use super::*;
use crate::{
	envelope::tests::envelope,
	fhir::check::{check, Mapped},
};
use curex_primitives::{
	Categories, Commitment, ConsentId, Direction, ExchangeState, Ground, LegalBasis, Purpose,
};

pub(super) const OWN: OrganisationId = OrganisationId(1);
pub(super) const OTHER: OrganisationId = OrganisationId(2);

pub(super) fn record(gate: Gate, state: ExchangeState) -> Exchange {
	let sent = matches!(state, ExchangeState::Dispatched | ExchangeState::Acknowledged);
	Exchange {
		direction: Direction::Pull,
		holder: OWN,
		recipient: OTHER,
		gate,
		purpose: Purpose::Treatment,
		categories: Categories::all(),
		state,
		envelope: Commitment([1; 32]),
		recipient_key: Commitment([2; 32]),
		payload: sent.then_some(Commitment([3; 32])),
		receipt: None,
		acknowledgement: None,
		released: None,
		deadline: 10,
		begun_at: 1,
		begun: 1_700_000_000_000,
		holder_sequence: 1,
		recipient_sequence: 1,
		border: None,
		law_version: 1,
		subscription: None,
		suspended_by: None,
		recorded_late: false,
		ended_at: None,
	}
}

fn item(number: u8, record: Option<Exchange>) -> Item {
	let proof = record.as_ref().map(|_| Proof { bundle: b"{}".to_vec(), block: 77 });
	Item {
		exchange: ExchangeId([number; 32]),
		subject: Subject::of(&envelope()).unwrap(),
		record,
		review: None,
		refused: None,
		proof,
	}
}

fn made(by: &str, at: Moment) -> Made {
	let patient = envelope().patient.unwrap();
	Made { report: [at as u8; 32], patient, by: by.into(), at, exchanges: 1 }
}

/// A served consent, a denial by law, a broken glass, and one that the ledger does not have.
fn report() -> Report {
	let mut denied =
		item(2, Some(record(Gate::Statutory(LegalBasis::CARE), ExchangeState::NotServed)));
	denied.refused = Some("no-data-of-that-category".into());
	let consent = Gate::Consent(ConsentId([7; 32]));
	let mut urgent =
		item(3, Some(record(Gate::BreakGlass(Ground::Unconscious), ExchangeState::Dispatched)));
	urgent.review = Some(Review {
		reviewer: Some(OTHER),
		evidence: Commitment([1; 32]),
		due: 9,
		verdict: None,
		reasons: None,
		second: None,
		overdue: true,
	});
	Report {
		made: made("desk 3", 1_700_000_900_000),
		organisation: OWN,
		ledger: [8; 32],
		items: vec![
			item(1, Some(record(consent, ExchangeState::Acknowledged))),
			denied,
			urgent,
			item(4, None),
		],
		earlier: vec![made("desk 1", 1_700_000_500_000)],
		doubtful: 2,
		unreadable: 0,
		names: BTreeMap::from([(OWN, "Hospital <A>".into()), (OTHER, "Centre & Sons".into())]),
	}
}

#[test]
fn the_report_as_fhir_is_one_patients_and_every_event_names_its_proof() {
	let fhir = report().fhir();
	let Mapped { mapping, .. } = check(fhir.to_string().as_bytes()).unwrap();
	assert_eq!(mapping["type"], "collection");
	let mut told = Vec::new();
	for entry in fhir["entry"].as_array().unwrap().iter().skip(1) {
		let event = check(entry["resource"].to_string().as_bytes()).unwrap().mapping;
		let text = entry["resource"].to_string();
		assert_eq!(text.contains("urn:curex:exchange"), text.contains("\"proofs/"), "{text}");
		let kind = event["kind"].as_str().unwrap().to_owned();
		told.push((kind, event["succeeded"].as_bool().unwrap()));
	}
	let expected = [
		("consent-decision", true),
		("disclosure-source", true),
		("disclosure-source", false),
		("break-glass", true),
		("disclosure-source", true),
		// The report before, and this one.
		("disclosure-source", true),
		("disclosure-source", true),
	];
	assert_eq!(told, expected.map(|(kind, succeeded)| (kind.to_owned(), succeeded)));
}

#[test]
fn the_page_says_in_words_what_happened_and_where_the_proof_is() {
	let page = report().html();
	for words in [
		"Papadopoulou",
		"4 exchanges, 1 without any data, 1 in an emergency",
		"asked Hospital &lt;A&gt; (organisation 1) for data",
		"in an emergency",
		"Nothing was sent.",
		"no data of that category",
		"not done, though its time has passed",
		"Centre &amp; Sons",
		"The ledger has no record of it",
		"2 further exchanges",
		"in the state of block 77",
		"by desk 1",
		"by desk 3",
		"Dr. Georgiou (physician)",
	] {
		assert!(page.contains(words), "{words} is not in:\n{page}");
	}
	for item in report().items.iter().filter(|item| item.proof.is_some()) {
		assert!(page.contains(&item.proof_file()));
	}
}

#[test]
fn nothing_in_a_record_becomes_markup_and_the_page_fetches_nothing() {
	let mut report = report();
	let evil = "</main><script>`\"'";
	report.items[0].subject.professional.name = evil.into();
	report.made.patient.family = evil.into();
	report.made.by = evil.into();
	report.names.insert(OWN, evil.into());
	let page = report.html();
	assert!(!page.contains("<script") && !page.contains("src="), "{page}");
	assert!(!page.contains("http") && !page.contains("url("), "{page}");
	for tag in ["main", "code", "article", "dl", "p"] {
		let [opened, closed] =
			["<", "</"].map(|mark| page.matches(&format!("{mark}{tag}>")).count());
		assert_eq!(opened, closed, "{tag}");
	}
}

#[test]
fn no_debug_output_shows_whom_a_report_is_about() {
	let text = format!("{:?}", report());
	for word in ["Papadopoulou", "4711", "1956", "Georgiou"] {
		assert!(!text.contains(word), "{word}");
	}
}
