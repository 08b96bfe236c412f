//! Calendar dates, which some vendors use in the place of versions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A day of the Gregorian calendar; the derived order is that of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date {
	year: u16,
	month: u8,
	day: u8,
}

const MONTHS: [&str; 12] =
	["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const LONG_MONTHS: [&str; 12] = [
	"january",
	"february",
	"march",
	"april",
	"may",
	"june",
	"july",
	"august",
	"september",
	"october",
	"november",
	"december",
];

impl fmt::Display for Date {
	fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
	}
}

impl Date {
	pub(crate) fn new(year: u16, month: u8, day: u8) -> Option<Self> {
		let leap =
			(year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
		let days = match month {
			4 | 6 | 9 | 11 => 30,
			2 if leap => 29,
			2 => 28,
			1..=12 => 31,
			_ => return None,
		};
		((1900..=2199).contains(&year) && (1..=days).contains(&day)).then_some(Self {
			year,
			month,
			day,
		})
	}

	/// Reads a date in any of the forms of [`find_dates`], or a time stamp of RFC 3339.
	pub(crate) fn parse(text: &str) -> Option<Self> {
		let text = text.trim();
		if let Some(day) = text.get(..10).and_then(iso) {
			return Some(day);
		}
		let (rest, dates) = find_dates(text, None);
		(dates.len() == 1 && rest.split_whitespace().count() == 1).then(|| dates[0].ok())?
	}

	/// The latest such day of the year that is not after `self`.
	fn latest(self, month: u8, day: u8) -> Option<Self> {
		let this_year = Self::new(self.year, month, day)?;
		if this_year <= self {
			Some(this_year)
		} else {
			Self::new(self.year - 1, month, day)
		}
	}
}

fn iso(word: &str) -> Option<Date> {
	let bytes = word.as_bytes();
	let shape = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
	if !shape || !word.is_ascii() {
		return None;
	}
	Date::new(word[..4].parse().ok()?, word[5..7].parse().ok()?, word[8..].parse().ok()?)
}

/// `8/30/2024`, month first as in the United States; if the first number cannot be a month, day first.
fn slashed(word: &str) -> Option<Date> {
	let mut numbers = word.split('/').map(|n| n.parse::<u16>().ok());
	let (first, second, year) = (numbers.next()??, numbers.next()??, numbers.next()??);
	if numbers.next().is_some() {
		return None;
	}
	let (month, day) = if first > 12 { (second, first) } else { (first, second) };
	Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

fn month(word: &str) -> Option<u8> {
	let word = word.trim_end_matches(['.', ',']).to_ascii_lowercase();
	let at = LONG_MONTHS
		.iter()
		.position(|name| *name == word)
		.or_else(|| MONTHS.iter().position(|name| *name == word))
		.or_else(|| (word == "sept").then_some(8))?;
	u8::try_from(at + 1).ok()
}

fn day_of_month(word: &str) -> Option<u8> {
	let digits = word.trim_end_matches(',');
	let digits = ["st", "nd", "rd", "th"]
		.iter()
		.find_map(|ending| digits.strip_suffix(ending))
		.unwrap_or(digits);
	digits.parse().ok().filter(|day| (1..=31).contains(day))
}

fn year(word: &str) -> Option<u16> {
	word.trim_end_matches(',').parse().ok().filter(|year| (1900..=2199).contains(year))
}

/// Finds dates in a text and puts `@n` in their place, n counting from 0.
///
/// Forms: `2024-08-30`, `8/30/2024`, `April 1, 2018`, `1 April 2018`, `April 2018` (its first day) and
/// `August 28`, which becomes the latest such day not after `published`; without that it is an error that
/// says so.
pub(crate) fn find_dates(
	text: &str,
	published: Option<Date>,
) -> (String, Vec<Result<Date, &'static str>>) {
	let spaced = text.replace('<', " < ").replace('>', " > ").replace('=', " = ");
	let words: Vec<&str> = spaced.split_whitespace().collect();
	let mut out: Vec<String> = Vec::new();
	let mut dates = Vec::new();
	let mut at = 0;
	while at < words.len() {
		let word = words[at].trim_end_matches(',');
		let next = |n: usize| words.get(at + n).copied().unwrap_or_default();
		let (found, used) = if let Some(date) = iso(word).or_else(|| slashed(word)) {
			(Some(Ok(date)), 1)
		} else if let Some(month_number) = month(word) {
			match (day_of_month(next(1)), year(next(2)), year(next(1))) {
				(Some(day), Some(year), _) => (Date::new(year, month_number, day).map(Ok), 3),
				(_, _, Some(year)) => (Date::new(year, month_number, 1).map(Ok), 2),
				(Some(day), None, None) => {
					let latest = published.and_then(|p| p.latest(month_number, day));
					(Some(latest.ok_or("a date without a year, and no date of publication")), 2)
				},
				_ => (None, 1),
			}
		} else {
			match (day_of_month(word), month(next(1)), year(next(2))) {
				(Some(day), Some(month), Some(year)) => (Date::new(year, month, day).map(Ok), 3),
				_ => (None, 1),
			}
		};
		match found {
			Some(date) => {
				out.push(format!("@{}", dates.len()));
				dates.push(date);
			},
			None => out.extend(words[at..at + used].iter().map(|word| (*word).to_owned())),
		}
		at += used;
	}
	(
		out.join(" ")
			.replace("< =", "<=")
			.replace("> =", ">=")
			.replace("! =", "!=")
			.replace("= <", "<=")
			.replace("= >", ">="),
		dates,
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn dates_are_found_in_the_forms_that_advisories_use() {
		let published = Date::new(2017, 8, 29);
		for (text, expected) in [
			("< august 28", "2017-08-28"),
			("< december 1", "2016-12-01"),
			("distributed  < april 1, 2018", "2018-04-01"),
			("<8/30/2024", "2024-08-30"),
			("before 30/8/2024", "2024-08-30"),
			("before 2024-08-30", "2024-08-30"),
			("before 3 March 2020", "2020-03-03"),
			("before March 2020", "2020-03-01"),
			("Sept. 2nd, 2020", "2020-09-02"),
		] {
			let (_, dates) = find_dates(text, published);
			let found: Vec<String> =
				dates.iter().flatten().map(std::string::ToString::to_string).collect();
			assert_eq!(found, [expected], "{text}");
		}
		assert_eq!(find_dates("< august 28", None).1.len(), 1);
		assert!(find_dates("< august 28", None).1[0].is_err());
		assert!(find_dates("< 1.2.3 | may not", None).1.is_empty());
	}

	#[test]
	fn impossible_days_are_no_dates() {
		assert_eq!(Date::new(2023, 2, 29), None);
		assert!(Date::new(2024, 2, 29).is_some());
		assert_eq!(Date::parse("2024-13-01"), None);
		assert_eq!(Date::parse("2024-08-30T12:00:00Z"), Date::new(2024, 8, 30));
		assert_eq!(Date::parse("1.0"), None);
	}

	proptest::proptest! {
		#[test]
		fn no_text_makes_it_panic(text in "\\PC{0,40}", more in "[a-z0-9/, <-]{0,30}") {
			find_dates(&text, Date::new(2020, 1, 1));
			find_dates(&more, None);
			Date::parse(&text);
		}
	}
}
