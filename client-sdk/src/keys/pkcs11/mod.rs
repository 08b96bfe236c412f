//! An account whose key never leaves a token: ed25519 over PKCS#11 (`CKM_EDDSA`, PKCS#11 3.0, section 2.3.14).

mod uri;

pub use uri::TokenUri;

use super::{Password, RemoteSigner, Scheme};
use crate::Error;
use cryptoki::{
	context::{CInitializeArgs, CInitializeFlags, Pkcs11},
	error::RvError,
	mechanism::{
		eddsa::{EddsaParams, EddsaSignatureScheme},
		Mechanism,
	},
	object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
	session::{Session, UserType},
	slot::{Slot, TokenInfo},
	types::AuthPin,
};
use sp_core::{ed25519, Pair};
use std::{
	collections::HashMap,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
};

/// `edwards25519` as a DER PrintableString: how PKCS#11 3.0, section 2.3.10 names the curve.
const CURVE: [u8; 14] = *b"\x13\x0cedwards25519";

/// One ed25519 key of one token.
pub struct TokenKey {
	uri: TokenUri,
	pin: AuthPin,
	account: [u8; 32],
	/// Nothing while the token is not reached.
	connection: Mutex<Option<Connection>>,
}

struct Connection {
	session: Session,
	key: ObjectHandle,
}

impl TokenKey {
	/// Opens the key that a URI names. Without `pin` it is read from the URI's `pin-source`.
	///
	/// # Errors
	/// [`Error::Key`] when there is no PIN, the library cannot be loaded, no token or no single key matches, or the token
	/// refuses; [`Error::File`] when the PIN's file cannot be read.
	pub fn open(uri: TokenUri, pin: Option<Password>) -> Result<Self, Error> {
		let pin = pin_of(&uri, pin)?;
		let connection = Connection::open(&uri, &pin)?;
		let account = connection.public_key(&uri)?;
		Ok(Self { uri, pin, account, connection: Mutex::new(Some(connection)) })
	}

	/// Makes a new key in the token, under the label or identifier of the URI, and opens it. It can never be read out.
	///
	/// # Errors
	/// As [`Self::open`], and [`Error::Input`] when the URI names no key; [`Error::Key`] when the token has such a key.
	pub fn generate(uri: TokenUri, pin: Option<Password>) -> Result<Self, Error> {
		if uri.object.is_none() && uri.id.is_none() {
			return Err(Error::input("name the new key in the PKCS#11 URI with object= or id="));
		}
		let pin = pin_of(&uri, pin)?;
		let module = module(&uri)?;
		let slot = slot(&module, &uri)?;
		let session = module.open_rw_session(slot).map_err(|error| token_error(&error))?;
		log_in(&session, &pin)?;
		let existing = session
			.find_objects(
				&[selection(&uri), vec![Attribute::Class(ObjectClass::PRIVATE_KEY)]].concat(),
			)
			.map_err(|error| token_error(&error))?;
		if !existing.is_empty() {
			return Err(Error::Key("the token has a key of this name already".into()));
		}
		let public = vec![
			Attribute::Token(true),
			Attribute::Private(false),
			Attribute::Verify(true),
			Attribute::EcParams(CURVE.to_vec()),
		];
		let private = vec![
			Attribute::Token(true),
			Attribute::Private(true),
			Attribute::Sensitive(true),
			Attribute::Extractable(false),
			Attribute::Sign(true),
		];
		session
			.generate_key_pair(
				&Mechanism::EccEdwardsKeyPairGen,
				&[public, selection(&uri)].concat(),
				&[private, selection(&uri)].concat(),
			)
			.map_err(|error| token_error(&error))?;
		drop(session);
		let connection = Connection::open(&uri, &pin)?;
		let account = connection.public_key(&uri)?;
		Ok(Self { uri, pin, account, connection: Mutex::new(Some(connection)) })
	}
}

impl RemoteSigner for TokenKey {
	fn account(&self) -> [u8; 32] {
		self.account
	}

	fn scheme(&self) -> Scheme {
		Scheme::Ed25519
	}

	fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
		// A token does one thing at a time.
		let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(open) = connection.as_ref() {
			match open.sign(message) {
				Ok(signature) => return Ok(signature),
				// Whatever it was, the session may be gone with it: a token that was pulled, a service that restarted.
				Err(error) => {
					tracing::warn!("{error}; opening a new session");
					*connection = None;
				},
			}
		}
		let open = Connection::open(&self.uri, &self.pin)?;
		if open.public_key(&self.uri)? != self.account {
			return Err(Error::Key("the token holds another key of this name than before".into()));
		}
		let signature = open.sign(message)?;
		*connection = Some(open);
		Ok(signature)
	}
}

impl std::fmt::Debug for TokenKey {
	fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		write!(formatter, "TokenKey(0x{})", hex::encode(self.account))
	}
}

impl Connection {
	fn open(uri: &TokenUri, pin: &AuthPin) -> Result<Self, Error> {
		let module = module(uri)?;
		let session =
			module.open_ro_session(slot(&module, uri)?).map_err(|error| token_error(&error))?;
		log_in(&session, pin)?;
		let key = the_only(&session, uri, ObjectClass::PRIVATE_KEY)?;
		Ok(Self { session, key })
	}

	/// The public half, proven by a signature: the two are separate objects of the token, tied by nothing but their names.
	fn public_key(&self, uri: &TokenUri) -> Result<[u8; 32], Error> {
		let public = the_only(&self.session, uri, ObjectClass::PUBLIC_KEY)?;
		let attributes = self
			.session
			.get_attributes(public, &[AttributeType::EcPoint])
			.map_err(|error| token_error(&error))?;
		let account = attributes
			.iter()
			.find_map(|attribute| match attribute {
				Attribute::EcPoint(point) => point_bytes(point),
				_ => None,
			})
			.ok_or_else(|| Error::Key("the token's key is no ed25519 key".into()))?;
		let challenge = b"curex/token-1";
		let signature = ed25519::Signature::from_raw(self.sign(challenge)?);
		if ed25519::Pair::verify(&signature, challenge, &ed25519::Public::from_raw(account)) {
			Ok(account)
		} else {
			Err(Error::Key("the token's public key does not belong to its private key".into()))
		}
	}

	fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
		let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
		let signature = self
			.session
			.sign(&mechanism, self.key, message)
			.map_err(|error| token_error(&error))?;
		signature
			.try_into()
			.map_err(|_| Error::Key("the token's signature is no ed25519 signature".into()))
	}
}

/// The 32 bytes of a point: bare (PKCS#11 3.1), or as DER OCTET STRING (3.0) or BIT STRING.
fn point_bytes(point: &[u8]) -> Option<[u8; 32]> {
	let bare = match point {
		[0x04, 0x20, bare @ ..] if bare.len() == 32 => bare,
		[0x03, 0x21, 0x00, bare @ ..] if bare.len() == 32 => bare,
		bare => bare,
	};
	bare.try_into().ok()
}

fn pin_of(uri: &TokenUri, pin: Option<Password>) -> Result<AuthPin, Error> {
	let pin = match (pin, &uri.pin_file) {
		(Some(pin), _) => pin,
		(None, Some(path)) => Password::from_file(path)?,
		(None, None) => {
			return Err(Error::Key(
				"give the token's PIN: a PIN file, pin-source in the URI, or the environment"
					.into(),
			))
		},
	};
	Ok(AuthPin::new(pin.expose().into()))
}

/// The library of a URI. Each is loaded once and stays: `C_Finalize` would end every session of this process.
fn module(uri: &TokenUri) -> Result<Pkcs11, Error> {
	static LOADED: Mutex<Option<HashMap<PathBuf, Pkcs11>>> = Mutex::new(None);
	let path = uri.module.as_deref().ok_or_else(|| {
		Error::input("name the token's library in the PKCS#11 URI: ?module-path=/usr/lib/….so")
	})?;
	let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
	let loaded = loaded.get_or_insert_default();
	if let Some(module) = loaded.get(path) {
		return Ok(module.clone());
	}
	let module = load(path)?;
	loaded.insert(path.into(), module.clone());
	Ok(module)
}

fn load(path: &Path) -> Result<Pkcs11, Error> {
	let unusable = |error: cryptoki::error::Error| {
		Error::Key(format!("{} is not a usable PKCS#11 library: {error}", path.display()))
	};
	let module = Pkcs11::new(path).map_err(unusable)?;
	match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
		// Another part of the program uses it.
		Ok(()) | Err(cryptoki::error::Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {
			Ok(module)
		},
		Err(error) => Err(unusable(error)),
	}
}

