use super::*;
use crate::snapshot::Asset;

/// As the documented command writes it on Windows 10.
const WINDOWS: &str = r#"{
	"ComputerName": "WS-7",
	"System": {"ProductName": "Windows 10 Pro", "DisplayVersion": "22H2", "CurrentBuild": "19045",
		"UBR": 3803, "InstallationType": "Client"},
	"HotFixes": ["KB5033372", "KB5011048", "no update"],
	"Programs": [
		{"DisplayName": "RIS Client 11.2", "DisplayVersion": "11.2.0", "Publisher": "Acme GmbH"},
		{"DisplayName": "Grüner Viewer", "DisplayVersion": null, "Publisher": null}]
}"#;

fn read(bytes: &[u8]) -> HostInventory {
	let mut host = HostInventory::default();
	host.add(bytes).expect("a list");
	host
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
	std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
}

#[test]
fn a_windows_host_tells_build_updates_and_programs_in_every_encoding() {
	let host = read(WINDOWS.as_bytes());
	let system = host.system.as_ref().expect("a system");
	assert_eq!(system.product, "Windows 10 Version 22H2");
	assert_eq!(
		system.cpe23.as_deref(),
		Some("cpe:2.3:o:microsoft:windows_10_22h2:10.0.19045.3803:*:*:*:*:*:*:*")
	);
	assert_eq!(host.updates.iter().collect::<Vec<_>>(), ["KB5011048", "KB5033372"]);
	assert_eq!(host.programs.len(), 2);
	for bytes in [
		[b"\xef\xbb\xbf", WINDOWS.as_bytes()].concat(),
		utf16(WINDOWS, u16::to_le_bytes),
		utf16(WINDOWS, u16::to_be_bytes),
	] {
		assert_eq!(read(&bytes), host);
	}
}

#[test]
fn what_get_computerinfo_and_get_hotfix_write_is_understood() {
	let mut host = read(
		br#"{"CsDNSHostName": "srv-1", "OsName": "Microsoft Windows Server 2019 Standard", "OsBuildNumber": "17763",
			"WindowsUBR": 5206, "OsHotFixes": [{"HotFixID": "KB5033371"}]}"#,
	);
	let system = host.system.clone().expect("a system");
	assert_eq!(
		(system.product.as_str(), system.version.as_deref()),
		("Windows Server 2019", Some("10.0.17763.5206"))
	);
	let csv = "#TYPE System.Management.ManagementObject\r\n\"Source\";\"HotFixID\"\r\n\"SRV-1\";\"KB4012212\"\r\n";
	host.add(&utf16(csv, u16::to_le_bytes)).expect("updates");
	host.add(b"\"DisplayName\",\"DisplayVersion\",\"Publisher\"\n\"7-Zip 19.00\",\"19.00\",\"Igor Pavlov\"\n")
		.expect("programs");
	assert_eq!(host.updates.iter().collect::<Vec<_>>(), ["KB4012212", "KB5033371"]);
	assert_eq!(host.programs[0].version.as_deref(), Some("19.00"));
	let old = read(br#"{"ProductName": "Windows 7 Professional", "CurrentBuild": "7601"}"#);
	assert_eq!(
		old.system.and_then(|system| system.cpe23).as_deref(),
		Some("cpe:2.3:o:microsoft:windows_7:-:sp1:*:*:*:*:*:*")
	);
}

const DEBIAN: &str =
	"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n\
	KERNEL_RELEASE=6.1.0-18-amd64\n\
	openssh-server\t1:9.2p1-2+deb12u3\topenssh\t1:9.2p1-2+deb12u3\n\
	openssh-client\t1:9.2p1-2+deb12u3\topenssh\t1:9.2p1-2+deb12u3\n\
	sudo\t1.9.13p3-1+deb12u1\tsudo\t1.9.13p3-1+deb12u1\n\
	linux-image-6.1.0-17-amd64\t6.1.69-1\tlinux-signed-amd64\t6.1.69+1\n\
	linux-image-6.1.0-18-amd64\t6.1.76-1\tlinux-signed-amd64\t6.1.76+1\n";

