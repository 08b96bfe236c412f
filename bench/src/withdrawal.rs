//! `curex-bench withdrawal`: withdrawals by the code on the patient's receipt while every block is full.

use crate::{
	chain::{Block, Hash},
	exchange::{connect, ensure_prepared, greatest_weight, now, weight},
	ledger::Ledger,
	load::{self, Until},
	members,
	network::{self, Network},
	paths::{self, FiledConsent, Path},
	report,
	statistics::{mean, p99_of, ratio, Spread},
	Error,
};
use curex_client::ledger::curex;
use serde::Serialize;
use std::{
	collections::HashMap,
	time::{Duration, Instant},
};

/// A withdrawal is to be in the first block whose slot starts so long after its submission, milliseconds.
const HEAD_START_MS: u64 = 1_000;

/// Within how many blocks it is to be final.
const BLOCKS_TO_FINALITY: u64 = 3;

/// Slots in which the load settles before the first trial, and goes on after the last.
const MARGIN: u32 = 5;

/// What is measured, and how often.
#[derive(Clone, Debug)]
pub struct Options {
	/// The network.
	pub network: network::Options,
	/// How many pairs of organisations.
	pub pairs: u32,
	/// How many lanes each pair has.
	pub lanes: usize,
	/// How many withdrawals.
	pub trials: usize,
	/// How many transactions of the load wait.
	pub waiting: usize,
	/// The most transactions in a second that are signed ahead for.
	pub most: usize,
}

/// What came of the trials.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
	/// Version of this form.
	pub version: u32,
	/// Length of a slot, milliseconds.
	pub slot_ms: u64,
	/// Transactions of the load that waited.
	pub waiting: usize,
	/// Mean share (0 to 1) of the weight of ordinary transactions in the blocks of the trials.
	pub weight_share: f64,
	/// How many withdrawals.
	pub trials: usize,
	/// How many were in the first block whose slot starts a second or more after submission, or in an earlier one.
	pub in_time: usize,
	/// How many have to be, so that 99 of 100 are.
	pub needed: usize,
	/// How many were final within three blocks.
	pub final_in_three: usize,
	/// How many were never in a block, or refused by a pool.
	pub missing: usize,
	/// Until a block held them, seconds.
	pub inclusion: Spread,
	/// Until they were final, seconds.
	pub finality: Spread,
	/// Blocks on top of theirs when they became final.
	pub blocks_to_finality: Spread,
	/// Whether both goals are reached.
	pub reached: bool,
}

struct Trial {
	hash: Hash,
	submitted: Instant,
	submitted_ms: u64,
}

/// Withdraws under load.
pub async fn run(options: &Options) -> Result<Results, Error> {
	let mut pairs = members::pairs(options.pairs, options.lanes)?;
	report::say("starting four validators");
	let mut network = Network::start(&options.network, &pairs)?;
	let ledger = connect(&mut network, &options.network).await?;
	report::say("filing the consents that are to be withdrawn");
	let pen = ledger.pen().await?;
	let each = options.trials.div_ceil(pairs.len());
	let preparation = paths::prepare(&pen, &mut pairs, each, now())?;
	let outcome = load::run(&ledger, &mut network, &preparation.plan, Until::Exhausted).await?;
	ensure_prepared(&ledger, &outcome).await?;
	let consents: Vec<FiledConsent> =
		preparation.consents.iter().flatten().copied().take(options.trials).collect();

	report::say("signing the load");
	let slot = Duration::from_millis(options.network.slot_ms);
	// Trials come at every moment of a slot: the pauses between them have no common measure with it.
	let pauses: Vec<Duration> =
		consents.iter().map(|_| slot.mul_f64(rand::random::<f64>())).collect();
	let time = pauses.iter().sum::<Duration>() + slot * (2 * MARGIN);
	paths::renumber(&ledger, &mut pairs).await?;
	let pen = ledger.pen().await?;
	let count = options.most * (time.as_secs() as usize + 30);
	let mut plan = paths::plan(
		Path::Floor,
		&pen,
		&ledger.genesis,
		&mut pairs,
		&preparation.consents,
		count,
		1,
	)?;
	plan.least_waiting = options.waiting;
	let mut withdrawals = Vec::new();
	for consent in &consents {
		let call = curex::tx().consent().withdraw_by_code(consent.id.into(), consent.code);
		withdrawals.push(pen.authorised("consent.withdraw_by_code", &call)?);
	}

	report::say(&format!("{} withdrawals under load, {} s", options.trials, time.as_secs()));
	let trials = trials(&ledger, withdrawals, pauses, slot * MARGIN);
	let load = load::run(&ledger, &mut network, &plan, Until::Elapsed(time));
	let (trials, outcome) = tokio::join!(trials, load);
	let outcome = outcome?;
	if let Some(reason) = &outcome.refused.1 {
		report::say(&format!("a pool refused {} transactions: {reason}", outcome.refused.0));
	}
	if outcome.exhausted {
		report::say("the load ran out of signed transactions: use a higher --most");
	}

	let greatest = greatest_weight(&ledger).await?;
	let begun = trials.first().map(|trial| trial.submitted);
	let ended = trials.last().map(|trial| trial.submitted);
	let mut weights = Vec::new();
	for block in &outcome.blocks {
		if Some(block.seen) >= begun && Some(block.seen) <= ended {
			weights.push(ratio(weight(&ledger, block.hash).await? as f64, greatest as f64));
		}
	}
	Ok(evaluate(options, &trials, &outcome.blocks, mean(weights)))
}

