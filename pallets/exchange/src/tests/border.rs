//! Data that cross a border.

use crate::{mock::*, Error, Exchanges};
use curex_primitives::{
	exchange::exchange_id, Border, Country, ExchangeProposal, Gate, LegalBasis, TransferTool,
};
use frame::testing_prelude::*;

fn border(affiliation: &[u8; 2], treatment: &[u8; 2], tool: TransferTool) -> Option<Border> {
	let country = |code: &[u8; 2]| Country::new(*code).unwrap();
	Some(Border { affiliation: country(affiliation), treatment: country(treatment), tool })
}

/// Whether the gate lets a request with this border through.
fn passes(number: u8, border: Option<Border>) -> bool {
	let proposal = ExchangeProposal { gate: Gate::Statutory(LegalBasis::CARE), border, ..pull() };
	assert_ok!(Exchange::request(side(RECIPIENT), key(number), proposal.clone()));
	let id = exchange_id(RECIPIENT, &key(number));
	assert_eq!(Exchanges::<Test>::get(id).unwrap().border, proposal.border);
	match Exchange::approve(side(HOLDER), id) {
		Ok(()) => true,
		Err(error) => {
			assert_eq!(error, Error::<Test>::GateClosed.into());
			false
		},
	}
}

#[test]
fn a_border_within_the_area_is_named_and_recorded() {
	run(|| {
		set_country(RECIPIENT, b"DE");
		assert!(!passes(1, None), "missing");
		assert!(passes(2, border(b"GR", b"DE", TransferTool::Eea)));
	});
}

#[test]
fn a_border_to_a_third_country_needs_a_tool_that_carries_it() {
	run(|| {
		set_country(RECIPIENT, b"US");
		assert!(!passes(1, border(b"GR", b"US", TransferTool::Eea)));
		assert!(passes(2, border(b"GR", b"US", TransferTool::ContractualClauses)));
		assert!(passes(3, border(b"GR", b"US", TransferTool::Adequacy)));
	});
}

#[test]
fn an_unknown_country_or_tool_does_not_decode() {
	let good = border(b"GR", b"DE", TransferTool::Eea).unwrap().encode();
	assert!(Border::decode(&mut &good[..]).is_ok());
	let mut tool = good.clone();
	tool[4] = 99;
	assert!(Border::decode(&mut &tool[..]).is_err());
	let mut country = good;
	country[2] = b'd';
	assert!(Border::decode(&mut &country[..]).is_err());
}

#[test]
fn every_exchange_says_by_which_version_of_the_law_it_began() {
	run(|| {
		assert_eq!(Exchanges::<Test>::get(requested(1)).unwrap().law_version, 7);
	});
}
