//! A token in software. Used by the tests of the library and of the command line.

use std::{
	path::Path,
	process::{Command, Output},
};

pub const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
pub const CONFIGURATION: &str = "SOFTHSM2_CONF";
pub const PIN: &str = "271828";
const MISSING: &str = "SoftHSM2 is missing: scripts/test.sh installs it (apt-get install softhsm2)";

/// Makes a token and a file with its PIN in a folder.
pub fn make_token(folder: &Path) {
	assert!(Path::new(MODULE).exists(), "{MISSING}");
	let tokens = folder.join("tokens");
	std::fs::create_dir(&tokens).unwrap();
	let text = format!("directories.tokendir = {}\nobjectstore.backend = file\n", tokens.display());
	std::fs::write(folder.join("softhsm2.conf"), text).unwrap();
	std::fs::write(folder.join("pin"), PIN).unwrap();
	let made = Command::new("softhsm2-util")
		.args(["--init-token", "--free", "--label", "hospital", "--so-pin", "314159"])
		.args(["--pin", PIN])
		.env(CONFIGURATION, folder.join("softhsm2.conf"))
		.output()
		.expect(MISSING);
	succeeded(&made);
}

pub fn succeeded(output: &Output) -> String {
	let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
	assert!(output.status.success(), "{out}\n{err}");
	out.into_owned()
}
