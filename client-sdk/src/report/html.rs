//! The report as a page of HTML: no scripts, no styles or pictures from elsewhere, every text escaped.

use super::{called, Item, Names, Report};
use crate::{envelope::CareRelationship, time};
use curex_primitives::{
	exchange::Review, Direction, Exchange, ExchangeState, Gate, Moment, ReviewVerdict,
};
use serde::Serialize;
use std::fmt::Write;

const STYLE: &str =
	"body{font:1rem/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}\
	article{border-top:1px solid #767676;padding:.5rem 0;break-inside:avoid}dt{font-weight:bold}\
	dd{margin:0 0 .5rem}code{overflow-wrap:anywhere}";

pub(super) fn page(report: &Report) -> String {
	let mut page = Page::titled("Who asked for your health data");
	let made = &report.made;
	let name =
		[&made.patient.given.join(" "), &made.patient.family].map(|part| part.trim()).join(" ");
	let organisation = called(&report.names, report.organisation);
	page.element(
		"p",
		&format!(
			"This report is for {}, born on {}. It tells of every exchange of your health data over the consortium's ledger \
			 that {organisation} took part in: what was sent, what was refused, and what was taken in an emergency. It was made on {}.",
			name.trim(),
			made.patient.birth_date,
			date(made.at),
		),
	);
	page.element(
		"p",
		"Other organisations may have exchanged data about you without this one. Ask each of them for its own report.",
	);
	page.element("h2", &counted(report));
	report.items.iter().for_each(|item| page.item(report, item));
	page.reservations(report);
	page.how_to_check();
	page.element("h2", "Reports made about you");
	page.raw("<ul>\n");
	for made in report.earlier.iter().chain([made]) {
		page.element(
			"li",
			&format!("{}, by {}: {} exchanges", date(made.at), made.by, made.exchanges),
		);
	}
	page.raw("</ul>\n");
	page.end()
}

pub(crate) struct Page(String);

impl Page {
	/// A page up to its headline.
	pub(crate) fn titled(title: &str) -> Self {
		let mut page = Self(String::new());
		page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
		page.raw("<meta name=\"viewport\" content=\"width=device-width\">\n");
		page.element("title", title);
		page.raw(&format!("<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"));
		page.element("h1", title);
		page
	}

	/// The whole page.
	pub(crate) fn end(mut self) -> String {
		self.raw("</main>\n</body>\n</html>\n");
		self.0
	}

	pub(super) fn how_to_check(&mut self) {
		self.element("h2", "How to check this");
		self.element(
			"p",
			"Each exchange names a file in the folder `proofs`. With the consortium's program, on any computer and without \
			 trusting anybody who made this page, `curex verify FILE --trust-root ROOT` shows the record as the validators of \
			 the ledger finalised it. Take the trust root from a source of your own, such as a patients' organisation or an \
			 authority.",
		);
	}

	pub(crate) fn raw(&mut self, html: &str) {
		self.0.push_str(html);
	}

	/// An element with a text, in which backticks mark code.
	pub(crate) fn element(&mut self, tag: &str, text: &str) {
		// Writing to a string does not fail.
		let _ = writeln!(self.0, "<{tag}>{}</{tag}>", marked(text));
	}

	pub(crate) fn entry(&mut self, term: &str, text: &str) {
		self.element("dt", term);
		self.element("dd", text);
	}

	fn item(&mut self, report: &Report, item: &Item) {
		self.raw("<article>\n");
		let headline = match &item.record {
			Some(record) => headline(&report.names, record),
			None => "An exchange that is not on the ledger".into(),
		};
		self.element("h3", &headline);
		self.raw("<dl>\n");
		let professional = &item.subject.professional;
		self.entry(
			"In person",
			&format!(
				"{} ({}), {}",
				professional.name,
				professional.role,
				relation(item.subject.care_relationship)
			),
		);
		match &item.record {
			Some(record) => self.record(report, item, record),
			None => self.entry(
				"On the ledger",
				"The ledger has no record of it: it was never begun there, or its record was deleted when its time had come.",
			),
		}
		self.entry("Handle", &format!("`{}`", item.exchange));
		let proof = match &item.proof {
			Some(proof) => told(&item.proof_file(), proof.block),
			None => "none: there is no record that could be proven".into(),
		};
		self.entry("Proof", &proof);
		self.raw("</dl>\n</article>\n");
	}

	/// What the ledger says of an exchange, in words.
	pub(super) fn facts(&mut self, record: &Exchange) {
		self.entry("Why", &words(&record.purpose));
		self.entry("Which data", &words(&record.categories));
		self.entry("On which ground", &ground(&record.gate));
		self.entry("What came of it", &outcome(record));
	}

	fn record(&mut self, report: &Report, item: &Item, record: &Exchange) {
		self.facts(record);
		if let Some(reason) = &item.refused {
			self.entry("Why it was refused here", &words(reason));
		}
		if matches!(record.gate, Gate::BreakGlass(_)) {
			self.entry("Review of the emergency", &review(&report.names, item.review.as_ref()));
		}
	}

