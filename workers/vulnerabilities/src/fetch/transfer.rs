//! Requests: conditional, resumable, bounded in size, time and number of redirections.

use std::{
	fs::{self, File, OpenOptions},
	io::{Read, Write},
	net::IpAddr,
	path::Path,
	thread,
	time::Duration,
};

use ureq::{
	http::{header, Response, StatusCode},
	Agent, Body,
};
use url::Url;

use super::{guard::Guard, wrong_file, Known};
use crate::error::Error;

/// Most redirections of one request.
const REDIRECTIONS: usize = 5;
/// Most attempts where the server asks for patience, and the longest that is waited, seconds.
const ATTEMPTS: u32 = 4;
const LONGEST_WAIT: u64 = 120;
/// What is received between two looks at the stop switch, bytes.
const CHUNK: usize = 256 << 10;

/// Sends requests through the guard.
pub(super) struct Transfer {
	agent: Agent,
}

impl Transfer {
	pub(super) fn new(allowed: &[IpAddr]) -> Self {
		let config = Agent::config_builder()
			.user_agent(concat!("curex-vulnerabilities/", env!("CARGO_PKG_VERSION")))
			.timeout_connect(Some(Duration::from_secs(20)))
			.timeout_recv_response(Some(Duration::from_secs(60)))
			.timeout_recv_body(Some(Duration::from_secs(2 * 3_600)))
			// Redirections are followed here, so that each is looked at.
			.max_redirects(0)
			.max_redirects_will_error(false)
			.http_status_as_error(false)
			// The guard sees the addresses that are spoken to; behind a proxy it would not.
			.proxy(None)
			.build();
		let connector = ureq::unversioned::transport::DefaultConnector::default();
		Self { agent: Agent::with_parts(config, connector, Guard::new(allowed)) }
	}

	fn get(&self, url: &Url, fields: &[(&str, &str)]) -> Result<Response<Body>, Error> {
		let mut at = url.clone();
		let mut redirections = 0;
		let mut attempt = 1;
		loop {
			let refused =
				|reason: &str| Error::Refused { url: at.to_string(), reason: reason.into() };
			if !matches!(at.scheme(), "https" | "http") {
				return Err(refused("only https is spoken"));
			}
			if !at.username().is_empty() || at.password().is_some() {
				return Err(refused("an address names no user"));
			}
			let mut request = self.agent.get(at.as_str());
			for (name, value) in fields {
				request = request.header(*name, *value);
			}
			let response = request.call().map_err(|error| match error {
				ureq::Error::Other(reason) => refused(&reason.to_string()),
				error => failed(&at, error),
			})?;
			let field = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
			match response.status() {
				status if status.is_redirection() && status != StatusCode::NOT_MODIFIED => {
					redirections += 1;
					let next = field(header::LOCATION).and_then(|to| at.join(to).ok());
					let Some(next) = next.filter(|_| redirections <= REDIRECTIONS) else {
						return Err(failed(&at, "it redirects to nowhere, or too often"));
					};
					if at.scheme() == "https" && next.scheme() != "https" {
						return Err(refused("it redirects from https to plain text"));
					}
					// Keys are for the server that they were given to.
					if next.origin() != at.origin()
						&& fields.iter().any(|(name, _)| *name == "apiKey")
					{
						return Err(refused("it redirects a request with a key to another server"));
					}
					at = next;
				},
				StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
					if attempt < ATTEMPTS =>
				{
					let asked = field(header::RETRY_AFTER).and_then(|text| text.parse().ok());
					let wait: u64 = asked.unwrap_or(10 << attempt);
					tracing::info!(url = %at, seconds = wait, "the server asks for patience");
					thread::sleep(Duration::from_secs(wait.min(LONGEST_WAIT)));
					attempt += 1;
				},
				_ => return Ok(response),
			}
		}
	}

	/// A small document, kept in memory.
	pub(super) fn bytes(
		&self,
		url: &Url,
		fields: &[(&str, &str)],
		limit: u64,
	) -> Result<Vec<u8>, Error> {
		let response = self.get(url, fields)?;
		if response.status() != StatusCode::OK {
			return Err(failed(url, status(response.status())));
		}
		body(url, response, limit)
	}

	/// A small document that the server may not have.
	pub(super) fn offered(&self, url: &Url, limit: u64) -> Result<Option<Vec<u8>>, Error> {
		let response = self.get(url, &[])?;
		match response.status() {
			StatusCode::OK => body(url, response, limit).map(Some),
			StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
			other => Err(failed(url, status(other))),
		}
	}

