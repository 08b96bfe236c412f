//! What is constant in log messages, and how rare it is.

use std::collections::HashMap;

/// Templates counted; when there are more, those seen least are forgotten.
const TEMPLATES: usize = 10_000;

/// Words of a message that are looked at.
const WORDS: usize = 40;

/// Put in place of what varies.
const VARIABLE: &str = "<*>";

/// Counts templates: messages with every word replaced that holds a digit or follows a word that
/// announces a name. The first step of Drain (He et al., ICWS 2017) without its tree: what varies in
/// security logs is numbers, addresses and names.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Templates {
	counts: HashMap<String, u64>,
	all: u64,
}

/// Words after which a name is expected.
const ANNOUNCING: [&str; 4] = ["user", "for", "by", "from"];

/// The template of a message of a program.
pub fn template(program: &str, message: &str) -> String {
	let mut text = String::with_capacity(program.len() + message.len() + 2);
	text.push_str(program);
	text.push(':');
	let mut announced = false;
	for word in message.split_whitespace().take(WORDS) {
		text.push(' ');
		let varies = word.bytes().any(|byte| byte.is_ascii_digit());
		// `for invalid user x`: the second announcement names, not the first.
		let announces = ANNOUNCING.contains(&word);
		if varies || announced && !announces && word != "invalid" {
			text.push_str(VARIABLE);
		} else {
			text.push_str(word);
		}
		announced = announces || announced && word == "invalid";
	}
	text
}

impl Templates {
	/// Counts a template and says how surprising it was: `−ln` of its share so far.
	pub fn observe(&mut self, template: &str) -> f64 {
		let count = self.counts.get(template).copied().unwrap_or(0);
		let surprise = -((count as f64 + 0.5) / (self.all as f64 + 1.0)).ln();
		if count == 0 && self.counts.len() >= TEMPLATES {
			self.forget_rarest();
		}
		*self.counts.entry(template.into()).or_default() += 1;
		self.all += 1;
		surprise.max(0.0)
	}

	/// Half at a time, so that a flood of new templates costs a constant for each.
	fn forget_rarest(&mut self) {
		let mut counts: Vec<u64> = self.counts.values().copied().collect();
		counts.sort_unstable();
		let median = counts[counts.len() / 2];
		let mut above = self.counts.values().filter(|count| **count > median).count();
		self.counts.retain(|_, count| {
			let stays = *count > median || *count == median && above < TEMPLATES / 2;
			above += usize::from(stays && *count == median);
			stays
		});
	}

	/// Templates counted.
	pub fn len(&self) -> usize {
		self.counts.len()
	}

	/// Whether nothing was counted.
	pub fn is_empty(&self) -> bool {
		self.counts.is_empty()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn names_numbers_and_addresses_are_no_part_of_a_template() {
		let one =
			template("sshd", "Failed password for invalid user bob from 10.0.0.1 port 22 ssh2");
		let other =
			template("sshd", "Failed password for invalid user eve from 10.9.9.9 port 90 ssh2");
		assert_eq!(one, other);
		assert_ne!(one, template("sshd", "Accepted password for root from 10.0.0.1 port 22 ssh2"));
	}

	#[test]
	fn a_template_seen_once_in_many_is_rarer_than_the_common_one() {
		let mut templates = Templates::default();
		for _ in 0..1_000 {
			templates.observe("common");
		}
		assert!(templates.observe("new") > 7.0);
		assert!(templates.observe("common") < 0.01);
	}

	#[test]
	fn a_flood_of_templates_is_bounded_and_the_common_one_stays() {
		let mut templates = Templates::default();
		templates.observe("common");
		for number in 0..3 * TEMPLATES {
			templates.observe("common");
			templates.observe(&number.to_string());
		}
		assert!(templates.len() <= TEMPLATES);
		assert!(templates.observe("common") < 1.0);
	}
}
