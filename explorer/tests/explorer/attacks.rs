//! What enemies try.

use crate::support::{escape, Explorer, EXCHANGES, HOSTILE, HOSTILE_NUMBER, LIVE};
use curex_explorer::{access::Scope, generate::Generator, store::query};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const INJECTIONS: [&str; 10] = [
	"' OR '1'='1",
	"1; DROP TABLE record; --",
	"1 OR 1=1",
	"') UNION SELECT 1,2,3,4,5,6,7,8,9,10 --",
	"\" OR \"\"=\"",
	"1/**/OR/**/1=1",
	"0x' || (SELECT value FROM meta) || '",
	"%27%20OR%201=1",
	"\\'; ATTACH DATABASE '/tmp/x' AS x; --",
	"1\u{0}2",
];

fn parameters() -> [&'static str; 15] {
	[
		"organisation",
		"partner",
		"consent",
		"state",
		"purpose",
		"from",
		"to",
		"since",
		"until",
		"category",
		"action",
		"case",
		"at",
		"after",
		"limit",
	]
}

/// What is nothing of the sort, or more than there can be.
const RUBBISH: [&str; 17] = [
	"",
	"-1",
	"+1",
	"1e9",
	"9223372036854775808",
	"18446744073709551615",
	"18446744073709551616",
	"0000-01-01T00:00:00Z",
	"9999-12-31T23:59:59Z",
	"2026-11-01T08:00:00",
	"2026-11-01T08:00:00+99:00",
	"\0",
	"\u{202e}",
	"３",
	"%%%",
	"NaN",
	"../..",
];

fn exchanges(explorer: &Explorer) -> u64 {
	let tallies =
		explorer.reader.ask(|connection| query::tallies(connection, &Scope::everything())).unwrap();
	tallies[&curex_explorer::Kind::Exchange].values().sum()
}

#[tokio::test]
async fn no_parameter_carries_sql() {
	let explorer = Explorer::start().await;
	for injection in INJECTIONS {
		let text = escape(injection);
		for name in parameters() {
			for path in ["/exchanges", "/api/v1/exchanges", "/export/exchanges.csv"] {
				let answer = explorer.get(&format!("{path}?organisation=1&{name}={text}")).await;
				assert_eq!(answer.status, 400, "{path} {name}={injection}: {}", answer.body);
			}
			let alone = explorer.get(&format!("/api/v1/exchanges?{name}={text}")).await;
			assert_eq!(alone.status, 400, "{name}={injection}: {}", alone.body);
			let odd = explorer.get(&format!("/api/v1/exchanges?{text}=1")).await;
			assert_eq!(odd.status, 400, "{injection}");
		}
		for path in ["exchanges", "blocks", "transactions", "organisations", "consents"] {
			let answer = explorer.get(&format!("/{path}/{text}")).await;
			assert!(matches!(answer.status, 400 | 404), "{path}/{injection}: {}", answer.status);
			let answer = explorer.get(&format!("/api/v1/{path}/{text}")).await;
			assert!(matches!(answer.status, 400 | 404), "{path}/{injection}: {}", answer.status);
		}
		let found = explorer.json(&format!("/api/v1/search?q={text}")).await;
		assert_eq!(found["items"].as_array().unwrap().len(), 0, "{injection}");
		let blocks = explorer.get(&format!("/blocks?after={text}")).await;
		assert_eq!(blocks.status, 400, "{injection}");
	}
	assert_eq!(exchanges(&explorer), EXCHANGES);
}

#[tokio::test]
async fn no_rubbish_in_a_parameter_breaks_a_page() {
	let explorer = Explorer::start().await;
	let filtered = ["/exchanges", "/print/consents", "/api/v1/exchanges", "/export/inquiries.pdf"];
	let others = ["/trends?since", "/trends?until", "/blocks?after", "/search?q", "/consents/3?at"];
	for rubbish in RUBBISH.map(escape) {
		let questions =
			filtered.iter().flat_map(|path| parameters().map(|name| format!("{path}?{name}")));
		for question in questions.chain(others.map(String::from)) {
			let answer = explorer.get(&format!("{question}={rubbish}")).await;
			let is_told = matches!(answer.status, 200 | 400 | 404);
			assert!(is_told, "{question}={rubbish}: {} {}", answer.status, answer.body);
		}
	}
	assert_eq!(exchanges(&explorer), EXCHANGES);
}

#[tokio::test]
async fn the_side_that_reads_cannot_write() {
	let explorer = Explorer::start().await;
	let written = explorer.reader.ask(|connection| connection.execute("DELETE FROM record", &[]));
	assert!(written.is_err());
	assert_eq!(exchanges(&explorer), EXCHANGES);
}

