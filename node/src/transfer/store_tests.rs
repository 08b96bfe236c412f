// Ranges of missing chunks are what is compared here, not their elements.
#![allow(clippy::single_range_in_vec_init)]

use super::*;
use crate::transfer::testing::{self, EXCHANGE, HOLDER, RECIPIENT};
use curex_primitives::merkle;

const KEY: Key = Key { exchange: EXCHANGE, part: Part::Payload };

struct Scene {
	folder: tempfile::TempDir,
	bytes: Vec<u8>,
	manifest: Manifest,
}

/// A part of two and a bit chunks.
fn scene() -> Scene {
	let bytes = testing::bytes(2 * CHUNK_SIZE + 5);
	let manifest = Manifest::of([1; 32], &bytes);
	Scene { folder: tempfile::tempdir().unwrap(), bytes, manifest }
}

impl Scene {
	fn open(&self) -> Store {
		self.open_with(Limits::default())
	}

	fn open_with(&self, limits: Limits) -> Store {
		Store::open(self.folder.path().join("transfer"), limits).unwrap()
	}

	fn chunk(&self, index: usize) -> &[u8] {
		self.bytes.chunks(CHUNK_SIZE).nth(index).unwrap()
	}

	fn file(&self, name: &str) -> PathBuf {
		self.folder.path().join("transfer").join(KEY.folder()).join(name)
	}
}

#[test]
fn chunks_in_any_order_make_a_part_whose_chunks_prove_themselves() {
	let scene = scene();
	let store = scene.open();
	let status = store.begin(KEY, HOLDER, &scene.manifest).unwrap();
	assert_eq!(status, Status { complete: false, received: 0, chunks: 3, missing: vec![0..3] });
	assert_eq!(store.put(KEY, 2, scene.chunk(2)).unwrap().missing, [0..2]);
	assert_eq!(store.put(KEY, 0, scene.chunk(0)).unwrap().missing, [1..2]);
	assert!(matches!(store.manifest(KEY), Err(Error::NotHere)));
	assert!(matches!(store.chunk(KEY, 0), Err(Error::NotHere)));
	assert!(store.put(KEY, 1, scene.chunk(1)).unwrap().complete);

	assert_eq!(store.manifest(KEY).unwrap(), scene.manifest);
	for index in 0..3 {
		let (bytes, proof) = store.chunk(KEY, index).unwrap();
		assert_eq!(bytes, scene.chunk(index as usize));
		assert!(scene.manifest.admits(&bytes, &proof));
	}
	assert!(matches!(store.chunk(KEY, 3), Err(Error::WrongChunk { index: 3 })));
}

#[test]
fn chunks_are_given_together_behind_a_head_and_never_more_than_there_are() {
	let bytes = testing::bytes(6 * CHUNK_SIZE + 5);
	let manifest = Manifest::of([1; 32], &bytes);
	let scene = scene();
	testing::deposit(&scene.open(), KEY, &manifest, &bytes);
	// Opened anew: nothing of what the disk holds is known yet. The second time it is.
	let store = scene.open();
	for _ in 0..2 {
		let mut proofs = Vec::new();
		let given = store.chunks(KEY, Run { first: 3, count: 4 }, |made, length| {
			assert_eq!(length, 3 * CHUNK_SIZE + 5);
			proofs = made;
			b"head".to_vec()
		});
		let given = given.unwrap();
		let given = given.strip_prefix(b"head").unwrap();
		assert_eq!(given, &bytes[3 * CHUNK_SIZE..]);
		assert!(manifest.leaves_of(given, &proofs).is_some());
	}
	for (first, count) in [(0, 0), (0, MAX_CHUNKS + 1), (3, 5), (7, 1), (u64::MAX, 1)] {
		let refused = store.chunks(KEY, Run { first, count }, |_, _| unreachable!());
		assert!(matches!(refused, Err(Error::WrongChunk { .. })), "{first} {count}");
	}
}

#[test]
fn the_same_chunk_twice_counts_once() {
	let scene = scene();
	let store = scene.open();
	store.begin(KEY, HOLDER, &scene.manifest).unwrap();
	for _ in 0..3 {
		assert_eq!(store.put(KEY, 1, scene.chunk(1)).unwrap().received, 1);
	}
}

#[test]
fn a_part_without_bytes_is_complete_at_once() {
	let scene = scene();
	let store = scene.open();
	assert!(store.begin(KEY, HOLDER, &Manifest::of([1; 32], b"")).unwrap().complete);
	let wrong = Manifest { length: 0, ..scene.manifest };
	assert!(matches!(store.begin(KEY, HOLDER, &wrong), Err(Error::RootMismatch)));
}

