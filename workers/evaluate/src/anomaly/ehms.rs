//! WUSTL-EHMS-2020 (Hady et al., IEEE Access 2020): flows of a patient monitor and its readings.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use curex_threats::{
	ensemble::{
		scaling::{Column, Value as Cell},
		Baseline, Ensemble, EnsembleConfig,
	},
	identity::Bindings,
	persistence::Persistence,
};
use serde_json::{json, Value};

use super::rows::{numbers, score_all, Figures};
use crate::{
	metrics::{mean, roc_auc},
	Error,
};

/// Columns that name devices, give the label away, or are the label: never learned. `SrcMac` and
/// `DstMac` go to identity binding alone.
const LEFT_OUT: [&str; 11] = [
	"Dir",
	"Flgs",
	"SrcAddr",
	"DstAddr",
	"Sport",
	"Dport",
	"SrcMac",
	"DstMac",
	"Packet_num",
	"Attack Category",
	"Label",
];

#[derive(Args)]
pub struct Arguments {
	/// The table.
	#[arg(long)]
	data: PathBuf,
	/// How many seeds, from 0.
	#[arg(long, default_value_t = 5)]
	seeds: u64,
}

struct Record {
	features: Vec<Cell>,
	addresses: [String; 2],
	hardware: [String; 2],
	category: String,
	anomalous: bool,
}

/// The first half of the normal records in time is learned, the rest and the attacks are tested in
/// the order of time.
///
/// # Errors
/// [`Error::File`], [`Error::Format`].
pub fn run(arguments: &Arguments) -> Result<Value, Error> {
	let (columns, records) = read(&arguments.data)?;
	let normal = records.iter().filter(|record| !record.anomalous).count();
	let mut seen = 0;
	let (learned, tested): (Vec<&Record>, Vec<&Record>) = records.iter().partition(|record| {
		seen += usize::from(!record.anomalous);
		!record.anomalous && seen <= normal / 2
	});
	if learned.is_empty() {
		return Err(Error::format(
			&arguments.data,
			"too few records with the label 0 to learn from",
		));
	}
	let rows = |records: &[&Record]| -> Vec<Vec<Cell>> {
		records.iter().map(|record| record.features.clone()).collect()
	};
	let (baseline, features) = (rows(&learned), rows(&tested));
	let anomalous: Vec<bool> = tested.iter().map(|record| record.anomalous).collect();
	let (mut alone, mut persistent) = (Figures::default(), Figures::default());
	let attacks = tested.iter().filter(|record| record.anomalous);
	let mut per_class: BTreeMap<&str, Vec<f64>> =
		attacks.map(|record| (record.category.as_str(), Vec::new())).collect();
	for seed in 0..arguments.seeds {
		let config = EnsembleConfig { seed, ..EnsembleConfig::default() };
		let kinds = vec![Column::Number; columns.len()];
		let ensemble = Ensemble::fit(&kinds, &baseline, Baseline::Vetted, &config);
		let scores = score_all(&ensemble, &features);
		alone.add(&scores, &anomalous);
		let mut persistence = Persistence::default();
		let scores: Vec<f64> = tested
			.iter()
			.zip(&scores)
			.map(|(record, score)| persistence.add(&record.addresses[0], *score))
			.collect();
		persistent.add(&scores, &anomalous);
		for (class, areas) in &mut per_class {
			let (scores, labels): (Vec<f64>, Vec<bool>) = tested
				.iter()
				.zip(&scores)
				.filter(|(record, _)| !record.anomalous || record.category == *class)
				.map(|(record, score)| (*score, record.anomalous))
				.unzip();
			areas.extend(roc_auc(&scores, &labels));
		}
	}
	let per_class: BTreeMap<&str, f64> =
		per_class.into_iter().map(|(class, areas)| (class, mean(areas))).collect();
	let (mut found, mut false_alarms) = (0u64, 0u64);
	let mut bindings = Bindings::default();
	for record in &learned {
		bindings.learn_all(&record.addresses, &record.hardware);
	}
	for record in &tested {
		let broken = bindings.breaks_any(&record.addresses, &record.hardware);
		found += u64::from(broken && record.anomalous);
		false_alarms += u64::from(broken && !record.anomalous);
	}
	let attacks = anomalous.iter().filter(|anomalous| **anomalous).count() as u64;
	let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
	Ok(json!({
		"flow_model": {
			"roc_auc": persistent.auc(),
			"roc_auc_deviation": persistent.auc_deviation(),
			"recall_at_fpr_1": persistent.recall_1(),
			"recall_at_fpr_5": persistent.recall_5(),
			"roc_auc_per_class": per_class,
			"single_records": { "roc_auc": alone.auc(), "recall_at_fpr_1": alone.recall_1() },
			"columns": columns,
		},
		"identity_binding": {
			"recall": share(found, attacks),
			"fpr": share(false_alarms, tested.len() as u64 - attacks),
		},
		"learned": learned.len(),
		"tested": tested.len(),
		"seeds": arguments.seeds,
	}))
}

