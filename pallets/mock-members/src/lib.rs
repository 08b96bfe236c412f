//! What the mocks of pallets share: members that a test admits, their delegates, and a clock that it sets. A dependency
//! of tests alone.
//!
//! Account `16 · organisation + duty` is the organisation's delegate for the duty.

use curex_primitives::{
	BenchmarkClock, BenchmarkDelegates, Competence, Competences, Country, Duty, Moment,
	OrganisationFacts, OrganisationId, OrganisationKind, OrganisationStatus, Organisations,
};
use frame::{
	deps::frame_support::traits::OriginTrait,
	testing_prelude::*,
	traits::{EnsureOriginWithArg, UnixTime},
};
use std::collections::BTreeMap;

/// An hour, in milliseconds.
pub const HOUR: Moment = 3_600 * 1_000;
/// A day, in milliseconds.
pub const DAY: Moment = 24 * HOUR;
/// Where the clock stands at first: the beginning of a day.
pub const START: Moment = 20_000 * DAY;

parameter_types! {
	/// The clock.
	pub static Now: Moment = START;
	/// The members, by their numbers.
	pub static Members: BTreeMap<u32, OrganisationFacts> = BTreeMap::new();
}

/// Sets the clock to [`START`] and forgets every member.
pub fn begin_anew() {
	Now::set(START);
	Members::set(BTreeMap::new());
}

/// An active member in Greece; an authority is one for data protection.
pub fn admit(organisation: OrganisationId, kind: OrganisationKind) {
	let competences = match kind {
		OrganisationKind::Authority => Competence::DataProtection.into(),
		_ => Competences::EMPTY,
	};
	admit_with(organisation, kind, competences, *b"GR");
}

/// An active member with these competences in this country.
pub fn admit_with(
	organisation: OrganisationId,
	kind: OrganisationKind,
	competences: Competences,
	country: [u8; 2],
) {
	let country = Country::new(country).expect("two upper-case letters");
	let status = OrganisationStatus::Active;
	let facts = OrganisationFacts { kind, country, status, competences };
	Members::mutate(|members| members.insert(organisation.0, facts));
}

/// Suspends a member.
pub fn suspend(organisation: OrganisationId) {
	change(organisation, |facts| facts.status = OrganisationStatus::Suspended);
}

/// Changes what is known of a member.
pub fn change(organisation: OrganisationId, change: impl FnOnce(&mut OrganisationFacts)) {
	Members::mutate(|members| {
		change(members.get_mut(&organisation.0).expect("it was admitted"));
	});
}

/// The origin of the organisation's delegate for a duty.
pub fn delegate<Origin: OriginTrait<AccountId = u64>>(
	organisation: OrganisationId,
	duty: Duty,
) -> Origin {
	Origin::signed(u64::from(organisation.0) * 16 + duty as u64)
}

impl UnixTime for Now {
	fn now() -> core::time::Duration {
		core::time::Duration::from_millis(Now::get())
	}
}

impl Organisations for Members {
	fn facts(organisation: OrganisationId) -> Option<OrganisationFacts> {
		Members::get().get(&organisation.0).copied()
	}

	fn reviewers() -> Vec<OrganisationId> {
		let reviews = |facts: &OrganisationFacts| {
			facts.is_active()
				&& (facts.kind == OrganisationKind::Hospital
					|| facts.competences.contains(Competence::DataProtection))
		};
		let members = Members::get().into_iter().filter(|(_, facts)| reviews(facts));
		members.map(|(number, _)| OrganisationId(number)).collect()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn prepare(organisation: OrganisationId, kind: OrganisationKind) {
		admit_for_benchmarks(organisation, kind);
	}
}

/// An authority of benchmarks has every competence.
fn admit_for_benchmarks(organisation: OrganisationId, kind: OrganisationKind) {
	let competences = match kind {
		OrganisationKind::Authority => Competences::all(),
		_ => Competences::EMPTY,
	};
	admit_with(organisation, kind, competences, *b"GR");
}

/// Whose account it is says for whom and with which duty it acts, if the organisation is an active member.
pub struct Delegates;

impl<Origin: OriginTrait<AccountId = u64>> EnsureOriginWithArg<Origin, Duty> for Delegates {
	type Success = OrganisationId;

	fn try_origin(origin: Origin, duty: &Duty) -> Result<OrganisationId, Origin> {
		let Some(&account) = origin.as_signer() else { return Err(origin) };
		let organisation = OrganisationId((account / 16) as u32);
		let active = Members::facts(organisation).is_some_and(|facts| facts.is_active());
		(active && account % 16 == *duty as u64).then_some(organisation).ok_or(origin)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(duty: &Duty) -> Result<Origin, ()> {
		Ok(delegate(OrganisationId(1), *duty))
	}
}

/// Each is one more than the last.
impl<Origin: OriginTrait<AccountId = u64>> BenchmarkDelegates<Origin> for Members {
	fn origin(duty: Duty, kind: OrganisationKind) -> (Origin, OrganisationId) {
		let last = Members::get().last_key_value().map(|(last, _)| *last);
		let organisation = OrganisationId(last.map_or(0, |last| last + 1));
		admit_for_benchmarks(organisation, kind);
		(delegate(organisation, duty), organisation)
	}
}

impl BenchmarkClock for Members {
	fn set(now: Moment) {
		Now::set(now);
	}
}
