//! What a Debian host says about itself, so that a backported fix is not mistaken for an old version.

use std::{collections::BTreeMap, fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
	error::Error,
	products,
	snapshot::{Package, Service},
};

/// Largest inventory file that is read, bytes.
const INVENTORY_BYTES: u64 = 64 << 20;

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledPackage {
	/// Binary package.
	pub name: String,
	/// Its version.
	pub version: String,
	/// Source package (the same name, if the inventory gives none).
	pub source: String,
	/// Version of the source package (the same version, if the inventory gives none).
	pub source_version: String,
}

/// Reads a dpkg status file: the packages whose state is `installed`, ordered by name.
///
/// Format: deb822 stanzas (Debian Policy, section 5.1) with the field `Status` (dpkg-query(1)).
///
/// # Errors
/// [`Error::HostInventory`] if the file cannot be read, is larger than 64 MiB or names no package.
pub fn installed_packages(path: &Path) -> Result<Vec<InstalledPackage>, Error> {
	let text = read(path)?;
	let mut packages = status(&text);
	if packages.is_empty() {
		return Err(Error::HostInventory {
			path: path.into(),
			reason: "no installed package is in it; is it a dpkg status file?".into(),
		});
	}
	packages.sort_by(|a, b| a.name.cmp(&b.name));
	Ok(packages)
}

/// The installed packages of a dpkg status file.
pub(crate) fn status(text: &str) -> Vec<InstalledPackage> {
	let stanzas = text.replace("\r\n", "\n");
	stanzas.split("\n\n").filter_map(|stanza| installed_package(&fields(stanza))).collect()
}

/// A line of `rpm -qa --qf '%{NAME}\t%{EPOCH}:%{VERSION}-%{RELEASE}\t%{SOURCERPM}\n'`.
pub(crate) fn installed_rpm(line: &str) -> Option<InstalledPackage> {
	let mut columns = line.split('\t');
	let (name, version) = (columns.next()?.trim(), columns.next()?.trim());
	let version = version.strip_prefix("(none):").unwrap_or(version);
	if name.is_empty() || !version.contains('-') {
		return None;
	}
	// `openssh-8.7p1-38.el9.src.rpm`: name, version and release from the right.
	let source = columns.next().and_then(|file| file.trim().strip_suffix(".src.rpm"));
	let split = source.and_then(|text| {
		let (rest, release) = text.rsplit_once('-')?;
		let (name, version) = rest.rsplit_once('-')?;
		Some((name.to_owned(), format!("{version}-{release}")))
	});
	let (source, source_version) = split.unwrap_or_else(|| (name.to_owned(), version.to_owned()));
	// The epoch belongs to the source as well, though its file does not carry it.
	let epoch = version.split_once(':').map(|(epoch, _)| format!("{epoch}:")).unwrap_or_default();
	Some(InstalledPackage {
		name: name.into(),
		version: version.into(),
		source,
		source_version: format!("{epoch}{source_version}"),
	})
}

/// Reads an os-release file (os-release(5)): distribution and release as OSV names them, such as `Debian:12`.
///
/// # Errors
/// [`Error::HostInventory`] if the file cannot be read or gives no `ID` or no `VERSION_ID`.
pub fn distribution(path: &Path) -> Result<String, Error> {
	let text = read(path)?;
	let value = |key: &str| {
		text.lines()
			.filter_map(|line| line.split_once('='))
			.find(|(name, _)| *name == key)
			.map(|(_, value)| value.trim().trim_matches('"').to_owned())
			.filter(|value| !value.is_empty())
	};
	let (Some(id), Some(release)) = (value("ID"), value("VERSION_ID")) else {
		return Err(Error::HostInventory {
			path: path.into(),
			reason: "it gives no ID or no VERSION_ID; testing distributions have none".into(),
		});
	};
	let mut letters = id.chars();
	let name: String =
		letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
	Ok(format!("{name}:{release}"))
}

