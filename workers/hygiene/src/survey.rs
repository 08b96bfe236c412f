//! Answers by staff group.

use curex_primitives::StaffGroup;

use crate::{questionnaire::Questionnaire, HygieneError};

/// Answers to one questionnaire.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survey {
	/// Which questionnaire was answered.
	pub questionnaire: String,
	/// The answers.
	pub groups: Vec<GroupAnswers>,
}

/// Answers of one group.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupAnswers {
	/// The group.
	pub group: StaffGroup,
	/// People in the group, whether they answered or not.
	pub size: u32,
	/// One row a respondent, one agreement (1 to 5) an item; `null` where not answered.
	pub answers: Vec<Vec<Option<u8>>>,
}

impl Survey {
	/// Reads answers from JSON.
	///
	/// # Errors
	/// [`HygieneError`] if anything is not as the questionnaire wants it.
	pub fn from_json(text: &str, questionnaire: &Questionnaire) -> Result<Self, HygieneError> {
		let survey: Self = serde_json::from_str(text).map_err(|error| HygieneError::Malformed {
			what: "survey",
			reason: error.to_string(),
		})?;
		survey.checked(questionnaire)
	}

	/// Reads answers from CSV: a header with `group`, `size` and the ids of items in any order,
	/// then one row a respondent. An item without a column counts as not answered. Fields are not
	/// quoted.
	///
	/// # Errors
	/// [`HygieneError`] if anything is not as the questionnaire wants it, above all a column that
	/// may hold identities.
	pub fn from_csv(text: &str, questionnaire: &Questionnaire) -> Result<Self, HygieneError> {
		let malformed = |reason: String| HygieneError::Malformed { what: "survey", reason };
		let mut lines = text.lines().filter(|line| !line.trim().is_empty());
		let header = lines.next().ok_or_else(|| malformed("it is empty".into()))?;
		let columns = header
			.split(',')
			.map(|name| Column::of(name.trim(), questionnaire))
			.collect::<Result<Vec<_>, _>>()?;
		let mut groups: Vec<GroupAnswers> = Vec::new();
		for (index, line) in lines.enumerate() {
			let number = index + 2;
			let fields: Vec<&str> = line.split(',').map(str::trim).collect();
			if fields.len() != columns.len() {
				return Err(malformed(format!("line {number} has {} fields", fields.len())));
			}
			let (mut group, mut size) = (None, None);
			let mut row = vec![None; questionnaire.items.len()];
			for (column, field) in columns.iter().zip(fields) {
				match column {
					Column::Group => {
						let value = serde_json::Value::String(field.into());
						group = serde_json::from_value::<StaffGroup>(value).ok();
					},
					Column::Size => size = field.parse::<u32>().ok(),
					Column::Item(_) if field.is_empty() => {},
					Column::Item(item) => {
						let mark = field.parse::<u8>();
						row[*item] = Some(mark.map_err(|_| {
							malformed(format!("line {number}: a mark is no number"))
						})?);
					},
				}
			}
			let (Some(group), Some(size)) = (group, size) else {
				return Err(malformed(format!("line {number} has no known group or no size")));
			};
			match groups.iter_mut().find(|one| one.group == group) {
				Some(found) if found.size != size => {
					let reason = format!("{} people in one row, {size} in another", found.size);
					return Err(HygieneError::Size { group, reason });
				},
				Some(found) => found.answers.push(row),
				None => groups.push(GroupAnswers { group, size, answers: vec![row] }),
			}
		}
		Self { questionnaire: questionnaire.id.clone(), groups }.checked(questionnaire)
	}

	fn checked(self, questionnaire: &Questionnaire) -> Result<Self, HygieneError> {
		if self.questionnaire != questionnaire.id {
			return Err(HygieneError::OtherQuestionnaire {
				found: self.questionnaire,
				expected: questionnaire.id.clone(),
			});
		}
		for (index, one) in self.groups.iter().enumerate() {
			let group = one.group;
			if self.groups[..index].iter().any(|other| other.group == group) {
				return Err(HygieneError::Size { group, reason: "the group appears twice".into() });
			}
			if one.answers.len() > one.size as usize {
				let reason = format!("{} answers of {} people", one.answers.len(), one.size);
				return Err(HygieneError::Size { group, reason });
			}
			for (row, marks) in one.answers.iter().enumerate() {
				let reason = if marks.len() != questionnaire.items.len() {
					format!("{} answers to {} items", marks.len(), questionnaire.items.len())
				} else if let Some(mark) =
					marks.iter().flatten().find(|mark| !(1..=5).contains(*mark))
				{
					format!("{mark} is not between 1 and 5")
				} else {
					continue;
				};
				return Err(HygieneError::Row { group, row: row + 1, reason });
			}
		}
		Ok(self)
	}
}

enum Column {
	Group,
	Size,
	Item(usize),
}

impl Column {
	fn of(name: &str, questionnaire: &Questionnaire) -> Result<Self, HygieneError> {
		match name {
			"group" => Ok(Self::Group),
			"size" => Ok(Self::Size),
			_ => questionnaire
				.items
				.iter()
				.position(|item| item.id == name)
				.map(Self::Item)
				.ok_or_else(|| HygieneError::UnknownColumn(name.into())),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_column_that_may_hold_identities_is_refused() {
		let text = "group,size,name,mail-check\nclinical,20,Somebody,4\n";
		let error = Survey::from_csv(text, &Questionnaire::standard()).unwrap_err();
		assert_eq!(error, HygieneError::UnknownColumn("name".into()));
	}

	#[test]
	fn csv_and_json_give_the_same_survey() {
		let questionnaire = Questionnaire::standard();
		let csv = "size,group,mail-check,password-reuse\n20,clinical,4,\n20,clinical,5,1\n";
		let json = r#"{"questionnaire":"curex-hygiene-1","groups":[{"group":"clinical","size":20,"answers":[
			[null,4,null,null,null,null,null,null],[1,5,null,null,null,null,null,null]]}]}"#;
		assert_eq!(
			Survey::from_csv(csv, &questionnaire).unwrap(),
			Survey::from_json(json, &questionnaire).unwrap()
		);
	}

	#[test]
	fn impossible_answers_are_refused_with_their_place() {
		let questionnaire = Questionnaire::standard();
		let read = |text: &str| Survey::from_csv(text, &questionnaire).unwrap_err().to_string();
		assert!(read("group,size,mail-check\nclinical,2,4\nclinical,2,6\n").contains("row 2: 6"));
		assert!(
			read("group,size,mail-check\nclinical,1,4\nclinical,1,5\n").contains("2 answers of 1")
		);
		assert!(read("group,size,mail-check\nclinical,3,4\nclinical,4,5\n").contains("in another"));
		assert!(read("group,size,mail-check\npatients,3,4\n").contains("line 2"));
		assert!(read("group,size,mail-check\nclinical,3\n").contains("line 2"));
	}
}
