//! How fast a large part goes from node to node, beside encrypting, copying over TLS and hashing the same file.

use crate::{
	members::{self, Account, Pair},
	network::{self, Network},
	processor::Spent,
	report::say,
	statistics::{ratio, Spread},
	Error,
};
use curex_client::{
	administration::Declaration,
	envelope::{CareRelationship, Professional},
	fhir::PatientIdentification,
	ledger::curex,
	seal::{self, Purpose},
	transfer::{open_file, seal_file},
	Client, EncryptionKey, Options as ClientOptions, Spec,
};
use curex_localnet::process;
use curex_primitives::{
	merkle,
	transfer::{Part, CHUNK_SIZE},
	Category, Confidence, ExchangeId, Gate, LegalBasis, Level, Purpose as Reason,
};
use rand::RngCore;
use serde::Serialize;
use std::{
	fs::{self, File},
	future::Future,
	io::{self, BufReader, BufWriter, Read, Write},
	path::{Path, PathBuf},
	sync::{
		atomic::{AtomicBool, AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, Instant},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{
	rustls::{
		self,
		pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName},
		ClientConfig, RootCertStore, ServerConfig,
	},
	TlsAcceptor, TlsConnector,
};

/// How long a step may go without progress.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often memory is looked at.
const GLANCE: Duration = Duration::from_millis(20);
/// The share of the plain copy's throughput that the transfer should reach.
pub const GOAL: f64 = 0.7;
/// Bytes that each program may need beyond what it had.
pub const MEMORY_GOAL: u64 = 64 * 1024 * 1024;

/// What is measured.
pub struct Options {
	/// The validators.
	pub network: network::Options,
	/// Sizes of the files, in MiB.
	pub sizes_mib: Vec<u64>,
	/// How often each is copied and transferred, in turns.
	pub rounds: u32,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Results {
	/// Version of this form.
	pub version: u32,
	/// Processors of the machine.
	pub processors: usize,
	/// Each size.
	pub files: Vec<Transferred>,
	/// Whether the largest file went at [`GOAL`] or more, within [`MEMORY_GOAL`].
	pub reached: bool,
}

/// Files of one size on their way: the medians over the rounds, and the most memory of any.
#[derive(Debug, Serialize)]
pub struct Transferred {
	/// Bytes of a file, in MiB.
	pub mib: u64,
	/// How often.
	pub rounds: usize,
	/// Sealing it to the recipient (HPKE, hashing of the chunks, disk).
	pub seal: Step,
	/// Leaving it at the holder's node over JSON-RPC.
	pub deposit: Step,
	/// From the holder's node to the recipient's.
	pub node_to_node: Step,
	/// Taking it from the recipient's node over JSON-RPC.
	pub take: Step,
	/// Opening it.
	pub open: Step,
	/// Encrypting, copying over TLS and hashing the same file on loopback.
	pub plain_copy: Step,
	/// Throughput from node to node over that of the plain copy.
	pub ratio: f64,
	/// The same by processor time.
	pub processor_ratio: f64,
	/// The ratio of the whole way.
	pub whole_ratio: f64,
	/// Memory that was needed beyond what was there before, in bytes.
	pub memory: Memory,
}

/// What a step took.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Step {
	/// By the clock, in seconds.
	pub seconds: f64,
	/// Processor time of the client and of both nodes, in seconds; what the nodes do beside is part of it.
	pub processor_s: f64,
}

impl Step {
	/// The medians of both.
	fn median<'a>(steps: impl Iterator<Item = &'a Self> + Clone) -> Self {
		let of = |what: fn(&Self) -> f64| Spread::of(steps.clone().map(what).collect()).p50;
		Self { seconds: of(|step| step.seconds), processor_s: of(|step| step.processor_s) }
	}
}

/// One file on its way.
struct Round {
	plain_copy: Step,
	seal: Step,
	deposit: Step,
	node_to_node: Step,
	take: Step,
	open: Step,
	memory: Memory,
}

impl Round {
	fn whole_s(&self) -> f64 {
		[self.seal, self.deposit, self.node_to_node, self.take, self.open]
			.iter()
			.map(|step| step.seconds)
			.sum()
	}
}

