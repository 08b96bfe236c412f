//! Conditions of a statement: platforms, components and models that must be there.

use super::Subject;
use crate::{
	feed::{AffectedProduct, Part, Platform},
	names::{product_keys, same_vendor, words, SystemFamily},
	range::{letters_and_digits, Requirement, VersionSet},
};

/// What came of looking at the conditions.
pub(super) enum Check {
	/// All hold; why.
	Holds(Vec<String>),
	/// At least one could not be checked; which.
	Unknown(Vec<String>),
	/// At least one does not hold.
	Fails,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
	Yes,
	No,
	Unknown,
}

/// Looks at everything that an affected product requires beside its version. `neighbours` are all services of
/// the asset, the subject among them.
pub(super) fn check_requirements(
	subject: &Subject<'_>,
	affected: &AffectedProduct,
	neighbours: &[Subject<'_>],
) -> Check {
	let mut good = Vec::new();
	let mut open = Vec::new();
	for group in &affected.requires {
		let answers: Vec<Answer> =
			group.iter().map(|wanted| platform(subject, affected, wanted, neighbours)).collect();
		let names: Vec<String> = group.iter().map(ToString::to_string).collect();
		let wanted = if names.len() > 4 {
			format!("{} or one of {} more", names[..3].join(" or "), names.len() - 3)
		} else {
			names.join(" or ")
		};
		if answers.contains(&Answer::Yes) {
			good.push(format!("The required platform ({wanted}) is present."));
		} else if answers.contains(&Answer::Unknown) {
			open.push(format!("Only together with {wanted}, which was not seen on the asset."));
		} else if !answers.is_empty() {
			return Check::Fails;
		}
	}
	if let Some(target) = &affected.target {
		match environment(target, neighbours) {
			Answer::Yes => good.push(format!("The asset runs {target}.")),
			Answer::Unknown => {
				open.push(format!("Only on {target}, and the asset's system is not known."))
			},
			Answer::No => return Check::Fails,
		}
	}
	if let Some(condition) = &affected.versions.condition {
		let mut answers: Vec<Answer> = condition
			.requires
			.iter()
			.map(|requirement| self::requirement(subject, requirement, neighbours))
			.collect();
		if condition.requires.is_empty() {
			answers.push(Answer::Unknown);
		}
		if answers.contains(&Answer::No) {
			return Check::Fails;
		}
		if answers.contains(&Answer::Unknown) {
			open.push(format!("Only \"{}\", which the inventory does not tell.", condition.text));
		} else {
			good.push(format!("The condition \"{}\" holds.", condition.text));
		}
	}
	if open.is_empty() {
		Check::Holds(good)
	} else {
		good.extend(open);
		Check::Unknown(good)
	}
}

fn platform(
	subject: &Subject<'_>,
	affected: &AffectedProduct,
	wanted: &Platform,
	neighbours: &[Subject<'_>],
) -> Answer {
	let keys = product_keys(&wanted.vendor, &wanted.product);
	// The device of a firmware is there where the firmware is.
	let own_device = wanted.part == Some(Part::Hardware)
		&& product_keys(&affected.vendor, &affected.product).iter().any(|key| keys.contains(key));
	if own_device {
		return Answer::Yes;
	}
	let vendor_fits = |other: &Subject<'_>| {
		wanted.vendor.is_empty()
			|| other.vendor.as_deref().is_none_or(|vendor| same_vendor(vendor, &wanted.vendor))
	};
	let mut answers = Vec::new();
	for other in neighbours {
		if other.keys.iter().any(|key| keys.contains(key)) && vendor_fits(other) {
			answers.push(version_answer(&wanted.versions, other));
		}
	}
	if let Some(answer) = settled(&answers) {
		return answer;
	}
	match wanted.part {
		Some(Part::OperatingSystem) => {
			let name = format!("{} {}", wanted.vendor, wanted.product);
			system(&name, &wanted.product, neighbours)
		},
		Some(Part::Hardware) => {
			let other_device = neighbours.iter().any(|other| {
				other.part == Some(Part::Hardware) && !std::ptr::eq(other.service, subject.service)
			});
			if other_device {
				Answer::No
			} else {
				Answer::Unknown
			}
		},
		_ => Answer::Unknown,
	}
}

/// Yes if any is yes; no if all are no and there is one.
fn settled(answers: &[Answer]) -> Option<Answer> {
	if answers.contains(&Answer::Yes) {
		Some(Answer::Yes)
	} else if answers.contains(&Answer::Unknown) {
		Some(Answer::Unknown)
	} else {
		answers.first().copied()
	}
}

fn version_answer(wanted: &VersionSet, other: &Subject<'_>) -> Answer {
	if wanted.versions == crate::range::Versions::All {
		return Answer::Yes;
	}
	match other.version.as_deref().map(|version| wanted.contains(version)) {
		Some(Some(true)) => Answer::Yes,
		Some(Some(false)) => Answer::No,
		_ => Answer::Unknown,
	}
}

/// Whether an asset's operating system can be the one named. `specific` is the name without its vendor.
fn system(name: &str, specific: &str, neighbours: &[Subject<'_>]) -> Answer {
	let family = SystemFamily::of(name);
	let known = known_systems(neighbours);
	let mut answers = Vec::new();
	for (system, other_family) in &known {
		answers.push(match (family, other_family) {
			(Some(wanted), Some(found)) if wanted != *found => Answer::No,
			(Some(_), Some(_)) => same_release(specific, system),
			_ => Answer::Unknown,
		});
	}
	settled(&answers).unwrap_or(Answer::Unknown)
}

/// Within a family: a name without number means any release, different numbers mean different releases.
fn same_release(wanted: &str, found: &str) -> Answer {
	let numbers = |text: &str| -> Vec<String> {
		words(text).into_iter().filter(|word| word.chars().any(|c| c.is_ascii_digit())).collect()
	};
	let (wanted, found) = (numbers(wanted), numbers(found));
	if wanted.is_empty() {
		Answer::Yes
	} else if found.is_empty() {
		Answer::Unknown
	} else if wanted.iter().all(|number| found.contains(number)) {
		Answer::Yes
	} else {
		Answer::No
	}
}

/// Names of the operating systems that are known of an asset, and their families.
fn known_systems(neighbours: &[Subject<'_>]) -> Vec<(String, Option<SystemFamily>)> {
	let mut out = Vec::new();
	for other in neighbours {
		let name = format!(
			"{} {} {}",
			other.vendor.as_deref().unwrap_or_default(),
			other.product.as_deref().unwrap_or_default(),
			other.version.as_deref().unwrap_or_default()
		);
		if other.part == Some(Part::OperatingSystem) {
			out.push((name.clone(), SystemFamily::of(&name)));
		}
		if let Some(package) = &other.package {
			let family = SystemFamily::of(&package.distribution);
			if family.is_some() {
				out.push((package.distribution.clone(), family));
			}
		}
	}
	out
}

fn environment(target: &str, neighbours: &[Subject<'_>]) -> Answer {
	let Some(family) = SystemFamily::of(&target.replace('_', " ")) else {
		// `wordpress`, `node.js` and the like: an environment that an inventory of hosts rarely names.
		let wanted = product_keys("", target);
		let present =
			neighbours.iter().any(|other| other.keys.iter().any(|key| wanted.contains(key)));
		return if present { Answer::Yes } else { Answer::Unknown };
	};
	let families: Vec<SystemFamily> =
		known_systems(neighbours).into_iter().filter_map(|(_, family)| family).collect();
	if families.contains(&family) {
		Answer::Yes
	} else if families.is_empty() {
		Answer::Unknown
	} else {
		Answer::No
	}
}

fn requirement(
	subject: &Subject<'_>,
	requirement: &Requirement,
	neighbours: &[Subject<'_>],
) -> Answer {
	match requirement {
		Requirement::Model(wanted) => match &subject.service.model {
			Some(model) if letters_and_digits(model) == letters_and_digits(wanted) => Answer::Yes,
			Some(_) => Answer::No,
			None => Answer::Unknown,
		},
		Requirement::Component { name, versions } => component(name, versions, neighbours),
	}
}

/// A component named in free text, `Windows` `8.1` or `Wireless Battery Modules` `22D19`.
fn component(name: &str, versions: &VersionSet, neighbours: &[Subject<'_>]) -> Answer {
	let keys = product_keys("", name);
	let mut answers = Vec::new();
	for other in neighbours {
		if other.keys.iter().any(|key| keys.contains(key)) {
			answers.push(version_answer(versions, other));
		}
	}
	if let Some(answer) = settled(&answers) {
		return answer;
	}
	if SystemFamily::of(name).is_some() {
		let wanted = format!("{name} {}", versions.text);
		return system(&wanted, &wanted, neighbours);
	}
	Answer::Unknown
}
