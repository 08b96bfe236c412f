//! Package URLs (purl specification): `pkg:type/namespace/name@version?qualifiers#subpath`.

use super::InstalledPackage;
use crate::version::upstream;

pub(super) struct Purl {
	kind: String,
	namespace: String,
	name: String,
	version: Option<String>,
	qualifiers: Vec<(String, String)>,
}

impl Purl {
	/// Reads a package URL; `None` if it is none.
	pub(super) fn parse(text: &str) -> Option<Self> {
		let rest = text.trim().strip_prefix("pkg:")?.trim_start_matches('/');
		let rest = rest.split('#').next()?;
		let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
		let (kind, rest) = rest.split_once('/')?;
		let (path, version) = match rest.rsplit_once('@') {
			// The scope of an npm package may begin with a bare `@`.
			Some((path, version)) if !path.is_empty() && !version.contains('/') => {
				(path, Some(decoded(version)?))
			},
			_ => (rest, None),
		};
		let (namespace, name) = path.trim_matches('/').rsplit_once('/').unwrap_or(("", path));
		let name = decoded(name.trim_matches('/'))?;
		if name.is_empty() {
			return None;
		}
		let qualifiers = qualifiers
			.split('&')
			.filter_map(|pair| pair.split_once('='))
			.filter_map(|(key, value)| Some((key.to_ascii_lowercase(), decoded(value)?)))
			.collect();
		Some(Self {
			kind: kind.to_ascii_lowercase(),
			namespace: decoded(namespace)?,
			name,
			version: version.filter(|version| !version.is_empty()),
			qualifiers,
		})
	}

	fn qualifier(&self, key: &str) -> Option<&str> {
		self.qualifiers.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
	}

	/// Release of the distribution: `distro=debian-12` gives `12`.
	fn release(&self) -> Option<&str> {
		let distro = self.qualifier("distro")?;
		let release = distro.rsplit_once('-').map_or(distro, |(_, release)| release);
		release.starts_with(|c: char| c.is_ascii_digit()).then_some(release)
	}

	/// The source package and its version where `upstream=` names them.
	fn source(&self) -> (String, Option<String>) {
		match self.qualifier("upstream") {
			Some(upstream) => match upstream.split_once('@') {
				Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
				None => (upstream.to_owned(), self.version.clone()),
			},
			None => (self.name.clone(), self.version.clone()),
		}
	}

	/// The package in the words of OSV.
	pub(super) fn installed_package(&self) -> Option<InstalledPackage> {
		let plain = |ecosystem: &str, name: String| {
			Some(InstalledPackage {
				source: name,
				version: self.version.clone()?,
				distribution: ecosystem.to_owned(),
			})
		};
		let joined = |sign: &str| match self.namespace.as_str() {
			"" => self.name.clone(),
			namespace => format!("{namespace}{sign}{}", self.name),
		};
		match self.kind.as_str() {
			"deb" | "rpm" | "apk" => {
				let (source, version) = self.source();
				let distribution = match self.namespace.as_str() {
					"debian" => "Debian",
					"ubuntu" => "Ubuntu",
					"redhat" | "rhel" => "Red Hat",
					"rocky" | "rockylinux" => "Rocky Linux",
					"almalinux" | "alma" => "AlmaLinux",
					"opensuse" => "openSUSE",
					"suse" | "sles" => "SUSE",
					"alpine" => "Alpine",
					"fedora" => "Fedora",
					other => other,
				};
				let distribution = match self.release() {
					Some(release) => format!("{distribution}:{release}"),
					None => distribution.to_owned(),
				};
				Some(InstalledPackage { source, version: version?, distribution })
			},
			"npm" => plain("npm", joined("/")),
			"maven" => plain("Maven", joined(":")),
			"pypi" => plain("PyPI", self.name.to_ascii_lowercase().replace('_', "-")),
			"cargo" => plain("crates.io", self.name.clone()),
			"golang" => plain("Go", joined("/")),
			"nuget" => plain("NuGet", self.name.clone()),
			"gem" => plain("RubyGems", self.name.clone()),
			"composer" => plain("Packagist", joined("/")),
			_ => None,
		}
	}