fn read(path: &Path) -> Result<String, Error> {
	let unusable = |reason: String| Error::HostInventory { path: path.into(), reason };
	let size = fs::metadata(path).map_err(|error| unusable(error.to_string()))?.len();
	if size > INVENTORY_BYTES {
		return Err(unusable(format!("it has {size} bytes, more than {INVENTORY_BYTES}")));
	}
	let bytes = fs::read(path).map_err(|error| unusable(error.to_string()))?;
	Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The single-line fields of a stanza; continuation lines are left out.
fn fields(stanza: &str) -> BTreeMap<&str, &str> {
	stanza
		.lines()
		.filter(|line| !line.starts_with([' ', '\t']))
		.filter_map(|line| line.split_once(':'))
		.map(|(name, value)| (name, value.trim()))
		.collect()
}

fn installed_package(fields: &BTreeMap<&str, &str>) -> Option<InstalledPackage> {
	let installed = fields.get("Status")?.split(' ').nth(2) == Some("installed");
	let (name, version) = (fields.get("Package")?, fields.get("Version")?);
	if !installed || name.is_empty() || version.is_empty() {
		return None;
	}
	// `Source: name` or `Source: name (version)`.
	let (source, source_version) = match fields.get("Source") {
		None => (*name, *version),
		Some(source) => match source.split_once(" (") {
			Some((source, rest)) => (source, rest.trim_end_matches(')')),
			None => (*source, *version),
		},
	};
	Some(InstalledPackage {
		name: (*name).into(),
		version: (*version).into(),
		source: source.into(),
		source_version: source_version.into(),
	})
}

/// The packages of this host, ready to be linked with services.
pub(crate) struct HostPackages {
	pub(crate) distribution: String,
	pub(crate) installed: Vec<InstalledPackage>,
}

impl HostPackages {
	/// Links a service of this host with the package that provides it.
	///
	/// The link is made only if the version the service shows is the package's upstream version (or the
	/// service shows none): a product that was installed past the package manager is not taken for it.
	pub(crate) fn link(&self, service: &mut Service) {
		let Some(product) = service.product.as_deref().and_then(products::product) else { return };
		let binaries = product.debian.map_or(&[][..], |(_, binaries)| binaries);
		let by_name = |name: &&str| self.installed.iter().find(|package| package.name == **name);
		// RPM distributions name the source by the product, or by its daemon.
		let daemon = if product.name == "apache" { "httpd" } else { product.name };
		let package = binaries
			.iter()
			.find_map(by_name)
			.or_else(|| self.installed.iter().find(|package| package.source == daemon));
		let Some(package) = package else { return };
		let upstream = upstream_version(&package.version);
		if service.version.as_deref().is_none_or(|version| version == upstream) {
			service.package = Some(Package {
				name: package.name.clone(),
				version: package.version.clone(),
				source: package.source.clone(),
				source_version: package.source_version.clone(),
				distribution: self.distribution.clone(),
			});
		}
	}
}

/// Upstream part of a Debian version (deb-version(7)) without repacking marks: `1:9.2p1-2+deb12u3` gives
/// `9.2p1`, `1.10.1+dfsg-2` gives `1.10.1`.
pub(crate) fn upstream_version(version: &str) -> &str {
	let without_epoch = version.split_once(':').map_or(version, |(_, rest)| rest);
	let upstream = without_epoch.rsplit_once('-').map_or(without_epoch, |(upstream, _)| upstream);
	["+dfsg", "+ds", "+repack", "~dfsg"]
		.iter()
		.filter_map(|mark| upstream.find(mark))
		.min()
		.map_or(upstream, |at| &upstream[..at])
}

#[cfg(test)]
mod tests {
	use std::io::Write;

	use super::*;

	const STATUS: &str = "Package: libdcmtk17\nStatus: install ok installed\nSource: dcmtk\n\
		Version: 3.6.7-9~deb12u1\nDescription: toolkit\n Status: deinstall ok config-files\n .\n\n\
		Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\
		Package: openssh-server\nStatus: install ok installed\nSource: openssh (1:9.2p1-2+deb12u3)\n\
		Version: 1:9.2p1-2+deb12u3+b1\n";

	fn file(text: &str) -> tempfile::NamedTempFile {
		let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
		file.write_all(text.as_bytes()).expect("a temporary file takes a few bytes");
		file
	}

	#[test]
	fn only_installed_packages_are_listed_with_their_source() {
		let packages = installed_packages(file(STATUS).path()).expect("a status file");
		let names: Vec<_> = packages
			.iter()
			.map(|p| (p.name.as_str(), p.source.as_str(), p.source_version.as_str()))
			.collect();
		assert_eq!(
			names,
			[
				("libdcmtk17", "dcmtk", "3.6.7-9~deb12u1"),
				("openssh-server", "openssh", "1:9.2p1-2+deb12u3")
			]
		);
	}

	#[test]
	fn a_file_without_packages_is_refused_with_its_name() {
		let file = file("\u{0}\u{1}rubbish");
		let error = installed_packages(file.path()).expect_err("rubbish is no inventory");
		assert!(error.to_string().contains(&file.path().display().to_string()));
		assert!(installed_packages(Path::new("/nowhere/status")).is_err());
	}

	#[test]
	fn a_line_of_rpm_names_the_source_and_its_epoch() {
		let text = "openssh-server\t(none):8.7p1-38.el9\topenssh-8.7p1-38.el9.src.rpm\n\
			bind\t32:9.16.23-18.el9\tbind-9.16.23-18.el9.src.rpm\nrubbish\n";
		let packages: Vec<_> = text.lines().filter_map(installed_rpm).collect();
		let found: Vec<_> =
			packages.iter().map(|p| (p.source.as_str(), p.source_version.as_str())).collect();
		assert_eq!(found, [("openssh", "8.7p1-38.el9"), ("bind", "32:9.16.23-18.el9")]);
	}

	#[test]
	fn the_release_is_named_as_osv_names_it() {
		let release = file("NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n");
		assert_eq!(distribution(release.path()).ok().as_deref(), Some("Debian:12"));
		assert!(distribution(file("ID=debian\n").path()).is_err());
	}

	#[test]
	fn the_upstream_part_of_a_version_has_no_epoch_revision_or_repacking_mark() {
		for (version, upstream) in [
			("1:9.2p1-2+deb12u10", "9.2p1"),
			("1.10.1+dfsg-2+deb12u1", "1.10.1"),
			("3.6.7-9~deb12u4", "3.6.7"),
			("2.0", "2.0"),
			("1.0-rc1-3", "1.0-rc1"),
		] {
			assert_eq!(upstream_version(version), upstream);
		}
	}
}
