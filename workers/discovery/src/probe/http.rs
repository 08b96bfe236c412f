//! HTTP: which web server, and which medical application behind it.
//!
//! Eleven GET requests at most: `/`, Orthanc's `/system`, FHIR's `metadata` at the two usual bases, and where none
//! of them is known, a DICOMweb search at the three usual bases for a study that does not exist (no answer to it
//! can hold a patient's data), then the descriptions of IHE XDS services at four usual places.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::{banner, heard, read_some, service, tls, Answer, Finding, Prober};
use crate::{
	audit::ProbeAction,
	error::Error,
	evidence,
	policy::Transport,
	snapshot::{Identity, Service},
};

/// Largest page that is read, bytes.
const PAGE_BYTES: usize = 64 << 10;
/// Largest capability statement that is read, bytes: those of full FHIR servers have a megabyte and more.
const CAPABILITY_BYTES: usize = 4 << 20;
const HEADERS: usize = 64;

/// Where a FHIR server describes itself, relative to its base (FHIR, RESTful API, `capabilities`).
const CAPABILITY_PATHS: [&str; 2] = ["/metadata", "/fhir/metadata"];

/// Where DICOM archives offer DICOMweb: Orthanc's plug-in and others, others again, dcm4chee.
const DICOMWEB_BASES: [&str; 3] = ["/dicom-web", "/dicomweb", "/dcm4chee-arc/aets/DCM4CHEE/rs"];

/// Search for studies (DICOM PS3.18, section 10.6) with a UID that is assigned to nothing.
const NO_STUDY: &str = "/studies?StudyInstanceUID=2.25.0&limit=1";

/// Where XDS registries and repositories offer the description of their web service (WSDL): IPF and what is built with it,
/// OpenXDS, dcm4chee. A description is asked for, not the service: a stored query would name a patient.
const XDS_DESCRIPTIONS: [&str; 4] = [
	"/services/xds-iti18?wsdl",
	"/openxds/services/DocumentRegistry?wsdl",
	"/openxds/services/DocumentRepository?wsdl",
	"/xds/registry?wsdl",
];

/// Namespace of Cross-Enterprise Document Sharing (IHE ITI TF-3, section 4.2).
const XDS_NAMESPACE: &str = "urn:ihe:iti:xds-b:2007";

/// A response as far as identification needs it.
#[derive(Debug)]
struct Response {
	status: u16,
	headers: Vec<(String, String)>,
	body: Vec<u8>,
	/// The beginning, for evidence.
	head: String,
}

impl Response {
	fn header(&self, name: &str) -> Option<&str> {
		self.headers
			.iter()
			.find(|(key, _)| key.eq_ignore_ascii_case(name))
			.map(|(_, value)| value.as_str())
	}

	fn mentions(&self, text: &str) -> bool {
		let body = self.body.get(..2_048).unwrap_or(&self.body);
		String::from_utf8_lossy(body).contains(text)
	}

	fn json(&self) -> Option<Value> {
		if self.status == 200 {
			serde_json::from_slice(&self.body).ok()
		} else {
			None
		}
	}
}

pub(super) async fn ask(
	prober: &Prober<'_>,
	at: SocketAddr,
	secure: bool,
) -> Result<Answer, Error> {
	let root = match get(prober, at, secure, "/", PAGE_BYTES).await? {
		Ok(root) => root,
		Err(bytes) => {
			// A server may have been slow to greet, or may speak TLS.
			if bytes.starts_with(b"SSH-") || bytes.starts_with(b"220") {
				return Ok(Answer::Understood(banner::identify(at, &bytes).into()));
			}
			if matches!(bytes.get(..2), Some([0x15, 0x03])) {
				return Ok(Answer::Tls);
			}
			return Ok(Answer::Else(heard(&bytes)));
		},
	};
	// A TLS port that is spoken to in plain text: nginx says 400, Apache too.
	if !secure && root.status == 400 && root.mentions("HTTPS port") {
		return Ok(Answer::Tls);
	}
	let mut services: Vec<Service> = web_server(prober, at, &root).into_iter().collect();
	let finding = |services, dicom_port, identities| {
		Ok(Answer::Understood(Finding { services, dicom_port, identities }))
	};
	if let Some(found) = orthanc(prober, at, secure, &root).await? {
		services.push(found.service);
		let titles = found.title.map(Identity::AeTitle).into_iter().collect();
		return finding(services, found.dicom_port, titles);
	}
	for path in CAPABILITY_PATHS {
		if let Ok(answer) = get(prober, at, secure, path, CAPABILITY_BYTES).await? {
			if let Some(found) = answer.json().as_ref().and_then(|json| fhir(at, path, json)) {
				services.push(found);
				break;
			}
		}
	}
	if !services.iter().any(|found| found.protocol == "fhir") {
		services.extend(documents_or_images(prober, at, secure, &root).await?);
	}
	if services.is_empty() {
		services.push(service(at, Transport::Tcp, "http", None, None, root.head, 80));
	}
	finding(services, None, Vec::new())
}