/// Submits the withdrawals, each at the next node.
async fn trials(
	ledger: &Ledger,
	withdrawals: Vec<Vec<u8>>,
	pauses: Vec<Duration>,
	settling: Duration,
) -> Vec<Trial> {
	tokio::time::sleep(settling).await;
	let mut trials = Vec::new();
	for (number, (bytes, pause)) in withdrawals.into_iter().zip(pauses).enumerate() {
		tokio::time::sleep(pause).await;
		let hash = sp_crypto_hashing::blake2_256(&bytes);
		trials.push(Trial { hash, submitted: Instant::now(), submitted_ms: now() });
		let ledger = ledger.clone();
		// A slow pool must not delay the next trial.
		tokio::spawn(async move {
			if let Err(error) = ledger.submit(number, &bytes).await {
				report::say(&format!("a withdrawal was refused: {error}"));
			}
		});
	}
	trials
}

/// Looks the trials up in the final chain.
fn evaluate(options: &Options, trials: &[Trial], blocks: &[Block], weight_share: f64) -> Results {
	let slot_ms = options.network.slot_ms;
	let mut places: HashMap<Hash, &Block> = HashMap::new();
	for block in blocks {
		places.extend(block.extrinsics.iter().map(|hash| (*hash, block)));
	}
	let (mut in_time, mut final_in_three, mut missing) = (0, 0, 0);
	let (mut inclusion, mut finality, mut until_final) = (Vec::new(), Vec::new(), Vec::new());
	for trial in trials {
		let Some(block) = places.get(&trial.hash) else {
			missing += 1;
			continue;
		};
		let due =
			blocks.iter().find(|block| block.slot * slot_ms >= trial.submitted_ms + HEAD_START_MS);
		in_time += usize::from(due.is_some_and(|due| block.number <= due.number));
		inclusion.push(block.seen.saturating_duration_since(trial.submitted).as_secs_f64());
		if let Some((at, best)) = block.finalised {
			let on_top = best.saturating_sub(block.number);
			final_in_three += usize::from(on_top <= BLOCKS_TO_FINALITY);
			until_final.push(on_top as f64);
			finality.push(at.saturating_duration_since(trial.submitted).as_secs_f64());
		}
	}
	let needed = p99_of(trials.len());
	Results {
		version: 1,
		slot_ms,
		waiting: options.waiting,
		weight_share,
		trials: trials.len(),
		in_time,
		needed,
		final_in_three,
		missing,
		inclusion: Spread::of(inclusion),
		finality: Spread::of(finality),
		blocks_to_finality: Spread::of(until_final),
		reached: in_time >= needed && final_in_three >= needed,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use subxt::utils::H256;

	/// Three blocks in the slots 10, 11 and 13, each final when so many blocks are on top of it.
	fn blocks(on_top: u64, holding: &[(usize, Hash)]) -> Vec<Block> {
		let at = Instant::now();
		[10, 11, 13]
			.iter()
			.enumerate()
			.map(|(index, slot)| {
				let number = index as u64 + 1;
				Block {
					hash: H256::repeat_byte(number as u8),
					number,
					parent: H256::zero(),
					slot: *slot,
					bytes: 0,
					extrinsics: holding
						.iter()
						.filter(|(of, _)| *of == index)
						.map(|(_, hash)| *hash)
						.collect(),
					seen: at,
					finalised: Some((at, number + on_top)),
				}
			})
			.collect()
	}

	fn evaluated(submitted_ms: u64, block: usize, on_top: u64) -> Results {
		let network = network::Options {
			node: "node".into(),
			home: "home".into(),
			port_base: 1,
			slot_ms: 3_000,
			node_options: Vec::new(),
			first_node_options: Vec::new(),
			runtime: None,
		};
		let options = Options { network, pairs: 1, lanes: 1, trials: 1, waiting: 1, most: 1 };
		let trial = Trial { hash: [1; 32], submitted: Instant::now(), submitted_ms };
		evaluate(&options, &[trial], &blocks(on_top, &[(block, [1; 32])]), 1.0)
	}

	#[test]
	fn the_first_block_a_second_later_is_in_time_and_the_next_is_not() {
		// Slot 11 begins at 33 s.
		assert_eq!(evaluated(32_000, 1, 2).in_time, 1);
		assert_eq!(evaluated(32_000, 0, 2).in_time, 1, "earlier than needed");
		assert_eq!(evaluated(32_000, 2, 2).in_time, 0);
		// Less than a second before slot 11, the block of slot 13 is the first that counts: slot 12 has none.
		assert_eq!(evaluated(32_001, 2, 2).in_time, 1);
	}

	#[test]
	fn finality_counts_the_blocks_on_top() {
		assert_eq!(evaluated(32_000, 1, 3).final_in_three, 1);
		assert!(evaluated(32_000, 1, 3).reached);
		assert_eq!(evaluated(32_000, 1, 4).final_in_three, 0);
		assert!(!evaluated(32_000, 1, 4).reached);
	}

	#[test]
	fn a_withdrawal_without_block_is_missing_and_not_in_time() {
		let missing = evaluated(32_000, 7, 2);
		assert_eq!((missing.missing, missing.in_time), (1, 0));
		assert!(!missing.reached);
	}
}