	/// What the report may lack.
	fn reservations(&mut self, report: &Report) {
		if report.doubtful > 0 {
			self.element(
				"p",
				&format!(
					"{} further exchanges carry a number of yours with another name or date of birth. They are not shown \
					 here, for they may be about somebody else: ask to have a person look at them.",
					report.doubtful
				),
			);
		}
		if report.unreadable > 0 {
			self.element(
				"p",
				&format!(
					"{} entries are locked with an earlier key of the organisation, so that this report could not tell \
					 whether they are about you.",
					report.unreadable
				),
			);
		}
	}
}

fn counted(report: &Report) -> String {
	let denied = report.items.iter().filter(|item| item.is_denial()).count();
	let urgent = report
		.items
		.iter()
		.filter_map(|item| item.record.as_ref())
		.filter(|record| matches!(record.gate, Gate::BreakGlass(_)))
		.count();
	match report.items.len() {
		0 => "No exchange is known".into(),
		total => format!("{total} exchanges, {denied} without any data, {urgent} in an emergency"),
	}
}

/// Where the proof of a record is.
pub(super) fn told(file: &str, block: u64) -> String {
	format!("`proofs/{file}`, in the state of block {block}")
}

/// When, who and whom.
pub(super) fn headline(names: &Names, record: &Exchange) -> String {
	let (holder, recipient) = (called(names, record.holder), called(names, record.recipient));
	let what = match (record.gate, record.direction) {
		(Gate::BreakGlass(_), _) => format!("{recipient} took data from {holder} in an emergency"),
		(_, Direction::Pull) => format!("{recipient} asked {holder} for data"),
		(_, Direction::Push) => format!("{holder} offered data to {recipient}"),
	};
	format!("{}: {what}", date(record.begun))
}

fn relation(relation: CareRelationship) -> &'static str {
	match relation {
		CareRelationship::Treating => "who said that you were being treated there",
		CareRelationship::Referred => "who said that you had been referred there",
		CareRelationship::Emergency => "who said that you had come there as an emergency",
		CareRelationship::None => "for a purpose other than your care",
	}
}

fn ground(gate: &Gate) -> String {
	match gate {
		Gate::Consent(consent) => format!("your consent `{consent}`"),
		Gate::Statutory(basis) => format!("the law, without consent: {}", words(basis)),
		Gate::Permit { permit, .. } => format!("the permit `{permit}` for secondary use"),
		Gate::BreakGlass(ground) => format!("an emergency: {}", words(ground)),
	}
}

fn outcome(record: &Exchange) -> String {
	let text = match record.state {
		ExchangeState::Requested => "It waits for an answer.",
		ExchangeState::Held => "It waits for a person to decide, because of a risk.",
		ExchangeState::Offered => "It waits to be accepted.",
		ExchangeState::Approved | ExchangeState::AgreementSuspended => {
			"Both sides agreed. No data were sent yet."
		},
		ExchangeState::Dispatched | ExchangeState::DeliverySuspended => {
			"The data were sent, locked. The recipient has not confirmed them yet."
		},
		ExchangeState::Delivered | ExchangeState::Acknowledged => "The recipient has the data.",
		ExchangeState::NotServed => "Nothing was sent.",
		ExchangeState::Terminated => {
			"It was stopped before the recipient confirmed any data, by a withdrawal or a suspension."
		},
		ExchangeState::Expired if record.payload.is_some() => {
			"The data were sent, locked, and the recipient did not confirm them in time."
		},
		ExchangeState::Expired => "Nothing was sent in time.",
		ExchangeState::Disputed => "The recipient has the data and disputes them.",
		ExchangeState::Settled => "The recipient has the data; a dispute about them is over.",
		ExchangeState::Reversed => {
			"The data were another person's. The recipient uses nothing of them."
		},
	};
	text.into()
}

fn review(names: &Names, review: Option<&Review>) -> String {
	let Some(review) = review else { return "none is recorded".into() };
	let by = review.reviewer.map_or_else(|| "nobody yet".into(), |id| called(names, id));
	let found = match review.verdict {
		Some(ReviewVerdict::Justified) => "it was justified",
		Some(ReviewVerdict::Unjustified) => "it was NOT justified",
		Some(ReviewVerdict::Inconclusive) => "it could not be decided",
		None if review.overdue => "not done, though its time has passed",
		None => "not done yet",
	};
	format!("{found}; the review is assigned to {by}")
}

pub(crate) fn date(moment: Moment) -> String {
	match time::text(moment) {
		Some(text) => text.replace('T', " ").replace('Z', " UTC"),
		None => "an unknown day".into(),
	}
}

/// A value of the ledger's vocabulary in words.
pub(super) fn words(value: &impl Serialize) -> String {
	crate::paper::words(value)
}

/// Text for HTML; what stands between backticks is code.
fn marked(text: &str) -> String {
	let mut html = String::with_capacity(text.len());
	let mut code = false;
	for letter in text.chars() {
		match letter {
			'&' => html.push_str("&amp;"),
			'<' => html.push_str("&lt;"),
			'>' => html.push_str("&gt;"),
			'"' => html.push_str("&quot;"),
			'\'' => html.push_str("&#39;"),
			'`' => {
				html.push_str(if code { "</code>" } else { "<code>" });
				code = !code;
			},
			other => html.push(other),
		}
	}
	if code {
		html.push_str("</code>");
	}
	html
}
