//! Pages, JSON interface and exports. Everything is read only: there is no request that changes anything.

mod api;
mod content;
mod export;
mod layout;
mod pages;
mod proofs;
mod records;

use crate::{
	follow::SharedStatus,
	prove::Witness,
	store::{query, Reader},
	Error,
};
use axum::{
	extract::{Request, State},
	http::{
		header::{self, HeaderName, HeaderValue},
		StatusCode,
	},
	middleware::{self, Next},
	response::{Html, IntoResponse, Response},
	routing::get,
	Router,
};
use hyper_util::{
	rt::{TokioIo, TokioTimer},
	service::TowerToHyperService,
};
use rusqlite::Connection;
use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};

/// So many connections are served at once; others wait.
const MAX_CONNECTIONS: usize = 256;

/// How long a client may take to send its request.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);

/// No connection lives longer.
const CONNECTION_LIFETIME: Duration = Duration::from_secs(180);

/// The most bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;

/// So many questions to the index are answered at once, which bounds memory; others wait.
const MAX_QUESTIONS: usize = 8;

/// What pages are made of.
pub struct App {
	reader: Reader,
	witness: Witness,
	status: SharedStatus,
	name: Option<String>,
	places: Semaphore,
}

/// What every page shows around its content.
pub(crate) struct Surroundings {
	/// Names of organisations.
	names: BTreeMap<u32, String>,
	/// The last indexed block: number, hash and moment.
	head: Option<(u64, [u8; 32], Option<u64>)>,
	/// The last final block that a node told of.
	finalised: Option<u64>,
	/// Whether a node is followed.
	connected: bool,
}

impl App {
	/// Pages of an index. `name` is the name under which browsers reach them, beside addresses and `localhost`.
	pub fn new(
		reader: Reader,
		witness: Witness,
		status: SharedStatus,
		name: Option<String>,
	) -> Self {
		Self { reader, witness, status, name, places: Semaphore::new(MAX_QUESTIONS) }
	}

	/// Asks the index, off the threads that serve connections.
	async fn read<T: Send + 'static>(
		self: &Arc<Self>,
		question: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
	) -> Result<T, Error> {
		self.with_reader(move |reader| reader.ask(question)).await
	}

	/// The same with the reader itself.
	async fn with_reader<T: Send + 'static>(
		self: &Arc<Self>,
		question: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
	) -> Result<T, Error> {
		let _place = self.places.acquire().await;
		let app = self.clone();
		let answer = tokio::task::spawn_blocking(move || question(&app.reader));
		answer.await.map_err(|error| Error::Damaged(error.to_string()))?
	}

	async fn surroundings(self: &Arc<Self>) -> Result<Surroundings, Error> {
		let (names, head) = self
			.read(|connection| Ok((query::names(connection)?, query::head(connection)?)))
			.await?;
		let status = self.status.read().map(|status| status.clone()).unwrap_or_default();
		Ok(Surroundings {
			names,
			head: head.map(|head| (head.number, head.hash, head.time)),
			finalised: status.finalised,
			connected: status.node.is_some(),
		})
	}

	/// Hash of the first block.
	async fn genesis(self: &Arc<Self>) -> Result<[u8; 32], Error> {
		let genesis = self.with_reader(Reader::genesis).await?;
		genesis.ok_or_else(|| Error::NotFound("no block is indexed yet".into()))
	}
}

/// All addresses.
pub fn router(app: Arc<App>) -> Router {
	Router::new()
		.route("/", get(pages::overview))
		.route("/style.css", get(style))
		.route("/search", get(pages::search))
		.route("/blocks", get(pages::blocks))
		.route("/blocks/{block}", get(pages::block))
		.route("/transactions/{id}", get(pages::transaction))
		.route("/transactions/{id}/verify", get(proofs::verify_transaction))
		.route("/transactions/{id}/bundle.json", get(proofs::transaction_bundle))
		.route("/about", get(pages::about))
		.route("/trust-root.json", get(proofs::trust_root))
		.route("/{kind}", get(records::records))
		.route("/{kind}/{id}", get(records::record))
		.route("/{kind}/{id}/verify", get(proofs::verify_record))
		.route("/{kind}/{id}/bundle.json", get(proofs::record_bundle))
		.route("/export/{file}", get(export::export))
		.nest("/api/v1", api::router())
		.fallback(pages::not_found)
		.layer(middleware::from_fn_with_state(app.clone(), guard))
		.with_state(app)
}

/// Serves until the program ends.
pub async fn serve(listener: TcpListener, app: Arc<App>) -> std::convert::Infallible {
	let service = router(app);
	let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
	loop {
		let place = places.clone().acquire_owned().await.ok();
		let Ok((stream, _)) = listener.accept().await else {
			// No file handle is free, most likely: wait for connections to end.
			tokio::time::sleep(Duration::from_millis(100)).await;
			continue;
		};
		let service = TowerToHyperService::new(service.clone());
		tokio::spawn(async move {
			let connection = hyper::server::conn::http1::Builder::new()
				.timer(TokioTimer::new())
				.header_read_timeout(REQUEST_PATIENCE)
				.max_buf_size(MAX_HEAD)
				.serve_connection(TokioIo::new(stream), service);
			// How a connection ends concerns its client alone.
			let _ = tokio::time::timeout(CONNECTION_LIFETIME, connection).await;
			drop(place);
		});
	}
}

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
	base-uri 'none'; frame-ancestors 'none'";

/// Refuses foreign names (another site that points its name here could read along), and adds the headers that keep
/// browsers from doing more than showing the page.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
	let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
	let mut response = if host.is_some_and(|host| is_own(host, app.name.as_deref())) {
		next.run(request).await
	} else {
		(StatusCode::MISDIRECTED_REQUEST, "this explorer has another name (--name)\n")
			.into_response()
	};
	let headers = response.headers_mut();
	for (name, value) in [
		(header::CONTENT_SECURITY_POLICY, POLICY),
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
	headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
	response
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

async fn style() -> Response {
	let headers = [
		(header::CONTENT_TYPE, "text/css; charset=utf-8"),
		(header::CACHE_CONTROL, "max-age=3600"),
	];
	(headers, include_str!("style.css")).into_response()
}

/// The status of an answer that is an error.
fn status_of(error: &Error) -> StatusCode {
	match error {
		Error::Input(_) => StatusCode::BAD_REQUEST,
		Error::NotFound(_) => StatusCode::NOT_FOUND,
		Error::NotProven(_) => StatusCode::CONFLICT,
		Error::Node(curex_client::Error::NotFound(_)) => StatusCode::NOT_FOUND,
		Error::Node(_) | Error::Stalled(_) => StatusCode::BAD_GATEWAY,
		_ => StatusCode::INTERNAL_SERVER_ERROR,
	}
}

/// An error as a page.
pub(crate) struct PageError(Error);

impl From<Error> for PageError {
	fn from(error: Error) -> Self {
		Self(error)
	}
}

impl IntoResponse for PageError {
	fn into_response(self) -> Response {
		let status = status_of(&self.0);
		if status.is_server_error() {
			tracing::warn!("{}", self.0);
		}
		(status, Html(layout::failure(status, &self.0).into_string())).into_response()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

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
