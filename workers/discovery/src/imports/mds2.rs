//! Manufacturer Disclosure Statement for Medical Device Security (MDS2, ANSI/NEMA HN 1-2019).

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::spreadsheet;
use crate::error::Error;

/// Most answers of one statement; the form asks about 240 questions.
const ANSWERS: usize = 2_000;

/// The groups of questions (HN 1-2019, section 5), in the order of the form.
const GROUPS: [(&str, &str); 23] = [
	("MPII", "management of personally identifiable information"),
	("ALOF", "automatic logoff"),
	("AUDT", "audit controls"),
	("AUTH", "authorisation"),
	("CSUP", "cybersecurity product upgrades"),
	("DIDT", "de-identification of health data"),
	("DTBK", "data backup and disaster recovery"),
	("EMRG", "emergency access"),
	("IGAU", "integrity and authenticity of health data"),
	("MLDP", "malware detection and protection"),
	("NAUT", "node authentication"),
	("CONN", "connectivity"),
	("PAUT", "person authentication"),
	("PLOK", "physical locks"),
	("RDMP", "roadmap for third-party applications and software components"),
	("SBOM", "software bill of materials"),
	("SAHD", "system and application hardening"),
	("SGUD", "security guidance"),
	("STCF", "confidentiality of stored health data"),
	("TXCF", "confidentiality of transmission"),
	("TXIG", "integrity of transmission"),
	("RMOT", "remote service"),
	("OTHR", "other security considerations"),
];

/// Identifier of a question: group, number, and the numbers of questions below it.
static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
	Regex::new(r"^([A-Z]{3,4})[- ]?(\d{1,3}(?:\.\d{1,3}){0,3})\.?$")
		.expect("the pattern is valid; qed")
});

/// What a manufacturer says about the security of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
	/// Who makes the device (DOC-1).
	pub manufacturer: Option<String>,
	/// What the device is (DOC-2).
	pub description: Option<String>,
	/// Its model (DOC-3).
	pub model: Option<String>,
	/// Id of the statement (DOC-4).
	pub document: Option<String>,
	/// When the statement was released, as the manufacturer writes it (DOC-7).
	pub released: Option<String>,
	/// The answers, in the order of the form.
	pub answers: Vec<SecurityAnswer>,
	/// Questions that were left open.
	pub unanswered: Vec<String>,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityAnswer {
	/// Identifier of the question, for example `AUDT-2.1`.
	pub question: String,
	/// What its group is about; empty for a group that the form does not have.
	pub topic: String,
	/// The answer.
	pub response: Response,
	/// What the manufacturer notes beside it.
	pub note: Option<String>,
}

/// What a manufacturer answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
	/// Yes.
	Yes,
	/// No.
	No,
	/// The question does not apply to the device.
	NotApplicable,
	/// The note answers it.
	SeeNote,
	/// Something else, in the manufacturer's words.
	Text(String),
}

impl Response {
	fn read(text: &str) -> Self {
		match text.to_ascii_lowercase().trim_end_matches('.') {
			"yes" | "y" => Self::Yes,
			"no" | "n" => Self::No,
			"n/a" | "na" | "not applicable" | "__" => Self::NotApplicable,
			"see note" | "see notes" => Self::SeeNote,
			_ => Self::Text(text.into()),
		}
	}
}

impl Disclosure {
	/// The answer to a question, for example `MLDP-1`.
	pub fn answer(&self, question: &str) -> Option<&SecurityAnswer> {
		self.answers.iter().find(|answer| answer.question == question)
	}

	/// The answers of a group, for example `SBOM`.
	pub fn group<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a SecurityAnswer> + 'a {
		let belongs = move |answer: &&SecurityAnswer| {
			answer.question.split_once('-').is_some_and(|(of, _)| of == group)
		};
		self.answers.iter().filter(belongs)
	}
}

/// Reads a statement from the form's workbook (`.xlsx`) or the same table as CSV, separated by commas or semicolons.
///
/// Rows are told by the identifier of their question; behind it follow the question, the answer, and notes. Everything
/// else in the workbook is passed over, so that headings and covers do not matter.
///
/// # Errors
/// [`Error::Import`] if it is neither, has no answer, or is too large.
pub fn import_mds2(bytes: &[u8]) -> Result<Disclosure, Error> {
	let wrong = |reason: String| Error::Import { what: "a disclosure statement (MDS2)", reason };
	let mut out = Disclosure::default();
	for row in spreadsheet::rows(bytes).map_err(wrong)? {
		let cells: Vec<&str> = row.iter().map(|cell| cell.trim()).collect();
		let Some((at, group, number)) = question(&cells) else { continue };
		// The first cell behind it is the question itself; text of the form is not kept.
		let mut rest = cells[at + 1..].iter().skip(1).filter(|cell| !cell.is_empty());
		let (answer, note) = (rest.next(), rest.next());
		let question = format!("{group}-{number}");
		let Some(answer) = answer else {
			out.unanswered.push(question);
			continue;
		};
		if out.answers.len() >= ANSWERS {
			return Err(wrong(format!("it has more than {ANSWERS} answers")));
		}
		let header = match question.as_str() {
			"DOC-1" => Some(&mut out.manufacturer),
			"DOC-2" => Some(&mut out.description),
			"DOC-3" => Some(&mut out.model),
			"DOC-4" => Some(&mut out.document),
			"DOC-7" => Some(&mut out.released),
			_ => None,
		};
		if let Some(header) = header {
			header.get_or_insert((*answer).to_owned());
			continue;
		}
		let topic = GROUPS.iter().find(|(name, _)| *name == group).map_or("", |(_, topic)| topic);
		out.answers.push(SecurityAnswer {
			question,
			topic: topic.into(),
			response: Response::read(answer),
			note: note.map(|note| (*note).to_owned()),
		});
	}
	if out.answers.is_empty() {
		return Err(wrong(
			"no row names a question (such as AUDT-1) and its answer; give the form of HN 1-2019 as \
			 a workbook (.xlsx) or CSV"
				.into(),
		));
	}
	Ok(out)
}

