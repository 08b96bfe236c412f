//! `curex-bench explorer`: exchanges through the ledger, across a change of the validators' keys and, if asked for, of the
//! runtime; then an explorer that begins from nothing. What it finds is compared with the ledger, asked for by pages and
//! searches, and proven with bundles that are verified here, from the first block's authorities on.

use crate::{
	exchange::{connect, ensure_prepared, final_head, now, CONSENTS},
	ledger::Ledger,
	load::{self, Until},
	members,
	network::{self, Network},
	paths::{self, Path as ExchangePath},
	processor::{peak_memory, Spent},
	report::say,
	statistics::{ratio, Spread},
	transfer, Error,
};
use codec::Decode;
use curex_client::{administration, proofs::Prover, Client, Options as ClientOptions, Signer};
use curex_localnet::process::{self, Process};
use curex_verify::{bundle::storage_key, Bundle, TrustRoot};
use rand::seq::{IndexedRandom, SliceRandom};
use serde::Serialize;
use serde_json::Value;
use std::{
	fs,
	path::PathBuf,
	time::{Duration, Instant},
};
use subxt_rpcs::rpc_params;

/// Every search at the server takes at most so long in 95 of 100 cases, milliseconds.
pub const SEARCH_GOAL_MS: f64 = 50.0;

/// Exchanges after an upgrade of the runtime.
const AFTERWARDS: usize = 240;

/// How long the ledger may take for a change, and the explorer to begin.
const PATIENCE: Duration = Duration::from_secs(900);

/// Records on one page when they are listed.
const PAGE: usize = 100;

/// The council's members of the local network.
const COUNCIL: [&str; 3] = ["//Alice", "//Bob", "//Charlie"];

