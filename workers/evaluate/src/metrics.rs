//! Figures about scores.

/// Area under the receiver operating characteristic: the probability that an anomaly scores above a
/// normal point, ties counting half (Mann and Whitney 1947). Nothing without both classes.
pub fn roc_auc(scores: &[f64], anomalous: &[bool]) -> Option<f64> {
	let mut order: Vec<usize> = (0..scores.len()).collect();
	order.sort_by(|one, other| scores[*one].total_cmp(&scores[*other]));
	let (mut below, mut wins) = (0.0, 0.0);
	let mut rest = order.as_slice();
	while let Some(first) = rest.first() {
		let is_equal = |index: &&usize| scores[**index].total_cmp(&scores[*first]).is_eq();
		let equal = rest.iter().take_while(is_equal).count();
		let (ties, others) = rest.split_at(equal);
		let positive = ties.iter().filter(|index| anomalous[**index]).count() as f64;
		let negative = ties.len() as f64 - positive;
		wins += positive * (below + negative / 2.0);
		below += negative;
		rest = others;
	}
	let positives = scores.len() as f64 - below;
	(below > 0.0 && positives > 0.0).then(|| wins / (below * positives))
}

/// Share of the anomalies above the least threshold at which at most `rate` of the normal points
/// are above.
pub fn recall_at_fpr(scores: &[f64], anomalous: &[bool], rate: f64) -> Option<f64> {
	let threshold = threshold_at_fpr(scores, anomalous, rate)?;
	recall_above(scores, anomalous.iter().copied(), threshold)
}

/// The least score that at most `rate` of the normal points exceed.
pub fn threshold_at_fpr(scores: &[f64], anomalous: &[bool], rate: f64) -> Option<f64> {
	let mut normal: Vec<f64> = scores
		.iter()
		.zip(anomalous)
		.filter(|(_, anomalous)| !**anomalous)
		.map(|(score, _)| *score)
		.collect();
	normal.sort_by(|one, other| other.total_cmp(one));
	normal.get((rate * normal.len() as f64) as usize).copied()
}

/// Share of the members whose score exceeds a threshold.
pub fn recall_above(
	scores: &[f64],
	members: impl Iterator<Item = bool>,
	threshold: f64,
) -> Option<f64> {
	let (mut found, mut all) = (0u64, 0u64);
	for (score, member) in scores.iter().zip(members) {
		all += u64::from(member);
		found += u64::from(member && *score > threshold);
	}
	(all > 0).then(|| found as f64 / all as f64)
}

/// Arithmetic mean; of nothing not a number, which JSON shows as null.
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
	let (mut sum, mut count) = (0.0, 0u64);
	for value in values {
		sum += value;
		count += 1;
	}
	sum / count as f64
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_area_is_the_share_of_pairs_in_the_right_order() {
		let anomalous = [false, false, true, true];
		assert_eq!(roc_auc(&[1.0, 2.0, 3.0, 4.0], &anomalous), Some(1.0));
		assert_eq!(roc_auc(&[1.0, 3.0, 2.0, 4.0], &anomalous), Some(0.75));
		assert_eq!(roc_auc(&[1.0, 1.0, 1.0, 1.0], &anomalous), Some(0.5));
		assert_eq!(roc_auc(&[1.0], &[false]), None);
	}

	#[test]
	fn the_threshold_lets_no_more_normal_points_pass_than_stated() {
		let scores: Vec<f64> = (0..200).map(f64::from).chain([197.5, 198.5, 300.0]).collect();
		let anomalous: Vec<bool> = (0..203).map(|index| index >= 200).collect();
		// Two of 200 may pass: 198 and 199, so that 197 is the threshold.
		assert_eq!(threshold_at_fpr(&scores, &anomalous, 0.01), Some(197.0));
		assert_eq!(recall_at_fpr(&scores, &anomalous, 0.01), Some(1.0));
		assert_eq!(recall_at_fpr(&scores, &anomalous, 0.0), Some(1.0 / 3.0));
	}
}
