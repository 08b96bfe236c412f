//! Who may leave or take a part, and when. The only place where that is decided.

use super::{Error, Key};
use codec::DecodeAll;
use curex_primitives::{
	transfer::{Access, Authorisation, Carriage, MAX_AUTHORISATION_LIFE},
	Duties, Duty, Exchange, ExchangeId, Gate, Moment, OrganisationId, PeerRole, Subscription,
	SubscriptionId,
};
use sp_core::{ed25519, sr25519, Pair};

/// Which block to ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
	/// The newest finalised block.
	Finalised,
	/// The best block.
	Best,
}

/// What a transfer asks the chain. Calls may block.
///
/// Delegates and peers of an organisation that is not active count as none.
pub trait Ledger: Send + Sync + 'static {
	/// Hash of the first block.
	fn genesis(&self) -> [u8; 32];

	/// The time of this machine.
	fn now(&self) -> Moment;

	/// An exchange with its effective state.
	///
	/// # Errors
	/// [`Error::Ledger`]
	fn exchange(&self, id: &ExchangeId, view: View) -> Result<Option<Exchange>, Error>;

	/// A subscription with its effective state.
	///
	/// # Errors
	/// [`Error::Ledger`]
	fn subscription(&self, id: &SubscriptionId, view: View) -> Result<Option<Subscription>, Error>;

	/// Organisation and duties of an account.
	///
	/// # Errors
	/// [`Error::Ledger`]
	fn delegate(
		&self,
		account: &[u8; 32],
		view: View,
	) -> Result<Option<(OrganisationId, Duties)>, Error>;

	/// Organisation of a network peer, given by the bytes of its identity.
	///
	/// # Errors
	/// [`Error::Ledger`]
	fn peer(&self, peer: &[u8], view: View) -> Result<Option<(OrganisationId, PeerRole)>, Error>;

	/// Every registered network peer at the best block.
	///
	/// # Errors
	/// [`Error::Ledger`]
	fn peers(&self) -> Result<Vec<(Vec<u8>, OrganisationId, PeerRole)>, Error>;

	/// Whether the account signed an authorisation. Signatures that were found right may be remembered: every chunk comes
	/// with the same one.
	fn is_signed(&self, authorisation: &Authorisation) -> bool {
		is_signed(authorisation)
	}
}

/// Reads an authorisation.
///
/// # Errors
/// [`Error::Malformed`]
pub fn decode(mut bytes: &[u8]) -> Result<Authorisation, Error> {
	Authorisation::decode_all(&mut bytes).map_err(|_| Error::Malformed("the authorisation"))
}

/// The part that an authorisation is about.
pub fn key(authorisation: &Authorisation) -> Key {
	Key { exchange: authorisation.exchange, part: authorisation.part }
}

/// The part if it may be served now, and the block that says so: the finalised one, and the best one for a break-glass,
/// which must not wait.
///
/// # Errors
/// [`Error::NotNow`], [`Error::Ledger`]
pub fn served(ledger: &dyn Ledger, key: &Key) -> Result<(Carriage, View), Error> {
	let best = ledger
		.exchange(&key.exchange, View::Best)?
		.filter(|exchange| matches!(exchange.gate, Gate::BreakGlass(_)));
	let (exchange, view) = match best {
		Some(exchange) => (Some(exchange), View::Best),
		None => (ledger.exchange(&key.exchange, View::Finalised)?, View::Finalised),
	};
	Ok((carriage(ledger, key, exchange, view)?, view))
}

/// The part of this exchange or, if there is none, of the subscription under the same handle.
fn carriage(
	ledger: &dyn Ledger,
	key: &Key,
	exchange: Option<Exchange>,
	view: View,
) -> Result<Carriage, Error> {
	let carriage = match exchange {
		Some(exchange) => Carriage::of_exchange(key.part, &exchange),
		None => ledger
			.subscription(&key.subscription(), view)?
			.and_then(|subscription| Carriage::of_subscription(key.part, &subscription)),
	};
	carriage.ok_or(Error::NotNow)
}

