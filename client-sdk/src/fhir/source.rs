//! Where a holder's records come from.

use super::{document::is_restricted, json, read_bundle, Defect, PatientIdentification, Resource};
use std::{
	net::IpAddr,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
	time::Duration,
};
use ureq::{
	config::Config,
	http::Uri,
	unversioned::{
		resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
		transport::{Connector, DefaultConnector, NextTimeout},
	},
};

/// Types that a summary is made of.
const SUMMARISED: [(&str, &str); 3] = [
	("AllergyIntolerance", "patient"),
	("MedicationStatement", "subject"),
	("Condition", "subject"),
];

/// One patient's record.
#[derive(Clone, Debug)]
pub struct Record {
	/// The Patient resource.
	pub patient: Resource,
	/// The others.
	pub resources: Vec<Resource>,
}

impl Record {
	/// Reads a bundle with exactly one Patient.
	///
	/// # Errors
	/// [`Defect`] when it is none.
	pub fn read(bytes: &[u8]) -> Result<Self, Defect> {
		let (_, resources) = read_bundle(bytes)?;
		let (mut patients, resources): (Vec<_>, Vec<_>) =
			resources.into_iter().partition(|resource| resource.kind() == "Patient");
		match (patients.pop(), patients.is_empty()) {
			(Some(patient), true) => Ok(Self { patient, resources }),
			_ => Err(Defect::NotOnePatient),
		}
	}

	/// Whether the patient restricted the whole record. `absolutely` asks for a restriction that not even
	/// break-glass overrides (EHDS recital 18): confidentiality V.
	pub fn is_restricted(&self, absolutely: bool) -> bool {
		let very = super::array(&self.patient.value()["meta"], "security")
			.any(|label| label["code"] == "V");
		very || !absolutely && is_restricted(self.patient.value())
	}
}

/// A store of FHIR records. Calls block.
pub trait FhirSource: Send + Sync {
	/// Records of patients with one of these identifiers. Whether one is the person asked for is decided by
	/// [`PatientIdentification::agrees_with`], not here.
	///
	/// # Errors
	/// [`Defect::Source`] when the store does not answer, another [`Defect`] when its answer cannot be used.
	fn candidates(&self, whom: &PatientIdentification) -> Result<Vec<Record>, Defect>;
}

/// The one record that is this person's, or nothing: unknown, ambiguous, or the demographics disagree.
///
/// # Errors
/// As [`FhirSource::candidates`].
pub fn find(
	source: &dyn FhirSource,
	whom: &PatientIdentification,
) -> Result<Option<Record>, Defect> {
	let mut records = source.candidates(whom)?;
	records.retain(|record| whom.agrees_with(record.patient.value()));
	Ok(if records.len() == 1 { records.pop() } else { None })
}

/// A directory of JSON files, each a bundle with one patient.
#[derive(Clone, Debug)]
pub struct Directory(PathBuf);

impl Directory {
	/// The bundles (`*.json`) of this directory.
	pub fn new(path: impl Into<PathBuf>) -> Self {
		Self(path.into())
	}

	fn files(&self) -> Result<Vec<PathBuf>, Defect> {
		let entries = std::fs::read_dir(&self.0).map_err(|_| Defect::Source)?;
		let mut files = Vec::new();
		for entry in entries {
			let path = entry.map_err(|_| Defect::Source)?.path();
			if path.extension() == Some("json".as_ref()) {
				files.push(path);
			}
		}
		files.sort();
		Ok(files)
	}
}

impl FhirSource for Directory {
	fn candidates(&self, whom: &PatientIdentification) -> Result<Vec<Record>, Defect> {
		let mut records = Vec::new();
		for path in self.files()? {
			match read(&path) {
				Ok(record) if has_identifier(&record, whom) => records.push(record),
				Ok(_) => (),
				// One damaged file must not hide the rest; its name may be a patient's, so it is not logged.
				Err(defect) => {
					tracing::warn!(%defect, "a file of the FHIR directory is passed over")
				},
			}
		}
		Ok(records)
	}
}

