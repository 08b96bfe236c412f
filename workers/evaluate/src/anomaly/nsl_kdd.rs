//! NSL-KDD (Tavallaee et al. 2009): connections with 41 features, label and difficulty.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use curex_threats::ensemble::{
	scaling::{Column, Value as Cell},
	Baseline, Ensemble, EnsembleConfig,
};
use serde_json::{json, Map, Value};

use super::rows::{score_all, Figures};
use crate::{
	error::read_text,
	metrics::{mean, recall_above, roc_auc, threshold_at_fpr},
	Error,
};

/// Features of a connection. The two columns after them, label and difficulty, are never learned.
const FEATURES: usize = 41;

/// Positions of protocol, service and flag.
const NAMES: [usize; 3] = [1, 2, 3];

/// Rows of a lower difficulty were misjudged by at least one of Tavallaee's 21 learners.
const EASY: u32 = 21;

#[derive(Args)]
pub struct Arguments {
	/// Connections of which the normal ones are learned.
	#[arg(long)]
	train: PathBuf,
	/// Connections that are scored.
	#[arg(long)]
	test: PathBuf,
	/// How many seeds, from 0.
	#[arg(long, default_value_t = 5)]
	seeds: u64,
}

/// # Errors
/// [`Error::File`], [`Error::Format`].
pub fn run(arguments: &Arguments) -> Result<Value, Error> {
	let train = read(&arguments.train)?;
	let test = read(&arguments.test)?;
	let normal: Vec<Vec<Cell>> =
		train.iter().filter(|row| !row.is_attack()).map(|row| row.features.clone()).collect();
	if normal.is_empty() {
		return Err(Error::format(&arguments.train, "there is no row with the label normal"));
	}
	let features: Vec<Vec<Cell>> = test.iter().map(|row| row.features.clone()).collect();
	let anomalous: Vec<bool> = test.iter().map(Row::is_attack).collect();
	let (mut all, mut hard) = (Figures::default(), Figures::default());
	let mut classes: BTreeMap<&str, [Vec<f64>; 3]> = BTreeMap::new();
	let mut labels: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
	for seed in 0..arguments.seeds {
		let config = EnsembleConfig { seed, ..EnsembleConfig::default() };
		let ensemble = Ensemble::fit(&columns(), &normal, Baseline::Vetted, &config);
		let scores = score_all(&ensemble, &features);
		all.add(&scores, &anomalous);
		let below = |index: &usize| test[*index].difficulty.is_some_and(|one| one < EASY);
		let hard_rows: Vec<usize> = (0..test.len()).filter(below).collect();
		hard.add(
			&hard_rows.iter().map(|index| scores[*index]).collect::<Vec<_>>(),
			&hard_rows.iter().map(|index| anomalous[*index]).collect::<Vec<_>>(),
		);
		let threshold = |rate| threshold_at_fpr(&scores, &anomalous, rate).unwrap_or(f64::INFINITY);
		let (one, five) = (threshold(0.01), threshold(0.05));
		for class in ["dos", "probe", "r2l", "u2r", "unknown"] {
			let of_class: Vec<bool> = test.iter().map(|row| row.class() == class).collect();
			let subset = (0..test.len()).filter(|index| of_class[*index] || !anomalous[*index]);
			let subset: Vec<usize> = subset.collect();
			let area = roc_auc(
				&subset.iter().map(|index| scores[*index]).collect::<Vec<_>>(),
				&subset.iter().map(|index| anomalous[*index]).collect::<Vec<_>>(),
			);
			let figures = classes.entry(class).or_default();
			figures[0].extend(area);
			figures[1].extend(recall_above(&scores, of_class.iter().copied(), one));
			figures[2].extend(recall_above(&scores, of_class.iter().copied(), five));
		}
		for label in test.iter().filter(|row| row.is_attack()).map(|row| row.label.as_str()) {
			labels.entry(label).or_default();
		}
		for (label, recalls) in &mut labels {
			recalls.extend(recall_above(&scores, test.iter().map(|row| row.label == *label), one));
		}
	}
	let mut per_class = Map::new();
	for (class, [area, one, five]) in
		classes.into_iter().filter(|(_, figures)| !figures[0].is_empty())
	{
		per_class.insert(
			class.into(),
			json!({
				"roc_auc": mean(area),
				"recall_at_fpr_1": mean(one),
				"recall_at_fpr_5": mean(five),
			}),
		);
	}
	// No attack is learned, so that every class is one that was left out.
	let left_out = |field: &str| {
		mean(per_class.values().filter_map(|class| class[field].as_f64()).collect::<Vec<_>>())
	};
	let (left_out_area, left_out_recall) = (left_out("roc_auc"), left_out("recall_at_fpr_1"));
	let per_label: BTreeMap<&str, f64> =
		labels.into_iter().map(|(label, recalls)| (label, mean(recalls))).collect();
	Ok(json!({
		"roc_auc": all.auc(),
		"roc_auc_deviation": all.auc_deviation(),
		"recall_at_fpr_1": all.recall_1(),
		"recall_at_fpr_5": all.recall_5(),
		"hard_rows": { "roc_auc": hard.auc(), "recall_at_fpr_1": hard.recall_1() },
		"per_attack_class": per_class,
		"left_out_classes": { "mean_roc_auc": left_out_area, "mean_recall_at_fpr_1": left_out_recall },
		"recall_at_fpr_1_per_attack": per_label,
		"learned": normal.len(),
		"tested": test.len(),
		"seeds": arguments.seeds,
	}))
}

