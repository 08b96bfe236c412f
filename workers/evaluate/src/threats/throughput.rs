//! `threats throughput`: how fast, on one core, parsing included.

use std::{
	fmt::Write,
	net::{IpAddr, Ipv4Addr},
	time::Instant,
};

use clap::Args;
use curex_threats::{
	ensemble::random::Random, event::Event, ingest, Config, Coverage, Format, Malformed, Source,
	ThreatsError, Watcher,
};
use serde_json::{json, Value};

use super::peak_memory;
use crate::Error;

#[derive(Args)]
pub struct Arguments {
	/// Flow events generated.
	#[arg(long, default_value_t = 400_000)]
	events: usize,
	/// Source addresses among them.
	#[arg(long, default_value_t = 10_000)]
	entities: usize,
	/// Share of the baseline beyond which the screening lets an event on to the ensemble.
	#[arg(long, default_value_t = 0.95)]
	screening: f64,
	/// Write the generated log to standard error instead of measuring, for other programs.
	#[arg(long)]
	print_log: bool,
	/// Seed of the log.
	#[arg(long, default_value_t = 0)]
	seed: u64,
}

/// # Errors
/// [`Error::Threats`].
pub fn run(arguments: &Arguments) -> Result<Value, Error> {
	let log = generate(arguments);
	if arguments.print_log {
		eprint!("{log}");
		return Ok(json!({ "events": arguments.events }));
	}
	let screened = measure(&log, arguments, arguments.screening)?;
	let full = measure(&log, arguments, 0.0)?;
	Ok(json!({
		"screening": screened,
		"ensemble": full,
		"entities": arguments.entities,
		"log_bytes": log.len(),
		"peak_memory_bytes": peak_memory(),
	}))
}

/// The address that scans.
const SCANNER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0));

/// Parts of the stream whose false alarms are reported apart.
const PARTS: usize = 4;

fn measure(log: &str, arguments: &Arguments, screening: f64) -> Result<Value, ThreatsError> {
	let mut watcher = Watcher::new(&Config { screening, ..Config::default() })?;
	let (mut malformed, mut events) = (Malformed::default(), 0u64);
	let mut latencies: Vec<u32> = Vec::new();
	let mut parts = [Coverage::default(); PARTS];
	let (mut first, mut latest) = (None, 0);
	let processor = processor_seconds();
	let started = Instant::now();
	let mut last = started;
	let mut before = Coverage::default();
	ingest::read(
		Source::new("generated", Format::Zeek, log.as_bytes()),
		&mut malformed,
		|event| {
			watcher.observe(&event);
			events += 1;
			// From the end of one event to the end of the next: parsing, features, score, explanation.
			let now = Instant::now();
			latencies.push((now - last).as_nanos().min(u128::from(u32::MAX)) as u32);
			last = now;
			first.get_or_insert(event.at());
			latest = event.at();
			let [flows, ..] = watcher.coverage();
			let part = (events as usize - 1) * PARTS / arguments.events.max(1);
			if !matches!(&event, Event::Flow(flow) if flow.source == SCANNER) {
				parts[part].judged += flows.judged - before.judged;
				parts[part].flagged += flows.flagged - before.flagged;
			}
			before = flows;
		},
	)?;
	let seconds = started.elapsed().as_secs_f64();
	let used = processor_seconds().zip(processor).map(|(after, before)| after - before);
	latencies.sort_unstable();
	let quantile = |share: f64| {
		let place = (share * latencies.len() as f64) as usize;
		latencies.get(place.min(latencies.len().saturating_sub(1))).copied().unwrap_or(0)
	};
	let [flows, ..] = watcher.coverage();
	let rate = |parts: &[Coverage]| {
		let judged: u64 = parts.iter().map(|part| part.judged).sum();
		let flagged: u64 = parts.iter().map(|part| part.flagged).sum();
		flagged as f64 / judged.max(1) as f64
	};
	let alerts = watcher.alerts();
	let scanner = SCANNER.to_string();
	let false_alerts = alerts.iter().filter(|alert| alert.entity != scanner).count();
	let days = latest.saturating_sub(first.unwrap_or(latest)) as f64 / 86_400_000.0;
	Ok(json!({
		"events": events,
		"events_per_second": events as f64 / seconds,
		"events_per_processor_second": used.map(|used| events as f64 / used),
		"latency_p50_microseconds": f64::from(quantile(0.5)) / 1e3,
		"latency_p99_microseconds": f64::from(quantile(0.99)) / 1e3,
		"latency_p999_microseconds": f64::from(quantile(0.999)) / 1e3,
		"coverage": flows,
		"false_alarm_rate": rate(&parts),
		"false_alarm_rate_by_quarter": parts.each_ref().map(|part| rate(std::slice::from_ref(part))),
		"alerts": alerts.len(),
		"false_alerts": false_alerts,
		"false_alerts_per_1000_sources_and_day":
			false_alerts as f64 / days / arguments.entities.max(1) as f64 * 1_000.0,
	}))
}

/// Time this thread has had on a processor, where the system tells: on a busy machine the only
/// figure that means something.
fn processor_seconds() -> Option<f64> {
	let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
	Some(text.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}

/// A log of ordinary flows: every source has its own few services, sizes are log-normal, one of a
/// hundred flows fails, and one source scans for a while.
fn generate(arguments: &Arguments) -> String {
	let mut random = Random::new(arguments.seed);
	let mut log = String::new();
	let mut time = 1_700_000_000.0;
	for number in 0..arguments.events {
		time += 0.002 * random.unit();
		let scan = (arguments.events / 2..arguments.events / 2 + 500).contains(&number);
		let source = if scan { 0 } else { random.below(arguments.entities.max(1)) };
		let (destination, port) = if scan {
			(number % 250, 1 + number % 1_000)
		} else {
			let service = random.below(4);
			((source * 7 + service) % 200, [80, 443, 104, 2_575][service])
		};
		let failed = scan || random.below(100) == 0;
		let sent = if failed { 0.0 } else { (6.0 + random.normal()).exp() };
		let received = if failed { 0.0 } else { (8.0 + 1.5 * random.normal()).exp() };
		let duration = (0.5 * random.normal() - 2.0).exp();
		let _ = writeln!(
			log,
			r#"{{"ts":{time:.6},"uid":"C{number}","id.orig_h":"10.{}.{}.{}","id.orig_p":{},"id.resp_h":"10.200.0.{destination}","id.resp_p":{port},"proto":"tcp","duration":{duration:.6},"orig_bytes":{sent:.0},"resp_bytes":{received:.0},"conn_state":"{}","missed_bytes":0,"history":"ShADadfF","orig_pkts":{},"orig_ip_bytes":{:.0},"resp_pkts":{},"resp_ip_bytes":{:.0}}}"#,
			source >> 16,
			source >> 8 & 255,
			source & 255,
			30_000 + number % 30_000,
			if failed { "S0" } else { "SF" },
			1 + sent as u64 / 1_400,
			sent + 52.0,
			received as u64 / 1_400,
			received + 52.0,
		);
	}
	log
}
