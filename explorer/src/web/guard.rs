//! What every request passes: the explorer's own name, who asks and what is open to them, how often, and the log of
//! queries; and the headers that every answer carries.

use super::{
	api::ApiError,
	words::{speaking, Language},
	App, PageError, Peer,
};
use crate::{
	access::{desk::Whom, Access, Standing, Viewer},
	Error,
};
use axum::{
	extract::{Request, State},
	http::{
		header::{self, HeaderMap, HeaderName, HeaderValue},
		Method, StatusCode,
	},
	middleware::Next,
	response::{IntoResponse, Response},
};
use curex_client::time;
use std::{net::IpAddr, sync::Arc};

/// No script runs but the explorer's own, and nothing is loaded from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; \
	connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for the pages of proofs, which also run the verifier.
pub(super) const POLICY_OF_PROOFS: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
	script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
	frame-ancestors 'none'";

/// The cookie of a session.
pub(super) const COOKIE: &str = "curex-session";

/// What is open to everybody: aggregates, explanations, the way in.
const PUBLIC: [&str; 12] = [
	"/",
	"/about",
	"/language",
	"/patient",
	"/sign-in",
	"/style.css",
	"/trust-root.json",
	"/verifier.wasm",
	"/verify.js",
	"/api/v1/challenge",
	"/api/v1/openapi.json",
	"/api/v1/sector",
];

/// Lets a request through, or refuses it, in the language that it asks for.
pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
	let language = Language::of(request.headers());
	let path = request.uri().path();
	// A code of a patient that somebody put into an address is not said again.
	let address = match path.starts_with("/patient") {
		true => path.to_owned(),
		false => request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
	};
	let mut response = speaking(language, address, answer(&app, request, next)).await;
	let tag = HeaderValue::from_static(language.tag());
	response.headers_mut().insert(header::CONTENT_LANGUAGE, tag);
	response
}

