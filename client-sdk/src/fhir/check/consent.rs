//! A Consent: what the patient said, as statements that the ledger and the holder's gateway understand.
//!
//! The root provision is the consent's statement, a nested one an exception to it. Where the resource leaves open which of
//! two things it means, it is refused: a consent that is guessed at is none.

use super::{
	codes::{category_of, purpose_of, CONSENT_ACTION, CONSENT_SCOPE, LOINC, PARTICIPATION},
	element::{short, Element},
	outcome::{IssueType, Outcome, Severity},
};
use crate::time;
use curex_primitives::{
	conflict::{Specificity, Whom},
	AccessMode, AccessModes, Categories, Category, OrganisationId, Position, Purposes,
};
use serde_json::{json, Value};

const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

const CONSENT: [&str; 14] = [
	"identifier",
	"status",
	"scope",
	"category",
	"patient",
	"dateTime",
	"performer",
	"organization",
	"sourceAttachment",
	"sourceReference",
	"policy",
	"policyRule",
	"verification",
	"provision",
];
const PROVISION: [&str; 11] = [
	"type",
	"period",
	"actor",
	"action",
	"securityLabel",
	"purpose",
	"class",
	"code",
	"dataPeriod",
	"data",
	"provision",
];
/// Sensitivity codes of v3-ActCode that a holder can enforce as labels.
const SENSITIVITIES: [&str; 17] = [
	"ETH", "ETHUD", "OPIOIDUD", "GDIS", "HIV", "MST", "SCA", "SDV", "SEX", "SPI", "BH", "COGN",
	"DVD", "PSY", "PSYTHPN", "STD", "SUD",
];

/// The purpose that a code of v3-ActReason stands for on the ledger.
/// What the policy says where the consent's provision does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
	OptIn,
	OptOut,
	/// A policy by reference, which is not read.
	Named,
}

/// What a provision says.
struct Statement {
	position: Position,
	specificity: Specificity,
	json: Value,
	/// The one member that may receive, if the provision names exactly one recipient and it is a member.
	grantee: Option<OrganisationId>,
	purposes: Purposes,
	until: Option<u64>,
	modes: Option<AccessModes>,
}

pub(super) fn map(consent: &Element, outcome: &mut Outcome) -> Option<Value> {
	if !consent.is_resource_of(&CONSENT, outcome) {
		return None;
	}
	let statuses = ["draft", "proposed", "active", "rejected", "inactive", "entered-in-error"];
	let status = consent.require("status", outcome).and_then(|it| it.code(&statuses, outcome));
	let standing = match status {
		Some("active") => "active",
		Some("inactive") => "ended",
		Some("draft" | "proposed") => "draft",
		Some("rejected") => "refused-by-patient",
		Some(_) => {
			let diagnostics = "a consent that was entered in error means nothing";
			outcome.error(IssueType::BusinessRule, "Consent.status", diagnostics);
			"void"
		},
		None => "unknown",
	};
	scope(consent, outcome);
	for category in consent.required_list("category", outcome) {
		category.codings(outcome);
	}
	let patient = consent.require("patient", outcome).and_then(|it| it.reference(outcome));
	let agreed = consent.get("dateTime").and_then(|it| it.moment(outcome));
	let holders = consent.parties("organization", outcome);
	let performers = consent.parties("performer", outcome);
	let policies = policies(consent, outcome);
	let base = base(consent, !policies.is_empty(), outcome);
	let evidence = evidence(consent, outcome);
	verification(consent, outcome);
	let statement = match consent.get("provision") {
		Some(provision) => root_statement(&provision, base, outcome),
		None => blanket(base, outcome),
	};
	let (statement, exceptions) = statement?;
	let open = open_terms(&statement, &exceptions);
	if !open.is_empty() {
		let diagnostics = format!("to be filed, the ledger also needs: {}", open.join(", "));
		outcome.add(
			Severity::Information,
			IssueType::Informational,
			"Consent.provision",
			diagnostics,
		);
	}
	Some(json!({
		"standing": standing,
		"patient": patient,
		"agreed": agreed.and_then(time::text),
		"performers": performers,
		"holders": holders,
		"policies": policies,
		"evidence": evidence,
		"statement": statement.json,
		"exceptions": exceptions.into_iter().map(|exception| exception.json).collect::<Vec<_>>(),
		"fileable": standing == "active" && open.is_empty(),
		"open": open,
	}))
}