	/// A file, if it changed: what to remember of it and how many bytes were received.
	///
	/// Beside the file lies what was received of it so far; with the publisher's mark of the state (ETag, date of
	/// change) the rest alone is asked for. `keep` remembers the mark before anything is received.
	pub(super) fn file(
		&self,
		url: &Url,
		known: &Known,
		to: &Path,
		limit: u64,
		keep: &mut dyn FnMut(&Known) -> Result<(), Error>,
		progress: &mut dyn FnMut(u64, Option<u64>) -> bool,
	) -> Result<Option<(Known, u64)>, Error> {
		let part = to.with_file_name(format!(
			"{}.part",
			to.file_name().unwrap_or_default().to_string_lossy()
		));
		let held = fs::metadata(&part).map_or(0, |meta| meta.len());
		let mark = known.etag.as_deref().or(known.modified.as_deref());
		let range = format!("bytes={held}-");
		let mut fields = vec![("accept-encoding", "identity")];
		match mark {
			Some(mark) if known.partial && held > 0 => {
				fields.extend([("range", range.as_str()), ("if-range", mark)]);
			},
			Some(_) if !known.partial => {
				fields.extend(known.etag.as_deref().map(|mark| ("if-none-match", mark)));
				fields.extend(known.modified.as_deref().map(|date| ("if-modified-since", date)));
			},
			_ => {},
		}
		let mut response = self.get(url, &fields)?;
		let field = |response: &Response<Body>, name: header::HeaderName| {
			response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
		};
		let span = field(&response, header::CONTENT_RANGE);
		let begin = match response.status() {
			StatusCode::NOT_MODIFIED => return Ok(None),
			StatusCode::OK => 0,
			StatusCode::PARTIAL_CONTENT
				if span.as_ref().is_some_and(|s| s.starts_with(&format!("bytes {held}-"))) =>
			{
				held
			},
			// All of it had been received before.
			StatusCode::RANGE_NOT_SATISFIABLE if span == Some(format!("bytes */{held}")) => {
				fs::rename(&part, to).map_err(|error| wrong_file(to, error))?;
				return Ok(Some((Known { partial: false, ..known.clone() }, 0)));
			},
			other => {
				// Whatever lies there does not go on.
				if held > 0 {
					fs::remove_file(&part).map_err(|error| wrong_file(&part, error))?;
				}
				return Err(failed(url, status(other)));
			},
		};
		let now = Known {
			etag: field(&response, header::ETAG).or(known.etag.clone().filter(|_| begin > 0)),
			modified: field(&response, header::LAST_MODIFIED)
				.or(known.modified.clone().filter(|_| begin > 0)),
			revision: None,
			partial: true,
		};
		keep(&now)?;
		let size = field(&response, header::CONTENT_LENGTH)
			.and_then(|length| length.parse::<u64>().ok())
			.map(|length| length.saturating_add(begin));
		if size.is_some_and(|size| size > limit) {
			return Err(Error::FetchTooLarge { url: url.to_string(), limit });
		}
		let mut out = OpenOptions::new()
			.create(true)
			.write(true)
			.append(begin > 0)
			.truncate(begin == 0)
			.open(&part)
			.map_err(|error| wrong_file(&part, error))?;
		let mut bytes = begin;
		let mut chunk = vec![0; CHUNK];
		let mut body = response.body_mut().as_reader();
		loop {
			let count = match body.read(&mut chunk) {
				Ok(0) => break,
				Ok(count) => count,
				Err(error) => return Err(failed(url, format!("{error}; fetch again to go on"))),
			};
			bytes += count as u64;
			if bytes > limit {
				drop(out);
				fs::remove_file(&part).map_err(|error| wrong_file(&part, error))?;
				return Err(Error::FetchTooLarge { url: url.to_string(), limit });
			}
			out.write_all(&chunk[..count]).map_err(|error| wrong_file(&part, error))?;
			if !progress(bytes, size) {
				return Err(Error::Stopped);
			}
		}
		if size.is_some_and(|size| size != bytes) {
			return Err(failed(url, "it broke off; fetch again to go on"));
		}
		out.sync_all().map_err(|error| wrong_file(&part, error))?;
		fs::rename(&part, to).map_err(|error| wrong_file(to, error))?;
		Ok(Some((Known { partial: false, ..now }, bytes - begin)))
	}
}

fn body(url: &Url, mut response: Response<Body>, limit: u64) -> Result<Vec<u8>, Error> {
	let mut bytes = Vec::new();
	let read = response.body_mut().as_reader().take(limit + 1).read_to_end(&mut bytes);
	read.map_err(|error| failed(url, error))?;
	if bytes.len() as u64 > limit {
		return Err(Error::FetchTooLarge { url: url.to_string(), limit });
	}
	Ok(bytes)
}

/// Writes a document at once: a reader finds the old one or the new one.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
	let wrong = |error| wrong_file(path, error);
	if let Some(folder) = path.parent() {
		fs::create_dir_all(folder).map_err(wrong)?;
	}
	let part = path.with_extension("part");
	let mut file = File::create(&part).map_err(wrong)?;
	file.write_all(bytes).and_then(|()| file.sync_all()).map_err(wrong)?;
	fs::rename(&part, path).map_err(wrong)
}

fn failed(url: &Url, reason: impl std::fmt::Display) -> Error {
	Error::Fetch { url: url.to_string(), reason: reason.to_string() }
}

fn status(status: StatusCode) -> String {
	format!("the server answers {status}")
}
