//! The rows of a spreadsheet (Office Open XML workbook, ECMA-376 part 1) or of a CSV file, as text, with bounded memory.
//!
//! Formulas count by the value that was saved with them. Nothing but text comes out, and rows beyond the limits are
//! refused, so that a small file cannot become a large table.

use std::io::{Cursor, Read};

use quick_xml::{events::Event, Reader};
use zip::ZipArchive;

use super::attribute;

/// Largest part of a workbook that is read, bytes.
const PART_BYTES: u64 = 16 << 20;
/// Most sheets, rows of all sheets together, and columns of one row.
const SHEETS: usize = 64;
const ROWS: usize = 20_000;
const COLUMNS: usize = 64;
/// Most characters of one cell.
const CELL_CHARACTERS: usize = 4_096;
/// Most text of all rows together, bytes: many cells may name one shared text.
const TEXT_BYTES: usize = 32 << 20;

/// Rows within the limits.
#[derive(Default)]
struct Table {
	rows: Vec<Vec<String>>,
	bytes: usize,
}

impl Table {
	fn push(&mut self, row: Vec<String>) -> Result<(), String> {
		self.bytes += row.iter().map(String::len).sum::<usize>();
		if self.rows.len() >= ROWS || self.bytes > TEXT_BYTES {
			return Err(format!("it has more than {ROWS} rows or {TEXT_BYTES} bytes of text"));
		}
		self.rows.push(row);
		Ok(())
	}
}

/// The rows of all sheets, one after the other.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
	let table = if bytes.starts_with(b"PK") { workbook(bytes) } else { csv(bytes) };
	Ok(table?.rows)
}

fn csv(bytes: &[u8]) -> Result<Table, String> {
	let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
	let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
	let count = |wanted: u8| first.iter().filter(|byte| **byte == wanted).count();
	// Spreadsheets write semicolons where the comma separates decimals.
	let separator = if count(b';') > count(b',') { b';' } else { b',' };
	let mut reader = csv::ReaderBuilder::new()
		.has_headers(false)
		.flexible(true)
		.delimiter(separator)
		.from_reader(bytes);
	let mut table = Table::default();
	for record in reader.byte_records() {
		let record = record.map_err(|error| error.to_string())?;
		let cells = record.iter().take(COLUMNS);
		table.push(cells.map(|cell| bounded(&String::from_utf8_lossy(cell))).collect())?;
	}
	Ok(table)
}

fn bounded(text: &str) -> String {
	text.chars().take(CELL_CHARACTERS).collect()
}

fn workbook(bytes: &[u8]) -> Result<Table, String> {
	let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
	let shared = match part(&mut archive, "xl/sharedStrings.xml") {
		Some(text) => shared_strings(&text?)?,
		None => Vec::new(),
	};
	let mut table = Table::default();
	let mut sheets = 0;
	for number in 1..=SHEETS {
		if let Some(text) = part(&mut archive, &format!("xl/worksheets/sheet{number}.xml")) {
			sheet(&text?, &shared, &mut table)?;
			sheets += 1;
		}
	}
	if sheets == 0 {
		return Err("it is an archive without worksheets; save it as a workbook (.xlsx)".into());
	}
	Ok(table)
}

/// The text of a part, if the archive has it.
fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Option<Result<String, String>> {
	let file = archive.by_name(name).ok()?;
	let mut bytes = Vec::new();
	// What the archive says about its size is not believed.
	let read = file.take(PART_BYTES + 1).read_to_end(&mut bytes);
	Some(match read {
		Err(error) => Err(format!("{name}: {error}")),
		Ok(_) if bytes.len() as u64 > PART_BYTES => {
			Err(format!("{name} has more than {PART_BYTES} bytes"))
		},
		Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
	})
}

/// The texts that cells refer to by their number (18.4.9).
fn shared_strings(xml: &str) -> Result<Vec<String>, String> {
	let mut out = Vec::new();
	let mut current: Option<String> = None;
	walk(xml, |event| {
		match event {
			Event::Start(start) if start.name().as_ref() == "si" => current = Some(String::new()),
			Event::Empty(start) if start.name().as_ref() == "si" => out.push(String::new()),
			Event::Text(_) | Event::GeneralRef(_) | Event::CData(_) => {
				if let Some(text) = &mut current {
					append(text, event);
				}
			},
			Event::End(end) if end.name().as_ref() == "si" => {
				out.extend(current.take().map(|text| bounded(&text)));
			},
			_ => {},
		}
		Ok(())
	})?;
	Ok(out)
}

