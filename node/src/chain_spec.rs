//! Which consortium: its specification.

use sc_service::ChainType;
use std::path::Path;

/// A specification without extensions of our own.
pub type ChainSpec = sc_service::GenericChainSpec;

/// The runtime of this build.
///
/// # Errors
/// If the build left the WebAssembly out (`SKIP_WASM_BUILD`).
pub fn runtime_code() -> Result<&'static [u8], String> {
	curex_runtime::WASM_BINARY
		.ok_or_else(|| "this build has no runtime; build again without SKIP_WASM_BUILD".into())
}

/// A specification of a network without peers outside, from a genesis preset of the runtime.
///
/// # Errors
/// If the build has no runtime.
pub fn from_preset(
	preset: &str,
	name: &str,
	id: &str,
	kind: ChainType,
) -> Result<ChainSpec, String> {
	Ok(ChainSpec::builder(runtime_code()?, None)
		.with_name(name)
		.with_id(id)
		.with_chain_type(kind)
		.with_protocol_id(id)
		.with_genesis_config_preset_name(preset)
		.build())
}

/// Finds a specification by its name, or reads it from a file.
///
/// # Errors
/// If the file cannot be read or is no specification.
pub fn load(id: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
	Ok(Box::new(match id {
		"" | "local" => {
			from_preset("local_testnet", "CUREX Local", "curex_local", ChainType::Local)?
		},
		"dev" => {
			from_preset("development", "CUREX Development", "curex_dev", ChainType::Development)?
		},
		path => ChainSpec::from_json_file(path.into())
			.map_err(|reason| format!("the specification {path} cannot be used: {reason}"))?,
	}))
}

/// A specification as JSON with the runtime's code replaced by a mark: two builds of the same source give the same text.
///
/// # Errors
/// If the file is no specification, or has no code.
pub fn without_code(path: &Path) -> Result<String, String> {
	/// `:code`
	const CODE: &str = "0x3a636f6465";
	const MARK: &str = "the code of the runtime";

	let text = std::fs::read(path).map_err(|reason| format!("{}: {reason}", path.display()))?;
	let mut spec: serde_json::Value = serde_json::from_slice(&text)
		.map_err(|reason| format!("{} is no JSON: {reason}", path.display()))?;
	let genesis = &mut spec["genesis"];
	let code = match genesis.get("raw") {
		Some(_) => genesis["raw"]["top"].get_mut(CODE),
		None => genesis["runtimeGenesis"].get_mut("code"),
	};
	*code.ok_or_else(|| format!("{} has no code of a runtime", path.display()))? = MARK.into();
	serde_json::to_string_pretty(&spec).map_err(|reason| reason.to_string())
}
