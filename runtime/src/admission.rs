//! Which calls are let in, from whom, and with which priority: one table for the whole runtime.

use crate::{Runtime, RuntimeCall};
use curex_primitives::{Attestation, Duty};
use frame_support::traits::Contains;
use pallet_consortium::{AdmissionRules, Family, Rule};

/// The table. A call that is not listed is refused.
pub struct AdmissionTable;

impl AdmissionRules<RuntimeCall> for AdmissionTable {
	fn rule(call: &RuntimeCall) -> Rule<'_, RuntimeCall> {
		match call {
			RuntimeCall::System(call) => system(call),
			RuntimeCall::Timestamp(pallet_timestamp::Call::set { .. }) => Rule::Inherent,
			RuntimeCall::Babe(pallet_babe::Call::report_equivocation_unsigned { .. })
			| RuntimeCall::Grandpa(pallet_grandpa::Call::report_equivocation_unsigned { .. }) => {
				Rule::Consensus
			},
			RuntimeCall::Session(pallet_session::Call::set_keys { .. }) => {
				Rule::Duty(Duty::Administration, Family::Administration)
			},
			RuntimeCall::Council(call) => council(call),
			RuntimeCall::Utility(call) => batch(call),
			RuntimeCall::Consortium(call) => consortium(call),
			RuntimeCall::Consent(call) => consent(call),
			RuntimeCall::Exchange(call) => exchange(call),
			RuntimeCall::Oversight(call) => oversight(call),
			RuntimeCall::SecondaryUse(call) => secondary_use(call),
			RuntimeCall::Erasure(call) => erasure(call),
			RuntimeCall::Inventory(_)
			| RuntimeCall::Threats(_)
			| RuntimeCall::Risk(_)
			| RuntimeCall::Safeguards(_)
			| RuntimeCall::Hygiene(_)
			| RuntimeCall::Orders(_) => security(call),
			RuntimeCall::Timestamp(_)
			| RuntimeCall::Babe(_)
			| RuntimeCall::Grandpa(_)
			| RuntimeCall::Session(_) => Rule::Never,
		}
	}
}

fn system(call: &frame_system::Call<Runtime>) -> Rule<'_, RuntimeCall> {
	match call {
		// The council has authorised the hash; the code may come from any member.
		frame_system::Call::apply_authorized_upgrade { .. } => Rule::Member(Family::Governance),
		_ => Rule::Never,
	}
}

fn council(
	call: &pallet_collective::Call<Runtime, crate::configs::CouncilInstance>,
) -> Rule<'_, RuntimeCall> {
	match call {
		pallet_collective::Call::propose { proposal, .. } if is_motion(proposal) => {
			Rule::Duty(Duty::Council, Family::Governance)
		},
		pallet_collective::Call::vote { .. } | pallet_collective::Call::close { .. } => {
			Rule::Duty(Duty::Council, Family::Governance)
		},
		_ => Rule::Never,
	}
}

fn batch(call: &pallet_utility::Call<Runtime>) -> Rule<'_, RuntimeCall> {
	match call {
		pallet_utility::Call::batch { calls }
		| pallet_utility::Call::batch_all { calls }
		| pallet_utility::Call::force_batch { calls } => Rule::Batch(calls),
		_ => Rule::Never,
	}
}

/// What the council may decide. Nothing else is carried in a motion, so that no motion smuggles bytes in.
fn is_motion(call: &RuntimeCall) -> bool {
	use pallet_consent::Call as Consent;
	use pallet_consortium::Call;
	matches!(
		call,
		RuntimeCall::Consortium(
			Call::admit { .. }
				| Call::suspend { .. }
				| Call::reinstate { .. }
				| Call::expel { .. }
				| Call::add_validator { .. }
				| Call::remove_validator { .. }
				| Call::set_quota { .. }
				| Call::authorize_upgrade { .. }
		) | RuntimeCall::Consent(
			Consent::set_law { .. }
				| Consent::raise_oldest_policy { .. }
				| Consent::set_group_member { .. }
		)
	)
}

fn consortium(call: &pallet_consortium::Call<Runtime>) -> Rule<'_, RuntimeCall> {
	use pallet_consortium::Call;
	match call {
		Call::set_delegate { .. }
		| Call::dismiss_delegate { .. }
		| Call::rotate_encryption_key { .. }
		| Call::register_peer { .. }
		| Call::remove_peer { .. }
		| Call::accept_agreement { .. } => Rule::Duty(Duty::Administration, Family::Administration),
		Call::rotate_account { .. } => Rule::Member(Family::Administration),
		_ => Rule::Never,
	}
}

fn consent(call: &pallet_consent::Call<Runtime>) -> Rule<'_, RuntimeCall> {
	use pallet_consent::Call;
	match call {
		Call::file { .. }
		| Call::supersede { .. }
		| Call::narrow { .. }
		| Call::suspend { .. }
		| Call::resume { .. }
		| Call::confirm { .. }
		| Call::record_tickets { .. } => Rule::Duty(Duty::Consent, Family::Ordinary),
		Call::redeem { .. } => Rule::Duty(Duty::Exchange, Family::Ordinary),
		Call::withdraw { .. } | Call::withdraw_tickets { .. } => {
			Rule::Duty(Duty::Consent, Family::Urgent)
		},
		Call::withdraw_by_court { .. } => Rule::Duty(Duty::Court, Family::Urgent),
		Call::withdraw_by_code { .. }
		| Call::withdraw_ticket_by_code { .. }
		| Call::withdraw_tickets_by_code { .. } => Rule::Authorised(Family::Urgent),
		_ => Rule::Never,
	}
}

