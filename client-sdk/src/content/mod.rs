//! What a payload is: FHIR, an HL7 v2 message or a DICOM file.
//!
//! FHIR is read to the last element. The other two are opaque: they travel and are kept as they were written, and are read
//! as far as is needed to name them correctly and to see that they are the patient's. A payload needs no heading of its own,
//! for each kind is told by how it begins; so sender and recipient cannot differ in what it is.

mod body;
mod dicom;
mod hl7v2;

pub use body::Body;
pub use dicom::Dicom;
pub use hl7v2::Hl7v2;

use crate::{
	fhir::{check_document, Defect, Document, PatientIdentification, Resource},
	Error,
};
use curex_primitives::{Categories, Category};
use serde::Serialize;
use std::io;

/// What a payload is, with what a reader needs in order to open it. Names nobody; what identifies a study is not in its
/// `Debug`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Content {
	/// A FHIR R4 bundle, as JSON.
	Fhir,
	/// An HL7 v2 message, with vertical bars (ER7).
	Hl7v2(Hl7v2),
	/// A file of DICOM part 10.
	Dicom(Dicom),
}

impl Content {
	/// The media type. That of HL7 v2 has the message's character set, that of DICOM its transfer syntax (RFC 3240).
	pub fn media_type(&self) -> String {
		match self {
			Self::Fhir => "application/fhir+json".into(),
			Self::Hl7v2(message) => message.media_type(),
			Self::Dicom(file) => file.media_type(),
		}
	}

	/// What the name of a file with it ends in.
	pub const fn extension(&self) -> &'static str {
		match self {
			Self::Fhir => "json",
			Self::Hl7v2(_) => "hl7",
			Self::Dicom(_) => "dcm",
		}
	}

	/// The category of the ledger that the payload belongs to, if it shows.
	pub fn category(&self) -> Option<Category> {
		match self {
			Self::Fhir => None,
			Self::Hl7v2(message) => message.category(),
			Self::Dicom(_) => Some(Category::Imaging),
		}
	}
}

/// Checks a payload about one patient: a document as [`check_document`] does; an HL7 v2 message or a DICOM file for its
/// heading, and for being this patient's: one of the numbers that it gives the patient has to be among the identifiers, and
/// a date of birth that it gives has to agree.
///
/// # Errors
/// The first [`Defect`] found; [`Defect::acknowledgement`] is how to acknowledge it.
pub fn check_content(bytes: &[u8], whom: &PatientIdentification) -> Result<Document, Defect> {
	// What is in memory can be read.
	examine(Body::Bytes(bytes), whom).unwrap_or(Err(Defect::Source))
}

/// As [`check_content`], wherever the payload lies. An HL7 v2 message or a DICOM file in a file stays there, whatever its size;
/// FHIR data are taken into memory, up to 16 MiB.
///
/// # Errors
/// [`Error::Fhir`] with the first [`Defect`] found, [`Error::File`].
pub fn check_body<'a>(
	body: impl Into<Body<'a>>,
	whom: &PatientIdentification,
) -> Result<Document, Error> {
	Ok(examine(body.into(), whom)??)
}

/// As [`check_body`], but what is wrong with the payload is told apart from a file that cannot be read.
pub(crate) fn examine(
	body: Body<'_>,
	whom: &PatientIdentification,
) -> Result<Result<Document, Defect>, Error> {
	let beginning = body.beginning(dicom::BEGINNING)?;
	let heading = if dicom::is_one(&beginning) {
		let read = body.examine(|mut source| dicom::read(&mut source))?;
		read.map(|(file, patient)| (Content::Dicom(file), patient))
	} else if hl7v2::is_one(&beginning) {
		let read = body.examine(|mut source| hl7v2::read(&mut source))?;
		read.map(|(message, patient)| (Content::Hl7v2(message), patient))
	} else {
		return Ok(body.in_memory()?.and_then(|bytes| check_document(&bytes, whom)));
	};
	let checked = heading.and_then(|(content, patient)| patient.check(whom).map(|()| content));
	Ok(checked.map(|content| Document::opaque(body, content)))
}

