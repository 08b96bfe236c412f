//! Against servers of this process on loopback.

use std::{
	collections::BTreeMap,
	io::{BufRead, BufReader, Cursor, Write},
	net::{Ipv4Addr, TcpListener, TcpStream},
	sync::{Arc, Mutex},
};

use flate2::{write::GzEncoder, Compression};
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{AssetService, Outcome, Store};

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A request: path with query, and fields with their names in lower case.
struct Request {
	path: String,
	fields: BTreeMap<String, String>,
}

/// An answer. A body may be cut off behind its announced length.
#[derive(Default)]
struct Answer {
	status: u16,
	fields: Vec<(&'static str, String)>,
	body: Vec<u8>,
	sent: Option<usize>,
}

fn ok(body: impl Into<Vec<u8>>) -> Answer {
	Answer { status: 200, body: body.into(), ..Answer::default() }
}

fn missing() -> Answer {
	Answer { status: 404, ..Answer::default() }
}

/// A publisher; what it was asked stands in the log.
struct Publisher {
	base: String,
	log: Arc<Mutex<Vec<Request>>>,
}

impl Publisher {
	fn new(answer: impl Fn(&str, &Request) -> Answer + Send + 'static) -> Self {
		let listener = TcpListener::bind((HOME, 0)).expect("a free port");
		let base = format!("http://{}", listener.local_addr().expect("it is bound"));
		let log = Arc::new(Mutex::new(Vec::new()));
		let (own, kept) = (base.clone(), log.clone());
		thread::spawn(move || {
			for stream in listener.incoming().flatten() {
				let Some(request) = read(&stream) else { continue };
				let given = answer(&own, &request);
				// A client that went away is its own affair.
				let _ = respond(&stream, &given);
				kept.lock().expect("no test panics with the log").push(request);
			}
		});
		Self { base, log }
	}

	fn url(&self, path: &str) -> Option<String> {
		Some(format!("{}{path}", self.base))
	}