fn read(path: &PathBuf) -> Result<(Vec<String>, Vec<Record>), Error> {
	let fault = |error: csv::Error| Error::format(path, error);
	let mut reader = csv::ReaderBuilder::new()
		.trim(csv::Trim::All)
		.from_path(path)
		.map_err(|error| Error::file(path, &error))?;
	let header = reader.headers().map_err(fault)?.clone();
	let place = |name: &str| {
		let place = header.iter().position(|column| column == name);
		place.ok_or_else(|| Error::format(path, format!("column {name} is missing")))
	};
	let names = ["SrcAddr", "DstAddr", "SrcMac", "DstMac", "Attack Category", "Label"];
	let places = names.map(place);
	let mut known = Vec::with_capacity(places.len());
	for found in places {
		known.push(found?);
	}
	let learned: Vec<usize> =
		(0..header.len()).filter(|place| !LEFT_OUT.contains(&&header[*place])).collect();
	let mut records = Vec::new();
	for row in reader.records() {
		let row = row.map_err(fault)?;
		let cell = |place: usize| row.get(place).unwrap_or_default().to_string();
		let anomalous = match cell(known[5]).parse::<f64>() {
			Ok(0.0) => false,
			Ok(1.0) => true,
			_ => {
				let line = row.position().map_or(0, csv::Position::line);
				let reason = format!("line {line}: the label is neither 0 (normal) nor 1");
				return Err(Error::format(path, reason));
			},
		};
		// A monitor that did not answer leaves a letter in place of the number.
		let values: Vec<f64> =
			learned.iter().map(|place| cell(*place).parse().unwrap_or(0.0)).collect();
		records.push(Record {
			features: numbers(&values),
			addresses: [cell(known[0]), cell(known[1])],
			hardware: [cell(known[2]), cell(known[3])],
			category: cell(known[4]),
			anomalous,
		});
	}
	Ok((learned.iter().map(|place| header[*place].to_string()).collect(), records))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn nothing_that_gives_the_label_away_is_learned() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("ehms.csv");
		let header = "Dir,Flgs,SrcAddr,DstAddr,Sport,Dport,SrcBytes,SrcMac,DstMac,Packet_num,Temp,\
			Attack Category,Label";
		let row = "->, M ,10.0.1.172,10.0.1.150,5,1111,496,d8:9e,b8:ca,7,28.9,Spoofing,1";
		std::fs::write(&path, format!("{header}\n{row}\n")).unwrap();
		let (columns, records) = read(&path).unwrap();
		assert_eq!(columns, ["SrcBytes", "Temp"]);
		assert_eq!(records[0].features, numbers(&[496.0, 28.9]));
		assert!(records[0].anomalous);

		let all = Arguments { data: path.clone(), seeds: 1 };
		assert!(run(&all).unwrap_err().to_string().contains("too few records"));
		std::fs::write(&path, format!("{header}\n{}\n", row.replace("ing,1", "ing,yes"))).unwrap();
		assert!(run(&all).unwrap_err().to_string().contains("line 2: the label"));
		let normal = row.replace("Spoofing,1", "normal,0.0");
		let flood = row.replace("Spoofing", "Flood");
		let text = [header, normal.as_str(), normal.as_str(), flood.as_str()].join("\n");
		std::fs::write(&path, text).unwrap();
		let found = run(&all).unwrap();
		assert!(found["flow_model"]["roc_auc_per_class"]["Flood"].is_number(), "{found}");
	}
}
