//! Reads ranges out of `vers:` identifiers and free text.

use super::{
	condition::{self, Condition},
	lexer::{tokens, Token},
	Interval, Limit, VersionSet, Versions,
};
use crate::version::{compare_versions, find_dates, strip_label, Date, Scheme};

/// Longest text that is looked at, characters; nothing longer is a range.
const CHARACTERS: usize = 1_000;

/// Reads a text; `may_be_name` if it may name a model instead.
pub(super) fn parse(text: &str, published: Option<Date>, may_be_name: bool) -> VersionSet {
	if text.len() > CHARACTERS {
		return VersionSet::not_understood("the text is too long for a range", text);
	}
	let cleaned = unescape(text).split_whitespace().collect::<Vec<_>>().join(" ");
	if cleaned.is_empty() {
		return VersionSet::not_understood("the text is empty", text);
	}
	if let Some(rest) = cleaned.strip_prefix("vers:") {
		if let Some(set) = vers(rest, text) {
			return set;
		}
		// Some publishers put free text behind the scheme.
		let rest = rest.split_once('/').map_or(rest, |(_, rest)| rest);
		return free(rest, text, published, false);
	}
	free(&cleaned, text, published, may_be_name)
}

fn unescape(text: &str) -> String {
	text.replace("&lt;", "<").replace("&gt;", ">").replace("&le;", "≤").replace("&ge;", "≥")
}

fn free(cleaned: &str, text: &str, published: Option<Date>, may_be_name: bool) -> VersionSet {
	let lower = cleaned.to_lowercase();
	let means_all = ["*", "all", "all versions", "any", "any version", "all software versions"];
	if means_all.contains(&lower.as_str()) {
		return VersionSet::all(text);
	}
	if ["n/a", "-", "unknown", "unspecified", "none", "not applicable"].contains(&lower.as_str()) {
		return VersionSet::not_understood("the publisher gives no version", text);
	}
	// `up to (but not including) 4.2`: these parentheses belong to the comparison.
	let mut plain = cleaned.to_owned();
	for words in ["but not including", "not including", "excluding", "including", "and including"] {
		plain = plain.replace(&format!("({words})"), words);
	}
	let mut reason = None;
	for (main, condition) in condition::split(&plain) {
		let (dated, dates) = find_dates(&main, published);
		match intervals(&dated, &dates) {
			Ok((versions, scheme, except)) => {
				return VersionSet {
					versions,
					scheme,
					except,
					condition: condition.as_deref().map(Condition::parse),
					text: text.to_owned(),
				}
			},
			Err(why) => reason = reason.or(Some(why)),
		}
	}
	if may_be_name {
		let names = cleaned.split('|').flat_map(|name| name.split(" / "));
		let names = names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
		return VersionSet::of(Versions::Names(names.collect()), text);
	}
	VersionSet::not_understood(reason.unwrap_or_else(|| "it names no version".into()), text)
}

type Read = (Versions, Scheme, Vec<Interval>);

