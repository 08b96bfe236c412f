//! The verifier as a WebAssembly module: the explorer's pages check an evidence bundle with it in the browser. It
//! imports nothing, so that whoever has the module's bytes knows all that it can do.
//!
//! The interface is plain memory. The page writes bundle and trust root into memory that [`allocate`] gives, calls
//! [`check`], and reads the answer: its length in four bytes, little endian, then JSON as [`report`] writes it. The
//! module is used once and thrown away, therefore nothing is given back.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![warn(missing_docs)]

extern crate alloc;

use alloc::{
	format,
	string::{String, ToString},
	vec::Vec,
};
use curex_verify::{Bundle, TrustRoot};
use serde_json::{json, Value};

/// What a bundle proves, as JSON: `{"proven":true,"block","block_hash","justified_by","authority_set","spec_version",
/// "genesis","first_authorities","values":[{"key","value"}],"extrinsic":{"index","bytes"}|null}`, or
/// `{"proven":false,"reason"}`. Keys, values and hashes are hexadecimal.
pub fn report(bundle: &[u8], root: &[u8]) -> Vec<u8> {
	let report =
		read(bundle, root).unwrap_or_else(|reason| json!({"proven": false, "reason": reason}));
	serde_json::to_vec(&report).unwrap_or_default()
}

fn read(bundle: &[u8], root: &[u8]) -> Result<Value, String> {
	let root: TrustRoot =
		serde_json::from_slice(root).map_err(|error| format!("the trust root: {error}"))?;
	let bundle = Bundle::from_json(bundle).map_err(|error| error.to_string())?;
	let verified = curex_verify::verify(&bundle, &root).map_err(|error| error.to_string())?;
	let hexadecimal = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
	let values: Vec<Value> = verified
		.state
		.iter()
		.map(|entry| {
			json!({"key": hexadecimal(entry.key.as_ref()), "value": hexadecimal(entry.value.as_ref())})
		})
		.collect();
	let extrinsic = verified
		.extrinsic
		.map(|(index, bytes)| json!({"index": index, "bytes": hexadecimal(&bytes)}));
	Ok(json!({
		"proven": true,
		"block": verified.header.number,
		"block_hash": hexadecimal(&verified.block_hash.0),
		"justified_by": verified.justified_by,
		"authority_set": verified.set_id,
		"spec_version": verified.spec_version,
		"genesis": hexadecimal(&root.genesis.0),
		"first_authorities": root.authorities.authorities.len(),
		"values": values,
		"extrinsic": extrinsic,
	}))
}

#[cfg(target_arch = "wasm32")]
mod module {
	use alloc::vec::Vec;

	#[global_allocator]
	static MEMORY: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

	/// A fault ends the module; the page says that nothing was proven.
	#[panic_handler]
	fn panic(_: &core::panic::PanicInfo) -> ! {
		core::arch::wasm32::unreachable()
	}

	/// Memory for the page to write into.
	#[no_mangle]
	pub extern "C" fn allocate(length: usize) -> *mut u8 {
		Vec::leak(alloc::vec![0; length]).as_mut_ptr()
	}

	/// Checks a bundle against a trust root, both written into memory from [`allocate`].
	///
	/// # Safety
	/// Both must be such memory, of these lengths.
	#[no_mangle]
	pub unsafe extern "C" fn check(
		bundle: *const u8,
		bundle_length: usize,
		root: *const u8,
		root_length: usize,
	) -> *const u8 {
		let (bundle, root) = unsafe {
			(
				core::slice::from_raw_parts(bundle, bundle_length),
				core::slice::from_raw_parts(root, root_length),
			)
		};
		let report = super::report(bundle, root);
		let mut answer = (report.len() as u32).to_le_bytes().to_vec();
		answer.extend(report);
		Vec::leak(answer).as_ptr()
	}
}
