//! `curex sign-in`.

use crate::context::{Context, Output};
use clap::Args;
use curex_client::{sign_in::sign_in, Error};
use serde_json::json;

#[derive(Args)]
pub struct SignIn {
	/// Address of the explorer: `https://…`, or `http://…` on this machine.
	explorer: String,
}

/// Signs in and tells the page that opens the session in a browser; with `--json` also the token for programs.
pub fn run(context: &Context, command: &SignIn) -> Result<Output, Error> {
	let session = sign_in(&command.explorer, &context.account()?)?;
	let link = format!("{}{}", command.explorer.trim_end_matches('/'), session.link);
	let text = format!(
		"signed in for organisation {}, until {}\nopen in your browser within two minutes, it works once:\n{link}",
		session.organisation, session.until
	);
	Ok(Output::new(
		text,
		json!({
			"token": session.token, "link": link, "organisation": session.organisation,
			"until": session.until,
		}),
	))
}