/// What is measured.
#[derive(Clone, Debug)]
pub struct Options {
	/// The network.
	pub network: network::Options,
	/// How many pairs of organisations.
	pub pairs: u32,
	/// How many lanes each pair has.
	pub lanes: usize,
	/// How many exchanges.
	pub exchanges: usize,
	/// Exchanges in a batch.
	pub batch: usize,
	/// The program `curex-explorer`.
	pub explorer: PathBuf,
	/// Where it puts its index; a file of the bench if not said.
	pub database: Option<String>,
	/// A newer runtime, to which the network changes after the exchanges.
	pub next_runtime: Option<PathBuf>,
	/// How many bundles of each span of the ledger are verified, and how often each search is asked.
	pub samples: usize,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Results {
	/// Version of this form.
	pub version: u32,
	/// Processors of the machine.
	pub processors: usize,
	/// Exchanges that the ledger acknowledged.
	pub exchanges: u64,
	/// Exchanges in the index.
	pub indexed: u64,
	/// Records of all kinds in the index and in the ledger's state, as the explorer compared them.
	pub compared: (u64, u64),
	/// Records that the index lacks.
	pub missing: u64,
	/// Final blocks in the index.
	pub blocks: u64,
	/// Events of the exchanges' blocks.
	pub events: u64,
	/// What the explorer took to index them, seconds.
	pub seconds: f64,
	/// Its processor time in that, seconds.
	pub processor_s: f64,
	/// Processor time of the node that it asked, seconds.
	pub node_s: f64,
	/// Events a second.
	pub events_per_second: f64,
	/// The most memory that the explorer held, bytes.
	pub memory: u64,
	/// Searches, milliseconds until the whole answer was read.
	pub searches: Vec<(String, Spread)>,
	/// Sets of authorities and versions of the runtime that verified bundles rest on.
	pub proven: Vec<Proven>,
	/// Bundles with one digit changed that were refused or proved the same as before, of those tried.
	pub refused: (u64, u64),
	/// Whether everything agreed, every bundle was verified, and every search was quick enough.
	pub reached: bool,
}

/// Bundles of one span of the ledger.
#[derive(Debug, Serialize)]
pub struct Proven {
	/// The authority set that made their blocks final.
	pub authority_set: u64,
	/// The version of the runtime that made their blocks.
	pub spec_version: u32,
	/// Bundles of records that were verified.
	pub records: u64,
	/// Bundles of transactions that were verified.
	pub transactions: u64,
}

/// Measures.
pub async fn run(options: &Options) -> Result<Results, Error> {
	let mut pairs = members::pairs(options.pairs, options.lanes)?;
	say("starting four validators");
	let mut network = Network::start(&options.network, &pairs)?;
	let ledger = connect(&mut network, &options.network).await?;
	let endpoints = network.endpoints();
	let endpoint = &endpoints[0];
	let node = network.nodes[0].id();

	say("filing consents, assessing recipients");
	let pen = ledger.pen().await?;
	let preparation = paths::prepare(&pen, &mut pairs, CONSENTS, now())?;
	let outcome = load::run(&ledger, &mut network, &preparation.plan, Until::Exhausted).await?;
	ensure_prepared(&ledger, &outcome).await?;
	let consents = preparation.consents;
	let first_set = authority_set(&ledger).await?;
	rotate_session_keys(&ledger, endpoint).await?;

	let mut made = Made::default();
	let path = ExchangePath::Batch;
	let mut begin = async |count: usize, batch: usize, made: &mut Made| -> Result<(), Error> {
		paths::renumber(&ledger, &mut pairs).await?;
		let pen = ledger.pen().await?;
		let plan = paths::plan(path, &pen, &ledger.genesis, &mut pairs, &consents, count, batch)?;
		let outcome = load::run(&ledger, &mut network, &plan, Until::Exhausted).await?;
		made.count(&ledger, &outcome).await
	};
	// Signed ahead as much as stays valid until it is submitted.
	const AT_ONCE: usize = 50_000;
	let mut left = options.exchanges;
	while left > 0 {
		let part = left.min(AT_ONCE);
		say(&format!("{part} exchanges, {left} left"));
		begin(part, options.batch, &mut made).await?;
		left -= part;
	}
	say("waiting for the new session keys");
	wait(options, "the new session keys", async || Ok(authority_set(&ledger).await? > first_set))
		.await?;
	begin(AFTERWARDS, AFTERWARDS.div_ceil(pairs_and_lanes(options)), &mut made).await?;
	if let Some(runtime) = &options.next_runtime {
		say("the council authorises another runtime, a member brings it");
		upgrade(&ledger, &endpoints, runtime, options).await?;
		begin(AFTERWARDS, AFTERWARDS.div_ceil(pairs_and_lanes(options)), &mut made).await?;
	}

	let client = Client::connect_with(endpoint, None, any_runtime()).await?;
	let root = Prover::new(client).await?.trust_root().clone();
	let explorer = Explorer::start(options, endpoint)?;
	let (seconds, processor_s, node_s) = explorer.fill(&ledger, node, options).await?;
	let status = explorer.compared(options).await?;
	let number = |pointer: &str| status.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
	let missing = status.pointer("/indexer/reconciled/missing").and_then(Value::as_array);
	let missing = missing.map_or(0, Vec::len) as u64;
	let (indexed, blocks) = (number("/records/exchanges"), number("/indexer/indexed") + 1);

	let ids = explorer.ids()?;
	say("searching");
	let searches = explorer.searches(&ids, options.samples)?;
	say("proving");
	let (proven, refused) = explorer.prove(&ids, &root, options.samples)?;

	let quick = searches.iter().all(|(_, spread)| spread.p95 < SEARCH_GOAL_MS);
	let compared = (number("/indexer/reconciled/indexed"), number("/indexer/reconciled/in_state"));
	let agrees = indexed == made.exchanges && compared.0 == compared.1 && missing == 0;
	let sets =
		proven.iter().map(|span| span.authority_set).collect::<std::collections::BTreeSet<_>>();
	let versions =
		proven.iter().map(|span| span.spec_version).collect::<std::collections::BTreeSet<_>>();
	let spans = sets.len() > 1 && versions.len() == 1 + usize::from(options.next_runtime.is_some());
	Ok(Results {
		version: 1,
		processors: std::thread::available_parallelism().map_or(0, usize::from),
		exchanges: made.exchanges,
		indexed,
		compared,
		missing,
		blocks,
		events: made.events,
		seconds,
		processor_s,
		node_s,
		events_per_second: ratio(made.events as f64, seconds),
		memory: peak_memory(explorer.process.id()),
		searches,
		proven,
		refused,
		reached: agrees && quick && spans && refused.0 == refused.1,
	})
}

fn pairs_and_lanes(options: &Options) -> usize {
	options.pairs as usize * options.lanes
}

fn any_runtime() -> ClientOptions {
	ClientOptions { other_runtime: true, ..ClientOptions::default() }
}

/// What the load came to, as the ledger's own events count it.
#[derive(Default)]
struct Made {
	/// The last block that was counted.
	counted: u64,
	exchanges: u64,
	events: u64,
}

impl Made {
	async fn count(&mut self, ledger: &Ledger, outcome: &load::Outcome) -> Result<(), Error> {
		if outcome.refused.0 > 0 {
			let reason = outcome.refused.1.clone().unwrap_or_default();
			return Err(Error::Protocol(format!("a pool refused a batch: {reason}")));
		}
		// A load also tells of the final blocks before its own.
		let counted = self.counted;
		for block in outcome.blocks.iter().filter(|block| block.number > counted) {
			self.counted = block.number;
			let found =
				crate::exchange::events(ledger, block.hash, ExchangePath::Batch.event()).await?;
			if found.failed > 0 {
				return Err(Error::Preparation { failed: found.failed, all: found.counted });
			}
			self.exchanges += found.counted;
			self.events += found.all;
		}
		Ok(())
	}
}

/// Number of the set of authorities that votes at the last final block.
async fn authority_set(ledger: &Ledger) -> Result<u64, Error> {
	let key = storage_key("Grandpa", "CurrentSetId");
	let value = ledger.storage(&key, final_head(ledger).await?).await?.unwrap_or_default();
	// Not written before the first change.
	Ok(u64::decode(&mut &value[..]).unwrap_or(0))
}

/// Gives the first validator new session keys.
async fn rotate_session_keys(ledger: &Ledger, endpoint: &str) -> Result<(), Error> {
	#[derive(serde::Deserialize)]
	struct Generated {
		keys: String,
		proof: String,
	}
	let signer = development(COUNCIL[0])?;
	let owner = format!("0x{}", hex::encode(signer.account()));
	let generated: Generated = ledger.ask("author_rotateKeysWithOwner", rpc_params![owner]).await?;
	let keys = crate::ledger::bytes_of(&generated.keys)?
		.try_into()
		.map_err(|_| Error::Protocol("session keys of another length".into()))?;
	let proof = crate::ledger::bytes_of(&generated.proof)?;
	transfer::connect(endpoint, signer).await?.set_session_keys(keys, proof).await?;
	Ok(())
}

fn development(path: &str) -> Result<Signer, Error> {
	Signer::development(path)
		.map_err(|error| Error::Key { path: path.into(), reason: error.to_string() })
}

/// Changes the runtime as a consortium does: the council authorises the hash, a member brings the code.
async fn upgrade(
	ledger: &Ledger,
	endpoints: &[String],
	runtime: &std::path::Path,
	options: &Options,
) -> Result<(), Error> {
	let code = fs::read(runtime).map_err(Error::at(runtime))?;
	let before = spec_version(ledger).await?;
	let mut members = Vec::new();
	for (path, endpoint) in COUNCIL.iter().zip(endpoints) {
		members.push(transfer::connect(endpoint, development(path)?).await?);
	}
	let decision = administration::Decision::AuthoriseUpgrade(administration::code_hash(&code).0);
	members[0].propose(&decision, COUNCIL.len() as u32).await?;
	let motion = members[0].motions().await?.pop();
	let motion = motion.ok_or_else(|| Error::Protocol("the motion is not there".into()))?;
	for member in &members {
		member.vote(motion.proposal, motion.index, true).await?;
	}
	members[0].close(motion.proposal, motion.index).await?;
	members[1].apply_upgrade(code).await?;
	wait(options, "the other runtime", async || Ok(spec_version(ledger).await? > before)).await
}

async fn spec_version(ledger: &Ledger) -> Result<u64, Error> {
	let head = final_head(ledger).await?;
	let version: Value = ledger.ask("state_getRuntimeVersion", rpc_params![head]).await?;
	version["specVersion"]
		.as_u64()
		.ok_or_else(|| Error::Protocol("the runtime has no version".into()))
}

/// Waits until something holds.
async fn wait(
	options: &Options,
	what: &'static str,
	holds: impl AsyncFn() -> Result<bool, Error>,
) -> Result<(), Error> {
	let begun = Instant::now();
	while !holds().await? {
		if begun.elapsed() > PATIENCE {
			let logs = options.network.home.clone();
			return Err(Error::TimedOut { what, seconds: PATIENCE.as_secs(), logs });
		}
		tokio::time::sleep(Duration::from_millis(200)).await;
	}
	Ok(())
}

/// The running explorer.
struct Explorer {
	process: Process,
	address: String,
	agent: ureq::Agent,
	begun: Instant,
}

impl Explorer {
	fn start(options: &Options, endpoint: &str) -> Result<Self, Error> {
		say("an explorer begins from nothing");
		let port = options.network.port_base + 20;
		process::ensure_free_tcp(port, "explorer")?;
		let home = &options.network.home;
		let database = options
			.database
			.clone()
			.unwrap_or_else(|| home.join("explorer.sqlite").display().to_string());
		let listen = format!("127.0.0.1:{port}");
		let command = [
			options.explorer.display().to_string(),
			"run".into(),
			"--open".into(),
			"--node".into(),
			endpoint.into(),
			"--database".into(),
			database,
			"--listen".into(),
			listen.clone(),
		];
		let begun = Instant::now();
		let process = Process::start("explorer", &command, &home.join("explorer.log"))?;
		let agent = ureq::Agent::new_with_defaults();
		Ok(Self { process, address: format!("http://{listen}"), agent, begun })
	}

