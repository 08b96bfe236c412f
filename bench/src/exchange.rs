//! `curex-bench exchange`: the paths one after the other, and PostgreSQL beside them.

use crate::{
	chain::Block,
	ledger::{Ledger, Pen, StateSize},
	load::{self, Outcome, Until},
	members::{self, Pair},
	network::{self, Network},
	paths::{self, FiledConsent, Path},
	postgres,
	processor::{self, Profile, Spent},
	report,
	statistics::{mean, ratio, Spread},
	Error,
};
use codec::{Compact, Decode};
use serde::Serialize;
use std::{
	collections::BTreeMap,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use subxt::utils::H256;
use subxt_rpcs::rpc_params;

/// How many consents each pair has.
pub const CONSENTS: usize = 8;

/// How many exchanges are made to see what one takes in the state.
const SAMPLE: usize = 240;

/// How long the nodes may take to meet and finalise their first blocks.
const PATIENCE: Duration = Duration::from_secs(120);

/// What is measured, and how long.
#[derive(Clone, Debug)]
pub struct Options {
	/// The network.
	pub network: network::Options,
	/// How many pairs of organisations.
	pub pairs: u32,
	/// How many lanes each pair has.
	pub lanes: usize,
	/// How long each path is measured in a round, seconds.
	pub seconds: u64,
	/// How many rounds.
	pub rounds: u32,
	/// Which paths.
	pub paths: Vec<Path>,
	/// The most transactions in a second that are signed ahead for; batches are counted by their exchanges.
	pub most: usize,
	/// Exchanges in a batch.
	pub batch: usize,
	/// Whether the nodes are recorded with `perf` meanwhile.
	pub profile: bool,
	/// Where the programs of PostgreSQL are; nothing to leave it out.
	pub postgres: Option<std::path::PathBuf>,
}

/// What a path came to.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
	/// Name of the path.
	pub path: &'static str,
	/// Exchanges (of the floor: calls) in final blocks, per second.
	pub per_second: f64,
	/// How many that were.
	pub exchanges: u64,
	/// Blocks over which they were counted.
	pub blocks: u64,
	/// Seconds over which they were counted, by the slots of the blocks.
	pub seconds: f64,
	/// From the submission of the first transaction of an exchange until a block holds its last, seconds.
	pub inclusion: Spread,
	/// Until that block is final, seconds.
	pub finality: Spread,
	/// Transactions or items that the ledger refused.
	pub failed: u64,
	/// Transactions that a pool refused.
	pub refused: u64,
	/// Mean share (0 to 1) of the weight that ordinary transactions may take in a block.
	pub weight_share: f64,
	/// Mean share (0 to 1) of the length that ordinary transactions may take in a block.
	pub length_share: f64,
	/// Weight of an exchange, in microseconds of the reference machine.
	pub weight_us: f64,
	/// What a node took to prepare a block, milliseconds.
	pub preparing_ms: Spread,
	/// What a node took to prepare a block, per exchange, in microseconds.
	pub preparing_us: f64,
	/// Processor time of all four nodes together, per exchange, in microseconds.
	pub processor_us: f64,
	/// How many processors the nodes kept busy.
	pub processors: f64,
	/// The threads that took most of it, and their share (0 to 1).
	pub threads: Vec<(String, f64)>,
	/// Processors that this program kept busy meanwhile.
	pub client_processors: f64,
	/// Whether the transactions signed ahead ran out before the time was over.
	pub exhausted: bool,
	/// Where the nodes' time went, if it was recorded.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub profile: Option<Profile>,
}

/// What a record takes in the state.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StateUse {
	/// Entries.
	pub entries: f64,
	/// Bytes of keys and values.
	pub bytes: f64,
}

/// All that was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Results {
	/// Version of this form.
	pub version: u32,
	/// Processors of the machine.
	pub processors: usize,
	/// Length of a slot, milliseconds.
	pub slot_ms: u64,
	/// Pairs of organisations.
	pub pairs: u32,
	/// Exchanges in a batch.
	pub batch: usize,
	/// A consent in the state.
	pub consent: StateUse,
	/// An exchange in the state.
	pub exchange: StateUse,
	/// The paths.
	pub paths: Vec<Measured>,
	/// PostgreSQL.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub postgres: Option<postgres::Results>,
	/// What counts: ratios within this run.
	pub ratios: BTreeMap<String, f64>,
}

