//! One file per call.

mod record;

use crate::{mock::*, Defect, Error, Event, Numbers, Snapshots};
use curex_primitives::{
	merkle::empty_root, Commitment, Duty, MerkleRoot, OrganisationId, ReportDefect, SizeBucket,
	Snapshot,
};
use frame::testing_prelude::*;

/// A snapshot whose root consists of `root`, after one with `previous`.
fn snapshot(root: u8, previous: Option<u8>) -> Snapshot {
	Snapshot {
		root: MerkleRoot([root; 32]),
		previous: previous.map_or_else(empty_root, |previous| MerkleRoot([previous; 32])),
		assets: SizeBucket::Tens,
		vulnerabilities: SizeBucket::Units,
		feed_version: 1,
		evidence: Commitment([7; 32]),
		taken_at: 1_000_000,
	}
}
