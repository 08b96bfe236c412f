//! The READMEs show what `scripts/test.sh` runs against the local network.

/// The lines between the first line that begins with `from` and the first after it that is `to`.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
	let mut lines = text.lines().skip_while(|line| !line.starts_with(from));
	let first = lines.next();
	first.into_iter().chain(lines.take_while(|line| *line != to)).collect()
}

#[test]
fn the_readme_examples_are_the_one_that_is_run() {
	let example = include_str!("../../examples/ask.rs");
	let run = between(example, "async fn ask", "}").join("\n").replace('\t', "    ");
	assert!(run.lines().count() > 8, "{run}");
	for readme in [include_str!("../../README.md"), include_str!("../../../README.md")] {
		let shown = between(readme, "async fn ask", "}").join("\n");
		let shown = shown
			.replace("ask()", "ask(node: &str)")
			.replace("\"wss://gateway.hospital.example\"", "node");
		assert_eq!(shown, run);
	}
}
