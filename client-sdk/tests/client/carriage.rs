//! A ledger of one exchange whose steps are taken by what is submitted, and a node that carries its parts as the real one does: in
//! chunks, when the state allows, if they are what the ledger is committed to.

use crate::{
	gateway::{HOLDER, RECIPIENT},
	node::{call_of, encoded_call, Node, Reply},
};
use base64::{engine::general_purpose::STANDARD as BASE64, Engine};
use codec::{Decode, Encode};
use curex_client::{
	fhir::Directory,
	gateway::{Setup, Store},
	Client, EncryptionKey, Gateway, Signer, Spec,
};
use curex_primitives::{
	exchange::exchange_id,
	merkle,
	transfer::{Authorisation, Carriage, Manifest, Part},
	AcknowledgementCode, Commitment, Direction, Duties, Exchange, ExchangeId, ExchangeProposal,
	ExchangeState, Gate, OrganisationId,
};
use serde_json::{json, Value};
use std::{
	collections::{BTreeMap, HashMap},
	path::{Path, PathBuf},
	sync::{Arc, Mutex},
};

/// What lies at the node of one part.
#[derive(Default)]
struct Carried {
	manifest: Value,
	count: u64,
	chunks: BTreeMap<u64, Vec<u8>>,
}

impl Carried {
	fn is_complete(&self) -> bool {
		self.count > 0 && self.chunks.len() as u64 == self.count
	}

	fn status(&self) -> Reply {
		let missing = (0..self.count).filter(|index| !self.chunks.contains_key(index));
		let missing: Vec<[u64; 2]> = missing.map(|index| [index, index + 1]).collect();
		Reply::Value(json!({
			"complete": self.is_complete(), "received": self.chunks.len(), "chunks": self.count,
			"missing": missing, "failure": null,
		}))
	}
}

/// The exchange on the ledger, and what lies at the node.
#[derive(Default)]
struct World {
	exchange: Option<(ExchangeId, Exchange)>,
	parts: HashMap<u8, Carried>,
}

/// A holder and a recipient at one node. All members have one encryption key, which keeps the ledger small.
pub struct Scene {
	pub node: Node,
	pub folder: tempfile::TempDir,
	world: Arc<Mutex<World>>,
	/// The encryption key of all members.
	pub key: EncryptionKey,
}

pub async fn scene() -> Scene {
	let (node, key) = (Node::new(), EncryptionKey::generate());
	let bob = Signer::development("//Bob").unwrap().account();
	node.function("ConsortiumApi_delegate", move |asked| {
		let of = if asked == bob { RECIPIENT } else { HOLDER };
		Some((of, Duties::all())).encode()
	});
	node.every_member_is_a_hospital(&key);
	node.method("state_getKeysPaged", |_| Reply::Value(json!([])));
	let scene = Scene { node, folder: tempfile::tempdir().unwrap(), world: Arc::default(), key };
	scene.obey();
	scene.carry();
	scene
}

impl Scene {
	/// Has the ledger take the steps that are submitted.
	fn obey(&self) {
		let world = self.world.clone();
		self.node.function("ExchangeApi_exchange", move |asked| {
			let asked = ExchangeId::decode(&mut &asked[..]).unwrap();
			let known = world.lock().unwrap().exchange.clone();
			known.filter(|(id, _)| *id == asked).map(|(_, exchange)| exchange).encode()
		});
		let world = self.world.clone();
		self.node.method("author_submitAndWatchExtrinsic", move |params| {
			let extrinsic = hex::decode(&params[0].as_str().unwrap()[2..]).unwrap();
			let name = call_of(&extrinsic);
			let name = name.strip_prefix("Exchange (").unwrap().split(' ').next().unwrap();
			// Pallet and call, then what the call takes.
			world.lock().unwrap().step(name, &encoded_call(&extrinsic)[2..]);
			Reply::Value(Value::Null)
		});
	}

