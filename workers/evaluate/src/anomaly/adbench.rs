//! ADBench (Han et al., NeurIPS 2022): tabular sets, rows `X` and labels `y`.

use std::{
	fs::File,
	io::{BufReader, Read},
	path::{Path, PathBuf},
	time::Instant,
};

use clap::{Args, ValueEnum};
use curex_threats::ensemble::{
	scaling::{Column, Value as Cell},
	Baseline, Ensemble, EnsembleConfig,
};
use npyz::{NpyFile, Order};
use serde_json::{json, Map, Value};

use super::{
	files_below,
	rows::{bootstrap, numbers, score_all, shuffled, Figures},
};
use crate::{metrics::mean, Error};

#[derive(Args)]
pub struct Arguments {
	/// Folder with the .npz files.
	#[arg(long)]
	data: PathBuf,
	/// What is learned: a random half of the normal rows, tested on the rest; or a bootstrap sample
	/// of everything, tested on everything.
	#[arg(long, value_enum, default_value_t = Protocol::Normals)]
	protocol: Protocol,
	/// How many seeds, from 0.
	#[arg(long, default_value_t = 5)]
	seeds: u64,
	/// Rows taken at most of a set, at random; 0 for all.
	#[arg(long, default_value_t = 10_000)]
	rows: usize,
	/// Rows the ensemble remembers at most.
	#[arg(long)]
	reservoir: Option<usize>,
	/// What the ensemble is told of what it learns: vetted for `normals`, unvetted for
	/// `unsupervised`, if not said.
	#[arg(long, value_enum)]
	baseline: Option<Told>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Protocol {
	Normals,
	Unsupervised,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Told {
	Vetted,
	Unvetted,
}

/// # Errors
/// [`Error::File`], [`Error::Format`].
pub fn run(arguments: &Arguments) -> Result<Value, Error> {
	let baseline = match (arguments.baseline, arguments.protocol) {
		(Some(Told::Vetted), _) | (None, Protocol::Normals) => Baseline::Vetted,
		(Some(Told::Unvetted), _) | (None, Protocol::Unsupervised) => Baseline::Unvetted,
	};
	let (mut per_set, mut areas, mut recalls) = (Map::new(), Vec::new(), Vec::new());
	let mut failed = Vec::new();
	for path in files_below(&arguments.data, "npz")? {
		let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
		let started = Instant::now();
		let figures = match evaluate(&path, arguments, baseline) {
			Ok(figures) => figures,
			Err(error) => {
				eprintln!("{error}");
				failed.push(
					json!({ "file": path.display().to_string(), "reason": error.to_string() }),
				);
				continue;
			},
		};
		eprintln!("{name}: ROC-AUC {:.4}", figures.auc());
		// Without both kinds of rows there is no figure, and nothing to take into the mean.
		areas.extend(Some(figures.auc()).filter(|area| area.is_finite()));
		recalls.extend(Some(figures.recall_1()).filter(|recall| recall.is_finite()));
		per_set.insert(
			name,
			json!({
				"roc_auc": figures.auc(),
				"roc_auc_deviation": figures.auc_deviation(),
				"recall_at_fpr_1": figures.recall_1(),
				"seconds": started.elapsed().as_secs_f64(),
			}),
		);
	}
	if per_set.is_empty() {
		return Err(Error::format(&arguments.data, "none of the sets can be evaluated"));
	}
	Ok(json!({
		"mean_roc_auc": mean(areas),
		"mean_recall_at_fpr_1": mean(recalls),
		"sets": per_set.len(),
		"failed": failed,
		"seeds": arguments.seeds,
		"rows": arguments.rows,
		"baseline": baseline,
		"per_set": per_set,
	}))
}

fn evaluate(path: &Path, arguments: &Arguments, baseline: Baseline) -> Result<Figures, Error> {
	let set = Set::read(path)?;
	let mut figures = Figures::default();
	for seed in 0..arguments.seeds {
		let split = split(&set.anomalous, arguments.protocol, seed, arguments.rows);
		if split.learned.is_empty() {
			return Err(Error::format(path, "too few rows with the label 0 to learn from"));
		}
		let take = |rows: &[usize]| -> Vec<Vec<Cell>> {
			rows.iter().map(|row| numbers(set.row(*row))).collect()
		};
		let mut config = EnsembleConfig { seed, ..EnsembleConfig::default() };
		config.reservoir = arguments.reservoir.unwrap_or(config.reservoir);
		let columns = vec![Column::Number; set.width];
		let ensemble = Ensemble::fit(&columns, &take(&split.learned), baseline, &config);
		let scores = score_all(&ensemble, &take(&split.tested));
		let anomalous: Vec<bool> = split.tested.iter().map(|row| set.anomalous[*row]).collect();
		figures.add(&scores, &anomalous);
	}
	Ok(figures)
}

struct Split {
	learned: Vec<usize>,
	tested: Vec<usize>,
}

fn split(anomalous: &[bool], protocol: Protocol, seed: u64, limit: usize) -> Split {
	let mut rows = shuffled(seed, anomalous.len());
	if limit > 0 {
		rows.truncate(limit);
	}
	match protocol {
		Protocol::Normals => {
			let (bad, good): (Vec<usize>, Vec<usize>) =
				rows.into_iter().partition(|row| anomalous[*row]);
			let (learned, rest) = good.split_at(good.len() / 2);
			Split { learned: learned.to_vec(), tested: [rest, &bad].concat() }
		},
		Protocol::Unsupervised => {
			let drawn = bootstrap(seed, rows.len());
			Split { learned: drawn.into_iter().map(|place| rows[place]).collect(), tested: rows }
		},
	}
}

struct Set {
	width: usize,
	/// Row by row.
	values: Vec<f64>,
	anomalous: Vec<bool>,
}

impl Set {
	fn read(path: &Path) -> Result<Self, Error> {
		let file = File::open(path).map_err(|error| Error::file(path, &error))?;
		let mut archive = zip::ZipArchive::new(BufReader::new(file))
			.map_err(|error| Error::format(path, format!("no zip archive: {error}")))?;
		let mut array = |name: &str| {
			let member = archive
				.by_name(name)
				.map_err(|error| Error::format(path, format!("{name}: {error}")))?;
			read_array(member).map_err(|reason| Error::format(path, format!("{name}: {reason}")))
		};
		let (rows, labels) = (array("X.npy")?, array("y.npy")?);
		let [count, width] = rows.shape[..] else {
			return Err(Error::format(path, "X is no table"));
		};
		if labels.values.len() != count {
			return Err(Error::format(path, "X and y differ in length"));
		}
		if labels.values.iter().any(|label| !matches!(label, 0.0 | 1.0)) {
			return Err(Error::format(path, "y holds labels other than 0 (normal) and 1"));
		}
		let values = match rows.order {
			Order::C => rows.values,
			Order::Fortran => (0..count * width)
				.map(|place| rows.values[place % width * count + place / width])
				.collect(),
		};
		let anomalous = labels.values.iter().map(|label| *label != 0.0).collect();
		Ok(Self { width, values, anomalous })
	}

	fn row(&self, index: usize) -> &[f64] {
		&self.values[index * self.width..(index + 1) * self.width]
	}
}

struct Array {
	shape: Vec<usize>,
	order: Order,
	/// In the order of the file.
	values: Vec<f64>,
}

fn read_array(reader: impl Read) -> Result<Array, String> {
	let file = NpyFile::new(reader).map_err(|error| error.to_string())?;
	let shape = file.shape().iter().map(|length| *length as usize).collect();
	let (order, kind) = (file.order(), file.dtype().descr());
	fn all<T: npyz::Deserialize>(
		file: NpyFile<impl Read>,
		convert: impl Fn(T) -> f64,
	) -> Result<Vec<f64>, String> {
		let values = file.into_vec::<T>().map_err(|error| error.to_string())?;
		Ok(values.into_iter().map(convert).collect())
	}
	let values = match kind.trim_matches(['\'', '<', '|', '=', '>']) {
		"f8" => all(file, |value: f64| value),
		"f4" => all(file, |value: f32| value.into()),
		"i8" => all(file, |value: i64| value as f64),
		"u8" => all(file, |value: u64| value as f64),
		"i4" => all(file, |value: i32| value.into()),
		"i2" => all(file, |value: i16| value.into()),
		"i1" => all(file, |value: i8| value.into()),
		"u1" => all(file, |value: u8| value.into()),
		"u2" => all(file, |value: u16| value.into()),
		"u4" => all(file, |value: u32| value.into()),
		"b1" => all(file, |value: bool| f64::from(u8::from(value))),
		_ => Err(format!("numbers of type {kind} are not supported")),
	}?;
	Ok(Array { shape, order, values })
}

#[cfg(test)]
mod tests {
	use super::*;
	use npyz::WriterBuilder;
	use std::io::Write;

	/// A set with so many rows of three, column by column.
	fn write(path: &Path, columns: &[f64], labels: &[f64]) {
		let mut archive = zip::ZipWriter::new(File::create(path).unwrap());
		let mut add = |name: &str, shape: &[u64], values: &[f64]| {
			let mut bytes = Vec::new();
			let options = npyz::WriteOptions::new().default_dtype().shape(shape);
			let mut writer = options.order(Order::Fortran).writer(&mut bytes).begin_nd().unwrap();
			writer.extend(values.iter().copied()).unwrap();
			writer.finish().unwrap();
			archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
			archive.write_all(&bytes).unwrap();
		};
		add("X.npy", &[labels.len() as u64, 3], columns);
		add("y.npy", &[labels.len() as u64], labels);
		archive.finish().unwrap();
	}

	#[test]
	fn sets_that_cannot_be_evaluated_are_named_and_count_for_nothing() {
		let folder = tempfile::tempdir().unwrap();
		let path = |name: &str| folder.path().join(name);
		let value = |place: usize| match place % 20 {
			..18 => (place * 7 % 11) as f64 / 10.0,
			_ => 9.0,
		};
		let columns: Vec<f64> = (0..60).map(value).collect();
		let label = |row: usize| if row < 18 { 0.0 } else { 1.0 };
		let labels: Vec<f64> = (0..20).map(label).collect();
		write(&path("good.npz"), &columns, &labels);
		write(&path("no-anomaly.npz"), &columns, &[0.0; 20]);
		write(&path("no-normal.npz"), &columns, &[1.0; 20]);
		write(&path("other-labels.npz"), &columns, &[-1.0; 20]);
		std::fs::write(path("no-archive.npz"), "x").unwrap();
		let arguments = Arguments {
			data: folder.path().into(),
			protocol: Protocol::Normals,
			seeds: 2,
			rows: 0,
			reservoir: None,
			baseline: None,
		};
		let found = run(&arguments).unwrap();
		assert_eq!((&found["mean_roc_auc"], &found["sets"]), (&json!(1.0), &json!(2)));
		assert_eq!(found["per_set"]["no-anomaly"]["roc_auc"], Value::Null);
		let failed = found["failed"].as_array().unwrap();
		let names: Vec<&str> = failed.iter().filter_map(|one| one["file"].as_str()).collect();
		assert_eq!(names.len(), 3, "{names:?}");
		assert!(
			failed.iter().any(|one| one["reason"].to_string().contains("label 0")),
			"{failed:?}"
		);
		std::fs::remove_file(path("good.npz")).unwrap();
		std::fs::remove_file(path("no-anomaly.npz")).unwrap();
		assert!(run(&arguments).is_err());
	}

	#[test]
	fn rows_of_a_fortran_ordered_array_are_read_as_rows() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("set.npz");
		// Two rows of three, column by column.
		write(&path, &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0], &[0.0, 1.0]);
		let set = Set::read(&path).unwrap();
		assert_eq!(set.row(0), [1.0, 2.0, 3.0]);
		assert_eq!(set.row(1), [4.0, 5.0, 6.0]);
		assert_eq!(set.anomalous, [false, true]);
	}

	#[test]
	fn no_anomaly_is_learned_under_the_normals_protocol_and_nothing_is_tested_twice() {
		let anomalous: Vec<bool> = (0..100).map(|row| row % 4 == 0).collect();
		let split = split(&anomalous, Protocol::Normals, 3, 0);
		assert!(split.learned.iter().all(|row| !anomalous[*row]));
		let mut all = [split.learned, split.tested].concat();
		all.sort_unstable();
		assert_eq!(all, (0..100).collect::<Vec<_>>());
	}
}
