//! What the command line tells of a file that it refuses.

use std::{
	path::{Path, PathBuf},
	process::Command,
};

/// What must not be seen.
const SEEDS: [&str; 3] = ["Wexelblatt", "Zbigniew", "AHV-7560"];

fn assert_clean(place: &str, text: &str) {
	for seed in SEEDS {
		assert!(!text.contains(seed), "{place} shows {seed}:\n{text}");
	}
}

fn files(folder: &Path) -> Vec<PathBuf> {
	let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
	entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn the_command_line_tells_nothing_of_a_file_that_it_refuses() {
	let folder = tempfile::tempdir().unwrap();
	let (input, state) = (folder.path().join("input.json"), folder.path().join("state"));
	let run = |arguments: &str, content: &str| {
		std::fs::write(&input, content).unwrap();
		let output = Command::new(env!("CARGO_BIN_EXE_curex"))
			.args(arguments.split(' ').map(|argument| match argument {
				"FILE" => input.as_os_str(),
				other => other.as_ref(),
			}))
			.arg("--state")
			.arg(&state)
			.env("RUST_LOG", "trace")
			.current_dir(folder.path())
			.output()
			.unwrap();
		let told = [&output.stdout[..], &output.stderr[..]].concat();
		assert!(!output.status.success(), "{arguments}");
		let text = String::from_utf8_lossy(&told);
		assert!(!text.contains("Usage:"), "{arguments} is no command: {text}");
		assert_clean("the command line", &text);
		output.stdout
	};
	let curex = |arguments: &str, content: &str| {
		run(arguments, content);
		let told = run(&format!("{arguments} --json"), content);
		let told: serde_json::Value = serde_json::from_slice(&told).expect(arguments);
		// What `fhir` tells is an outcome itself.
		let outcome = if arguments.starts_with("fhir") { &told } else { &told["outcome"] };
		assert_eq!(outcome["resourceType"], "OperationOutcome", "{arguments}: {told}");
		assert_eq!(outcome["issue"][0]["severity"], "error", "{arguments}: {told}");
	};
	for content in [
		"{\"family\": \"Wexelblatt\", \"AHV-7560\": 1}",
		"{\"partner\": \"Wexelblatt\"}",
		"{\"partner\": 1, \"purpose\": \"Zbigniew\"}",
		"Wexelblatt AHV-7560",
		"[\"AHV-7560\"]",
	] {
		curex("request --out out --spec FILE", content);
		curex("permit request --out out --spec FILE", content);
		curex("consent show --receipt FILE", content);
		curex("consent paper --out out --receipt FILE", content);
		curex("patient report --by desk --out out --patient FILE", content);
		curex("erasure check --organisation 1 FILE", content);
		curex("patient history --out out --receipt FILE", content);
		curex("patient history --out out --code-file FILE", content);
		curex("batch countersign --out out --specs FILE", content);
		curex("batch serve --fhir . --requests FILE", content);
		curex("emergency ask --ground other --evidence-file FILE --out out --spec FILE", content);
		curex("emergency answer --fhir . --out out --request FILE", content);
		curex("emergency open --out out --answer FILE", content);
		curex("emergency record --request FILE", content);
		curex("access-log prove --out out --event FILE --log FILE", content);
		curex("access-log check --event FILE FILE", content);
		curex("consent reissue --receipt out --copy FILE", content);
		curex("fhir check FILE", content);
	}
	for path in files(folder.path()) {
		assert_clean("a file's name", &path.display().to_string());
	}
}
