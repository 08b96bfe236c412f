//! What holds where a patient said several things: one pure function for holder's gateway, client and explorer.
//!
//! Objections never reach the ledger; this rule runs where they are kept. A statement is more specific than another if
//! it is no less specific in any respect (whom, context, resources) and more so in one. A statement counts if no
//! applicable statement is more specific. Among those that count an objection wins, so that two statements that
//! cannot be compared resolve to the safe side. Where nothing was said the overarching policy of the holder decides
//! (IHE Privacy Consent on FHIR 1.1.0, section 53.2.1).

use crate::{consent::ConsentTerms, vocabulary, Categories, Grantee, Purpose};

vocabulary! {
	/// What a patient said.
	pub enum Position {
		/// Agreed.
		Permit = 0,
		/// Objected.
		Objection = 1,
	}
}

vocabulary! {
	/// Of whom a statement speaks.
	#[derive(PartialOrd, Ord)]
	pub enum Whom {
		/// Of anybody.
		Anybody = 0,
		/// Of organisations or persons of some kind, place or group.
		Category = 1,
		/// Of one organisation or person.
		Organisation = 2,
	}
}

/// How specific a statement is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Specificity {
	/// Of whom it speaks.
	pub whom: Whom,
	/// Whether it speaks of a specific context: purposes, an encounter, an emergency.
	pub context: bool,
	/// Whether it speaks of specific resources: categories, labels, documents, a period.
	pub resources: bool,
}

impl Specificity {
	/// Of everything.
	pub const GENERAL: Self = Self { whom: Whom::Anybody, context: false, resources: false };

	/// How specific a consent on the ledger is. Purposes are its context, and always named.
	pub fn of(terms: &ConsentTerms) -> Self {
		Self {
			whom: match terms.grantee {
				Grantee::Organisation(_) => Whom::Organisation,
				Grantee::Kind(_) | Grantee::KindIn(..) | Grantee::Group(_) => Whom::Category,
			},
			context: true,
			resources: terms.categories != Categories::all(),
		}
	}

	/// How specific an exception within a statement is, which speaks of no more than the statement.
	#[must_use]
	pub fn within(self, statement: Self) -> Self {
		Self {
			whom: self.whom.max(statement.whom),
			context: self.context || statement.context,
			resources: self.resources || statement.resources,
		}
	}

	/// Whether it is more specific than another in one respect, and no less in any.
	pub fn exceeds(self, other: Self) -> bool {
		self != other
			&& self.whom >= other.whom
			&& self.context >= other.context
			&& self.resources >= other.resources
	}
}

/// A statement that applies to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statement {
	/// What was said.
	pub position: Position,
	/// How specific it is.
	pub specificity: Specificity,
}

vocabulary! {
	/// What holds where a patient said nothing.
	pub enum OverarchingPolicy {
		/// Treatment by clinicians, and nothing else.
		BasicNormal = 0,
		/// Every authorised use.
		AllNormal = 1,
		/// Nothing, except when a clinician breaks the glass.
		BreakGlassOnly = 2,
		/// Nothing at all: an absolute opt-out, where national law knows one (EHDS recital 18).
		Deny = 3,
	}
}

impl OverarchingPolicy {
	/// The canonical URI of the policy.
	pub const fn uri(self) -> &'static str {
		match self {
			Self::BasicNormal => "https://profiles.ihe.net/ITI/PCF/Policy-basic-normal",
			Self::AllNormal => "https://profiles.ihe.net/ITI/PCF/Policy-all-normal",
			Self::BreakGlassOnly => "https://profiles.ihe.net/ITI/PCF/Policy-break-glass-only",
			Self::Deny => "https://profiles.ihe.net/ITI/PCF/Policy-deny",
		}
	}

	/// The policy with this URI.
	pub fn from_uri(uri: &str) -> Option<Self> {
		Self::ALL.iter().copied().find(|policy| policy.uri() == uri)
	}

	/// What the policy says of a request. `labelled` says whether the data carry a label above normal: no
	/// overarching policy opens those but by break-glass.
	pub const fn position(self, purpose: Purpose, break_glass: bool, labelled: bool) -> Position {
		let permits = match self {
			Self::Deny => false,
			Self::BreakGlassOnly => break_glass,
			Self::BasicNormal => break_glass || (purpose.is_care() && !labelled),
			Self::AllNormal => break_glass || !labelled,
		};
		if permits {
			Position::Permit
		} else {
			Position::Objection
		}
	}
}

