//! What browsers send in forms, and the cookies that they keep.

use super::words;
use crate::Error;
use axum::{
	extract::Query,
	http::{header, HeaderMap, StatusCode},
	response::{IntoResponse, Response},
};

/// The fields of a form.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
	/// Reads the body of a form.
	pub(super) fn read(body: &[u8]) -> Result<Self, Error> {
		let unreadable = || Error::input("the form cannot be read");
		let address = format!("/?{}", String::from_utf8_lossy(body));
		let address = address.parse().map_err(|_| unreadable())?;
		let fields = Query::<Vec<(String, String)>>::try_from_uri(&address);
		Ok(Self(fields.map_err(|_| unreadable())?.0))
	}

	/// A field without the spaces around it; nothing if it was not sent.
	pub(super) fn field(&self, name: &str) -> &str {
		let found = self.0.iter().find(|(field, _)| field == name);
		found.map_or("", |(_, value)| value.trim())
	}
}

/// The name under which the browser reached the explorer.
pub(super) fn host(headers: &HeaderMap) -> &str {
	headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
}

/// Whether the browser is on this machine, where there need be no TLS.
pub(super) fn is_local(headers: &HeaderMap) -> bool {
	["localhost", "127.", "[::1]"].iter().any(|local| host(headers).starts_with(local))
}

/// A cookie that no script reads and no other site sends; without value it is taken away.
pub(super) fn set_cookie(headers: &HeaderMap, name: &str, value: &str, seconds: u64) -> String {
	let secure = if is_local(headers) { "" } else { "; Secure" };
	format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

/// To another page, with a cookie.
pub(super) fn lead(to: &str, cookie: String) -> Response {
	let set = [(header::SET_COOKIE, cookie), (header::LOCATION, to.to_owned())];
	(StatusCode::SEE_OTHER, set).into_response()
}

/// To another page.
pub(super) fn lead_to(to: &str) -> Response {
	(StatusCode::SEE_OTHER, [(header::LOCATION, to.to_owned())]).into_response()
}

/// Keeps the language that somebody chose, and leads back to the page.
pub(super) async fn choose_language(headers: HeaderMap, body: axum::body::Bytes) -> Response {
	let form = match Form::read(&body) {
		Ok(form) => form,
		Err(error) => return super::PageError::from(error).into_response(),
	};
	let language = words::Language::of_tag(form.field("to")).unwrap_or_default();
	const YEAR: u64 = 365 * 24 * 3_600;
	let cookie = set_cookie(&headers, words::COOKIE, language.tag(), YEAR);
	lead(own_address(form.field("back")), cookie)
}

/// An address of this explorer; the first page instead of any other.
fn own_address(address: &str) -> &str {
	let is_plain = address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
	let is_own = address.starts_with('/') && !address.starts_with("//");
	if is_plain && is_own {
		address
	} else {
		"/"
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_form_leads_to_no_other_site() {
		for own in ["/", "/exchanges?state=held&organisation=3"] {
			assert_eq!(own_address(own), own);
		}
		for foreign in
			["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "x"]
		{
			assert_eq!(own_address(foreign), "/", "{foreign}");
		}
	}

	#[test]
	fn a_form_is_read_field_by_field() {
		let form = Form::read(b"code=+CUREX%3AV+&x=1&x=2").unwrap();
		assert_eq!((form.field("code"), form.field("x"), form.field("y")), ("CUREX:V", "1", ""));
		assert!(Form::read(b"a=%zz").is_err() || Form::read(b"a=%zz").unwrap().field("a") != "");
	}
}