/// Whether a request may be served: to a peer of the receiving organisation, or to whoever bears an authorisation of
/// one of its delegates.
///
/// # Errors
/// [`Error::NotNow`], [`Error::NotAuthorised`], [`Error::Expired`], [`Error::Ledger`]
pub fn may_fetch(
	ledger: &dyn Ledger,
	key: &Key,
	peer: &[u8],
	authorisation: Option<&Authorisation>,
) -> Result<(), Error> {
	let (Carriage { receiver, .. }, view) = served(ledger, key)?;
	if ledger.peer(peer, view)?.is_some_and(|(organisation, _)| organisation == receiver) {
		return Ok(());
	}
	let authorisation = authorisation
		.ok_or(Error::NotAuthorised("the asking node is not the receiving organisation's"))?;
	if self::key(authorisation) != *key {
		return Err(Error::NotAuthorised("the authorisation is for another part"));
	}
	let bearer = bearer(ledger, authorisation, Access::Fetch, view)?;
	is_from(bearer, receiver, "the delegate is not of the receiving organisation")
}

/// Whether a client of this node may have the part fetched: a delegate of the receiver.
///
/// # Errors
/// [`Error::NotNow`], [`Error::NotAuthorised`], [`Error::Expired`], [`Error::Ledger`]
pub fn may_fetch_here(
	ledger: &dyn Ledger,
	authorisation: &Authorisation,
) -> Result<Carriage, Error> {
	let (carriage, view) = served(ledger, &key(authorisation))?;
	let bearer = bearer(ledger, authorisation, Access::Fetch, view)?;
	is_from(bearer, carriage.receiver, "the delegate is not of the receiving organisation")?;
	Ok(carriage)
}

/// Whether a client of this node may read the part: whoever may have it fetched, or may leave it.
///
/// # Errors
/// [`Error::NotNow`], [`Error::NotAuthorised`], [`Error::Expired`], [`Error::Ledger`]
pub fn may_read(ledger: &dyn Ledger, authorisation: &Authorisation) -> Result<Carriage, Error> {
	match authorisation.access {
		Access::Fetch => may_fetch_here(ledger, authorisation),
		Access::Deposit => may_deposit(ledger, authorisation),
	}
}

/// Whether a client may leave the part here: a delegate of its sender, as soon as the best block knows the
/// commitment.
///
/// # Errors
/// [`Error::NotNow`], [`Error::NotAuthorised`], [`Error::Expired`], [`Error::Ledger`]
pub fn may_deposit(ledger: &dyn Ledger, authorisation: &Authorisation) -> Result<Carriage, Error> {
	let bearer = bearer(ledger, authorisation, Access::Deposit, View::Best)?;
	let key = key(authorisation);
	let exchange = ledger.exchange(&key.exchange, View::Best)?;
	let carriage = carriage(ledger, &key, exchange, View::Best)?;
	is_from(bearer, carriage.sender, "the delegate is not of the sending organisation")?;
	Ok(carriage)
}

/// The organisation on whose behalf an authorisation speaks.
fn bearer(
	ledger: &dyn Ledger,
	authorisation: &Authorisation,
	access: Access,
	view: View,
) -> Result<OrganisationId, Error> {
	if authorisation.genesis != ledger.genesis() {
		return Err(Error::NotAuthorised("the authorisation is for another ledger"));
	}
	if authorisation.access != access {
		return Err(Error::NotAuthorised("the authorisation is for another kind of access"));
	}
	let life = authorisation.expires.checked_sub(ledger.now()).filter(|life| *life > 0);
	if life.is_none_or(|life| life > MAX_AUTHORISATION_LIFE) {
		return Err(Error::Expired);
	}
	if !ledger.is_signed(authorisation) {
		return Err(Error::NotAuthorised("the signature is wrong"));
	}
	let (organisation, duties) = ledger
		.delegate(&authorisation.account, view)?
		.ok_or(Error::NotAuthorised("the account is no delegate of an active organisation"))?;
	if !duties.contains(Duty::Exchange) {
		return Err(Error::NotAuthorised("the delegate lacks the duty of exchange"));
	}
	Ok(organisation)
}

/// Whether the account signed, in either scheme: an sr25519 signature carries a mark that no ed25519 signature has.
pub(super) fn is_signed(authorisation: &Authorisation) -> bool {
	let Authorisation { account, signature, .. } = *authorisation;
	let message = authorisation.message();
	sr25519::Pair::verify(
		&sr25519::Signature::from_raw(signature),
		&message,
		&sr25519::Public::from_raw(account),
	) || ed25519::Pair::verify(
		&ed25519::Signature::from_raw(signature),
		&message,
		&ed25519::Public::from_raw(account),
	)
}

fn is_from(
	organisation: OrganisationId,
	expected: OrganisationId,
	otherwise: &'static str,
) -> Result<(), Error> {
	if organisation == expected {
		Ok(())
	} else {
		Err(Error::NotAuthorised(otherwise))
	}
}
