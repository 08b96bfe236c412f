//! Turns what a stranger sent into text that is safe to keep, print and compare.

/// Longest evidence kept of one answer, characters.
pub(crate) const EVIDENCE_CHARACTERS: usize = 256;

/// Longest product, vendor or version kept, characters.
const NAME_CHARACTERS: usize = 64;

/// Printable ASCII of `bytes`, at most [`EVIDENCE_CHARACTERS`]; line ends become one blank, all else a dot.
pub(crate) fn text(bytes: &[u8]) -> String {
	let mut out = String::new();
	let trimmed = bytes.trim_ascii();
	let mut blank = false;
	for byte in trimmed.iter().copied() {
		if out.len() >= EVIDENCE_CHARACTERS {
			break;
		}
		match byte {
			b'\r' | b'\n' | b'\t' | b' ' => {
				if !blank {
					out.push(' ');
				}
				blank = true;
				continue;
			},
			0x21..=0x7e => out.push(char::from(byte)),
			_ => out.push('.'),
		}
		blank = false;
	}
	out
}

/// A name or version out of an answer: letters, digits and `._+~:-`, bounded. `None` if nothing is left.
pub(crate) fn name(raw: &str) -> Option<String> {
	let kept: String = raw
		.trim()
		.chars()
		.map(|c| if c.is_ascii_alphanumeric() || "._+~:-".contains(c) { c } else { '_' })
		.take(NAME_CHARACTERS)
		.collect();
	let kept = kept.trim_matches('_').to_owned();
	(!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn control_characters_and_escapes_do_not_survive() {
		assert_eq!(text(b"\x1b[31mred\x1b[0m\r\nnext\0"), ".[31mred.[0m next.");
		assert_eq!(name("1.2\u{1b}[2J").as_deref(), Some("1.2__2J"));
		assert_eq!(name(" \u{0} "), None);
	}

	#[test]
	fn evidence_is_bounded() {
		assert_eq!(text(&[b'a'; 100_000]).len(), EVIDENCE_CHARACTERS);
		assert_eq!(name(&"9".repeat(1_000)).map(|n| n.len()), Some(NAME_CHARACTERS));
	}
}
