//! An account in a token, on the command line.

use crate::softhsm::{make_token, succeeded, CONFIGURATION, MODULE, PIN};
use serde_json::Value;
use std::process::{Command, Output};

#[test]
fn the_command_line_makes_and_uses_a_key_in_a_token() {
	let folder = tempfile::tempdir().unwrap();
	make_token(folder.path());
	let curex = |arguments: &[&str], environment: &[(&str, &str)]| {
		Command::new(env!("CARGO_BIN_EXE_curex"))
			.args(["--json", "keys"])
			.args(arguments)
			.env(CONFIGURATION, folder.path().join("softhsm2.conf"))
			.envs(environment.iter().copied())
			.output()
			.unwrap()
	};
	let uri = format!("pkcs11:token=hospital;object=gateway?module-path={MODULE}");
	let pin_file = folder.path().join("pin").display().to_string();
	let with_file = format!("{uri}&pin-source={pin_file}");
	let public = |output: Output| {
		let told: Value = serde_json::from_str(&succeeded(&output)).unwrap();
		assert_eq!(told["scheme"], "ed25519");
		told["public"].as_str().unwrap().to_owned()
	};
	let made =
		public(curex(&["generate-in-token", "--signer", &uri, "--pin-file", &pin_file], &[]));
	assert_eq!(public(curex(&["account", "--signer", &with_file], &[])), made);
	assert_eq!(public(curex(&["account", "--signer", &uri], &[("CUREX_PIN", PIN)])), made);
	let refused = curex(&["account", "--signer", &uri], &[("CUREX_PIN", "000000")]);
	assert_eq!(refused.status.code(), Some(3), "{refused:?}");
	let with_pin = format!("{uri}&pin-value={PIN}");
	let refused = curex(&["account", "--signer", &with_pin], &[]);
	assert_eq!(refused.status.code(), Some(2), "{refused:?}");
	let told = String::from_utf8_lossy(&refused.stdout).into_owned();
	assert!(told.contains("pin-source") && !told.contains(PIN), "{told}");
}
