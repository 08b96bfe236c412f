//! Whether a FHIR R4 file means something to the ledger, and what: a Consent, an AuditEvent, a DocumentReference, a
//! Provenance, or a Bundle that is a document or a collection. Everything else, and whatever is not understood to the last element, is refused with an
//! OperationOutcome that names the place and the reason.

mod audit_event;
mod bundle;
pub(crate) mod codes;
mod consent;
mod document_reference;
mod element;
mod outcome;
mod provenance;

pub use outcome::{Issue, IssueType, Outcome, Severity, FAILURE, REJECTION};

use super::{json, Defect};
use element::{short, Element};
use serde_json::Value;

/// A resource that was understood.
#[derive(Clone, PartialEq)]
pub struct Mapped {
	/// `Consent`, `AuditEvent`, `DocumentReference`, `Provenance` or `Bundle`.
	pub resource_type: &'static str,
	/// What it means to the ledger.
	pub mapping: Value,
	/// What a reader of the mapping should know.
	pub outcome: Outcome,
}

impl std::fmt::Debug for Mapped {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "Mapped({})", self.resource_type)
	}
}

/// Maps a FHIR R4 resource.
///
/// # Errors
/// The [`Outcome`] with every reason found for refusing it.
pub fn check(bytes: &[u8]) -> Result<Mapped, Outcome> {
	let resource = json::parse(bytes).map_err(unreadable)?;
	let Some(kind) = resource["resourceType"].as_str() else {
		let diagnostics = "a FHIR resource says its type";
		return Err(Outcome::of(IssueType::Structure, "resourceType", diagnostics));
	};
	let mut outcome = Outcome::default();
	let (resource_type, mapping) = match kind {
		"Consent" => ("Consent", consent::map(&Element::root(&resource, "Consent"), &mut outcome)),
		"AuditEvent" => {
			let root = Element::root(&resource, "AuditEvent");
			("AuditEvent", audit_event::map(&root, bytes, &mut outcome))
		},
		"DocumentReference" => {
			let root = Element::root(&resource, "DocumentReference");
			("DocumentReference", document_reference::map(&root, &mut outcome))
		},
		"Provenance" => {
			let root = Element::root(&resource, "Provenance");
			("Provenance", provenance::map(&root, &mut outcome))
		},
		"Bundle" => {
			("Bundle", bundle::map(&Element::root(&resource, "Bundle"), bytes, &mut outcome))
		},
		other => {
			let diagnostics = format!(
				"`{}` has no counterpart on the ledger; Consent, AuditEvent, DocumentReference, Provenance and Bundle have",
				short(other)
			);
			return Err(Outcome::of(IssueType::NotSupported, "resourceType", diagnostics));
		},
	};
	match mapping {
		Some(mapping) if !outcome.is_refusal() => Ok(Mapped { resource_type, mapping, outcome }),
		Some(_) | None if outcome.is_refusal() => Err(outcome),
		_ => {
			Err(Outcome::of(IssueType::Structure, resource_type, "the resource is not understood"))
		},
	}
}

fn unreadable(defect: Defect) -> Outcome {
	Outcome::of(outcome::kind_of_defect(defect), "$this", defect.to_string())
}

#[cfg(test)]
mod tests;