/// The limits of a block, from the runtime's constants.
#[derive(Clone, Copy, Debug)]
struct Limits {
	/// Weight of ordinary transactions, picoseconds.
	weight: u64,
	/// Length of ordinary transactions, bytes.
	length: u64,
}

/// Measures everything.
pub async fn run(options: &Options) -> Result<Results, Error> {
	let mut pairs = members::pairs(options.pairs, options.lanes)?;
	report::say("starting four validators");
	let mut network = Network::start(&options.network, &pairs)?;
	let ledger = connect(&mut network, &options.network).await?;
	let limits = limits(&ledger).await?;

	report::say("filing consents, assessing recipients");
	let pen = ledger.pen().await?;
	let before = ledger.state_size("Consent", final_head(&ledger).await?).await?;
	let preparation = paths::prepare(&pen, &mut pairs, CONSENTS, now())?;
	let outcome = load::run(&ledger, &mut network, &preparation.plan, Until::Exhausted).await?;
	ensure_prepared(&ledger, &outcome).await?;
	let after = ledger.state_size("Consent", final_head(&ledger).await?).await?;
	let consent = each(before, after, (CONSENTS * pairs.len()) as u64);
	let consents = preparation.consents;

	let exchange = sample(&ledger, &mut network, &mut pairs, &consents).await?;

	let setting = Setting { options, ledger: &ledger, limits, consents: &consents };
	let mut samples: Vec<(Path, Sample)> =
		options.paths.iter().map(|path| (*path, Sample::default())).collect();
	// Round by round, so that whatever else the machine does meets all paths.
	for _ in 0..options.rounds {
		for (path, sample) in &mut samples {
			setting.measure(*path, &mut network, &mut pairs, sample).await?;
		}
	}
	let measured: Vec<Measured> =
		samples.into_iter().map(|(path, sample)| setting.summarise(path, sample)).collect();
	// What is left of the machine belongs to PostgreSQL, as it did to the nodes.
	drop(network);
	let postgres = match &options.postgres {
		Some(programs) => {
			let home = options.network.home.join("postgres");
			Some(
				postgres::measure(programs, &home, options.pairs, options.seconds, options.batch)
					.await?,
			)
		},
		None => None,
	};
	let ratios = ratios(&measured, postgres.as_ref());
	Ok(Results {
		version: 1,
		processors: std::thread::available_parallelism().map_or(0, usize::from),
		slot_ms: options.network.slot_ms,
		pairs: options.pairs,
		batch: options.batch,
		consent,
		exchange,
		paths: measured,
		postgres,
		ratios,
	})
}

/// Connects once the validators finalise.
pub async fn connect(network: &mut Network, options: &network::Options) -> Result<Ledger, Error> {
	let begun = Instant::now();
	loop {
		network.check()?;
		if let Ok(ledger) = Ledger::connect(&network.endpoints()).await {
			let head = final_head(&ledger).await?;
			if ledger.at(head).await?.block_number() >= 2 {
				return Ok(ledger);
			}
		}
		if begun.elapsed() > PATIENCE {
			return Err(Error::TimedOut {
				what: "the validators to finalise",
				seconds: PATIENCE.as_secs(),
				logs: options.home.clone(),
			});
		}
		tokio::time::sleep(Duration::from_secs(1)).await;
	}
}

/// The last final block.
pub async fn final_head(ledger: &Ledger) -> Result<H256, Error> {
	ledger.ask("chain_getFinalizedHead", rpc_params![]).await
}

