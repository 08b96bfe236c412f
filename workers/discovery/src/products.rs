//! What is known about products: their names in the CPE dictionary and their Debian packages.
//!
//! One table, so that a product is described in one place.

/// A product that a probe can recognise.
pub(crate) struct Product {
	/// Name as it appears in [`Service::product`](crate::Service::product).
	pub name: &'static str,
	/// Vendor as it appears in [`Service::vendor`](crate::Service::vendor).
	pub vendor: &'static str,
	/// Vendor and product in the CPE dictionary, if it is listed there.
	pub cpe: Option<(&'static str, &'static str)>,
	/// Debian's source package and the binary packages that carry the running code, likeliest first.
	pub debian: Option<(&'static str, &'static [&'static str])>,
}

const PRODUCTS: &[Product] = &[
	Product {
		name: "openssh",
		vendor: "openbsd",
		cpe: Some(("openbsd", "openssh")),
		debian: Some(("openssh", &["openssh-server"])),
	},
	Product {
		name: "dropbear",
		vendor: "dropbear ssh project",
		cpe: Some(("dropbear_ssh_project", "dropbear_ssh")),
		debian: Some(("dropbear", &["dropbear-bin"])),
	},
	Product {
		name: "nginx",
		vendor: "f5",
		cpe: Some(("f5", "nginx")),
		debian: Some(("nginx", &["nginx", "nginx-light", "nginx-full", "nginx-extras"])),
	},
	Product {
		name: "apache",
		vendor: "apache",
		cpe: Some(("apache", "http_server")),
		debian: Some(("apache2", &["apache2-bin", "apache2"])),
	},
	Product {
		name: "lighttpd",
		vendor: "lighttpd",
		cpe: Some(("lighttpd", "lighttpd")),
		debian: Some(("lighttpd", &["lighttpd"])),
	},
	Product {
		name: "orthanc",
		vendor: "orthanc-server",
		cpe: Some(("orthanc-server", "orthanc")),
		debian: Some(("orthanc", &["orthanc"])),
	},
	Product {
		name: "dcmtk",
		vendor: "offis",
		cpe: Some(("offis", "dcmtk")),
		debian: Some(("dcmtk", &["libdcmtk17", "libdcmtk16", "dcmtk"])),
	},
	Product { name: "dcm4che", vendor: "dcm4che", cpe: None, debian: None },
	Product { name: "pynetdicom", vendor: "pydicom", cpe: None, debian: None },
	Product { name: "dicom-rs", vendor: "enet4", cpe: None, debian: None },
	Product { name: "fo-dicom", vendor: "fo-dicom", cpe: None, debian: None },
	Product {
		name: "net-snmp",
		vendor: "net-snmp",
		cpe: Some(("net-snmp", "net-snmp")),
		debian: Some(("net-snmp", &["snmpd", "libsnmp40"])),
	},
	Product {
		name: "vsftpd",
		vendor: "vsftpd project",
		cpe: None,
		debian: Some(("vsftpd", &["vsftpd"])),
	},
	Product {
		name: "proftpd",
		vendor: "proftpd",
		cpe: Some(("proftpd", "proftpd")),
		debian: Some(("proftpd-dfsg", &["proftpd-core"])),
	},
	Product {
		name: "mosquitto",
		vendor: "eclipse",
		cpe: Some(("eclipse", "mosquitto")),
		debian: Some(("mosquitto", &["mosquitto"])),
	},
	Product {
		name: "postgresql",
		vendor: "postgresql",
		cpe: Some(("postgresql", "postgresql")),
		debian: Some((
			"postgresql-15",
			&["postgresql-15", "postgresql-13", "postgresql-16", "postgresql-17"],
		)),
	},
	Product {
		name: "samba",
		vendor: "samba",
		cpe: Some(("samba", "samba")),
		debian: Some(("samba", &["samba"])),
	},
	Product {
		name: "mariadb",
		vendor: "mariadb",
		cpe: Some(("mariadb", "mariadb")),
		debian: Some(("mariadb", &["mariadb-server-core", "mariadb-server"])),
	},
	Product { name: "mysql", vendor: "oracle", cpe: Some(("oracle", "mysql")), debian: None },
	Product {
		name: "redis",
		vendor: "redis",
		cpe: Some(("redis", "redis")),
		debian: Some(("redis", &["redis-server"])),
	},
	Product {
		name: "pure-ftpd",
		vendor: "pureftpd",
		cpe: Some(("pureftpd", "pure-ftpd")),
		debian: Some(("pure-ftpd", &["pure-ftpd"])),
	},
	Product {
		name: "bind",
		vendor: "isc",
		cpe: Some(("isc", "bind")),
		debian: Some(("bind9", &["bind9"])),
	},
	Product {
		name: "postfix",
		vendor: "postfix",
		cpe: Some(("postfix", "postfix")),
		debian: Some(("postfix", &["postfix"])),
	},
	Product {
		name: "exim",
		vendor: "exim",
		cpe: Some(("exim", "exim")),
		debian: Some(("exim4", &["exim4-daemon-light", "exim4-daemon-heavy"])),
	},
];

/// The product of this name, if the table has it.
pub(crate) fn product(name: &str) -> Option<&'static Product> {
	PRODUCTS.iter().find(|product| product.name == name)
}

impl Product {
	/// CPE 2.3 formatted string for this version (NIST IR 7695, section 6.2): an application, all that is
	/// not known left open. `9.2p1` becomes version `9.2`, update `p1`, as the dictionary has it.
	pub(crate) fn cpe23(&self, version: Option<&str>) -> Option<String> {
		let (vendor, product) = self.cpe?;
		let (version, update) = match version {
			None => ("*", "*"),
			Some(version) => match version.rfind('p') {
				Some(at)
					if at > 0
						&& at + 1 < version.len()
						&& version[at + 1..].bytes().all(|b| b.is_ascii_digit())
						&& version.as_bytes()[at - 1].is_ascii_digit() =>
				{
					(&version[..at], &version[at..])
				},
				_ => (version, "*"),
			},
		};
		Some(format!(
			"cpe:2.3:a:{vendor}:{product}:{}:{}:*:*:*:*:*:*",
			quoted(version),
			quoted(update)
		))
	}
}

/// Quotes what a formatted string may not hold bare; letters, digits, `.`, `-` and `_` stay.
fn quoted(part: &str) -> String {
	if part == "*" {
		return part.into();
	}
	let mut out = String::with_capacity(part.len());
	for c in part.chars() {
		if !(c.is_ascii_alphanumeric() || "._-".contains(c)) {
			out.push('\\');
		}
		out.push(c.to_ascii_lowercase());
	}
	out
}

#[cfg(test)]
mod tests {
	use super::*;

	fn cpe(name: &str, version: Option<&str>) -> String {
		product(name).and_then(|product| product.cpe23(version)).unwrap_or_default()
	}

	#[test]
	fn a_patch_level_of_openssh_is_the_update_of_its_cpe() {
		assert_eq!(cpe("openssh", Some("9.2p1")), "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*");
		assert_eq!(cpe("nginx", Some("1.22.1")), "cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*");
		assert_eq!(cpe("net-snmp", None), "cpe:2.3:a:net-snmp:net-snmp:*:*:*:*:*:*:*:*");
		assert_eq!(cpe("dcm4che", Some("5.30.0")), "");
	}

	#[test]
	fn a_colon_in_a_version_cannot_break_the_cpe() {
		assert_eq!(cpe("nginx", Some("1:2+x")), "cpe:2.3:a:f5:nginx:1\\:2\\+x:*:*:*:*:*:*:*");
	}
}