	/// Paths that were asked for since the last call.
	fn asked(&self) -> Vec<String> {
		let mut log = self.log.lock().expect("no test panics with the log");
		log.drain(..).map(|request| request.path).collect()
	}
}

fn read(stream: &TcpStream) -> Option<Request> {
	let mut lines = BufReader::new(stream).lines();
	let first = lines.next()?.ok()?;
	let path = first.split(' ').nth(1)?.to_owned();
	let mut fields = BTreeMap::new();
	for line in lines {
		let line = line.ok()?;
		let Some((name, value)) = line.split_once(':') else { break };
		fields.insert(name.to_ascii_lowercase(), value.trim().to_owned());
	}
	Some(Request { path, fields })
}

fn respond(mut stream: &TcpStream, answer: &Answer) -> std::io::Result<()> {
	write!(stream, "HTTP/1.1 {} x\r\nConnection: close\r\n", answer.status)?;
	for (name, value) in &answer.fields {
		write!(stream, "{name}: {value}\r\n")?;
	}
	write!(stream, "Content-Length: {}\r\n\r\n", answer.body.len())?;
	stream.write_all(&answer.body[..answer.sent.unwrap_or(answer.body.len())])
}

fn source(kind: SourceKind, url: Option<String>) -> Source {
	Source {
		name: "publisher".into(),
		kind,
		url,
		changes: None,
		key_file: None,
		openpgp_keys: Vec::new(),
		openpgp_fingerprints: Vec::new(),
		unsigned: Unsigned::Refuse,
		pause_ms: Some(0),
	}
}

fn mirror() -> (TempDir, Mirror) {
	let folder = tempfile::tempdir().expect("a temporary folder");
	let mirror = Mirror::open(&folder.path().join("feeds"), &[HOME]).expect("a new mirror");
	(folder, mirror)
}

fn go_on(_: &FetchProgress) -> bool {
	true
}

fn kev(cves: &[&str]) -> String {
	let rows: Vec<Value> =
		cves.iter().map(|cve| json!({"cveID": cve, "dateAdded": "2026-01-01"})).collect();
	json!({"catalogVersion": "1", "vulnerabilities": rows}).to_string()
}

#[test]
fn a_file_that_did_not_change_is_not_fetched_again() {
	let publisher = Publisher::new(|_, request| {
		if request.fields.get("if-none-match").is_some_and(|mark| mark == "\"one\"") {
			return Answer { status: 304, ..Answer::default() };
		}
		Answer { fields: vec![("ETag", "\"one\"".into())], ..ok(kev(&["CVE-2026-0001"])) }
	});
	let (folder, mut mirror) = mirror();
	let source = source(SourceKind::Kev, publisher.url("/kev.json"));
	let first = mirror.fetch(&source, &mut go_on).expect("it is there");
	assert_eq!((first.files, first.unchanged), (1, 0));
	drop(mirror);
	let mut mirror = Mirror::open(&folder.path().join("feeds"), &[HOME]).expect("the same mirror");
	let second = mirror.fetch(&source, &mut go_on).expect("it is there");
	assert_eq!((second.files, second.unchanged, second.bytes), (0, 1, 0));
	let kept = fs::read_to_string(folder.path().join("feeds/publisher/kev.json")).expect("kept");
	assert_eq!(kept, kev(&["CVE-2026-0001"]));
}

#[test]
fn what_a_login_page_answers_replaces_no_catalogue() {
	let publisher = Publisher::new(|_, request| match request.path.as_str() {
		"/kev.json" => ok(kev(&["CVE-2026-0001"])),
		_ => ok("<html>please sign in</html>"),
	});
	let (folder, mut mirror) = mirror();
	mirror.fetch(&source(SourceKind::Kev, publisher.url("/kev.json")), &mut go_on).expect("there");
	let other = mirror.fetch(&source(SourceKind::Kev, publisher.url("/login")), &mut go_on);
	assert!(other.is_err_and(|error| error.to_string().contains("no JSON")));
	let kept = fs::read_to_string(folder.path().join("feeds/publisher/kev.json")).expect("kept");
	assert_eq!(kept, kev(&["CVE-2026-0001"]));
}

#[test]
fn a_download_that_broke_off_goes_on_where_it_stopped() {
	let digits: String = (0..200_000).map(|number| number.to_string()).collect();
	let body = json!({"catalogVersion": digits, "vulnerabilities": []}).to_string().into_bytes();
	let whole = body.clone();
	let publisher = Publisher::new(move |_, request| {
		let fields = vec![("ETag", "\"one\"".into())];
		match request.fields.get("range") {
			None => Answer { fields, sent: Some(600_000), ..ok(body.clone()) },
			Some(range) => {
				assert_eq!(request.fields["if-range"], "\"one\"");
				let from: usize = range["bytes=".len()..range.len() - 1].parse().expect("a place");
				let span = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
				let fields = vec![("ETag", "\"one\"".into()), ("Content-Range", span)];
				Answer { status: 206, fields, body: body[from..].to_vec(), sent: None }
			},
		}
	});
	let (folder, mut mirror) = mirror();
	let source = source(SourceKind::Kev, publisher.url("/large"));
	let broken = mirror.fetch(&source, &mut go_on).expect_err("it breaks off").to_string();
	assert!(broken.contains("go on"), "{broken}");
	let target = folder.path().join("feeds/publisher/kev.json");
	assert!(!target.exists(), "a part is no file");
	let rest = mirror.fetch(&source, &mut go_on).expect("the rest");
	assert!(rest.bytes < 1_000_000, "{rest:?}");
	assert_eq!(fs::read(&target).expect("kept"), whole);
}

#[test]
fn a_stopped_download_goes_on_too() {
	let body = format!("{}{}", kev(&[]), " ".repeat(2 << 20)).into_bytes();
	let publisher = Publisher::new(move |_, request| {
		let from: usize = match request.fields.get("range") {
			None => 0,
			Some(range) => range["bytes=".len()..range.len() - 1].parse().expect("a place"),
		};
		let span = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
		let mut fields = vec![("Last-Modified", "Sat, 28 Nov 2026 00:00:00 GMT".into())];
		if from > 0 {
			fields.push(("Content-Range", span));
		}
		let status = if from > 0 { 206 } else { 200 };
		Answer { status, fields, body: body[from..].to_vec(), sent: None }
	});
	let (_folder, mut mirror) = mirror();
	let source = source(SourceKind::Kev, publisher.url("/large"));
	let stopped = mirror.fetch(&source, &mut |progress| progress.bytes < 500_000);
	assert!(matches!(stopped, Err(Error::Stopped)));
	let rest = mirror.fetch(&source, &mut go_on).expect("the rest");
	assert!(rest.bytes > 0 && rest.bytes < 2 << 20, "{rest:?}");
}

#[test]
fn addresses_of_the_house_are_reached_neither_directly_nor_by_redirection() {
	let inside = Publisher::new(|_, _| ok("secret"));
	let port = inside.base.rsplit(':').next().expect("a port").to_owned();
	// Another loopback address, which nobody allowed.
	let target = format!("http://127.0.0.2:{port}/");
	let to = target.clone();
	let outside = Publisher::new(move |_, _| Answer {
		status: 302,
		fields: vec![("Location", to.clone())],
		..Answer::default()
	});
	let (_folder, mut mirror) = mirror();
	for url in [outside.url("/kev.json"), Some(target), Some("http://[::1]/".into())] {
		let error = mirror.fetch(&source(SourceKind::Kev, url), &mut go_on);
		assert!(matches!(error, Err(Error::Refused { .. })), "{error:?}");
	}
	for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "http://user@127.0.0.1/"] {
		let error = mirror.fetch(&source(SourceKind::Kev, Some(url.into())), &mut go_on);
		assert!(matches!(error, Err(Error::Refused { .. })), "{error:?}");
	}
	assert!(inside.asked().is_empty(), "nothing was asked");
}

