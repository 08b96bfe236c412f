//! Sheets as PDF: tagged for screen readers (PDF/UA-1), searchable, with everything that they need inside.
//!
//! One typeface of fixed width sets everything, so that a line's length is a number of letters.

use krilla::{
	configure::{Accessibility, ConfigurationBuilder},
	destination::XyzDestination,
	geom::Point,
	metadata::Metadata,
	outline::{Outline, OutlineNode},
	page::PageSettings,
	surface::Surface,
	tagging::{
		Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag,
		TagGroup, TagKind, TagTree,
	},
	text::{Font, TextDirection},
	Document, SerializeSettings,
};
use std::num::NonZeroU16;

/// A4, lying, in points.
const PAGE: (f32, f32) = (842.0, 595.0);

/// What stays free around the page.
const MARGIN: f32 = 36.0;

/// Size of letters.
const SIZE: f32 = 7.5;

/// Size of the letters of the title.
const TITLE_SIZE: f32 = 15.0;

/// Width of a letter of the typeface, of its size.
const LETTER: f32 = 1_233.0 / 2_048.0;

/// From line to line, of the size.
const LEADING: f32 = 1.4;

/// Letters between two columns.
const GAP: usize = 2;

/// What a sheet says.
pub(super) struct Sheet<'a> {
	/// Language (BCP 47).
	pub language: &'a str,
	/// What it is.
	pub title: &'a str,
	/// What that means.
	pub about: &'a str,
	/// What was asked, of which ledger, and the like.
	pub facts: &'a [(&'a str, String)],
	/// What is to be known of it.
	pub notes: &'a [&'a str],
	/// The columns of the table, with their width in letters.
	pub columns: &'a [(&'a str, usize)],
	/// Its rows; the first cell says what the row is about.
	pub rows: &'a [Vec<String>],
}

/// A line of text on a page, and the part of the sheet to which it belongs.
struct Line {
	part: usize,
	x: f32,
	y: f32,
	size: f32,
	text: String,
}

/// Sets lines on pages.
struct Setter {
	pages: Vec<Vec<Line>>,
	y: f32,
	parts: usize,
}

impl Setter {
	/// Goes to the next line; on the next page, if this one is full.
	fn advance(&mut self, size: f32) {
		self.y += size * LEADING;
		if self.y > PAGE.1 - MARGIN - SIZE * LEADING * 2.0 {
			self.pages.push(Vec::new());
			self.y = MARGIN + size;
		}
	}

	/// Sets texts beside each other, each from a column on and so many letters wide. Each is a part of the sheet.
	fn row(&mut self, cells: &[(usize, usize, &str)], size: f32) -> Vec<usize> {
		let broken: Vec<Vec<String>> =
			cells.iter().map(|(_, width, text)| lines(&printable(text), *width)).collect();
		let first = self.parts;
		self.parts += cells.len();
		let deepest = broken.iter().map(Vec::len).max().unwrap_or(0);
		for depth in 0..deepest {
			self.advance(size);
			for (position, ((column, ..), lines)) in cells.iter().zip(&broken).enumerate() {
				if let (Some(text), Some(page)) = (lines.get(depth), self.pages.last_mut()) {
					let x = MARGIN + *column as f32 * SIZE * LETTER;
					// A break between lines is a space to those who copy or listen.
					let text =
						if depth + 1 < lines.len() { format!("{text} ") } else { text.clone() };
					page.push(Line { part: first + position, x, y: self.y, size, text });
				}
			}
		}
		(first..self.parts).collect()
	}

	fn paragraph(&mut self, text: &str, size: f32) -> usize {
		let part = self.row(&[(0, letters(size), text)], size);
		self.y += size * 0.4;
		part.first().copied().unwrap_or_default()
	}
}

/// How many letters of a size a line holds.
fn letters(size: f32) -> usize {
	((PAGE.0 - 2.0 * MARGIN) / (size * LETTER)) as usize
}

