//! Bundles that somebody forged: whatever is accepted has to say what the honest chain says.
//!
//! The first byte chooses. Either the rest is the JSON of a bundle, or it is a list of steps that alter an honest one:
//! single bytes of its parts, parts left out, repeated, exchanged or taken from a branch that nobody finalised, and
//! justifications put together anew. The forger holds the key of one authority in four, who signs whatever helps, and
//! every vote that the honest ones ever signed.
#![no_main]

#[path = "../../tests/chain/mod.rs"]
mod chain;

use chain::{keys, Chain, ROUND, SPEC_VERSION};
use codec::Encode;
use curex_verify::{
	bundle::{events_key, runtime_version_key},
	verify, Bundle, Bytes, Entry, ExtrinsicEntry, HandOver, Header, TrustRoot,
};
use finality_grandpa::{Commit, Message, Precommit, SignedPrecommit};
use libfuzzer_sys::fuzz_target;
use sp_consensus_grandpa::{
	localized_payload, AuthorityId, AuthoritySignature, ConsensusLog, GrandpaJustification,
	ScheduledChange, GRANDPA_ENGINE_ID,
};
use sp_core::{ed25519, Pair, H256};
use sp_runtime::{generic::DigestItem, traits::Header as _};
use std::{path::PathBuf, sync::LazyLock};

/// What the honest authorities finalised: the set, the block of its justification.
const FINALISED: [(u8, u32); 3] = [(0, 2), (1, 4), (2, 8)];

/// The member of every set whose key the forger holds.
const TRAITOR: usize = 3;

/// The first block of the forger's branch.
const FORK: u32 = 3;

/// The most steps of one forgery.
const MOST_STEPS: usize = 24;

struct World {
	chain: Chain,
	root: TrustRoot,
	/// The honest chain and the forger's branch from block [`FORK`] on: one list, as the forger draws from both.
	headers: Vec<Header>,
	/// Keys of every set, and after them of a set that the forger made up.
	keys: Vec<Vec<ed25519::Pair>>,
	bundles: Vec<Bundle>,
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);

impl World {
	fn new() -> Self {
		let chain = Chain::with_two_changes();
		let lie = Chain::holding(
			[
				(b"record".to_vec(), b"another commitment, which nobody ever recorded".to_vec()),
				(events_key().to_vec(), b"lies".to_vec()),
			],
			vec![vec![1; 11], b"an extrinsic that is in no block of the chain".to_vec()],
		);
		let made_up: Vec<ed25519::Pair> =
			(0..4).map(|member| ed25519::Pair::from_seed(&[200 + member; 32])).collect();
		let mut headers = chain.headers().to_vec();
		let mut parent = headers[FORK as usize - 1].hash();
		for number in FORK..10 {
			let source = &lie.headers()[number as usize];
			let mut header = Header::new(
				number,
				*source.extrinsics_root(),
				*source.state_root(),
				parent,
				Default::default(),
			);
			if number == 4 {
				let next =
					made_up.iter().map(|pair| (AuthorityId::from(pair.public()), 1)).collect();
				let change = ScheduledChange { next_authorities: next, delay: 0 };
				let log = ConsensusLog::<u32>::ScheduledChange(change).encode();
				header.digest_mut().push(DigestItem::Consensus(GRANDPA_ENGINE_ID, log));
			}
			parent = header.hash();
			headers.push(header);
		}
		let record = b"record".to_vec();
		let version = runtime_version_key().to_vec();
		let mut smallest = chain.bundle_of(&[record.clone(), version]);
		smallest.extrinsic = None;
		// The lie, with every vote that there is: those for the truth.
		let honest = chain.bundle();
		let mut lying = lie.bundle();
		lying.authority_set_chain = honest.authority_set_chain.clone();
		lying.justification = honest.justification.clone();
		let branch = headers.iter().skip(chain.headers().len());
		let from_record = branch.filter(|header| (6..=8).contains(header.number()));
		lying.headers = from_record.map(|header| header.encode().into()).collect();
		let bundles = vec![honest, smallest, lying];
		let keys = (0..3).map(keys).chain([made_up]).collect();
		Self { root: chain.trust_root(), chain, headers, keys, bundles }
	}

	/// What an accepted bundle says has to be so.
	fn check(&self, bundle: &Bundle) {
		let Ok(verified) = verify(bundle, &self.root) else { return };
		let number = verified.header.number as usize;
		let honest = self.chain.headers();
		assert_eq!(verified.header, honest[number], "a header that is not on the chain");
		assert_eq!(verified.block_hash, honest[number].hash());
		assert!(
			FINALISED
				.iter()
				.any(|&(set, block)| verified.set_id == u64::from(set)
					&& verified.justified_by <= block),
			"set {} did not finalise block {}",
			verified.set_id,
			verified.justified_by
		);
		assert!(number <= verified.justified_by as usize);
		assert_eq!(verified.spec_version, SPEC_VERSION);
		for entry in &verified.state {
			assert_eq!(
				Some(entry.value.as_ref()),
				self.chain.value(entry.key.as_ref()),
				"a false value"
			);
		}
		if let Some((index, bytes)) = &verified.extrinsic {
			assert_eq!(
				Some(bytes),
				self.chain.extrinsics.get(*index as usize),
				"a false extrinsic"
			);
			assert!(verified.events.is_some());
		}
		if let Some(events) = &verified.events {
			assert_eq!(Some(events.as_slice()), self.chain.value(&events_key()), "false events");
		}
	}
}

