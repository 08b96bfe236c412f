//! What is wrong with a resource, and where: the issues of an OperationOutcome.

use crate::{fhir::Defect, Error};
use serde_json::{json, Value};

/// System of the codes of this library's failures ([`Error::code`]).
pub const FAILURE: &str = "urn:curex:error";
/// System of the ledger's errors: pallet and name, such as `Exchange.GateClosed`.
pub const REJECTION: &str = "urn:curex:rejection";

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
	/// The account may not do it.
	Forbidden,
	/// Nothing is given out, for reasons that are not told: there may be something, and there may be nothing.
	Suppressed,
	/// Something that is needed cannot be reached: it may be tried again.
	Transient,
	/// No answer came in time: it may be tried again, and may have happened.
	Timeout,
	/// What is kept on this machine cannot be written or read.
	NoStore,
	/// Something answered with what makes no sense.
	Exception,
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
			Self::Forbidden => "forbidden",
			Self::Suppressed => "suppressed",
			Self::Transient => "transient",
			Self::Timeout => "timeout",
			Self::NoStore => "no-store",
			Self::Exception => "exception",
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
	/// System and code of what failed, of a failure of this library.
	pub details: Vec<(&'static str, String)>,
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
		let details = Vec::new();
		self.issues.push(Issue { severity, code, expression, diagnostics, details });
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

	/// A failure of this library: what is wrong, and what to do about it. It names no file and no folder, which may be called
	/// after somebody.
	pub fn of_failure(error: &Error) -> Self {
		let told = match error {
			Error::File { reason, .. } => format!("a local file: {reason}"),
			Error::Store(_) => "the local store failed".into(),
			other => other.to_string(),
		};
		let mut details = vec![(FAILURE, error.code().to_owned())];
		if let Error::Rejected(rejection) = error {
			let pallet = Some(rejection.pallet.as_str()).filter(|pallet| !pallet.is_empty());
			details
				.push((REJECTION, format!("{}.{}", pallet.unwrap_or("Runtime"), rejection.name)));
		}
		let mut outcome = Self::of(kind(error), "$this", format!("{told}; {}", error.remedy()));
		outcome.issues.iter_mut().for_each(|issue| issue.details.clone_from(&details));
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
			let mut told = json!({
				"severity": severity,
				"code": issue.code.code(),
				"diagnostics": issue.diagnostics,
				"expression": [issue.expression],
			});
			if !issue.details.is_empty() {
				let codings = issue.details.iter();
				let codings =
					codings.map(|(system, code)| json!({ "system": system, "code": code }));
				told["details"] = json!({ "coding": codings.collect::<Vec<_>>() });
			}
			told
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

/// What kind of issue a failure is. Names every kind of failure, so that a new one is not passed over.
fn kind(error: &Error) -> IssueType {
	match error {
		Error::Connection(_) | Error::NotFinal => IssueType::Transient,
		Error::WrongChain { .. } | Error::WrongRuntime { .. } => IssueType::NotSupported,
		Error::DevelopmentKey | Error::Key(_) | Error::NotProven(_) | Error::Sealed(_) => {
			IssueType::Security
		},
		Error::Input(_) => IssueType::Value,
		Error::Fhir(defect) => kind_of_defect(*defect),
		Error::NotAdmitted { retry: true, .. } => IssueType::Transient,
		Error::NotAdmitted { retry: false, .. } => IssueType::Processing,
		Error::Rejected(rejection) => match rejection.name.as_str() {
			"BadOrigin" | "NotAuthorized" => IssueType::Forbidden,
			"NotFound" => IssueType::NotFound,
			"AlreadyExists" => IssueType::Duplicate,
			// The ledger's rules are many, and those of later runtimes are not known.
			_ => IssueType::BusinessRule,
		},
		Error::Timeout { .. } => IssueType::Timeout,
		Error::NothingAvailable { .. } => IssueType::Suppressed,
		Error::NotFound(_) | Error::StateDiscarded => IssueType::NotFound,
		Error::Transfer { code: 12003, .. } => IssueType::Forbidden,
		Error::Transfer { .. } if error.is_retryable() => IssueType::Transient,
		Error::Transfer { .. } => IssueType::Processing,
		Error::Protocol(_) => IssueType::Exception,
		Error::Store(_) | Error::File { .. } => IssueType::NoStore,
	}
}

pub(super) const fn kind_of_defect(defect: Defect) -> IssueType {
	match defect {
		Defect::TooLarge | Defect::TooDeep | Defect::TooMany => IssueType::TooCostly,
		Defect::NotJson
		| Defect::NotTheResource
		| Defect::NoComposition
		| Defect::NoCollection
		| Defect::Hl7v2(_)
		| Defect::Dicom(_) => IssueType::Structure,
		Defect::NotOnePatient | Defect::WrongPatient | Defect::NamesPerson => {
			IssueType::BusinessRule
		},
		Defect::Unresolved => IssueType::NotFound,
		Defect::UnknownModifier => IssueType::Extension,
		Defect::Source => IssueType::Transient,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::error::tests::every_kind;

	#[test]
	fn every_failure_can_be_told_as_an_outcome() {
		// FHIR R4, value set issue-type: those of a kind that fits.
		let expected = |error: &Error| match error.code() {
			"connection" | "not-final" => "transient",
			"config.chain" | "config.runtime" => "not-supported",
			"config.development-key" | "key" | "not-proven" | "sealed" => "security",
			"input" => "value",
			"fhir" => "structure",
			"not-admitted" if error.is_retryable() => "transient",
			"not-admitted" => "processing",
			"rejected" => "business-rule",
			"timeout" => "timeout",
			"nothing-available" => "suppressed",
			"not-found" | "state-discarded" => "not-found",
			"transfer" if error.is_retryable() => "transient",
			"transfer" => "processing",
			"protocol" => "exception",
			"store" | "file" => "no-store",
			other => panic!("{other} is not known"),
		};
		for error in every_kind() {
			let outcome = Outcome::of_failure(&error);
			assert!(outcome.is_refusal());
			let told = outcome.to_json();
			assert_eq!(told["resourceType"], "OperationOutcome");
			let issue = &told["issue"][0];
			assert_eq!(
				(&issue["severity"], told["issue"].as_array().unwrap().len()),
				(&json!("error"), 1)
			);
			assert_eq!(issue["code"], expected(&error), "{error}");
			let coding = &issue["details"]["coding"][0];
			assert_eq!(
				(&coding["system"], &coding["code"]),
				(&json!(FAILURE), &json!(error.code()))
			);
			let diagnostics = issue["diagnostics"].as_str().unwrap();
			assert!(diagnostics.ends_with(error.remedy()), "{diagnostics}");
			assert!(!told.to_string().contains("Papadopoulou"), "{told}");
		}
	}

	#[test]
	fn what_the_ledger_rejected_is_told_with_its_own_code() {
		let rejected = |pallet: &str, name: &str| {
			let (pallet, name, docs) = (pallet.into(), name.into(), String::new());
			let error = Error::Rejected(crate::Rejection { pallet, name, docs });
			Outcome::of_failure(&error).to_json()["issue"][0].clone()
		};
		let closed = rejected("Exchange", "NotAuthorized");
		assert_eq!(closed["code"], "forbidden");
		let coding = &closed["details"]["coding"][1];
		assert_eq!(
			(&coding["system"], &coding["code"]),
			(&json!(REJECTION), &json!("Exchange.NotAuthorized"))
		);
		assert_eq!(rejected("", "BadOrigin")["details"]["coding"][1]["code"], "Runtime.BadOrigin");
		assert_eq!(rejected("Consent", "AlreadyExists")["code"], "duplicate");
	}
}
