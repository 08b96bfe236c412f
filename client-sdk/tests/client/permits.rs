//! What a client puts on the ledger about secondary use.

use crate::{
	calls::{assert_last, client},
	node::caused,
};
use codec::Encode;
use curex_client::{
	exchange::DataRequestSpec,
	permits::{PermitSpec, PreparedCohort},
	Error, Spec,
};
use curex_primitives::{
	permit::PermitStanding, Categories, Commitment, Competences, Country, DataFormat,
	DataUseConditions, Finding, NamedHolder, OrganisationId, OrganisationKind, OrganisationStatus,
	Permit, PermitId, Purpose, Reidentification,
};
use serde_json::json;

const PERMIT: PermitId = PermitId([0x44; 32]);
const OWN: OrganisationId = OrganisationId(1);
const HOLDER: OrganisationId = OrganisationId(2);
const DATASET: [u8; 32] = [0x55; 32];

fn permit() -> Permit {
	Permit {
		issuer: OrganisationId(3),
		user: OWN,
		purpose: Purpose::Research,
		categories: Categories::all(),
		environment: Commitment([1; 32]),
		format: DataFormat::Anonymised,
		justification: Commitment([0; 32]),
		valid_from: 0,
		valid_until: u64::MAX,
		conditions: DataUseConditions::EMPTY,
		document: Commitment([2; 32]),
		revoked_at: None,
		issued_at: 1,
	}
}

fn persons(count: u32) -> Vec<String> {
	(0..count).map(|number| format!("MRN-{number}")).collect()
}

#[tokio::test]
async fn a_permit_is_granted_named_and_revoked_as_it_is_said() {
	let (node, client) = client().await;
	node.answer(
		"ConsortiumApi_organisation",
		Some((
			OrganisationKind::CareCentre,
			Country::new(*b"GR").unwrap(),
			Competences::EMPTY,
			OrganisationStatus::Active,
			[9u8; 32],
			b"Institute".to_vec(),
			1u16,
			0u32,
		)),
	);
	let spec = json!({
		"user": 2, "purpose": "research", "categories": ["patient-summary"],
		"format": "anonymised", "valid-until": "2030-01-01T00:00:00Z",
		"environment": "environment 7", "document": "permit 17",
	});
	let spec = PermitSpec::from_json(spec.to_string().as_bytes()).unwrap();
	let prepared = client.prepare_permit(&spec).await.unwrap();
	client.issue_permit(&prepared).await.unwrap().finalized().await.unwrap();
	assert_last(&node, "SecondaryUse", "issue", &["Research", "Anonymised"]);
	let reserved =
		PermitSpec { purpose: curex_primitives::SecondaryPurpose::Statistics, ..spec.clone() };
	assert!(matches!(client.prepare_permit(&reserved).await, Err(Error::Input(_))));

	let (_, opening) = client.name_permit_holder(PERMIT, HOLDER, "discharges").await.unwrap();
	assert_last(&node, "SecondaryUse", "name_holder", &["68, 68"]);
	assert_eq!(opening.content, "discharges");
	client.revoke_permit(PERMIT, "the purpose is fulfilled").await.unwrap();
	assert_last(&node, "SecondaryUse", "revoke", &["68, 68"]);
}

#[tokio::test]
async fn an_extraction_rests_on_the_data_set_that_the_permit_names() {
	let (node, client) = client().await;
	let named = NamedHolder { dataset: Commitment(DATASET) };
	node.answer("SecondaryUseApi_holders", vec![(OWN, named)]);
	let cohort = PreparedCohort::new(PERMIT, &persons(150), &persons(20)).unwrap();
	client.commit_cohort(&cohort).await.unwrap();
	assert_last(&node, "SecondaryUse", "commit_cohort", &["85, 85", "Hundreds", "Tens"]);
	node.next_transaction_causes(&[caused(
		"SecondaryUse",
		"Extracted",
		&(PERMIT, OWN, 3u32).encode(),
	)]);
	let (_, number, opening) = client.record_extraction(PERMIT, "its hash").await.unwrap();
	assert_last(&node, "SecondaryUse", "extract", &["85, 85"]);
	assert_eq!((number, opening.content.as_str()), (3, "its hash"));
	let silent = client.record_extraction(PERMIT, "its hash").await;
	assert!(matches!(silent, Err(Error::Protocol(_))), "no event tells the number");

	let named = NamedHolder { dataset: Commitment(DATASET) };
	node.answer("SecondaryUseApi_holders", vec![(HOLDER, named)]);
	let before = node.submitted().len();
	assert!(matches!(client.commit_cohort(&cohort).await, Err(Error::Input(_))));
	assert_eq!(node.submitted().len(), before);
}