/// DICOMweb, or an XDS registry or repository.
async fn documents_or_images(
	prober: &Prober<'_>,
	at: SocketAddr,
	secure: bool,
	root: &Response,
) -> Result<Option<Service>, Error> {
	for base in DICOMWEB_BASES {
		let path = format!("{base}{NO_STUDY}");
		if let Ok(answer) = get(prober, at, secure, &path, PAGE_BYTES).await? {
			if let Some(found) = dicomweb(at, base, root, &answer) {
				return Ok(Some(found));
			}
		}
	}
	for path in XDS_DESCRIPTIONS {
		if let Ok(answer) = get(prober, at, secure, path, CAPABILITY_BYTES).await? {
			if let Some(found) = xds(at, path, &answer) {
				return Ok(Some(found));
			}
		}
	}
	Ok(None)
}

/// Requests a path. The inner error holds what was heard if it was not HTTP.
async fn get(
	prober: &Prober<'_>,
	at: SocketAddr,
	secure: bool,
	path: &str,
	limit: usize,
) -> Result<Result<Response, Vec<u8>>, Error> {
	if secure {
		let Some((mut stream, _)) = tls::handshake(prober, at).await? else {
			return Ok(Err(Vec::new()));
		};
		prober.announce(at, Transport::Tcp, ProbeAction::HttpGet { path: path.into() }).await?;
		return Ok(exchange(&mut stream, at, path, limit, prober.policy.timeout()).await);
	}
	let Ok(mut stream) = prober.connect(at).await? else { return Ok(Err(Vec::new())) };
	prober.announce(at, Transport::Tcp, ProbeAction::HttpGet { path: path.into() }).await?;
	Ok(exchange(&mut stream, at, path, limit, prober.policy.timeout()).await)
}

async fn exchange(
	stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
	at: SocketAddr,
	path: &str,
	limit: usize,
	patience: std::time::Duration,
) -> Result<Response, Vec<u8>> {
	// HTTP/1.0: the answer is not chunked and the connection ends with it.
	let request = format!(
		"GET {path} HTTP/1.0\r\nHost: {at}\r\nUser-Agent: CUREX-discovery/{}\r\n\
		 Accept: application/fhir+json, application/dicom+json, application/json, \
		 */*;q=0.5\r\nConnection: close\r\n\r\n",
		env!("CARGO_PKG_VERSION")
	);
	if stream.write_all(request.as_bytes()).await.is_err() {
		return Err(Vec::new());
	}
	let (bytes, _) = read_some(stream, limit, patience, is_complete).await;
	parse(&bytes).ok_or(bytes)
}

/// Whether the header and as much body as it announces are there.
fn is_complete(bytes: &[u8]) -> bool {
	if !bytes.starts_with(b"HTTP/") {
		// Not HTTP: the first bytes say enough.
		return bytes.len() >= 5;
	}
	let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
	let announced = parse(&bytes[..end + 4]).and_then(|response| {
		response.header("content-length").and_then(|length| length.trim().parse::<usize>().ok())
	});
	announced.is_some_and(|length| bytes.len() - (end + 4) >= length)
}

