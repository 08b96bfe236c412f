//! The Numenta Anomaly Benchmark: series of values with labelled windows.

use std::{
	collections::BTreeMap,
	path::{Path, PathBuf},
	time::Instant,
};

use chrono::NaiveDateTime;
use clap::Args;
use curex_threats::series::SeriesDetector;
use serde_json::{json, Map, Value};

use super::{
	files_below,
	nab_score::{
		at_threshold, best, Scored, REWARD_LOW_FALSE_NEGATIVES, REWARD_LOW_FALSE_POSITIVES,
		STANDARD,
	},
};
use crate::{error::read_text, Error};

#[derive(Args)]
pub struct Arguments {
	/// Folder with the series.
	#[arg(long)]
	data: PathBuf,
	/// Windows by file, JSON.
	#[arg(long)]
	windows: PathBuf,
	/// Results of another detector, as the benchmark publishes them (`results/NAME`), to score instead.
	#[arg(long)]
	results: Option<PathBuf>,
}

/// # Errors
/// [`Error::File`], [`Error::Format`].
pub fn run(arguments: &Arguments) -> Result<Value, Error> {
	let text = read_text(&arguments.windows)?;
	let windows: BTreeMap<String, Vec<[String; 2]>> =
		serde_json::from_str(&text).map_err(|error| Error::format(&arguments.windows, error))?;
	let (mut names, mut series, mut points) = (Vec::new(), Vec::new(), 0);
	let started = Instant::now();
	for path in files_below(&arguments.data, "csv")? {
		let name =
			path.strip_prefix(&arguments.data).unwrap_or(&path).to_string_lossy().into_owned();
		let Some(labelled) = windows.get(&name) else {
			eprintln!("{name}: not among the windows, left out");
			continue;
		};
		let (times, values) = read(&path)?;
		let scores = match &arguments.results {
			Some(folder) => published(folder, &name, values.len())?,
			None => judge(&times, &values),
		};
		let mut places = Vec::new();
		for [from, until] in labelled {
			let place = |text: &str| {
				let at = parse(text);
				times.iter().position(|time| Some(*time) == at).ok_or_else(|| {
					Error::format(&arguments.windows, format!("{text} is no time of {name}"))
				})
			};
			places.push((place(from)?, place(until)?));
		}
		points += values.len();
		names.push(name);
		series.push(Scored { scores, windows: places });
	}
	let seconds = started.elapsed().as_secs_f64();
	if series.is_empty() {
		return Err(Error::format(&arguments.windows, "names none of the series"));
	}
	let outcome = best(&series, STANDARD);
	let mut per_series = Map::new();
	for (name, one) in names.into_iter().zip(&series) {
		let (raw, found) = at_threshold(one, outcome.threshold, STANDARD);
		per_series
			.insert(name, json!({ "raw": raw, "found": found, "windows": one.windows.len() }));
	}
	Ok(json!({
		"standard": outcome.score,
		"reward_low_false_positives": best(&series, REWARD_LOW_FALSE_POSITIVES).score,
		"reward_low_false_negatives": best(&series, REWARD_LOW_FALSE_NEGATIVES).score,
		"threshold": outcome.threshold,
		"windows": outcome.windows,
		"found": outcome.found,
		"false_alarms": outcome.false_alarms,
		"points": points,
		"points_per_second": points as f64 / seconds.max(1e-9),
		"per_series": per_series,
	}))
}

fn judge(times: &[NaiveDateTime], values: &[f64]) -> Vec<f64> {
	let mut detector = SeriesDetector::default();
	times
		.iter()
		.zip(values)
		.map(|(at, value)| detector.observe(at.and_utc().timestamp(), *value).score)
		.collect()
}

/// The scores of another detector for a series: of `GROUP/SERIES.csv` they are in `NAME/GROUP/NAME_SERIES.csv`.
fn published(folder: &Path, series: &str, points: usize) -> Result<Vec<f64>, Error> {
	let detector = folder.file_name().unwrap_or_default().to_string_lossy();
	let (group, file) = series.rsplit_once('/').unwrap_or(("", series));
	let path = folder.join(group).join(format!("{detector}_{file}"));
	let mut reader = csv::Reader::from_path(&path).map_err(|error| Error::file(&path, &error))?;
	let mut scores = Vec::new();
	for row in reader.deserialize() {
		let row: Published = row.map_err(|error| Error::format(&path, error))?;
		scores.push(row.anomaly_score);
	}
	if scores.len() != points {
		let reason = format!("{} scores for {points} values", scores.len());
		return Err(Error::format(&path, reason));
	}
	Ok(scores)
}

#[derive(serde::Deserialize)]
struct Published {
	anomaly_score: f64,
}

fn parse(text: &str) -> Option<NaiveDateTime> {
	NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok()
}

fn read(path: &PathBuf) -> Result<(Vec<NaiveDateTime>, Vec<f64>), Error> {
	let mut reader = csv::Reader::from_path(path).map_err(|error| Error::file(path, &error))?;
	let (mut times, mut values) = (Vec::new(), Vec::new());
	for row in reader.records() {
		let row = row.map_err(|error| Error::format(path, error))?;
		let time = row.get(0).and_then(parse);
		let value = row.get(1).and_then(|value| value.parse::<f64>().ok());
		let (Some(time), Some(value)) = (time, value) else {
			return Err(Error::format(path, format!("{row:?} is no time and value")));
		};
		times.push(time);
		values.push(value);
	}
	Ok((times, values))
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A day of values each five minutes with one window, and another detector's scores that are one at this place.
	fn benchmark(window: [&str; 2], mark: usize) -> (tempfile::TempDir, Arguments) {
		let folder = tempfile::tempdir().unwrap();
		let begin = parse("2014-04-01 00:00:00").unwrap();
		let (mut series, mut scores) = ("timestamp,value\n".to_owned(), String::new());
		scores.push_str("timestamp,value,anomaly_score,label\n");
		for step in 0..288 {
			let at = begin + chrono::Duration::minutes(5 * step as i64);
			series.push_str(&format!("{at},{step}\n"));
			scores.push_str(&format!("{at},{step},{},0\n", f64::from(step == mark)));
		}
		let place = |name: &str| folder.path().join(name);
		for (file, text) in [
			("data/group/one.csv", series),
			("results/other/group/other_one.csv", scores),
			("windows.json", json!({ "group/one.csv": [window] }).to_string()),
		] {
			std::fs::create_dir_all(place(file).parent().unwrap()).unwrap();
			std::fs::write(place(file), text).unwrap();
		}
		let (data, windows) = (place("data"), place("windows.json"));
		let results = Some(place("results/other"));
		(folder, Arguments { data, windows, results })
	}

	#[test]
	fn published_results_of_another_detector_are_scored() {
		let window = ["2014-04-01 10:00:00.000000", "2014-04-01 12:00:00.000000"];
		let (_folder, arguments) = benchmark(window, 120);
		let outcome = run(&arguments).unwrap();
		assert!((outcome["standard"].as_f64().unwrap() - 100.0).abs() < 1e-9, "{outcome}");
		assert_eq!((&outcome["found"], &outcome["false_alarms"]), (&json!(1), &json!(0)));
	}

	#[test]
	fn a_window_that_is_at_no_time_of_its_series_is_refused() {
		let window = ["2014-04-01 10:01:00.000000", "2014-04-01 12:00:00.000000"];
		let (_folder, arguments) = benchmark(window, 120);
		let error = run(&arguments).unwrap_err().to_string();
		assert!(
			error.contains("2014-04-01 10:01:00.000000 is no time of group/one.csv"),
			"{error}"
		);
	}
}