#[test]
fn a_server_without_tls_is_no_https_server() {
	let publisher = Publisher::new(|_, _| ok(kev(&[])));
	let (_folder, mut mirror) = mirror();
	let secure = publisher.base.replacen("http", "https", 1);
	let error = mirror.fetch(&source(SourceKind::Kev, Some(secure)), &mut go_on);
	assert!(matches!(error, Err(Error::Fetch { .. })), "{error:?}");
}

#[test]
fn endless_redirections_and_large_documents_end() {
	let publisher = Publisher::new(|base, request| match request.path.as_str() {
		"/large" => Answer { fields: vec![("X", "y".into())], ..ok(vec![b' '; (16 << 20) + 1]) },
		_ => Answer {
			status: 302,
			fields: vec![("Location", format!("{base}/again"))],
			..Answer::default()
		},
	});
	let (_folder, mut mirror) = mirror();
	let round = mirror.fetch(&source(SourceKind::Kev, publisher.url("/")), &mut go_on);
	assert!(round.is_err_and(|error| error.to_string().contains("redirects")));
	assert_eq!(publisher.asked().len(), 6);
	let large = mirror.fetch(&source(SourceKind::Csaf, publisher.url("/large")), &mut go_on);
	assert!(matches!(large, Err(Error::FetchTooLarge { .. })), "{large:?}");
}

fn csaf(id: &str) -> String {
	json!({"document": {"csaf_version": "2.0", "title": "t", "tracking": {"id": id}},
		"product_tree": {}, "vulnerabilities": []})
	.to_string()
}