fn read(path: &Path) -> Result<Record, Defect> {
	let bytes = crate::files::read(path, json::MAX_BYTES as u64).map_err(|_| Defect::TooLarge)?;
	Record::read(&bytes)
}

fn has_identifier(record: &Record, whom: &PatientIdentification) -> bool {
	super::array(record.patient.value(), "identifier").any(|entry| {
		whom.identifiers.iter().any(|identifier| {
			entry["system"] == identifier.system.as_str()
				&& entry["value"] == identifier.value.as_str()
		})
	})
}

/// From where an address is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reach {
	/// This machine.
	Machine,
	/// A network of one's own (RFC 1918, RFC 6598, RFC 4193).
	Private,
	/// Anywhere.
	Public,
}

impl Reach {
	/// None for an address at which no server is asked: one that is local to a link (where clouds answer with secrets), of many,
	/// or of nobody.
	fn of(address: IpAddr) -> Option<Self> {
		let address = address.to_canonical();
		match address {
			IpAddr::V4(v4) if v4.is_link_local() || v4.is_broadcast() => return None,
			IpAddr::V6(v6) if v6.is_unicast_link_local() => return None,
			_ if address.is_unspecified() || address.is_multicast() => return None,
			_ if address.is_loopback() => return Some(Self::Machine),
			_ => (),
		}
		let is_private = match address {
			IpAddr::V4(v4) => {
				let is_shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
				v4.is_private() || is_shared
			},
			IpAddr::V6(v6) => v6.is_unique_local(),
		};
		Some(if is_private { Self::Private } else { Self::Public })
	}
}

/// Resolves a server's name for each connection, once: the addresses that are checked are those that are connected to. All of
/// them have to be of one kind, and of the same kind as long as the program runs, so that a name that led to a server elsewhere
/// does not lead into the house later (DNS rebinding).
#[derive(Debug)]
struct Resolved<R> {
	inner: R,
	/// The kind of address that is allowed; set by the first answer.
	reach: Mutex<Option<Reach>>,
}

impl<R: Resolver> Resolver for Resolved<R> {
	fn resolve(
		&self,
		uri: &Uri,
		config: &Config,
		timeout: NextTimeout,
	) -> Result<ResolvedSocketAddrs, ureq::Error> {
		let addresses = self.inner.resolve(uri, config, timeout)?;
		let mut allowed = self.reach.lock().unwrap_or_else(PoisonError::into_inner);
		let mut wanted = *allowed;
		for address in addresses.iter() {
			let reach = Reach::of(address.ip());
			let is_allowed = reach.is_some() && wanted.is_none_or(|wanted| Some(wanted) == reach);
			if !is_allowed {
				tracing::warn!(
					?reach,
					"the name of the FHIR server leads where it may not: refused"
				);
				return Err(ureq::Error::HostNotFound);
			}
			wanted = reach;
		}
		*allowed = wanted;
		Ok(addresses)
	}
}

/// A FHIR R4 server, asked by search. Follows no redirect, reads at most 16 MiB, waits at most 20 seconds, and connects only
/// to addresses of the kind that its name had at first ([`Resolved`]).
#[derive(Clone, Debug)]
pub struct Server {
	base: String,
	agent: ureq::Agent,
}

impl Server {
	/// The server with this base address, such as `https://fhir.hospital.example/r4`.
	///
	/// # Errors
	/// [`crate::Error::Input`] unless it is `https`, or `http` on this machine.
	pub fn new(base: &str) -> Result<Self, crate::Error> {
		Self::over(base, DefaultConnector::default(), DefaultResolver::default())
	}

