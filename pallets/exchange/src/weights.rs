//! What the calls weigh. Written by `scripts/weights.sh`; do not edit.
//!
//! Measured on AMD EPYC, 10 steps, 10 repetitions, 2026-11-28.

use core::marker::PhantomData;
use frame::{deps::frame_support::weights::RuntimeDbWeight, weights_prelude::*};

/// What the calls weigh.
pub trait WeightInfo {
	/// `request`.
	fn request() -> Weight;
	/// `offer`.
	fn offer() -> Weight;
	/// `release`.
	fn release() -> Weight;
	/// `approve`.
	fn approve() -> Weight;
	/// `accept`.
	fn accept() -> Weight;
	/// `dispatch`.
	fn dispatch() -> Weight;
	/// `receive`.
	fn receive() -> Weight;
	/// `acknowledge`.
	fn acknowledge() -> Weight;
	/// `break_glass`.
	fn break_glass() -> Weight;
	/// `review`.
	fn review() -> Weight;
	/// `closing_block`.
	fn closing_block() -> Weight;
	/// `close`.
	fn close() -> Weight;
	/// `mark_overdue`.
	fn mark_overdue() -> Weight;
	/// `look_at`.
	fn look_at() -> Weight;
	/// `prune`.
	fn prune() -> Weight;
	/// `suspend`.
	fn suspend() -> Weight;
	/// `resume`.
	fn resume() -> Weight;
	/// `suspend_by_policy`.
	fn suspend_by_policy() -> Weight;
	/// `resume_by_policy`.
	fn resume_by_policy() -> Weight;
	/// `dispute`.
	fn dispute() -> Weight;
	/// `answer_dispute`.
	fn answer_dispute() -> Weight;
	/// `settle_dispute`.
	fn settle_dispute() -> Weight;
	/// `decide_dispute`.
	fn decide_dispute() -> Weight;
	/// `attest_duty`.
	fn attest_duty() -> Weight;
	/// `defer_notice`.
	fn defer_notice() -> Weight;
	/// `request_batch`, `n` from 1 to 256.
	fn request_batch(n: u32) -> Weight;
	/// `answer_batch`, `n` from 1 to 256.
	fn answer_batch(n: u32) -> Weight;
	/// `complete_batch`, `n` from 1 to 256.
	fn complete_batch(n: u32) -> Weight;
	/// `dispatch_documents`.
	fn dispatch_documents() -> Weight;
	/// `serve_countersigned`.
	fn serve_countersigned() -> Weight;
	/// `complete`.
	fn complete() -> Weight;
	/// `record_emergency`.
	fn record_emergency() -> Weight;
	/// `subscribe`.
	fn subscribe() -> Weight;
	/// `accept_subscription`.
	fn accept_subscription() -> Weight;
	/// `end_subscription`.
	fn end_subscription() -> Weight;
	/// `deliver`.
	fn deliver() -> Weight;
	/// `rectify`.
	fn rectify() -> Weight;
	/// `acknowledge_rectification`.
	fn acknowledge_rectification() -> Weight;
	/// `reconcile`.
	fn reconcile() -> Weight;
	/// `set_hold`.
	fn set_hold() -> Weight;
	/// `lift_hold`.
	fn lift_hold() -> Weight;
}

/// The weights that were measured, on a database that reads and writes at this cost.
pub struct Measured<Database>(PhantomData<Database>);

impl<Database: Get<RuntimeDbWeight>> WeightInfo for Measured<Database> {
	fn request() -> Weight {
		Weight::from_parts(73_760_000, 6_182).saturating_add(Database::get().reads_writes(18, 7))
	}

	fn offer() -> Weight {
		Weight::from_parts(70_425_000, 6_182).saturating_add(Database::get().reads_writes(17, 6))
	}

	fn release() -> Weight {
		Weight::from_parts(54_161_000, 6_182).saturating_add(Database::get().reads_writes(11, 2))
	}

	fn approve() -> Weight {
		Weight::from_parts(65_668_000, 6_182).saturating_add(Database::get().reads_writes(13, 4))
	}

	fn accept() -> Weight {
		Weight::from_parts(71_917_000, 6_182).saturating_add(Database::get().reads_writes(14, 5))
	}

	fn dispatch() -> Weight {
		Weight::from_parts(68_372_000, 6_182).saturating_add(Database::get().reads_writes(14, 4))
	}

	fn receive() -> Weight {
		Weight::from_parts(40_159_000, 6_182).saturating_add(Database::get().reads_writes(6, 4))
	}

	fn acknowledge() -> Weight {
		Weight::from_parts(50_455_000, 6_182).saturating_add(Database::get().reads_writes(8, 8))
	}

	fn break_glass() -> Weight {
		Weight::from_parts(105_768_000, 8_655).saturating_add(Database::get().reads_writes(22, 17))
	}

	fn review() -> Weight {
		Weight::from_parts(50_325_000, 4_522).saturating_add(Database::get().reads_writes(8, 10))
	}

