//! Sealed evidence opens to the recorded commitment and to nothing else.

mod fake;

use std::path::Path;

use curex_agent::{
	evidence::report_context,
	report::{evidence_of, inputs_of},
	store::{Outcome, StateName},
	Access, Error, Store,
};
use curex_primitives::{
	commitment::{opens, Domain},
	OrganisationId, ReportKind,
};
use fake::ORGANISATION;
use serde_json::json;

const NOW: u64 = 1_000_000;

fn open(folder: &Path) -> Result<Store, Error> {
	Store::open(folder, &folder.join("evidence.key"), ORGANISATION, Access::Work)
}

fn recorded(folder: &Path, kind: ReportKind) -> Store {
	let mut store = open(folder).unwrap();
	let drafts = vec![fake::draft(kind, NOW)];
	store.record(None, &Outcome { drafts, ..Outcome::default() }, NOW).unwrap();
	store
}

/// Changes the database behind the agent's back.
fn tamper(folder: &Path, statement: &str) {
	let connection = rusqlite::Connection::open(folder.join("agent.sqlite")).unwrap();
	assert_eq!(connection.execute(statement, []).unwrap(), 1);
}

#[test]
fn evidence_opens_to_the_commitment_that_the_ledger_has() {
	let folder = tempfile::tempdir().unwrap();
	let store = recorded(folder.path(), ReportKind::Plan);
	let (report, opened) = store.open_evidence(ReportKind::Plan, 1).unwrap();
	let context = report_context(ORGANISATION, ReportKind::Plan, 1);
	assert!(opens(
		&evidence_of(&report),
		Domain::Evidence,
		&context,
		&opened.salt,
		&opened.document
	));
	store.check_inputs(&report, 1, &opened).unwrap();
	let (number, found) = store.find_commitment(inputs_of(&report).unwrap()).unwrap().unwrap();
	assert_eq!((number, found), (1, report));
}

#[test]
fn a_changed_byte_of_the_sealed_evidence_is_noticed() {
	let folder = tempfile::tempdir().unwrap();
	drop(recorded(folder.path(), ReportKind::Alert));
	let connection = rusqlite::Connection::open(folder.path().join("agent.sqlite")).unwrap();
	let query = "SELECT sealed FROM entries";
	let mut sealed: Vec<u8> = connection.query_row(query, [], |row| row.get(0)).unwrap();
	sealed[60] ^= 1;
	connection.execute("UPDATE entries SET sealed = ?1", [sealed]).unwrap();
	let error = open(folder.path()).unwrap().open_evidence(ReportKind::Alert, 1).err().unwrap();
	assert!(matches!(error, Error::DoesNotOpen { .. }));
	assert!(error.to_string().contains("alert 1"), "{error}");
}

#[test]
fn a_report_that_was_changed_does_not_pass_for_the_sealed_one() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = recorded(folder.path(), ReportKind::Alert);
	let drafts = vec![fake::draft(ReportKind::Alert, NOW)];
	store.record(None, &Outcome { drafts, ..Outcome::default() }, NOW).unwrap();
	drop(store);
	let second = "UPDATE entries SET report = (SELECT report FROM entries WHERE number = 2) WHERE number = 1";
	tamper(folder.path(), second);
	let error = open(folder.path()).unwrap().open_evidence(ReportKind::Alert, 1).err().unwrap();
	assert!(matches!(error, Error::OtherCommitment { .. }), "{error}");
}

#[test]
fn sealed_evidence_of_another_report_does_not_open() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = recorded(folder.path(), ReportKind::Alert);
	let drafts = vec![fake::draft(ReportKind::Alert, NOW)];
	store.record(None, &Outcome { drafts, ..Outcome::default() }, NOW).unwrap();
	drop(store);
	let moved = "UPDATE entries SET sealed = (SELECT sealed FROM entries WHERE number = 2) WHERE number = 1";
	tamper(folder.path(), moved);
	let error = open(folder.path()).unwrap().open_evidence(ReportKind::Alert, 1).err().unwrap();
	assert!(matches!(error, Error::DoesNotOpen { .. }), "{error}");
}

#[test]
fn nothing_confidential_is_in_the_files() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = open(folder.path()).unwrap();
	let mut draft = fake::draft(ReportKind::Alert, NOW);
	draft.document = json!({"alert": {"entity": "staff-0999"}});
	let mark = store.alert_mark("access-staff-0999-1", curex_primitives::Level::High, None);
	draft.alert = Some(mark);
	let states = vec![(StateName::Watch, json!({"entity": "staff-0999"}))];
	let outcome = Outcome { drafts: vec![draft], states, ..Outcome::default() };
	store.record(None, &outcome, NOW).unwrap();
	assert_eq!(
		store.announced("access-staff-0999-1").unwrap(),
		Some(curex_primitives::Level::High)
	);
	assert_eq!(store.announced("access-staff-0999-2").unwrap(), None);
	assert_eq!(store.state(StateName::Watch).unwrap().unwrap()["entity"], "staff-0999");
	for file in std::fs::read_dir(folder.path()).unwrap() {
		let bytes = std::fs::read(file.unwrap().path()).unwrap();
		assert!(!bytes.windows(10).any(|window| window == b"staff-0999"));
	}
}

#[test]
fn a_database_without_its_key_is_refused_instead_of_given_a_new_one() {
	let folder = tempfile::tempdir().unwrap();
	drop(recorded(folder.path(), ReportKind::Alert));
	std::fs::remove_file(folder.path().join("evidence.key")).unwrap();
	let error = open(folder.path()).err().unwrap().to_string();
	assert!(error.contains("backup"), "{error}");
	assert!(!folder.path().join("evidence.key").exists());
}

#[test]
fn a_database_with_another_key_is_refused() {
	let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	drop(recorded(one.path(), ReportKind::Alert));
	drop(open(two.path()).unwrap());
	std::fs::copy(two.path().join("evidence.key"), one.path().join("evidence.key")).unwrap();
	assert!(matches!(open(one.path()), Err(Error::DoesNotOpen { .. })));
}

#[test]
fn a_database_of_another_organisation_is_refused() {
	let folder = tempfile::tempdir().unwrap();
	drop(open(folder.path()).unwrap());
	let key = folder.path().join("evidence.key");
	let other = Store::open(folder.path(), &key, OrganisationId(9), Access::Look);
	assert!(matches!(other, Err(Error::OtherOrganisation { found: 1, .. })));
}

#[test]
fn a_report_that_the_ledger_would_refuse_is_not_recorded() {
	let folder = tempfile::tempdir().unwrap();
	let mut store = open(folder.path()).unwrap();
	let drafts = vec![
		fake::draft(ReportKind::Alert, NOW),
		fake::draft(ReportKind::Assessment, NOW - 5_000), // has expired by now
	];
	let outcome = Outcome { drafts, ..Outcome::default() };
	let error = store.record(None, &outcome, NOW).unwrap_err();
	assert!(matches!(error, Error::Report { kind: ReportKind::Assessment, .. }));
	assert!(store.entries().unwrap().is_empty(), "nor what would have come with it");
	assert_eq!(store.newest(ReportKind::Alert).unwrap(), None);
}
