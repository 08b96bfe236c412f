//! `threats replay`.

use std::{
	io::{BufRead, Write},
	path::{Path, PathBuf},
	time::Instant,
};

use clap::{Args, ValueEnum};
use curex_threats::{
	ingest, snapshots::Snapshot, Config, Format, Malformed, Replay, Report, Source, Watcher,
};
use serde_json::{json, Value};

use super::peak_memory;
use crate::Error;

#[derive(Args)]
pub struct Arguments {
	/// The log: a file, a folder of files, or `-` for standard input.
	#[arg(long)]
	input: PathBuf,
	/// Its format.
	#[arg(long, value_enum)]
	format: LogFormat,
	/// Score an event only if its features lie further out than those of this share of the baseline.
	#[arg(long, default_value_t = 0.0)]
	screening: f64,
	/// Share of normal events that may be flagged.
	#[arg(long)]
	false_alarm_rate: Option<f64>,
	/// Keep positions and everything learned in this folder and go on from there: after a crash no event
	/// is lost and none is counted twice. Every state that is kept is named on standard error.
	#[arg(long)]
	state: Option<PathBuf>,
	/// Events after which a state is kept.
	#[arg(long, default_value_t = 50_000, requires = "state")]
	keep_every: u64,
	/// Go back to what had been learned at the state of this number before reading on.
	#[arg(long, requires = "state")]
	revert: Option<u64>,
}

/// States that stay in the folder.
const KEPT: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
	Zeek,
	Eve,
	FhirAudit,
	Syslog,
	Windows,
	Wazuh,
	Hl7,
	Dicom,
	FhirObservation,
	AtnaAudit,
}

impl From<LogFormat> for Format {
	fn from(format: LogFormat) -> Self {
		match format {
			LogFormat::Zeek => Self::Zeek,
			LogFormat::Eve => Self::Eve,
			LogFormat::FhirAudit => Self::FhirAudit,
			LogFormat::Syslog => Self::Syslog,
			LogFormat::Windows => Self::Windows,
			LogFormat::Wazuh => Self::Wazuh,
			LogFormat::Hl7 => Self::Hl7,
			LogFormat::Dicom => Self::Dicom,
			LogFormat::FhirObservation => Self::FhirObservation,
			LogFormat::AtnaAudit => Self::AtnaAudit,
		}
	}
}

/// Prints the alerts and returns the last line.
///
/// # Errors
/// [`Error::File`], [`Error::Argument`], [`Error::Threats`].
pub fn run(arguments: &Arguments) -> Result<Value, Error> {
	let mut config = Config { screening: arguments.screening, ..Config::default() };
	if let Some(rate) = arguments.false_alarm_rate {
		config.false_alarm_rate = rate;
		let needed = (1.0 / rate).ceil() as usize;
		for stream in [&mut config.flows, &mut config.accesses, &mut config.logs] {
			stream.calibration = stream.calibration.max(needed);
		}
	}
	let started = Instant::now();
	let (report, snapshots) = match &arguments.state {
		Some(folder) => durable(arguments, &config, folder)?,
		None => (transient(arguments, &config)?, json!([])),
	};
	let seconds = started.elapsed().as_secs_f64();
	let Report { events, malformed, drifted, alerts, .. } = &report;
	let mut output = std::io::stdout().lock();
	for alert in alerts {
		serde_json::to_writer(&mut output, alert)
			.map_err(std::io::Error::from)
			.and_then(|()| writeln!(output))
			.map_err(|error| Error::file("standard output", &error))?;
	}
	Ok(json!({
		"events": events,
		"alerts": alerts.len(),
		"events_per_second": *events as f64 / seconds.max(1e-9),
		"seconds": seconds,
		"malformed": malformed,
		"drifted": drifted,
		"coverage": {
			"flows": report.flows,
			"accesses": report.accesses,
			"logs": report.logs,
			"working_days": report.working_days,
			"measurements": report.measurements,
		},
		"peak_memory_bytes": peak_memory(),
		"snapshots": snapshots,
	}))
}

/// Reads with positions and states that outlast this program.
fn durable(
	arguments: &Arguments,
	config: &Config,
	folder: &Path,
) -> Result<(Report, Value), Error> {
	let mut replay = Replay::open(folder, config, arguments.keep_every, KEPT, None)?;
	if replay.learns_anew() {
		eprintln!("the configuration changed: everything but positions and alerts is learned anew");
	}
	let mut tell = |kept: &Snapshot| eprintln!("state {} {}", kept.number, kept.hash);
	if let Some(number) = arguments.revert {
		tell(&replay.revert_model(number)?);
	}
	for path in inputs(&arguments.input)? {
		if path == Path::new("-") {
			let reason = "standard input has no positions; give a file or a folder with --state";
			return Err(Error::Argument(reason.into()));
		}
		replay.read(&[(&path, arguments.format.into())], &mut tell)?;
	}
	Ok((replay.report(), json!(replay.snapshots()?)))
}

/// Reads from the beginning to the end.
fn transient(arguments: &Arguments, config: &Config) -> Result<Report, Error> {
	let mut watcher = Watcher::new(config)?;
	let (mut malformed, mut events) = (Malformed::default(), 0u64);
	for path in inputs(&arguments.input)? {
		let reader: Box<dyn BufRead> = if path == Path::new("-") {
			Box::new(std::io::stdin().lock())
		} else {
			ingest::open(&path).map_err(|error| Error::file(&path, &error))?
		};
		let source = Source::new(path.display().to_string(), arguments.format.into(), reader);
		ingest::read(source, &mut malformed, |event| {
			events += 1;
			watcher.observe(&event);
		})?;
	}
	Ok(watcher.report(events, malformed))
}

/// The file, or the files of the folder by name, so that rotated logs come in order.
fn inputs(path: &Path) -> Result<Vec<PathBuf>, Error> {
	if !path.is_dir() {
		return Ok(vec![path.to_path_buf()]);
	}
	let entries = std::fs::read_dir(path).map_err(|error| Error::file(path, &error))?;
	let mut files = Vec::new();
	for entry in entries {
		let entry = entry.map_err(|error| Error::file(path, &error))?.path();
		if entry.is_file() {
			files.push(entry);
		}
	}
	files.sort();
	Ok(files)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_line_is_counted_and_malformed_ones_are_not_fatal() {
		let folder = tempfile::tempdir().unwrap();
		let line = r#"{"ts":1.5,"id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2","proto":"tcp"}"#;
		std::fs::write(folder.path().join("conn.1.log"), format!("{line}\nbroken\n")).unwrap();
		std::fs::write(folder.path().join("conn.2.log"), line).unwrap();
		let mut rotated = flate2::write::GzEncoder::new(Vec::new(), Default::default());
		writeln!(rotated, "{line}").unwrap();
		std::fs::write(folder.path().join("conn.0.log.gz"), rotated.finish().unwrap()).unwrap();
		let last = run(&Arguments {
			input: folder.path().into(),
			format: LogFormat::Zeek,
			screening: 0.0,
			false_alarm_rate: None,
			state: None,
			keep_every: 1,
			revert: None,
		})
		.unwrap();
		assert_eq!((&last["events"], &last["alerts"]), (&json!(3), &json!(0)));
		assert_eq!(last["malformed"]["count"], 1);
	}
}