impl Transferred {
	fn of(mib: u64, rounds: &[Round]) -> Self {
		let step = |which: fn(&Round) -> &Step| Step::median(rounds.iter().map(which));
		let median = |of: fn(&Round) -> f64| Spread::of(rounds.iter().map(of).collect()).p50;
		let most = |of: fn(&Memory) -> u64| {
			rounds.iter().map(|round| of(&round.memory)).max().unwrap_or_default()
		};
		Self {
			mib,
			rounds: rounds.len(),
			seal: step(|round| &round.seal),
			deposit: step(|round| &round.deposit),
			node_to_node: step(|round| &round.node_to_node),
			take: step(|round| &round.take),
			open: step(|round| &round.open),
			plain_copy: step(|round| &round.plain_copy),
			// Of each round: what else runs on the machine changes from one to the next.
			ratio: median(|round| ratio(round.plain_copy.seconds, round.node_to_node.seconds)),
			processor_ratio: median(|round| {
				ratio(round.plain_copy.processor_s, round.node_to_node.processor_s)
			}),
			whole_ratio: median(|round| ratio(round.plain_copy.seconds, round.whole_s())),
			memory: Memory {
				client: most(|memory| memory.client),
				holder: most(|memory| memory.holder),
				recipient: most(|memory| memory.recipient),
			},
		}
	}
}

/// Memory of the programs (`RssAnon`), beyond what they held before.
#[derive(Debug, Serialize)]
pub struct Memory {
	/// The client, holder and recipient in one.
	pub client: u64,
	/// The holder's node.
	pub holder: u64,
	/// The recipient's node.
	pub recipient: u64,
}

/// Measures.
pub async fn run(options: &Options) -> Result<Results, Error> {
	let pairs = members::pairs(1, 1)?;
	say("starting four validators");
	let mut network = Network::start(&options.network, &pairs)?;
	let endpoints = network.endpoints();
	let sides = Sides::connect(&pairs[0], &endpoints).await?;
	let watched = [std::process::id(), network.nodes[HOLDER].id(), network.nodes[RECIPIENT].id()];
	let mut files = Vec::new();
	for &mib in &options.sizes_mib {
		let mut rounds = Vec::new();
		for round in 1..=options.rounds {
			say(&format!("a file of {mib} MiB, {round} of {}", options.rounds));
			let folder = tempfile::tempdir_in(&options.network.home)
				.map_err(Error::at(&options.network.home))?;
			let source = folder.path().join("file");
			make_file(&source, mib)?;
			let ends = tls(folder.path())?;
			let copying = plain_copy(&source, folder.path(), ends);
			let ((), plain_copy) = timed(watched, copying).await?;
			rounds.push(sides.transfer(&source, folder.path(), watched, plain_copy).await?);
			network.check()?;
		}
		files.push(Transferred::of(mib, &rounds));
	}
	let reached = files.last().is_some_and(|file| {
		let Memory { client, holder, recipient } = file.memory;
		file.ratio >= GOAL && [client, holder, recipient].iter().all(|&used| used <= MEMORY_GOAL)
	});
	let processors = std::thread::available_parallelism().map_or(1, usize::from);
	Ok(Results { version: 2, processors, files, reached })
}

/// At which node the holder is, and at which the recipient.
const HOLDER: usize = 0;
const RECIPIENT: usize = 1;

struct Sides {
	holder: Client,
	recipient: Client,
	spec: Spec,
}

impl Sides {
	async fn connect(pair: &Pair, endpoints: &[String]) -> Result<Self, Error> {
		let [holder, recipient] = [(&pair.holder, HOLDER), (&pair.recipient, RECIPIENT)];
		let first = |lanes: &[[Account; members::STEPS_OF_A_SIDE]]| lanes[0][0].signer.clone();
		let holder = connect(&endpoints[holder.1], first(&holder.0.lanes)).await?;
		let recipient = connect(&endpoints[recipient.1], first(&recipient.0.lanes)).await?;
		// The gate asks for the recipient's risk.
		recipient
			.declare_assessment(&Declaration {
				cyber: Level::Low,
				privacy: Level::Low,
				patient_safety: Level::Low,
				confidence: Confidence::High,
				days: 30,
				basis: "bench".into(),
			})
			.await?;
		Ok(Self { holder, recipient, spec: spec(pair) })
	}