/// Versions of a text whose dates were replaced by `@n`.
fn intervals(text: &str, dates: &[Result<Date, &'static str>]) -> Result<Read, String> {
	let tokens = tokens(text)?;
	let (mut include, except) = grouped(&tokens)?;
	merge(&mut include);
	let limits = || include.iter().chain(&except).flat_map(|i| i.from.iter().chain(i.to.iter()));
	let is_date = |limit: &&Limit| limit.version.starts_with('@');
	let scheme = match limits().filter(is_date).count() {
		0 => Scheme::Generic,
		count if count == limits().count() => Scheme::Date,
		_ => return Err("it mixes dates and versions".into()),
	};
	if scheme == Scheme::Date {
		for interval in &mut include {
			for limit in interval.from.iter_mut().chain(interval.to.iter_mut()) {
				limit.version = date(&limit.version, dates)?;
			}
		}
	}
	if include.is_empty() && except.is_empty() {
		// Nothing but `all versions` in one wording or another.
		return if text.to_lowercase().split_whitespace().any(|word| word == "all") {
			Ok((Versions::All, scheme, except))
		} else {
			Err("it names no version".into())
		};
	}
	let versions = if include.is_empty() { Versions::All } else { Versions::Intervals(include) };
	Ok((versions, scheme, except))
}

fn date(reference: &str, dates: &[Result<Date, &'static str>]) -> Result<String, String> {
	let index: usize =
		reference.trim_start_matches('@').parse().map_err(|_| "a date in a version".to_owned())?;
	match dates.get(index) {
		Some(Ok(date)) => Ok(date.to_string()),
		Some(Err(reason)) => Err((*reason).to_owned()),
		None => Err("a date in a version".into()),
	}
}

/// Intervals that are affected and intervals that are not.
fn grouped(tokens: &[Token]) -> Result<(Vec<Interval>, Vec<Interval>), String> {
	let mut include = Vec::new();
	let mut except = Vec::new();
	let mut at = 0;
	while at < tokens.len() {
		let version = |index: usize| match tokens.get(index) {
			Some(Token::Version(version)) => Some(version.as_str()),
			_ => None,
		};
		let missing = || "a comparison without a version".to_owned();
		match &tokens[at] {
			Token::Or => at += 1,
			Token::Not => {
				except.push(bounded(Bound::Exactly, version(at + 1).ok_or_else(missing)?)?);
				at += 2;
			},
			Token::Exactly => {
				include.push(bounded(Bound::Exactly, version(at + 1).ok_or_else(missing)?)?);
				at += 2;
			},
			sign @ (Token::Below | Token::AtMost | Token::Through) => {
				let bound = if *sign == Token::Below { Bound::Below } else { Bound::AtMost };
				include.push(bounded(bound, version(at + 1).ok_or_else(missing)?)?);
				at += 2;
				// `<= 9.33 and prior` says the same twice.
				at += usize::from(tokens.get(at) == Some(&Token::AndEarlier));
			},
			sign @ (Token::Above | Token::AtLeast) => {
				let bound = if *sign == Token::Above { Bound::Above } else { Bound::AtLeast };
				let mut interval = bounded(bound, version(at + 1).ok_or_else(missing)?)?;
				at += 2;
				let joined = match tokens.get(at) {
					Some(Token::Below) => Some(Bound::Below),
					Some(Token::AtMost | Token::Through) => Some(Bound::AtMost),
					// `between 1.0 and 1.3`
					Some(Token::Or) if *sign == Token::AtLeast && tokens.len() == at + 2 => {
						version(at + 1).map(|_| Bound::AtMost)
					},
					_ => None,
				};
				if let Some(bound) = joined {
					interval.to = bounded(bound, version(at + 1).ok_or_else(missing)?)?.to;
					at += 2;
				}
				include.push(interval);
			},
			Token::Version(first) => {
				let (interval, used) = from_version(first, &tokens[at + 1..])?;
				include.push(interval);
				at += 1 + used;
			},
			// Without a version before it, "earlier" and the like refer to nothing.
			Token::AndEarlier | Token::AndLater => {
				return Err("a direction without a version".to_owned());
			},
		}
	}
	Ok((include, except))
}

/// A version and what follows it.
fn from_version(first: &str, rest: &[Token]) -> Result<(Interval, usize), String> {
	let second = match rest.get(1) {
		Some(Token::Version(version)) => Some(version.as_str()),
		_ => None,
	};
	let until = |bound: Bound, last: &str| -> Result<Interval, String> {
		Ok(Interval { from: bounded(Bound::AtLeast, first)?.from, to: bounded(bound, last)?.to })
	};
	Ok(match (rest.first(), second) {
		(Some(Token::AndEarlier), _) => (bounded(Bound::AtMost, first)?, 1),
		(Some(Token::AndLater), _) => (bounded(Bound::AtLeast, first)?, 1),
		(Some(Token::Through | Token::AtMost), Some(last)) => (until(Bound::AtMost, last)?, 2),
		// `A10 < A11`, `5.1.x before 5.1.3`.
		(Some(Token::Below), Some(last)) => (until(Bound::Below, last)?, 2),
		_ => (bounded(Bound::Exactly, first)?, 0),
	})
}

/// Joins `>= a | <= b`, which is one interval, and leaves `<= a | >= b` apart.
fn merge(intervals: &mut Vec<Interval>) {
	let mut out: Vec<Interval> = Vec::new();
	for interval in intervals.drain(..) {
		let joined = out.last_mut().and_then(|last| {
			let (lower, upper) = match (&*last, &interval) {
				(
					Interval { from: Some(from), to: None },
					Interval { from: None, to: Some(to) },
				) => (from.clone(), to.clone()),
				(
					Interval { from: None, to: Some(to) },
					Interval { from: Some(from), to: None },
				) if below(from, to) => (from.clone(), to.clone()),
				_ => return None,
			};
			*last = Interval { from: Some(lower), to: Some(upper) };
			Some(())
		});
		if joined.is_none() {
			out.push(interval);
		}
	}
	*intervals = out;
}

fn below(from: &Limit, to: &Limit) -> bool {
	compare_versions(&from.version, &to.version).is_some_and(std::cmp::Ordering::is_lt)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
	Below,
	AtMost,
	Above,
	AtLeast,
	Exactly,
}

fn bounded(bound: Bound, text: &str) -> Result<Interval, String> {
	let text = strip_label(text.trim());
	if text == "*" {
		return Ok(Interval::default());
	}
	let (first, next) = match wildcard(text) {
		Wildcard::None => (text.to_owned(), None),
		Wildcard::Of { first, next } => (first, Some(next)),
		Wildcard::Unknown => return Err(format!("\"{text}\" has a wildcard behind a letter")),
	};
	// With a wildcard, `x` stands for every number: `<= 3.x` ends before 4, `< 3.x` before 3.
	Ok(match (bound, next) {
		(Bound::Below, _) => Interval { from: None, to: Some(Limit::excluding(first)) },
		(Bound::AtMost, Some(next)) => Interval { from: None, to: Some(Limit::excluding(next)) },
		(Bound::AtMost, None) => Interval { from: None, to: Some(Limit::including(first)) },
		(Bound::Above, Some(next)) => Interval { from: Some(Limit::including(next)), to: None },
		(Bound::Above, None) => Interval { from: Some(Limit::excluding(first)), to: None },
		(Bound::AtLeast, _) => Interval { from: Some(Limit::including(first)), to: None },
		(Bound::Exactly, Some(next)) => {
			Interval { from: Some(Limit::including(first)), to: Some(Limit::excluding(next)) }
		},
		(Bound::Exactly, None) => Interval::exactly(first),
	})
}

enum Wildcard {
	None,
	Of { first: String, next: String },
	Unknown,
}

/// `5.x.x` is everything from 5 up to 6, `3.1.x` from 3.1 up to 3.2.
fn wildcard(text: &str) -> Wildcard {
	let mut head = text;
	while let Some(shorter) =
		[".x", ".X", ".*", ".xx", ".XX"].iter().find_map(|ending| head.strip_suffix(ending))
	{
		head = shorter;
	}
	if head.len() == text.len() {
		return Wildcard::None;
	}
	let digits = head.bytes().rev().take_while(u8::is_ascii_digit).count();
	let (front, last) = head.split_at(head.len() - digits);
	match last.parse::<u64>().ok().and_then(|number| number.checked_add(1)) {
		Some(next) => Wildcard::Of { first: head.to_owned(), next: format!("{front}{next}") },
		// `K.x`: the letter after K.
		None => match head.chars().next_back() {
			Some(letter)
				if head.len() == 1
					&& letter.is_ascii_alphabetic()
					&& !matches!(letter, 'z' | 'Z') =>
			{
				let next = char::from(head.as_bytes()[0] + 1);
				Wildcard::Of { first: head.to_owned(), next: next.to_string() }
			},
			_ => Wildcard::Unknown,
		},
	}
}

/// `vers:<scheme>/<comparator><version>|…` (the VERS specification that CSAF names); `None` if it is not in
/// that shape.
fn vers(rest: &str, text: &str) -> Option<VersionSet> {
	let (name, constraints) = rest.split_once('/')?;
	let scheme = match name.to_ascii_lowercase().as_str() {
		"deb" => Scheme::Debian,
		"rpm" => Scheme::Rpm,
		"semver" | "npm" | "cargo" | "golang" | "nuget" => Scheme::Semver,
		_ => Scheme::Generic,
	};
	if constraints.trim() == "*" {
		return Some(VersionSet { scheme, ..VersionSet::all(text) });
	}
	let mut include = Vec::new();
	let mut except = Vec::new();
	for constraint in constraints.split('|') {
		let constraint = percent_decoded(constraint.trim())?;
		let sign = constraint.chars().take_while(|c| "<>=!".contains(*c)).count();
		let (sign, version) = constraint.split_at(sign);
		let version = version.trim();
		if version.is_empty() || version.contains(char::is_whitespace) || version.contains('/') {
			return None;
		}
		let bound = match sign {
			"<" => Bound::Below,
			"<=" => Bound::AtMost,
			">" => Bound::Above,
			">=" => Bound::AtLeast,
			"" | "=" => Bound::Exactly,
			"!=" => {
				except.push(Interval::exactly(version));
				continue;
			},
			_ => return None,
		};
		include.push(bounded(bound, version).ok()?);
	}
	merge(&mut include);
	let versions = if include.is_empty() { Versions::All } else { Versions::Intervals(include) };
	Some(VersionSet { versions, scheme, except, condition: None, text: text.to_owned() })
}

fn percent_decoded(text: &str) -> Option<String> {
	let mut bytes = text.bytes();
	let mut out = Vec::with_capacity(text.len());
	while let Some(byte) = bytes.next() {
		out.push(match byte {
			b'%' => {
				let digits = [bytes.next()?, bytes.next()?];
				u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
			},
			byte => byte,
		});
	}
	String::from_utf8(out).ok()
}

/// A version at the end of a product's name, where some publishers put it: `IntelliSpace Portal 8.0.x` or
/// `Viewer version 3.1`. Returns the name without it. A bare number may be a model and stays in the name.
pub(crate) fn trailing_version(name: &str) -> Option<(&str, VersionSet)> {
	let (head, last) = name.trim().rsplit_once(' ')?;
	let head = head.trim_end();
	let labelled = head
		.rsplit_once(' ')
		.filter(|(_, word)| {
			matches!(word.to_ascii_lowercase().as_str(), "version" | "versions" | "v" | "ver.")
		})
		.map(|(head, _)| head.trim_end_matches([' ', ',', ':', '-']));
	let is_wildcard =
		last.to_ascii_lowercase().ends_with(".x") && last.starts_with(|c: char| c.is_ascii_digit());
	let name = match labelled {
		Some(name) if last.chars().any(|c| c.is_ascii_digit()) => name,
		_ if is_wildcard => head,
		_ => return None,
	};
	let set = VersionSet::parse_range(last);
	(set.is_understood() && !name.is_empty()).then_some((name, set))
}
