//! `curex`: the command line of a member of the consortium.
//!
//! Standard output carries the result, as text or with `--json` as one JSON object; standard error carries progress. An
//! error ends with its remedy and one of the exit codes of [`exit_code`].

mod access_log;
mod admin;
mod assessor;
mod batch;
mod consent;
mod context;
mod duties;
mod emergency;
mod erasure;
mod exchange;
mod fhir;
mod follow_up;
mod indicator;
mod inquiry;
mod keys;
mod manual;
mod outbox;
mod oversight;
mod package;
mod patient;
mod permit;
mod progress;
mod proof;
mod sign_in;
mod subscription;
mod ticket;

use clap::{
	error::{ContextKind, ContextValue, ErrorKind},
	Parser, Subcommand,
};
use context::{failure, Context, Global, Output};
use curex_client::{fhir::check::Outcome, Error};
use std::{ffi::OsString, process::ExitCode};
use tracing_subscriber::EnvFilter;

/// Command line of the CUREX consortium.
///
/// Exit codes: 0 done; 1 a local file, the store or the node's answer is unusable; 2 wrong arguments or input; 3 wrong
/// key or password; 4 the node does not answer in time; 5 wrong chain or runtime; 6 rejected, also of a batch in part;
/// 7 nothing available; 8 not proven; 9 what was received is unusable.
#[derive(Parser)]
#[command(name = "curex", version, propagate_version = true)]
struct Arguments {
	#[command(flatten)]
	global: Global,
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand)]
enum Command {
	/// Make and show key files.
	#[command(subcommand)]
	Keys(keys::Keys),
	/// Show the node and the own organisation, or one record.
	Status(admin::Status),
	/// File, show and withdraw consents.
	#[command(subcommand)]
	Consent(consent::Consent),
	/// Consents for one exchange each that share no handle.
	#[command(subcommand)]
	Ticket(ticket::TicketCommand),
	/// Ask a holder for data and wait for them.
	Request(exchange::Request),
	/// Ask for data in an emergency, without consent and without waiting for anybody; a review follows.
	BreakGlass(exchange::BreakGlass),
	/// Wait for the data of an earlier request.
	Receive(exchange::Receive),
	/// Tell the holder how received data were found.
	Acknowledge(exchange::Acknowledge),
	/// Offer a document to another organisation.
	Offer(exchange::Offer),
	/// Answer a request with a document of one's own choice, as its holder.
	Answer(exchange::Answer),
	/// Answer requests and accept offers unattended.
	Serve(exchange::Serve),
	/// List the exchanges that wait for a person at this organisation.
	Worklist(exchange::Worklist),
	/// Accept the recipient's risk for one exchange.
	Release(exchange::Release),
	/// Review another organisation's break-glass.
	Review(exchange::Review),
	/// Break the glass while the ledger takes nothing, and record it afterwards.
	#[command(subcommand)]
	Emergency(emergency::Emergency),
	/// Anchor the access log, and prove single events of it.
	#[command(subcommand)]
	AccessLog(access_log::AccessLogCommand),
	/// Many exchanges in one transaction.
	#[command(subcommand)]
	Batch(batch::Batch),
	/// Standing subscriptions and their deliveries.
	#[command(subcommand)]
	Subscription(subscription::Subscription),
	/// Suspend, dispute or correct an exchange.
	#[command(subcommand)]
	Exchange(follow_up::Exchange),
	/// What the own organisation owes, and fulfilling it.
	#[command(subcommand)]
	Duties(duties::Duties),
	/// Count the exchanges with a partner on a day, and put the count on the ledger.
	Reconcile(duties::Reconcile),
	/// Erasure orders and the answers to them.
	#[command(subcommand)]
	Erasure(erasure::Erasure),
	/// What a patient may ask this organisation for.
	#[command(subcommand)]
	Patient(patient::Patient),
	/// What an assessment of a data package said, beside its exchange.
	#[command(subcommand)]
	Package(package::Package),
	/// Secondary use: permits, cohorts, extractions, and the data under them.
	#[command(subcommand)]
	Permit(permit::Permit),
	/// What a FHIR file means to the ledger.
	#[command(subcommand)]
	Fhir(fhir::Fhir),
	/// What was submitted and is not settled.
	#[command(subcommand)]
	Outbox(outbox::Outbox),
	/// Risk assessments.
	#[command(subcommand)]
	Assessment(admin::AssessmentCommand),
	/// Decide on a safeguard plan.
	Decide(admin::Decide),
	/// Report that a safeguard plan was carried out, as far as it was accepted.
	Implemented(admin::Implemented),
	/// Report that an alert is dealt with.
	CloseAlert(admin::CloseAlert),
	/// Indicators of threats that members share as digests.
	#[command(subcommand)]
	Indicator(indicator::IndicatorCommand),
	/// Inquiries of authorities, and the disclosures that answer them.
	#[command(subcommand)]
	Inquiry(oversight::InquiryCommand),
	/// The register of breaches, and the notices of them.
	#[command(subcommand)]
	Breach(oversight::BreachCommand),
	/// Keep records from being pruned, as an authority for data protection.
	#[command(subcommand)]
	Hold(oversight::Hold),
	/// Administer the own organisation.
	#[command(subcommand)]
	Organisation(admin::Organisation),
	/// Motions before the council.
	#[command(subcommand)]
	Council(admin::Council),
	/// Read the trail of records, verified with `--verify`.
	Audit(proof::Audit),
	/// Write a proof bundle of a block's records.
	Prove(proof::Prove),
	/// Verify a proof bundle, offline.
	Verify(proof::Verify),
	/// Write the trust root that follows from the first block.
	TrustRoot(proof::WriteTrustRoot),
	/// Print the completion script of a shell.
	Completion(manual::Completion),
	/// Write the manual pages.
	Man(manual::Man),
	/// Sign in at an explorer with the account.
	SignIn(sign_in::SignIn),
}