	async fn transfer(
		&self,
		source: &Path,
		folder: &Path,
		watched: [u32; 3],
		plain_copy: Step,
	) -> Result<Round, Error> {
		let [sealed, taken, opened] = ["sealed", "taken", "opened"].map(|name| folder.join(name));
		let id = self.begin().await?;
		let key = EncryptionKey::generate();
		let purpose = Purpose::Part(self.holder.genesis(), id, Part::Payload);
		let observed = Observed::begin(watched)?;

		let (manifest, seal) = {
			let (to, from, into) = (key.public(), source.to_owned(), sealed.clone());
			let sealing = blocking(move || seal_file(&to, purpose, &from, &into, rand::random()));
			timed(watched, sealing).await?
		};
		let commitment = manifest.commitment(Part::Payload, &id);
		let call = curex::tx().exchange().dispatch(id.into(), commitment.into());
		self.holder.submit(&call).await?.finalized().await?;
		let depositing = self.holder.deposit_file(id, Part::Payload, &manifest, &sealed);
		let ((), deposit) = timed(watched, depositing).await?;

		// The recipient's node has to have seen the block that finalises the dispatch.
		self.await_final(id).await?;
		let ((), node_to_node) = timed(watched, self.recipient.bring(id, Part::Payload)).await?;
		let taking = self.recipient.fetch_file(id, Part::Payload, commitment, &taken);
		let (_, take) = timed(watched, taking).await?;
		let (_, open) = {
			let (from, into) = (taken.clone(), opened.clone());
			timed(watched, blocking(move || open_file(&key, purpose, &from, &into))).await?
		};
		let memory = observed.end();
		if hash(source)? != hash(&opened)? {
			return Err(Error::Protocol("what arrived is not what was sent".into()));
		}
		Ok(Round { plain_copy, seal, deposit, node_to_node, take, open, memory })
	}

	/// A request that its holder approved.
	async fn begin(&self) -> Result<ExchangeId, Error> {
		let pending = self.recipient.prepare_request(&self.spec, None).await?;
		self.recipient.begin(&pending).await?.finalized().await?;
		let call = curex::tx().exchange().approve(pending.id().into());
		self.holder.submit(&call).await?.finalized().await?;
		Ok(pending.id())
	}

	async fn await_final(&self, id: ExchangeId) -> Result<(), Error> {
		let begun = Instant::now();
		while begun.elapsed() < PATIENCE {
			let exchange = self.recipient.exchange(id, curex_client::View::Finalised).await?;
			if exchange.is_some_and(|exchange| exchange.payload.is_some()) {
				return Ok(());
			}
			tokio::time::sleep(GLANCE).await;
		}
		Err(Error::Protocol("the dispatch did not become final".into()))
	}
}

/// Connects once the node answers.
pub async fn connect(endpoint: &str, signer: curex_client::Signer) -> Result<Client, Error> {
	let options = || ClientOptions { patience: PATIENCE, ..ClientOptions::default() };
	let begun = Instant::now();
	loop {
		match Client::connect_with(endpoint, signer.clone(), options()).await {
			Ok(client) => return Ok(client),
			Err(error) if begun.elapsed() > PATIENCE || !error.is_retryable() => {
				return Err(error.into());
			},
			Err(_) => tokio::time::sleep(Duration::from_millis(250)).await,
		}
	}
}

/// What the recipient of a pair asks its holder for.
pub fn spec(pair: &Pair) -> Spec {
	Spec {
		partner: pair.holder.id,
		gate: Gate::Statutory(LegalBasis::CARE),
		purpose: Reason::Treatment,
		categories: Category::PatientSummary.into(),
		border: None,
		patient: PatientIdentification {
			identifiers: Vec::new(),
			family: "Bench".into(),
			given: Vec::new(),
			birth_date: "1970-01-01".into(),
		},
		professional: Professional {
			identifier: "1".into(),
			name: "Bench".into(),
			role: "physician".into(),
		},
		care_relationship: CareRelationship::Treating,
	}
}

/// Runs what computes where it holds up nothing.
async fn blocking<T: Send + 'static>(
	work: impl FnOnce() -> Result<T, curex_client::Error> + Send + 'static,
) -> Result<T, Error> {
	let done = tokio::task::spawn_blocking(work).await;
	Ok(done.map_err(|reason| Error::Protocol(reason.to_string()))??)
}

/// Does something, and says what it took these programs.
async fn timed<T, E: Into<Error>>(
	programs: [u32; 3],
	work: impl Future<Output = Result<T, E>>,
) -> Result<(T, Step), Error> {
	let (begun, spent) = (Instant::now(), Spent::of(&programs));
	let done = work.await.map_err(Into::into)?;
	let seconds = begun.elapsed().as_secs_f64();
	Ok((done, Step { seconds, processor_s: Spent::of(&programs).since(&spent) }))
}

/// A file that cannot be compressed.
fn make_file(path: &Path, mib: u64) -> Result<(), Error> {
	let mut file = File::create(path).map_err(Error::at(path))?;
	let mut bytes = vec![0; 1024 * 1024];
	for _ in 0..mib {
		rand::rng().fill_bytes(&mut bytes);
		file.write_all(&bytes).map_err(Error::at(path))?;
	}
	file.sync_all().map_err(Error::at(path))
}

