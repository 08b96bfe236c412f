//! `curex keys`: making and showing key files.

use crate::context::{read_text, Context, Output};
use clap::{Subcommand, ValueEnum};
use curex_client::{EncryptionKey, Error, KeyFile};
use serde_json::json;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Keys {
	/// Make a key file; its password is read from --password-file.
	Generate {
		/// What to make.
		#[arg(long, value_enum, default_value = "account")]
		kind: Kind,
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
	/// Show what a key file holds; with --password-file, prove it.
	Inspect {
		/// The key file.
		file: PathBuf,
	},
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
	/// An sr25519 account that signs.
	Account,
	/// An X25519 key of an organisation.
	Encryption,
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
		Keys::Generate { kind: Kind::Account, name, out, recover_file } => {
			let password = context.password()?;
			let (file, phrase) = match recover_file {
				Some(path) => {
					let phrase = zeroize::Zeroizing::new(read_text(&path)?);
					(KeyFile::recover_account(&phrase, &name, &password)?, None)
				},
				None => {
					let (file, phrase) = KeyFile::generate_account(&name, &password)?;
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
					"address": file.address(),
					"file": out,
					"phrase": phrase.as_ref().map(|phrase| phrase.as_str()),
				}),
			))
		},
		Keys::Inspect { file: path } => {
			let file = KeyFile::read(&path)?;
			let kind = file.kind()?;
			let public = match (&context.global.password_file, kind) {
				(None, _) => None,
				(Some(_), curex_client::keys::KeyKind::Account) => {
					Some(file.unlock_account(&context.password()?)?.account())
				},
				(Some(_), curex_client::keys::KeyKind::Encryption) => {
					Some(file.unlock_encryption_key(&context.password()?)?.public())
				},
			};
			Ok(Output::data(json!({
				"kind": kind,
				"address": file.address(),
				"name": file.name(),
				"public": public.map(|public| format!("0x{}", hex::encode(public))),
				"unlocked": public.is_some(),
			})))
		},
	}
}