/// What holds for a request, given every statement that applies to it. The order of the statements does not matter.
pub fn resolve(applicable: &[Statement], otherwise: Position) -> Position {
	let counts = |statement: &&Statement| {
		!applicable.iter().any(|other| other.specificity.exceeds(statement.specificity))
	};
	applicable
		.iter()
		.filter(counts)
		.map(|statement| statement.position)
		.reduce(|one, other| if one == Position::Objection { one } else { other })
		.unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::consent::tests::terms;
	use proptest::prelude::*;
	use std::vec::Vec;

	fn every_specificity() -> Vec<Specificity> {
		let mut all = Vec::new();
		for &whom in Whom::ALL {
			for context in [false, true] {
				for resources in [false, true] {
					all.push(Specificity { whom, context, resources });
				}
			}
		}
		all
	}

	/// The rule once more, respect by respect and by hand.
	fn expected(one: Statement, other: Statement) -> Position {
		let compare = |one: Specificity, other: Specificity| {
			let more = [
				one.whom > other.whom,
				one.context && !other.context,
				one.resources && !other.resources,
			];
			more.contains(&true)
		};
		let one_more = compare(one.specificity, other.specificity);
		let other_more = compare(other.specificity, one.specificity);
		match (one_more, other_more) {
			(true, false) => one.position,
			(false, true) => other.position,
			_ if one.position == Position::Permit => other.position,
			_ => Position::Objection,
		}
	}

	#[test]
	fn abuse_26_every_pair_of_permit_and_objection_resolves_by_specificity() {
		let mut pairs = 0;
		for &first in &every_specificity() {
			for &second in &every_specificity() {
				for &one in Position::ALL {
					for &other in Position::ALL {
						let one = Statement { position: one, specificity: first };
						let other = Statement { position: other, specificity: second };
						for &otherwise in Position::ALL {
							let resolved = resolve(&[one, other], otherwise);
							assert_eq!(resolved, expected(one, other), "{one:?} {other:?}");
							assert_eq!(resolved, resolve(&[other, one], otherwise));
						}
						pairs += 1;
					}
				}
			}
		}
		assert_eq!(pairs, 12 * 12 * 4);
	}

	#[test]
	fn the_published_rules_hold() {
		use Position::{Objection, Permit};
		let say = |position, whom, context, resources| Statement {
			position,
			specificity: Specificity { whom, context, resources },
		};
		let general = |position| say(position, Whom::Category, false, false);
		for (specific, position) in [
			(say(Permit, Whom::Organisation, false, false), Permit),
			(say(Permit, Whom::Category, true, false), Permit),
			(say(Permit, Whom::Category, false, true), Permit),
			(general(Permit), Objection),
		] {
			assert_eq!(resolve(&[general(Objection), specific], Objection), position);
		}
		assert_eq!(
			resolve(&[say(Objection, Whom::Organisation, false, false), general(Permit)], Permit),
			Objection
		);
		let incomparable = [
			say(Permit, Whom::Organisation, false, false),
			say(Objection, Whom::Category, true, true),
		];
		assert_eq!(resolve(&incomparable, Permit), Objection, "the safe side");
	}

	#[test]
	fn the_overarching_policies_say_what_their_definitions_say() {
		use Position::{Objection, Permit};
		for &policy in OverarchingPolicy::ALL {
			assert_eq!(OverarchingPolicy::from_uri(policy.uri()), Some(policy));
			for &purpose in Purpose::ALL {
				for labelled in [false, true] {
					let expected = match policy {
						OverarchingPolicy::BasicNormal if purpose.is_care() && !labelled => Permit,
						OverarchingPolicy::AllNormal if !labelled => Permit,
						_ => Objection,
					};
					assert_eq!(policy.position(purpose, false, labelled), expected, "{policy:?}");
					let glass = policy.position(purpose, true, labelled);
					let absolute = policy == OverarchingPolicy::Deny;
					assert_eq!(glass, if absolute { Objection } else { Permit });
				}
			}
		}
		assert_eq!(OverarchingPolicy::from_uri("https://example.org"), None);
	}

	#[test]
	fn a_consent_is_as_specific_as_its_grantee_and_categories() {
		let specific = Specificity::of(&terms());
		assert_eq!(
			specific,
			Specificity { whom: Whom::Organisation, context: true, resources: true }
		);
		let kind = Grantee::Kind(crate::OrganisationKind::Hospital);
		let wide = ConsentTerms { grantee: kind, categories: Categories::all(), ..terms() };
		assert!(specific.exceeds(Specificity::of(&wide)));
		assert!(!Specificity::of(&wide).exceeds(specific));
		assert_eq!(Specificity::GENERAL.within(specific), specific);
	}

	fn statements() -> impl Strategy<Value = Vec<Statement>> {
		let one = (any::<bool>(), 0..12usize).prop_map(|(objects, index)| Statement {
			position: if objects { Position::Objection } else { Position::Permit },
			specificity: every_specificity()[index],
		});
		proptest::collection::vec(one, 0..6)
	}

	proptest! {
		#[test]
		fn order_and_repetition_of_statements_do_not_matter(
			statements in statements(),
			seed in any::<prop::sample::Index>(),
		) {
			let resolved = resolve(&statements, Position::Objection);
			let mut turned = statements.clone();
			if !turned.is_empty() {
				let by = seed.index(turned.len());
				turned.rotate_left(by);
			}
			turned.extend(statements.iter().rev().copied());
			prop_assert_eq!(resolve(&turned, Position::Objection), resolved);
		}

		#[test]
		fn a_permit_holds_only_if_no_objection_counts(statements in statements()) {
			if resolve(&statements, Position::Objection) == Position::Permit {
				for objection in statements.iter().filter(|said| said.position == Position::Objection) {
					let exceeds =
						|said: &Statement| said.specificity.exceeds(objection.specificity);
					prop_assert!(statements.iter().any(exceeds));
				}
			}
		}
	}
}