/// Reads choices from the fuzzer's bytes; at their end, zeros.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
	fn byte(&mut self) -> u8 {
		let Some((first, rest)) = self.0.split_first() else { return 0 };
		self.0 = rest;
		*first
	}

	fn below(&mut self, most: usize) -> usize {
		let wide = usize::from(self.byte()) | usize::from(self.byte()) << 8;
		wide % most.max(1)
	}

	fn of<'b, T>(&mut self, list: &'b [T]) -> &'b T {
		&list[usize::from(self.byte()) % list.len()]
	}
}

/// A justification as the forger puts it together: of any block, with any votes and any ancestry.
fn justification(world: &World, choices: &mut Choices) -> Vec<u8> {
	let target = choices.of(&world.headers);
	let claimed = *choices.of(&[0u8, 1, 2, 3]);
	let round = *choices.of(&[ROUND, ROUND, ROUND, ROUND + 1]);
	let votes = usize::from(choices.byte() % 6);
	let precommits = (0..votes)
		.map(|_| {
			let member = usize::from(choices.byte() % 4);
			let set = usize::from(claimed);
			let pair = &world.keys[set][member];
			let header = choices.of(&world.headers);
			let mut precommit = Precommit::new(header.hash(), *header.number());
			let message = Message::Precommit(precommit.clone());
			// Who is honest signed this once, if at all; the traitor and the made-up signed everything.
			let honest = FINALISED.iter().any(|&(of, block)| {
				of == claimed && round == ROUND && world.chain.hash(block) == header.hash()
			});
			let signed_as = *choices.of(&[u64::from(claimed), u64::from(claimed), 0, 1, 2]);
			let signs =
				set == 3 || member == TRAITOR || (honest && signed_as == u64::from(claimed));
			let mut signature = if signs {
				pair.sign(&localized_payload(round, signed_as, &message))
			} else {
				// The nearest that there is: an honest vote for what was finalised, or the traitor's own.
				let (of, block) = *choices.of(&FINALISED);
				let real = Precommit::new(world.chain.hash(block), block);
				let signer = if choices.byte() % 2 == 0 { member } else { TRAITOR };
				let payload = localized_payload(ROUND, of.into(), &Message::Precommit(real));
				world.keys[usize::from(of)][signer].sign(&payload)
			};
			match choices.byte() {
				250 => precommit.target_number = precommit.target_number.wrapping_add(1),
				251 => precommit.target_hash = H256::repeat_byte(choices.byte()),
				252 => signature.0[choices.below(64)] ^= choices.byte(),
				_ => {},
			}
			let id = match choices.byte() {
				255 => AuthorityId::from(world.keys[set][TRAITOR].public()),
				_ => AuthorityId::from(pair.public()),
			};
			SignedPrecommit { precommit, signature: AuthoritySignature::from(signature), id }
		})
		.collect();
	let ancestry = usize::from(choices.byte() % 4);
	GrandpaJustification::<Header> {
		round,
		commit: Commit { target_hash: target.hash(), target_number: *target.number(), precommits },
		votes_ancestries: (0..ancestry).map(|_| choices.of(&world.headers).clone()).collect(),
	}
	.encode()
}

/// A part of a bundle by number; there are as many as the bundle has.
fn part(bundle: &mut Bundle, number: usize) -> Option<&mut Bytes> {
	let Bundle {
		genesis,
		authority_set_chain,
		headers,
		justification,
		state,
		state_proof,
		extrinsic,
		..
	} = bundle;
	let mut parts: Vec<&mut Bytes> = vec![genesis, justification];
	for change in authority_set_chain {
		parts.extend([&mut change.header, &mut change.justification]);
	}
	parts.extend(headers);
	for entry in state {
		parts.extend([&mut entry.key, &mut entry.value]);
	}
	parts.extend(state_proof);
	if let Some(entry) = extrinsic {
		parts.push(&mut entry.bytes);
		parts.extend(&mut entry.proof);
	}
	let count = parts.len();
	parts.into_iter().nth(number % count)
}

/// Leaves out, repeats, exchanges or appends an element.
fn rearrange<T: Clone>(list: &mut Vec<T>, other: &[T], choices: &mut Choices) {
	let (one, two) = (choices.below(list.len()), choices.below(list.len()));
	match choices.byte() % 5 {
		0 if !list.is_empty() => drop(list.remove(one)),
		1 if !list.is_empty() => list.insert(two, list[one].clone()),
		2 if !list.is_empty() => list.swap(one, two),
		3 if !other.is_empty() => list.push(choices.of(other).clone()),
		_ if !other.is_empty() && !list.is_empty() => list[one] = choices.of(other).clone(),
		_ => {},
	}
}