	/// What the explorer answers.
	fn ask(&self, path: &str) -> Result<Vec<u8>, Error> {
		let failed =
			|reason: ureq::Error| Error::Call { method: path.into(), reason: reason.to_string() };
		let mut answer =
			self.agent.get(format!("{}{path}", self.address)).call().map_err(failed)?;
		answer.body_mut().with_config().limit(256 << 20).read_to_vec().map_err(failed)
	}

	fn json(&self, path: &str) -> Result<Value, Error> {
		serde_json::from_slice(&self.ask(path)?)
			.map_err(|error| Error::Protocol(format!("{path}: {error}")))
	}

	/// Waits until the index holds what was final when the explorer began. Tells the seconds, and the processor time of
	/// explorer and node.
	async fn fill(
		&self,
		ledger: &Ledger,
		node: u32,
		options: &Options,
	) -> Result<(f64, f64, f64), Error> {
		let head = ledger.at(final_head(ledger).await?).await?.block_number();
		let before = Spent::of(&[node]);
		wait(options, "the index", async || {
			let indexed = self.json("/api/v1/status").ok();
			let indexed = indexed.and_then(|status| status.pointer("/indexer/indexed")?.as_u64());
			Ok(indexed.is_some_and(|indexed| indexed >= head))
		})
		.await?;
		let seconds = self.begun.elapsed().as_secs_f64();
		let spent = Spent::of(&[self.process.id()]).since(&Spent::default());
		Ok((seconds, spent, Spent::of(&[node]).since(&before)))
	}

