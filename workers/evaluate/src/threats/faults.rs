//! `threats faults`: what the detectors withstand, on generated data of known truth.

use clap::Args;
use curex_threats::{
	calibration::{Calibration, Verdict},
	detector::{Feature, Scale},
	ensemble::{
		random::Random,
		scaling::{Column, Value as Cell},
		stream::EnsembleDetector,
		Baseline, Ensemble, EnsembleConfig,
	},
	Detector,
};
use serde_json::{json, Value};

use crate::{
	metrics::{mean, roc_auc},
	Error,
};

/// Features of the generated points.
const WIDTH: usize = 8;

const fn share(name: &'static str) -> Feature {
	Feature { name, scale: Scale::Share }
}

const FEATURES: &[Feature] = &[
	share("a"),
	share("b"),
	share("c"),
	share("d"),
	share("e"),
	share("f"),
	share("g"),
	share("h"),
];

#[derive(Args)]
pub struct Arguments {
	/// How many seeds, from 0.
	#[arg(long, default_value_t = 5)]
	seeds: u64,
	/// Points of the drifting stream, of each third.
	#[arg(long, default_value_t = 20_000)]
	stream: usize,
	/// Share of normal events that may be flagged.
	#[arg(long, default_value_t = 0.01)]
	budget: f64,
}

/// # Errors
/// [`Error::Argument`], [`Error::Threats`].
pub fn run(arguments: &Arguments) -> Result<Value, Error> {
	if !(0.000_5..=0.5).contains(&arguments.budget) {
		return Err(Error::Argument("give a budget of 0.0005 to 0.5".into()));
	}
	let mut named = Vec::new();
	let (mut clean, mut poisoned, mut unguarded) = (Vec::new(), Vec::new(), Vec::new());
	let mut rates: [Vec<f64>; 3] = Default::default();
	for seed in 0..arguments.seeds {
		named.push(attribution(seed));
		let [one, other, third] = poisoning(seed);
		clean.extend(one);
		poisoned.extend(other);
		unguarded.extend(third);
		for (rates, rate) in rates.iter_mut().zip(drift(seed, arguments)) {
			rates.push(rate);
		}
	}
	let (clean, poisoned) = (mean(clean), mean(poisoned));
	let [before, during, after] = rates.map(mean);
	Ok(json!({
		"attribution": { "top_feature_correct": mean(named), "faults": 500 },
		"drift": {
			"budget": arguments.budget,
			"false_alarm_rate_before": before,
			"false_alarm_rate_during": during,
			"false_alarm_rate_after": after,
		},
		"poisoning": {
			"share": 0.05,
			"roc_auc_clean": clean,
			"roc_auc_poisoned": poisoned,
			"roc_auc_poisoned_without_guard": mean(unguarded),
			"lost": (clean - poisoned) / clean,
		},
		"seeds": arguments.seeds,
		"simulated": true,
	}))
}

/// Devices of three kinds, whose features move together and have long tails.
fn normal(random: &mut Random) -> Vec<f64> {
	let kind = random.below(3);
	let load = random.normal();
	(0..WIDTH)
		.map(|place| {
			let centre = ((kind * 5 + place * 3) % 7) as f64 - 3.0;
			let own = random.normal();
			let tail = if place % 4 == 3 { 0.3 * own.powi(3) } else { own };
			centre + 0.7 * load + 0.5 * tail
		})
		.collect()
}

/// Share of faults, each a single feature moved far out, whose feature is named first. Far is 6 to 12
/// times the deviation of the feature.
fn attribution(seed: u64) -> f64 {
	let mut random = Random::new(seed);
	let rows: Vec<Vec<f64>> = (0..3_000).map(|_| normal(&mut random)).collect();
	let ensemble = fit(&rows, Baseline::Vetted, seed);
	let deviations: Vec<f64> = (0..WIDTH)
		.map(|place| {
			let centre = mean(rows.iter().map(|row| row[place]));
			mean(rows.iter().map(|row| (row[place] - centre).powi(2))).sqrt()
		})
		.collect();
	let right = (0..500).filter(|_| {
		let mut row = normal(&mut random);
		let place = random.below(WIDTH);
		let direction = if random.below(2) == 0 { 1.0 } else { -1.0 };
		row[place] += direction * (6.0 + 6.0 * random.unit()) * deviations[place];
		let shares = ensemble.attribution(&cells(&row)).shares;
		let top = (0..WIDTH).max_by(|one, other| shares[*one].total_cmp(&shares[*other]));
		top == Some(place)
	});
	right.count() as f64 / 500.0
}