#[test]
fn a_csaf_provider_gives_what_changed_and_nothing_with_a_wrong_hash() {
	let state = Arc::new(Mutex::new("2026-01-01"));
	let now = state.clone();
	let publisher = Publisher::new(move |base, request| match request.path.as_str() {
		"/provider-metadata.json" => ok(json!({"distributions": [
			{"rolie": {"feeds": [{"url": format!("{base}/feed.json"), "tlp_label": "WHITE"}]}},
			{"directory_url": format!("{base}/white")}]})
		.to_string()),
		"/feed.json" => {
			let entry = |name: &str, updated: &str| {
				json!({"updated": updated, "content": {"src": format!("{base}/{name}.json")},
				"link": [{"rel": "hash", "href": format!("{base}/{name}.sha256")}]})
			};
			let changed = *now.lock().expect("no panic");
			let entries =
				[entry("a", changed), entry("b", "2026-01-01"), entry("bad", "2026-01-01")];
			ok(json!({"feed": {"entry": entries}}).to_string())
		},
		"/a.json" | "/b.json" | "/bad.json" => ok(csaf(&request.path)),
		"/a.sha256" | "/b.sha256" => {
			use sha2::{Digest, Sha256};
			let document = csaf(&request.path.replace("sha256", "json"));
			ok(format!("{}  name.json\n", hex::encode(Sha256::digest(document))))
		},
		"/bad.sha256" => ok(format!("{}  bad.json\n", "0".repeat(64))),
		"/white/changes.csv" => {
			ok("\"2026/c.json\",\"2026-01-01\"\n\"../../a.json\",\"2026-01-01\"\n")
		},
		"/white/2026/c.json" => ok(csaf("c")),
		_ => missing(),
	});
	let (folder, mut mirror) = mirror();
	let source = source(SourceKind::Csaf, publisher.url("/provider-metadata.json"));
	let first = mirror.fetch(&source, &mut go_on).expect("a provider");
	assert_eq!((first.files, first.failures.len()), (3, 1), "{first:?}");
	assert!(first.failures[0].reason.contains("hash"), "{first:?}");
	publisher.asked();
	*state.lock().expect("no panic") = "2026-02-02";
	let second = mirror.fetch(&source, &mut go_on).expect("a provider");
	assert_eq!((second.files, second.unchanged), (1, 2), "{second:?}");
	let asked = publisher.asked();
	assert!(asked.contains(&"/a.json".into()) && !asked.contains(&"/b.json".into()), "{asked:?}");
	let mut store = Store::in_memory().expect("a store");
	let imported = store.import(&folder.path().join("feeds"), &mut |_| true).expect("an import");
	assert_eq!((imported.files, imported.failures.len()), (3, 0), "{imported:?}");
}

