//! One file per call, then one per mechanism.

mod accept_agreement;
mod add_validator;
mod admission;
mod admit;
mod authorize_upgrade;
mod bounded_nonce;
mod dismiss_delegate;
mod expel;
mod genesis;
mod offences;
mod organisations;
mod origin;
mod properties;
mod quota;
mod register_peer;
mod reinstate;
mod remove_peer;
mod remove_validator;
mod rotate_account;
mod rotate_encryption_key;
mod sessions;
mod set_delegate;
mod set_quota;
mod suspend;

pub(super) use crate::{mock::*, Error, Event, SeatChange};
pub(super) use curex_primitives::{
	Competence, Competences, Duties, Duty, OrganisationId, OrganisationKind, OrganisationStatus,
	PeerRole,
};
pub(super) use frame::testing_prelude::*;

/// The duties of a lone administrator.
pub(super) fn administration() -> Duties {
	Duty::Administration.into()
}
