//! Words of a version range: comparisons, separators and versions.

/// One word of a range, or several that mean one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
	/// The version that follows is the first that is not in the range: `<`, `before`, `prior to`.
	Below,
	/// The version that follows is the last in the range: `<=`, `up to`.
	AtMost,
	/// `>`, `later than`.
	Above,
	/// `>=`, `from`.
	AtLeast,
	/// `=`.
	Exactly,
	/// `!=`, `except`.
	Not,
	/// Between two versions: `through`, `to`, `-`.
	Through,
	/// Behind a version: `and prior`, `or earlier`.
	AndEarlier,
	/// Behind a version: `and later`, `or newer`, `+`.
	AndLater,
	/// `|`, `,`, `and`, `or`.
	Or,
	/// A version, possibly of several words.
	Version(String),
}

const EARLIER: [&str; 9] =
	["prior", "earlier", "below", "older", "lower", "previous", "before", "under", "less"];
const LATER: [&str; 8] =
	["later", "newer", "above", "higher", "up", "onward", "onwards", "greater"];
/// Words that say what a version is without changing it.
const NOISE: [&str; 32] = [
	"all",
	"any",
	"the",
	"version",
	"versions",
	"version(s)",
	"ver",
	"ver.",
	"v",
	"v.",
	"software",
	"firmware",
	"release",
	"releases",
	"revision",
	"revisions",
	"rev",
	"rev.",
	"sw",
	"fw",
	"with",
	"running",
	"product",
	"distributed",
	"manufactured",
	"released",
	"dated",
	"of",
	"number",
	"numbers",
	"is",
	"are",
];
/// Words that belong to a version and are followed by a number.
const QUALIFIERS: [&str; 19] = [
	"build",
	"sp",
	"patch",
	"hotfix",
	"hf",
	"update",
	"upd",
	"mr",
	"cu",
	"fp",
	"beta",
	"alpha",
	"rc",
	"pack",
	"service",
	"level",
	"maintenance",
	"fix",
	"r",
];

/// Splits signs from what they stand at; unifies the many ways to write them.
fn spaced(text: &str) -> String {
	let mut out = String::with_capacity(text.len() + 16);
	let mut chars = text.chars().peekable();
	while let Some(c) = chars.next() {
		match c {
			'≤' | '≦' | '⩽' => out.push_str(" <= "),
			'≥' | '≧' | '⩾' => out.push_str(" >= "),
			'–' | '—' | '−' | '‐' | '‑' => out.push_str(" - "),
			'<' | '>' | '=' | '!' => {
				let equal = chars.peek() == Some(&'=');
				// `=<` and `=>` are written by hand for `<=` and `>=`.
				let turned = (c == '=').then(|| chars.peek().copied()).flatten();
				match turned {
					Some(sign @ ('<' | '>')) => {
						chars.next();
						out.push_str(&format!(" {sign}= "));
					},
					_ if equal => {
						chars.next();
						out.push_str(&format!(
							" {} ",
							if c == '=' { "=".into() } else { format!("{c}=") }
						));
					},
					_ => out.push_str(&format!(" {c} ")),
				}
			},
			'|' | ';' | '&' => out.push_str(&format!(" {c} ")),
			',' => out.push_str(" , "),
			'"' | '\'' | '“' | '”' | '’' => {},
			c => out.push(c),
		}
	}
	out
}