fn hash(path: &Path) -> Result<[u8; 32], Error> {
	let mut file = File::open(path).map_err(Error::at(path))?;
	let mut chunk = vec![0; CHUNK_SIZE];
	let mut leaves = Vec::new();
	loop {
		let length = fill(&mut file, &mut chunk).map_err(Error::at(path))?;
		if length == 0 {
			return Ok(merkle::Tree::new(leaves).top());
		}
		leaves.push(merkle::leaf(&chunk[..length]));
	}
}

/// Reads until the buffer is full or nothing is left.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
	let mut length = 0;
	while length < buffer.len() {
		match source.read(&mut buffer[length..])? {
			0 => break,
			read => length += read,
		}
	}
	Ok(length)
}

/// Encrypts a file with HPKE while it is sent over TLS 1.3 on loopback, where it is hashed in chunks and written: what a
/// hospital would do with a plain server. Both sides go at the same time.
async fn plain_copy(
	source: &Path,
	folder: &Path,
	(acceptor, connector): (TlsAcceptor, TlsConnector),
) -> Result<(), Error> {
	let copied = folder.join("copied");
	let failed = |reason: io::Error| Error::Protocol(format!("the plain copy: {reason}"));
	let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
	let address = listener.local_addr().map_err(failed)?;
	let receiving = {
		let copied = copied.clone();
		tokio::spawn(async move {
			let (stream, _) = listener.accept().await?;
			receive(acceptor.accept(stream).await?, &copied).await
		})
	};
	let stream = tokio::net::TcpStream::connect(address).await.map_err(failed)?;
	let name = ServerName::try_from("localhost").expect("localhost is a name; qed");
	let mut stream = connector.connect(name, stream).await.map_err(failed)?;
	let (sender, mut segments) = tokio::sync::mpsc::channel::<Vec<u8>>(16);
	let sealing = {
		let source = source.to_owned();
		tokio::task::spawn_blocking(move || seal_into(&source, sender))
	};
	while let Some(segment) = segments.recv().await {
		stream.write_all(&segment).await.map_err(failed)?;
	}
	stream.shutdown().await.map_err(failed)?;
	let ended = |reason: tokio::task::JoinError| Error::Protocol(reason.to_string());
	sealing.await.map_err(ended)??;
	let received = receiving.await.map_err(ended)?.map_err(failed)?;
	let length = fs::metadata(source).map_err(Error::at(source))?.len();
	if received != seal::sealed_length(length) {
		return Err(Error::Protocol("the plain copy is not complete".into()));
	}
	fs::remove_file(&copied).map_err(Error::at(&copied))
}

fn seal_into(path: &Path, sender: tokio::sync::mpsc::Sender<Vec<u8>>) -> Result<(), Error> {
	/// Hands over what is written.
	struct Channel(tokio::sync::mpsc::Sender<Vec<u8>>);
	impl Write for Channel {
		fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
			let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
			self.0.blocking_send(bytes.to_vec()).map_err(gone)?;
			Ok(bytes.len())
		}

		fn flush(&mut self) -> io::Result<()> {
			Ok(())
		}
	}
	let file = File::open(path).map_err(Error::at(path))?;
	let length = file.metadata().map_err(Error::at(path))?.len();
	let key = EncryptionKey::generate().public();
	let purpose = Purpose::Part([0; 32], ExchangeId([0; 32]), Part::Payload);
	let mut target = BufWriter::with_capacity(CHUNK_SIZE, Channel(sender));
	seal::seal_stream(&key, purpose, &mut BufReader::new(file), length, &mut target)?;
	target.flush().map_err(Error::at(path))
}

async fn receive(
	mut stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>,
	path: &Path,
) -> io::Result<u64> {
	let mut file = File::create(path)?;
	let mut chunk = vec![0; CHUNK_SIZE];
	let (mut leaves, mut received) = (Vec::new(), 0);
	loop {
		let mut length = 0;
		while length < chunk.len() {
			match stream.read(&mut chunk[length..]).await? {
				0 => break,
				read => length += read,
			}
		}
		if length == 0 {
			break;
		}
		leaves.push(merkle::leaf(&chunk[..length]));
		file.write_all(&chunk[..length])?;
		received += length as u64;
	}
	std::hint::black_box(merkle::Tree::new(leaves).root());
	file.sync_all()?;
	Ok(received)
}

