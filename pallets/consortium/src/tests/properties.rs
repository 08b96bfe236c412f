//! Whatever anybody sends, the invariants hold.

use super::{admission::batch, *};
use crate::{
	Admission, AdmissionRules, Call, Family, PeerId, Retired, Rule, Seat, Sessions, Validators,
	MAX_BATCH, MAX_DEPTH,
};
use frame::{
	deps::{
		frame_support::dispatch::GetDispatchInfo,
		sp_runtime::{traits::Dispatchable, transaction_validity::TransactionSource},
	},
	traits::DispatchTransaction,
};
use pallet_session::SessionManager;
use proptest::prelude::*;

/// Something that happens to the network.
#[derive(Clone, Debug)]
enum Step {
	Call(Option<AccountId>, Box<RuntimeCall>),
	Keys(AccountId),
	LoseKeys(AccountId),
	Equivocate(AccountId),
	Session,
}

fn account() -> impl Strategy<Value = AccountId> {
	prop_oneof![(0..9u32).prop_map(admin), (0..9u32).prop_map(clerk), 900..905u64, Just(STRANGER)]
}

fn organisation() -> impl Strategy<Value = OrganisationId> {
	(0..9u32).prop_map(OrganisationId)
}

fn duties() -> impl Strategy<Value = Duties> {
	prop_oneof![
		Just(administration()),
		Just(administration().with(Duty::Council)),
		Just(clerk_duties()),
		(0..=Duties::all().bits()).prop_map(|bits| Duties::from_bits(bits).unwrap())
	]
}

fn any_peer() -> impl Strategy<Value = PeerId> {
	(0..12u8).prop_map(peer)
}

fn kind() -> impl Strategy<Value = OrganisationKind> {
	proptest::sample::select(OrganisationKind::ALL)
}

fn call() -> impl Strategy<Value = (bool, Call<Test>)> {
	let council = prop_oneof![
		(kind(), 0..16u8, 0..3u8, account()).prop_map(|(kind, competences, key, administrator)| {
			Call::admit {
				kind,
				country: country(),
				competences: match kind {
					OrganisationKind::Authority => Competences::from_bits(competences).unwrap(),
					_ => Competences::EMPTY,
				},
				encryption_key: [key; 32],
				name: b"New".to_vec().try_into().unwrap(),
				administrator,
			}
		}),
		organisation().prop_map(|organisation| Call::suspend { organisation }),
		organisation().prop_map(|organisation| Call::reinstate { organisation }),
		organisation().prop_map(|organisation| Call::expel { organisation }),
		(organisation(), account())
			.prop_map(|(organisation, account)| Call::add_validator { organisation, account }),
		organisation().prop_map(|organisation| Call::remove_validator { organisation }),
		organisation().prop_map(|organisation| Call::set_quota { organisation, limit: 9 }),
	];
	let own = prop_oneof![
		(account(), duties()).prop_map(|(account, duties)| Call::set_delegate { account, duties }),
		account().prop_map(|account| Call::dismiss_delegate { account }),
		(0..3u8).prop_map(|key| Call::rotate_encryption_key { encryption_key: [key; 32] }),
		(any_peer(), proptest::sample::select(PeerRole::ALL))
			.prop_map(|(peer, role)| Call::register_peer { peer, role }),
		any_peer().prop_map(|peer| Call::remove_peer { peer }),
		(0..4u16).prop_map(|version| Call::accept_agreement { version }),
		account().prop_map(|new_account| Call::rotate_account { new_account }),
	];
	prop_oneof![council.prop_map(|call| (true, call)), own.prop_map(|call| (false, call))]
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		12 => (account(), call()).prop_map(|(account, (is_council, call))| {
			let call = Box::new(RuntimeCall::Consortium(call));
			Step::Call((!is_council).then_some(account), call)
		}),
		2 => account().prop_map(Step::Keys),
		1 => account().prop_map(Step::LoseKeys),
		1 => account().prop_map(Step::Equivocate),
		3 => Just(Step::Session),
	]
}