/// The words of a text as tokens, or the word that is none.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
	let spaced = spaced(text);
	let words: Vec<&str> = spaced.split_whitespace().collect();
	let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
	let at = |index: usize| lower.get(index).map_or("", String::as_str);
	let mut out = Vec::new();
	let mut index = 0;
	while index < words.len() {
		let word = at(index);
		let (token, used) = match word {
			"<" => (Some(Token::Below), 1),
			"<=" => (Some(Token::AtMost), 1),
			">" => (Some(Token::Above), 1),
			">=" => (Some(Token::AtLeast), 1),
			"=" | ":" => (Some(Token::Exactly), 1),
			"!=" | "except" | "excluding" => (Some(Token::Not), 1),
			"-" | "through" | "thru" | "to" | "until" | "till" => {
				let used = if at(index + 1) == "and" { 3 } else { 1 };
				(Some(Token::Through), used)
			},
			"+" => (Some(Token::AndLater), 1),
			"between" | "from" | "since" | "starting" | "beginning" => {
				let more = usize::from(matches!(at(index + 1), "with" | "from" | "at" | "in"));
				(Some(Token::AtLeast), 1 + more)
			},
			"after" => (Some(Token::Above), 1),
			"up" if at(index + 1) == "to" => up_to(&lower[index + 2..]),
			word if EARLIER.contains(&word) => earlier(&lower[index..]),
			word if LATER.contains(&word) && !out.is_empty() => later(&lower[index..]),
			word if LATER.contains(&word) => later(&lower[index..]),
			"," | "and" | "or" | "&" | "and/or" => {
				// `9.33 and prior`, `9.33, and all earlier versions`.
				let mut next = index + 1;
				while matches!(at(next), "and" | "or" | "all" | "any") {
					next += 1;
				}
				let behind_version = matches!(out.last(), Some(Token::Version(_)));
				if behind_version && EARLIER.contains(&at(next)) && !leads(&lower[next..]) {
					(Some(Token::AndEarlier), next + 1 - index)
				} else if behind_version && LATER.contains(&at(next)) && !leads(&lower[next..]) {
					(Some(Token::AndLater), next + 1 - index)
				} else {
					(Some(Token::Or), 1)
				}
			},
			"|" | ";" | "||" => (Some(Token::Or), 1),
			word if NOISE.contains(&word) => (None, 1),
			_ => {
				let (version, used) = version(&words[index..], &lower[index..])?;
				(Some(version), used)
			},
		};
		out.extend(token);
		index += used.max(1);
	}
	Ok(expand(out))
}

/// Whether `prior`, `later` and the like stand before their version: `prior to 3`, `below 3`.
fn leads(words: &[String]) -> bool {
	let next = words.get(1).map_or("", String::as_str);
	matches!(next, "to" | "than")
		|| NOISE.contains(&next) && words.get(2).is_some_and(|word| is_number_like(word))
		|| is_number_like(next)
}

fn earlier(words: &[String]) -> (Option<Token>, usize) {
	let word = |index: usize| words.get(index).map_or("", String::as_str);
	if (word(1), word(2), word(3)) == ("to", "and", "including") {
		return (Some(Token::AtMost), 4);
	}
	if leads(words) {
		let next = words.get(1).map_or("", String::as_str);
		(Some(Token::Below), 1 + usize::from(matches!(next, "to" | "than")))
	} else {
		(Some(Token::AndEarlier), 1)
	}
}

fn later(words: &[String]) -> (Option<Token>, usize) {
	if leads(words) && words[0] != "up" {
		let next = words.get(1).map_or("", String::as_str);
		(Some(Token::Above), 1 + usize::from(matches!(next, "to" | "than")))
	} else {
		(Some(Token::AndLater), 1)
	}
}

/// `up to`, `up to and including`, `up to but not including`.
fn up_to(words: &[String]) -> (Option<Token>, usize) {
	let word =
		|index: usize| words.get(index).map_or("", |word| word.trim_matches(['(', ')', ',']));
	match (word(0), word(1), word(2)) {
		("and", "including", _) | ("and", "includes", _) => (Some(Token::AtMost), 4),
		("but", "not", "including") | ("but", "not", "includes") => (Some(Token::Below), 5),
		("but", "excluding", _) => (Some(Token::Below), 4),
		("excluding", ..) | ("before", ..) => (Some(Token::Below), 3),
		("including", ..) => (Some(Token::AtMost), 3),
		_ => (Some(Token::AtMost), 2),
	}
}

fn is_number_like(word: &str) -> bool {
	word.starts_with('@')
		|| word.strip_prefix(['v', 'r']).unwrap_or(word).starts_with(|c: char| c.is_ascii_digit())
}

