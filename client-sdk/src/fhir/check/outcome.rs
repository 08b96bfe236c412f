//! What is wrong with a resource, and where: the issues of an OperationOutcome.

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
