//! Runs one discovery and prints what it found.
//!
//! ```text
//! cargo run --release -p curex-discovery --example discover -- POLICY.json [AUDIT.ndjson]
//! ```
//!
//! Every probe is written to the audit log before it is sent. Prints a JSON object: the snapshot, the seconds it
//! took, and the number of probes.

use std::{
	env, fs,
	io::{self, Write},
	sync::{
		atomic::{AtomicU64, Ordering},
		Mutex,
	},
	time::Instant,
};

use curex_discovery::{discover, Policy, ProbeRecord};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
	let mut arguments = env::args().skip(1);
	let policy = arguments.next().ok_or("give a policy file (JSON)")?;
	let policy: Policy = serde_json::from_slice(&fs::read(policy)?)?;
	let log = match arguments.next() {
		Some(path) => Some(Mutex::new(fs::File::create(path)?)),
		None => None,
	};
	let probes = AtomicU64::new(0);
	let audit = |probe: &ProbeRecord| -> io::Result<()> {
		probes.fetch_add(1, Ordering::Relaxed);
		let Some(log) = &log else { return Ok(()) };
		let mut line = serde_json::to_vec(probe)?;
		line.push(b'\n');
		log.lock().map_err(|_| io::Error::other("the log is lost"))?.write_all(&line)
	};
	let clock = Instant::now();
	let snapshot = discover(&policy, &audit).await?;
	let seconds = clock.elapsed().as_secs_f64();
	let result = serde_json::json!({
		"seconds": seconds, "probes": probes.load(Ordering::Relaxed), "snapshot": snapshot});
	println!("{result}");
	Ok(())
}
