//! One file per call.

mod record;

use crate::{mock::*, Campaigns, Defect, Error, Event, Results};
use curex_primitives::{
	Commitment, Confidence, Duty, GroupResult, Level, OrganisationId, ReportDefect, SizeBucket,
	StaffGroup,
};
use frame::testing_prelude::*;
