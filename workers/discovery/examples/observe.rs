//! Watches a network interface, or reads a capture from standard input, and prints who was seen.
//!
//! ```text
//! cargo run --release -p curex-discovery --example observe -- INTERFACE [SECONDS]
//! tcpdump -i eth0 -U -w - | cargo run --release -p curex-discovery --example observe -- -
//! ```
//!
//! Watching needs CAP_NET_RAW; it ends after the seconds, or when the program is interrupted. Nothing is sent. Prints a
//! JSON object: the frames, those that were not looked into, and the snapshot.

use std::{
	env, io,
	sync::{
		atomic::{AtomicBool, Ordering},
		Arc,
	},
	time::Duration,
};

use curex_discovery::Observations;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
	let mut arguments = env::args().skip(1);
	let interface = arguments.next().ok_or("give an interface, or - for standard input")?;
	let seconds = arguments.next().map_or(Ok(3_600), |text| text.parse())?;
	let stop = Arc::new(AtomicBool::new(false));
	let told = stop.clone();
	tokio::spawn(async move {
		if tokio::signal::ctrl_c().await.is_ok() {
			told.store(true, Ordering::Relaxed);
		}
	});
	let seen = tokio::task::spawn_blocking(move || {
		let mut observations = Observations::default();
		let capture = match interface.as_str() {
			"-" => observations.read_capture(io::stdin())?,
			name => observations.watch(name, Duration::from_secs(seconds), &stop)?,
		};
		Ok::<_, curex_discovery::Error>((capture, observations.snapshot(0)))
	});
	let (capture, snapshot) = seen.await??;
	let result = serde_json::json!({
		"frames": capture.frames, "skipped": capture.skipped, "snapshot": snapshot});
	println!("{result}");
	Ok(())
}