/// Fails if something of the preparation did.
pub async fn ensure_prepared(ledger: &Ledger, outcome: &Outcome) -> Result<(), Error> {
	let mut failed = outcome.refused.0;
	for block in &outcome.blocks {
		failed += events(ledger, block.hash, ("", "")).await?.failed;
	}
	if failed > 0 {
		if let Some(reason) = &outcome.refused.1 {
			report::say(&format!("refused: {reason}"));
		}
		return Err(Error::Preparation { failed, all: outcome.traces.len() as u64 });
	}
	Ok(())
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
	SystemTime::now()
		.duration_since(UNIX_EPOCH)
		.map_or(0, |passed| u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
}

/// A few exchanges, to see what one takes in the state.
async fn sample(
	ledger: &Ledger,
	network: &mut Network,
	pairs: &mut [Pair],
	consents: &[Vec<FiledConsent>],
) -> Result<StateUse, Error> {
	report::say("a few exchanges, to see what one takes in the state");
	let before = ledger.state_size("Exchange", final_head(ledger).await?).await?;
	paths::renumber(ledger, pairs).await?;
	let pen = ledger.pen().await?;
	let plan = paths::plan(Path::Completed, &pen, &ledger.genesis, pairs, consents, SAMPLE, 1)?;
	let outcome = load::run(ledger, network, &plan, Until::Exhausted).await?;
	let mut made = 0;
	for block in &outcome.blocks {
		made += events(ledger, block.hash, Path::Completed.event()).await?.counted;
	}
	let after = ledger.state_size("Exchange", final_head(ledger).await?).await?;
	Ok(each(before, after, made))
}

fn each(before: StateSize, after: StateSize, records: u64) -> StateUse {
	let more = |before: u64, after: u64| ratio(after.saturating_sub(before) as f64, records as f64);
	StateUse {
		entries: more(before.entries, after.entries),
		bytes: more(before.bytes, after.bytes),
	}
}

/// What all paths have in common.
struct Setting<'a> {
	options: &'a Options,
	ledger: &'a Ledger,
	limits: Limits,
	consents: &'a [Vec<FiledConsent>],
}

/// What the rounds of a path came to.
#[derive(Default)]
struct Sample {
	exchanges: u64,
	/// Before and after the blocks that count, too.
	all: u64,
	failed: u64,
	refused: u64,
	seconds: f64,
	inclusion: Vec<f64>,
	finality: Vec<f64>,
	weights: Vec<f64>,
	lengths: Vec<f64>,
	preparing: Vec<f64>,
	nodes: f64,
	threads: BTreeMap<String, f64>,
	client: f64,
	lasted: f64,
	exhausted: bool,
	profile: Option<Profile>,
}