	fn over(
		base: &str,
		connector: impl Connector,
		resolver: impl Resolver,
	) -> Result<Self, crate::Error> {
		let base = crate::web_address::confidential("FHIR base", base)?;
		// Only what is on this machine may go unencrypted.
		let allowed = base.starts_with("http://").then_some(Reach::Machine);
		let config = ureq::Agent::config_builder()
			.timeout_global(Some(Duration::from_secs(20)))
			.max_redirects(0)
			// A proxy would resolve the name itself.
			.proxy(None)
			.build();
		let resolver = Resolved { inner: resolver, reach: Mutex::new(allowed) };
		Ok(Self { base, agent: ureq::Agent::with_parts(config, connector, resolver) })
	}

	fn search(&self, kind: &str, parameter: &str, value: &str) -> Result<Vec<Resource>, Defect> {
		let failed = |_| Defect::Source;
		let mut response = self
			.agent
			.get(format!("{}/{kind}", self.base))
			.header("accept", "application/fhir+json")
			.query(parameter, value)
			.query("_count", "500")
			.call()
			.map_err(failed)?;
		if response.status() != 200 {
			return Err(Defect::Source);
		}
		let bytes = response
			.body_mut()
			.with_config()
			.limit(json::MAX_BYTES as u64)
			.read_to_vec()
			.map_err(failed)?;
		let (bundle, resources) = read_bundle(&bytes)?;
		if super::array(&bundle, "link").any(|link| link["relation"] == "next") {
			return Err(Defect::TooMany);
		}
		Ok(resources.into_iter().filter(|resource| resource.kind() == kind).collect())
	}
}

impl FhirSource for Server {
	fn candidates(&self, whom: &PatientIdentification) -> Result<Vec<Record>, Defect> {
		let mut records: Vec<Record> = Vec::new();
		for identifier in &whom.identifiers {
			let token = format!("{}|{}", escape(&identifier.system), escape(&identifier.value));
			for patient in self.search("Patient", "identifier", &token)? {
				let known = records
					.iter()
					.any(|record| record.patient.value()["id"] == patient.value()["id"]);
				if known || !whom.agrees_with(patient.value()) {
					continue;
				}
				let id = patient.value()["id"].as_str().ok_or(Defect::NotTheResource)?.to_string();
				let mut resources = Vec::new();
				for (kind, parameter) in SUMMARISED {
					resources.extend(self.search(kind, parameter, &format!("Patient/{id}"))?);
				}
				records.push(Record { patient, resources });
			}
		}
		Ok(records)
	}
}

/// Escapes the characters that mean something in a search value (FHIR R4, 3.1.1.5).
fn escape(value: &str) -> String {
	let mut escaped = String::with_capacity(value.len());
	for character in value.chars() {
		if matches!(character, '\\' | '$' | ',' | '|') {
			escaped.push('\\');
		}
		escaped.push(character);
	}
	escaped
}

#[cfg(test)]
mod tests {
	use super::{super::tests::*, *};
	use serde_json::{json, Value};
	use std::io::{Read, Write};
	use ureq::unversioned::transport::{ConnectionDetails, Transport};