	pub(super) fn upstream_version(&self) -> Option<String> {
		let version = self.version.as_deref()?;
		Some(match self.kind.as_str() {
			"deb" => upstream(version).to_owned(),
			"rpm" | "apk" => version.split('-').next().unwrap_or(version).to_owned(),
			_ => version.to_owned(),
		})
	}

	/// Who publishes it, where the namespace says so.
	pub(super) fn vendor(&self) -> Option<String> {
		match self.kind.as_str() {
			"maven" => {
				let mut labels = self.namespace.split('.');
				let first = labels.next()?;
				matches!(first, "org" | "com" | "io" | "net")
					.then(|| labels.next())?
					.map(str::to_owned)
			},
			"github" | "generic" | "bitbucket" if !self.namespace.is_empty() => {
				self.namespace.split('/').next().map(str::to_owned)
			},
			_ => None,
		}
	}

	/// The product it carries. The name of a library in a registry is no product name: anybody may publish
	/// one of the same name elsewhere.
	pub(super) fn product(&self) -> Option<String> {
		match self.kind.as_str() {
			"deb" | "rpm" | "apk" => Some(self.source().0),
			"maven" => self.vendor().map(|_| self.name.clone()),
			"github" | "generic" | "bitbucket" => Some(self.name.clone()),
			_ => None,
		}
	}
}

fn decoded(text: &str) -> Option<String> {
	let mut bytes = text.bytes();
	let mut out = Vec::with_capacity(text.len());
	while let Some(byte) = bytes.next() {
		out.push(match byte {
			b'%' => {
				let digits = [bytes.next()?, bytes.next()?];
				u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
			},
			byte => byte,
		});
	}
	String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_package_url_names_the_package_as_osv_does() {
		for (text, distribution, source, version) in [
			(
				"pkg:deb/debian/openssh-server@1:9.2p1-2%2Bdeb12u3?arch=amd64&distro=debian-12&upstream=openssh",
				"Debian:12",
				"openssh",
				"1:9.2p1-2+deb12u3",
			),
			("pkg:rpm/rocky/openssh@8.7p1-38.el9?distro=rocky-9", "Rocky Linux:9", "openssh", "8.7p1-38.el9"),
			("pkg:npm/%40angular/core@16.0.0", "npm", "@angular/core", "16.0.0"),
			("pkg:npm/lodash@4.17.20", "npm", "lodash", "4.17.20"),
			(
				"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar",
				"Maven",
				"org.apache.logging.log4j:log4j-core",
				"2.14.1",
			),
			("pkg:golang/github.com/gin-gonic/gin@v1.9.0", "Go", "github.com/gin-gonic/gin", "v1.9.0"),
		] {
			let package = Purl::parse(text).and_then(|p| p.installed_package()).expect(text);
			assert_eq!(
				(package.distribution.as_str(), package.source.as_str(), package.version.as_str()),
				(distribution, source, version)
			);
		}
	}

	#[test]
	fn a_library_is_not_taken_for_a_product_of_the_same_name() {
		let named = |text| Purl::parse(text).and_then(|p| p.product());
		assert_eq!(named("pkg:npm/orthanc@1.0.0"), None);
		assert_eq!(named("pkg:github/orthanc-server/orthanc@1.10.1").as_deref(), Some("orthanc"));
		assert!(Purl::parse("pkg:").is_none() && Purl::parse("npm/lodash").is_none());
	}

	proptest::proptest! {
		#[test]
		fn no_text_makes_it_panic(text in "pkg:[a-z]{0,5}/?\\PC{0,30}") {
			if let Some(purl) = Purl::parse(&text) {
				purl.installed_package();
				purl.upstream_version();
				purl.vendor();
				purl.product();
			}
		}
	}
}
