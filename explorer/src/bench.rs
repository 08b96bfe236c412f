//! How fast the index is filled and searched, measured with generated exchanges.

use clap::Args;
use curex_explorer::{
	access::Scope,
	generate::{Generator, ORGANISATIONS},
	store::{
		past::Point,
		query::{self, Filter},
		search,
		trends::{trends, Period},
		Connection,
	},
	Block, Error, Kind, Place, Reader, RecordId, Store,
};
use curex_primitives::Category;
use serde_json::{json, Map, Value as Json};
use std::time::{Duration, Instant};

/// Exchanges that begin in one generated block.
const PER_BLOCK: u64 = 100;

#[derive(Args)]
pub struct Bench {
	/// How many exchanges to generate, each with its whole life.
	#[arg(long, default_value_t = 100_000)]
	exchanges: u64,
	/// So many blocks are written at once, as when the index catches up.
	#[arg(long, default_value_t = 8)]
	together: usize,
	/// Fill nothing: time the searches of an index that was filled with as many exchanges.
	#[arg(long)]
	searches_alone: bool,
	/// Each search is asked so often.
	#[arg(long, default_value_t = 200)]
	searches: u64,
	/// Where to put the index: a file that is not there yet, or `postgresql://…`, an empty database. It stays.
	#[arg(long)]
	database: Place,
}

/// Measures, and prints one JSON object.
pub fn run(bench: &Bench) -> Result<(), Error> {
	let filled = if bench.searches_alone { None } else { Some(fill(bench)?) };
	let reader = Reader::new(bench.database.clone());
	let mut searches = Map::new();
	for (name, question) in questions(bench.exchanges) {
		let times = measure(&reader, bench.searches, bench.exchanges, question)?;
		searches.insert(name.into(), times);
	}
	let size = match &bench.database {
		Place::File(path) => Some(std::fs::metadata(path).map_err(Error::at("the index"))?.len()),
		Place::Server(_) => reader.ask(|connection| {
			let sql = "SELECT pg_database_size(current_database())";
			connection.one(sql, &[], |row| row.get::<u64>(0))
		})?,
	};
	println!(
		"{}",
		json!({
			"exchanges": bench.exchanges, "filled": filled,
			"database_mib": size.map(|size| size / (1024 * 1024)),
			"peak_memory_mib": peak_memory_mib(),
			"searches_ms": searches,
		})
	);
	Ok(())
}

/// Fills the index; tells how fast.
fn fill(bench: &Bench) -> Result<Json, Error> {
	if let Some(path) = bench.database.file().filter(|path| path.exists()) {
		let path = path.display();
		return Err(Error::Input(format!("{path} is there already; name another file")));
	}
	let mut store = Store::open(&bench.database)?;
	if store.head().is_some() {
		return Err(Error::input("the database holds blocks already; name another one"));
	}
	let (mut blocks, mut events, mut told) = (0_u64, 0_u64, Instant::now());
	let mut busy = Duration::ZERO;
	let mut computing = Duration::ZERO;
	let mut generated = Generator::new(bench.exchanges, PER_BLOCK).peekable();
	if let Some(first) = generated.peek() {
		store.bind(first.hash)?;
	}
	loop {
		let together: Vec<Block> = generated.by_ref().take(bench.together.max(1)).collect();
		let Some(last) = together.last() else { break };
		// What the generator needs does not count.
		let (begun, computed) = (Instant::now(), processor_time());
		store.ingest_all(&together)?;
		busy += begun.elapsed();
		computing += processor_time() - computed;
		blocks += together.len() as u64;
		events += together.iter().map(|block| block.events.len() as u64).sum::<u64>();
		if told.elapsed() > Duration::from_secs(5) {
			told = Instant::now();
			let begun = last.number * PER_BLOCK;
			eprintln!("{begun} of {} exchanges begun, {events} events …", bench.exchanges);
		}
	}
	let seconds = busy.as_secs_f64();
	Ok(json!({
		"blocks": blocks, "blocks_together": bench.together, "events": events,
		"seconds": round(seconds), "processor_seconds": round(computing.as_secs_f64()),
		"events_per_second": round(events as f64 / seconds.max(f64::EPSILON)),
		"blocks_per_second": round(blocks as f64 / seconds.max(f64::EPSILON)),
	}))
}

type Question = Box<dyn Fn(&Connection, u64) -> Result<usize, Error>>;