fn slot(module: &Pkcs11, uri: &TokenUri) -> Result<Slot, Error> {
	let slots = module.get_slots_with_token().map_err(|error| token_error(&error))?;
	let mut found = Vec::new();
	for slot in slots {
		let token = module.get_token_info(slot).map_err(|error| token_error(&error))?;
		if token.token_initialized() && is_meant(uri, slot, &token) {
			found.push(slot);
		}
	}
	match found[..] {
		[slot] => Ok(slot),
		[] => Err(Error::Key("no token is what the PKCS#11 URI names".into())),
		_ => Err(Error::Key(
			"several tokens are what the PKCS#11 URI names: add token= or serial=".into(),
		)),
	}
}

fn is_meant(uri: &TokenUri, slot: Slot, token: &TokenInfo) -> bool {
	let is = |asked: &Option<String>, found: &str| {
		asked.as_ref().is_none_or(|asked| asked == found.trim_end())
	};
	is(&uri.token, token.label())
		&& is(&uri.serial, token.serial_number())
		&& is(&uri.manufacturer, token.manufacturer_id())
		&& is(&uri.model, token.model())
		&& uri.slot_id.is_none_or(|asked| asked == slot.id())
}

fn log_in(session: &Session, pin: &AuthPin) -> Result<(), Error> {
	match session.login(UserType::User, Some(pin)) {
		// A token knows one log-in for the whole process.
		Ok(()) | Err(cryptoki::error::Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
		Err(cryptoki::error::Error::Pkcs11(RvError::PinIncorrect | RvError::PinLenRange, _)) => {
			Err(Error::Key("the token's PIN is wrong; too many tries lock the token".into()))
		},
		Err(cryptoki::error::Error::Pkcs11(RvError::PinLocked, _)) => {
			Err(Error::Key("the token's PIN is locked: its security officer unlocks it".into()))
		},
		Err(error) => Err(token_error(&error)),
	}
}

/// What the URI says of a key.
fn selection(uri: &TokenUri) -> Vec<Attribute> {
	let label = uri.object.as_ref().map(|label| Attribute::Label(label.as_bytes().to_vec()));
	let id = uri.id.as_ref().map(|id| Attribute::Id(id.clone()));
	label.into_iter().chain(id).collect()
}

fn the_only(session: &Session, uri: &TokenUri, class: ObjectClass) -> Result<ObjectHandle, Error> {
	let template =
		[selection(uri), vec![Attribute::Class(class), Attribute::KeyType(KeyType::EC_EDWARDS)]];
	let found = session.find_objects(&template.concat()).map_err(|error| token_error(&error))?;
	match found[..] {
		[key] => Ok(key),
		[] => Err(Error::Key("the token has no ed25519 key pair of this name".into())),
		_ => {
			Err(Error::Key("the token has several such keys: add object= or id= to the URI".into()))
		},
	}
}

fn token_error(error: &cryptoki::error::Error) -> Error {
	Error::Key(format!("the token refuses: {error}"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_point_is_read_in_every_form_that_tokens_give_it() {
		let bare = [0x04; 32];
		for form in [&[][..], &[0x04, 0x20], &[0x03, 0x21, 0x00]] {
			assert_eq!(point_bytes(&[form, &bare].concat()), Some(bare));
		}
		assert_eq!(point_bytes(&bare[1..]), None);
		assert_eq!(point_bytes(&[&[0x04, 0x21][..], &bare].concat()), None);
	}

	#[test]
	fn a_key_without_pin_or_library_is_refused_before_anything_is_loaded() {
		let pin = || Some(Password::new("1234").unwrap());
		let uri = |text| TokenUri::parse(text).unwrap();
		assert!(matches!(TokenKey::open(uri("pkcs11:object=a"), None), Err(Error::Key(_))));
		assert!(matches!(TokenKey::open(uri("pkcs11:object=a"), pin()), Err(Error::Input(_))));
		let missing = uri("pkcs11:object=a?module-path=/nowhere.so");
		let error = TokenKey::open(missing, pin()).unwrap_err();
		assert!(error.to_string().contains("/nowhere.so"), "{error}");
		assert!(matches!(TokenKey::generate(uri("pkcs11:"), pin()), Err(Error::Input(_))));
	}
}