fn scope(consent: &Element, outcome: &mut Outcome) {
	let Some(scope) = consent.require("scope", outcome) else { return };
	let codings = scope.codings(outcome);
	let privacy = codings.iter().any(|(system, code, _)| {
		*code == "patient-privacy" && (*system == CONSENT_SCOPE || system.is_empty())
	});
	if !privacy && !codings.is_empty() {
		let told = short(codings[0].1);
		let diagnostics =
			format!("`{told}`: the ledger holds consents to privacy (patient-privacy)");
		outcome.error(IssueType::NotSupported, scope.path, diagnostics);
	} else if codings.is_empty() {
		outcome.error(IssueType::Required, scope.path, "the scope has no code");
	}
}

fn policies(consent: &Element, outcome: &mut Outcome) -> Vec<String> {
	let mut uris = Vec::new();
	for policy in consent.list("policy", outcome) {
		if !policy.is_object_of(&["authority", "uri"], outcome) {
			continue;
		}
		let uri = policy.get("uri").or_else(|| policy.get("authority"));
		match uri.and_then(|uri| uri.text(outcome)) {
			Some(uri) => uris.push(uri.to_owned()),
			None => outcome.error(IssueType::Required, policy.path, "a policy has a uri"),
		}
	}
	uris
}

fn base(consent: &Element, has_policy: bool, outcome: &mut Outcome) -> Base {
	let Some(rule) = consent.get("policyRule") else {
		if !has_policy {
			let diagnostics = "a consent names a policy or a policyRule (ppc-1)";
			outcome.error(IssueType::Invariant, "Consent.policy", diagnostics);
		}
		return Base::Named;
	};
	let codings = rule.codings(outcome);
	let is = |wanted: &str| {
		codings.iter().any(|(system, code, _)| *system == ACT_CODE && *code == wanted)
	};
	match (is("OPTIN"), is("OPTOUT")) {
		(true, false) => Base::OptIn,
		(false, true) => Base::OptOut,
		(true, true) => {
			let diagnostics = "a consent cannot be both OPTIN and OPTOUT";
			outcome.error(IssueType::Invariant, rule.path, diagnostics);
			Base::Named
		},
		(false, false) => Base::Named,
	}
}

fn evidence(consent: &Element, outcome: &mut Outcome) -> Option<Value> {
	let reference = consent.get("sourceReference");
	let attachment = consent.get("sourceAttachment");
	if let (Some(reference), Some(_)) = (&reference, &attachment) {
		outcome.error(IssueType::Invariant, &reference.path, "a consent has one source");
	}
	if let Some(reference) = reference {
		return reference.reference(outcome);
	}
	let attachment = attachment?;
	let keys = ["contentType", "language", "data", "url", "size", "hash", "title", "creation"];
	attachment.is_object_of(&keys, outcome).then(|| json!({ "attachment": true }))
}

fn verification(consent: &Element, outcome: &mut Outcome) {
	for verification in consent.list("verification", outcome) {
		if !verification.is_object_of(&["verified", "verifiedWith", "verificationDate"], outcome) {
			continue;
		}
		match verification.value.get("verified").and_then(Value::as_bool) {
			Some(true) => (),
			Some(false) => outcome.add(
				Severity::Warning,
				IssueType::BusinessRule,
				format!("{}.verified", verification.path),
				"the consent was not verified with the patient",
			),
			None => {
				let path = format!("{}.verified", verification.path);
				outcome.error(IssueType::Required, path, "true or false is expected");
			},
		}
	}
}

