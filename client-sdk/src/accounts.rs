//! Several accounts of one organisation in one client.
//!
//! An account's transactions are numbered and go into blocks one after the other, and the pool takes so many of one account at
//! a time. A client with several accounts ([`Options::more_signers`]) spreads what it submits among them: each has its own
//! numbers and, with a folder for outboxes, its own outbox. The next submission goes to the account with the fewest that are
//! undecided; one that the ledger has no duty for, or that its organisation dismissed, is passed over for a while. The same
//! call again stays with the account that has it. Envelopes and everything else that is signed off the ledger are the first
//! account's.
//!
//! [`Options::more_signers`]: crate::Options::more_signers

use crate::{
	client::no_account,
	keys::Signer,
	nonces::Nonces,
	outbox::{Kept, Standing},
	Client, Error, Outbox, Submission, View,
};
use std::{
	path::Path,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};
use subxt::tx::Payload;
use tokio::time::Instant;

/// For how long an account is passed over after the node would not have what it signed.
const REST: Duration = Duration::from_secs(60);

/// An account, and what belongs to it alone.
pub(crate) struct Account {
	pub signer: Signer,
	pub nonces: Nonces,
	pub outbox: Option<Arc<Kept>>,
	/// Until when it is passed over.
	rests: Mutex<Option<Instant>>,
}

/// Opens the accounts of a client, each with its outbox if there is a folder for them.
pub(crate) fn open(
	signers: Vec<Signer>,
	outboxes: Option<&Path>,
	genesis: [u8; 32],
) -> Result<Vec<Account>, Error> {
	let mut accounts: Vec<Account> = Vec::with_capacity(signers.len());
	for signer in signers {
		let account = signer.account();
		if accounts.iter().any(|known| known.signer.account() == account) {
			return Err(Error::input(format!(
				"the account 0x{} is given twice",
				hex::encode(account)
			)));
		}
		let outbox = outboxes
			.map(|folder| Kept::open(&Kept::path(folder, genesis, account), genesis, account))
			.transpose()?
			.map(Arc::new);
		accounts.push(Account {
			signer,
			nonces: Nonces::default(),
			outbox,
			rests: Mutex::new(None),
		});
	}
	Ok(accounts)
}

impl Account {
	fn rest(&self) {
		let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
		*rests = Some(Instant::now() + REST);
	}

	fn is_resting(&self) -> bool {
		let rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
		rests.is_some_and(|until| until > Instant::now())
	}
}

impl Client {
	/// The outboxes of all accounts of this client.
	pub fn outboxes(&self) -> Vec<Outbox> {
		(0..self.accounts().len())
			.filter_map(|account| self.signing_with(account).outbox())
			.collect()
	}

	/// Checks that several accounts act for one organisation. One that acts for nobody is passed over.
	pub(crate) async fn check_accounts(&self) -> Result<(), Error> {
		let accounts = self.accounts();
		if accounts.len() < 2 {
			return Ok(());
		}
		let mut organisation = None;
		for account in accounts {
			let of = account.signer.account();
			let Some(delegate) = self.delegate(of, View::Best).await? else {
				tracing::warn!(account = hex::encode(of), "the account acts for nobody");
				account.rest();
				continue;
			};
			if *organisation.get_or_insert(delegate.organisation) != delegate.organisation {
				return Err(Error::input("the accounts act for different organisations"));
			}
		}
		Ok(())
	}

	/// Submits with the account that has the call already, or else with the one that has least to do. What the node will not
	/// have of one account, the next may sign.
	pub(crate) async fn submit_as<P: Payload>(
		&self,
		call: &P,
		own_handle: bool,
	) -> Result<Submission, Error> {
		let mut passed_over = no_account();
		for account in self.in_turn(call).await? {
			match self.signing_with(account).submit_alone(call, own_handle).await {
				Err(error) if is_the_accounts(&error) && self.accounts().len() > 1 => {
					tracing::info!(account, %error, "the next account is tried");
					self.accounts()[account].rest();
					passed_over = error;
				},
				outcome => return outcome,
			}
		}
		Err(passed_over)
	}

	/// The accounts in the order in which they are to be tried with a call.
	async fn in_turn<P: Payload>(&self, call: &P) -> Result<Vec<usize>, Error> {
		let count = self.accounts().len();
		if count < 2 {
			return Ok((0..count).collect());
		}
		let turn = self.next_turn();
		let mut order = Vec::with_capacity(count);
		for (index, account) in self.accounts().iter().enumerate() {
			let (standing, undecided) = match self.signing_with(index).outbox() {
				Some(outbox) => outbox.load(call).await?,
				None => (None, account.nonces.open()),
			};
			let has_it = matches!(standing, Some(Standing::Waiting | Standing::Sent));
			let refused = matches!(standing, Some(Standing::Refused { .. }));
			let place = (index + count - turn % count) % count;
			order.push(((!has_it, account.is_resting(), refused, undecided, place), index));
		}
		order.sort_unstable();
		Ok(order.into_iter().map(|(_, index)| index).collect())
	}
}

/// Whether the node would have the same call of another account: this one has no such duty, acts for nobody, or has as many
/// transactions in the pool as one may have.
fn is_the_accounts(error: &Error) -> bool {
	let Error::NotAdmitted { message, .. } = error else { return false };
	let reasons = ["signing address", "Custom error: 2", "Custom error: 6"];
	reasons.iter().any(|reason| message.contains(reason))
}