	/// How the explorer stands once it compared its index with the ledger's state.
	async fn compared(&self, options: &Options) -> Result<Value, Error> {
		wait(options, "the comparison of index and ledger", async || {
			Ok(!self.json("/api/v1/status")?["indexer"]["reconciled"].is_null())
		})
		.await?;
		self.json("/api/v1/status")
	}

	/// Exchanges of the index from all its ages: of a hundred pages, spread over all.
	fn ids(&self) -> Result<Vec<String>, Error> {
		const PAGES: u64 = 100;
		let newest = self.json("/api/v1/exchanges?limit=1")?;
		let newest = newest.pointer("/items/0/serial").and_then(Value::as_u64).unwrap_or(0);
		let mut ids = Vec::new();
		for page in (0..PAGES).rev() {
			let after = newest * (page + 1) / PAGES + 1;
			let answer = self.json(&format!("/api/v1/exchanges?limit={PAGE}&after={after}"))?;
			let items = answer["items"].as_array().cloned().unwrap_or_default();
			ids.extend(items.iter().filter_map(|item| Some(item["id"].as_str()?.to_owned())));
		}
		if ids.is_empty() {
			return Err(Error::Protocol("the explorer lists no exchange".into()));
		}
		Ok(ids)
	}

	/// Times every kind of search and page, each about another exchange every time.
	fn searches(&self, ids: &[String], times: usize) -> Result<Vec<(String, Spread)>, Error> {
		let organisation = members::pairs(1, 1)?[0].holder.id.0;
		let kinds: [(&str, Box<dyn Fn(&str) -> String>); 8] = [
			("find by handle", Box::new(|id| format!("/api/v1/search?q={id}"))),
			("one exchange", Box::new(|id| format!("/api/v1/exchanges/{id}"))),
			("newest", Box::new(|_| "/api/v1/exchanges".into())),
			(
				"of an organisation",
				Box::new(move |_| format!("/api/v1/exchanges?organisation={organisation}")),
			),
			(
				"of an organisation, by state and purpose",
				Box::new(move |_| {
					format!("/api/v1/exchanges?organisation={organisation}&state=acknowledged&purpose=treatment")
				}),
			),
			("page of an exchange", Box::new(|id| format!("/exchanges/{id}"))),
			("page of exchanges", Box::new(|_| "/exchanges".into())),
			("overview", Box::new(|_| "/".into())),
		];
		let mut random = rand::rng();
		let mut told = Vec::new();
		for (name, path) in kinds {
			let mut times_ms = Vec::new();
			for _ in 0..times.max(1) {
				let path = path(ids.choose(&mut random).map_or("", String::as_str));
				let begun = Instant::now();
				self.ask(&path)?;
				times_ms.push(begun.elapsed().as_secs_f64() * 1e3);
			}
			told.push((name.to_owned(), Spread::of(times_ms)));
		}
		Ok(told)
	}