/// Why a heading is not read.
enum Fault {
	/// It is not as it should be.
	Defect(Defect),
	/// Its file cannot be read.
	Unreadable(io::Error),
}

impl From<Defect> for Fault {
	fn from(defect: Defect) -> Self {
		Self::Defect(defect)
	}
}

impl Fault {
	/// A failure to read: the end of the file is its content's own defect.
	fn of(error: io::Error, cut_short: Defect) -> Self {
		match error.kind() {
			io::ErrorKind::UnexpectedEof => Self::Defect(cut_short),
			_ => Self::Unreadable(error),
		}
	}
}

/// Longest value of a heading that is taken into memory: 64 KiB.
const MAX_VALUE: u32 = 64 * 1024;

/// What a payload says of its patient.
#[derive(Default)]
struct Named {
	/// Numbers, without who assigned them: the two kinds say that in ways of their own.
	numbers: Vec<String>,
	/// `YYYYMMDD`, each time it is told.
	born: Vec<String>,
}

impl Named {
	fn check(&self, whom: &PatientIdentification) -> Result<(), Defect> {
		if self.numbers.is_empty() {
			return Err(Defect::NotOnePatient);
		}
		let identifiers = &whom.identifiers;
		let known = |number: &String| identifiers.iter().any(|known| known.value == *number);
		let born = whom.birth_date.replace('-', "");
		if self.numbers.iter().any(known) && self.born.iter().all(|date| *date == born) {
			Ok(())
		} else {
			Err(Defect::WrongPatient)
		}
	}
}

/// Checks that a payload belongs to what an exchange covers, as far as it shows what it belongs to.
///
/// # Errors
/// [`Error::Input`] when it belongs to another category.
pub(crate) fn covered(document: &Document, categories: Categories) -> Result<(), Error> {
	match document.content().category() {
		Some(category) if !categories.contains(category) => Err(Error::input(format!(
			"{} is not of the categories that the exchange covers",
			document.told()
		))),
		_ => Ok(()),
	}
}

impl Document {
	/// The resources of a FHIR document, or what an opaque payload is, in a few words.
	pub fn told(&self) -> String {
		match self.content() {
			Content::Fhir => format!("{} resources", self.resources().len()),
			Content::Hl7v2(message) => {
				format!("an HL7 v{} message {}", message.version, message.message_type)
			},
			Content::Dicom(_) => "a DICOM file".into(),
		}
	}

