use super::*;

fn assessed(cyber: Level, confidence: Confidence) -> Assessment {
	Assessment { cyber, confidence, ..ASSESSMENT }
}

fn gating() -> Level {
	Risk::fitness(HOSPITAL).unwrap().cyber
}

#[test]
fn one_unconfirmed_alert_moves_no_gating_level() {
	run(|| {
		assert_ok!(record(1, assessed(Level::Low, Confidence::High)));
		assert_ok!(record(2, assessed(Level::VeryHigh, Confidence::Medium)));
		assert_eq!(gating(), Level::Low);
		assert_ok!(record(3, assessed(Level::Low, Confidence::Medium)));
		assert_eq!(gating(), Level::Low, "to and fro");
		assert_ok!(record(4, assessed(Level::High, Confidence::Medium)));
		assert_ok!(record(5, assessed(Level::VeryHigh, Confidence::Medium)));
		assert_eq!(gating(), Level::High, "two in a row, as far as both agree");
	});
}

#[test]
fn what_others_stand_behind_gates_at_once() {
	run(|| {
		assert_ok!(record(1, assessed(Level::High, Confidence::High)));
		assert_ok!(record(2, assessed(Level::Low, Confidence::High)));
		assert_eq!(gating(), Level::High, "nobody improves by its own word at once");
		let hospital = delegate(2, Duty::SecurityReport);
		assert_ok!(Risk::attest(hospital, HOSPITAL, 2, Attestation::Recomputed));
		assert_eq!(gating(), Level::Low);
	});
}

#[test]
fn who_is_sure_that_things_are_worse_is_believed_at_once() {
	run(|| {
		assert_ok!(record(1, assessed(Level::Low, Confidence::High)));
		assert_ok!(record(2, assessed(Level::VeryHigh, Confidence::High)));
		assert_eq!(gating(), Level::VeryHigh);
	});
}

#[test]
fn an_assessment_that_has_expired_holds_nothing_back() {
	run(|| {
		assert_ok!(record(1, assessed(Level::High, Confidence::High)));
		Now::set(2_000_000);
		let late = Assessment {
			assessed_at: 2_000_000,
			expires_at: 3_000_000,
			..assessed(Level::Low, Confidence::Low)
		};
		assert_ok!(record(2, late));
		assert_eq!(gating(), Level::Low);
	});
}
