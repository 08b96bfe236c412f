// Finds what a file that opens a commitment belongs to. The file is read here and goes nowhere: the search is told its
// commitments alone.
"use strict";

const part = document.getElementById("by-file");

// Every commitment that the file names, whatever it opens.
function commitments(value) {
	if (Array.isArray(value)) return value.flatMap(commitments);
	if (value === null || typeof value !== "object") return [];
	return Object.entries(value).flatMap(([name, inner]) =>
		name === "commitment" && /^0x[0-9a-f]{64}$/.test(inner) ? [inner] : commitments(inner),
	);
}

async function read(file) {
	if (file.size > Number(part.dataset.most)) return [];
	try {
		return [...new Set(commitments(JSON.parse(await file.text())))];
	} catch {
		return [];
	}
}

if (part) {
	part.hidden = false;
	const told = part.querySelector("[role=status]");
	part.querySelector("input").addEventListener("change", async ({ target }) => {
		told.textContent = "";
		const [file] = target.files;
		if (!file) return;
		const found = await read(file);
		if (found.length === 1) {
			location.assign(`/search?q=${found[0]}`);
			return;
		}
		if (found.length === 0) told.textContent = part.dataset.none;
		for (const commitment of found.slice(0, 100)) {
			const link = document.createElement("a");
			link.href = `/search?q=${commitment}`;
			link.textContent = commitment;
			const line = document.createElement("p");
			line.append(link);
			told.append(line);
		}
	});
}