	/// Has the node carry parts.
	fn carry(&self) {
		let on = |name: &str, answer: fn(&mut Carried, &[Value], Errand) -> Reply| {
			let world = self.world.clone();
			self.node.method(name, move |params| {
				let bytes = hex::decode(&params[0].as_str().unwrap()[2..]).unwrap();
				let Authorisation { exchange: id, part, .. } =
					Authorisation::decode(&mut &bytes[..]).unwrap();
				let World { exchange, parts } = &mut *world.lock().unwrap();
				let known = exchange.as_ref().filter(|(known, _)| *known == id);
				match known.and_then(|(_, exchange)| Carriage::of_exchange(part, exchange)) {
					Some(carriage) => {
						let carried = parts.entry(part as u8).or_default();
						answer(carried, params, Errand { id, part, carriage })
					},
					None => Reply::Error(12004, "it may not travel now"),
				}
			});
		};
		on("curex_depositBegin", |carried, params, Errand { id, part, carriage }| {
			let text = &params[1];
			let mut salt = [0; 32];
			hex::decode_to_slice(&text["salt"].as_str().unwrap()[2..], &mut salt).unwrap();
			let length = text["length"].as_u64().unwrap();
			let root = text["root"].as_str().unwrap().parse().unwrap();
			let manifest = Manifest { salt, length, root };
			if manifest.commitment(part, &id) != carriage.commitment {
				return Reply::Error(12006, "its commitment is not the ledger's");
			}
			(carried.manifest, carried.count) = (text.clone(), manifest.chunks());
			carried.status()
		});
		on("curex_depositChunk", |carried, params, _| {
			let bytes = BASE64.decode(params[2].as_str().unwrap()).unwrap();
			carried.chunks.insert(params[1].as_u64().unwrap(), bytes);
			carried.status()
		});
		on("curex_fetch", |carried, _, _| match carried.is_complete() {
			true => carried.status(),
			false => Reply::Error(12014, "none of 3 nodes served the part"),
		});
		on("curex_manifest", |carried, _, _| Reply::Value(carried.manifest.clone()));
		on("curex_chunk", |carried, params, _| {
			let index = params[1].as_u64().unwrap() as usize;
			let chunks: Vec<&[u8]> = carried.chunks.values().map(Vec::as_slice).collect();
			let proof = merkle::prove(&chunks, index).unwrap();
			let siblings = proof.siblings.iter().map(|node| format!("0x{}", hex::encode(node)));
			Reply::Value(json!({
				"bytes": BASE64.encode(chunks[index]),
				"proof": {
					"index": proof.index, "count": proof.count,
					"siblings": siblings.collect::<Vec<_>>(),
				},
			}))
		});
	}

	/// The exchange as it stands.
	pub fn exchange(&self) -> Exchange {
		self.world.lock().unwrap().exchange.clone().unwrap().1
	}

	pub fn state(&self) -> ExchangeState {
		self.exchange().state
	}

	/// Changes the exchange on the ledger.
	pub fn stands(&self, change: impl FnOnce(&mut Exchange)) {
		change(&mut self.world.lock().unwrap().exchange.as_mut().unwrap().1);
	}

	/// Whether all of a part lies at the node.
	pub fn has(&self, part: Part) -> bool {
		let world = self.world.lock().unwrap();
		world.parts.get(&(part as u8)).is_some_and(Carried::is_complete)
	}

	/// Spoils a part that lies at the node.
	pub fn spoil(&self, part: Part) {
		let mut world = self.world.lock().unwrap();
		let chunks = &mut world.parts.get_mut(&(part as u8)).unwrap().chunks;
		chunks.values_mut().last().unwrap()[0] ^= 1;
	}

	pub async fn holder(&self) -> Client {
		self.node.client(Some(Signer::development("//Alice").unwrap())).await
	}

	pub async fn recipient(&self) -> Client {
		self.node.client(Some(Signer::development("//Bob").unwrap())).await
	}

