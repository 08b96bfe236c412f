//! Events of the ledger as JSON, and the rejections among them.

use super::CurexConfig;
use crate::{error::Rejection, Error};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use subxt::{
	error::DispatchError,
	events::{Events, Phase},
	ext::scale_value::{Composite, Primitive, Value, ValueDef},
	metadata::ArcMetadata,
};

/// Something that happened on the ledger.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
	/// The extrinsic that caused it; nothing for what the block itself does.
	pub extrinsic: Option<u32>,
	/// The pallet.
	pub pallet: String,
	/// Its name.
	pub name: String,
	/// Its fields. 32-byte values are `0x…` text.
	pub fields: Json,
}

impl Event {
	/// Whether it is this event.
	pub fn is(&self, pallet: &str, name: &str) -> bool {
		self.pallet == pallet && self.name == name
	}
}

/// The events of a block, in order.
///
/// # Errors
/// [`Error::Protocol`] when they do not decode with the block's metadata.
pub(crate) fn read(
	events: &Events<CurexConfig>,
	metadata: &ArcMetadata,
) -> Result<Vec<Event>, Error> {
	let undecodable = |error: subxt::error::EventsError| Error::Protocol(error.to_string());
	events
		.iter()
		.map(|event| {
			let event = event.map_err(undecodable)?;
			let fields: Composite<()> = event.decode_fields_unchecked_as().map_err(undecodable)?;
			let extrinsic = match event.phase() {
				Phase::ApplyExtrinsic(index) => Some(index),
				Phase::Initialization | Phase::Finalization => None,
			};
			let mut event = Event {
				extrinsic,
				pallet: event.pallet_name().into(),
				name: event.event_name().into(),
				fields: composite(fields),
			};
			if event.is("Exchange", "ItemFailed") {
				let rejection = rejection_of(&event.fields["error"], metadata);
				event.fields["error"] = serde_json::to_value(rejection).unwrap_or_default();
			}
			Ok(event)
		})
		.collect()
}

/// Why the extrinsic at this index failed, if it did. Says nothing about an extrinsic without an outcome.
///
/// # Errors
/// [`Error::Protocol`] when its outcome cannot be decoded or is missing.
pub(crate) fn rejection(
	events: &Events<CurexConfig>,
	index: u32,
	metadata: ArcMetadata,
) -> Result<Option<Rejection>, Error> {
	for event in events.iter() {
		let event = event.map_err(|error| Error::Protocol(error.to_string()))?;
		if event.phase() != Phase::ApplyExtrinsic(index) || event.pallet_name() != "System" {
			continue;
		}
		match event.event_name() {
			"ExtrinsicSuccess" => return Ok(None),
			"ExtrinsicFailed" => {
				let error = DispatchError::decode_from(event.field_bytes(), metadata)
					.map_err(|error| Error::Protocol(error.to_string()))?;
				return Ok(Some(describe(&error)));
			},
			_ => (),
		}
	}
	Err(Error::Protocol("the block does not say how the extrinsic ended".into()))
}

/// The rejection that an event carries as a field: `{"Module": {"index": 9, "error": "0x0b000000"}}`, or the name of an
/// error of the runtime itself.
fn rejection_of(error: &Json, metadata: &ArcMetadata) -> Rejection {
	let module = &error["Module"];
	let index = module["index"].as_u64().and_then(|index| u8::try_from(index).ok());
	let number = module["error"].as_str().and_then(|text| text.get(2..4));
	let number = number.and_then(|digits| u8::from_str_radix(digits, 16).ok());
	let named = index.zip(number).and_then(|(index, number)| {
		let pallet = metadata.pallet_by_error_index(index)?;
		let variant = pallet.error_variant_by_index(number)?;
		Some(Rejection {
			pallet: pallet.name().into(),
			name: variant.name.clone(),
			docs: variant.docs.join(" ").trim().into(),
		})
	});
	named.unwrap_or_else(|| Rejection {
		pallet: String::new(),
		name: error.as_str().map_or_else(|| error.to_string(), Into::into),
		docs: String::new(),
	})
}

fn describe(error: &DispatchError) -> Rejection {
	if let DispatchError::Module(module) = error {
		if let Ok(details) = module.details() {
			return Rejection {
				pallet: details.pallet.name().into(),
				name: details.variant.name.clone(),
				docs: details.variant.docs.join(" ").trim().into(),
			};
		}
	}
	let name = format!("{error:?}");
	let name = name.split(['(', ' ']).next().unwrap_or_default().to_string();
	Rejection { pallet: String::new(), name, docs: error.to_string() }
}

pub(crate) fn composite(composite: Composite<()>) -> Json {
	match composite {
		Composite::Named(fields) => {
			let object: Map<String, Json> =
				fields.into_iter().map(|(name, value)| (name, json(value))).collect();
			Json::Object(object)
		},
		Composite::Unnamed(fields) => unnamed(fields),
	}
}