async fn answer(app: &Arc<App>, mut request: Request, next: Next) -> Response {
	let is_api = request.uri().path().starts_with("/api/");
	let mut response = match admit(app, &mut request).await {
		Ok(()) => next.run(request).await,
		Err(Refusal::OtherName) => {
			let told = "this explorer has another name (--name)\n";
			(StatusCode::MISDIRECTED_REQUEST, told).into_response()
		},
		Err(Refusal::Because(error)) if is_api => ApiError::from(error).into_response(),
		Err(Refusal::Because(error)) => PageError::from(error).into_response(),
	};
	let headers = response.headers_mut();
	for (name, value) in [
		(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
		(header::X_FRAME_OPTIONS, "DENY"),
		(header::REFERRER_POLICY, "no-referrer"),
		(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
		(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
		(
			HeaderName::from_static("permissions-policy"),
			"camera=(), microphone=(), geolocation=(), interest-cohort=()",
		),
	] {
		headers.insert(name, HeaderValue::from_static(value));
	}
	headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
	headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
	response
}

/// Why a request is not let through.
enum Refusal {
	/// It is meant for another server.
	OtherName,
	Because(Error),
}

impl From<Error> for Refusal {
	fn from(error: Error) -> Self {
		Self::Because(error)
	}
}

async fn admit(app: &Arc<App>, request: &mut Request) -> Result<(), Refusal> {
	let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
	// Another site that points its name here could read along.
	if !host.is_some_and(|host| is_own(host, app.name.as_deref())) {
		return Err(Refusal::OtherName);
	}
	if request.method() == Method::POST && !is_same_origin(request.headers()) {
		return Err(Error::Refused("this form came from another site".into()).into());
	}
	let now = time::now();
	let viewer = viewer(app, request.headers(), now).await?;
	let path = request.uri().path();
	if let Access::SignIn(desk) = &app.access {
		let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
		match &viewer {
			Viewer::SignedIn(standing) => desk.count(Whom::Account(standing.account), now)?,
			_ => desk.count(Whom::Address(peer.unwrap_or(IpAddr::from([0; 4]))), now)?,
		}
		let is_open = PUBLIC.contains(&path)
			|| path.starts_with("/sign-in/")
			|| path.starts_with("/patient/")
			|| matches!(path, "/api/v1/sign-in" | "/sign-out");
		match &viewer {
			Viewer::Public if !is_open => {
				return Err(Error::Refused("this is for those who sign in".into()).into());
			},
			// What is open to everybody needs no entry, nor does the number of the last block; tickets are secrets.
			Viewer::SignedIn(standing)
				if !matches!(
					path,
					"/style.css" | "/live" | "/live.js" | "/verify.js" | "/verifier.wasm"
				) && !path.starts_with("/sign-in/") =>
			{
				// A code of a patient that somebody put into an address stays out of the log.
				let question = match path.starts_with("/patient") {
					true => path,
					false => request.uri().path_and_query().map_or(path, |asked| asked.as_str()),
				};
				let (app, standing) = (app.clone(), standing.clone());
				let question = question.to_owned();
				let written = tokio::task::spawn_blocking(move || match &app.access {
					Access::SignIn(desk) => {
						desk.log().write(now, &standing.account, standing.organisation, &question)
					},
					Access::Open => Ok(()),
				});
				written.await.map_err(|error| Error::Damaged(error.to_string()))??;
			},
			_ => {},
		}
	}
	request.extensions_mut().insert(viewer);
	Ok(())
}

/// Who asks: by the session that the request shows, and what the ledger says of its account now.
async fn viewer(app: &Arc<App>, headers: &HeaderMap, now: u64) -> Result<Viewer, Error> {
	let Access::SignIn(desk) = &app.access else { return Ok(Viewer::Open) };
	let Some(token) = token(headers) else { return Ok(Viewer::Public) };
	let Some(account) = desk.account(&token, now)? else { return Ok(Viewer::Public) };
	match app.read(move |connection| Standing::of(connection, account)).await {
		Ok(standing) => Ok(Viewer::SignedIn(standing)),
		Err(Error::Refused(_)) => {
			desk.end(&token)?;
			Ok(Viewer::Public)
		},
		Err(error) => Err(error),
	}
}

/// The token that a request shows: in `Authorization: Bearer …`, or in the cookie.
pub(super) fn token(headers: &HeaderMap) -> Option<String> {
	let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
	if let Some(token) = bearer.and_then(|value| value.strip_prefix("Bearer ")) {
		return Some(token.trim().into());
	}
	cookie(headers, COOKIE)
}

/// The value of a cookie.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
	let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
	let mut pairs = cookies.flat_map(|value| value.split(';'));
	pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// Whether a request that changes something comes from a page of this explorer, or from no page at all.
fn is_same_origin(headers: &HeaderMap) -> bool {
	let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
	let by_site = text("sec-fetch-site").map(|site| matches!(site, "same-origin" | "none"));
	let by_origin = match text("origin") {
		None => true,
		// What a browser says whose page, as all of ours, sends no referrer: then the other header decides.
		Some("null") => by_site == Some(true),
		Some(origin) => {
			let host = origin.split_once("://").map(|(_, host)| host);
			host.is_some() && host == text("host")
		},
	};
	by_site != Some(false) && by_origin
}

/// Whether a request's host is an address, `localhost`, or the explorer's name.
fn is_own(host: &str, name: Option<&str>) -> bool {
	let bare = match host.strip_prefix('[') {
		Some(rest) => rest.split(']').next().unwrap_or_default(),
		None => host.split(':').next().unwrap_or_default(),
	};
	bare.parse::<IpAddr>().is_ok()
		|| bare.eq_ignore_ascii_case("localhost")
		|| name.is_some_and(|name| bare.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_form_of_another_site_is_told_from_the_own() {
		let is_own = |pairs: &[(&'static str, &'static str)]| {
			let mut headers = HeaderMap::new();
			headers.insert("host", HeaderValue::from_static("localhost:1"));
			for (name, value) in pairs {
				headers.insert(*name, HeaderValue::from_static(value));
			}
			is_same_origin(&headers)
		};
		assert!(is_own(&[]));
		assert!(is_own(&[("origin", "http://localhost:1")]));
		assert!(is_own(&[("origin", "null"), ("sec-fetch-site", "same-origin")]));
		for foreign in [
			&[("origin", "http://evil.example")][..],
			&[("origin", "null")],
			&[("origin", "null"), ("sec-fetch-site", "cross-site")],
			&[("origin", "http://localhost:1"), ("sec-fetch-site", "cross-site")],
			&[("sec-fetch-site", "same-site")],
		] {
			assert!(!is_own(foreign), "{foreign:?}");
		}
	}

	#[test]
	fn only_the_own_name_addresses_and_localhost_are_served() {
		let name = Some("explorer.example");
		for own in ["127.0.0.1:9970", "[::1]:9970", "localhost", "Explorer.Example:443", "10.0.0.7"]
		{
			assert!(is_own(own, name), "{own}");
		}
		for foreign in ["evil.example", "explorer.example.evil", "", "localhost.evil", "[evil]"] {
			assert!(!is_own(foreign, name), "{foreign}");
		}
		assert!(!is_own("explorer.example", None));
	}
}
