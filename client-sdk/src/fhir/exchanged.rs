//! What came of an exchange as FHIR R4 resources: a DocumentReference that describes what was handed over, and a Provenance
//! that says between whom, why, and on which records of the ledger it rests.

use super::{
	array,
	audit::{code_of, handle, member},
	check::codes::{CATEGORIES, CONSENT, EXCHANGE, LIFECYCLE, LOINC, PARTICIPATION},
	Document, Identifier,
};
use crate::{content::Content, time, Client, Error, View};
use base64::{engine::general_purpose::STANDARD as BASE64, Engine};
use curex_primitives::{Category, Exchange, ExchangeId, Gate, Moment, Side};
use serde_json::{json, Value};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use std::collections::BTreeSet;

const PARTICIPANT: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
/// Extension of an attachment: its SHA-256 in base64. FHIR R4 has a hash for SHA-1 alone.
pub const SHA_256: &str = "urn:curex:fhir:sha-256";
/// Extension of an entity that is a record of the ledger: hash of the ledger's first block.
pub const LEDGER: &str = "urn:curex:fhir:ledger";
/// Extension of an entity that is an exchange: the ledger's commitment to what was handed over, sealed.
pub const PAYLOAD: &str = "urn:curex:fhir:payload";
/// Extension of an entity that is an exchange: the ledger's commitment to its receipt.
pub const RECEIPT: &str = "urn:curex:fhir:receipt";

/// What was handed over, and who tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Exchanged<'a> {
	/// The exchange.
	pub id: ExchangeId,
	/// Its record.
	pub exchange: &'a Exchange,
	/// Hash of the ledger's first block.
	pub ledger: [u8; 32],
	/// Whose view it is: what the holder disclosed, or what the recipient received.
	pub side: Side,
	/// What was handed over.
	pub document: &'a Document,
	/// Whom it is about, if the teller knows.
	pub patient: Option<&'a Identifier>,
	/// Where the teller keeps it, if that is to be told. Must name nobody.
	pub url: Option<&'a str>,
	/// When it is told.
	pub now: Moment,
}

impl Client {
	/// What this side received in an exchange: DocumentReference and Provenance, as JSON that people read, too.
	///
	/// # Errors
	/// [`Error::NotFound`] when the ledger has no such exchange; [`Error::File`] when the document cannot be read;
	/// [`Error::Connection`].
	pub async fn describe_received(
		&self,
		id: ExchangeId,
		document: &Document,
		patient: Option<&Identifier>,
		url: Option<&str>,
	) -> Result<(Vec<u8>, Vec<u8>), Error> {
		let exchange = self.exchange(id, View::Best).await?;
		let exchange = exchange.ok_or_else(|| Error::NotFound(format!("exchange {id}")))?;
		let exchanged = Exchanged {
			id,
			exchange: &exchange,
			ledger: self.genesis(),
			side: Side::Recipient,
			document,
			patient,
			url,
			now: time::now(),
		};
		let pretty = |resource: Value| {
			serde_json::to_vec_pretty(&resource).map_err(|error| Error::input(error.to_string()))
		};
		Ok((pretty(exchanged.document_reference()?)?, pretty(exchanged.provenance()?)?))
	}
}

