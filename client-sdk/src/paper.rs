//! The patient's receipt on paper: what was agreed in words, and two separate codes, one that shows and one that withdraws.
//! Each code stands in a QR code and below it in characters, so that it can be scanned or typed.
//!
//! The two are on different sheets (a form feed parts them): the first may be shown to anybody who is to follow the consent,
//! the second is for the patient alone.

use crate::{
	receipt::{Receipt, WithdrawalCode},
	Error,
};
use curex_primitives::ConsentId;
use qrcode::{render::unicode::Dense1x2, EcLevel, QrCode};
use serde::Serialize;
use std::{fmt::Write, str::FromStr};
use zeroize::Zeroizing;

/// Most characters of a line.
const WIDTH: usize = 72;
/// With what every code begins.
const MARK: &str = "CUREX";

/// A code as it stands on paper: `CUREX:V:` to view or `CUREX:W:` to withdraw, then the ledger, the consent and the secret in
/// hexadecimal capitals, parted by colons: characters of which a QR code holds most.
#[derive(Clone, PartialEq, Eq)]
pub enum PaperCode {
	/// Opens the commitments; cannot withdraw.
	View {
		/// Hash of the ledger's first block.
		ledger: [u8; 32],
		/// The consent.
		consent: ConsentId,
		/// The viewing code.
		code: [u8; 32],
	},
	/// Withdraws the consent.
	Withdraw {
		/// Hash of the ledger's first block.
		ledger: [u8; 32],
		/// The consent.
		consent: ConsentId,
		/// The withdrawal code.
		code: WithdrawalCode,
	},
}

impl std::fmt::Debug for PaperCode {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self {
			Self::View { consent, .. } => write!(formatter, "PaperCode::View({consent})"),
			Self::Withdraw { consent, .. } => write!(formatter, "PaperCode::Withdraw({consent})"),
		}
	}
}

impl PaperCode {
	/// The code that views a receipt's consent.
	pub fn view(receipt: &Receipt) -> Self {
		let Receipt { ledger, record_id, viewing_code, .. } = receipt;
		Self::View { ledger: *ledger, consent: *record_id, code: *viewing_code }
	}

	/// The code that withdraws a receipt's consent.
	///
	/// # Errors
	/// [`Error::Input`] when the receipt is a view, which cannot withdraw.
	pub fn withdraw(receipt: &Receipt) -> Result<Self, Error> {
		let code = receipt
			.withdrawal_code
			.clone()
			.ok_or_else(|| Error::input("the receipt is a view; it cannot withdraw"))?;
		Ok(Self::Withdraw { ledger: receipt.ledger, consent: receipt.record_id, code })
	}

	/// The text of the code.
	pub fn text(&self) -> Zeroizing<String> {
		let (kind, ledger, consent, code) = match self {
			Self::View { ledger, consent, code } => ('V', ledger, consent, code),
			Self::Withdraw { ledger, consent, code } => ('W', ledger, consent, &code.0),
		};
		let hexadecimal = |bytes: &[u8; 32]| Zeroizing::new(hex::encode_upper(bytes));
		let [ledger, consent, code] = [ledger, &consent.0, code].map(hexadecimal);
		Zeroizing::new(format!("{MARK}:{kind}:{}:{}:{}", *ledger, *consent, *code))
	}

	/// The QR code, drawn with characters.
	fn drawn(&self) -> Result<Zeroizing<String>, Error> {
		let text = self.text();
		let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M)
			.map_err(|_| Error::input("the code does not fit a QR code"))?;
		// Dark modules are printed: paper is light.
		let drawn = code
			.render::<Dense1x2>()
			.dark_color(Dense1x2::Dark)
			.light_color(Dense1x2::Light)
			.build();
		Ok(Zeroizing::new(drawn))
	}
}

impl FromStr for PaperCode {
	type Err = Error;