#[test]
fn signed_documents_alone_are_taken_from_a_publisher_whose_key_is_named() {
	const ADVISORY: &[u8] = include_bytes!("signature/advisory.json");
	const KEY: &[u8] = include_bytes!("signature/publisher.asc");
	let publisher = Publisher::new(move |base, request| {
		match request.path.as_str() {
		"/provider-metadata.json" => ok(json!({
			"public_openpgp_keys": [
				{"fingerprint": "9C5228298F75C57614EB6D8D8EFADBA76ADEA7E5", "url": format!("{base}/key.asc")}],
			"distributions": [{"directory_url": format!("{base}/white")}]})
		.to_string()),
		"/key.asc" => ok(KEY),
		"/white/changes.csv" => {
			ok("\"good.json\",\"1\"\n\"changed.json\",\"1\"\n\"strange.json\",\"1\"\n\"bare.json\",\"1\"\n")
		},
		"/white/good.json" | "/white/strange.json" | "/white/bare.json" => ok(ADVISORY),
		"/white/changed.json" => ok(String::from_utf8_lossy(ADVISORY).replace("ACME", "EVIL")),
		"/white/good.json.asc" | "/white/changed.json.asc" => {
			ok(&include_bytes!("signature/advisory.json.publisher.asc")[..])
		},
		"/white/strange.json.asc" => ok(&include_bytes!("signature/advisory.json.stranger.asc")[..]),
		_ => missing(),
	}
	});
	let (folder, mut mirror) = mirror();
	let key = folder.path().join("key.asc");
	std::fs::write(&key, KEY).expect("a temporary folder");
	let plain = source(SourceKind::Csaf, publisher.url("/provider-metadata.json"));
	// Without a key nothing is looked at.
	assert_eq!(mirror.fetch(&plain, &mut go_on).expect("a provider").files, 4);
	let by_file = Source { openpgp_keys: vec![key], ..plain.clone() };
	let refused = |fetched: &Fetched| {
		let mut reasons: Vec<&str> = fetched.failures.iter().map(|f| f.reason.as_str()).collect();
		reasons.sort_unstable();
		reasons.join("; ")
	};
	let found = mirror.fetch(&by_file, &mut go_on).expect("a provider");
	let why = refused(&found);
	assert_eq!((found.files, found.failures.len()), (1, 3), "{found:?}");
	assert!(why.contains("no signature") && why.contains("369086A454B681C7"), "{why}");
	let kept = std::fs::read_dir(folder.path().join("feeds/publisher")).expect("a folder").count();
	assert_eq!(kept, 4, "what is refused replaces nothing");
	// What is good is not fetched again; what has no signature may be taken if that is said.
	let lenient = Source { unsigned: Unsigned::Accept, ..by_file };
	let found = mirror.fetch(&lenient, &mut go_on).expect("a provider");
	assert_eq!((found.files, found.unchanged, found.failures.len()), (1, 1, 2), "{found:?}");
	let of = "9c5228298f75c57614eb6d8d8efadba76adea7e5".to_owned();
	let by_fingerprint = Source { openpgp_fingerprints: vec![of.clone()], ..plain.clone() };
	let found = mirror.fetch(&by_fingerprint, &mut go_on).expect("a provider");
	assert_eq!((found.unchanged, found.failures.len()), (2, 2), "{found:?}");
	let other = Source { openpgp_fingerprints: vec![of.replace('9', "8")], ..plain.clone() };
	let error = mirror.fetch(&other, &mut go_on).expect_err("not offered").to_string();
	assert!(error.contains("does not offer"), "{error}");
	let wrong = Source { openpgp_fingerprints: vec!["9C52 2829".into()], ..plain };
	assert!(wrong.check().is_err());
}

/// The records of a page, as NVD gives them.
fn page(request: &Request, total: u64) -> Answer {
	let query = |name: &str| {
		let (_, query) = request.path.split_once('?')?;
		query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
	};
	let start: u64 = query("startIndex").and_then(|n| n.parse().ok()).expect("an index");
	let total = if query("lastModStartDate").is_some() { 1 } else { total };
	let records: Vec<Value> = (start..total.min(start + 2))
		.map(|n| {
			json!({"cve": {"id": format!("CVE-2026-{n:04}"), "configurations": [{"nodes": [{
			"operator": "OR", "cpeMatch": [{"vulnerable": true,
				"criteria": "cpe:2.3:a:acme:pump:*:*:*:*:*:*:*:*", "versionEndExcluding": "2.0"}]}]}]}})
		})
		.collect();
	ok(json!({"format": "NVD_CVE", "totalResults": total, "startIndex": start,
		"resultsPerPage": 2, "vulnerabilities": records})
	.to_string())
}

