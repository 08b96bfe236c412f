//! Many versions at once against many ranges: versions are sorted once, the ends of a range are found by
//! binary search.

use std::{cmp::Ordering, ops::Range};

use super::subject::Subject;
use crate::{
	range::{CompiledInterval, CompiledSet},
	version::{ParsedVersion, Scheme, Style},
};

/// The versions of some subjects under one scheme, in order.
pub(super) struct Ladder {
	/// By style, then ascending; versions that are equal in order are apart if they are written differently.
	steps: Vec<Step>,
	/// Where each style begins and ends.
	styles: Vec<(Option<Style>, Range<usize>)>,
	/// Whether any version may be a patch level of another.
	patch_levels: bool,
}

struct Step {
	version: ParsedVersion,
	/// Positions of the subjects that run it.
	subjects: Vec<u32>,
}

/// What is known of a subject's version and a range that does not exclude it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
	Within,
	Incomparable,
}

impl Ladder {
	/// Sorts the versions of those subjects whose version is known.
	pub(super) fn new(subjects: &[Subject<'_>], scheme: Scheme) -> Self {
		let mut known: Vec<(Option<Style>, ParsedVersion, u32)> = subjects
			.iter()
			.zip(0_u32..)
			.filter_map(|(subject, position)| {
				let version = scheme.parse(subject.version.as_deref()?);
				Some((version.style(), version, position))
			})
			.collect();
		known.sort_by(|(style, version, position), (other_style, other, other_position)| {
			// Versions of no style do not compare; their order is of no use.
			let order = || version.compare(other).unwrap_or(Ordering::Equal);
			style.cmp(other_style).then_with(order).then_with(|| position.cmp(other_position))
		});
		let mut ladder = Self { steps: Vec::new(), styles: Vec::new(), patch_levels: false };
		for (style, version, position) in known {
			let at = ladder.steps.len();
			match ladder.styles.last_mut() {
				Some((last, range)) if *last == style => match ladder.steps.last_mut() {
					Some(step) if step.version == version => {
						step.subjects.push(position);
						continue;
					},
					_ => range.end = at + 1,
				},
				_ => ladder.styles.push((style, at..at + 1)),
			}
			ladder.patch_levels |= version.has_patch_level();
			ladder.steps.push(Step { version, subjects: vec![position] });
		}
		ladder
	}

	/// Calls `found` for every subject that the set does not exclude by its version; the set has the scheme of
	/// the ladder. Subjects come once each.
	pub(super) fn visit(&self, set: &CompiledSet<'_>, found: &mut dyn FnMut(u32, Standing)) {
		if !set.except().is_empty() {
			for step in &self.steps {
				match set.contains_parsed(&step.version) {
					Some(false) => {},
					Some(true) => step.report(Standing::Within, found),
					None => step.report(Standing::Incomparable, found),
				}
			}
			return;
		}
		let mut within: Vec<Range<usize>> = Vec::new();
		for (style, range) in &self.styles {
			within.clear();
			let mut unknown = false;
			for interval in set.intervals() {
				if interval.is_of(*style) {
					self.add_within(interval, range, &mut within);
				} else {
					unknown = true;
				}
			}
			within.sort_unstable_by_key(|part| (part.start, part.end));
			let mut next = range.start;
			for part in &within {
				let start = part.start.max(next);
				if start >= part.end {
					continue;
				}
				if unknown {
					self.report(next..start, Standing::Incomparable, found);
				}
				self.report(start..part.end, Standing::Within, found);
				next = part.end;
			}
			if unknown {
				self.report(next..range.end, Standing::Incomparable, found);
			}
		}
	}

	/// Adds the steps of one style that lie in the interval.
	fn add_within(
		&self,
		interval: &CompiledInterval,
		style: &Range<usize>,
		within: &mut Vec<Range<usize>>,
	) {
		let steps = &self.steps[style.clone()];
		// Within a style everything compares.
		let order = |step: &Step, limit: &ParsedVersion| step.version.compare(limit);
		let start = interval.from.as_ref().map_or(0, |(limit, inclusive)| {
			steps.partition_point(|step| match order(step, limit) {
				Some(Ordering::Less) => true,
				Some(Ordering::Equal) => !inclusive,
				_ => false,
			})
		});
		let end = interval.to.as_ref().map_or(steps.len(), |(limit, inclusive)| {
			steps.partition_point(|step| match order(step, limit) {
				Some(Ordering::Less) => true,
				Some(Ordering::Equal) => *inclusive,
				_ => false,
			})
		});
		let offset = style.start;
		if start < end {
			within.push(offset + start..offset + end);
		}
		let Some((limit, true)) = &interval.to else { return };
		let first = if self.patch_levels { limit.first_patch_level() } else { None };
		if let Some(first) = first {
			let from = steps
				.partition_point(|step| order(step, &first) == Some(Ordering::Less))
				.max(start);
			let levels = steps[from..].iter().take_while(|step| step.version.begins_with(&first));
			for (step, at) in levels.zip(offset + from..) {
				if step.version.is_patch_level_of(limit) {
					within.push(at..at + 1);
				}
			}
		}
	}

	fn report(
		&self,
		steps: Range<usize>,
		standing: Standing,
		found: &mut dyn FnMut(u32, Standing),
	) {
		for step in &self.steps[steps] {
			step.report(standing, found);
		}
	}
}

impl Step {
	fn report(&self, standing: Standing, found: &mut dyn FnMut(u32, Standing)) {
		for subject in &self.subjects {
			found(*subject, standing);
		}
	}
}