/// A text in lines of at most so many letters: between words where there are any.
fn lines(text: &str, width: usize) -> Vec<String> {
	let mut lines = vec![String::new()];
	let mut used = 0;
	for word in text.split_whitespace() {
		let mut word: Vec<char> = word.chars().collect();
		if used > 0 && used + 1 + word.len() > width {
			lines.push(String::new());
			used = 0;
		}
		while word.len() > width {
			let rest = word.split_off(width);
			lines.last_mut().into_iter().for_each(|line| line.extend(&word));
			lines.push(String::new());
			word = rest;
		}
		if let Some(line) = lines.last_mut() {
			if used > 0 {
				line.push(' ');
				used += 1;
			}
			line.extend(&word);
			used += word.len();
		}
	}
	lines
}

/// A text without the letters that the typeface lacks.
fn printable(text: &str) -> String {
	let has = |letter: char| {
		matches!(letter,
			' '..='~' | '\u{a1}'..='\u{17f}' | '\u{386}'..='\u{38a}' | '\u{38c}' | '\u{38e}'..='\u{3a1}'
			| '\u{3a3}'..='\u{3ce}' | '\u{400}'..='\u{45f}' | '\u{1e9e}' | '\u{2013}' | '\u{2014}' | '\u{2018}'..='\u{201a}'
			| '\u{201c}'..='\u{201e}' | '\u{2026}' | '\u{20ac}')
	};
	text.chars()
		.map(|letter| if letter.is_whitespace() || has(letter) { letter } else { '?' })
		.collect()
}

/// The sheet as PDF.
///
/// # Errors
/// What the library says when it cannot be written.
pub(super) fn write(sheet: &Sheet) -> Result<Vec<u8>, String> {
	let mut setter = Setter { pages: vec![Vec::new()], y: MARGIN, parts: 0 };
	let title = setter.paragraph(sheet.title, TITLE_SIZE);
	let about = setter.paragraph(sheet.about, SIZE);
	let names = sheet.facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0) + GAP;
	let facts: Vec<Vec<usize>> = sheet
		.facts
		.iter()
		.map(|(name, value)| {
			let value_cell = (names, letters(SIZE).saturating_sub(names), value.as_str());
			setter.row(&[(0, names, name), value_cell], SIZE)
		})
		.collect();
	setter.y += SIZE;
	let notes: Vec<usize> = sheet.notes.iter().map(|note| setter.paragraph(note, SIZE)).collect();
	let mut from = 0;
	let columns: Vec<(usize, usize)> = sheet
		.columns
		.iter()
		.map(|(_, width)| {
			let column = (from, *width);
			from += width + GAP;
			column
		})
		.collect();
	let mut set = |cells: &[&str]| {
		let cells: Vec<_> =
			columns.iter().zip(cells).map(|((from, width), text)| (*from, *width, *text)).collect();
		setter.row(&cells, SIZE)
	};
	let head = set(&sheet.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>());
	let rows: Vec<Vec<usize>> = sheet
		.rows
		.iter()
		.map(|row| set(&row.iter().map(String::as_str).collect::<Vec<_>>()))
		.collect();

	let mut places: Vec<Vec<Identifier>> = (0..setter.parts).map(|_| Vec::new()).collect();
	let mut document = draw(sheet, &setter.pages, &mut places)?;
	let mut group = |kind: TagKind, part: usize| {
		let mut group = TagGroup::new(kind);
		for place in places.get_mut(part).map(std::mem::take).unwrap_or_default() {
			group.push(place);
		}
		group
	};
	let mut tree = TagTree::new().with_lang(Some(sheet.language.into()));
	tree.push(group(Tag::Hn(NonZeroU16::MIN, Some(sheet.title.into())).into(), title));
	tree.push(group(Tag::P.into(), about));
	let mut table = TagGroup::new(Tag::Table);
	for row in &facts {
		table.push(cells(row, Tag::TH(TableHeaderScope::Row).into(), &mut group));
	}
	tree.push(table);
	for note in notes {
		tree.push(group(Tag::P.into(), note));
	}
	let mut table = TagGroup::new(Tag::Table);
	let mut line = TagGroup::new(Tag::TR);
	for cell in head {
		line.push(group(Tag::TH(TableHeaderScope::Column).into(), cell));
	}
	table.push(line);
	for row in &rows {
		table.push(cells(row, Tag::TH(TableHeaderScope::Row).into(), &mut group));
	}
	tree.push(table);
	document.set_tag_tree(tree);
	document.finish().map_err(|error| format!("{error:?}"))
}