#[test]
fn nvd_is_read_page_by_page_then_what_changed_and_a_stop_loses_nothing() {
	let publisher = Publisher::new(|_, request| page(request, 5));
	let (folder, mut mirror) = mirror();
	let source = source(SourceKind::Nvd, publisher.url("/cves"));
	let stopped = mirror.fetch(&source, &mut |progress| progress.files < 1);
	assert!(matches!(stopped, Err(Error::Stopped)));
	assert_eq!(publisher.asked(), ["/cves?startIndex=0&resultsPerPage=2000"]);
	let rest = mirror.fetch(&source, &mut go_on).expect("the rest");
	let asked = publisher.asked();
	assert!(asked[0].starts_with("/cves?startIndex=2&"), "{asked:?}");
	assert_eq!(asked[1], "/cves?startIndex=4&resultsPerPage=2000");
	assert!(rest.files >= 2, "{rest:?}");
	// As if it had been a year ago: what changed since comes in spans that the interface gives.
	let place = json!({"from": null, "to": now() - 365 * 86_400, "next": 5, "done": true});
	mirror.set_place("publisher", &place).expect("kept");
	mirror.fetch(&source, &mut go_on).expect("what changed");
	let asked = publisher.asked();
	assert_eq!(asked.len(), 4, "{asked:?}");
	assert!(asked.iter().all(|path| path.contains("lastModStartDate=")), "{asked:?}");
	let mut store = Store::in_memory().expect("a store");
	store.import(&folder.path().join("feeds"), &mut |_| true).expect("an import");
	assert_eq!(store.contents().expect("contents").advisories, 5);
}

fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
	let mut archive = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
	for (name, text) in parts {
		let options = ::zip::write::SimpleFileOptions::default();
		archive.start_file(*name, options).expect("a new name");
		archive.write_all(text.as_bytes()).expect("memory takes every write");
	}
	archive.finish().expect("memory takes every write").into_inner()
}

fn cve5(id: &str, fixed: &str) -> String {
	format!(
		"{{\"cveMetadata\": {{\"cveId\": \"{id}\", \"state\": \"PUBLISHED\"}},\n \"containers\": {{\"cna\": \
		 {{\"affected\": [{{\"vendor\": \"acme\", \"product\": \"pump\", \"versions\": [{{\"version\": \"0\", \
		 \"lessThan\": \"{fixed}\", \"status\": \"affected\", \"versionType\": \"semver\"}}]}}]}}}}}}"
	)
}

#[test]
fn the_cve_list_comes_as_an_archive_and_then_change_by_change() {
	let publisher = Publisher::new(|base, request| match request.path.as_str() {
		"/main.zip" => ok(zip(&[
			("list/cves/CVE-2026-0001.json", &cve5("CVE-2026-0001", "2.0.0")),
			("list/cves/CVE-2026-0002.json", &cve5("CVE-2026-0002", "2.0.0")),
			("list/cves/deltaLog.json", "[]"),
			("list/cves/CVE-2026-0009.json", "{\"cveMetadata\": "),
			("list/README.md", "# list"),
		])),
		"/deltaLog.json" => {
			let change = |id: &str| json!({"cveId": id, "githubLink": format!("{base}/{id}.json")});
			ok(json!([{"fetchTime": "2999-01-01T00:00:00.000Z", "new": [change("CVE-2026-0003")],
					"updated": [change("CVE-2026-0001")]},
				{"fetchTime": "2020-01-01T00:00:00.000Z", "new": [change("CVE-2020-0001")]}])
			.to_string())
		},
		"/CVE-2026-0001.json" => ok(cve5("CVE-2026-0001", "1.0.0")),
		"/CVE-2026-0003.json" => ok(cve5("CVE-2026-0003", "3.0.0")),
		_ => missing(),
	});
	let (folder, mut mirror) = mirror();
	let source = Source {
		changes: publisher.url("/deltaLog.json"),
		..source(SourceKind::CveList, publisher.url("/main.zip"))
	};
	let first = mirror.fetch(&source, &mut go_on).expect("the archive");
	assert_eq!((first.files, first.failures.len()), (1, 1), "one record is broken: {first:?}");
	let mut store = Store::in_memory().expect("a store");
	let service = AssetService {
		asset: "a".into(),
		vendor: Some("acme".into()),
		product: Some("pump".into()),
		version: Some("1.5.0".into()),
		confidence: 95,
		..AssetService::default()
	};
	store.set_inventory(&[service]).expect("an inventory");
	let concerned = |store: &mut Store| {
		store.import(&folder.path().join("feeds"), &mut |_| true).expect("an import");
		let mut found = Vec::new();
		let mut sink = |outcome: Outcome<'_>| {
			if let Outcome::Match(one) = outcome {
				found.push(one.cve().to_owned());
			}
		};
		let matched = store.match_changed(&mut sink).expect("a match");
		found.sort();
		(found, matched.cves)
	};
	let (found, _) = concerned(&mut store);
	assert_eq!(found, ["CVE-2026-0001", "CVE-2026-0002"]);
	publisher.asked();
	let changes = mirror.fetch(&source, &mut go_on).expect("the changes");
	assert_eq!((changes.files, changes.failures.len()), (2, 0));
	assert!(!publisher.asked().contains(&"/main.zip".into()));
	let (found, changed) = concerned(&mut store);
	assert_eq!(found, ["CVE-2026-0003"], "the first no longer concerns version 1.5.0");
	assert_eq!(changed, ["CVE-2026-0001", "CVE-2026-0003"]);
	assert_eq!(mirror.fetch(&source, &mut go_on).expect("nothing").files, 0);
}