#[tokio::main]
async fn main() -> ExitCode {
	let Arguments { global, command } = match arguments(std::env::args_os().collect()) {
		Ok(arguments) => arguments,
		Err(code) => return code,
	};
	tracing_subscriber::fmt()
		.with_writer(std::io::stderr)
		.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
		.with_env_filter(log_filter())
		.init();
	let json = global.json;
	let in_fhir = matches!(command, Command::Fhir(_));
	match run(Context::new(global), command).await {
		Ok(output) => {
			output.print(json);
			ExitCode::from(output.code)
		},
		Err(error) => {
			if json && in_fhir {
				Output::data(Outcome::of_failure(&error).to_json()).print(true);
			} else if json {
				Output::data(failure(&error)).print(true);
			} else {
				eprintln!("error: {error}\nremedy: {}", error.remedy());
			}
			ExitCode::from(exit_code(&error))
		},
	}
}

/// The arguments; or, told already, why there are none: with `--json` as JSON.
fn arguments(given: Vec<OsString>) -> Result<Arguments, ExitCode> {
	let json = given.iter().any(|argument| argument == "--json");
	Arguments::try_parse_from(given).map_err(|error| {
		if !json || !error.use_stderr() {
			error.exit();
		}
		let error = wrong_arguments(&error);
		Output::data(failure(&error)).print(true);
		ExitCode::from(exit_code(&error))
	})
}

/// What is wrong with the arguments. Does not repeat them: somebody may be named there.
fn wrong_arguments(error: &clap::Error) -> Error {
	let told = error.kind().as_str().unwrap_or("the arguments are wrong");
	// What was not expected is not ours.
	let names_ours =
		!matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand);
	let argument = match error.get(ContextKind::InvalidArg).filter(|_| names_ours) {
		Some(ContextValue::String(name)) => format!(": {name}"),
		Some(ContextValue::Strings(names)) => format!(": {}", names.join(" ")),
		_ => String::new(),
	};
	Error::Input(format!("{told}{argument}; see `curex --help`"))
}

/// What is logged: what `RUST_LOG` says, but never the requests to a FHIR server, whose addresses hold identifiers.
fn log_filter() -> EnvFilter {
	let filter = EnvFilter::try_from_default_env()
		.unwrap_or_else(|_| "error,curex=info,curex_client=info".into());
	["ureq=off", "ureq_proto=off"]
		.into_iter()
		.filter_map(|directive| directive.parse().ok())
		.fold(filter, EnvFilter::add_directive)
}