/// A row of a table, whose first cell is its heading.
fn cells(
	row: &[usize],
	heading: TagKind,
	group: &mut impl FnMut(TagKind, usize) -> TagGroup,
) -> Node {
	let mut line = TagGroup::new(Tag::TR);
	let mut kind = heading;
	for cell in row {
		line.push(group(std::mem::replace(&mut kind, Tag::TD.into()), *cell));
	}
	line.into()
}

/// Draws the lines on their pages, and notes where each part stands.
fn draw(
	sheet: &Sheet,
	pages: &[Vec<Line>],
	places: &mut [Vec<Identifier>],
) -> Result<Document, String> {
	let font = Font::new(epaint_default_fonts::HACK_REGULAR.to_vec().into(), 0)
		.ok_or("the typeface cannot be read")?;
	let configuration = ConfigurationBuilder::new()
		.with_accessibility_validator(Accessibility::UA1)
		.finish()
		.map_err(|error| format!("{error:?}"))?;
	let settings = SerializeSettings { configuration, enable_tagging: true, ..Default::default() };
	let mut document = Document::new_with(settings);
	document.set_metadata(
		Metadata::new()
			.title(sheet.title.into())
			.language(sheet.language.into())
			.creator("curex-explorer".into()),
	);
	let mut outline = Outline::new();
	let top = XyzDestination::new(0, Point::from_xy(0.0, 0.0));
	outline.push_child(OutlineNode::new(printable(sheet.title), top));
	document.set_outline(outline);
	let paper = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or("the page has no size")?;
	for (number, lines) in pages.iter().enumerate() {
		let mut page = document.start_page_with(paper.clone());
		let mut surface = page.surface();
		for line in lines {
			let place = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
			text(&mut surface, &font, line.x, line.y, line.size, &line.text);
			surface.end_tagged();
			if let Some(places) = places.get_mut(line.part) {
				places.push(place);
			}
		}
		surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Page)));
		let foot = format!("{} / {}", number + 1, pages.len());
		text(&mut surface, &font, MARGIN, PAGE.1 - MARGIN, SIZE, &foot);
		surface.end_tagged();
		surface.finish();
		page.finish();
	}
	Ok(document)
}

fn text(surface: &mut Surface, font: &Font, x: f32, y: f32, size: f32, text: &str) {
	let start = Point::from_xy(x, y);
	surface.draw_text(start, font.clone(), size, text, false, TextDirection::LeftToRight);
}

#[cfg(test)]
mod tests {
	use super::*;

	fn sheet(name: &str) -> Vec<u8> {
		let rows: Vec<Vec<String>> = (0..120)
			.map(|row| vec![format!("0x{}", "ab".repeat(32)), format!("{name} {row}")])
			.collect();
		write(&Sheet {
			language: "de",
			title: "Austausche",
			about: "Austausche von Gesundheitsdaten zwischen zwei Mitgliedern.",
			facts: &[
				("Abfrage", "/exchanges?state=not-served".into()),
				("SHA-256", "cd".repeat(32)),
			],
			notes: &["Es gibt mehr Einträge als diese."],
			columns: &[("Eintrag", 66), ("Betrifft", 40)],
			rows: &rows,
		})
		.unwrap()
	}

	#[test]
	fn a_text_is_broken_between_words_and_a_long_word_within() {
		assert_eq!(lines("one two three", 7), ["one two", "three"]);
		assert_eq!(lines("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
		assert_eq!(lines("", 3), [""]);
	}

	#[test]
	fn a_sheet_is_a_tagged_document_whatever_a_name_holds() {
		for name in ["Krankenhaus Süd – Größe", "Νοσοκομείο Αθηνών", "病院 🏥 \u{0} <b>", ""]
		{
			let pdf = sheet(name);
			assert!(pdf.starts_with(b"%PDF-1.7"));
			let text = String::from_utf8_lossy(&pdf);
			for part in ["/StructTreeRoot", "/Lang(de)", "pdfuaid"] {
				assert!(text.contains(part), "{part} for {name}");
			}
		}
	}
}