	fn closing_block() -> Weight {
		Weight::from_parts(6_129_000, 3_509).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn close() -> Weight {
		Weight::from_parts(39_369_000, 6_182).saturating_add(Database::get().reads_writes(6, 6))
	}

	fn mark_overdue() -> Weight {
		Weight::from_parts(42_033_000, 3_759).saturating_add(Database::get().reads_writes(7, 6))
	}

	fn look_at() -> Weight {
		Weight::from_parts(30_966_000, 6_182).saturating_add(Database::get().reads_writes(5, 3))
	}

	fn prune() -> Weight {
		Weight::from_parts(117_685_000, 16_158).saturating_add(Database::get().reads_writes(15, 61))
	}

	fn suspend() -> Weight {
		Weight::from_parts(34_631_000, 6_182).saturating_add(Database::get().reads_writes(5, 2))
	}

	fn resume() -> Weight {
		Weight::from_parts(34_551_000, 6_182).saturating_add(Database::get().reads_writes(5, 2))
	}

	fn suspend_by_policy() -> Weight {
		Weight::from_parts(39_719_000, 8_778).saturating_add(Database::get().reads_writes(6, 2))
	}

	fn resume_by_policy() -> Weight {
		Weight::from_parts(39_639_000, 8_778).saturating_add(Database::get().reads_writes(6, 2))
	}

	fn dispute() -> Weight {
		Weight::from_parts(51_597_000, 6_182).saturating_add(Database::get().reads_writes(7, 9))
	}

	fn answer_dispute() -> Weight {
		Weight::from_parts(54_081_000, 6_182).saturating_add(Database::get().reads_writes(9, 6))
	}

	fn settle_dispute() -> Weight {
		Weight::from_parts(48_533_000, 6_182).saturating_add(Database::get().reads_writes(7, 7))
	}

	fn decide_dispute() -> Weight {
		Weight::from_parts(53_179_000, 8_778).saturating_add(Database::get().reads_writes(8, 7))
	}

	fn attest_duty() -> Weight {
		Weight::from_parts(32_017_000, 4_522).saturating_add(Database::get().reads_writes(5, 5))
	}

	fn defer_notice() -> Weight {
		Weight::from_parts(26_569_000, 3_586).saturating_add(Database::get().reads_writes(3, 4))
	}

	fn request_batch(n: u32) -> Weight {
		Weight::from_parts(80_260_000, 6_182)
			.saturating_add(Weight::from_parts(50_712_354, 0).saturating_mul(n.into()))
			.saturating_add(Database::get().reads_writes(13, 2))
			.saturating_add(Database::get().reads(5_u64.saturating_mul(n.into())))
			.saturating_add(Database::get().writes(5_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 5_110).saturating_mul(n.into()))
	}

	fn answer_batch(n: u32) -> Weight {
		Weight::from_parts(104_596_000, 6_182)
			.saturating_add(Weight::from_parts(89_881_316, 0).saturating_mul(n.into()))
			.saturating_add(Database::get().reads_writes(10, 0))
			.saturating_add(Database::get().reads(4_u64.saturating_mul(n.into())))
			.saturating_add(Database::get().writes(5_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2_795).saturating_mul(n.into()))
	}

	fn complete_batch(n: u32) -> Weight {
		Weight::from_parts(64_546_000, 6_182)
			.saturating_add(Weight::from_parts(53_390_159, 0).saturating_mul(n.into()))
			.saturating_add(Database::get().reads_writes(3, 0))
			.saturating_add(Database::get().reads(5_u64.saturating_mul(n.into())))
			.saturating_add(Database::get().writes(7_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 5_110).saturating_mul(n.into()))
	}

	fn dispatch_documents() -> Weight {
		Weight::from_parts(82_053_000, 6_182).saturating_add(Database::get().reads_writes(15, 6))
	}

	fn serve_countersigned() -> Weight {
		Weight::from_parts(149_213_000, 8_655).saturating_add(Database::get().reads_writes(21, 9))
	}

	fn complete() -> Weight {
		Weight::from_parts(66_369_000, 6_182).saturating_add(Database::get().reads_writes(9, 10))
	}

	fn record_emergency() -> Weight {
		Weight::from_parts(165_988_000, 8_655).saturating_add(Database::get().reads_writes(24, 17))
	}

	fn subscribe() -> Weight {
		Weight::from_parts(35_312_000, 6_182).saturating_add(Database::get().reads_writes(7, 5))
	}

	fn accept_subscription() -> Weight {
		Weight::from_parts(64_736_000, 6_182).saturating_add(Database::get().reads_writes(14, 3))
	}

	fn end_subscription() -> Weight {
		Weight::from_parts(38_368_000, 6_182).saturating_add(Database::get().reads_writes(6, 3))
	}

	fn deliver() -> Weight {
		Weight::from_parts(89_573_000, 6_182).saturating_add(Database::get().reads_writes(19, 9))
	}

	fn rectify() -> Weight {
		Weight::from_parts(47_211_000, 6_182).saturating_add(Database::get().reads_writes(8, 6))
	}

	fn acknowledge_rectification() -> Weight {
		Weight::from_parts(43_475_000, 6_182).saturating_add(Database::get().reads_writes(7, 4))
	}

	fn reconcile() -> Weight {
		Weight::from_parts(31_106_000, 6_182).saturating_add(Database::get().reads_writes(6, 1))
	}

	fn set_hold() -> Weight {
		Weight::from_parts(24_307_000, 3_759).saturating_add(Database::get().reads_writes(4, 1))
	}

	fn lift_hold() -> Weight {
		Weight::from_parts(29_174_000, 3_759).saturating_add(Database::get().reads_writes(5, 2))
	}
}

/// For tests.
impl WeightInfo for () {
	fn request() -> Weight {
		Measured::<RocksDbWeight>::request()
	}

