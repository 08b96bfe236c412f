//! Pages, JSON interface and exports. Nobody's records can be changed from here: what changes anything signs in and out, keeps
//! a language, or hands to the ledger what a patient's code withdraws and what delegates signed elsewhere.

mod api;
mod breach;
mod content;
mod dossier;
mod export;
mod fhir;
mod forms;
mod guard;
mod inquiry;
mod layout;
mod live;
mod network;
mod pages;
mod past;
mod patient;
mod pdf;
mod proofs;
mod questions;
mod records;
mod sector;
mod sign_in;
mod trends;
mod words;

use crate::{
	access::{
		anchor::{Anchoring, SharedAnchoring},
		Access, Viewer, Visits,
	},
	follow::SharedStatus,
	ledger::Ledger,
	prove::Witness,
	store::{query, Connection, Reader},
	Error,
};
use axum::{
	extract::{DefaultBodyLimit, Extension},
	http::{header, StatusCode},
	middleware,
	response::{Html, IntoResponse, Response},
	routing::{get, post},
	Router,
};
use hyper_util::{
	rt::{TokioIo, TokioTimer},
	service::TowerToHyperService,
};
use std::{
	collections::BTreeMap,
	net::SocketAddr,
	sync::{Arc, Mutex},
	time::Duration,
};
use tokio::{net::TcpListener, sync::Semaphore};

/// So many connections are served at once; others wait.
const MAX_CONNECTIONS: usize = 256;

/// How long a client may take to send its request.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);

/// No connection lives longer.
const CONNECTION_LIFETIME: Duration = Duration::from_secs(180);

/// The most bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;

/// The most bytes of a request's body: signing in needs few.
const MAX_BODY: usize = 4 * 1024;

/// So many questions to the index are answered at once, which bounds memory; others wait.
const MAX_QUESTIONS: usize = 8;

/// So many pages are told of new blocks at once; the others say nothing.
const MAX_WATCHERS: usize = 64;

/// What pages are made of.
pub struct App {
	reader: Reader,
	witness: Witness,
	status: SharedStatus,
	name: Option<String>,
	access: Access,
	visits: Visits,
	drafts: inquiry::Drafts,
	other_ledger: Option<Box<dyn Ledger>>,
	verifier: Option<Vec<u8>>,
	/// How the log of queries is anchored, if it is.
	anchoring: Option<SharedAnchoring>,
	places: Semaphore,
	watchers: Arc<Semaphore>,
	sector: Mutex<Option<sector::Published>>,
}

/// The other end of a connection.
#[derive(Clone, Copy)]
struct Peer(SocketAddr);

/// Who asks, as the guard found out.
type Who = Extension<Viewer>;

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
	/// Who looks at the page.
	viewer: Viewer,
}

impl App {
	/// Pages of an index. `name` is the name under which browsers reach them, beside addresses and `localhost`.
	pub fn new(
		reader: Reader,
		witness: Witness,
		status: SharedStatus,
		name: Option<String>,
		access: Access,
	) -> Self {
		let places = Semaphore::new(MAX_QUESTIONS);
		let watchers = Arc::new(Semaphore::new(MAX_WATCHERS));
		let sector = Mutex::default();
		let (verifier, anchoring) = (None, None);
		Self {
			reader,
			witness,
			status,
			name,
			access,
			visits: Visits::default(),
			drafts: inquiry::Drafts::default(),
			other_ledger: None,
			verifier,
			anchoring,
			places,
			watchers,
			sector,
		}
	}

	/// The same with another way to the ledger than the nodes that prove.
	#[must_use]
	pub fn with_ledger(self, ledger: Box<dyn Ledger>) -> Self {
		Self { other_ledger: Some(ledger), ..self }
	}

	/// The way to the ledger.
	fn ledger(&self) -> &dyn Ledger {
		self.other_ledger.as_deref().unwrap_or(&self.witness)
	}

	/// The same whose log of queries is anchored on the ledger.
	#[must_use]
	pub fn with_anchoring(self, anchoring: SharedAnchoring) -> Self {
		Self { anchoring: Some(anchoring), ..self }
	}