/// The searches, each about another exchange every time.
fn questions(exchanges: u64) -> Vec<(&'static str, Question)> {
	fn list(filter: impl Fn(u64) -> Filter + 'static) -> Question {
		Box::new(move |connection, about| {
			let filter = Filter { limit: query::DEFAULT_LIMIT, ..filter(about) };
			Ok(query::records(connection, &Scope::everything(), Kind::Exchange, &filter)?
				.items
				.len())
		})
	}
	fn find(text: impl Fn(u64) -> String + 'static) -> Question {
		Box::new(move |connection, about| {
			Ok(search(connection, &Scope::everything(), &text(about))?.len())
		})
	}
	let of = |about: u64| Filter {
		organisation: Some(Generator::parties(about).0),
		..Filter::default()
	};
	fn past(about: u64, state: &str) -> Filter {
		let at = Some(Point::Block(about / PER_BLOCK + 2));
		Filter { at, state: Some(state.into()), ..Filter::default() }
	}
	let consent = |about: u64| curex_explorer::kind::handle(&Generator::consent(about));
	vec![
		(
			"overview",
			Box::new(|connection, _| {
				let levels = query::newest(connection, Kind::Assessment)?;
				Ok(query::tallies(connection, &Scope::everything())?.len() + levels.len())
			}),
		),
		("newest", list(|_| Filter::default())),
		("organisation", list(of)),
		(
			"organisation_and_state",
			list(move |about| Filter { state: Some("not-served".into()), ..of(about) }),
		),
		(
			"organisation_partner_purpose",
			list(move |about| Filter {
				partner: Some(Generator::parties(about).1),
				purpose: Some("research".into()),
				..of(about)
			}),
		),
		(
			"organisation_and_nothing_found",
			list(move |about| Filter { state: Some("reversed".into()), ..of(about) }),
		),
		(
			"state_and_purpose",
			list(|_| Filter {
				state: Some("not-served".into()),
				purpose: Some("payment".into()),
				..Filter::default()
			}),
		),
		("consent", list(move |about| Filter { consent: consent(about), ..Filter::default() })),
		(
			"blocks",
			list(|about| Filter {
				from: Some(about / PER_BLOCK),
				to: Some(about / PER_BLOCK + 3),
				..Filter::default()
			}),
		),
		(
			"deep_page",
			list(move |about| Filter {
				after: i64::try_from(exchanges / 2 + about % 100).ok(),
				..Filter::default()
			}),
		),
		("as_of_block_and_state", list(|about| past(about, "approved"))),
		("as_of_block_and_nothing_found", list(|about| past(about, "disputed"))),
		(
			"action_and_organisation",
			list(move |about| Filter { action: Some("closed".into()), ..of(about) }),
		),
		(
			"category_and_nothing_found",
			list(|_| Filter { category: Some(Category::Imaging), ..Filter::default() }),
		),
		(
			"charts",
			Box::new(|connection, _| {
				let scope = Scope::everything();
				let drawn = trends(connection, &scope, &["cyber"], Period::default())?;
				Ok(drawn.pairs.len() + drawn.weeks.len())
			}),
		),
		("find_exchange", find(Generator::exchange)),
		("find_commitment", find(Generator::envelope)),
		("find_name", find(|about| format!("hospital {}", about % u64::from(ORGANISATIONS)))),
		(
			"record_with_timeline",
			Box::new(|connection, about| {
				let Some(id) = RecordId::parse(Kind::Exchange, &Generator::exchange(about)) else {
					return Ok(0);
				};
				match query::record(connection, &Scope::everything(), Kind::Exchange, &id)? {
					Some(row) => Ok(query::timeline(connection, &row)?.0.len()),
					None => Ok(0),
				}
			}),
		),
	]
}

/// Median, 95th percentile and longest time of a search, in milliseconds.
fn measure(reader: &Reader, times: u64, exchanges: u64, question: Question) -> Result<Json, Error> {
	let mut measured = Vec::new();
	let mut found = 0;
	for turn in 0..times.max(1) {
		// Spread over everything, without order.
		let about = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % exchanges.max(1);
		let begun = Instant::now();
		found += reader.ask(|connection| question(connection, about))?;
		measured.push(begun.elapsed().as_secs_f64() * 1_000.0);
	}
	measured.sort_by(f64::total_cmp);
	let at = |share: f64| measured[((measured.len() - 1) as f64 * share).round() as usize];
	Ok(json!({
		"median": round(at(0.5)), "p95": round(at(0.95)), "longest": round(at(1.0)), "found": found,
	}))
}

/// What this process computed so far, on a busy machine less than the time that passed. Counted in hundredths.
fn processor_time() -> Duration {
	/// Fields of `/proc/self/stat` after the name, which ends with the last bracket: user and system time.
	const TIMES: std::ops::Range<usize> = 11..13;
	let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
	let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
	let ticks: u64 = fields
		.skip(TIMES.start)
		.take(TIMES.len())
		.filter_map(|ticks| ticks.parse::<u64>().ok())
		.sum();
	Duration::from_millis(ticks * 10)
}

fn round(value: f64) -> f64 {
	(value * 1_000.0).round() / 1_000.0
}

/// The most memory that this process held, as the system tells.
fn peak_memory_mib() -> Option<u64> {
	let status = std::fs::read_to_string("/proc/self/status").ok()?;
	let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
	line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib / 1024)
}