fn step(world: &World, bundle: &mut Bundle, choices: &mut Choices) {
	let other = choices.of(&world.bundles).clone();
	match choices.byte() % 15 {
		0 => {
			let number = choices.below(64);
			if let Some(Bytes(bytes)) = part(bundle, number) {
				let position = choices.below(bytes.len());
				if let Some(byte) = bytes.get_mut(position) {
					*byte ^= choices.byte();
				}
			}
		},
		1 => {
			let number = choices.below(64);
			if let Some(Bytes(bytes)) = part(bundle, number) {
				let position = choices.below(bytes.len() + 1);
				bytes.insert(position, choices.byte());
			}
		},
		2 => {
			let number = choices.below(64);
			if let Some(Bytes(bytes)) = part(bundle, number) {
				let length = choices.below(bytes.len() + 1);
				bytes.truncate(length);
			}
		},
		3 => rearrange(&mut bundle.authority_set_chain, &other.authority_set_chain, choices),
		4 => rearrange(&mut bundle.headers, &other.headers, choices),
		5 => rearrange(&mut bundle.state, &other.state, choices),
		6 => rearrange(&mut bundle.state_proof, &other.state_proof, choices),
		7 => match &mut bundle.extrinsic {
			Some(entry) => rearrange(&mut entry.proof, &other.state_proof, choices),
			none => *none = other.extrinsic,
		},
		8 => bundle.justification = justification(world, choices).into(),
		9 => {
			let header = choices.of(&world.headers).encode().into();
			let change = HandOver { header, justification: justification(world, choices).into() };
			match choices.byte() % 2 {
				0 => bundle.authority_set_chain.push(change),
				_ => rearrange(&mut bundle.authority_set_chain, &[change], choices),
			}
		},
		10 => {
			// A chain of headers, honest or the forger's, with the state and extrinsic that go with them.
			let from = choices.below(world.headers.len());
			let to = from + usize::from(choices.byte() % 6);
			bundle.headers = world
				.headers
				.iter()
				.take(to + 1)
				.skip(from)
				.map(|header| header.encode().into())
				.collect();
			bundle.state = other.state;
			bundle.state_proof = other.state_proof;
			bundle.extrinsic = other.extrinsic;
		},
		11 => bundle.spec_version = bundle.spec_version.wrapping_add(choices.byte().into()),
		12 => {
			if let Some(ExtrinsicEntry { index, bytes, .. }) = &mut bundle.extrinsic {
				*index = choices.byte().into();
				let count = world.chain.extrinsics.len();
				*bytes = world.chain.extrinsics[*index as usize % count].clone().into();
			}
		},
		13 => bundle.extrinsic = None,
		_ => {
			// The honest value under another key, or another value under the honest key.
			let (key, value) = (
				choices.of(&other.state).key.clone(),
				choices.of(&bundle.state.clone()[..]).value.clone(),
			);
			bundle.state.push(Entry { key, value });
		},
	}
}

fn forge(world: &World, bytes: &[u8]) -> Bundle {
	let mut choices = Choices(bytes);
	let mut bundle = choices.of(&world.bundles[..2]).clone();
	for _ in 0..MOST_STEPS {
		if choices.0.is_empty() || bundle.state.is_empty() {
			break;
		}
		step(world, &mut bundle, &mut choices);
	}
	bundle
}

/// Writes the first inputs and ends, if asked to: `CUREX_SEEDS` names the folder.
fn write_seeds() {
	let Some(folder) = std::env::var_os("CUREX_SEEDS").map(PathBuf::from) else { return };
	let write = |name: String, bytes: &[u8]| std::fs::write(folder.join(name), bytes);
	let whole = WORLD.bundles.iter().enumerate().map(|(number, bundle)| {
		write(format!("bundle-{number}"), &[&[0], bundle.to_json().as_slice()].concat())
	});
	// One of each step, and a few of them after each other.
	let steps = (0..15u8).map(|kind| {
		write(
			format!("step-{kind}"),
			&[1, 0, 2, kind, 7, 1, 3, 0, 2, 8, 8, 2, 0, 4, 0, 8, 0, 0, 0, 1, 8],
		)
	});
	let done = whole.chain(steps).collect::<Result<Vec<()>, _>>();
	std::process::exit(i32::from(done.is_err()));
}

fuzz_target!(init: write_seeds(), |bytes: &[u8]| {
	let world = &*WORLD;
	let Some((mode, rest)) = bytes.split_first() else { return };
	if mode % 2 == 0 {
		if let Ok(bundle) = Bundle::from_json(rest) {
			world.check(&bundle);
		}
		return;
	}
	let bundle = forge(world, rest);
	// What is written reads as the same, or not at all where it has no canonical form.
	if let Ok(read) = Bundle::from_json(&bundle.to_json()) {
		assert_eq!(read, bundle);
	}
	world.check(&bundle);
});