#[test]
fn a_debian_host_gives_backports_to_its_services_and_the_kernel_that_runs() {
	let host = read(DEBIAN.as_bytes());
	let address: IpAddr = [192, 0, 2, 7].into();
	let ssh = crate::probe::identify(
		(address, 22).into(),
		crate::Heard::Greeting,
		b"SSH-2.0-OpenSSH_9.2p1\r\n",
	);
	let asset = Asset {
		id: Asset::id_of(address),
		address,
		device_class: DeviceClass::Server,
		services: ssh.into_iter().collect(),
		identities: Vec::new(),
		updates: Vec::new(),
	};
	let mut snapshot = Snapshot { assets: vec![asset], ..Snapshot::default() };
	host.complete(&mut snapshot, address, DeviceClass::Unknown);
	let [asset] = &snapshot.assets[..] else { panic!("one host") };
	let packages: Vec<(&str, &str, u16)> = asset
		.services
		.iter()
		.filter_map(|s| {
			s.package.as_ref().map(|p| (p.source.as_str(), p.source_version.as_str(), s.port))
		})
		.collect();
	assert_eq!(
		packages,
		[
			("linux", "6.1.76-1", 0),
			("sudo", "1.9.13p3-1+deb12u1", 0),
			("openssh", "1:9.2p1-2+deb12u3", 22)
		]
	);
	let system =
		asset.services.iter().find(|s| s.protocol == "operating-system").expect("a system");
	assert_eq!(system.cpe23.as_deref(), Some("cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*"));
	assert!(system.evidence.contains("6.1.0-18-amd64"));
	assert_eq!(asset.device_class, DeviceClass::Server);
}

#[test]
fn an_rpm_host_is_named_by_its_major_release_and_added_if_nobody_saw_it() {
	let list = "ID=\"rocky\"\nVERSION_ID=\"9.3\"\n\
		httpd-core\t(none):2.4.57-5.el9\thttpd-2.4.57-5.el9.src.rpm\n";
	let mut snapshot = Snapshot::default();
	read(list.as_bytes()).complete(&mut snapshot, [192, 0, 2, 8].into(), DeviceClass::Server);
	let package =
		snapshot.assets[0].services.iter().find_map(|s| s.package.as_ref()).expect("a package");
	assert_eq!(
		(package.source.as_str(), package.distribution.as_str()),
		("httpd", "Rocky Linux:9")
	);
	assert_eq!(snapshot.assets[0].device_class, DeviceClass::Server);
}

#[test]
fn a_status_file_with_its_release_file_gives_the_same_packages() {
	let mut host = read(b"ID=debian\nVERSION_ID=\"12\"\n");
	host.add(
		b"Package: sudo\nStatus: install ok installed\nVersion: 1.9.13p3-1+deb12u1\n\n\
		Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n",
	)
	.expect("a status file");
	assert_eq!(host.packages.len(), 1);
}

#[test]
fn what_says_nothing_is_refused_and_loses_nothing() {
	let mut host = read(WINDOWS.as_bytes());
	let before = host.clone();
	for bytes in [
		&b""[..],
		b"{",
		b"[]",
		b"{\"a\": 1}",
		b"rubbish",
		b"a,b\n1,2\n",
		b"\xff\xfe\x00",
		b"\xff\xfe\x00\xd8",
		b"\xc3\x28",
		b"ID=debian\n",
	] {
		assert!(host.add(bytes).is_err(), "{bytes:?}");
		assert_eq!(host, before);
	}
	let error = host.add(b"\xc3\x28").expect_err("no UTF-8").to_string();
	assert!(error.contains("UTF-16"), "{error}");
}

proptest::proptest! {
	#[test]
	fn no_list_makes_it_panic(
		bytes in proptest::collection::vec(0u8.., 0..200),
		text in "(ID=debian\n|\\{\"CurrentBuild\":|Package: |a,HotFixID\n)[\\PC\n\t\",:]{0,80}",
	) {
		let _ = HostInventory::default().add(&bytes);
		let _ = HostInventory::default().add(text.as_bytes());
	}
}
