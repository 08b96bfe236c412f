//! What can go wrong, and what to do about it.

use curex_primitives::{ExchangeId, ExchangeState};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Every failure of this crate. [`Error::code`] is stable, for programs; the text is for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// The node does not answer.
	#[error("the node does not answer: {0}")]
	Connection(String),
	/// The node is of another chain than asked for.
	#[error("the node is of chain {found}, not {expected}")]
	WrongChain {
		/// Genesis hash that was asked for.
		expected: String,
		/// Genesis hash of the node's chain.
		found: String,
	},
	/// The node's runtime is another than the one this library was built for.
	#[error("the node runs runtime {found}, this library was built for {expected}")]
	WrongRuntime {
		/// The version this library knows.
		expected: u32,
		/// The version of the node.
		found: u32,
	},
	/// A development key on a chain that is not for development.
	#[error("a development key opens nothing on this chain")]
	DevelopmentKey,
	/// Something given by the caller cannot be used.
	#[error("{0}")]
	Input(String),
	/// A key or password is missing, wrong or damaged.
	#[error("{0}")]
	Key(String),
	/// A ciphertext does not open: altered, cut short, or sealed to another key.
	#[error("the ciphertext does not open: {0}")]
	Sealed(&'static str),
	/// Health data are not what they have to be.
	#[error("{0}")]
	Fhir(#[from] crate::fhir::Defect),
	/// The transaction was not let into the pool.
	#[error("the node did not admit the transaction: {message}")]
	NotAdmitted {
		/// What the node said.
		message: String,
		/// Whether the same content may be admitted when signed again.
		retry: bool,
		/// What to do.
		remedy: Cow<'static, str>,
	},
	/// The ledger executed the transaction and rejected it.
	#[error("the ledger rejected it: {0}")]
	Rejected(Rejection),
	/// Nothing was heard in time. What was submitted may still happen.
	#[error("no answer within {seconds} s while waiting for {what}")]
	Timeout {
		/// What was waited for.
		what: &'static str,
		/// How long.
		seconds: u64,
	},
	/// The block that held the transaction was abandoned, and the transaction with it.
	#[error("the transaction left the chain before it was final")]
	NotFinal,
	/// The exchange ended without data. The reason is never public.
	#[error(
		"nothing is available for exchange {exchange}; information may exist: phone the holder, or break the glass"
	)]
	NothingAvailable {
		/// The exchange.
		exchange: ExchangeId,
		/// Its last state.
		state: ExchangeState,
	},
	/// The ledger has no such record.
	#[error("the ledger has no {0}")]
	NotFound(String),
	/// The node has discarded the state of the block that is asked about.
	#[error("the node no longer keeps the state of that block")]
	StateDiscarded,
	/// A node refused or failed to carry a ciphertext.
	#[error("the transfer failed ({code}): {message}")]
	Transfer {
		/// Code of the node's `curex_*` methods.
		code: i32,
		/// What the node said.
		message: String,
	},
	/// What a node said about the ledger is not proven.
	#[error("not proven: {0}")]
	NotProven(#[from] curex_verify::Error),
	/// The node answered with something that makes no sense.
	#[error("the node's answer cannot be used: {0}")]
	Protocol(String),
	/// The local store failed.
	#[error("the local store failed: {0}")]
	Store(String),
	/// A file cannot be read or written.
	#[error("{path}: {reason}")]
	File {
		/// Which.
		path: String,
		/// Why.
		reason: String,
	},
}

/// A rejection by a pallet or by the runtime.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rejection {
	/// The pallet; empty when the runtime itself rejected.
	pub pallet: String,
	/// Name of the error.
	pub name: String,
	/// Its documentation.
	pub docs: String,
}

impl std::fmt::Display for Rejection {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		match self.pallet.as_str() {
			"" => formatter.write_str(&self.name)?,
			pallet => write!(formatter, "{pallet}.{}", self.name)?,
		}
		if self.docs.is_empty() {
			Ok(())
		} else {
			write!(formatter, " ({})", self.docs.trim())
		}
	}
}

impl Rejection {
	/// Whether it says that the record exists already: for records with a handle of the caller's choice that is
	/// what a repeated submission comes to.
	pub fn is_already_recorded(&self) -> bool {
		self.name == "AlreadyExists"
	}

	fn remedy(&self) -> &'static str {
		match self.name.as_str() {
			"BadOrigin" | "NotAuthorized" => {
				"use an account to which your organisation gave the duty for this call (`curex status`)"
			},
			"NotFound" => "check the handle: the ledger has no such record",
			"AlreadyExists" => "nothing: the record is there; `curex status` shows it",
			"WrongState" | "NotNow" => "look where the record stands (`curex status`) and start from there",
			_ => "read the error's description; correct the input and submit again",
		}
	}
}