impl Setting<'_> {
	/// Measures a path once more.
	async fn measure(
		&self,
		path: Path,
		network: &mut Network,
		pairs: &mut [Pair],
		sample: &mut Sample,
	) -> Result<(), Error> {
		report::say(&format!("signing for the path {}", path.name()));
		paths::renumber(self.ledger, pairs).await?;
		let pen: Pen = self.ledger.pen().await?;
		// The first blocks of the load are not counted, but have to be filled.
		let count = self.options.most * (self.options.seconds as usize + 30);
		let batched = matches!(path, Path::Batch | Path::Stepwise);
		let count = if batched { 8 * count } else { count };
		let plan = paths::plan(
			path,
			&pen,
			&self.ledger.genesis,
			pairs,
			self.consents,
			count,
			self.options.batch,
		)?;
		report::say(&format!("measuring the path {}", path.name()));

		let nodes: Vec<u32> = network.nodes.iter().map(|node| node.id()).collect();
		let client = [std::process::id()];
		let time = Duration::from_secs(self.options.seconds);
		let recording = self.options.profile.then(|| {
			// Begins when the load has settled.
			let (nodes, home) = (nodes.clone(), self.options.network.home.clone());
			tokio::spawn(async move {
				tokio::time::sleep(time / 2).await;
				processor::profile(&nodes, &home, time / 2).await
			})
		});
		let begun = Instant::now();
		let before = (Spent::of(&nodes), Spent::of(&client));
		let outcome = load::run(self.ledger, network, &plan, Until::Elapsed(time)).await?;
		let after = (Spent::of(&nodes), Spent::of(&client));
		sample.lasted += begun.elapsed().as_secs_f64();
		sample.nodes += after.0.since(&before.0);
		sample.client += after.1.since(&before.1);
		for (name, seconds) in after.0.threads_since(&before.0) {
			*sample.threads.entry(name).or_default() += seconds;
		}
		if let Some(recording) = recording {
			sample.profile = recording.await.ok().flatten();
		}
		if let Some(reason) = &outcome.refused.1 {
			report::say(&format!("a pool refused {} transactions: {reason}", outcome.refused.0));
		}

		let window = window(&outcome);
		for block in &outcome.blocks {
			let found = events(self.ledger, block.hash, path.event()).await?;
			sample.all += found.counted;
			sample.failed += found.failed;
			if window.contains(&block.number) {
				sample.exchanges += found.counted;
				sample.weights.push(weight(self.ledger, block.hash).await? as f64);
				sample.lengths.push(block.bytes as f64);
			}
		}
		sample.seconds += seconds_of(&outcome, &window, self.options.network.slot_ms);
		sample.preparing.extend(preparing(&network.logs()?, &window));
		sample.refused += outcome.refused.0;
		sample.exhausted |= outcome.exhausted;
		let (inclusion, finality) = latencies(&outcome, &plan, path.at_once(self.options.batch));
		sample.inclusion.extend(inclusion);
		sample.finality.extend(finality);
		Ok(())
	}

	fn summarise(&self, path: Path, sample: Sample) -> Measured {
		let exchanges = sample.exchanges as f64;
		let weight: f64 = sample.weights.iter().sum();
		let preparing: f64 = sample.preparing.iter().sum();
		Measured {
			path: path.name(),
			per_second: ratio(exchanges, sample.seconds),
			exchanges: sample.exchanges,
			blocks: sample.weights.len() as u64,
			seconds: sample.seconds,
			inclusion: Spread::of(sample.inclusion),
			finality: Spread::of(sample.finality),
			failed: sample.failed,
			refused: sample.refused,
			weight_share: ratio(mean(sample.weights), self.limits.weight as f64),
			length_share: ratio(mean(sample.lengths), self.limits.length as f64),
			weight_us: ratio(weight / 1e6, exchanges),
			preparing_us: ratio(preparing * 1e3, exchanges),
			preparing_ms: Spread::of(sample.preparing),
			processor_us: ratio(sample.nodes * 1e6, sample.all as f64),
			processors: ratio(sample.nodes, sample.lasted),
			threads: busiest(sample.threads),
			client_processors: ratio(sample.client, sample.lasted),
			exhausted: sample.exhausted,
			profile: sample.profile,
		}
	}
}

/// The blocks that count: full ones, after the first exchanges ended and before the load did.
fn window(outcome: &Outcome) -> std::ops::RangeInclusive<u64> {
	let (begun, ended) = outcome.window;
	let within = |block: &&Block| block.seen > begun && block.seen <= ended;
	let first = outcome.blocks.iter().find(within).map_or(1, |block| block.number);
	let last = outcome.blocks.iter().rfind(within).map_or(0, |block| block.number);
	first..=last
}

/// How long the blocks of a window took: from the slot of the one before them to that of the last.
fn seconds_of(outcome: &Outcome, window: &std::ops::RangeInclusive<u64>, slot_ms: u64) -> f64 {
	let slot = |number: u64| {
		outcome.blocks.iter().find(|block| block.number == number).map(|block| block.slot)
	};
	match (slot(window.start().saturating_sub(1)), slot(*window.end())) {
		(Some(before), Some(last)) if last > before => ((last - before) * slot_ms) as f64 / 1e3,
		_ => 0.0,
	}
}

