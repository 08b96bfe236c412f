//! What is known beforehand: rules and indicators of others, which hardware is behind which address, and who is alike.

use std::{collections::HashMap, sync::Arc};

use crate::{
	event::{Event, Notice},
	identity::Bindings,
	indicators::Indicators,
	ingest::Format,
	sigma::Rules,
};

/// Everything that is looked for beside what was never seen before.
#[derive(Default)]
pub struct Knowledge {
	/// Sigma rules.
	pub rules: Rules,
	/// Indicators.
	pub indicators: Indicators,
	/// Hardware addresses by address.
	pub bindings: Bindings,
	/// Peers of addresses, hosts and users: the group by the entity.
	pub groups: Arc<HashMap<String, String>>,
}

impl Knowledge {
	/// What all of it says of a line, given the event that it is.
	pub fn notices(&self, format: Format, line: &[u8], event: &Event) -> Vec<Notice> {
		let mut notices = match self.rules.is_empty() {
			true => Vec::new(),
			false => self.rules.notices(format, &String::from_utf8_lossy(line), event),
		};
		notices.extend(self.indicators.notices(event));
		notices.extend(self.bindings.notice(event));
		notices
	}
}