impl Error {
	/// A stable code, for programs.
	pub const fn code(&self) -> &'static str {
		match self {
			Self::Connection(_) => "connection",
			Self::WrongChain { .. } => "config.chain",
			Self::WrongRuntime { .. } => "config.runtime",
			Self::DevelopmentKey => "config.development-key",
			Self::Input(_) => "input",
			Self::Key(_) => "key",
			Self::Sealed(_) => "sealed",
			Self::Fhir(_) => "fhir",
			Self::NotAdmitted { .. } => "not-admitted",
			Self::Rejected(_) => "rejected",
			Self::Timeout { .. } => "timeout",
			Self::NotFinal => "not-final",
			Self::NothingAvailable { .. } => "nothing-available",
			Self::NotFound(_) => "not-found",
			Self::StateDiscarded => "state-discarded",
			Self::Transfer { .. } => "transfer",
			Self::NotProven(_) => "not-proven",
			Self::Protocol(_) => "protocol",
			Self::Store(_) => "store",
			Self::File { .. } => "file",
		}
	}

	/// Whether doing the same again may succeed. Submissions are safe to repeat: the ledger takes a record once.
	pub const fn is_retryable(&self) -> bool {
		match self {
			Self::Connection(_) | Self::Timeout { .. } | Self::NotFinal | Self::Store(_) => true,
			Self::NotAdmitted { retry, .. } => *retry,
			// Not now, not here yet, store full, busy, storage or ledger failure, served by no node yet.
			Self::Transfer { code, .. } => matches!(code, 12004 | 12005 | 12009 | 12011..=12014),
			_ => false,
		}
	}

	/// What to do about it.
	pub fn remedy(&self) -> &str {
		match self {
			Self::Connection(_) => {
				"check the endpoint and that the node runs (`curl` its /health), then try again"
			},
			Self::WrongChain { .. } => {
				"point to a node of the chain you mean, or correct the genesis hash"
			},
			Self::WrongRuntime { .. } => {
				"install the release of this program that matches the runtime"
			},
			Self::DevelopmentKey => "use a key file; development keys are known to everybody",
			Self::Input(_) => "correct the input",
			Self::Key(_) => "check key file and password file",
			Self::Sealed(_) => {
				"fetch it again; if it still does not open, acknowledge it as unreadable"
			},
			Self::Fhir(_) => {
				"correct the FHIR source, or acknowledge what was received accordingly"
			},
			Self::NotAdmitted { remedy, .. } => remedy,
			Self::Rejected(rejection) => rejection.remedy(),
			Self::Timeout { .. } => {
				"look with `curex status`; submitting the same again records nothing twice"
			},
			Self::NotFinal => "submit again: nothing was recorded",
			Self::NothingAvailable { .. } => {
				"phone the holder, or break the glass if waiting would harm the patient"
			},
			Self::NotFound(_) => "check the handle, and whether the block that holds it is final",
			Self::StateDiscarded => {
				"ask a node that keeps every state (one that runs with `--state-pruning archive`)"
			},
			Self::Transfer { .. } if self.is_retryable() => "wait a little and try again",
			Self::Transfer { .. } => {
				"look at the exchange (`curex status`): the part may not travel in this state"
			},
			Self::NotProven(error) => error.remedy(),
			Self::Protocol(_) => "check that the endpoint is a CUREX node of a matching version",
			Self::Store(_) => "check disk space and permissions of the store, then try again",
			Self::File { .. } => "check path and permissions",
		}
	}

	/// The error as JSON: `{"code","message","retryable","remedy"}`.
	pub fn to_json(&self) -> serde_json::Value {
		serde_json::json!({
			"code": self.code(),
			"message": self.to_string(),
			"retryable": self.is_retryable(),
			"remedy": self.remedy(),
		})
	}

	/// JSON of the caller's that cannot be read; `what` names it. Tells where and why, and nothing of what stands there:
	/// it may be a patient's.
	pub fn json(what: &str, error: &serde_json::Error) -> Self {
		let text = error.to_string();
		let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
		// Names of fields that are missing or double are this library's.
		let names_ours = ["missing field `", "duplicate field `"];
		let reason = if names_ours.iter().any(|begin| reason.starts_with(begin)) {
			reason.to_owned()
		} else {
			let kinds = ["unknown field", "unknown variant", "invalid type", "invalid value"];
			let kind = kinds.into_iter().find(|kind| reason.starts_with(kind));
			let kind = kind.unwrap_or("it is not what it should be");
			let expected = reason
				.rsplit_once(", expected ")
				.map(|(_, expected)| expected)
				.or_else(|| reason.strip_prefix("expected "));
			expected.map_or(kind.to_owned(), |expected| format!("{kind}, expected {expected}"))
		};
		Self::Input(format!("{what}: {reason} (line {}, column {})", error.line(), error.column()))
	}

	pub(crate) fn input(text: impl Into<String>) -> Self {
		Self::Input(text.into())
	}

	pub(crate) fn file(path: &std::path::Path, reason: impl std::fmt::Display) -> Self {
		Self::File { path: path.display().to_string(), reason: reason.to_string() }
	}
}