/// The rows of a worksheet (18.3.1.99).
fn sheet(xml: &str, shared: &[String], table: &mut Table) -> Result<(), String> {
	let mut row: Vec<String> = Vec::new();
	// Column, kind and value of the cell at hand.
	let mut cell: Option<(usize, String, String)> = None;
	let mut in_value = false;
	walk(xml, |event| {
		match event {
			Event::Start(start) => match start.name().as_ref() {
				"row" => row.clear(),
				"c" => {
					let column = attribute(start, "r").and_then(|at| column(&at));
					let kind = attribute(start, "t").unwrap_or_default();
					cell = Some((column.unwrap_or(row.len()), kind, String::new()));
				},
				"v" | "t" => in_value = true,
				_ => {},
			},
			Event::Text(_) | Event::GeneralRef(_) | Event::CData(_) if in_value => {
				if let Some((_, _, text)) = &mut cell {
					append(text, event);
				}
			},
			Event::End(end) => match end.name().as_ref() {
				"v" | "t" => in_value = false,
				"c" => {
					if let Some((column, kind, text)) = cell.take().filter(|c| c.0 < COLUMNS) {
						let number = || text.trim().parse::<usize>().ok();
						let text = match kind.as_str() {
							"s" => number().and_then(|at| shared.get(at)).cloned(),
							_ => Some(bounded(&text)),
						};
						if row.len() <= column {
							row.resize(column + 1, String::new());
						}
						row[column] = text.unwrap_or_default();
					}
				},
				"row" => table.push(std::mem::take(&mut row))?,
				_ => {},
			},
			_ => {},
		}
		Ok(())
	})
}

/// The number of a column from a reference such as `C12`, counted from 0.
fn column(reference: &str) -> Option<usize> {
	let letters = reference.bytes().take_while(u8::is_ascii_uppercase).take(3);
	let number = letters.fold(0, |sum, letter| sum * 26 + usize::from(letter - b'A') + 1);
	number.checked_sub(1)
}

/// Adds the characters of an event.
fn append(text: &mut String, event: &Event<'_>) {
	if text.len() > CELL_CHARACTERS {
		return;
	}
	match event {
		Event::Text(more) => text.push_str(more),
		Event::CData(more) => text.push_str(more),
		// The five entities of XML and numbers of characters; others stand for nothing that is known.
		Event::GeneralRef(name) => {
			let escaped = format!("&{};", &**name);
			if let Ok(known) = quick_xml::escape::unescape(&escaped) {
				text.push_str(&known);
			}
		},
		_ => {},
	}
}

fn walk(xml: &str, mut each: impl FnMut(&Event<'_>) -> Result<(), String>) -> Result<(), String> {
	let mut reader = Reader::from_str(xml);
	loop {
		match reader.read_event() {
			Ok(Event::Eof) => return Ok(()),
			Ok(event) => each(&event)?,
			Err(error) => return Err(format!("byte {}: {error}", reader.buffer_position())),
		}
	}
}

#[cfg(test)]
pub(super) mod tests {
	use std::io::Write;

	use zip::{write::SimpleFileOptions, ZipWriter};

	use super::*;

	pub(in crate::imports) fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
		let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
		for (name, text) in parts {
			archive.start_file(*name, SimpleFileOptions::default()).expect("a new name");
			archive.write_all(text.as_bytes()).expect("memory takes every write");
		}
		archive.finish().expect("memory takes every write").into_inner()
	}

	#[test]
	fn shared_inline_and_plain_cells_stand_in_their_columns() {
		let shared = "<sst><si><t>a &amp; b</t></si><si><r><t>c</t></r><r><t>d</t></r></si></sst>";
		let sheet = r#"<worksheet><sheetData>
			<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>
			<row r="2"><c t="inlineStr"><is><t>e</t></is></c><c r="B2"><v>7</v></c>
				<c r="XFD2"><v>8</v></c><c r="D2" t="s"><v>99</v></c></row>
			</sheetData></worksheet>"#;
		let bytes =
			archive(&[("xl/sharedStrings.xml", shared), ("xl/worksheets/sheet1.xml", sheet)]);
		let found = rows(&bytes).expect("a workbook");
		assert_eq!(found, [vec!["a & b", "", "cd"], vec!["e", "7", "", ""]]);
	}

	#[test]
	fn a_small_archive_that_grows_large_is_refused() {
		let row = "<row><c><v>1</v></c></row>";
		let many = format!("<sheetData>{}</sheetData>", row.repeat(ROWS + 1));
		let error = rows(&archive(&[("xl/worksheets/sheet1.xml", &many)])).expect_err("too many");
		assert!(error.contains("rows"), "{error}");
		let shared = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(CELL_CHARACTERS));
		let row = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(COLUMNS));
		let many = format!("<sheetData>{}</sheetData>", row.repeat(200));
		let parts =
			[("xl/sharedStrings.xml", shared.as_str()), ("xl/worksheets/sheet1.xml", &many)];
		assert!(rows(&archive(&parts)).is_err_and(|error| error.contains("bytes of text")));
		let large = " ".repeat(17 << 20);
		let bomb = archive(&[("xl/worksheets/sheet1.xml", &large)]);
		assert!(bomb.len() < 100_000, "it is small");
		let error = rows(&bomb).expect_err("too large");
		assert!(error.contains("more than"), "{error}");
		assert!(
			rows(&archive(&[("word/document.xml", "")])).is_err_and(|e| e.contains("worksheets"))
		);
	}
}
