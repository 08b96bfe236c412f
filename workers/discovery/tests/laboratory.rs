//! Discovery against the laboratory's real services, where they run. `CUREX_LABORATORY` names a policy file
//! for them (JSON); without it this test says so and ends.

use std::{env, fs};

use curex_discovery::{discover, Policy, ProbeRecord};

#[tokio::test]
async fn the_laboratorys_services_are_identified_with_vendor_and_version() {
	let Some(file) = env::var_os("CUREX_LABORATORY") else {
		eprintln!("skipped: CUREX_LABORATORY names no policy for running services");
		return;
	};
	let text = fs::read_to_string(file).expect("the policy file can be read");
	let policy: Policy = serde_json::from_str(&text).expect("the policy file is valid");
	let snapshot =
		discover(&policy, &|_: &ProbeRecord| Ok(())).await.expect("the policy is usable");
	let services: Vec<_> = snapshot.assets.iter().flat_map(|asset| &asset.services).collect();
	for service in &services {
		eprintln!("{service:#?}");
	}
	for product in ["openssh", "nginx", "orthanc", "dcmtk", "net-snmp"] {
		let found = services.iter().find(|s| s.product.as_deref() == Some(product));
		let service = found.unwrap_or_else(|| panic!("{product} was not found"));
		assert!(service.vendor.is_some() && service.version.is_some(), "{service:?}");
	}
}