#[test]
fn a_chunk_of_the_wrong_length_place_or_proof_is_refused() {
	let scene = scene();
	let store = scene.open();
	assert!(matches!(store.put(KEY, 0, scene.chunk(0)), Err(Error::NotHere)));
	store.begin(KEY, HOLDER, &scene.manifest).unwrap();
	for (index, bytes) in
		[(0, &scene.chunk(0)[1..]), (2, scene.chunk(0)), (3, scene.chunk(2)), (u64::MAX, b"x")]
	{
		let refused = store.put(KEY, index, bytes);
		assert!(matches!(refused, Err(Error::WrongChunk { .. })), "{index}");
	}
	let proof = |index| merkle::prove(scene.bytes.chunks(CHUNK_SIZE), index).unwrap();
	let refused = store.put_proven(KEY, scene.chunk(1), &[proof(0)]);
	assert!(matches!(refused, Err(Error::WrongChunk { index: 0 })));
	assert!(matches!(store.put_proven(KEY, b"", &[]), Err(Error::WrongChunk { index: 0 })));
	assert_eq!(store.status(KEY).unwrap().received, 0);
	store.put_proven(KEY, scene.chunk(0), &[proof(0)]).unwrap();
	assert_eq!(store.status(KEY).unwrap().missing, [1..3]);
	store.put_proven(KEY, &scene.bytes[CHUNK_SIZE..], &[proof(1), proof(2)]).unwrap();
	assert!(store.status(KEY).unwrap().complete);
}

#[test]
fn a_whole_that_is_not_what_the_manifest_says_is_deleted() {
	let scene = scene();
	let store = scene.open();
	store.begin(KEY, HOLDER, &scene.manifest).unwrap();
	store.put(KEY, 0, scene.chunk(1)).unwrap();
	store.put(KEY, 1, scene.chunk(0)).unwrap();
	assert!(matches!(store.put(KEY, 2, scene.chunk(2)), Err(Error::RootMismatch)));
	assert!(matches!(store.status(KEY), Err(Error::NotHere)));
	assert!(!scene.file(MANIFEST).exists());
	testing::deposit(&store, KEY, &scene.manifest, &scene.bytes);
	assert!(store.status(KEY).unwrap().complete);
}

#[test]
fn a_deposit_goes_on_after_a_restart() {
	let scene = scene();
	let store = scene.open();
	store.begin(KEY, HOLDER, &scene.manifest).unwrap();
	store.put(KEY, 1, scene.chunk(1)).unwrap();
	drop(store);

	let store = scene.open();
	assert_eq!(store.begin(KEY, HOLDER, &scene.manifest).unwrap().missing, [0..1, 2..3]);
	store.put(KEY, 0, scene.chunk(0)).unwrap();
	assert!(store.put(KEY, 2, scene.chunk(2)).unwrap().complete);
	drop(store);

	let store = scene.open();
	assert_eq!(store.chunk(KEY, 2).unwrap().0, scene.chunk(2));
}

#[test]
fn a_chunk_that_did_not_reach_the_disk_is_missing_after_a_crash() {
	let scene = scene();
	let store = scene.open();
	store.begin(KEY, HOLDER, &scene.manifest).unwrap();
	store.put(KEY, 0, scene.chunk(0)).unwrap();
	store.put(KEY, 1, scene.chunk(1)).unwrap();
	drop(store);
	let file = fs::OpenOptions::new().write(true).open(scene.file(PARTIAL)).unwrap();
	file.write_all_at(&[0; 4096], CHUNK_SIZE as u64).unwrap();

	assert_eq!(scene.open().status(KEY).unwrap().missing, [1..3]);
}

#[test]
fn a_part_whose_last_step_was_cut_off_is_completed_after_a_crash() {
	let scene = scene();
	testing::deposit(&scene.open(), KEY, &scene.manifest, &scene.bytes);
	fs::rename(scene.file(COMPLETE), scene.file(PARTIAL)).unwrap();
	assert!(scene.open().status(KEY).unwrap().complete);
	assert!(scene.file(COMPLETE).exists());
}

#[test]
fn what_a_crash_left_of_a_beginning_or_a_deletion_is_removed() {
	let scene = scene();
	testing::deposit(&scene.open(), KEY, &scene.manifest, &scene.bytes);
	fs::remove_file(scene.file(MANIFEST)).unwrap();
	let gone = scene.folder.path().join("transfer/gone-0-x");
	fs::create_dir(&gone).unwrap();
	assert!(matches!(scene.open().status(KEY), Err(Error::NotHere)));
	assert!(!gone.exists());
	assert!(!scene.file(COMPLETE).exists());
}

#[test]
fn an_unreadable_manifest_is_removed_and_not_fatal() {
	let scene = scene();
	testing::deposit(&scene.open(), KEY, &scene.manifest, &scene.bytes);
	fs::write(scene.file(MANIFEST), b"rubbish").unwrap();
	assert!(matches!(scene.open().status(KEY), Err(Error::NotHere)));
}

#[test]
fn a_chunk_altered_on_the_disk_is_not_served_and_can_be_fetched_again() {
	for is_reopened in [false, true] {
		let scene = scene();
		let mut store = scene.open();
		testing::deposit(&store, KEY, &scene.manifest, &scene.bytes);
		if is_reopened {
			store = scene.open();
		}
		let file = fs::OpenOptions::new().write(true).open(scene.file(COMPLETE)).unwrap();
		file.write_all_at(&[scene.bytes[0] ^ 1], 0).unwrap();
		assert_eq!(store.chunk(KEY, 1).unwrap().0, scene.chunk(1));
		assert!(matches!(store.chunk(KEY, 0), Err(Error::Storage(_))));
		testing::deposit(&store, KEY, &scene.manifest, &scene.bytes);
		assert_eq!(store.chunk(KEY, 0).unwrap().0, scene.chunk(0));
	}
}