fn parse(bytes: &[u8]) -> Option<Response> {
	let mut headers = [httparse::EMPTY_HEADER; HEADERS];
	let mut response = httparse::Response::new(&mut headers);
	let body = match response.parse(bytes).ok()? {
		httparse::Status::Complete(at) => bytes[at..].to_vec(),
		httparse::Status::Partial => Vec::new(),
	};
	Some(Response {
		status: response.code?,
		headers: response
			.headers
			.iter()
			.map(|header| (header.name.to_owned(), evidence::text(header.value)))
			.filter(|(name, _)| !name.is_empty())
			.collect(),
		body,
		head: evidence::text(bytes.split(|byte| *byte == b'\n').next().unwrap_or_default()),
	})
}

/// The web server by a response.
pub(super) fn identify(at: SocketAddr, bytes: &[u8]) -> Option<Service> {
	server(at, &parse(bytes)?)
}

/// Whatever a response to one of the questions tells by itself.
pub(super) fn identify_any(at: SocketAddr, path: &str, bytes: &[u8]) -> Option<Service> {
	let answer = parse(bytes)?;
	if is_orthanc_realm(&answer) {
		return Some(orthanc_locked(at, &answer));
	}
	let json = answer.json();
	let by_json = json.as_ref().and_then(|json| {
		orthanc_system(at, json).map(|found| found.service).or_else(|| fhir(at, path, json))
	});
	by_json
		.or_else(|| dicomweb(at, path, &answer, &answer))
		.or_else(|| xds(at, path, &answer))
		.or_else(|| server(at, &answer))
}

fn web_server(prober: &Prober<'_>, at: SocketAddr, root: &Response) -> Option<Service> {
	let mut found = server(at, root)?;
	prober.refine("http_header.server", root.header("server")?, &mut found);
	Some(found)
}

/// The web server by its `Server` field (RFC 9110, section 10.2.4): `product/version`, the first product.
fn server(at: SocketAddr, root: &Response) -> Option<Service> {
	let field = root.header("server")?;
	let first = field.split(' ').next()?;
	let (name, version) = first.split_once('/').unwrap_or((first, ""));
	let product = evidence::name(&name.to_ascii_lowercase())?;
	let version = evidence::name(version);
	let confidence = if version.is_some() { 90 } else { 75 };
	let evidence = evidence::text(format!("{}; Server: {field}", root.head).as_bytes());
	Some(service(at, Transport::Tcp, "http", Some(&product), version, evidence, confidence))
}

/// An Orthanc server.
struct Orthanc {
	service: Service,
	dicom_port: Option<u16>,
	title: Option<String>,
}

/// Orthanc tells version, API version and DICOM port at `/system`, or asks for a password under its own realm.
async fn orthanc(
	prober: &Prober<'_>,
	at: SocketAddr,
	secure: bool,
	root: &Response,
) -> Result<Option<Orthanc>, Error> {
	let locked = |response: &Response| Orthanc {
		service: orthanc_locked(at, response),
		dicom_port: None,
		title: None,
	};
	if is_orthanc_realm(root) {
		return Ok(Some(locked(root)));
	}
	let Ok(answer) = get(prober, at, secure, "/system", PAGE_BYTES).await? else { return Ok(None) };
	if is_orthanc_realm(&answer) {
		return Ok(Some(locked(&answer)));
	}
	Ok(answer.json().as_ref().and_then(|system| orthanc_system(at, system)))
}

fn is_orthanc_realm(response: &Response) -> bool {
	response.status == 401
		&& response.header("www-authenticate").is_some_and(|field| field.contains("Orthanc"))
}

fn orthanc_locked(at: SocketAddr, response: &Response) -> Service {
	let field = response.header("www-authenticate").unwrap_or_default();
	let evidence =
		evidence::text(format!("{}; WWW-Authenticate: {field}", response.head).as_bytes());
	service(at, Transport::Tcp, "http", Some("orthanc"), None, evidence, 80)
}

