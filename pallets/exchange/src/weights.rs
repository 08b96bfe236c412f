//! What the calls weigh. Written by `scripts/weights.sh`; do not edit.
//!
//! Measured on AMD EPYC, 10 steps, 10 repetitions, 2026-11-28. Not measured yet, but taken from what was: `attest_package`,
//! which does less than `rectify`, and the entry of it that `prune` removes.

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
	/// `advance`.
	fn advance() -> Weight;
	/// `list`.
	fn list() -> Weight;
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
	/// `serve_countersigned_batch`, `n` from 1 to 256.
	fn serve_countersigned_batch(n: u32) -> Weight;
	/// `complete`.
	fn complete() -> Weight;
	/// `complete_plainly`.
	fn complete_plainly() -> Weight;
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
	/// `attest_package`.
	fn attest_package() -> Weight;
}

/// The weights that were measured, on a database that reads and writes at this cost.
pub struct Measured<Database>(PhantomData<Database>);

impl<Database: Get<RuntimeDbWeight>> WeightInfo for Measured<Database> {
	fn request() -> Weight {
		Weight::from_parts(74_431_000, 134_551).saturating_add(Database::get().reads_writes(19, 7))
	}

	fn offer() -> Weight {
		Weight::from_parts(71_406_000, 134_551).saturating_add(Database::get().reads_writes(18, 6))
	}

	fn release() -> Weight {
		Weight::from_parts(50_425_000, 6_182).saturating_add(Database::get().reads_writes(11, 1))
	}

	fn approve() -> Weight {
		Weight::from_parts(62_203_000, 6_182).saturating_add(Database::get().reads_writes(13, 2))
	}

	fn accept() -> Weight {
		Weight::from_parts(67_651_000, 6_182).saturating_add(Database::get().reads_writes(14, 3))
	}

	fn dispatch() -> Weight {
		Weight::from_parts(64_055_000, 6_182).saturating_add(Database::get().reads_writes(14, 2))
	}

	fn receive() -> Weight {
		Weight::from_parts(36_755_000, 6_182).saturating_add(Database::get().reads_writes(6, 2))
	}

	fn acknowledge() -> Weight {
		Weight::from_parts(47_030_000, 6_182).saturating_add(Database::get().reads_writes(8, 6))
	}

	fn break_glass() -> Weight {
		Weight::from_parts(112_638_000, 134_551)
			.saturating_add(Database::get().reads_writes(23, 17))
	}

	fn review() -> Weight {
		Weight::from_parts(51_517_000, 4_522).saturating_add(Database::get().reads_writes(8, 10))
	}

	fn advance() -> Weight {
		Weight::from_parts(49_594_000, 134_551).saturating_add(Database::get().reads_writes(2, 1))
	}

	fn list() -> Weight {
		Weight::from_parts(48_953_000, 268_112).saturating_add(Database::get().reads_writes(6, 1))
	}

	fn close() -> Weight {
		Weight::from_parts(43_194_000, 134_551).saturating_add(Database::get().reads_writes(7, 6))
	}

	fn mark_overdue() -> Weight {
		Weight::from_parts(42_703_000, 3_763).saturating_add(Database::get().reads_writes(7, 6))
	}

	fn look_at() -> Weight {
		Weight::from_parts(31_477_000, 6_182).saturating_add(Database::get().reads_writes(5, 3))
	}

	fn prune() -> Weight {
		Weight::from_parts(259_366_000, 92_970).saturating_add(Database::get().reads_writes(53, 62))
	}

	fn suspend() -> Weight {
		Weight::from_parts(32_027_000, 6_182).saturating_add(Database::get().reads_writes(5, 1))
	}

	fn resume() -> Weight {
		Weight::from_parts(32_228_000, 6_182).saturating_add(Database::get().reads_writes(5, 1))
	}

	fn suspend_by_policy() -> Weight {
		Weight::from_parts(37_566_000, 8_778).saturating_add(Database::get().reads_writes(6, 1))
	}

	fn resume_by_policy() -> Weight {
		Weight::from_parts(38_668_000, 8_778).saturating_add(Database::get().reads_writes(6, 1))
	}

	fn dispute() -> Weight {
		Weight::from_parts(54_141_000, 134_551).saturating_add(Database::get().reads_writes(8, 8))
	}

	fn answer_dispute() -> Weight {
		Weight::from_parts(54_671_000, 6_182).saturating_add(Database::get().reads_writes(9, 6))
	}

	fn settle_dispute() -> Weight {
		Weight::from_parts(46_539_000, 6_182).saturating_add(Database::get().reads_writes(7, 5))
	}

	fn decide_dispute() -> Weight {
		Weight::from_parts(49_674_000, 8_778).saturating_add(Database::get().reads_writes(8, 5))
	}

	fn attest_duty() -> Weight {
		Weight::from_parts(32_128_000, 4_522).saturating_add(Database::get().reads_writes(5, 5))
	}