	fn offer() -> Weight {
		Measured::<RocksDbWeight>::offer()
	}

	fn release() -> Weight {
		Measured::<RocksDbWeight>::release()
	}

	fn approve() -> Weight {
		Measured::<RocksDbWeight>::approve()
	}

	fn accept() -> Weight {
		Measured::<RocksDbWeight>::accept()
	}

	fn dispatch() -> Weight {
		Measured::<RocksDbWeight>::dispatch()
	}

	fn receive() -> Weight {
		Measured::<RocksDbWeight>::receive()
	}

	fn acknowledge() -> Weight {
		Measured::<RocksDbWeight>::acknowledge()
	}

	fn break_glass() -> Weight {
		Measured::<RocksDbWeight>::break_glass()
	}

	fn review() -> Weight {
		Measured::<RocksDbWeight>::review()
	}

	fn closing_block() -> Weight {
		Measured::<RocksDbWeight>::closing_block()
	}

	fn close() -> Weight {
		Measured::<RocksDbWeight>::close()
	}

	fn mark_overdue() -> Weight {
		Measured::<RocksDbWeight>::mark_overdue()
	}

	fn look_at() -> Weight {
		Measured::<RocksDbWeight>::look_at()
	}

	fn prune() -> Weight {
		Measured::<RocksDbWeight>::prune()
	}

	fn suspend() -> Weight {
		Measured::<RocksDbWeight>::suspend()
	}

	fn resume() -> Weight {
		Measured::<RocksDbWeight>::resume()
	}

	fn suspend_by_policy() -> Weight {
		Measured::<RocksDbWeight>::suspend_by_policy()
	}

	fn resume_by_policy() -> Weight {
		Measured::<RocksDbWeight>::resume_by_policy()
	}

	fn dispute() -> Weight {
		Measured::<RocksDbWeight>::dispute()
	}

	fn answer_dispute() -> Weight {
		Measured::<RocksDbWeight>::answer_dispute()
	}

	fn settle_dispute() -> Weight {
		Measured::<RocksDbWeight>::settle_dispute()
	}

	fn decide_dispute() -> Weight {
		Measured::<RocksDbWeight>::decide_dispute()
	}

	fn attest_duty() -> Weight {
		Measured::<RocksDbWeight>::attest_duty()
	}

	fn defer_notice() -> Weight {
		Measured::<RocksDbWeight>::defer_notice()
	}

	fn request_batch(n: u32) -> Weight {
		Measured::<RocksDbWeight>::request_batch(n)
	}

	fn answer_batch(n: u32) -> Weight {
		Measured::<RocksDbWeight>::answer_batch(n)
	}

	fn complete_batch(n: u32) -> Weight {
		Measured::<RocksDbWeight>::complete_batch(n)
	}

	fn dispatch_documents() -> Weight {
		Measured::<RocksDbWeight>::dispatch_documents()
	}

	fn serve_countersigned() -> Weight {
		Measured::<RocksDbWeight>::serve_countersigned()
	}

	fn complete() -> Weight {
		Measured::<RocksDbWeight>::complete()
	}

	fn record_emergency() -> Weight {
		Measured::<RocksDbWeight>::record_emergency()
	}

	fn subscribe() -> Weight {
		Measured::<RocksDbWeight>::subscribe()
	}

	fn accept_subscription() -> Weight {
		Measured::<RocksDbWeight>::accept_subscription()
	}

	fn end_subscription() -> Weight {
		Measured::<RocksDbWeight>::end_subscription()
	}

	fn deliver() -> Weight {
		Measured::<RocksDbWeight>::deliver()
	}

	fn rectify() -> Weight {
		Measured::<RocksDbWeight>::rectify()
	}

	fn acknowledge_rectification() -> Weight {
		Measured::<RocksDbWeight>::acknowledge_rectification()
	}

	fn reconcile() -> Weight {
		Measured::<RocksDbWeight>::reconcile()
	}

	fn set_hold() -> Weight {
		Measured::<RocksDbWeight>::set_hold()
	}

	fn lift_hold() -> Weight {
		Measured::<RocksDbWeight>::lift_hold()
	}
}