/// A word of letters, digits and `._-+~:/`, with a digit or of one letter.
fn is_version_word(word: &str) -> bool {
	let letters_fit = word
		.split(|c: char| !c.is_ascii_alphabetic())
		.all(|letters| letters.len() <= 5 || letters.chars().all(|c| c.is_ascii_hexdigit()));
	!word.is_empty()
		&& word.len() <= 40
		&& word.chars().all(|c| c.is_ascii_alphanumeric() || "._-+~:/@*".contains(c))
		&& (word.chars().any(|c| c.is_ascii_digit())
			|| word.len() == 1 && word.chars().all(|c| c.is_ascii_alphabetic() || c == '*')
			|| word.to_ascii_lowercase().ends_with(".x") && word.len() <= 4
			|| word.split_once('-').is_some_and(|(a, b)| spans(a, b)))
		&& letters_fit
}

/// Capitals such as `LPI` or `MR` beside a version.
fn is_short_capitals(word: &str) -> bool {
	(2..=4).contains(&word.len()) && word.chars().all(|c| c.is_ascii_uppercase())
}

fn is_qualifier(lower: &str) -> bool {
	QUALIFIERS.contains(&lower.trim_end_matches(['.', ':']))
}

fn starts_with_letter(word: &str) -> bool {
	word.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The longest run of words that is one version: `1.1.3 MR Build 11`, `S4 A.07.107`, `LPI 3.5.12.P30`.
fn version(words: &[&str], lower: &[String]) -> Result<(Token, usize), String> {
	let clean = |word: &str| word.trim_matches(['(', ')']).trim_end_matches('.').to_owned();
	let mut taken: Vec<String> = Vec::new();
	let mut numbers = 0;
	let mut used = 0;
	for (word, lower) in words.iter().zip(lower) {
		let word = clean(word);
		let last = taken.last();
		let after_qualifier =
			last.is_some_and(|last| is_qualifier(&last.to_lowercase()) || is_short_capitals(last));
		if is_version_word(&word) {
			let joins = last.is_none_or(|last| {
				after_qualifier
					|| starts_with_letter(&word) && starts_with_letter(last) && word.len() > 1
					|| lower.starts_with("sp") && is_number_like(&lower[2..])
			});
			if !joins {
				break;
			}
			numbers += 1;
		} else if !(is_qualifier(lower) || is_short_capitals(&word)) || taken.len() >= 6 {
			break;
		}
		taken.push(word);
		used += 1;
	}
	// A qualifier without its number belongs to something else.
	while taken.last().is_some_and(|last| !is_version_word(last)) {
		taken.pop();
		used -= 1;
	}
	if numbers == 0 || taken.is_empty() {
		let word = words.first().copied().unwrap_or_default();
		return Err(format!("\"{word}\" is not part of a version"));
	}
	Ok((Token::Version(taken.join(" ")), used))
}

/// Takes apart what was written without blanks: `B-M`, `1.0-1.3`, `2.1+`, `1.0/1.1`.
fn expand(tokens: Vec<Token>) -> Vec<Token> {
	let mut out = Vec::with_capacity(tokens.len());
	for token in tokens {
		let Token::Version(text) = &token else {
			out.push(token);
			continue;
		};
		if let Some(version) = text.strip_suffix('+').filter(|v| is_version_word(v)) {
			out.extend([Token::Version(version.to_owned()), Token::AndLater]);
		} else if let Some((from, to)) = text.split_once('-').filter(|(a, b)| spans(a, b)) {
			out.extend([
				Token::Version(from.to_owned()),
				Token::Through,
				Token::Version(to.to_owned()),
			]);
		} else if text.contains('/') {
			for (index, part) in text.split('/').filter(|part| !part.is_empty()).enumerate() {
				if index > 0 {
					out.push(Token::Or);
				}
				out.push(Token::Version(part.to_owned()));
			}
		} else {
			out.push(token);
		}
	}
	out
}

/// Whether `a-b` is a span and not one version with a revision: letters, or as many numbers on both sides
/// and in ascending order.
fn spans(a: &str, b: &str) -> bool {
	let letter = |text: &str| text.len() == 1 && starts_with_letter(text);
	if letter(a) && letter(b) {
		return a.to_lowercase() < b.to_lowercase();
	}
	let numbers = |text: &str| -> Option<usize> {
		let text = text.trim_start_matches(['v', 'V']);
		let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
		(plain && text.contains('.')).then(|| text.split('.').count())
	};
	numbers(a).is_some()
		&& numbers(a) == numbers(b)
		&& crate::version::compare_versions(a, b).is_some_and(std::cmp::Ordering::is_lt)
}