fn exchange(call: &pallet_exchange::Call<Runtime>) -> Rule<'_, RuntimeCall> {
	use pallet_exchange::Call;
	match call {
		Call::request { .. }
		| Call::offer { .. }
		| Call::approve { .. }
		| Call::accept { .. }
		| Call::dispatch { .. }
		| Call::receive { .. }
		| Call::acknowledge { .. }
		| Call::suspend { .. }
		| Call::resume { .. }
		| Call::dispute { .. }
		| Call::answer_dispute { .. }
		| Call::settle_dispute { .. }
		| Call::dispatch_documents { .. }
		| Call::serve_countersigned { .. }
		| Call::complete { .. }
		| Call::subscribe { .. }
		| Call::accept_subscription { .. }
		| Call::end_subscription { .. }
		| Call::deliver { .. }
		| Call::rectify { .. }
		| Call::acknowledge_rectification { .. }
		| Call::attest_package { .. } => Rule::Duty(Duty::Exchange, Family::Ordinary),
		// Each item counts: a batch is no way around the quota.
		Call::request_batch { items } => exchanges(items.len()),
		Call::answer_batch { items } => exchanges(items.len()),
		Call::complete_batch { items } => exchanges(items.len()),
		Call::serve_countersigned_batch { items, .. } => exchanges(items.len()),
		Call::release { .. } | Call::review { .. } => Rule::Duty(Duty::Review, Family::Ordinary),
		Call::break_glass { .. } | Call::record_emergency { .. } => {
			Rule::Duty(Duty::Emergency, Family::Urgent)
		},
		Call::suspend_by_policy { .. }
		| Call::resume_by_policy { .. }
		| Call::decide_dispute { .. }
		| Call::attest_duty { .. }
		| Call::defer_notice { .. }
		| Call::reconcile { .. }
		| Call::set_hold { .. }
		| Call::lift_hold { .. } => Rule::Duty(Duty::Oversight, Family::Ordinary),
		_ => Rule::Never,
	}
}

fn oversight(call: &pallet_oversight::Call<Runtime>) -> Rule<'_, RuntimeCall> {
	use pallet_oversight::Call;
	match call {
		Call::anchor { .. }
		| Call::open_inquiry { .. }
		| Call::disclose { .. }
		| Call::open_breach { .. }
		| Call::notify_breach { .. }
		| Call::refuse_inquiry { .. }
		| Call::withdraw_inquiry { .. }
		| Call::prove_miscount { .. }
		| Call::set_anchor_period { .. } => Rule::Duty(Duty::Oversight, Family::Ordinary),
		_ => Rule::Never,
	}
}

fn secondary_use(call: &pallet_secondary_use::Call<Runtime>) -> Rule<'_, RuntimeCall> {
	use pallet_secondary_use::Call;
	match call {
		Call::issue { .. }
		| Call::name_holder { .. }
		| Call::revoke { .. }
		| Call::export { .. }
		| Call::report_reidentification { .. }
		| Call::answer_reidentification { .. }
		| Call::publish_results { .. } => Rule::Duty(Duty::Oversight, Family::Ordinary),
		Call::commit_cohort { .. } | Call::extract { .. } => {
			Rule::Duty(Duty::Exchange, Family::Ordinary)
		},
		_ => Rule::Never,
	}
}

fn erasure(call: &pallet_erasure::Call<Runtime>) -> Rule<'_, RuntimeCall> {
	use pallet_erasure::Call;
	match call {
		Call::file { .. } | Call::attest { .. } | Call::hold { .. } | Call::lift { .. } => {
			Rule::Duty(Duty::Oversight, Family::Ordinary)
		},
		_ => Rule::Never,
	}
}

fn exchanges<'a>(items: usize) -> Rule<'a, RuntimeCall> {
	Rule::Duties(Duty::Exchange, Family::Ordinary, items as u32)
}

fn security(call: &RuntimeCall) -> Rule<'_, RuntimeCall> {
	match call {
		RuntimeCall::Inventory(pallet_inventory::Call::record { .. })
		| RuntimeCall::Threats(pallet_threats::Call::record { .. })
		| RuntimeCall::Threats(pallet_threats::Call::share_indicator { .. })
		| RuntimeCall::Risk(pallet_risk::Call::record { .. })
		| RuntimeCall::Safeguards(pallet_safeguards::Call::record { .. })
		| RuntimeCall::Hygiene(pallet_hygiene::Call::record { .. }) => {
			Rule::Duty(Duty::SecurityReport, Family::SecurityReport)
		},
		RuntimeCall::Threats(pallet_threats::Call::close { .. })
		| RuntimeCall::Safeguards(
			pallet_safeguards::Call::decide { .. } | pallet_safeguards::Call::implemented { .. },
		) => Rule::Duty(Duty::SecurityDecision, Family::SecurityReport),
		RuntimeCall::Risk(pallet_risk::Call::attest { attestation, .. }) => match attestation {
			Attestation::Audited => Rule::Duty(Duty::Oversight, Family::Ordinary),
			Attestation::Recomputed => Rule::Duty(Duty::SecurityReport, Family::SecurityReport),
			// Nobody attests so: it is what an assessment is without an attestation.
			Attestation::SelfAssessed => Rule::Never,
		},
		RuntimeCall::Risk(pallet_risk::Call::set_tolerance { .. })
		| RuntimeCall::Orders(pallet_orders::Call::set_policy { .. }) => {
			Rule::Duty(Duty::Administration, Family::Administration)
		},
		_ => Rule::Never,
	}
}

/// Whatever the table refuses does not execute either, wherever it is nested; motions execute for the council.
pub struct CallFilter;

impl Contains<RuntimeCall> for CallFilter {
	fn contains(call: &RuntimeCall) -> bool {
		is_motion(call) || !matches!(AdmissionTable::rule(call), Rule::Never)
	}
}
