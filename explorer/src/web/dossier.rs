//! The dossier of a case: an exchange with everything that belongs to it, as a page to print and as one file with a
//! bundle of evidence for every record.

use super::{
	content, layout,
	pages::{show, Answer},
	proofs::prove_record,
	records::timeline_of,
	words::{said, say, word},
	App, PageError, Who,
};
use crate::{
	access::Scope,
	kind::{handle, Kind, RecordId},
	prove::At,
	store::{
		query::{self, Filter},
		Connection, EventRow, RecordRow,
	},
	Error,
};
use axum::{
	extract::{Extension, Path, State},
	http::header,
	response::{IntoResponse, Response},
};
use maud::html;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{
	io::{Cursor, Write},
	sync::Arc,
};
use zip::{write::SimpleFileOptions, ZipWriter};

/// A record of a case with its events.
type Part = (RecordRow, Vec<EventRow>);

/// How to check a dossier, in the file itself.
const ADVICE: &str = "\
Dossier of an exchange from the CUREX ledger.

dossier.json       the records with their events, as the explorer's index holds them
*.bundle.json      evidence of each record: the proven bytes, and the way to them from the first block's authorities
SHA256SUMS         digests of all files

Check the files:   sha256sum --check SHA256SUMS
Check a record:    curex verify NAME.bundle.json --trust-root trust-root.json

Take the trust root from a source that you trust, not from the explorer.
";

/// The records of a case, in scope: the exchange, what it rests on, its review, inquiries about it.
fn case(connection: &Connection, scope: &Scope, id: &str) -> Result<Vec<Part>, Error> {
	let unknown = || Error::NotFound("there is no such exchange".into());
	let id = RecordId::parse(Kind::Exchange, id).ok_or_else(unknown)?;
	let exchange = query::record(connection, scope, Kind::Exchange, &id)?.ok_or_else(unknown)?;
	let mut rows = vec![exchange.clone()];
	let mut add = |kind: Kind, id: Option<RecordId>| -> Result<(), Error> {
		if let Some(id) = id {
			rows.extend(query::record(connection, scope, kind, &id)?);
		}
		Ok(())
	};
	let consent = exchange.consent.map(hex::encode);
	add(Kind::Consent, consent.and_then(|id| RecordId::parse(Kind::Consent, &id)))?;
	let permit = exchange.value.pointer("/gate/Permit").and_then(serde_json::Value::as_str);
	add(Kind::Permit, permit.and_then(|id| RecordId::parse(Kind::Permit, id)))?;
	add(Kind::Review, Some(id.clone()))?;
	rows.extend(inquiries(connection, scope, &exchange)?);
	let parts = rows.into_iter().map(|row| {
		let (events, _) = query::timeline(connection, &row)?;
		Ok((row, events))
	});
	parts.collect()
}

/// Inquiries about an exchange: those to its two sides that name it.
fn inquiries(
	connection: &Connection,
	scope: &Scope,
	exchange: &RecordRow,
) -> Result<Vec<RecordRow>, Error> {
	let wanted = handle(exchange.id.as_str());
	let mut found: Vec<RecordRow> = Vec::new();
	for side in ["holder", "recipient"] {
		let organisation =
			exchange.value[side].as_u64().and_then(|number| u32::try_from(number).ok());
		let mut filter = Filter { organisation, limit: query::MAX_LIMIT, ..Filter::default() };
		loop {
			let page = query::records(connection, scope, Kind::Inquiry, &filter)?;
			for row in page.items {
				let mut named = Vec::new();
				crate::facts::handles(&row.value["about"], &mut named);
				let is_new = found.iter().all(|known| known.id != row.id);
				if is_new && wanted.is_some_and(|wanted| named.contains(&wanted)) {
					found.push(row);
				}
			}
			match page.next {
				Some(next) => filter.after = Some(next),
				None => break,
			}
		}
	}
	Ok(found)
}

