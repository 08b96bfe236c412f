//! Release file, kernel, and lists of dpkg and rpm.

use super::{HostInventory, OperatingSystem};
use crate::packages::{self, InstalledPackage};

/// Source package of the kernel, as distributions name it in their advisories.
pub(super) const KERNEL: &str = "linux";
/// Where the running kernel stands, written by the documented command.
const KERNEL_KEY: &str = "KERNEL_RELEASE";

/// Names of distributions in OSV and in the CPE dictionary, by `ID` of os-release(5).
const DISTRIBUTIONS: &[(&str, &str, &str, &str)] = &[
	("debian", "Debian", "debian", "debian_linux"),
	("ubuntu", "Ubuntu", "canonical", "ubuntu_linux"),
	("rhel", "Red Hat", "redhat", "enterprise_linux"),
	("rocky", "Rocky Linux", "rocky", "rocky_linux"),
	("almalinux", "AlmaLinux", "almalinux", "almalinux"),
	("opensuse-leap", "openSUSE:Leap", "opensuse", "leap"),
	("sles", "SUSE", "suse", "linux_enterprise_server"),
	("fedora", "Fedora", "fedoraproject", "fedora"),
];

/// Whether a text is a release file, a dpkg status file, or a list behind a release file.
pub(super) fn is_list(text: &str) -> bool {
	text.lines().take(200).any(|line| {
		line.starts_with("ID=") || line.starts_with("Package: ") || line.starts_with("VERSION_ID=")
	})
}

pub(super) fn read(text: &str, found: &mut HostInventory) {
	let value = |key: &str| {
		let lines = text.lines().filter_map(|line| line.split_once('='));
		let value = lines.into_iter().find(|(name, _)| *name == key)?.1;
		let value = value.trim().trim_matches(['"', '\'']);
		(!value.is_empty()).then(|| value.to_owned())
	};
	if let (Some(id), Some(release)) = (value("ID"), value("VERSION_ID")) {
		found.system = Some(system(&id, &release, value("PRETTY_NAME")));
	}
	found.kernel = value(KERNEL_KEY).or(found.kernel.take());
	found.packages.extend(packages::status(text));
	found.packages.extend(text.lines().filter_map(listed));
	for package in &mut found.packages {
		// Debian and Ubuntu build kernels that are signed from a source of their own; advisories name the common one.
		if package.source.starts_with("linux-signed") {
			package.source = KERNEL.into();
			package.source_version.clone_from(&package.version);
		}
	}
}

fn system(id: &str, release: &str, name: Option<String>) -> OperatingSystem {
	let known = DISTRIBUTIONS.iter().find(|(known, ..)| *known == id);
	// Distributions of the Red Hat family name their advisories by the major release.
	let major = release.split('.').next().unwrap_or(release);
	let named = match known {
		Some((_, "Red Hat", ..)) => format!("Red Hat:enterprise_linux:{major}"),
		Some((_, osv @ ("Rocky Linux" | "AlmaLinux"), ..)) => format!("{osv}:{major}"),
		Some((_, osv, ..)) => format!("{osv}:{release}"),
		None => format!("{id}:{release}"),
	};
	OperatingSystem {
		vendor: known.map_or(id, |(_, _, vendor, _)| vendor).to_owned(),
		product: name.unwrap_or_else(|| format!("{id} {release}")),
		version: Some(release.to_owned()),
		cpe23: known.map(|(_, _, vendor, product)| {
			let release = release.replace(|c: char| !(c.is_ascii_alphanumeric() || c == '.'), "");
			format!("cpe:2.3:o:{vendor}:{product}:{release}:*:*:*:*:*:*:*")
		}),
		distribution: Some(named),
	}
}

/// A line of `dpkg-query` (package, version, source, version of the source) or of `rpm` (package, version, source file).
fn listed(line: &str) -> Option<InstalledPackage> {
	let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
	match columns[..] {
		[name, version, source, source_version] => {
			let whole = [name, version, source, source_version].iter().all(|c| !c.is_empty());
			whole.then(|| InstalledPackage {
				name: name.into(),
				version: version.into(),
				source: source.into(),
				source_version: source_version.into(),
			})
		},
		_ => packages::installed_rpm(line),
	}
}
