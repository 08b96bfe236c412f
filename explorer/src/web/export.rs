//! Exports: lists as files that say what was asked, of which ledger, and their own digest.

use super::{
	content, fhir, layout,
	pages::{read_kind, show, Answer, Parameters},
	pdf,
	records::records_table,
	words::{self, plain, said, say, word},
	App, PageError, Who,
};
use crate::{
	access::Scope,
	kind::Kind,
	store::{
		query::{self, Filter},
		Connection, RecordRow,
	},
	Error,
};
use axum::{
	extract::{Extension, Path, Query, State},
	http::header,
	response::{IntoResponse, Response},
};
use curex_client::time;
use maud::html;
use serde::Serialize;
use serde_json::{json, Value as Json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// The most records of one export; the manifest says when there are more.
const MAX_RECORDS: usize = 20_000;

/// The most records of one sheet for print.
const MAX_ON_PAPER: usize = 1_000;

/// So many pages of a list are read for one export.
const MOST_PAGES: usize = 200;

/// The form of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
	Csv,
	Ndjson,
	/// FHIR AuditEvents, one a line, as FHIR's bulk data are.
	Fhir,
	/// A document for people, of fewer records.
	Pdf,
}

/// Records, and what is said about them.
struct Export {
	manifest: Json,
	body: Vec<u8>,
	rows: Vec<RecordRow>,
}

pub(super) async fn export(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(file): Path<String>,
	Query(parameters): Parameters,
) -> Result<Response, PageError> {
	let (slug, form) = match file.split_once('.') {
		Some((slug, "csv")) => (slug, Form::Csv),
		Some((slug, "ndjson")) => (slug, Form::Ndjson),
		Some((slug, "pdf")) => (slug, Form::Pdf),
		Some((slug @ "exchanges", "fhir.ndjson")) => (slug, Form::Fhir),
		_ => {
			return Err(Error::NotFound(
				"exports end in .csv, .ndjson or .pdf, those of exchanges also in .fhir.ndjson"
					.into(),
			)
			.into())
		},
	};
	let kind = read_kind(slug)?;
	let filter = Filter { limit: query::MAX_LIMIT, ..Filter::parse(&parameters)? };
	let scope = viewer.scope();
	let most = if form == Form::Pdf { MAX_ON_PAPER } else { MAX_RECORDS };
	let (export, names) = app
		.read(move |connection| {
			connection.in_one_view(|view| {
				Ok((collect(view, &scope, kind, &filter, form, most)?, query::names(view)?))
			})
		})
		.await?;
	let media = match form {
		Form::Csv => "text/csv; charset=utf-8",
		Form::Ndjson => "application/x-ndjson",
		Form::Fhir => "application/fhir+ndjson",
		Form::Pdf => "application/pdf",
	};
	let headers = [
		(header::CONTENT_TYPE, media.to_string()),
		(header::CONTENT_DISPOSITION, format!("attachment; filename=\"curex-{file}\"")),
	];
	let file = match form {
		Form::Pdf => document(kind, &export, &names)?,
		Form::Csv | Form::Ndjson | Form::Fhir => write(&export, form),
	};
	Ok((headers, file).into_response())
}

/// Reads everything that passes a filter; `view` does not change meanwhile.
fn collect(
	view: &Connection,
	scope: &Scope,
	kind: Kind,
	filter: &Filter,
	form: Form,
	most: usize,
) -> Result<Export, Error> {
	let head =
		query::head(view)?.ok_or_else(|| Error::NotFound("no block is indexed yet".into()))?;
	let names = query::names(view)?;
	let mut rows: Vec<RecordRow> = Vec::new();
	let mut filter = filter.clone();
	let as_of = filter.at.map(|at| at.block(view)).transpose()?;
	let mut pages = 0;
	let more = loop {
		let page = query::records(view, scope, kind, &filter)?;
		rows.extend(page.items);
		filter.after = page.next;
		pages += 1;
		// Pages of a filter that looks through records may have few.
		if page.next.is_none() || rows.len() >= most || pages >= MOST_PAGES {
			break page.next;
		}
	};
	let body = match form {
		Form::Csv => csv(&rows, &names)?,
		// The document names the digest of the same records for programs.
		Form::Ndjson | Form::Pdf => ndjson(&rows)?,
		Form::Fhir => {
			let genesis = query::block(view, 0)?.map(|block| hex::encode(block.hash));
			let genesis = format!("0x{}", genesis.unwrap_or_default());
			let mut events = Vec::new();
			for row in &rows {
				events.extend(fhir::events(view, row, &names, &genesis)?);
			}
			ndjson(&events)?
		},
	};
	let manifest = json!({
		"query": format!("/{}?{}", kind.slug(), Filter { limit: query::DEFAULT_LIMIT, ..filter }.to_query()),
		"as_of_block": as_of.map(|block| block.number),
		"records": rows.len(),
		"continue_after": more,
		"head": {"number": head.number, "hash": format!("0x{}", hex::encode(head.hash))},
		"sha256": hex::encode(Sha256::digest(&body)),
		"generator": format!("curex-explorer {}", env!("CARGO_PKG_VERSION")),
	});
	Ok(Export { manifest, body, rows })
}