#[tokio::test]
async fn a_hostile_name_is_text_wherever_it_is_shown() {
	let explorer = Explorer::start().await;
	let exchange = (0..EXCHANGES).find(|number| Generator::parties(*number).0 == HOSTILE_NUMBER);
	let exchange = Generator::exchange(exchange.unwrap());
	let mut shown = 0;
	for address in [
		"/".into(),
		"/organisations".into(),
		format!("/organisations/{HOSTILE_NUMBER}"),
		format!("/exchanges?organisation={HOSTILE_NUMBER}"),
		format!("/exchanges/{exchange}"),
		format!("/search?q={}", escape(&HOSTILE[..40])),
		"/blocks/5".into(),
		"/accounts".into(),
	] {
		let answer = explorer.get(&address).await;
		assert_eq!(answer.status, 200, "{address}");
		let body = answer.body.replace(LIVE, "");
		for raw in ["<script", "<img", "alert('1')</"] {
			assert!(!body.contains(raw), "{raw} in {address}");
		}
		shown += answer.body.matches("&lt;script&gt;").count();
	}
	assert!(shown > 5, "shown {shown} times");
	// What was searched for, and what was wrong with a question, is shown as well.
	let text = escape("<script>alert(1)</script>");
	for address in
		[format!("/search?q={text}"), format!("/exchanges?state={text}"), format!("/{text}")]
	{
		let answer = explorer.get(&address).await;
		assert!(!answer.body.replace(LIVE, "").contains("<script"), "{address}");
	}
	let csv = explorer.get("/export/organisations.csv").await.body;
	assert!(csv.contains("Söhne"));
}

#[tokio::test]
async fn every_answer_forbids_what_a_page_does_not_need() {
	let explorer = Explorer::start().await;
	for address in
		["/", "/nothing/here/at-all", "/api/v1/status", "/style.css", "/export/exchanges.csv"]
	{
		let head = explorer.get(address).await.head;
		for header in [
			"content-security-policy: default-src 'none'; style-src 'self'",
			"frame-ancestors 'none'",
			"x-content-type-options: nosniff",
			"referrer-policy: no-referrer",
			"cross-origin-opener-policy: same-origin",
		] {
			assert!(head.contains(header), "{header} of {address}");
		}
		assert!(!head.contains("access-control-allow-origin"), "{address}");
		assert!(!head.contains("set-cookie"), "{address}");
	}
}

#[tokio::test]
async fn no_path_leads_out() {
	let explorer = Explorer::start().await;
	for path in [
		"/../../../etc/passwd",
		"/%2e%2e/%2e%2e/etc/passwd",
		"/style.css/../../Cargo.toml",
		"/..%2f..%2fetc%2fpasswd",
		"/export/..%2f..%2fetc%2fpasswd.csv",
		"/export/exchanges.sqlite",
		"/index.sqlite",
		"/exchanges/..%2f..%2f",
		"/blocks/..",
		"//etc/passwd",
		"/%00",
		"/%ff%fe",
	] {
		let answer = explorer.get(path).await;
		assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
		assert!(!answer.body.contains("root:"), "{path}");
	}
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
	let explorer = Explorer::start().await;
	let long = "a".repeat(5_000);
	for (target, status) in [
		(format!("/search?q={long}"), 400),
		(format!("/exchanges?state={long}"), 400),
		(format!("/exchanges?{long}=1"), 400),
		(format!("/exchanges/{long}"), 400),
		(format!("/blocks/{long}"), 400),
		(format!("/{long}"), 404),
		(format!("/exchanges?{}", "from=1&".repeat(900)), 400),
	] {
		assert_eq!(explorer.get(&target).await.status, status, "{}", &target[..30]);
	}
	let huge = "a".repeat(200_000);
	for request in [
		format!("GET /search?q={huge} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {huge}\r\n\r\n"),
	] {
		let answer = explorer.send(&request).await;
		assert!(matches!(answer.status, 0 | 414 | 431), "{}", answer.status);
	}
	assert_eq!(explorer.get("/").await.status, 200);
}

#[tokio::test]
async fn a_cursor_that_was_never_given_out_harms_nothing() {
	let explorer = Explorer::start().await;
	for (cursor, status) in [
		("-1", 400),
		("9223372036854775808", 400),
		("0x10", 400),
		("1e3", 400),
		("NaN", 400),
		("9223372036854775807", 200),
		("0", 200),
	] {
		let answer = explorer.get(&format!("/api/v1/exchanges?after={cursor}")).await;
		assert_eq!(answer.status, status, "{cursor}: {}", answer.body);
		let answer = explorer.get(&format!("/blocks?after={cursor}")).await;
		let lenient = cursor == "9223372036854775808";
		assert!(answer.status == status || lenient, "{cursor}: {}", answer.status);
	}
	for number in ["18446744073709551615", "9223372036854775808"] {
		for address in [format!("/exchanges?from={number}"), format!("/exchanges?to={number}")] {
			assert_eq!(explorer.get(&address).await.status, 200, "{address}");
		}
		assert_eq!(explorer.get(&format!("/blocks/{number}")).await.status, 404);
		assert_eq!(explorer.get(&format!("/transactions/{number}-0")).await.status, 404);
	}
}

#[tokio::test]
async fn another_name_and_another_method_are_refused() {
	let explorer = Explorer::start().await;
	for (request, status) in [
		("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421),
		("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 421),
		("GET / HTTP/1.1\r\nHost: explorer.example\r\nConnection: close\r\n\r\n", 200),
		(
			"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
			405,
		),
		("DELETE /exchanges HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
		("BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
		("rubbish\r\n\r\n", 400),
	] {
		assert_eq!(explorer.send(request).await.status, status, "{request}");
	}
}

#[tokio::test]
async fn clients_that_send_nothing_do_not_keep_others_out() {
	let explorer = Explorer::start().await;
	let mut idle = Vec::new();
	for _ in 0..100 {
		let mut stream = TcpStream::connect(explorer.address).await.unwrap();
		stream.write_all(b"GET / HTTP/1.1\r\nHost: local").await.unwrap();
		idle.push(stream);
	}
	assert_eq!(explorer.get("/").await.status, 200);
	drop(idle);
}
