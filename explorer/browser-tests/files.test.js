// What people take away from an explorer: exports and their digests, the PDF as a browser opens it, bundles of evidence and the
// dossier of a case, which the command line verifies without a connection, and the JSON interface as its description says.
// PROVING and CLOSED are as for the pages.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inflateSync } from "node:zlib";
import { file, open as openIn, start, story, until } from "./support.js";

const { CLOSED, CUREX, EXPLORER, PROVING, ARTEFACTS } = process.env;
const told = story();
const { exchange, begun } = told.exchange;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

let browser;

before(async () => {
	browser = await start();
	await until("the exchange in the index", async () => (await fetch(`${PROVING}/exchanges/${exchange}/verify`)).ok);
	const root = await (await fetch(`${PROVING}/trust-root.json`)).text();
	writeFileSync(file("trust-root.json"), root);
});

after(() => browser?.close());

/** Clicks a link of a page that leads to a file; returns the file's bytes and name. */
async function taken(path, link) {
	const { page, close, troubles } = await openIn(browser, PROVING + path);
	const [download] = await Promise.all([
		page.waitForEvent("download"), page.getByRole("link", { name: link, exact: true }).first().click(),
	]);
	const name = download.suggestedFilename();
	await download.saveAs(file(name));
	assert.deepEqual(troubles, []);
	await close();
	return { name, bytes: readFileSync(file(name)) };
}

/** Verifies a bundle without a connection; throws with what the command says if it does not hold. */
function verified(bundle) {
	const words = ["--node", "ws://127.0.0.1:1", "--json", "verify", bundle, "--trust-root", file("trust-root.json")];
	return JSON.parse(execFileSync(CUREX, words, { encoding: "utf8", stdio: "pipe" }));
}

/** The bytes of a bundle with one letter of its proof changed. */
function forged(bytes) {
	const text = bytes.toString();
	const at = text.lastIndexOf("0x") + 20;
	return text.slice(0, at) + (text[at] === "0" ? "1" : "0") + text.slice(at + 1);
}

for (const [what, path] of [
	["an exchange", `/exchanges/${exchange}`], ["an exchange as it stood", `/exchanges/${exchange}?at=${begun}`],
	["a review", `/reviews/${told.glass.exchange}`], ["a transaction", `/transactions/${begun}-1`],
]) {
	test(`the evidence of ${what} holds without the explorer, and not with a letter changed`, async () => {
		const { name, bytes } = await taken(path, "Evidence bundle");
		assert.match(name, /^curex-block-\d+\.bundle\.json$/);
		verified(file(name));
		writeFileSync(file("forged.json"), forged(bytes));
		assert.throws(() => verified(file("forged.json")), { status: 8 });
	});
}

test("a dossier holds the case with its evidence, each of which holds without the explorer", async () => {
	const { name } = await taken(`/exchanges/${told.glass.exchange}/dossier`, "Dossier with evidence");
	const folder = file("dossier");
	mkdirSync(folder, { recursive: true });
	execFileSync("python3", ["-m", "zipfile", "-e", file(name), folder]);
	const sums = readFileSync(join(folder, "SHA256SUMS"), "utf8").trim().split("\n").map((line) => line.split("  "));
	for (const [sum, member] of sums) assert.equal(sha256(readFileSync(join(folder, member))), sum, member);
	const bundles = readdirSync(folder).filter((member) => member.endsWith(".bundle.json"));
	assert.deepEqual(bundles.map((member) => member.split("-")[0]).sort(), ["exchanges", "reviews"]);
	for (const bundle of bundles) verified(join(folder, bundle));
	const { records } = JSON.parse(readFileSync(join(folder, "dossier.json"), "utf8"));
	assert.equal(records.length, bundles.length);
});

test("exports carry the digest of what follows their first line, of then as of now", async () => {
	for (const query of ["", `?at=${begun}`]) {
		for (const form of ["CSV", "NDJSON", "FHIR AuditEvents"]) {
			const { bytes } = await taken(`/exchanges${query}`, form);
			const end = bytes.indexOf("\n") + 1;
			const first = JSON.parse(bytes.subarray(0, end).toString().replace(/^# /, ""));
			// In FHIR it stands in a resource of its own.
			const manifest = first.manifest ?? (first.parameter ? JSON.parse(first.parameter[0].valueString) : first);
			assert.equal(sha256(bytes.subarray(end)), manifest.sha256, form);
			assert.ok(manifest.records >= 2, form);
			assert.equal(manifest.as_of_block, query === "" ? null : begun, form);
		}
	}
});

test("the PDF opens, is tagged, has a title, and its records are those of the list", async () => {
	const { name, bytes } = await taken("/exchanges", "PDF");
	assert.equal(name, "curex-exchanges.pdf");
	// Streams are packed; what is in them counts as well.
	let text = bytes.toString("latin1");
	for (const [, start] of [...text.matchAll(/stream\r?\n/g)].map((found) => [0, found.index + found[0].length])) {
		try {
			text += inflateSync(bytes.subarray(start, bytes.indexOf("endstream", start)), { finishFlush: 2 }).toString("latin1");
		} catch {
			// Not every stream is packed.
		}
	}
	for (const part of ["/MarkInfo", "/StructTreeRoot", "/Lang(en)", "<dc:title>", "/DisplayDocTitle true", "/TH", "/TD"]) {
		assert.ok(text.includes(part), part);
	}
	writeFileSync(join(ARTEFACTS, name), bytes);
});

test("the JSON interface answers as its description says", async () => {
	const description = await (await fetch(`${PROVING}/api/v1/openapi.json`)).json();
	assert.match(description.openapi, /^3\.1/);
	const [{ url }] = description.servers;
	for (const [path, { get }] of Object.entries(description.paths)) {
		if (!get) continue;
		const id = path.startsWith("/transactions") ? `${begun}-1` : exchange;
		const filled = path.replace("{block}", begun).replace("{kind}", "exchanges").replace("{id}", id);
		const answer = await fetch(`${PROVING}${url}${filled}${path === "/search" ? `?q=${exchange}` : ""}`);
		assert.ok(Object.hasOwn(get.responses, answer.status), `${filled}: ${answer.status}`);
		assert.match(answer.headers.get("content-type"), /^application\/json/, filled);
		const said = await answer.json();
		if (path.includes("{")) assert.equal(answer.status, 200, `${filled}: ${JSON.stringify(said)}`);
	}
	// Where people sign in, records are not for everybody, and figures of the sector are.
	assert.equal((await fetch(`${CLOSED}/api/v1/exchanges`)).status, 401);
	assert.equal((await fetch(`${CLOSED}/api/v1/sector`)).status, 200);
	assert.equal((await fetch(`${EXPLORER}/api/v1/exchanges?at=3&limit=2`)).status, 200);
});