impl Exchanged<'_> {
	/// The document as a DocumentReference.
	///
	/// # Errors
	/// [`Error::Input`] when `now` is out of range, [`Error::File`] when the document cannot be read.
	pub fn document_reference(&self) -> Result<Value, Error> {
		let (mut size, mut sha_1, mut sha_256) = (0, Sha1::new(), Sha256::new());
		self.document.body().read_through(|piece| {
			size += piece.len();
			sha_1.update(piece);
			sha_256.update(piece);
		})?;
		let mut attachment = json!({
			"contentType": self.document.content().media_type(),
			"size": size,
			"hash": BASE64.encode(sha_1.finalize()),
			"extension": [{
				"url": SHA_256,
				"valueBase64Binary": BASE64.encode(sha_256.finalize()),
			}],
		});
		if let Some(url) = self.url {
			attachment["url"] = url.into();
		}
		let mut content = json!({ "attachment": attachment });
		if let Some(format) = self.format() {
			content["format"] = format;
		}
		let mut related = vec![handle(EXCHANGE, &self.id.to_string())];
		if let Gate::Consent(consent) = self.exchange.gate {
			related.push(handle(CONSENT, &consent.to_string()));
		}
		let categories = self.categories().into_iter().map(|category| {
			let code = serde_json::to_value(category).unwrap_or_default();
			json!({ "coding": [{ "system": "urn:curex:category", "code": code }] })
		});
		let holder = member(self.exchange.holder);
		let mut reference = json!({
			"resourceType": "DocumentReference",
			"masterIdentifier": { "system": EXCHANGE, "value": self.id.to_string() },
			"status": "current",
			"docStatus": "final",
			"category": categories.collect::<Vec<_>>(),
			"date": self.told_at()?,
			"author": [holder],
			"custodian": holder,
			"content": [content],
			"context": {
				"event": [{ "coding": [code_of(self.exchange.purpose)] }],
				"related": related,
			},
		});
		if let Some(kind) = self.kind() {
			reference["type"] = kind;
		}
		if let Some(Identifier { system, value }) = self.patient {
			reference["subject"] = handle(system, value);
		}
		let labels = self.labels();
		if !labels.is_empty() {
			reference["securityLabel"] = labels.into();
		}
		Ok(reference)
	}

	/// Where it comes from as a Provenance.
	///
	/// # Errors
	/// [`Error::Input`] when `now` is out of range.
	pub fn provenance(&self) -> Result<Value, Error> {
		let Exchange { holder, recipient, gate, purpose, begun, .. } = *self.exchange;
		let commitment = |url: &str, commitment: Option<curex_primitives::Commitment>| {
			commitment.map(|found| json!({ "url": url, "valueString": found.to_string() }))
		};
		let ledger = json!({
			"url": LEDGER, "valueString": format!("0x{}", hex::encode(self.ledger)),
		});
		let told = [
			Some(ledger.clone()),
			commitment(PAYLOAD, self.exchange.payload),
			commitment(RECEIPT, self.exchange.receipt),
		];
		let mut entities = vec![json!({
			"extension": told.into_iter().flatten().collect::<Vec<_>>(),
			"role": "source",
			"what": handle(EXCHANGE, &self.id.to_string()),
		})];
		if let Gate::Consent(consent) = gate {
			entities.push(json!({
				"extension": [ledger],
				"role": "source",
				"what": handle(CONSENT, &consent.to_string()),
			}));
		}
		let activity = match self.side {
			Side::Holder => "disclose",
			Side::Recipient => "receive",
		};
		let kind =
			|system: &str, code: &str| json!({ "coding": [{ "system": system, "code": code }] });
		Ok(json!({
			"resourceType": "Provenance",
			"target": [handle(EXCHANGE, &self.id.to_string())],
			"occurredPeriod": { "start": time::text(begun) },
			"recorded": self.told_at()?,
			"reason": [{ "coding": [code_of(purpose)] }],
			"activity": kind(LIFECYCLE, activity),
			"agent": [
				{ "type": kind(PARTICIPANT, "custodian"), "who": member(holder) },
				{ "type": kind(PARTICIPATION, "IRCP"), "who": member(recipient) },
			],
			"entity": entities,
		}))
	}

	fn told_at(&self) -> Result<String, Error> {
		time::text(self.now).ok_or_else(|| Error::input("the clock is out of range"))
	}

	/// What the payload itself belongs to, or else what the exchange covers.
	fn categories(&self) -> Vec<Category> {
		match self.document.content().category() {
			Some(category) => vec![category],
			None => {
				let covered = |category: &&Category| self.exchange.categories.contains(**category);
				Category::ALL.iter().filter(covered).copied().collect()
			},
		}
	}

	/// The type of the document: as its Composition has it, or that of its category.
	fn kind(&self) -> Option<Value> {
		if let Some(composition) = self.document.composition() {
			return Some(composition.value()["type"].clone()).filter(Value::is_object);
		}
		let category = self.document.content().category()?;
		let (code, _) = CATEGORIES.iter().find(|(_, known)| *known == category)?;
		Some(json!({ "coding": [{ "system": LOINC, "code": code }] }))
	}

	/// The form of the payload: the structure of a message, the kind of object of a DICOM file.
	fn format(&self) -> Option<Value> {
		match self.document.content() {
			Content::Fhir => None,
			Content::Hl7v2(message) => Some(match message.parts() {
				(_, Some(structure)) => json!({
					"system": "http://terminology.hl7.org/CodeSystem/v2-0354", "code": structure,
				}),
				(kind, None) => json!({
					"system": "http://terminology.hl7.org/CodeSystem/v2-0076", "code": kind,
				}),
			}),
			Content::Dicom(file) => Some(json!({
				"system": "urn:ietf:rfc:3986", "code": format!("urn:oid:{}", file.sop_class),
			})),
		}
	}

	/// The security labels of the document and of whatever it holds, each once.
	fn labels(&self) -> Vec<Value> {
		let resources = self.document.resources().iter();
		let labels = resources
			.flat_map(|resource| array(&resource.value()["meta"], "security"))
			.filter_map(|label| Some((label["system"].as_str(), label["code"].as_str()?)))
			.collect::<BTreeSet<_>>();
		labels
			.into_iter()
			.map(|(system, code)| {
				let mut coding = json!({ "code": code });
				if let Some(system) = system {
					coding["system"] = system.into();
				}
				json!({ "coding": [coding] })
			})
			.collect()
	}
}

