//! Data under a permit for secondary use: an exchange about nobody by name, resting on an extraction recorded before.

use super::{random, IdempotencyKey, Kind, Outline, Pending};
use crate::{
	client::Client,
	envelope::{CareRelationship, Professional},
	Error,
};
use curex_primitives::{Border, Categories, Gate, OrganisationId, PermitId};
use serde::{Deserialize, Serialize};

/// What is asked for under a permit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DataRequestSpec {
	/// The holder that extracted.
	pub holder: OrganisationId,
	/// The permit.
	pub permit: PermitId,
	/// Number of the extraction under the permit.
	pub extraction: u32,
	/// Which categories; all that the permit covers if not said.
	#[serde(default)]
	pub categories: Option<Categories>,
	/// The border that the data cross, if the two are in different countries. Within the European Economic Area it need
	/// not be stated.
	#[serde(default)]
	pub border: Option<Border>,
	/// Who asks in person.
	pub professional: Professional,
}

impl DataRequestSpec {
	/// Reads a spec from JSON.
	///
	/// # Errors
	/// [`Error::Input`] with what is wrong.
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		serde_json::from_slice(json).map_err(|error| Error::json("the spec", &error))
	}
}

impl Client {
	/// Prepares a request for data that were extracted under a permit, as its user; nothing is sent. It goes on like any
	/// other request ([`Client::begin`], [`Client::deposit_envelope`], [`Client::receive`]).
	///
	/// # Errors
	/// [`Error::NotFound`] when the ledger has no such permit; otherwise as [`Client::prepare_request`].
	pub async fn prepare_data_request(&self, spec: &DataRequestSpec) -> Result<Pending, Error> {
		self.prepare_data_request_under(spec, None).await
	}

	/// As [`Self::prepare_data_request`], with the handle that stands for an idempotency key
	/// ([`Client::prepare_request_under`]).
	///
	/// # Errors
	/// As [`Self::prepare_data_request`].
	pub async fn prepare_data_request_under(
		&self,
		spec: &DataRequestSpec,
		key: Option<&IdempotencyKey>,
	) -> Result<Pending, Error> {
		let permit = self.known_permit(spec.permit).await?;
		let outline = Outline {
			partner: spec.holder,
			gate: Gate::Permit { permit: spec.permit, extraction: spec.extraction },
			purpose: permit.purpose,
			categories: spec.categories.unwrap_or(permit.categories),
			border: spec.border,
			patient: None,
			professional: spec.professional.clone(),
			care_relationship: CareRelationship::None,
			key: random(),
		}
		.under(key);
		self.prepare_pull(&outline, |secret, _| Ok(Kind::Request { secret })).await
	}
}