struct Row {
	features: Vec<Cell>,
	label: String,
	/// If it is given.
	difficulty: Option<u32>,
}

impl Row {
	fn is_attack(&self) -> bool {
		self.label != "normal"
	}

	/// Category of the attack: of the training set by Tavallaee et al., of the others by what they
	/// are (denial of service, probing, remote to local, user to root).
	fn class(&self) -> &'static str {
		match self.label.as_str() {
			"normal" => "normal",
			"back" | "land" | "neptune" | "pod" | "smurf" | "teardrop" | "apache2" | "mailbomb"
			| "processtable" | "udpstorm" | "worm" => "dos",
			"ipsweep" | "nmap" | "portsweep" | "satan" | "mscan" | "saint" => "probe",
			"ftp_write" | "guess_passwd" | "imap" | "multihop" | "phf" | "spy" | "warezclient"
			| "warezmaster" | "httptunnel" | "named" | "sendmail" | "snmpgetattack"
			| "snmpguess" | "xlock" | "xsnoop" => "r2l",
			"buffer_overflow" | "loadmodule" | "perl" | "rootkit" | "ps" | "sqlattack"
			| "xterm" => "u2r",
			_ => "unknown",
		}
	}
}

fn columns() -> Vec<Column> {
	let kind = |place| if NAMES.contains(&place) { Column::Name } else { Column::Number };
	(0..FEATURES).map(kind).collect()
}