/// What a consent without a provision says: what its policy rule says, of everything.
fn blanket(base: Base, outcome: &mut Outcome) -> Option<(Statement, Vec<Statement>)> {
	let position = match base {
		Base::OptIn => Position::Permit,
		Base::OptOut => Position::Objection,
		Base::Named => {
			let diagnostics =
				"without a provision a policyRule OPTIN or OPTOUT has to say what holds";
			outcome.error(IssueType::BusinessRule, "Consent.provision", diagnostics);
			return None;
		},
	};
	let statement = Statement {
		position,
		specificity: Specificity::GENERAL,
		json: json!({ "position": position, "specificity": told(Specificity::GENERAL) }),
		grantee: None,
		purposes: Purposes::EMPTY,
		until: None,
		modes: None,
	};
	Some((statement, Vec::new()))
}

fn told(specificity: Specificity) -> Value {
	let Specificity { whom, context, resources } = specificity;
	json!({ "whom": whom, "context": context, "resources": resources })
}

fn root_statement(
	provision: &Element,
	base: Base,
	outcome: &mut Outcome,
) -> Option<(Statement, Vec<Statement>)> {
	if !provision.is_object_of(&PROVISION, outcome) {
		return None;
	}
	let kind = provision.get("type").map(|kind| kind.code(&["permit", "deny"], outcome));
	let position = match (kind, base) {
		(Some(Some("permit")), _) => Some(Position::Permit),
		(Some(Some(_)), _) => Some(Position::Objection),
		(Some(None), _) => None,
		// What is agreed to in principle holds within the provision's bounds and not beyond.
		(None, Base::OptIn) => Some(Position::Permit),
		(None, Base::OptOut) => {
			let bounded = PROVISION
				.iter()
				.any(|key| !matches!(*key, "actor" | "provision") && provision.get(key).is_some())
				|| names_recipient(provision);
			if bounded {
				let diagnostics = "with policyRule OPTOUT, a provision without a type may bound the objection or be \
					excepted from it: state the type";
				outcome.error(
					IssueType::BusinessRule,
					format!("{}.type", provision.path),
					diagnostics,
				);
				None
			} else {
				Some(Position::Objection)
			}
		},
		(None, Base::Named) => {
			let diagnostics =
				"permit or deny: neither the provision nor a policyRule OPTIN or OPTOUT says it";
			outcome.error(IssueType::Required, format!("{}.type", provision.path), diagnostics);
			None
		},
	};
	let statement = self::statement(provision, position.unwrap_or(Position::Objection), outcome);
	let mut exceptions = Vec::new();
	for nested in provision.list("provision", outcome) {
		if !nested.is_object_of(&PROVISION, outcome) {
			continue;
		}
		if let Some(deeper) = nested.get("provision") {
			let diagnostics = "an exception to an exception is not understood";
			outcome.error(IssueType::NotSupported, deeper.path, diagnostics);
		}
		let kind =
			nested.require("type", outcome).and_then(|it| it.code(&["permit", "deny"], outcome));
		let position = if kind == Some("permit") { Position::Permit } else { Position::Objection };
		let mut exception = self::statement(&nested, position, outcome);
		let specificity = exception.specificity.within(statement.specificity);
		exception.json["specificity"] = told(specificity);
		exceptions.push(Statement { specificity, ..exception });
	}
	position.map(|_| (statement, exceptions))
}

/// Whether a provision names somebody other than the holder.
fn names_recipient(provision: &Element) -> bool {
	super::super::array(provision.value, "actor").any(|actor| {
		super::super::array(&actor["role"], "coding").any(|coding| coding["code"] != "CST")
	})
}

