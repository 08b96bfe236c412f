//! Cyber, privacy and patient-safety risk as qualitative levels, with the path that led there.
//!
//! A [`Model`] goes in (assets, vulnerabilities, dependencies, workflows, processing, controls,
//! alerts, hygiene), an [`Assessment`] comes out. All arithmetic is in fixed point, so that any
//! peer that has the model computes the same assessment bit for bit.
//!
//! | module | what it does |
//! |---|---|
//! | [`model`] | the inputs |
//! | [`parameters`] | policy values: exposures, click rates, likelihood bands |
//! | [`fixed`] | probabilities in parts per billion |
//! | [`likelihood`] | how likely an asset is compromised directly |
//! | [`propagation`] | how compromise spreads: exact on small graphs, else a bracket |
//! | [`workflow`] | how likely care cannot go on |
//! | [`privacy`] | severity and likelihood of the feared events of data protection |
//! | [`matrix`] | from likelihood and impact to a level |
//! | [`mod@assess`] | all of it together |
//!
//! What is not known is computed with a stated assumption, lowers the confidence, and is named in
//! [`Assessment::unknown`]. The patient-safety level is a maximum over workflows and enters no
//! average.
#![warn(missing_docs)]

pub mod assess;
mod evaluation;
pub mod fixed;
pub mod likelihood;
pub mod matrix;
pub mod model;
pub mod parameters;
pub mod privacy;
pub mod propagation;
pub mod workflow;

pub use assess::{assess, Assessment, Driver, DriverKind, Figures, WorkflowFigures};
pub use fixed::Probability;
pub use model::{
	Against, Asset, Control, DataClass, Dependency, Exposure, GroupAwareness, Identification,
	Model, Need, ObservedAlert, ObservedKind, ProcessingActivity, Vulnerability, Workflow,
};
pub use parameters::Parameters;

/// What can be wrong with a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RiskError {
	/// There is no asset.
	#[error(
		"the model has no asset, so nothing is known; run discovery or import an inventory first"
	)]
	NothingToAssess,
	/// Two things of one kind have the same id.
	#[error("{kind} {id} appears twice; give each its own id")]
	Duplicate {
		/// Kind of thing.
		kind: &'static str,
		/// The id.
		id: String,
	},
	/// Something points to what is not there.
	#[error(
		"{from} refers to {kind} {id}, which is not in the model; add it or correct the reference"
	)]
	UnknownReference {
		/// What refers.
		from: String,
		/// Kind of what is missing.
		kind: &'static str,
		/// Its id.
		id: String,
	},
	/// A number is outside its range.
	#[error("{what} must lie in {range}; correct the value")]
	OutOfRange {
		/// Which number.
		what: String,
		/// The range.
		range: &'static str,
	},
}
