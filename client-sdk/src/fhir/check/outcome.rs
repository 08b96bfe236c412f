//! What is wrong with a resource, and where: the issues of an OperationOutcome.

use crate::Error;
use serde_json::{json, Value};

/// How an issue bears on the mapping (FHIR issue-severity).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
	/// The resource is refused.
	Error,
	/// The mapping says less, or less exactly, than the resource.
	Warning,
	/// Something a reader of the mapping should know.
	Information,
}

/// What kind of issue (FHIR issue-type, as far as it is used).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IssueType {
	/// The file is not JSON, or no resource.
	Structure,
	/// An element is missing.
	Required,
	/// An element has a value that it cannot have.
	Value,
	/// A rule of the resource is broken.
	Invariant,
	/// A code is not known.
	CodeInvalid,
	/// An extension that may change the meaning is not known.
	Extension,
	/// The ledger has no counterpart.
	NotSupported,
	/// The meaning is not clear enough to act upon.
	BusinessRule,
	/// A reference leads nowhere.
	NotFound,
	/// Something stands twice.
	Duplicate,
	/// The data are larger than is accepted.
	TooCostly,
	/// The key or account does not allow it.
	Security,
	/// Something that is needed cannot be reached: it may be tried again.
	Transient,
	/// It was tried and did not succeed.
	Processing,
	/// Nothing is wrong.
	Informational,
}

impl IssueType {
	/// The code.
	pub const fn code(self) -> &'static str {
		match self {
			Self::Structure => "structure",
			Self::Required => "required",
			Self::Value => "value",
			Self::Invariant => "invariant",
			Self::CodeInvalid => "code-invalid",
			Self::Extension => "extension",
			Self::NotSupported => "not-supported",
			Self::BusinessRule => "business-rule",
			Self::NotFound => "not-found",
			Self::Duplicate => "duplicate",
			Self::TooCostly => "too-costly",
			Self::Security => "security",
			Self::Transient => "transient",
			Self::Processing => "processing",
			Self::Informational => "informational",
		}
	}
}

/// One issue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issue {
	/// How it bears on the mapping.
	pub severity: Severity,
	/// What kind.
	pub code: IssueType,
	/// Where, as FHIRPath.
	pub expression: String,
	/// What is wrong, and what would be right.
	pub diagnostics: String,
}

/// An OperationOutcome. Never quotes the data but for codes: its readers need not be allowed to see the patient.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
	/// The issues, in the order in which they were found.
	pub issues: Vec<Issue>,
}

impl Outcome {
	pub(super) fn add(
		&mut self,
		severity: Severity,
		code: IssueType,
		expression: impl Into<String>,
		diagnostics: impl Into<String>,
	) {
		let (expression, diagnostics) = (expression.into(), diagnostics.into());
		self.issues.push(Issue { severity, code, expression, diagnostics });
	}

	pub(super) fn error(
		&mut self,
		code: IssueType,
		expression: impl Into<String>,
		diagnostics: impl Into<String>,
	) {
		self.add(Severity::Error, code, expression, diagnostics);
	}

	/// An outcome with one error.
	pub(super) fn of(code: IssueType, expression: &str, diagnostics: impl Into<String>) -> Self {
		let mut outcome = Self::default();
		outcome.error(code, expression, diagnostics);
		outcome
	}

	/// A failure of this library: what is wrong, and what to do about it.
	pub fn of_failure(error: &Error) -> Self {
		let code = match error {
			_ if error.is_retryable() => IssueType::Transient,
			Error::NotFound(_) | Error::StateDiscarded => IssueType::NotFound,
			Error::Input(_) => IssueType::Value,
			Error::Key(_) | Error::DevelopmentKey | Error::NotProven(_) => IssueType::Security,
			Error::Fhir(_) => IssueType::Structure,
			_ => IssueType::Processing,
		};
		Self::of(code, "$this", format!("{error}; {}", error.remedy()))
	}

	/// Whether the resource is refused.
	pub fn is_refusal(&self) -> bool {
		self.issues.iter().any(|issue| issue.severity == Severity::Error)
	}

	/// The resource.
	pub fn to_json(&self) -> Value {
		let issues = self.issues.iter().map(|issue| {
			let severity = match issue.severity {
				Severity::Error => "error",
				Severity::Warning => "warning",
				Severity::Information => "information",
			};
			json!({
				"severity": severity,
				"code": issue.code.code(),
				"diagnostics": issue.diagnostics,
				"expression": [issue.expression],
			})
		});
		let mut issues: Vec<Value> = issues.collect();
		if issues.is_empty() {
			// An OperationOutcome has at least one issue.
			issues.push(json!({
				"severity": "information",
				"code": IssueType::Informational.code(),
				"diagnostics": "no issue was found",
			}));
		}
		json!({ "resourceType": "OperationOutcome", "issue": issues })
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_failure_can_be_told_as_an_outcome() {
		let told = |error: &Error| {
			let outcome = Outcome::of_failure(error);
			assert!(outcome.is_refusal());
			outcome.to_json()["issue"][0].clone()
		};
		let lost = told(&Error::Connection("closed".into()));
		assert_eq!(lost["code"], "transient");
		assert!(lost["diagnostics"].as_str().unwrap().contains("check the endpoint"));
		assert_eq!(told(&Error::NotFound("exchange 0x00".into()))["code"], "not-found");
		assert_eq!(told(&Error::Key("no password".into()))["code"], "security");
	}
}
