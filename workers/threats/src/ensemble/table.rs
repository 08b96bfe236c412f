//! Rows of numbers of one width.

/// Rows of `width` numbers, one after the other.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Table {
	width: usize,
	values: Vec<f32>,
}

impl Table {
	/// An empty table of so many columns.
	pub fn new(width: usize) -> Self {
		Self { width, values: Vec::new() }
	}

	/// Columns.
	pub fn width(&self) -> usize {
		self.width
	}

	/// Rows.
	pub fn len(&self) -> usize {
		self.values.len().checked_div(self.width).unwrap_or(0)
	}

	/// Whether there is no row.
	pub fn is_empty(&self) -> bool {
		self.values.is_empty()
	}

	/// Adds a row. A row of another width is cut or filled with zeros.
	pub fn push(&mut self, row: &[f32]) {
		self.values.extend(row.iter().copied().chain(std::iter::repeat(0.0)).take(self.width));
	}

	/// One row.
	pub fn row(&self, index: usize) -> &[f32] {
		&self.values[index * self.width..(index + 1) * self.width]
	}

	/// Every row.
	pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
		self.values.chunks_exact(self.width.max(1))
	}

	/// The rows at these places.
	pub fn select(&self, indices: impl IntoIterator<Item = usize>) -> Self {
		let mut selected = Self::new(self.width);
		for index in indices {
			selected.push(self.row(index));
		}
		selected
	}
}

impl<R: AsRef<[f32]>> FromIterator<R> for Table {
	fn from_iter<I: IntoIterator<Item = R>>(rows: I) -> Self {
		let mut rows = rows.into_iter().peekable();
		let mut table = Self::new(rows.peek().map_or(0, |row| row.as_ref().len()));
		for row in rows {
			table.push(row.as_ref());
		}
		table
	}
}