fn orthanc_system(at: SocketAddr, system: &Value) -> Option<Orthanc> {
	let text = |key: &str| system.get(key).and_then(Value::as_str);
	let api = system.get("ApiVersion").and_then(Value::as_u64)?;
	let version = text("Version").and_then(evidence::name)?;
	let dicom_port =
		system.get("DicomPort").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
	let mut line = format!("/system: Version {version}, ApiVersion {api}");
	if let (Some(title), Some(port)) = (text("DicomAet"), dicom_port) {
		line = format!("{line}, DicomAet {title:?}, DicomPort {port}");
	}
	let evidence = evidence::text(line.as_bytes());
	let found = service(at, Transport::Tcp, "http", Some("orthanc"), Some(version), evidence, 95);
	Some(Orthanc { service: found, dicom_port, title: text("DicomAet").and_then(evidence::name) })
}

/// A FHIR server by its CapabilityStatement: `software.name`, `software.version`, `fhirVersion`.
fn fhir(at: SocketAddr, path: &str, statement: &Value) -> Option<Service> {
	if statement.get("resourceType")?.as_str()? != "CapabilityStatement" {
		return None;
	}
	let software =
		|key: &str| statement.get("software").and_then(|s| s.get(key)).and_then(Value::as_str);
	let product =
		software("name").map(str::to_ascii_lowercase).and_then(|name| evidence::name(&name));
	let version = software("version").and_then(evidence::name);
	let line = format!(
		"{path}: software {:?} {:?}, fhirVersion {:?}",
		software("name").unwrap_or_default(),
		software("version").unwrap_or_default(),
		statement.get("fhirVersion").and_then(Value::as_str).unwrap_or_default()
	);
	let confidence = if version.is_some() { 95 } else { 80 };
	Some(service(
		at,
		Transport::Tcp,
		"fhir",
		product.as_deref(),
		version,
		evidence::text(line.as_bytes()),
		confidence,
	))
}

/// A DICOMweb server by its answer to a search that finds nothing: an empty list in DICOM's JSON, or "no content"
/// from a server that does not say so to everything. It does not tell product or version.
fn dicomweb(at: SocketAddr, base: &str, root: &Response, answer: &Response) -> Option<Service> {
	let kind = answer.header("content-type").unwrap_or_default();
	let confidence = match answer.status {
		200 if kind.contains("application/dicom+json") => 90,
		200 if answer.json().is_some_and(|json| json == Value::Array(Vec::new())) => 75,
		204 if root.status != 204 => 70,
		_ => return None,
	};
	let evidence =
		evidence::text(format!("{base}: {}; Content-Type: {kind}", answer.head).as_bytes());
	Some(service(at, Transport::Tcp, "dicomweb", None, None, evidence, confidence))
}