	/// The same with the verifier as a WebAssembly module, with which browsers check bundles themselves.
	#[must_use]
	pub fn with_verifier(self, module: Vec<u8>) -> Self {
		Self { verifier: Some(module), ..self }
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

	async fn surroundings(self: &Arc<Self>, viewer: &Viewer) -> Result<Surroundings, Error> {
		let (names, head) = self
			.read(|connection| Ok((query::names(connection)?, query::head(connection)?)))
			.await?;
		let status = self.status.read().map(|status| status.clone()).unwrap_or_default();
		Ok(Surroundings {
			names,
			head: head.map(|head| (head.number, head.hash, head.time)),
			finalised: status.finalised,
			connected: status.node.is_some(),
			viewer: viewer.clone(),
		})
	}

	/// How the log of queries is anchored, if it is.
	fn anchoring(&self) -> Option<Anchoring> {
		self.anchoring.as_ref()?.read().ok().map(|anchoring| anchoring.clone())
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
		.route("/verify.js", get(script))
		.route("/verifier.wasm", get(proofs::verifier))
		.route("/live", get(live::stream))
		.route("/live.js", get(live::script))
		.route("/search.js", get(pages::search_script))
		.route("/questions", get(questions::page))
		.route("/trends", get(trends::page))
		.route("/network", get(network::page))
		.route("/search", get(pages::search))
		.route("/blocks", get(pages::blocks))
		.route("/blocks/{block}", get(pages::block))
		.route("/transactions/{id}", get(pages::transaction))
		.route("/transactions/{id}/verify", get(proofs::verify_transaction))
		.route("/transactions/{id}/bundle.json", get(proofs::transaction_bundle))
		.route("/about", get(pages::about))
		.route("/sign-in", get(sign_in::page).post(sign_in::by_form))
		.route("/sign-in/{ticket}", get(sign_in::ticket).post(sign_in::by_ticket))
		.route("/sign-out", post(sign_in::out))
		.route("/language", post(forms::choose_language))
		.route("/patient", get(patient::page).post(patient::enter))
		.route("/patient/consent", get(patient::consent))
		.route("/patient/withdrawal", get(patient::withdrawal).post(patient::withdraw))
		.route("/patient/leave", post(patient::end))
		.route("/patient/records/{which}/verify", get(patient::verify))
		.route("/patient/records/{which}/bundle.json", get(patient::bundle))
		.route("/query-log", get(sign_in::query_log))
		.route("/trust-root.json", get(proofs::trust_root))
		.route("/inquiries/new", get(inquiry::page).post(inquiry::prepare))
		.route("/inquiries/draft", get(inquiry::draft).post(inquiry::hand_in))
		.route("/inquiries/draft.json", get(inquiry::file))
		.route("/inquiries/{id}/end", get(inquiry::ending::page).post(inquiry::ending::prepare))
		.route("/{kind}", get(records::records))
		.route("/{kind}/{id}", get(records::record))
		.route("/exchanges/{id}/dossier", get(dossier::page))
		.route("/exchanges/{id}/dossier.zip", get(dossier::file))
		.route("/{kind}/{id}/verify", get(proofs::verify_record))
		.route("/{kind}/{id}/bundle.json", get(proofs::record_bundle))
		.route("/export/{file}", get(export::export))
		.route("/print/{kind}", get(export::sheet))
		.nest("/api/v1", api::router())
		.fallback(pages::not_found)
		.layer(middleware::from_fn_with_state(app.clone(), guard::guard))
		.layer(DefaultBodyLimit::max(MAX_BODY))
		.with_state(app)
}

/// Serves until the program ends.
pub async fn serve(listener: TcpListener, app: Arc<App>) -> std::convert::Infallible {
	let service = router(app);
	let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
	loop {
		let place = places.clone().acquire_owned().await.ok();
		let Ok((stream, peer)) = listener.accept().await else {
			// No file handle is free, most likely: wait for connections to end.
			tokio::time::sleep(Duration::from_millis(100)).await;
			continue;
		};
		let service = TowerToHyperService::new(service.clone().layer(Extension(Peer(peer))));
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

async fn style() -> Response {
	let headers = [
		(header::CONTENT_TYPE, "text/css; charset=utf-8"),
		(header::CACHE_CONTROL, "max-age=3600"),
	];
	(headers, include_str!("style.css")).into_response()
}

async fn script() -> Response {
	let headers = [
		(header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
		(header::CACHE_CONTROL, "max-age=3600"),
	];
	(headers, include_str!("verify.js")).into_response()
}

/// The status of an answer that is an error.
fn status_of(error: &Error) -> StatusCode {
	match error {
		Error::Input(_) => StatusCode::BAD_REQUEST,
		Error::NotFound(_) => StatusCode::NOT_FOUND,
		Error::NotProven(_) => StatusCode::CONFLICT,
		Error::Refused(_) => StatusCode::UNAUTHORIZED,
		Error::TooMany => StatusCode::TOO_MANY_REQUESTS,
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