/// From the submission of the first step until the last is included, and final; of exchanges that ended while the
/// load was at its height.
fn latencies(outcome: &Outcome, plan: &load::Plan, at_once: usize) -> (Vec<f64>, Vec<f64>) {
	let mut begun = BTreeMap::new();
	for trace in outcome.traces.iter().filter(|trace| trace.place.step == 0) {
		begun.insert((trace.place.lane, trace.place.exchange), trace.submitted);
	}
	let (from, until) = outcome.window;
	let (mut inclusion, mut finality) = (Vec::new(), Vec::new());
	for trace in &outcome.traces {
		let place = trace.place;
		let last = plan.lanes[place.lane].steps.len() == place.step + 1;
		let Some(begun) = begun.get(&(place.lane, place.exchange)).filter(|_| last) else {
			continue;
		};
		if trace.included > from && trace.included <= until {
			// All exchanges of a batch take as long as the batch.
			for _ in 0..at_once {
				inclusion.push((trace.included - *begun).as_secs_f64());
				finality.push((trace.finalised - *begun).as_secs_f64());
			}
		}
	}
	(inclusion, finality)
}

/// The milliseconds that nodes say they took to prepare the blocks of a window.
fn preparing(logs: &[String], window: &std::ops::RangeInclusive<u64>) -> Vec<f64> {
	logs.iter()
		.flat_map(|log| log.lines())
		.filter_map(|line| {
			let (_, rest) = line.split_once("Prepared block for proposing at ")?;
			let (number, rest) = rest.split_once(" (")?;
			let (milliseconds, _) = rest.split_once(" ms)")?;
			let number = number.trim().parse::<u64>().ok()?;
			window.contains(&number).then(|| milliseconds.trim().parse().ok())?
		})
		.collect()
}

/// The threads with the greatest shares.
fn busiest(threads: BTreeMap<String, f64>) -> Vec<(String, f64)> {
	let all: f64 = threads.values().sum();
	let mut shares: Vec<_> =
		threads.into_iter().map(|(name, seconds)| (name, ratio(seconds, all))).collect();
	shares.sort_by(|one, other| other.1.total_cmp(&one.1));
	shares.truncate(8);
	shares
}

/// What the events of a block say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
	/// How often the event that counts occurs.
	pub counted: u64,
	/// How many transactions and items failed.
	pub failed: u64,
	/// How many events there are.
	pub all: u64,
}

/// Counts the events of a block.
pub async fn events(
	ledger: &Ledger,
	block: H256,
	(pallet, name): (&str, &str),
) -> Result<Found, Error> {
	let unreadable = |error: &dyn std::fmt::Display| Error::Protocol(error.to_string());
	let at = ledger.at(block).await?;
	let events = at.events().fetch().await.map_err(|error| unreadable(&error))?;
	let mut found = Found::default();
	for event in events.iter() {
		let event = event.map_err(|error| unreadable(&error))?;
		let is = (event.pallet_name(), event.event_name());
		found.all += 1;
		found.counted += u64::from(is == (pallet, name));
		found.failed +=
			u64::from(matches!(is, ("System", "ExtrinsicFailed") | ("Exchange", "ItemFailed")));
	}
	Ok(found)
}

/// The weight of ordinary transactions in a block, picoseconds.
pub async fn weight(ledger: &Ledger, block: H256) -> Result<u64, Error> {
	let key = curex_verify::bundle::storage_key("System", "BlockWeight");
	let value = ledger.storage(&key, block).await?.unwrap_or_default();
	// One weight per class: time and size of the proof. The first class is that of ordinary transactions.
	<(Compact<u64>, Compact<u64>)>::decode(&mut &value[..])
		.map(|(time, _)| time.0)
		.map_err(|_| Error::Protocol("the weight of a block is not readable".into()))
}

/// The greatest weight that ordinary transactions may take in a block, picoseconds.
pub async fn greatest_weight(ledger: &Ledger) -> Result<u64, Error> {
	Ok(limits(ledger).await?.weight)
}