/// A document registry or repository by the description of its web service, whose operations tell which of them it is
/// (IHE ITI TF-2, sections 3.18, 3.42, 3.41, 3.43). It does not tell product or version.
fn xds(at: SocketAddr, path: &str, answer: &Response) -> Option<Service> {
	let text = String::from_utf8_lossy(&answer.body);
	if answer.status != 200 || !text.contains("definitions") || !text.contains(XDS_NAMESPACE) {
		return None;
	}
	let offers = |operations: [&str; 2]| operations.iter().any(|name| text.contains(name));
	let role = match (
		offers(["RegistryStoredQuery", "RegisterDocumentSet-b"]),
		offers(["RetrieveDocumentSet", "ProvideAndRegisterDocumentSet-b"]),
	) {
		(true, false) => "registry",
		(false, true) => "repository",
		_ => "registry or repository",
	};
	let evidence = evidence::text(format!("{path}: XDS.b {role}; {}", answer.head).as_bytes());
	Some(service(at, Transport::Tcp, "xds", None, None, evidence, 90))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_description_of_a_service_tells_an_xds_registry_from_other_web_services() {
		let at = ([192, 0, 2, 7], 8010).into();
		let answer = |status: &str, body: &str| {
			parse(format!("HTTP/1.1 {status}\r\n\r\n{body}").as_bytes()).expect("HTTP")
		};
		let wsdl = |operation: &str, namespace: &str| {
			format!("<wsdl:definitions xmlns:x=\"{namespace}\"><operation name=\"{operation}\"/></wsdl:definitions>")
		};
		let role = |answer: &Response| {
			xds(at, "/services", answer)
				.map(|found| found.evidence.split("; ").next().unwrap_or("").to_owned())
		};
		let registry =
			answer("200 OK", &wsdl("DocumentRegistry_RegistryStoredQuery", XDS_NAMESPACE));
		assert_eq!(role(&registry).as_deref(), Some("/services: XDS.b registry"));
		let repository =
			answer("200 OK", &wsdl("DocumentRepository_RetrieveDocumentSet", XDS_NAMESPACE));
		assert_eq!(role(&repository).as_deref(), Some("/services: XDS.b repository"));
		for other in [
			answer("200 OK", &wsdl("Add", "urn:calculator")),
			answer("404 Not Found", &wsdl("RegistryStoredQuery", XDS_NAMESPACE)),
			answer("200 OK", XDS_NAMESPACE),
		] {
			assert_eq!(role(&other), None);
		}
	}

	#[test]
	fn a_search_that_finds_nothing_tells_dicomweb_from_other_servers() {
		let at = ([192, 0, 2, 7], 8080).into();
		let answer = |text: &str| parse(text.as_bytes()).expect("HTTP");
		let page = answer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>hello</h1>");
		let silent = answer("HTTP/1.1 204 No Content\r\n\r\n");
		let list = answer("HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n\r\n[]");
		let plain = answer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[]");
		let object = answer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}");
		for (root, found, confidence) in [
			(&page, &list, Some(90)),
			(&page, &plain, Some(75)),
			(&page, &silent, Some(70)),
			(&silent, &silent, None),
			(&page, &page, None),
			(&page, &object, None),
		] {
			let service = dicomweb(at, "/dicom-web", root, found);
			assert_eq!(service.map(|service| service.confidence), confidence, "{found:?}");
		}
	}

	#[test]
	fn a_server_field_gives_product_and_version() {
		let at = ([192, 0, 2, 7], 80).into();
		let root =
			parse(b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1 (x)\r\n\r\nhello").expect("HTTP");
		let policy = crate::policy::Policy::default();
		let audit = |_: &crate::ProbeRecord| Ok(());
		let prober = Prober::new(&policy, &audit).expect("no fingerprints to be read");
		let found = web_server(&prober, at, &root).expect("a server field");
		assert_eq!(found.cpe23.as_deref(), Some("cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*"));
		assert_eq!(found.evidence, "HTTP/1.1 200 OK; Server: nginx/1.22.1 (x)");
	}

	#[test]
	fn orthanc_is_told_by_its_system_and_not_by_any_json() {
		let at = ([192, 0, 2, 7], 8042).into();
		let system = serde_json::json!({"ApiVersion": 16, "Name": "A", "Version": "1.10.1",
			"DicomAet": "ORTHANC", "DicomPort": 4242});
		let found = orthanc_system(at, &system).expect("Orthanc");
		let named = (found.service.product.as_deref(), found.service.version.as_deref());
		assert_eq!(named, (Some("orthanc"), Some("1.10.1")));
		assert_eq!((found.dicom_port, found.title.as_deref()), (Some(4242), Some("ORTHANC")));
		assert!(orthanc_system(at, &serde_json::json!({"Version": "1.0"})).is_none());
	}

	#[test]
	fn a_capability_statement_names_the_fhir_server() {
		let statement = serde_json::json!({"resourceType": "CapabilityStatement",
			"fhirVersion": "4.0.1", "software": {"name": "HAPI FHIR Server", "version": "6.8.0"}});
		let found = fhir(([192, 0, 2, 7], 80).into(), "/metadata", &statement).expect("FHIR");
		assert_eq!(found.product.as_deref(), Some("hapi_fhir_server"));
		assert_eq!(found.version.as_deref(), Some("6.8.0"));
	}

	proptest::proptest! {
		#[test]
		fn no_response_makes_it_panic(tail in proptest::collection::vec(0u8.., 0..300)) {
			let bytes = [&b"HTTP/1.1 200 OK\r\n"[..], &tail].concat();
			is_complete(&bytes);
			if let Some(response) = parse(&bytes) {
				let policy = crate::policy::Policy::default();
				let audit = |_: &crate::ProbeRecord| Ok(());
				let prober = Prober::new(&policy, &audit).expect("no fingerprints to be read");
				web_server(&prober, ([192, 0, 2, 7], 80).into(), &response);
			}
		}
	}
}