	/// Verifies bundles of exchanges of all ages and of their transactions, and sees that none with a changed byte is
	/// taken for the same.
	fn prove(
		&self,
		ids: &[String],
		root: &TrustRoot,
		samples: usize,
	) -> Result<(Vec<Proven>, (u64, u64)), Error> {
		let mut chosen: Vec<&String> = ids.iter().collect();
		chosen.shuffle(&mut rand::rng());
		chosen.truncate(samples.max(2));
		// Newest and oldest: both sides of every change.
		chosen.extend([&ids[0], &ids[ids.len() - 1]]);
		let mut spans: Vec<Proven> = Vec::new();
		let mut refused = (0, 0);
		for id in chosen {
			let record = self.json(&format!("/api/v1/exchanges/{id}"))?;
			let last = record["timeline"].as_array().and_then(|timeline| timeline.last());
			let transaction = last.and_then(|event| {
				Some(format!("{}-{}", event["block"].as_u64()?, event["extrinsic"].as_u64()?))
			});
			let transaction = transaction
				.ok_or_else(|| Error::Protocol(format!("exchange {id} has no transaction")))?;
			for (path, is_record) in [
				(format!("/exchanges/{id}/bundle.json"), true),
				(format!("/transactions/{transaction}/bundle.json"), false),
			] {
				let json = self.ask(&path)?;
				let verified = verified(&json, root).map_err(|reason| {
					Error::Protocol(format!("{path} proves nothing: {reason}"))
				})?;
				let key = (verified.set_id, verified.spec_version);
				let place =
					spans.iter().position(|span| (span.authority_set, span.spec_version) == key);
				let place = place.unwrap_or_else(|| {
					let (authority_set, spec_version) = key;
					spans.push(Proven { authority_set, spec_version, records: 0, transactions: 0 });
					spans.len() - 1
				});
				spans[place].records += u64::from(is_record);
				spans[place].transactions += u64::from(!is_record);
				refused.1 += 1;
				refused.0 += u64::from(is_refused_when_changed(&json, root, &verified));
			}
		}
		spans.sort_by_key(|span| (span.authority_set, span.spec_version));
		Ok((spans, refused))
	}
}

fn verified(json: &[u8], root: &TrustRoot) -> Result<curex_verify::Verified, String> {
	let bundle = Bundle::from_json(json).map_err(|error| error.to_string())?;
	curex_verify::verify(&bundle, root).map_err(|error| error.to_string())
}

/// Whether the bundle with one digit changed proves nothing else.
fn is_refused_when_changed(json: &[u8], root: &TrustRoot, honest: &curex_verify::Verified) -> bool {
	let digits: Vec<usize> =
		(0..json.len()).filter(|&place| json[place].is_ascii_hexdigit()).collect();
	let Some(&place) = digits.choose(&mut rand::rng()) else { return false };
	let mut changed = json.to_vec();
	changed[place] = if changed[place] == b'7' { b'8' } else { b'7' };
	match verified(&changed, root) {
		Err(_) => true,
		// A digit that means the same in another place, such as in a number that nothing rests on.
		Ok(other) => {
			(other.block_hash, other.state, other.extrinsic, other.events)
				== (
					honest.block_hash,
					honest.state.clone(),
					honest.extrinsic.clone(),
					honest.events.clone(),
				)
		},
	}
}

/// The results as a table.
pub fn table(results: &Results) -> String {
	use std::fmt::Write;
	let mut text = String::new();
	// Writing to a string cannot fail.
	let _ = writeln!(
		text,
		"{} exchanges on the ledger, {} in the index; records compared: {} in the index, {} in the state, {} missing",
		results.exchanges, results.indexed, results.compared.0, results.compared.1, results.missing
	);
	let _ = writeln!(
		text,
		"{} blocks, {} events of exchanges in {:.0} s: {:.0} events a second; processor time: explorer {:.0} s, its \
		 node {:.0} s; memory {} MiB",
		results.blocks,
		results.events,
		results.seconds,
		results.events_per_second,
		results.processor_s,
		results.node_s,
		results.memory >> 20
	);
	let _ = writeln!(text, "\n{:<42} {:>8} {:>8} {:>8}", "milliseconds", "p50", "p95", "longest");
	for (name, spread) in &results.searches {
		let Spread { p50, p95, greatest, .. } = spread;
		let _ = writeln!(text, "{name:<42} {p50:>8.1} {p95:>8.1} {greatest:>8.1}");
	}
	let _ = writeln!(text, "\nverified bundles    records  transactions");
	for span in &results.proven {
		let name = format!("set {}, runtime {}", span.authority_set, span.spec_version);
		let _ = writeln!(text, "{name:<19} {:>7} {:>13}", span.records, span.transactions);
	}
	let _ = writeln!(
		text,
		"{} of {} bundles with a changed digit proved nothing else",
		results.refused.0, results.refused.1
	);
	text
}