#[tokio::test]
async fn what_follows_a_permit_is_put_on_the_ledger_as_it_is_said() {
	let (node, client) = client().await;
	let tells = |event: &str, number: Vec<u8>| {
		node.next_transaction_causes(&[caused("SecondaryUse", event, &number)]);
	};
	tells("Exported", (PERMIT, 2u32).encode());
	let (_, number, _) = client.export_outputs(PERMIT, "tables", "checked").await.unwrap();
	assert_last(&node, "SecondaryUse", "export", &[]);
	assert_eq!(number, 2);
	tells("ReidentificationReported", (5u32, PERMIT, OWN, 0u64).encode());
	let (_, number, _) = client.report_reidentification(PERMIT, "a neighbour").await.unwrap();
	assert_last(&node, "SecondaryUse", "report_reidentification", &[]);
	assert_eq!(number, 5);
	node.answer(
		"SecondaryUseApi_report",
		Some(Reidentification {
			permit: PERMIT,
			reporter: OWN,
			evidence: Commitment([1; 32]),
			due: 0,
			finding: None,
			reasons: None,
		}),
	);
	client.answer_reidentification(5, Finding::NotConfirmed, "it was a guess").await.unwrap();
	assert_last(&node, "SecondaryUse", "answer_reidentification", &["5", "NotConfirmed"]);
	client.publish_results(PERMIT, "doi:10.1000/1").await.unwrap();
	assert_last(&node, "SecondaryUse", "publish_results", &["68, 68"]);
}

#[tokio::test]
async fn data_are_asked_for_under_a_permit_about_nobody_by_name() {
	let (node, client) = client().await;
	let key = curex_client::EncryptionKey::generate();
	node.every_member_is_a_hospital(&key);
	node.answer("SecondaryUseApi_permit", Some((permit(), PermitStanding::NEW)));
	let spec = json!({
		"holder": 2, "permit": PERMIT, "extraction": 6,
		"professional": {"identifier": "R-9", "name": "Dr. Keller", "role": "researcher"},
	});
	let spec = DataRequestSpec::from_json(spec.to_string().as_bytes()).unwrap();
	let pending = client.prepare_data_request(&spec).await.unwrap();
	assert!(pending.subject().is_none());
	client.begin(&pending).await.unwrap().finalized().await.unwrap();
	assert_last(&node, "Exchange", "request", &["Permit", "extraction: 6", "Research"]);

	let by_name = json!({
		"partner": 2,
		"gate": {"permit": {"permit": PERMIT, "extraction": 6}},
		"purpose": "research",
		"categories": ["patient-summary"],
		"patient": {"identifiers": [], "family": "Papadopoulou", "birth-date": "1956-05-27"},
		"professional": {"identifier": "R-9", "name": "Dr. Keller", "role": "researcher"},
		"care-relationship": "none",
	});
	let by_name = Spec::from_json(by_name.to_string().as_bytes()).unwrap();
	assert!(matches!(client.prepare_request(&by_name, None).await, Err(Error::Input(_))));
	node.answer("SecondaryUseApi_permit", None::<(Permit, PermitStanding)>);
	let unknown = client.prepare_data_request(&spec).await;
	assert!(matches!(unknown, Err(Error::NotFound(_))));
}