	/// The Composition with which a FHIR document begins, if it is one.
	pub fn composition(&self) -> Option<&Resource> {
		self.resources().first().filter(|first| first.kind() == "Composition")
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::fhir::Identifier;

	pub(crate) fn patient() -> PatientIdentification {
		PatientIdentification {
			identifiers: vec![
				Identifier { system: "urn:oid:1.2.3".into(), value: "4711".into() },
				Identifier { system: "urn:oid:4.5.6".into(), value: "MRN-9".into() },
			],
			family: "Papadopoulou".into(),
			given: vec!["Eleni".into()],
			birth_date: "1956-05-27".into(),
		}
	}

	pub(crate) fn message() -> Vec<u8> {
		hl7v2::tests::message().into_bytes()
	}

	pub(crate) fn file() -> Vec<u8> {
		dicom::tests::file()
	}

	#[test]
	fn each_kind_is_told_by_how_it_begins_and_named_by_its_media_type() {
		let message = hl7v2::tests::message();
		let checked = check_content(message.as_bytes(), &patient()).unwrap();
		assert_eq!(*checked.bytes().unwrap(), *message.as_bytes(), "not a byte is changed");
		assert!(checked.resources().is_empty());
		assert_eq!(checked.content().media_type(), "x-application/hl7-v2+er7; charset=utf-8");
		assert_eq!(checked.content().category(), Some(Category::TestResult));
		assert_eq!(checked.told(), "an HL7 v2.5.1 message ORU^R01^ORU_R01");

		let file = dicom::tests::file();
		let checked = check_content(&file, &patient()).unwrap();
		assert_eq!(*checked.bytes().unwrap(), *file);
		assert_eq!(
			checked.content().media_type(),
			"application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
		);
		assert_eq!(checked.content().category(), Some(Category::Imaging));

		let neither = check_content(b"%PDF-1.7", &patient());
		assert_eq!(neither.unwrap_err(), Defect::NotJson);
		// What begins as one kind and goes on as another is neither.
		let mut both = file.clone();
		both[0] = b'{';
		assert_eq!(check_content(&both, &patient()).unwrap_err(), Defect::NotJson);
	}

	#[test]
	fn an_opaque_payload_of_another_patient_or_of_nobody_is_refused() {
		let message = hl7v2::tests::message();
		let file = dicom::tests::file();
		let refused =
			|bytes: &[u8], whom: &PatientIdentification| check_content(bytes, whom).unwrap_err();
		let mut other = patient();
		other.identifiers.retain(|identifier| identifier.value != "MRN-9");
		assert_eq!(refused(message.as_bytes(), &other), Defect::WrongPatient);
		assert_eq!(refused(&file, &other), Defect::WrongPatient);
		let mut younger = patient();
		younger.birth_date = "1956-05-28".into();
		assert_eq!(refused(message.as_bytes(), &younger), Defect::WrongPatient);
		assert_eq!(refused(&file, &younger), Defect::WrongPatient);
		let nobody = message.replace("PID|", "PV1|");
		assert_eq!(refused(nobody.as_bytes(), &patient()), Defect::NotOnePatient);
		let nobody = dicom::tests::file_without_patient();
		assert_eq!(refused(&nobody, &patient()), Defect::NotOnePatient);
	}

	#[test]
	fn an_opaque_payload_stays_in_its_file_whatever_its_size() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("study");
		for (beginning, told) in [
			(dicom::tests::file(), "a DICOM file"),
			(hl7v2::tests::message().into_bytes(), "an HL7 v2.5.1 message ORU^R01^ORU_R01"),
		] {
			std::fs::write(&path, &beginning).unwrap();
			// Sparse: nothing of what follows is on the disk.
			let file = std::fs::File::options().write(true).open(&path).unwrap();
			file.set_len(1 << 28).unwrap();
			let checked = check_body(path.as_path(), &patient()).unwrap();
			assert_eq!(checked.told(), told);
			assert!(matches!(checked.body(), Body::File(_)));
			let mut other = patient();
			other.identifiers.clear();
			let refused = check_body(path.as_path(), &other).unwrap_err();
			assert!(matches!(refused, Error::Fhir(Defect::WrongPatient)), "{refused}");
		}
		std::fs::write(&path, "{").unwrap();
		let refused = check_body(path.as_path(), &patient()).unwrap_err();
		assert!(matches!(refused, Error::Fhir(Defect::NotJson)), "{refused}");
		let missing = check_body(folder.path().join("none").as_path(), &patient()).unwrap_err();
		assert!(matches!(missing, Error::File { .. }), "{missing}");
	}

	#[test]
	fn no_debug_output_of_a_payload_shows_whose_it_is() {
		let message = check_content(hl7v2::tests::message().as_bytes(), &patient()).unwrap();
		let file = check_content(&dicom::tests::file(), &patient()).unwrap();
		let text = format!("{message:?} {:?} {file:?} {:?}", message.content(), file.content());
		for word in ["4711", "MRN-9", "Papadopoulou", "19560527", dicom::tests::STUDY] {
			assert!(!text.contains(word), "{text}");
		}
	}
}