impl From<rusqlite::Error> for Error {
	fn from(error: rusqlite::Error) -> Self {
		Self::Store(error.to_string())
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::fhir::Defect;

	/// An error of every kind. Those of a kind that has files are of files called after somebody.
	pub(crate) fn every_kind() -> Vec<Error> {
		let text = || String::from("why");
		let admitted = |retry| Error::NotAdmitted { message: text(), retry, remedy: "wait".into() };
		let path = || String::from("/home/Papadopoulou/summary.json");
		let kinds = vec![
			Error::Connection(text()),
			Error::WrongChain { expected: text(), found: text() },
			Error::WrongRuntime { expected: 1, found: 2 },
			Error::DevelopmentKey,
			Error::Input(text()),
			Error::Key(text()),
			Error::Sealed("why"),
			Error::Fhir(Defect::NotJson),
			admitted(true),
			admitted(false),
			Error::Rejected(Rejection { pallet: text(), name: text(), docs: text() }),
			Error::Timeout { what: "a block", seconds: 1 },
			Error::NotFinal,
			Error::NothingAvailable {
				exchange: ExchangeId([1; 32]),
				state: ExchangeState::Expired,
			},
			Error::NotFound(text()),
			Error::StateDiscarded,
			Error::Transfer { code: 12004, message: text() },
			Error::Transfer { code: 12001, message: text() },
			Error::NotProven(curex_verify::Error::WrongGenesis),
			Error::Protocol(text()),
			Error::Store(format!("unable to open database file: {}", path())),
			Error::File { path: path(), reason: text() },
		];
		// A new kind does not compile until it has a place here, and is missed until it is above.
		let place = |error: &Error| match error {
			Error::Connection(_) => 0,
			Error::WrongChain { .. } => 1,
			Error::WrongRuntime { .. } => 2,
			Error::DevelopmentKey => 3,
			Error::Input(_) => 4,
			Error::Key(_) => 5,
			Error::Sealed(_) => 6,
			Error::Fhir(_) => 7,
			Error::NotAdmitted { .. } => 8,
			Error::Rejected(_) => 9,
			Error::Timeout { .. } => 10,
			Error::NotFinal => 11,
			Error::NothingAvailable { .. } => 12,
			Error::NotFound(_) => 13,
			Error::StateDiscarded => 14,
			Error::Transfer { .. } => 15,
			Error::NotProven(_) => 16,
			Error::Protocol(_) => 17,
			Error::Store(_) => 18,
			Error::File { .. } => 19,
		};
		let places: std::collections::BTreeSet<usize> = kinds.iter().map(place).collect();
		assert!(places.into_iter().eq(0..20), "a kind is missing");
		kinds
	}

	#[test]
	fn an_error_tells_programs_and_people_what_to_do() {
		let error = Error::Rejected(Rejection {
			pallet: "Consent".into(),
			name: "NotAuthorized".into(),
			docs: " Not the holder.".into(),
		});
		let json = error.to_json();
		assert_eq!(json["code"], "rejected");
		assert_eq!(
			json["message"],
			"the ledger rejected it: Consent.NotAuthorized (Not the holder.)"
		);
		assert_eq!(json["retryable"], false);
		assert!(json["remedy"].as_str().unwrap().contains("duty"));
	}

	#[test]
	fn what_is_wrong_with_json_is_told_without_quoting_it() {
		let told = |json: &str| {
			let error = serde_json::from_str::<crate::receipt::ConsentSpec>(json).unwrap_err();
			Error::json("the spec", &error).to_string()
		};
		for json in [
			"{\"Papadopoulou\": 1}",
			"{\"grantee\": \"Papadopoulou, expected Papadopoulou\"}",
			"{\"max-uses\": \"Papadopoulou at line 9\"}",
			"{\"purposes\": [\"Papadopoulou\"]}",
			"Papadopoulou",
		] {
			let told = told(json);
			assert!(!told.contains("Papadopoulou"), "{told}");
			assert!(told.starts_with("the spec: ") && told.contains("line 1, column "), "{told}");
		}
		assert!(told("{}").contains("missing field `grantee`"), "{}", told("{}"));
		let wrong = told("{\"max-uses\": \"x\"}");
		assert!(wrong.contains("invalid type, expected u32"), "{wrong}");
	}

	#[test]
	fn a_transfer_that_is_too_early_may_be_tried_again() {
		let error = |code| Error::Transfer { code, message: String::new() };
		assert!(error(12004).is_retryable());
		assert!(error(12014).is_retryable(), "its sender may leave it a moment later");
		assert!(!error(12003).is_retryable());
	}
}