async fn run(context: Context, command: Command) -> Result<Output, Error> {
	match command {
		Command::Keys(command) => keys::run(&context, command),
		Command::Status(command) => admin::status(&context, command).await,
		Command::Consent(command) => consent::run(&context, command).await,
		Command::Ticket(command) => ticket::run(&context, command).await,
		Command::Request(command) => exchange::request(&context, command).await,
		Command::BreakGlass(command) => exchange::break_glass(&context, command).await,
		Command::Receive(command) => exchange::receive(&context, command).await,
		Command::Acknowledge(command) => exchange::acknowledge(&context, command).await,
		Command::Offer(command) => exchange::offer(&context, command).await,
		Command::Answer(command) => exchange::answer(&context, command).await,
		Command::Serve(command) => exchange::serve(&context, command).await,
		Command::Worklist(command) => exchange::worklist(&context, command).await,
		Command::Release(command) => exchange::release(&context, command).await,
		Command::Review(command) => exchange::review(&context, command).await,
		Command::Emergency(command) => emergency::run(&context, command).await,
		Command::AccessLog(command) => access_log::run(&context, command).await,
		Command::Batch(command) => batch::run(&context, command).await,
		Command::Subscription(command) => subscription::run(&context, command).await,
		Command::Exchange(command) => follow_up::run(&context, command).await,
		Command::Duties(command) => duties::run(&context, command).await,
		Command::Reconcile(command) => duties::reconcile(&context, command).await,
		Command::Erasure(command) => erasure::run(&context, command).await,
		Command::Patient(command) => patient::run(&context, command).await,
		Command::Package(command) => package::run(&context, command).await,
		Command::Permit(command) => permit::run(&context, command).await,
		Command::Fhir(command) => fhir::run(&context, command).await,
		Command::Outbox(command) => outbox::run(&context, command).await,
		Command::Assessment(command) => admin::assessment(&context, command).await,
		Command::Decide(command) => admin::decide(&context, command).await,
		Command::Implemented(command) => admin::implemented(&context, command).await,
		Command::CloseAlert(command) => admin::close_alert(&context, command).await,
		Command::Indicator(command) => indicator::run(&context, command).await,
		Command::Inquiry(command) => oversight::inquiry(&context, command).await,
		Command::Breach(command) => oversight::breach(&context, command).await,
		Command::Hold(command) => oversight::hold(&context, command).await,
		Command::Organisation(command) => admin::organisation(&context, command).await,
		Command::Council(command) => admin::council(&context, command).await,
		Command::Audit(command) => proof::audit(&context, command).await,
		Command::Prove(command) => proof::prove(&context, command).await,
		Command::Verify(command) => proof::verify(&command),
		Command::TrustRoot(command) => proof::trust_root(&context, command).await,
		Command::Completion(command) => Ok(manual::completion(&command)),
		Command::Man(command) => manual::man(&command),
		Command::SignIn(command) => sign_in::run(&context, &command),
	}
}

/// The exit code of an error, as the help says.
fn exit_code(error: &Error) -> u8 {
	match error {
		Error::Input(_) | Error::NotFound(_) => 2,
		Error::Key(_) => 3,
		Error::Connection(_) | Error::Timeout { .. } | Error::NotFinal => 4,
		Error::Transfer { .. } if error.is_retryable() => 4,
		Error::WrongChain { .. } | Error::WrongRuntime { .. } | Error::DevelopmentKey => 5,
		Error::NotAdmitted { .. } | Error::Rejected(_) | Error::Transfer { .. } => 6,
		Error::NothingAvailable { .. } => 7,
		Error::NotProven(_) => 8,
		Error::Sealed(_) | Error::Fhir(_) => 9,
		Error::Protocol(_) | Error::StateDiscarded | Error::Store(_) | Error::File { .. } => 1,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn the_arguments_are_consistent() {
		Arguments::command().debug_assert();
	}

	#[test]
	fn no_argument_takes_a_secret() {
		fn check(command: &clap::Command) {
			for argument in command.get_arguments() {
				let name = argument.get_id().as_str();
				let secret = ["password", "phrase", "secret", "code", "seed", "pin"];
				// A flag carries nothing.
				let is_secret = argument.get_action().takes_values()
					&& secret.iter().any(|word| name.contains(word));
				assert!(
					!is_secret || name.ends_with("file") || name == "code",
					"{} --{name}",
					command.get_name()
				);
			}
			command.get_subcommands().for_each(check);
		}
		check(&Arguments::command());
	}

	#[test]
	fn wrong_arguments_are_told_without_what_was_given() {
		let told = |given: &str| {
			let given = given.split(' ').map(OsString::from);
			let error = Arguments::try_parse_from(given).err().unwrap();
			wrong_arguments(&error).to_string()
		};
		let missing = told("curex request --json");
		assert!(missing.contains("--spec") && missing.contains("required"), "{missing}");
		for given in [
			"curex release Papadopoulou --reason clinical-need",
			"curex release --Papadopoulou",
			"curex Papadopoulou",
			"curex --wait Papadopoulou status",
			"curex status 0x00 Papadopoulou",
		] {
			let told = told(given);
			assert!(!told.contains("Papadopoulou") && told.contains("--help"), "{told}");
		}
		assert!(
			told("curex --wait x status").contains("--wait"),
			"{}",
			told("curex --wait x status")
		);
	}

	#[test]
	fn every_kind_of_failure_has_its_exit_code() {
		assert_eq!(exit_code(&Error::Input(String::new())), 2);
		assert_eq!(exit_code(&Error::Connection(String::new())), 4);
		assert_eq!(exit_code(&Error::Transfer { code: 12004, message: String::new() }), 4);
		assert_eq!(exit_code(&Error::Transfer { code: 12003, message: String::new() }), 6);
		assert_eq!(exit_code(&Error::Sealed("")), 9);
	}
}