async fn limits(ledger: &Ledger) -> Result<Limits, Error> {
	type Pair = (Compact<u64>, Compact<u64>);
	/// `frame_system::limits::WeightsPerClass`.
	type Class = (Pair, Option<Pair>, Option<Pair>, Option<Pair>);
	let unreadable = || Error::Protocol("the limits of a block are not readable".into());
	let at = ledger.at(final_head(ledger).await?).await?;
	let constant = |name: &str| {
		let metadata = at.metadata();
		let pallet = metadata.pallet_by_name("System")?;
		Some(pallet.constant_by_name(name)?.value().to_vec())
	};
	let weights = constant("BlockWeights").ok_or_else(unreadable)?;
	let lengths = constant("BlockLength").ok_or_else(unreadable)?;
	// The base weight, the greatest weight, then the classes; the first is that of ordinary transactions.
	let (_, _, (_, _, greatest, _)) =
		<(Pair, Pair, Class)>::decode(&mut &weights[..]).map_err(|_| unreadable())?;
	let length = u32::decode(&mut &lengths[..]).map_err(|_| unreadable())?;
	Ok(Limits { weight: greatest.ok_or_else(unreadable)?.0 .0, length: length.into() })
}

/// What the goals compare.
fn ratios(paths: &[Measured], postgres: Option<&postgres::Results>) -> BTreeMap<String, f64> {
	let rate = |path: Path| {
		paths.iter().find(|found| found.path == path.name()).map(|found| found.per_second)
	};
	let mut ratios = BTreeMap::new();
	let mut compare = |name: &str, part: Option<f64>, whole: Option<f64>| {
		if let (Some(part), Some(whole)) = (part, whole) {
			ratios.insert(name.to_owned(), ratio(part, whole));
		}
	};
	compare("one-transaction / floor", rate(Path::Countersigned), rate(Path::Floor));
	compare("one-transaction, acknowledged / floor", rate(Path::Completed), rate(Path::Floor));
	compare("full / floor", rate(Path::Full), rate(Path::Floor));
	compare("batch / one-transaction, acknowledged", rate(Path::Batch), rate(Path::Completed));
	compare("batch / full", rate(Path::Batch), rate(Path::Full));
	compare("batch / batch, step by step", rate(Path::Batch), rate(Path::Stepwise));
	// What the machine would allow if nothing else limited the ledger: the processor time of all nodes.
	let cost = |path: Path| {
		paths.iter().find(|found| found.path == path.name()).map(|found| found.processor_us)
	};
	let costs = "by processor time: ";
	compare(
		&format!("{costs}one-transaction / floor"),
		cost(Path::Floor),
		cost(Path::Countersigned),
	);
	compare(
		&format!("{costs}one-transaction, acknowledged / floor"),
		cost(Path::Floor),
		cost(Path::Completed),
	);
	compare(
		&format!("{costs}batch / one-transaction, acknowledged"),
		cost(Path::Completed),
		cost(Path::Batch),
	);
	for (path, name) in [
		(Path::Floor, "floor"),
		(Path::Completed, "one-transaction, acknowledged"),
		(Path::Full, "full"),
		(Path::Batch, "batch"),
	] {
		let other = postgres.and_then(|postgres| postgres.rate(name));
		compare(&format!("{name}: ledger / PostgreSQL"), rate(path), other);
	}
	ratios
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_time_to_prepare_a_block_is_read_from_the_log_of_its_author() {
		let log =
			"2026 🎁 Prepared block for proposing at 7 (123 ms) hash: 0x1; extrinsics_count: 9\n\
			   2026 🎁 Prepared block for proposing at 9 (5 ms) hash: 0x2\nother"
				.to_owned();
		let logs = [log];
		assert_eq!(preparing(&logs, &(7..=8)), [123.0]);
		assert_eq!(preparing(&logs, &(1..=9)), [123.0, 5.0]);
	}

	#[test]
	fn an_exchange_takes_what_all_take_by_their_number() {
		let size = |entries, bytes| StateSize { entries, bytes };
		let each = each(size(10, 1_000), size(30, 5_000), 4);
		assert_eq!((each.entries, each.bytes), (5.0, 1_000.0));
	}

	#[test]
	fn only_the_busiest_threads_are_named() {
		let threads = (0..12).map(|number| (format!("t{number}"), f64::from(number))).collect();
		let busiest = busiest(threads);
		assert_eq!(busiest.len(), 8);
		assert_eq!(busiest[0].0, "t11");
	}
}
