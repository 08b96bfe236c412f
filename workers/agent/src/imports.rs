//! What others wrote about the hospital's hosts: nmap's reports, and bills of materials (CycloneDX).

use std::{fs, path::Path};

use curex_discovery::{import_nmap, Asset, Service, Snapshot};
use curex_vulnerabilities::{read_inventory, AssetService};

use crate::{
	clinical::{Clinical, Endpoint},
	config::HostFiles,
	observe::Observe,
	Error,
};

/// Adds hosts, identities and services of nmap's reports that the inventory lacks: what was asked or seen by the agent
/// itself stands. A report that cannot be read is noted.
pub(crate) fn add_reports(observe: &Observe, snapshot: &mut Snapshot, notes: &mut Vec<String>) {
	for path in &observe.nmap {
		let read = fs::read(path)
			.map_err(Error::io("reading", path))
			.and_then(|bytes| Ok(import_nmap(&bytes)?));
		match read {
			Err(error) => notes.push(format!("{}: {error}", path.display())),
			Ok(report) => {
				let ours = report.assets.into_iter().filter(|asset| observe.is_ours(asset.address));
				ours.for_each(|asset| add(snapshot, asset));
			},
		}
	}
}

fn add(snapshot: &mut Snapshot, asset: Asset) {
	let Some(known) = snapshot.assets.iter_mut().find(|known| known.address == asset.address)
	else {
		snapshot.assets.push(asset);
		return;
	};
	for identity in asset.identities {
		if !known.identities.contains(&identity) {
			known.identities.push(identity);
		}
	}
	for service in asset.services {
		let same = |one: &Service| (one.port, one.transport) == (service.port, service.transport);
		if !known.services.iter().any(same) {
			known.services.push(service);
		}
	}
}

/// What is in devices by their bills of materials, ready to be matched. A bill that cannot be read is noted.
pub(crate) fn bills(
	hosts: &[HostFiles],
	clinical: &Clinical,
	snapshot: &mut Snapshot,
	notes: &mut Vec<String>,
) -> Vec<AssetService> {
	let mut out = Vec::new();
	for host in hosts {
		for path in &host.bills {
			match parts(path) {
				Err(error) => notes.push(format!("{}: {error}", path.display())),
				Ok(parts) => {
					let asset = asset_of(snapshot, host);
					let owner = clinical.owner(Endpoint { address: host.address, port: None });
					out.extend(parts.into_iter().map(|part| AssetService {
						service: format!("{} {}", host.address, part.service),
						asset: asset.id.clone(),
						updates: asset.updates.clone(),
						exposure: owner.map_or(part.exposure, |owner| owner.reach()),
						criticality: owner.map_or(part.criticality, |owner| owner.weight()),
						..part
					}));
				},
			}
		}
	}
	out
}

fn parts(path: &Path) -> Result<Vec<AssetService>, Error> {
	let bytes = fs::read(path).map_err(Error::io("reading", path))?;
	let name = path.file_name().unwrap_or_default().to_string_lossy();
	Ok(read_inventory(&name, &bytes)?)
}

/// The host in the inventory, which is added if nobody saw it.
fn asset_of<'a>(snapshot: &'a mut Snapshot, host: &HostFiles) -> &'a Asset {
	let at = snapshot.assets.iter().position(|asset| asset.address == host.address);
	let at = at.unwrap_or_else(|| {
		snapshot.assets.push(Asset {
			id: Asset::id_of(host.address),
			address: host.address,
			device_class: host.device_class,
			services: Vec::new(),
			identities: Vec::new(),
			updates: Vec::new(),
		});
		snapshot.assets.len() - 1
	});
	&snapshot.assets[at]
}

#[cfg(test)]
mod tests {
	use curex_discovery::DeviceClass;

	use super::*;

	const REPORT: &str = r#"<?xml version="1.0"?><nmaprun scanner="nmap" start="1"><host><status state="up"/>
		<address addr="10.0.0.7" addrtype="ipv4"/><address addr="02:00:00:00:00:07" addrtype="mac"/>
		<ports><port protocol="tcp" portid="22"><state state="open"/><service name="ssh" product="OpenSSH" version="9.2p1" conf="10"/></port></ports>
		</host><host><status state="up"/><address addr="192.0.2.1" addrtype="ipv4"/></host></nmaprun>"#;

	const BILL: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6",
		"metadata": {"component": {"type": "device", "bom-ref": "pump", "name": "Pump", "version": "2"}},
		"components": [{"type": "library", "name": "openssl", "version": "3.0.1", "purl": "pkg:generic/openssl@3.0.1"}]}"#;

	#[test]
	fn reports_and_bills_complete_an_inventory_and_what_is_broken_is_noted() {
		let folder = tempfile::tempdir().unwrap();
		let file = |name: &str, text: &str| {
			let path = folder.path().join(name);
			fs::write(&path, text).unwrap();
			path
		};
		let observe = Observe {
			networks: vec!["10.0.0.0/8".parse().unwrap()],
			nmap: vec![file("scan.xml", REPORT), file("cut.xml", &REPORT[..200])],
			..Observe::default()
		};
		let (mut snapshot, mut notes) = (Snapshot::default(), Vec::new());
		add_reports(&observe, &mut snapshot, &mut notes);
		add_reports(&observe, &mut snapshot, &mut notes);
		let [asset] = &snapshot.assets[..] else { panic!("{snapshot:?}") };
		assert_eq!(
			(asset.services.len(), asset.identities.len()),
			(1, 1),
			"once, and of our networks"
		);
		assert_eq!(asset.device_class, DeviceClass::Unknown);
		assert!(notes.len() == 2 && notes[0].contains("cut.xml"), "{notes:?}");

		let host = HostFiles {
			address: [10, 0, 0, 9].into(),
			files: Vec::new(),
			bills: vec![file("pump.json", BILL), file("cut.json", &BILL[..50])],
			device_class: DeviceClass::PatientConnected,
		};
		notes.clear();
		let found = bills(&[host], &Clinical::default(), &mut snapshot, &mut notes);
		let names: Vec<_> =
			found.iter().map(|part| (part.asset.as_str(), part.service.as_str())).collect();
		assert_eq!(names, [("ip:10.0.0.9", "10.0.0.9 pump"), ("ip:10.0.0.9", "10.0.0.9 openssl")]);
		assert_eq!(snapshot.assets.len(), 2);
		assert!(notes.len() == 1 && notes[0].contains("cut.json"), "{notes:?}");
	}
}