	fn from_str(text: &str) -> Result<Self, Error> {
		let wrong = || Error::input("this is no code of a consent receipt: look for typing errors");
		// Typed in, it may be broken into lines and groups.
		let text: Zeroizing<String> =
			Zeroizing::new(text.chars().filter(|letter| !letter.is_whitespace()).collect());
		let parts: Vec<&str> = text.split(':').collect();
		let [mark, kind, ledger, consent, code] = parts.as_slice() else { return Err(wrong()) };
		let read = |text: &str| -> Result<[u8; 32], Error> {
			let mut bytes = [0; 32];
			hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong())?;
			Ok(bytes)
		};
		let (ledger, consent) = (read(ledger)?, ConsentId(read(consent)?));
		let code = read(code)?;
		match (*mark, *kind) {
			(MARK, "V") => Ok(Self::View { ledger, consent, code }),
			(MARK, "W") => Ok(Self::Withdraw { ledger, consent, code: WithdrawalCode(code) }),
			_ => Err(wrong()),
		}
	}
}

impl Receipt {
	/// The receipt as text for paper. A view has the first sheet only.
	///
	/// # Errors
	/// [`Error::Input`] when a code does not fit a QR code.
	pub fn paper(&self) -> Result<Zeroizing<String>, Error> {
		let mut text = Zeroizing::new(String::new());
		self.first_sheet(&mut text)?;
		if self.withdrawal_code.is_some() {
			text.push('\u{c}');
			self.second_sheet(&mut text)?;
		}
		Ok(text)
	}

	fn first_sheet(&self, text: &mut String) -> Result<(), Error> {
		let processing = &self.processing;
		line(text, "RECEIPT OF A CONSENT TO THE EXCHANGE OF HEALTH DATA");
		line(text, "");
		for (name, value) in [
			("Consent", self.record_id.to_string()),
			("Given on", self.event.time.clone()),
			("Given by", words(&processing.representation)),
			("How", self.collection_method.clone()),
			("Organisation that holds the records", format!("number {}", self.pii_controller)),
			("Who may receive", words(&self.pii_recipient)),
			("What for", words(&processing.purposes)),
			("Which data", words(&processing.pii_categories)),
			("In which way", words(&processing.access_modes)),
			("Valid from", processing.valid_from.clone()),
			("Valid until", processing.valid_until.clone()),
			("Kept by the recipient until", processing.retention_until.clone()),
			("Number of exchanges", processing.max_uses.to_string()),
		] {
			line(text, &format!("{name}: {value}"));
		}
		line(text, "");
		line(text, &format!("What you were told ({}):", self.notice.language));
		for paragraph in self.notice.text.lines() {
			line(text, paragraph);
		}
		line(text, "");
		line(text, "CODE TO VIEW");
		line(
			text,
			"Whoever has this code can check that this consent stands on the ledger as written here, and follow \
			 every use of it. It cannot withdraw the consent.",
		);
		code(text, &PaperCode::view(self))
	}

	fn second_sheet(&self, text: &mut String) -> Result<(), Error> {
		line(text, "CODE TO WITHDRAW");
		line(text, &format!("Consent: {}", self.record_id));
		line(text, "");
		line(
			text,
			"With this code you end the consent at any time, at any member of the consortium, without giving a reason \
			 and without anybody's help. Keep this sheet apart from the first, and show it to nobody. What was \
			 exchanged before stays lawful; nothing is exchanged from then on.",
		);
		code(text, &PaperCode::withdraw(self)?)
	}
}

fn code(text: &mut String, code: &PaperCode) -> Result<(), Error> {
	text.push('\n');
	text.push_str(&code.drawn()?);
	text.push('\n');
	let characters = code.text();
	let bytes = characters.as_bytes();
	for chunk in bytes.chunks(WIDTH) {
		text.push_str(&String::from_utf8_lossy(chunk));
		text.push('\n');
	}
	Ok(())
}