	fn bundle(patient: Value) -> String {
		json!({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]})
			.to_string()
	}

	#[test]
	fn a_directory_gives_the_one_record_that_agrees() {
		let folder = tempfile::tempdir().unwrap();
		let source = Directory::new(folder.path());
		let find = || find(&source, &identification()).unwrap();
		assert!(find().is_none(), "nobody yet");
		std::fs::write(folder.path().join("1.json"), bundle(patient())).unwrap();
		std::fs::write(folder.path().join("2.json"), "{").unwrap();
		std::fs::write(folder.path().join("3.txt"), bundle(patient())).unwrap();
		let mut namesake = patient();
		namesake["birthDate"] = json!("1990-01-01");
		std::fs::write(folder.path().join("4.json"), bundle(namesake)).unwrap();
		assert!(find().is_some());
		std::fs::write(folder.path().join("5.json"), bundle(patient())).unwrap();
		assert!(find().is_none(), "two records of one person: somebody has to look");
	}

	#[test]
	fn a_directory_that_is_not_there_is_a_failure_and_not_an_unknown_patient() {
		let source = Directory::new("/nonexistent/curex");
		assert_eq!(find(&source, &identification()).unwrap_err(), Defect::Source);
	}

	#[test]
	fn a_restriction_of_the_whole_record_is_seen() {
		for (label, restricted, absolutely) in
			[("N", false, false), ("R", true, false), ("V", true, true), ("X", true, false)]
		{
			let mut patient = patient();
			patient["meta"] = json!({"security": [{"code": label}]});
			let record = Record::read(bundle(patient).as_bytes()).unwrap();
			assert_eq!(record.is_restricted(false), restricted, "{label}");
			assert_eq!(record.is_restricted(true), absolutely, "{label}");
		}
	}

	#[test]
	fn a_server_has_to_be_encrypted_or_local() {
		for right in ["https://fhir.example/r4/", "http://127.0.0.1:8080/fhir", "http://localhost"]
		{
			assert!(Server::new(right).is_ok(), "{right}");
		}
		for wrong in [
			"http://fhir.example",
			"http://localhost.example",
			"ftp://127.0.0.1",
			"file:///etc",
			"https://user@fhir.example",
			"https://fhir.example?a=b",
			"",
		] {
			assert!(Server::new(wrong).is_err(), "{wrong}");
		}
	}

	/// Answers each request with the next of the answers and hands back the paths that were asked for.
	fn serve(
		answers: Vec<(&'static str, String)>,
	) -> (String, std::thread::JoinHandle<Vec<String>>) {
		let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
		let base = format!("http://{}", listener.local_addr().unwrap());
		let server = std::thread::spawn(move || {
			let mut paths = Vec::new();
			for (status, body) in answers {
				let (mut stream, _) = listener.accept().unwrap();
				let mut request = [0; 4096];
				let length = stream.read(&mut request).unwrap();
				let request = String::from_utf8_lossy(&request[..length]).to_string();
				paths.push(request.split(' ').nth(1).unwrap_or_default().to_string());
				let head = format!(
					"HTTP/1.1 {status}\r\ncontent-length: {}\r\nlocation: http://127.0.0.1:1/\r\nconnection: close\r\n\r\n",
					body.len()
				);
				stream.write_all(head.as_bytes()).unwrap();
				stream.write_all(body.as_bytes()).unwrap();
			}
			paths
		});
		(base, server)
	}

	#[test]
	fn a_server_is_asked_for_the_patient_and_then_for_the_parts_of_the_summary() {
		let empty = json!({"resourceType": "Bundle", "type": "searchset"}).to_string();
		let condition =
			json!({"resourceType": "Condition", "subject": {"reference": "Patient/p1"}});
		let (base, server) = serve(vec![
			("200 OK", bundle(patient())),
			("200 OK", empty.clone()),
			("200 OK", empty),
			("200 OK", bundle(condition)),
		]);
		let record = find(&Server::new(&base).unwrap(), &identification()).unwrap().unwrap();
		assert_eq!(record.resources.len(), 1);
		let paths = server.join().unwrap();
		assert_eq!(paths[0], "/Patient?identifier=urn%3Aoid%3A1.2.3%7C4711&_count=500");
		assert_eq!(paths[3], "/Condition?subject=Patient%2Fp1&_count=500");
	}

	#[test]
	fn a_redirect_an_error_and_further_pages_are_failures() {
		let mut paged: Value = serde_json::from_str(&bundle(patient())).unwrap();
		paged["link"] = json!([{"relation": "next", "url": "x"}]);
		for (status, body, defect) in [
			("302 Found", String::new(), Defect::Source),
			("500 Internal Server Error", String::new(), Defect::Source),
			("200 OK", "not json".into(), Defect::NotJson),
			("200 OK", paged.to_string(), Defect::TooMany),
		] {
			let (base, server) = serve(vec![(status, body)]);
			let source = Server::new(&base).unwrap();
			assert_eq!(find(&source, &identification()).unwrap_err(), defect, "{status}");
			server.join().unwrap();
		}
	}

	/// Gives one list of addresses after the other.
	#[derive(Debug)]
	struct Names(Mutex<std::collections::VecDeque<Vec<&'static str>>>);

	impl Resolver for Names {
		fn resolve(
			&self,
			_: &Uri,
			_: &Config,
			_: NextTimeout,
		) -> Result<ResolvedSocketAddrs, ureq::Error> {
			let mut found = self.empty();
			for address in self.0.lock().unwrap().pop_front().ok_or(ureq::Error::HostNotFound)? {
				found.push(std::net::SocketAddr::new(address.parse().unwrap(), 443));
			}
			Ok(found)
		}
	}

	/// Notes where it is told to connect to, and connects nowhere.
	#[derive(Clone, Debug, Default)]
	struct Nowhere(std::sync::Arc<Mutex<Vec<Vec<String>>>>);

	impl Connector for Nowhere {
		type Out = Box<dyn Transport>;

		fn connect(
			&self,
			details: &ConnectionDetails,
			_: Option<()>,
		) -> Result<Option<Self::Out>, ureq::Error> {
			let addresses = details.addrs.iter().map(|address| address.ip().to_string());
			self.0.lock().unwrap().push(addresses.collect());
			Err(ureq::Error::ConnectionFailed)
		}
	}

	/// Where a server of this base address was connected to, when its name led to one list of addresses after the other.
	fn connected(base: &str, answers: &[&[&'static str]]) -> Vec<Vec<String>> {
		let connections = Nowhere::default();
		let names = answers.iter().map(|answer| answer.to_vec()).collect();
		let server = Server::over(base, connections.clone(), Names(Mutex::new(names))).unwrap();
		for _ in answers {
			assert_eq!(find(&server, &identification()).unwrap_err(), Defect::Source);
		}
		let connected = connections.0.lock().unwrap().clone();
		connected
	}

	#[test]
	fn a_name_that_leads_elsewhere_after_it_was_checked_is_not_connected_to() {
		let base = "https://fhir.hospital.example";
		let first = [&["198.51.100.7"][..], &["127.0.0.1"], &["10.0.0.1"], &["198.51.100.8"]];
		assert_eq!(
			connected(base, &first),
			[["198.51.100.7"], ["198.51.100.8"]],
			"what was public stays public, and each answer is used as it was checked"
		);
		let inside = [&["10.0.0.1"][..], &["198.51.100.7"], &["::ffff:10.0.0.2"], &["fd00::1"]];
		assert_eq!(
			connected(base, &inside),
			[["10.0.0.1"], ["::ffff:10.0.0.2"], ["fd00::1"]],
			"nor does what is in the house lead out of it"
		);
		for mixed in [&["198.51.100.7", "127.0.0.1"], &["10.0.0.1", "198.51.100.7"]] {
			assert!(connected(base, &[&mixed[..]]).is_empty(), "{mixed:?}");
		}
		let nobodys = [
			"169.254.169.254",
			"::ffff:169.254.169.254",
			"0.0.0.0",
			"fe80::1",
			"224.0.0.1",
			"::",
			"255.255.255.255",
		];
		for address in nobodys {
			assert!(connected(base, &[&[address][..]]).is_empty(), "{address}");
		}
		let local = [&["10.0.0.1"][..], &["127.0.0.1"], &["::1"]];
		assert_eq!(
			connected("http://localhost:8080/fhir", &local),
			[["127.0.0.1"], ["::1"]],
			"what is not encrypted does not leave the machine, whatever its name leads to"
		);
	}

	#[test]
	fn what_means_something_in_a_search_is_escaped() {
		assert_eq!(escape(r"a|b,c$d\e"), r"a\|b\,c\$d\\e");
	}
}
