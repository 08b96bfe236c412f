//! Migrations of the storage between runtimes.

/// Migrations of the runtime that is not released yet.
pub type Unreleased = (
	pallet_oversight::migrations::ToVersion2<crate::Runtime>,
	pallet_consent::migrations::ToVersion2<crate::Runtime>,
	pallet_exchange::migrations::ToVersion2<crate::Runtime>,
	pallet_exchange::migrations::ToVersion3<crate::Runtime>,
);

/// Every migration that runs when a new runtime takes over.
pub type SingleBlockMigrations = Unreleased;
