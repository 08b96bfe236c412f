//! `curex keys`: making and showing key files.

use crate::context::{read_text, Context, Output};
use clap::{Subcommand, ValueEnum};
use curex_client::{
	keys::{pkcs11::TokenKey, KeyKind, RemoteSigner, Scheme},
	EncryptionKey, Error, KeyFile,
};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Keys {
	/// Make a key file; its password is read from --password-file.
	Generate {
		/// What to make.
		#[arg(long, value_enum, default_value = "account")]
		kind: Kind,
		/// How an account signs.
		#[arg(long, value_enum, default_value = "sr25519")]
		scheme: SchemeName,
		/// A name for people.
		#[arg(long, default_value = "")]
		name: String,
		/// The file to write; never over another.
		#[arg(long)]
		out: PathBuf,
		/// Recover an account from the phrase in this file instead of making a new one.
		#[arg(long)]
		recover_file: Option<PathBuf>,
	},
	/// Make an ed25519 account in the token that --signer names; its key never leaves the token.
	GenerateInToken,
	/// Show the account that signs: of --key, --signer or --dev.
	Account,
	/// Show what a key file holds; with --password-file, prove it.
	Inspect {
		/// The key file.
		file: PathBuf,
	},
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
	/// An account that signs.
	Account,
	/// An X25519 key of an organisation.
	Encryption,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemeName {
	Sr25519,
	Ed25519,
}

impl From<SchemeName> for Scheme {
	fn from(name: SchemeName) -> Self {
		match name {
			SchemeName::Sr25519 => Self::Sr25519,
			SchemeName::Ed25519 => Self::Ed25519,
		}
	}
}

pub fn run(context: &Context, command: Keys) -> Result<Output, Error> {
	match command {
		Keys::Generate { kind: Kind::Encryption, name, out, .. } => {
			let key = EncryptionKey::generate();
			let file = KeyFile::of_encryption_key(&key, &name, &context.password()?)?;
			file.write_new(&out)?;
			Ok(Output::new(
				format!("encryption key {} in {}", file.address(), out.display()),
				json!({ "kind": "encryption", "public": file.address(), "file": out }),
			))
		},
		Keys::Generate { kind: Kind::Account, scheme, name, out, recover_file } => {
			let scheme = scheme.into();
			let password = context.password()?;
			let (file, phrase) = match recover_file {
				Some(path) => {
					let phrase = zeroize::Zeroizing::new(read_text(&path)?);
					(KeyFile::recover_account(scheme, &phrase, &name, &password)?, None)
				},
				None => {
					let (file, phrase) = KeyFile::generate_account(scheme, &name, &password)?;
					(file, Some(phrase))
				},
			};
			file.write_new(&out)?;
			let mut text = format!("account {} in {}", file.address(), out.display());
			if let Some(phrase) = &phrase {
				text += &format!(
					"\nrecovery phrase, shown once; write it on paper and keep it from everybody:\n{}",
					phrase.as_str()
				);
			}
			Ok(Output::new(
				text,
				json!({
					"kind": "account",
					"scheme": scheme,
					"address": file.address(),
					"file": out,
					"phrase": phrase.as_ref().map(|phrase| phrase.as_str()),
				}),
			))
		},
		Keys::GenerateInToken => {
			let (uri, pin) = context
				.token()?
				.ok_or_else(|| Error::Input("name the new key with --signer pkcs11:…".into()))?;
			let key = TokenKey::generate(uri, pin)?;
			Ok(account(key.account(), key.scheme()))
		},
		Keys::Account => {
			let signer = context.account()?;
			Ok(account(signer.account(), signer.scheme()))
		},
		Keys::Inspect { file: path } => {
			let file = KeyFile::read(&path)?;
			let kind = file.kind()?;
			let public = match (&context.global.password_file, kind) {
				(None, _) => None,
				(Some(_), KeyKind::Account(_)) => {
					Some(file.unlock_account(&context.password()?)?.account())
				},
				(Some(_), KeyKind::Encryption) => {
					Some(file.unlock_encryption_key(&context.password()?)?.public())
				},
			};
			Ok(Output::data(json!({
				"kind": match kind {
					KeyKind::Account(_) => "account",
					KeyKind::Encryption => "encryption",
				},
				"scheme": match kind {
					KeyKind::Account(scheme) => Some(scheme),
					KeyKind::Encryption => None,
				},
				"address": file.address(),
				"name": file.name(),
				"public": public.map(|public| format!("0x{}", hex::encode(public))),
				"unlocked": public.is_some(),
			})))
		},
	}
}

fn account(account: [u8; 32], scheme: Scheme) -> Output {
	let address = subxt::utils::AccountId32(account).to_string();
	Output::new(
		format!("account {address}"),
		json!({
			"address": address,
			"public": format!("0x{}", hex::encode(account)),
			"scheme": scheme,
		}),
	)
}