	/// The gateway of a client, over the store of this name; opened again it goes on with that.
	pub async fn gateway(&self, client: Client, name: &str) -> Gateway {
		let folder = self.folder.path().join(name);
		let inbox = folder.join("inbox");
		std::fs::create_dir_all(&inbox).unwrap();
		let store = Store::open(&folder.join("gateway.sqlite"), client.genesis()).unwrap();
		let key = EncryptionKey::from_bytes(*self.key.to_bytes());
		let source = Some(Arc::new(Directory::new(&folder)) as _);
		Gateway::open(client, Setup { key, source, inbox: Some(inbox), store }).await.unwrap()
	}
}

/// What a method of the transfer is called for.
struct Errand {
	id: ExchangeId,
	part: Part,
	carriage: Carriage,
}

impl World {
	fn step(&mut self, call: &str, mut taken: &[u8]) {
		if matches!(call, "request" | "offer" | "break_glass") {
			let key: [u8; 32] = Decode::decode(&mut taken).unwrap();
			let proposal = ExchangeProposal::decode(&mut taken).unwrap();
			let (initiator, direction, state) = match call {
				"request" => (RECIPIENT, Direction::Pull, ExchangeState::Requested),
				"offer" => (HOLDER, Direction::Push, ExchangeState::Offered),
				_ => (RECIPIENT, Direction::Pull, ExchangeState::Approved),
			};
			let exchange = Exchange::proposed(initiator, direction, &proposal);
			let id = exchange_id(initiator, &key);
			self.exchange = Some((id, Exchange { state, ..exchange }));
			return;
		}
		let (id, exchange) = self.exchange.as_mut().unwrap();
		assert_eq!(ExchangeId::decode(&mut taken).unwrap(), *id, "{call}");
		let mut commitment = || Commitment::decode(&mut taken).unwrap();
		exchange.state = match call {
			"approve" => ExchangeState::Approved,
			"accept" => {
				exchange.recipient_key = commitment();
				ExchangeState::Approved
			},
			"dispatch" => {
				exchange.payload = Some(commitment());
				ExchangeState::Dispatched
			},
			"receive" => {
				exchange.receipt = Some(commitment());
				ExchangeState::Delivered
			},
			"acknowledge" => {
				let code = AcknowledgementCode::decode(&mut taken).unwrap();
				exchange.acknowledgement = Some(code);
				ExchangeState::Acknowledged
			},
			other => panic!("this ledger knows no {other}"),
		};
	}
}

/// What is asked for or offered, under a gate.
pub fn spec(partner: OrganisationId, gate: Gate) -> Spec {
	let spec = json!({
		"partner": partner, "gate": gate, "purpose": "treatment", "categories": ["test-result"],
		"patient": {
			"identifiers": [{"system": "urn:oid:1.2.3", "value": "MRN-9"}],
			"family": "Papadopoulou", "given": ["Eleni"], "birth-date": "1956-05-27",
		},
		"professional": {"identifier": "17", "name": "Dr. Georgiou", "role": "physician"},
		"care-relationship": "treating",
	});
	Spec::from_json(spec.to_string().as_bytes()).unwrap()
}

/// An HL7 v2 message about the patient, of so many bytes.
pub fn message(length: usize) -> Vec<u8> {
	let heading = [
		r"MSH|^~\&|LAB|GENERAL|GP|CENTRE|20261128101500||ORU^R01^ORU_R01|42|P|2.5.1",
		r"PID|1||MRN-9^^^GENERAL^MR||Papadopoulou^Eleni||19560527|F",
		r"OBX|1|ED|||",
	];
	let mut message = heading.join("\r").into_bytes();
	let more = (message.len()..length).map(|place| b'A' + (place / 4_099 % 26) as u8);
	message.extend(more.collect::<Vec<u8>>());
	message
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
	let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
	entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