#[cfg(test)]
mod tests {
	use super::{super::check::check, *};
	use crate::content::{check_content, tests as payloads};
	use curex_primitives::{Commitment, ConsentId, ExchangeState};

	const ID: ExchangeId = ExchangeId([9; 32]);

	/// Both resources, read back by the check of this library.
	fn told(document: &Document, gate: Gate, side: Side) -> (Value, Value) {
		let exchange = Exchange {
			payload: Some(Commitment([3; 32])),
			receipt: Some(Commitment([4; 32])),
			..super::super::audit::tests::exchange(gate, ExchangeState::Delivered)
		};
		let patient = Identifier { system: "urn:oid:1.2.3".into(), value: "4711".into() };
		let exchanged = Exchanged {
			id: ID,
			exchange: &exchange,
			ledger: [8; 32],
			side,
			document,
			patient: Some(&patient),
			url: Some("document.json"),
			now: 1_700_000_000_000,
		};
		let reference = exchanged.document_reference().unwrap();
		assert_eq!(reference["subject"]["identifier"]["value"], "4711");
		let provenance = exchanged.provenance().unwrap();
		assert!(!provenance.to_string().contains("4711"), "whom it is about is not its matter");
		let read = |resource: &Value| check(resource.to_string().as_bytes()).unwrap();
		for resource in [&reference, &provenance] {
			assert_eq!(read(resource).mapping["exchange"], ID.to_string());
		}
		(reference, provenance)
	}

	#[test]
	fn a_document_is_described_with_its_type_labels_hashes_and_records() {
		let bundle = super::super::document::tests::labelled_document();
		let document =
			super::super::check_document(&bundle, &super::super::tests::identification());
		let consent = ConsentId([7; 32]);
		let (reference, provenance) =
			told(&document.unwrap(), Gate::Consent(consent), Side::Recipient);
		let attachment = &reference["content"][0]["attachment"];
		assert_eq!(attachment["contentType"], "application/fhir+json");
		assert_eq!(attachment["size"], bundle.len());
		assert_eq!(attachment["hash"], BASE64.encode(Sha1::digest(&bundle)));
		assert_eq!(attachment["extension"][0]["url"], SHA_256);
		assert_eq!(attachment["url"], "document.json");
		let mapping = check(reference.to_string().as_bytes()).unwrap().mapping;
		assert_eq!(mapping["category"], "patient-summary");
		assert_eq!(mapping["custodian"]["member"], 1);
		assert_eq!(mapping["consent"], consent.to_string());
		let labels = &mapping["held-by-the-holder"]["security-labels"];
		assert_eq!(labels.as_array().unwrap().len(), 1);
		assert_eq!(labels[0]["code"], "R");

		let mapping = check(provenance.to_string().as_bytes()).unwrap().mapping;
		assert_eq!(mapping["activity"][0]["code"], "receive");
		assert_eq!(mapping["agent"][1]["who"]["member"], 2);
		assert_eq!(mapping["reason"][0]["ledger"], "treatment");
		assert_eq!(mapping["consent"], consent.to_string());
		let entity = provenance["entity"][0].to_string();
		for commitment in [[3; 32], [4; 32]] {
			assert!(entity.contains(&Commitment(commitment).to_string()), "{entity}");
		}
	}

	#[test]
	fn an_opaque_payload_is_described_by_its_kind() {
		let gate = Gate::Statutory(curex_primitives::LegalBasis::CARE);
		let message = payloads::message();
		let message = check_content(&message, &payloads::patient()).unwrap();
		let (reference, provenance) = told(&message, gate, Side::Holder);
		let content = &reference["content"][0];
		assert_eq!(content["attachment"]["contentType"], "x-application/hl7-v2+er7; charset=utf-8");
		assert_eq!(content["format"]["code"], "ORU_R01");
		assert_eq!(provenance["activity"]["coding"][0]["code"], "disclose");
		let file = check_content(&payloads::file(), &payloads::patient()).unwrap();
		let (reference, _) = told(&file, gate, Side::Recipient);
		assert_eq!(reference["content"][0]["format"]["code"], "urn:oid:1.2.840.10008.5.1.4.1.1.2");
		assert_eq!(reference["category"][0]["coding"][0]["code"], "imaging");
		assert_eq!(reference["type"]["coding"][0]["code"], "18748-4");
	}
}