/// A tuple of one is what it holds; bytes are hexadecimal text; anything else is a list.
fn unnamed(mut fields: Vec<Value<()>>) -> Json {
	if let Some(bytes) = bytes(&fields) {
		return format!("0x{}", hex::encode(bytes)).into();
	}
	match fields.len() {
		0 => Json::Null,
		1 => json(fields.swap_remove(0)),
		_ => fields.into_iter().map(json).collect::<Vec<_>>().into(),
	}
}

/// The bytes of an array, if all its elements are small numbers and there are at least four.
fn bytes(values: &[Value<()>]) -> Option<Vec<u8>> {
	let byte = |value: &Value<()>| match value.value {
		ValueDef::Primitive(Primitive::U128(number)) => u8::try_from(number).ok(),
		_ => None,
	};
	(values.len() >= 4).then(|| values.iter().map(byte).collect()).flatten()
}

pub(crate) fn json(value: Value<()>) -> Json {
	match value.value {
		ValueDef::Composite(inner) => composite(inner),
		ValueDef::Variant(variant) => match (variant.name.as_str(), variant.values) {
			("None", _) => Json::Null,
			("Some", Composite::Unnamed(mut values)) if values.len() == 1 => {
				json(values.swap_remove(0))
			},
			(_, values) if values.is_empty() => variant.name.into(),
			(_, values) => Json::Object(Map::from_iter([(variant.name, composite(values))])),
		},
		ValueDef::Primitive(primitive) => match primitive {
			Primitive::Bool(value) => value.into(),
			Primitive::Char(value) => value.to_string().into(),
			Primitive::String(value) => value.into(),
			Primitive::U128(value) => match u64::try_from(value) {
				Ok(value) => value.into(),
				Err(_) => value.to_string().into(),
			},
			Primitive::I128(value) => match i64::try_from(value) {
				Ok(value) => value.into(),
				Err(_) => value.to_string().into(),
			},
			Primitive::U256(bytes) | Primitive::I256(bytes) => {
				format!("0x{}", hex::encode(bytes)).into()
			},
		},
		ValueDef::BitSequence(bits) => bits.iter().collect::<Vec<bool>>().into(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	#[test]
	fn values_of_the_ledger_read_well_as_json() {
		let handle = Value::unnamed_composite([Value::from_bytes([0xab; 32])]);
		let fields = Composite::named([
			("exchange", handle),
			("code", Value::unnamed_variant("Accepted", [])),
			("evidence", Value::unnamed_variant("None", [])),
			(
				"reviewer",
				Value::unnamed_variant("Some", [Value::unnamed_composite([Value::u128(3)])]),
			),
			("pair", Value::unnamed_composite([Value::u128(1), Value::bool(true)])),
			("gate", Value::unnamed_variant("Consent", [Value::from_bytes([1; 32])])),
			("large", Value::u128(u128::MAX)),
		]);
		assert_eq!(
			composite(fields),
			json!({
				"exchange": format!("0x{}", "ab".repeat(32)),
				"code": "Accepted",
				"evidence": null,
				"reviewer": 3,
				"pair": [1, true],
				"gate": {"Consent": format!("0x{}", "01".repeat(32))},
				"large": u128::MAX.to_string(),
			})
		);
	}

	#[test]
	fn the_error_of_an_item_is_named_as_the_metadata_name_it() {
		use codec::Decode;
		let metadata = subxt::Metadata::decode(&mut &super::super::METADATA[..]).unwrap();
		let metadata = ArcMetadata::from(metadata);
		let pallet = metadata.pallet_by_name("Exchange").unwrap();
		let variants = pallet.error_variants().unwrap();
		let closed = variants.iter().find(|variant| variant.name == "GateClosed").unwrap();
		let error = format!("0x{:02x}000000", closed.index);
		let index = pallet.error_index();
		let rejection =
			rejection_of(&json!({"Module": {"index": index, "error": error}}), &metadata);
		assert_eq!(
			(rejection.pallet.as_str(), rejection.name.as_str()),
			("Exchange", "GateClosed")
		);
		assert!(!rejection.docs.is_empty());
		assert_eq!(rejection_of(&json!("BadOrigin"), &metadata).name, "BadOrigin");
		let unknown = json!({"Module": {"index": 250, "error": "0xff000000"}});
		assert!(rejection_of(&unknown, &metadata).name.contains("250"));
	}

	#[test]
	fn an_error_of_the_runtime_itself_is_described() {
		let rejection = describe(&DispatchError::BadOrigin);
		assert_eq!((rejection.pallet.as_str(), rejection.name.as_str()), ("", "BadOrigin"));
	}
}