/// The first cells may be empty; the first that is not has to name a question.
fn question<'a>(cells: &[&'a str]) -> Option<(usize, &'a str, &'a str)> {
	let at = cells.iter().take(4).position(|cell| !cell.is_empty())?;
	let found = QUESTION.captures(cells[at])?;
	Some((at, found.get(1)?.as_str(), found.get(2)?.as_str()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::imports::spreadsheet::tests::archive;

	const CSV: &str = "Question ID,Question,,See note\n\
		DOC-1,Manufacturer Name,Acme Medical,\n\
		DOC-3,Device Model,Pump 7,\n\
		MPII-1,Can this device display or store personal data?,Yes,\n\
		MPII-2.1,\"Within, temporarily?\",See Note,\"only names, until discharge\"\n\
		,MLDP-1,Can anti-malware be installed?,No,Note 3\n\
		CONN-1.1,Which interfaces?,Ethernet and Wi-Fi,\n\
		TXCF-1,Encrypted?,N/A,\n\
		SBOM-1,Is a bill of materials available?,,\n\
		a heading,,,\n";

	#[test]
	fn the_answers_of_a_form_are_read_with_their_notes() {
		let found = import_mds2(CSV.as_bytes()).expect("a statement");
		assert_eq!(found.manufacturer.as_deref(), Some("Acme Medical"));
		assert_eq!(found.model.as_deref(), Some("Pump 7"));
		let answer = |question| {
			let answer = found.answer(question).expect("it is answered");
			(answer.response.clone(), answer.note.as_deref())
		};
		assert_eq!(answer("MPII-1"), (Response::Yes, None));
		assert_eq!(answer("MPII-2.1"), (Response::SeeNote, Some("only names, until discharge")));
		assert_eq!(answer("MLDP-1"), (Response::No, Some("Note 3")));
		assert_eq!(answer("CONN-1.1"), (Response::Text("Ethernet and Wi-Fi".into()), None));
		assert_eq!(answer("TXCF-1"), (Response::NotApplicable, None));
		assert_eq!((found.answers.len(), found.unanswered), (5, vec!["SBOM-1".to_owned()]));
		assert_eq!(found.answers[0].topic, "management of personally identifiable information");
	}

	#[test]
	fn workbooks_and_semicolons_give_the_same() {
		let plain = import_mds2(CSV.as_bytes()).expect("a statement");
		let semicolons: String = CSV
			.lines()
			.map(|line| {
				let cells: Vec<_> = csv_cells(line);
				format!("{}\n", cells.join(";"))
			})
			.collect();
		assert_eq!(import_mds2(semicolons.as_bytes()).expect("a statement"), plain);
		let rows: String = CSV
			.lines()
			.map(|line| {
				let cells: String = csv_cells(line)
					.iter()
					.map(|cell| format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>"))
					.collect();
				format!("<row>{cells}</row>")
			})
			.collect();
		let cover =
			("xl/worksheets/sheet1.xml", "<sheetData><row><c><v>1</v></c></row></sheetData>");
		let form = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
		let workbook = archive(&[cover, ("xl/worksheets/sheet2.xml", &form)]);
		assert_eq!(import_mds2(&workbook).expect("a statement"), plain);
	}

	fn csv_cells(line: &str) -> Vec<String> {
		let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
		let record = reader.records().next().expect("one line").expect("CSV");
		record.iter().map(str::to_owned).collect()
	}

	#[test]
	fn what_is_no_statement_is_refused() {
		for bytes in
			[&b""[..], b"a,b\n1,2\n", b"PK\x03\x04rubbish", b"DOC-1,Name,Acme\n", b"\xff\xfe"]
		{
			assert!(import_mds2(bytes).is_err());
		}
	}

	proptest::proptest! {
		#[test]
		fn no_file_makes_it_panic(
			bytes in proptest::collection::vec(0u8.., 0..200),
			text in "[<>/=\"'&;!a-z0-9 ]{0,80}",
		) {
			let _ = import_mds2(&bytes);
			let sheet = format!("<sheetData><row><c r=\"A1\">{text}");
			let _ = import_mds2(&archive(&[("xl/sharedStrings.xml", &text), ("xl/worksheets/sheet1.xml", &sheet)]));
		}
	}
}