/// The same records as a sheet to print: it says what was asked, of which ledger, and its
/// digest.
pub(super) async fn sheet(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(slug): Path<String>,
	Query(parameters): Parameters,
) -> Answer {
	let kind = read_kind(&slug)?;
	let filter = Filter { limit: query::MAX_LIMIT, ..Filter::parse(&parameters)? };
	let at = filter.at;
	let scope = viewer.scope();
	let around = app.surroundings(&viewer).await?;
	let Export { manifest, rows, .. } = app
		.read(move |connection| {
			connection.in_one_view(|view| {
				collect(view, &scope, kind, &filter, Form::Ndjson, MAX_ON_PAPER)
			})
		})
		.await?;
	let text = |pointer: &str| said_at(&manifest, pointer);
	let name = plain(kind.plural());
	let body = html! {
		(layout::trail(&[(&format!("/{slug}"), name)], say!("For print")))
		h1 { (name) }
		p.lead { (word(kind.about())) }
		dl.fields {
			div { dt { (say!("Question")) } dd { code.long { (text("/query")) } } }
			div { dt { (say!("Records")) } dd { (rows.len()) } }
			div { dt { (say!("Ledger up to block")) } dd { (text("/head/number")) ", " code.long { (text("/head/hash")) } } }
			div { dt translate="no" { "SHA-256" } dd { code.long { (text("/sha256")) } } }
			div { dt { (say!("Made by")) } dd { span translate="no" { (text("/generator")) } ", " (content::moment_of(Some(time::now()))) } }
		}
		p.quiet { (say!("The digest is that of the NDJSON export of these records, after its first line.")) }
		@if !manifest["continue_after"].is_null() {
			p.note { (say!("There are more records than these: narrow the question down.")) }
		}
		(records_table(kind, &rows, at, &around))
	};
	show(layout::page(name, &format!("/{slug}"), &around, body))
}

/// What a manifest says somewhere.
fn said_at(manifest: &Json, pointer: &str) -> String {
	match manifest.pointer(pointer) {
		Some(Json::String(text)) => text.clone(),
		Some(value) => value.to_string(),
		None => String::new(),
	}
}