fn statement(provision: &Element, position: Position, outcome: &mut Outcome) -> Statement {
	let actors = actors(provision, outcome);
	let purposes = purposes(provision, outcome);
	let labels = labels(provision, outcome);
	let modes = access_modes(provision, position, outcome);
	let (categories, contents) = contents(provision, position, outcome);
	let data = data(provision, outcome);
	let mut period =
		|key: &str| provision.get(key).map(|it| it.period(outcome)).unwrap_or_default();
	let (from, until) = period("period");
	let (data_from, data_until) = period("dataPeriod");
	let recipients = &actors.recipients;
	let grantee = match recipients.as_slice() {
		[(_, member)] => *member,
		_ => None,
	};
	let specificity = Specificity {
		whom: match recipients.first() {
			None => Whom::Anybody,
			Some((said, _)) => match said["reference"].as_str() {
				Some(target) if target.contains("Group/") => Whom::Category,
				_ => Whom::Organisation,
			},
		},
		context: !purposes.is_empty() || from.is_some() || until.is_some(),
		resources: !labels.is_empty()
			|| !contents.is_empty()
			|| !data.is_empty()
			|| !actors.authors.is_empty()
			|| data_from.is_some()
			|| data_until.is_some(),
	};
	let moment = |moment: Option<u64>| moment.and_then(time::text);
	let list = |parties: &[(Value, Option<OrganisationId>)]| -> Vec<Value> {
		parties.iter().map(|(json, _)| json.clone()).collect()
	};
	let json = json!({
		"position": position,
		"recipients": list(recipients),
		"custodians": list(&actors.custodians),
		"authors": list(&actors.authors),
		"purposes": purposes,
		"categories": categories,
		"access-modes": modes,
		"from": moment(from),
		"until": moment(until),
		"held-by-the-holder": {
			"labels": labels,
			"contents": contents,
			"data": data,
			"data-from": moment(data_from),
			"data-until": moment(data_until),
		},
		"specificity": told(specificity),
	});
	Statement { position, specificity, json, grantee, purposes, until, modes }
}

#[derive(Default)]
struct Actors {
	recipients: Vec<(Value, Option<OrganisationId>)>,
	custodians: Vec<(Value, Option<OrganisationId>)>,
	authors: Vec<(Value, Option<OrganisationId>)>,
}

fn actors(provision: &Element, outcome: &mut Outcome) -> Actors {
	let mut actors = Actors::default();
	for actor in provision.list("actor", outcome) {
		if !actor.is_object_of(&["role", "reference"], outcome) {
			continue;
		}
		let role = actor.require("role", outcome);
		let party = actor.require("reference", outcome).and_then(|it| it.party(outcome));
		let (Some(role), Some(party)) = (role, party) else { continue };
		let codings = role.codings(outcome);
		let plays = |wanted: &[&str]| {
			codings
				.iter()
				.any(|(system, code, _)| *system == PARTICIPATION && wanted.contains(code))
		};
		if plays(&["IRCP", "PRCP"]) {
			actors.recipients.push(party);
		} else if plays(&["CST"]) {
			actors.custodians.push(party);
		} else if plays(&["AUT"]) {
			actors.authors.push(party);
		} else {
			let diagnostics = "the role is none of IRCP, PRCP, CST, AUT of v3-ParticipationType";
			outcome.error(IssueType::CodeInvalid, role.path, diagnostics);
		}
	}
	actors
}

fn purposes(provision: &Element, outcome: &mut Outcome) -> Purposes {
	let mut purposes = Purposes::EMPTY;
	for element in provision.list("purpose", outcome) {
		for (system, code, path) in element.codings(outcome) {
			match purpose_of(system, code) {
				Some(purpose) => purposes = purposes.with(purpose),
				None => {
					let diagnostics = format!(
						"`{}` of {} is no purpose of the ledger (TREAT, ETREAT, BTG, PATRQT, HPAYMT, HOPERAT, PUBHLTH, \
						HRESCH of v3-ActReason)",
						short(code),
						system_name(system)
					);
					outcome.error(IssueType::CodeInvalid, path, diagnostics);
				},
			}
		}
	}
	purposes
}

fn system_name(system: &str) -> String {
	if system.is_empty() {
		"no system".into()
	} else {
		system.chars().filter(|character| !character.is_control()).take(80).collect()
	}
}

fn labels(provision: &Element, outcome: &mut Outcome) -> Vec<String> {
	let mut labels = Vec::new();
	for element in provision.list("securityLabel", outcome) {
		for (system, code, path) in element.codings(outcome) {
			let known = match system {
				CONFIDENTIALITY => matches!(code, "U" | "L" | "M" | "N" | "R" | "V"),
				ACT_CODE => SENSITIVITIES.contains(&code),
				_ => false,
			};
			if known {
				labels.push(code.to_owned());
			} else {
				let diagnostics = format!(
					"the label `{}` of {} is not known, so that nobody can act upon it",
					short(code),
					system_name(system)
				);
				outcome.error(IssueType::CodeInvalid, path, diagnostics);
			}
		}
	}
	labels
}