	fn defer_notice() -> Weight {
		Weight::from_parts(26_490_000, 3_586).saturating_add(Database::get().reads_writes(3, 4))
	}

	fn request_batch(n: u32) -> Weight {
		Weight::from_parts(78_928_000, 134_551)
			.saturating_add(Weight::from_parts(61_450_719, 0).saturating_mul(n.into()))
			.saturating_add(Database::get().reads_writes(14, 3))
			.saturating_add(Database::get().reads(5_u64.saturating_mul(n.into())))
			.saturating_add(Database::get().writes(4_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 5_110).saturating_mul(n.into()))
	}

	fn answer_batch(n: u32) -> Weight {
		Weight::from_parts(96_314_000, 6_182)
			.saturating_add(Weight::from_parts(81_258_939, 0).saturating_mul(n.into()))
			.saturating_add(Database::get().reads_writes(10, 0))
			.saturating_add(Database::get().reads(4_u64.saturating_mul(n.into())))
			.saturating_add(Database::get().writes(3_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2_795).saturating_mul(n.into()))
	}

	fn complete_batch(n: u32) -> Weight {
		Weight::from_parts(52_168_000, 6_182)
			.saturating_add(Weight::from_parts(42_326_252, 0).saturating_mul(n.into()))
			.saturating_add(Database::get().reads_writes(3, 0))
			.saturating_add(Database::get().reads(3_u64.saturating_mul(n.into())))
			.saturating_add(Database::get().writes(2_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 2_795).saturating_mul(n.into()))
	}

	fn dispatch_documents() -> Weight {
		Weight::from_parts(80_300_000, 6_182).saturating_add(Database::get().reads_writes(15, 4))
	}

	fn serve_countersigned() -> Weight {
		Weight::from_parts(140_029_000, 134_551).saturating_add(Database::get().reads_writes(22, 9))
	}

	fn serve_countersigned_batch(n: u32) -> Weight {
		Weight::from_parts(142_102_000, 134_551)
			.saturating_add(Weight::from_parts(68_997_370, 0).saturating_mul(n.into()))
			.saturating_add(Database::get().reads_writes(16, 3))
			.saturating_add(Database::get().reads(6_u64.saturating_mul(n.into())))
			.saturating_add(Database::get().writes(6_u64.saturating_mul(n.into())))
			.saturating_add(Weight::from_parts(0, 7_665).saturating_mul(n.into()))
	}

	fn complete() -> Weight {
		Weight::from_parts(61_111_000, 6_182).saturating_add(Database::get().reads_writes(9, 7))
	}

	fn complete_plainly() -> Weight {
		Weight::from_parts(49_053_000, 6_182).saturating_add(Database::get().reads_writes(6, 2))
	}

	fn record_emergency() -> Weight {
		Weight::from_parts(166_528_000, 134_551)
			.saturating_add(Database::get().reads_writes(25, 17))
	}

	fn subscribe() -> Weight {
		Weight::from_parts(36_314_000, 6_182).saturating_add(Database::get().reads_writes(7, 5))
	}

	fn accept_subscription() -> Weight {
		Weight::from_parts(64_827_000, 6_182).saturating_add(Database::get().reads_writes(14, 3))
	}

	fn end_subscription() -> Weight {
		Weight::from_parts(38_858_000, 6_182).saturating_add(Database::get().reads_writes(6, 3))
	}

	fn deliver() -> Weight {
		Weight::from_parts(93_329_000, 134_551).saturating_add(Database::get().reads_writes(20, 9))
	}

	fn rectify() -> Weight {
		Weight::from_parts(47_631_000, 6_182).saturating_add(Database::get().reads_writes(8, 6))
	}

	fn acknowledge_rectification() -> Weight {
		Weight::from_parts(43_976_000, 6_182).saturating_add(Database::get().reads_writes(7, 4))
	}

	fn reconcile() -> Weight {
		Weight::from_parts(32_078_000, 6_182).saturating_add(Database::get().reads_writes(6, 1))
	}

	fn set_hold() -> Weight {
		Weight::from_parts(24_427_000, 3_763).saturating_add(Database::get().reads_writes(4, 1))
	}

	fn lift_hold() -> Weight {
		Weight::from_parts(27_320_000, 3_763).saturating_add(Database::get().reads_writes(5, 1))
	}

	fn attest_package() -> Weight {
		Weight::from_parts(47_631_000, 6_182).saturating_add(Database::get().reads_writes(8, 3))
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

	fn advance() -> Weight {
		Measured::<RocksDbWeight>::advance()
	}

	fn list() -> Weight {
		Measured::<RocksDbWeight>::list()
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

	fn serve_countersigned_batch(n: u32) -> Weight {
		Measured::<RocksDbWeight>::serve_countersigned_batch(n)
	}

	fn complete() -> Weight {
		Measured::<RocksDbWeight>::complete()
	}

	fn complete_plainly() -> Weight {
		Measured::<RocksDbWeight>::complete_plainly()
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

	fn attest_package() -> Weight {
		Measured::<RocksDbWeight>::attest_package()
	}
}