/// The records as a document, in the language of the request.
fn document(kind: Kind, export: &Export, names: &BTreeMap<u32, String>) -> Result<Vec<u8>, Error> {
	let text = |pointer: &str| said_at(&export.manifest, pointer);
	let made = time::text(time::now()).unwrap_or_default();
	let facts = [
		(say!("Question"), text("/query")),
		(say!("Records"), words::number(export.rows.len())),
		(say!("Ledger up to block"), format!("{}, {}", text("/head/number"), text("/head/hash"))),
		("SHA-256", text("/sha256")),
		(say!("Made by"), format!("{}, {}", text("/generator"), words::moment(&made))),
	];
	let mut notes = vec![say!(
		"The digest is that of the NDJSON export of these records, after its first line."
	)];
	if !export.manifest["as_of_block"].is_null() {
		notes.push(say!("The records are shown as they stood at the time that was asked for."));
	}
	if !export.manifest["continue_after"].is_null() {
		notes.push(say!("There are more records than these: narrow the question down."));
	}
	let of = |number: &u32| {
		let name = names.get(number).filter(|name| !name.is_empty()).cloned();
		name.unwrap_or_else(|| said!("organisation {number}", number = number))
	};
	let rows: Vec<Vec<String>> = export
		.rows
		.iter()
		.map(|row| {
			let facts = crate::facts::Facts::of(row.kind, row.id.organisation(), &row.value);
			let parties: Vec<String> = facts.parties.iter().map(|(number, _)| of(number)).collect();
			let spoken = |word: &Option<String>| {
				let word = word.as_deref().unwrap_or_default().replace('-', " ");
				plain(&word).to_owned()
			};
			vec![
				row.id.to_string(),
				parties.join("; "),
				spoken(&row.state),
				spoken(&row.purpose),
				row.begun.to_string(),
				row.changed.to_string(),
			]
		})
		.collect();
	pdf::write(&pdf::Sheet {
		language: words::language().tag(),
		title: plain(kind.plural()),
		about: plain(kind.about()),
		facts: &facts,
		notes: &notes,
		columns: &[
			(say!("Record"), 66),
			(say!("Concerns"), 36),
			(say!("State"), 19),
			(say!("Purpose"), 20),
			(say!("First seen in block"), 10),
			(say!("Changed in block"), 10),
		],
		rows: &rows,
	})
	.map_err(|error| Error::Damaged(format!("the document: {error}")))
}

/// The manifest, then the records. The digest is over what follows the manifest's line.
fn write(export: &Export, form: Form) -> Vec<u8> {
	let manifest = match form {
		Form::Csv => format!("# {}\n", export.manifest),
		Form::Ndjson | Form::Pdf => format!("{}\n", json!({ "manifest": export.manifest })),
		// Every line of FHIR's bulk data is a resource.
		Form::Fhir => {
			let parameter =
				json!([{"name": "manifest", "valueString": export.manifest.to_string()}]);
			format!("{}\n", json!({"resourceType": "Parameters", "parameter": parameter}))
		},
	};
	[manifest.into_bytes(), export.body.clone()].concat()
}

fn ndjson(rows: &[impl Serialize]) -> Result<Vec<u8>, Error> {
	let mut body = Vec::new();
	for row in rows {
		serde_json::to_writer(&mut body, row)
			.map_err(|error| Error::Damaged(format!("a record: {error}")))?;
		body.push(b'\n');
	}
	Ok(body)
}

fn csv(rows: &[RecordRow], names: &BTreeMap<u32, String>) -> Result<Vec<u8>, Error> {
	let failed = |error: csv::Error| Error::Damaged(format!("a record: {error}"));
	let mut writer = csv::Writer::from_writer(Vec::new());
	writer
		.write_record([
			"kind",
			"id",
			"organisations",
			"names",
			"state",
			"purpose",
			"consent",
			"first_block",
			"changed_block",
			"removed_block",
			"content",
		])
		.map_err(failed)?;
	for row in rows {
		let facts = crate::facts::Facts::of(row.kind, row.id.organisation(), &row.value);
		let parties: Vec<u32> = facts.parties.iter().map(|(number, _)| *number).collect();
		let numbers: Vec<String> = parties.iter().map(u32::to_string).collect();
		let called: Vec<&str> =
			parties.iter().filter_map(|number| names.get(number)).map(String::as_str).collect();
		writer
			.write_record([
				row.kind.slug(),
				row.id.as_str(),
				&numbers.join(" "),
				&harmless(&called.join("; ")),
				row.state.as_deref().unwrap_or_default(),
				row.purpose.as_deref().unwrap_or_default(),
				&row.consent.map(|id| format!("0x{}", hex::encode(id))).unwrap_or_default(),
				&row.begun.to_string(),
				&row.changed.to_string(),
				&row.removed.map(|block| block.to_string()).unwrap_or_default(),
				&row.value.to_string(),
			])
			.map_err(failed)?;
	}
	writer.into_inner().map_err(|error| Error::Damaged(error.to_string()))
}

/// A name that a spreadsheet does not take for a formula.
fn harmless(name: &str) -> String {
	if name.starts_with(['=', '+', '-', '@', '\t', '\r']) {
		format!("'{name}")
	} else {
		name.into()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_name_is_no_formula() {
		assert_eq!(harmless("=HYPERLINK(\"http://x\")"), "'=HYPERLINK(\"http://x\")");
		assert_eq!(harmless("Hospital A"), "Hospital A");
	}
}