fn access_modes(
	provision: &Element,
	position: Position,
	outcome: &mut Outcome,
) -> Option<AccessModes> {
	let actions = provision.list("action", outcome);
	if actions.is_empty() {
		return None;
	}
	let mut modes = AccessModes::EMPTY;
	for action in actions {
		for (system, code, path) in action.codings(outcome) {
			match (system, code) {
				(CONSENT_ACTION, "access" | "use") => modes = modes.with(AccessMode::View),
				(CONSENT_ACTION, "collect") => modes = modes.with(AccessMode::Store),
				(CONSENT_ACTION, "disclose" | "correct") => {
					let severity = match position {
						Position::Permit => Severity::Warning,
						Position::Objection => Severity::Information,
					};
					let diagnostics = format!(
						"`{code}` is no access mode of the ledger, which lets nobody do it"
					);
					outcome.add(severity, IssueType::NotSupported, path, diagnostics);
				},
				_ => {
					let diagnostics = format!(
						"`{}` of {} is no action (access, use, collect, disclose, correct)",
						short(code),
						system_name(system)
					);
					outcome.error(IssueType::CodeInvalid, path, diagnostics);
				},
			}
		}
	}
	Some(modes)
}

/// The categories that classes and codes fall into, and the codes themselves: finer than the ledger tells, so that the
/// holder enforces them.
fn contents(
	provision: &Element,
	position: Position,
	outcome: &mut Outcome,
) -> (Categories, Vec<Value>) {
	let mut categories = Categories::EMPTY;
	let mut contents = Vec::new();
	for key in ["class", "code"] {
		for element in provision.list(key, outcome) {
			for (system, code, path) in element.codings(outcome) {
				let category = if system == LOINC { category_of(code) } else { None };
				if category.is_none() && position == Position::Permit {
					let diagnostics =
						"the ledger's category `other` is wider; the holder enforces the code";
					let severity = Severity::Information;
					outcome.add(severity, IssueType::NotSupported, path, diagnostics);
				}
				categories = categories.with(category.unwrap_or(Category::Other));
				contents.push(json!({ "system": system, "code": code }));
			}
		}
	}
	if contents.is_empty() {
		categories = Categories::all();
	}
	(categories, contents)
}

fn data(provision: &Element, outcome: &mut Outcome) -> Vec<Value> {
	let mut data = Vec::new();
	for element in provision.list("data", outcome) {
		if !element.is_object_of(&["meaning", "reference"], outcome) {
			continue;
		}
		let meanings = ["instance", "related", "dependents", "authoredby"];
		let meaning =
			element.require("meaning", outcome).and_then(|it| it.code(&meanings, outcome));
		let reference = element.require("reference", outcome).and_then(|it| it.reference(outcome));
		if let (Some(meaning), Some(reference)) = (meaning, reference) {
			data.push(json!({ "meaning": meaning, "reference": reference }));
		}
	}
	data
}

/// What the ledger's terms need and the consent does not say. An objection is not filed: it never reaches the ledger.
fn open_terms(statement: &Statement, exceptions: &[Statement]) -> Vec<&'static str> {
	if statement.position == Position::Objection {
		return Vec::new();
	}
	let mut open = Vec::new();
	if statement.grantee.is_none() {
		open.push("one grantee that is a member (identifier urn:curex:organisation)");
	}
	if statement.purposes.is_empty() {
		open.push("purposes");
	}
	if statement.until.is_none() {
		open.push("an end (provision.period.end)");
	}
	if statement.modes.is_none_or(|modes| modes.is_empty()) {
		open.push("access modes (provision.action)");
	}
	open.push("the number of uses");
	if exceptions.iter().any(|exception| exception.position == Position::Permit) {
		open.push("a consent of its own for each exception that permits");
	}
	open
}