pub(super) async fn page(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
) -> Answer {
	query::check_parameter("id", &id)?;
	let around = app.surroundings(&viewer).await?;
	let scope = viewer.scope();
	let parts = app.read(move |connection| case(connection, &scope, &id)).await?;
	let Some((exchange, _)) = parts.first() else {
		return Err(Error::NotFound("there is no such exchange".into()).into());
	};
	let link = exchange.link();
	let title = said!("Dossier of exchange {id}", id = content::short(exchange.id.as_str()));
	let body = html! {
		(layout::trail(
			&[
				("/exchanges", html! { (say!("Exchanges")) }),
				(link.as_str(), content::named(exchange.id.as_str())),
			],
			say!("Dossier"),
		))
		h1 { (say!("Dossier of exchange {id}", id = content::named(exchange.id.as_str()))) }
		p.lead {
			(say!("The exchange and everything that belongs to it: {count} records. This page prints as it stands.",
				count = parts.len()))
		}
		p.verify {
			a.button href=(format!("{link}/dossier.zip")) download { (say!("Dossier with evidence")) }
			span { (say!("One file with a bundle of evidence for every record; making it takes a moment.")) }
		}
		@for (position, (row, events)) in parts.iter().enumerate() {
			section aria-labelledby=(format!("part-{position}")) {
				h2 id=(format!("part-{position}")) { (word(row.kind.singular())) }
				@if let Some(state) = &row.state { p { (content::state(state)) } }
				p { a.long href=(row.link()) { code { (row.id) } } }
				(content::record(&row.value, &around))
				h3 { (say!("Timeline")) }
				(timeline_of(events, false, &around))
			}
		}
	};
	show(layout::page(&title, "/exchanges", &around, body))
}

pub(super) async fn file(
	State(app): State<Arc<App>>,
	Extension(viewer): Who,
	Path(id): Path<String>,
) -> Result<Response, PageError> {
	query::check_parameter("id", &id)?;
	let (scope, asked) = (viewer.scope(), id.clone());
	let (parts, head) = app
		.read(move |connection| {
			connection.in_one_view(|view| {
				let parts = case(view, &scope, &asked)?;
				Ok((parts, query::head(view)?))
			})
		})
		.await?;
	let mut files: Vec<(String, Vec<u8>)> = Vec::new();
	for (row, _) in &parts {
		let (bundle, report) =
			prove_record(&app, &viewer, row.kind.slug(), row.id.to_string(), At::Change).await?;
		// A dossier vouches for itself: what differs is told by the page of the proof.
		if !report.agrees {
			return Err(Error::NotProven(format!(
				"the index shows {} {} otherwise than the ledger",
				row.kind.singular(),
				row.id
			))
			.into());
		}
		files.push((format!("{}-{}.bundle.json", row.kind.slug(), row.id), bundle.to_json()));
	}
	let records: Vec<_> =
		parts.iter().map(|(row, events)| json!({ "record": row, "timeline": events })).collect();
	let dossier = json!({
		"query": format!("/exchanges/{id}/dossier"),
		"head": head,
		"generator": format!("curex-explorer {}", env!("CARGO_PKG_VERSION")),
		"records": records,
	});
	files.push(("dossier.json".into(), serde_json::to_vec_pretty(&dossier).unwrap_or_default()));
	files.push(("README.txt".into(), ADVICE.into()));
	let sums: String = files
		.iter()
		.map(|(name, bytes)| format!("{}  {name}\n", hex::encode(Sha256::digest(bytes))))
		.collect();
	files.push(("SHA256SUMS".into(), sums.into_bytes()));
	let headers = [
		(header::CONTENT_TYPE, "application/zip".to_string()),
		(header::CONTENT_DISPOSITION, "attachment; filename=\"curex-dossier.zip\"".to_string()),
	];
	Ok((headers, pack(&files)?).into_response())
}

fn pack(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Error> {
	let failed = |error: zip::result::ZipError| Error::Damaged(format!("the dossier: {error}"));
	let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
	for (name, bytes) in files {
		archive.start_file(name, SimpleFileOptions::default()).map_err(failed)?;
		archive.write_all(bytes).map_err(Error::at("the dossier"))?;
	}
	Ok(archive.finish().map_err(failed)?.into_inner())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::io::Read;

	#[test]
	fn what_is_packed_comes_out_again() {
		let files =
			vec![("a.json".to_string(), b"{}".to_vec()), ("b.txt".to_string(), vec![7; 9_000])];
		let mut archive = zip::ZipArchive::new(Cursor::new(pack(&files).unwrap())).unwrap();
		for (name, bytes) in files {
			let mut read = Vec::new();
			archive.by_name(&name).unwrap().read_to_end(&mut read).unwrap();
			assert_eq!(read, bytes);
		}
	}
}
