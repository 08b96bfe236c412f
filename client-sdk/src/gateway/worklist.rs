//! The worklist as a page for people.

use super::{Advice, Waiting, Withdrawal};
use crate::report::html::{date, Page};
use curex_primitives::Moment;

/// The cases that wait for a person, the consents that were withdrawn, and the advice about packages, as a page of HTML with what
/// to do about each. It names exchanges, subscriptions and consents, and nobody.
pub fn page(
	waiting: &[Waiting],
	withdrawn: &[Withdrawal],
	advised: &[Advice],
	at: Moment,
) -> String {
	let mut page = Page::titled("What waits for a person");
	let told = match waiting.len() {
		0 if withdrawn.is_empty() && advised.is_empty() => format!("Nothing waits ({}).", date(at)),
		0 => format!("No case waits ({}).", date(at)),
		1 => format!("One case waits ({}).", date(at)),
		count => format!("{count} cases wait ({}), the oldest first.", date(at)),
	};
	page.element("p", &told);
	for entry in waiting {
		page.raw("<article>\n");
		page.element("h2", &format!("`{}`", entry.exchange));
		page.raw("<dl>\n");
		page.entry("Since", entry.since.as_deref().unwrap_or("an unknown moment"));
		let (why, what) = advice(&entry.reason);
		page.entry("Why", why);
		page.entry("What to do", &what.replace("EXCHANGE", &entry.exchange.to_string()));
		page.raw("</dl>\n</article>\n");
	}
	for entry in withdrawn {
		page.raw("<article>\n");
		page.element("h2", &format!("consent `{}`", entry.consent));
		page.raw("<dl>\n");
		page.entry("Since", entry.noted.as_deref().unwrap_or("an unknown moment"));
		page.entry("Why", "it was withdrawn: nothing more is served or asked for under it");
		let what = "see what is owed (`curex duties list`), then `curex worklist --noted CONSENT`";
		page.entry("What to do", &what.replace("CONSENT", &entry.consent.to_string()));
		page.raw("</dl>\n</article>\n");
	}
	for entry in advised {
		page.raw("<article>\n");
		page.element("h2", &format!("package of `{}`", entry.exchange));
		page.raw("<dl>\n");
		page.entry("Since", entry.noted.as_deref().unwrap_or("an unknown moment"));
		page.entry(
			"Why",
			match entry.failed {
				true => "its package could not be assessed. The exchange goes on as it would",
				false => "the assessment of its package advises something. The exchange goes on as it would",
			},
		);
		let what = "read it with `curex package show EXCHANGE`, then `curex worklist --advice-noted EXCHANGE`";
		page.entry("What to do", &what.replace("EXCHANGE", &entry.exchange.to_string()));
		page.raw("</dl>\n</article>\n");
	}
	page.end()
}

/// A reason in a sentence, and what to do.
fn advice(reason: &str) -> (&str, &'static str) {
	match reason {
		"risk" => (
			"the recipient's risk is higher than this organisation accepts without a person",
			"to accept it for this exchange: `curex release EXCHANGE --reason clinical-need`, or another reason. To refuse, do \
			 nothing: the time to answer passes.",
		),
		"unusable-record" => (
			"the patient's record cannot be made into a document",
			"repair the record in the FHIR source, then `curex worklist --retry EXCHANGE`",
		),
		"beyond-a-summary" => (
			"data are asked for that no patient summary holds",
			"to serve it: `curex answer EXCHANGE --document FILE` with a FHIR document, an HL7 v2 message or a DICOM file. To \
			 refuse, do nothing: the time to answer passes.",
		),
		"data-under-a-permit" => (
			"data under a permit are asked for",
			"`curex permit answer EXCHANGE --data FILE` with what was extracted",
		),
		"recipient-rotated-its-key" => (
			"the recipient has another key than the offer was sealed to",
			"offer the document again with `curex offer`",
		),
		"payload-lost" => (
			"what was dispatched is not in this gateway's store",
			"restore the store from its backup, then `curex worklist --retry EXCHANGE`",
		),
		"receipt-without-key" => (
			"the recipient's receipt does not ask for the key that was held back: its program is of an earlier version, or the \
			 receipt is of something else",
			"the key stays here. Offer or answer again without `--receipt-before-key`, or dispute it with the recipient",
		),
		"subscription" => (
			"a standing subscription waits to be accepted",
			"see what is asked for with `curex subscription show EXCHANGE --read`, then `curex subscription accept EXCHANGE`. To \
			 refuse, do nothing: the time to answer passes.",
		),
		other => (other, "look at the exchange with `curex status` and at the gateway's log"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use curex_primitives::{ConsentId, ExchangeId};

	#[test]
	fn the_worklist_as_a_page_tells_what_to_do_about_each_case() {
		let id = ExchangeId([7; 32]);
		let waiting = |reason: &str| Waiting {
			exchange: id,
			reason: reason.into(),
			since: Some("2026-01-01T00:00:00Z".into()),
		};
		let list = [waiting("risk"), waiting("unusable-record"), waiting("<script>")];
		let consent = ConsentId([8; 32]);
		let withdrawn = [Withdrawal { consent, noted: None }];
		let advice = |failed| Advice { exchange: id, noted: None, failed };
		let page = page(&list, &withdrawn, &[advice(true), advice(false)], 1_700_000_000_000);
		for words in [
			format!("curex worklist --noted {consent}"),
			"3 cases wait".to_owned(),
			format!("curex release {id} --reason"),
			format!("curex worklist --retry {id}"),
			format!("curex worklist --advice-noted {id}"),
			"could not be assessed".into(),
			"advises something".into(),
			"&lt;script&gt;".into(),
		] {
			assert!(page.contains(&words), "{words} is not in:\n{page}");
		}
		assert!(!page.contains("<script") && !page.contains("http"));
		assert!(super::page(&[], &[], &[], 0).contains("Nothing waits"));
	}

	#[test]
	fn every_reason_that_the_gateway_gives_has_advice() {
		let sources = [
			include_str!("holder.rs"),
			include_str!("recipient.rs"),
			include_str!("subscription.rs"),
		]
		.concat();
		let given = ["Answer::Person(\"", "Decision::Person, \""];
		let mut found = 0;
		for (place, mark) in given.iter().flat_map(|mark| sources.match_indices(mark)) {
			let reason = sources[place + mark.len()..].split('"').next().unwrap();
			assert_ne!(advice(reason).0, reason, "{reason} has no advice");
			found += 1;
		}
		assert!(found > 4);
	}
}