/// Appends a paragraph in lines of at most [`WIDTH`] characters, as far as its words allow.
fn line(text: &mut String, paragraph: &str) {
	let mut length = 0;
	for word in paragraph.split_whitespace() {
		let letters = word.chars().count();
		if length > 0 && length + 1 + letters > WIDTH {
			text.push('\n');
			length = 0;
		} else if length > 0 {
			text.push(' ');
			length += 1;
		}
		// Writing to a string does not fail.
		let _ = write!(text, "{word}");
		length += letters;
	}
	text.push('\n');
}

/// A value of the ledger's vocabulary in words: `patient-summary` becomes "patient summary".
pub(crate) fn words(value: &impl Serialize) -> String {
	fn say(value: &serde_json::Value) -> String {
		match value {
			serde_json::Value::String(word) => word.replace('-', " "),
			serde_json::Value::Array(list) => list.iter().map(say).collect::<Vec<_>>().join(", "),
			serde_json::Value::Object(object) => object
				.iter()
				.map(|(key, value)| format!("{} {}", key.replace('-', " "), say(value)))
				.collect::<Vec<_>>()
				.join(", "),
			other => other.to_string(),
		}
	}
	say(&serde_json::to_value(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::receipt::tests::prepare;

	#[test]
	fn the_two_codes_are_read_back_from_paper_and_are_not_confused() {
		let receipt = prepare().receipt;
		for code in [PaperCode::view(&receipt), PaperCode::withdraw(&receipt).unwrap()] {
			let text = code.text();
			assert_eq!(text.parse::<PaperCode>().unwrap(), code);
			let typed = text.as_bytes().chunks(8).map(|part| String::from_utf8_lossy(part));
			let typed = typed.collect::<Vec<_>>().join(" \n");
			assert_eq!(typed.parse::<PaperCode>().unwrap(), code, "in groups");
		}
		let view = PaperCode::view(&receipt).text();
		let withdraw = PaperCode::withdraw(&receipt).unwrap().text();
		assert_ne!(view.rsplit(':').next(), withdraw.rsplit(':').next());
		assert!(PaperCode::withdraw(&receipt.view()).is_err());
	}

	#[test]
	fn a_code_with_a_typing_error_in_its_form_is_refused() {
		let text = PaperCode::view(&prepare().receipt).text();
		for wrong in [
			String::new(),
			text[1..].to_string(),
			text[..text.len() - 1].to_string(),
			text.replacen(":V:", ":X:", 1),
			format!("{}:00", *text),
		] {
			assert!(matches!(wrong.parse::<PaperCode>(), Err(Error::Input(_))), "{wrong}");
		}
	}

	#[test]
	fn the_sheet_to_show_does_not_hold_the_code_that_withdraws() {
		let receipt = prepare().receipt;
		let paper = receipt.paper().unwrap();
		let (first, second) = paper.split_once('\u{c}').unwrap();
		let plain = |text: &str| text.replace('\n', "");
		let secret = hex::encode_upper(receipt.withdrawal_code.as_ref().unwrap().0);
		assert!(!plain(first).contains(&secret) && plain(second).contains(&secret));
		assert!(first.contains("patient summary") && first.contains("I agree that"));
		assert!(first.contains('█') && second.contains('█'), "both QR codes are drawn");
		let view = receipt.view().paper().unwrap();
		assert!(!view.contains('\u{c}') && !plain(&view).contains(&secret));
	}

	#[test]
	fn a_line_is_no_longer_than_paper_is_wide() {
		let mut text = String::new();
		line(&mut text, &"word ".repeat(60));
		assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
		assert_eq!(text.split_whitespace().count(), 60);
	}

	#[test]
	fn no_debug_output_shows_a_code() {
		let receipt = prepare().receipt;
		let code = PaperCode::withdraw(&receipt).unwrap();
		let text = format!("{code:?}").to_uppercase();
		assert!(!text.contains(&hex::encode_upper(receipt.withdrawal_code.unwrap().0)));
	}
}