/// Area of a clean baseline, of one with 5 % of the very attacks that are to be found, and of the
/// same without the guard. Half of the attacks are scattered, half are alike.
fn poisoning(seed: u64) -> [Option<f64>; 3] {
	let mut random = Random::new(seed.wrapping_add(100));
	let attack = |random: &mut Random| -> Vec<f64> {
		let mut row = normal(random);
		let alike = random.below(2) == 0;
		for (place, value) in row.iter_mut().enumerate() {
			if alike && place < 3 {
				*value = 6.0 + 0.3 * random.normal();
			} else if !alike && random.below(3) == 0 {
				*value += 5.0 * random.normal();
			}
		}
		row
	};
	let baseline: Vec<Vec<f64>> = (0..3_000).map(|_| normal(&mut random)).collect();
	let mut mixed = baseline.clone();
	for place in 0..150 {
		mixed[place * 20] = attack(&mut random);
	}
	let tested: Vec<Vec<f64>> = (0..2_000)
		.map(|place| if place % 10 == 0 { attack(&mut random) } else { normal(&mut random) })
		.collect();
	let labels: Vec<bool> = (0..2_000).map(|place| place % 10 == 0).collect();
	let area = |rows: &[Vec<f64>], told| {
		let ensemble = fit(rows, told, seed);
		let scores: Vec<f64> = tested.iter().map(|row| ensemble.score(&cells(row))).collect();
		roc_auc(&scores, &labels)
	};
	[
		area(&baseline, Baseline::Unvetted),
		area(&mixed, Baseline::Unvetted),
		area(&mixed, Baseline::Vetted),
	]
}

/// Share of normal events flagged in each third of a stream: as it was, while its mean moves by two
/// deviations, and where it has got to.
fn drift(seed: u64, arguments: &Arguments) -> [f64; 3] {
	let mut random = Random::new(seed.wrapping_add(200));
	let mut detector = EnsembleDetector::new(FEATURES, 512, 0.0, seed);
	let needed = (1.0 / arguments.budget).ceil() as usize * 5;
	let mut calibration = Calibration::new(arguments.budget, needed);
	let mut counts = [(0u64, 0u64); 3];
	let warm_up = 4_000.max(4 * needed);
	for number in 0..warm_up + 3 * arguments.stream {
		let third = number.checked_sub(warm_up).map(|place| place / arguments.stream);
		let moved = match third {
			None | Some(0) => 0.0,
			Some(1) => ((number - warm_up) % arguments.stream) as f64 / arguments.stream as f64,
			Some(_) => 1.0,
		};
		let mut point = normal(&mut random);
		point.iter_mut().for_each(|value| *value += 2.0 * moved);
		let Some(score) = detector.score(&point) else {
			detector.learn(&point);
			continue;
		};
		let verdict = calibration.judge(score);
		if let Some((judged, flagged)) = third.and_then(|third| counts.get_mut(third)) {
			*judged += u64::from(verdict != Verdict::Calibrating);
			*flagged += u64::from(verdict == Verdict::Flagged);
		}
		calibration.record(score);
		if verdict != Verdict::Flagged {
			detector.learn(&point);
		}
	}
	counts.map(|(judged, flagged)| flagged as f64 / judged.max(1) as f64)
}

fn cells(row: &[f64]) -> Vec<Cell> {
	row.iter().copied().map(Cell::Number).collect()
}

fn fit(rows: &[Vec<f64>], baseline: Baseline, seed: u64) -> Ensemble {
	let rows: Vec<Vec<Cell>> = rows.iter().map(|row| cells(row)).collect();
	let config = EnsembleConfig { seed, ..EnsembleConfig::default() };
	Ensemble::fit(&[Column::Number; WIDTH], &rows, baseline, &config)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_feature_at_fault_is_named_first() {
		assert!(attribution(7) >= 0.9);
	}

	#[test]
	fn a_poisoned_baseline_loses_little() {
		let [clean, poisoned, _] = poisoning(7).map(Option::unwrap);
		assert!(poisoned > 0.9 * clean, "{poisoned} {clean}");
	}
}
