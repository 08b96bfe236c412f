//! What the benchmarks of the pallets ask of the runtime in which they run, so that every call is measured on its
//! whole way and not up to a refusal; and records of which they, and tests, need a sound one.

use crate::{
	commitment::withdraw_lock, AccessModes, Categories, Cohort, Commitment, ConsentId,
	ConsentTerms, Duty, Extraction, Grantee, GroupId, LegalBasis, MerkleRoot, Moment,
	OrganisationId, OrganisationKind, PermitId, Purpose, Representation, SizeBucket,
};

/// Makes delegates for the benchmarks of pallets whose calls ask for a duty.
pub trait BenchmarkDelegates<Origin> {
	/// The origin of a delegate with this duty, of one more active organisation of this kind. The clock shows a moment
	/// years after the epoch from then on.
	fn origin(duty: Duty, kind: OrganisationKind) -> (Origin, OrganisationId);
}

/// Sets the clock for benchmarks of what becomes due.
pub trait BenchmarkClock {
	/// Makes it `now`.
	fn set(now: Moment);
}

/// Prepares what the gate reads, and what the other side signs.
pub trait BenchmarkGate {
	/// Files the consent of this number: [`broad_terms`] from the holder for a group to which the recipient belongs.
	fn consent(holder: OrganisationId, recipient: OrganisationId, number: u32) -> ConsentId;

	/// Records an assessment with which every holder accepts the organisation, unless it has set its own tolerance.
	fn assess(organisation: OrganisationId);

	/// The public key of a delegate of the organisation with this duty, and its signature over the message.
	fn sign(organisation: OrganisationId, duty: Duty, message: &[u8]) -> ([u8; 32], [u8; 64]);
}

/// Terms under which the members of the group may use everything for treatment for a day from `now` on, as often as
/// they like. No two numbers share a commitment or a lock.
pub fn broad_terms(group: GroupId, number: u32, now: Moment) -> ConsentTerms {
	let numbered = |last: u8| {
		let mut bytes = [last; 32];
		bytes[..4].copy_from_slice(&number.to_le_bytes());
		bytes
	};
	let valid_until = now + 24 * 3_600 * 1_000;
	ConsentTerms {
		grantee: Grantee::Group(group),
		basis: LegalBasis::EXPLICIT_CONSENT,
		purposes: Purpose::Treatment.into(),
		categories: Categories::all(),
		access_modes: AccessModes::all(),
		valid_from: now,
		valid_until,
		erase_at: valid_until,
		max_uses: u32::MAX,
		min_interval_s: 0,
		terms: Commitment(numbered(201)),
		evidence: Commitment(numbered(202)),
		withdraw_lock: withdraw_lock(&numbered(203)),
		policy_version: 1,
		representation: Representation::Own,
	}
}

/// An extraction of the holder's under the permit.
pub fn extraction(permit: PermitId, holder: OrganisationId) -> Extraction {
	let cohort = Cohort {
		cohort: MerkleRoot([1; 32]),
		size: SizeBucket::Hundreds,
		opt_out: MerkleRoot([2; 32]),
		excluded: SizeBucket::None,
		committed: 1_000,
		committed_at: 1,
	};
	Extraction { permit, holder, cohort, payload: Commitment([3; 32]), extracted_at: 2 }
}