/// Both ends of TLS, with a certificate that lives as long as the folder.
fn tls(folder: &Path) -> Result<(TlsAcceptor, TlsConnector), Error> {
	let [certificate, key, bare] = ["certificate", "key", "bare"].map(|name| folder.join(name));
	let text = |path: &Path| path.display().to_string();
	let openssl = |arguments: &str, files: [&str; 4]| {
		let command = ["openssl"].into_iter().chain(arguments.split(' ')).chain(files);
		process::output(&command.map(String::from).collect::<Vec<_>>())
	};
	openssl(
		"req -x509 -newkey ed25519 -nodes -days 1 -subj /CN=localhost -addext basicConstraints=CA:FALSE \
		 -addext subjectAltName=DNS:localhost -outform DER",
		["-keyout", &text(&key), "-out", &text(&certificate)],
	)?;
	openssl("pkcs8 -topk8 -nocrypt -outform DER", ["-in", &text(&key), "-out", &text(&bare)])?;
	let read = |path: &Path| fs::read(path).map_err(Error::at(path));
	let certificate = CertificateDer::from(read(&certificate)?);
	let key = PrivatePkcs8KeyDer::from(read(&bare)?);
	let failed = |error: rustls::Error| Error::Protocol(format!("a certificate: {error}"));
	let mut roots = RootCertStore::empty();
	roots.add(certificate.clone()).map_err(failed)?;
	let server = ServerConfig::builder()
		.with_no_client_auth()
		.with_single_cert(vec![certificate], key.into())
		.map_err(failed)?;
	let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
	Ok((TlsAcceptor::from(Arc::new(server)), TlsConnector::from(Arc::new(client))))
}

/// Watches how much memory programs hold.
struct Observed {
	first: [u64; 3],
	most: Arc<[AtomicU64; 3]>,
	ended: Arc<AtomicBool>,
}

impl Observed {
	fn begin(programs: [u32; 3]) -> Result<Self, Error> {
		let mut first = [0; 3];
		for (held, program) in first.iter_mut().zip(programs) {
			*held = held_by(program)?;
		}
		let most = Arc::new(first.map(AtomicU64::new));
		let ended = Arc::new(AtomicBool::new(false));
		let (seen, stop) = (most.clone(), ended.clone());
		std::thread::spawn(move || {
			while !stop.load(Ordering::Relaxed) {
				for (most, program) in seen.iter().zip(programs) {
					// A program that has ended is told elsewhere.
					most.fetch_max(held_by(program).unwrap_or(0), Ordering::Relaxed);
				}
				std::thread::sleep(GLANCE);
			}
		});
		Ok(Self { first, most, ended })
	}

	fn end(self) -> Memory {
		self.ended.store(true, Ordering::Relaxed);
		let beyond = |index: usize| self.most[index].load(Ordering::Relaxed) - self.first[index];
		Memory { client: beyond(0), holder: beyond(1), recipient: beyond(2) }
	}
}

/// Bytes of memory that a program holds, files mapped into it left out.
fn held_by(program: u32) -> Result<u64, Error> {
	let path = PathBuf::from(format!("/proc/{program}/status"));
	let text = fs::read_to_string(&path).map_err(Error::at(&path))?;
	let kib = text
		.lines()
		.find_map(|line| line.strip_prefix("RssAnon:"))
		.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
		.ok_or_else(|| Error::Protocol(format!("{} has no RssAnon", path.display())))?;
	Ok(kib * 1024)
}

/// The results as a table.
pub fn table(results: &Results) -> String {
	let mut text = format!(
		"Two of four validators on one machine, {} processors; seconds by the clock (processor time of client and both \
		 nodes), and MiB of memory beyond what was held\n\n",
		results.processors
	);
	text += "    MiB            seal         deposit      node→node            take            open      plain copy  ratio \
		 (proc)  whole | client holder recipient\n";
	let mib = |bytes: u64| bytes as f64 / (1024.0 * 1024.0);
	let step = |step: &Step| format!("{:.2} ({:.2})", step.seconds, step.processor_s);
	for file in &results.files {
		text += &format!(
			"{:>7} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15} {:>6.2} {:>6.2} {:>6.2} | {:>6.1} {:>6.1} {:>9.1}\n",
			file.mib,
			step(&file.seal),
			step(&file.deposit),
			step(&file.node_to_node),
			step(&file.take),
			step(&file.open),
			step(&file.plain_copy),
			file.ratio,
			file.processor_ratio,
			file.whole_ratio,
			mib(file.memory.client),
			mib(file.memory.holder),
			mib(file.memory.recipient),
		);
	}
	text + &format!(
		"\nGoal: ratio {GOAL} from node to node and {} MiB, for the largest: {}",
		MEMORY_GOAL / 1024 / 1024,
		if results.reached { "reached" } else { "not reached" }
	)
}
