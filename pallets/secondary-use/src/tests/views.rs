use crate::mock::*;
use frame::testing_prelude::*;

#[test]
fn permits_are_read_page_by_page() {
	run(|| {
		for number in 0u8..5 {
			let terms = terms(1 + 3 * number);
			assert_ok!(SecondaryUse::issue(officer(BODY), [number + 1; 32], terms));
		}
		let (mut seen, mut after) = (Vec::new(), None);
		loop {
			let page = SecondaryUse::permits(after, 2);
			let Some((last, _)) = page.last() else { break };
			after = Some(*last);
			seen.extend(page);
		}
		seen.sort_by_key(|(id, _)| *id);
		seen.dedup_by_key(|(id, _)| *id);
		assert_eq!(seen.len(), 5);
	});
}

#[test]
fn a_permit_is_read_with_what_has_happened_under_it() {
	run(|| {
		extracted();
		let (_, standing) = SecondaryUse::permit(id()).unwrap();
		assert_eq!((standing.holders, standing.extractions, standing.exports), (1, 1, 0));
		let holders = SecondaryUse::holders(id());
		assert_eq!(holders, [(HOLDER, curex_primitives::NamedHolder { dataset: DATASET })]);
		assert!(SecondaryUse::extraction(id(), 0).is_some());
		assert!(SecondaryUse::extraction(id(), 1).is_none());
		assert!(SecondaryUse::report(0).is_none());
	});
}