#[test]
fn a_truncated_part_is_not_served() {
	let scene = scene();
	let store = scene.open();
	testing::deposit(&store, KEY, &scene.manifest, &scene.bytes);
	let file = fs::OpenOptions::new().write(true).open(scene.file(COMPLETE)).unwrap();
	file.set_len(scene.manifest.length - 1).unwrap();
	assert_eq!(store.chunk(KEY, 1).unwrap().0, scene.chunk(1));
	assert!(matches!(store.chunk(KEY, 2), Err(Error::Storage(_))));
	assert!(matches!(store.status(KEY), Err(Error::NotHere)));
}

#[test]
fn altered_hashes_on_the_disk_are_noticed() {
	let scene = scene();
	testing::deposit(&scene.open(), KEY, &scene.manifest, &scene.bytes);
	let file = fs::OpenOptions::new().write(true).open(scene.file(LEAVES)).unwrap();
	file.write_all_at(&[0; 32], 32).unwrap();
	let store = scene.open();
	assert!(matches!(store.chunk(KEY, 0), Err(Error::RootMismatch)));
	assert!(matches!(store.status(KEY), Err(Error::NotHere)));
}

#[test]
fn a_new_manifest_replaces_the_part() {
	let scene = scene();
	let store = scene.open();
	testing::deposit(&store, KEY, &scene.manifest, &scene.bytes);
	let other = Manifest::of([2; 32], b"other");
	assert!(!store.begin(KEY, HOLDER, &other).unwrap().complete);
	assert!(store.put(KEY, 0, b"other").unwrap().complete);
	assert_eq!(scene.open().chunk(KEY, 0).unwrap().0, b"other");
}

#[test]
fn every_limit_is_kept_and_removal_makes_room() {
	let scene = scene();
	let length = scene.manifest.length;
	let exact = Limits {
		total: 2 * length,
		per_organisation: length,
		envelope: length - 1,
		payload: length,
		parts: 2,
	};
	let key = |number| Key { exchange: ExchangeId([number; 32]), part: Part::Payload };
	let manifest = &scene.manifest;
	let store = scene.open_with(exact);

	let envelope = Key { part: Part::Envelope, ..KEY };
	let refused = store.begin(envelope, HOLDER, manifest);
	assert!(matches!(refused, Err(Error::TooLarge { limit, .. }) if limit == length - 1));
	let huge = Manifest { length: u64::MAX, ..manifest.clone() };
	assert!(matches!(store.begin(KEY, HOLDER, &huge), Err(Error::TooLarge { .. })));

	store.begin(key(1), HOLDER, manifest).unwrap();
	assert!(matches!(store.begin(key(2), HOLDER, manifest), Err(Error::Full)));
	store.begin(key(2), RECIPIENT, manifest).unwrap();
	let empty = Manifest::of([1; 32], b"");
	assert!(matches!(store.begin(key(3), OrganisationId(3), &empty), Err(Error::Full)));
	drop(store);

	let store = scene.open_with(exact);
	let third = OrganisationId(3);
	assert!(matches!(store.begin(key(3), third, manifest), Err(Error::Full)));
	store.remove(key(1)).unwrap();
	store.begin(key(3), third, manifest).unwrap();
}

#[test]
fn chunks_of_one_part_may_arrive_at_the_same_time() {
	let bytes = testing::bytes(16 * CHUNK_SIZE);
	let manifest = Manifest::of([1; 32], &bytes);
	let scene = scene();
	let store = scene.open();
	store.begin(KEY, HOLDER, &manifest).unwrap();
	std::thread::scope(|scope| {
		for (index, chunk) in (0u64..).zip(bytes.chunks(CHUNK_SIZE)) {
			let store = &store;
			scope.spawn(move || store.put(KEY, index, chunk).unwrap());
		}
	});
	assert!(store.status(KEY).unwrap().complete);
}

#[test]
fn the_list_of_missing_chunks_is_bounded() {
	let leaves: Vec<Hash> = (0..1000).map(|index| [(index % 2) as u8; 32]).collect();
	let ranges = missing_ranges(&leaves);
	assert_eq!(ranges.len(), MAX_RANGES);
	assert_eq!(ranges[1], 2..3);
}

#[test]
fn only_the_owner_of_the_node_may_read_the_files() {
	use std::os::unix::fs::PermissionsExt;
	let scene = scene();
	testing::deposit(&scene.open(), KEY, &scene.manifest, &scene.bytes);
	let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
	assert_eq!(mode(scene.folder.path().join("transfer")), 0o700);
	assert_eq!(mode(scene.file("")), 0o700);
	for name in [MANIFEST, LEAVES, COMPLETE] {
		assert_eq!(mode(scene.file(name)), 0o600, "{name}");
	}
}