fn take(step: Step, session: &mut u32) {
	match step {
		Step::Call(signer, call) => {
			let origin = signer.map_or_else(council, signed);
			let _ = frame::deps::frame_support::storage::with_storage_layer(|| {
				call.dispatch(origin).map_err(|error| error.error)
			});
		},
		Step::Keys(account) => {
			if Consortium::delegate(&account).is_some() {
				FakeSessions::give_keys(&account);
			}
		},
		Step::LoseKeys(account) => {
			let _ = FakeSessions::purge_keys(&account);
		},
		Step::Equivocate(account) => {
			use frame::prelude::Weight;
			use sp_staking::offence::{OffenceDetails, OnOffenceHandler};
			let offender = OffenceDetails { offender: (account, ()), reporters: vec![] };
			let _: Weight = <Consortium as OnOffenceHandler<AccountId, _, Weight>>::on_offence(
				&[offender],
				&[],
				*session,
			);
		},
		Step::Session => {
			*session += 1;
			let before = Validators::<Test>::get();
			let answer = Consortium::new_session(*session);
			let after = Validators::<Test>::get();
			assert_eq!(answer.is_some(), before != after);
			assert!(changes(&before, &after) <= 1, "more than one change in a session");
			assert!(after.len() >= 4, "too few validators");
			assert!(answer.into_iter().flatten().all(|account| FakeSessions::has_keys(&account)));
		},
	}
}

/// In how many organisations the two sets differ.
fn changes(before: &[Seat<AccountId>], after: &[Seat<AccountId>]) -> usize {
	let lost = before.iter().filter(|seat| !after.contains(seat));
	let gained = after.iter().filter(|seat| !before.contains(seat));
	lost.chain(gained)
		.map(|seat| seat.organisation)
		.collect::<std::collections::BTreeSet<_>>()
		.len()
}

/// Calls of every rule, in batches of every shape.
fn any_call() -> impl Strategy<Value = RuntimeCall> {
	let rules = [
		"ordinary",
		"report",
		"urgent",
		"governance",
		"administration",
		"member",
		"authorised",
		"inherent",
		"consensus",
		"never",
	];
	let leaf = proptest::sample::select(rules.to_vec()).prop_map(super::admission::remark);
	leaf.prop_recursive(6, 24, 4, |inner| proptest::collection::vec(inner, 0..4).prop_map(batch))
}

/// Every call that the batches carry, with the depth of its batch, and whether one is empty.
fn leaves(call: &RuntimeCall, depth: u32, found: &mut Vec<(u32, RuntimeCall)>) -> bool {
	match Table::rule(call) {
		Rule::Batch(calls) => {
			calls.is_empty()
				| calls.iter().fold(false, |any, nested| any | leaves(nested, depth + 1, found))
		},
		_ => {
			found.push((depth, call.clone()));
			false
		},
	}
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..Default::default() })]

	#[test]
	fn no_sequence_of_steps_breaks_an_invariant(
		steps in proptest::collection::vec(step(), 1..40)
	) {
		state(genesis()).execute_with(|| {
			let mut session = 1;
			for step in steps {
				take(step, &mut session);
				check_invariants();
				for account in Retired::<Test>::iter_keys() {
					assert_eq!(Consortium::delegate(&account), None);
				}
			}
		});
	}

	#[test]
	fn a_transaction_is_let_in_if_and_only_if_every_call_it_carries_is(
		call in any_call(),
		duties in duties(),
	) {
		state(genesis()).execute_with(|| {
			let duties = if duties.is_empty() { clerk_duties() } else { duties };
			let duties = duties.iter().filter(|duty| *duty != Duty::Council).collect::<Duties>();
			prop_assume!(!duties.is_empty());
			Consortium::set_delegate(signed(admin(0)), 900, duties).unwrap();
			Consortium::set_quota(council(), OrganisationId(0), 1_000).unwrap();

			let mut found = Vec::new();
			let has_empty = leaves(&call, 0, &mut found);
			let is_expected = !has_empty &&
				found.len() <= MAX_BATCH as usize &&
				found.iter().all(|(depth, leaf)| *depth <= MAX_DEPTH && match Table::rule(leaf) {
					Rule::Duty(duty, _) => duties.contains(duty),
					Rule::Member(_) => true,
					_ => false,
				});
			let answer = Admission::<Test>::new().validate_only(
				signed(900),
				&call,
				&call.get_dispatch_info(),
				0,
				TransactionSource::External,
				0,
			);
			prop_assert_eq!(answer.is_ok(), is_expected);
			if let Ok((validity, _, _)) = answer {
				let lowest = found.iter().map(|(_, leaf)| match Table::rule(leaf) {
					Rule::Duty(_, family) | Rule::Member(family) => family,
					_ => Family::Ordinary,
				}).min().unwrap();
				prop_assert_eq!(validity.priority, crate::priority::priority_of(lowest));
			}
			Ok(())
		})?;
	}
}