/// Reads connections: 41 features and the label, and the difficulty if it is given. A first line of names is passed over.
/// Labels may end with a dot, as those of KDD 99 do.
fn read(path: &PathBuf) -> Result<Vec<Row>, Error> {
	let text = read_text(path)?;
	let text = text.trim_start_matches('\u{feff}');
	let lines = text.split(['\n', '\r']).enumerate().filter(|(_, line)| !line.trim().is_empty());
	let is_header = |line: &str| {
		let cells = line.split(',').enumerate().filter(|(place, _)| !NAMES.contains(place));
		let mut features = cells.map(|(_, cell)| cell).take(FEATURES - NAMES.len());
		features.all(|cell| unquoted(cell).parse::<f64>().is_err())
	};
	let lines = lines.skip_while(|(number, line)| *number == 0 && is_header(line));
	let rows = lines.map(|(number, line)| {
		let fault = |reason: String| Error::format(path, format!("line {}: {reason}", number + 1));
		let cells: Vec<&str> = line.split(',').map(unquoted).collect();
		let Some((features, labels)) = cells.split_at_checked(FEATURES) else {
			return Err(fault(format!(
				"{} columns, not {FEATURES} features and a label",
				cells.len()
			)));
		};
		let (label, difficulty) = match labels {
			[label] => (label, None),
			[label, difficulty] => {
				let difficulty = difficulty.parse::<f64>();
				let wrong = |_| fault("the difficulty is no number".into());
				(label, Some(difficulty.map_err(wrong)? as u32))
			},
			_ => {
				let more = labels.len();
				return Err(fault(format!(
					"{more} columns behind the {FEATURES} features, not 1 or 2"
				)));
			},
		};
		let features = features.iter().enumerate().map(|(place, cell)| {
			if NAMES.contains(&place) {
				return Ok(Cell::Name((*cell).into()));
			}
			let number = cell.parse::<f64>();
			number
				.map(Cell::Number)
				.map_err(|_| fault(format!("column {} is no number", place + 1)))
		});
		Ok(Row {
			features: features.collect::<Result<_, _>>()?,
			label: label.trim_end_matches('.').to_ascii_lowercase(),
			difficulty,
		})
	});
	let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
	match rows.is_empty() {
		true => Err(Error::format(path, "there is no connection")),
		false => Ok(rows),
	}
}

fn unquoted(cell: &str) -> &str {
	cell.trim().trim_matches('"').trim()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn label_and_difficulty_are_no_features() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("kdd.txt");
		let line = |label: &str, value: f64| {
			let mut cells = vec![value.to_string(); FEATURES];
			for place in NAMES {
				cells[place] = "x".into();
			}
			format!("{},{label},21", cells.join(","))
		};
		std::fs::write(&path, format!("{}\r{}\n", line("normal", 1.0), line("mscan", 2.0)))
			.unwrap();
		let rows = read(&path).unwrap();
		assert_eq!(rows.len(), 2);
		assert!(rows.iter().all(|row| row.features.len() == FEATURES));
		assert_eq!(
			(rows[1].class(), rows[1].is_attack(), rows[0].is_attack()),
			("probe", true, false)
		);
		std::fs::write(&path, format!("{}\n0,tcp,http,SF", line("normal", 1.0))).unwrap();
		assert!(read(&path).err().unwrap().to_string().contains("line 2"));
	}

	#[test]
	fn the_forms_in_which_the_set_is_passed_on_read_the_same() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("kdd.csv");
		let line = |label: &str, last: &str| {
			let mut cells = vec!["1"; FEATURES];
			for place in NAMES {
				cells[place] = "x";
			}
			format!("{},{label}{last}", cells.join(","))
		};
		let names: Vec<String> = (0..FEATURES).map(|place| format!("f{place}")).collect();
		let names = names.join(",");
		let whole = format!("{}\n{}\n", line("normal", ",21"), line("neptune", ",18"));
		let quoted = whole.replace(',', "\", \"").replace('\n', "\"\n\"");
		for (text, hard) in [
			(whole.clone(), true),
			(whole.replace('\n', "\r\n"), true),
			(format!("\u{feff}{names},label,difficulty\n{whole}"), true),
			(format!("\"{}", quoted.trim_end_matches('"')), true),
			(whole.replace(",21", ".,21.0").replace("normal", "Normal"), true),
			(format!("{names},label\n{}\n{}", line("normal.", ""), line("neptune.", "")), false),
		] {
			std::fs::write(&path, &text).unwrap();
			let rows = read(&path).unwrap();
			let found: Vec<_> = rows.iter().map(|row| (row.class(), row.difficulty)).collect();
			let expected = [("normal", hard.then_some(21)), ("dos", hard.then_some(18))];
			assert_eq!(found, expected, "{text}");
		}
		std::fs::write(&path, format!("{names},label\n")).unwrap();
		assert!(read(&path).err().unwrap().to_string().contains("no connection"));
		std::fs::write(&path, "0,tcp,http,SF").unwrap();
		assert!(read(&path).err().unwrap().to_string().contains("line 1"));
	}
}