#[test]
fn scores_and_archives_are_unpacked_and_bombs_are_not() {
	let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
	packed.write_all(b"#model\ncve,epss,percentile\nCVE-2026-0001,0.5,0.9\n").expect("memory");
	let packed = packed.finish().expect("memory");
	let publisher = Publisher::new(move |_, request| match request.path.as_str() {
		"/epss.csv.gz" => ok(packed.clone()),
		"/all.zip" => ok(zip(&[(
			"DEBIAN-CVE-2026-0001.json",
			"{\"id\": \"DEBIAN-CVE-2026-0001\",\n\
			\"affected\": [{\"package\": {\"ecosystem\": \"Debian:12\", \"name\": \"a\"}, \"ranges\":\n\
			[{\"type\": \"ECOSYSTEM\", \"events\": [{\"introduced\": \"0\"}, {\"fixed\": \"1\"}]}]}]}",
		)])),
		"/bomb.zip" => ok(zip(&[("a.json", &" ".repeat(17 << 20))])),
		_ => ok("no archive"),
	});
	let (folder, mut mirror) = mirror();
	mirror
		.fetch(&source(SourceKind::Epss, publisher.url("/epss.csv.gz")), &mut go_on)
		.expect("scores");
	mirror.fetch(&source(SourceKind::Osv, publisher.url("/all.zip")), &mut go_on).expect("OSV");
	let mut store = Store::in_memory().expect("a store");
	let imported = store.import(&folder.path().join("feeds"), &mut |_| true).expect("an import");
	assert_eq!(imported.failures, []);
	let contents = store.contents().expect("contents");
	assert_eq!((contents.epss, contents.packages), (1, 1));
	let before = fs::read(folder.path().join("feeds/publisher/all.jsonl")).expect("kept");
	for (path, reason) in [("/bomb.zip", "larger than"), ("/other.zip", "no usable archive")] {
		let error = mirror.fetch(&source(SourceKind::Osv, publisher.url(path)), &mut go_on);
		assert!(error.is_err_and(|error| error.to_string().contains(reason)), "{path}");
	}
	let after = fs::read(folder.path().join("feeds/publisher/all.jsonl")).expect("kept");
	assert_eq!(after, before, "what was there before stays");
}

#[test]
fn a_source_that_cannot_be_used_is_named() {
	let no_address = source(SourceKind::Osv, None).check().expect_err("OSV has no usual address");
	assert!(no_address.to_string().contains("`publisher`"), "{no_address}");
	let elsewhere = Source { name: "../etc".into(), ..source(SourceKind::Kev, None) };
	assert!(elsewhere.check().is_err_and(|error| error.to_string().contains("name")));
	assert!(source(SourceKind::Nvd, None).check().is_ok());
}
