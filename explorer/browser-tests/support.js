// What the tests share: the browser, pages that load nothing from elsewhere, rules of accessibility, the command line.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { NODE_ADDRESS, CUREX, CHROMIUM, ARTEFACTS, STORY } = process.env;
const AXE = createRequire(import.meta.url).resolve("axe-core");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** CSS pixels (WCAG 2.2, 1.4.10). */
export const NARROW = { width: 320, height: 640 };
/** Well-known development accounts. */
export const BOB = "0x8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48";
export const CHARLIE = "0x90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22";
export const DAVE = "0x306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20";

/** A file of the story. */
export const file = (name) => join(STORY, name);
/** The password of every key file of the story. */
export const PROTECTED = ["--password-file", file("password")];
/** What the story brought onto the ledger. */
export const story = () => JSON.parse(readFileSync(file("story.json"), "utf8"));

/** Starts the browser. */
export function start() {
	mkdirSync(ARTEFACTS, { recursive: true });
	// The browser's own sandbox does not work for root, as which containers run.
	return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
}

/** Runs the command line for an account; returns what it says. */
export function curex(account, ...words) {
	const options = ["--dev", account, "--node", NODE_ADDRESS, "--state", file(`state-${account.slice(2)}`), "--json"];
	// What a command says when it fails is part of the failure that a test tells.
	const told = execFileSync(CUREX, [...options, ...words], { encoding: "utf8", stdio: "pipe" });
	return JSON.parse(told || "{}");
}

/** Waits for something that takes a while to be so; returns what it gives. */
export async function until(what, isSo) {
	let last;
	for (let turn = 0; turn < 240; turn += 1) {
		try {
			const given = await isSo();
			if (given) return given;
		} catch (error) {
			last = error;
		}
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
	assert.fail(`${what}: not within two minutes. ${last?.stdout ?? last ?? ""}`);
}

/** Runs axe-core on a page; returns what it finds wrong. */
export async function violationsOf(page) {
	await page.addScriptTag({ path: AXE });
	const { violations } = await page.evaluate(
		(values) => globalThis.axe.run({ runOnly: { type: "tag", values } }),
		RULES,
	);
	return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
}

/** Opens a page in a context of its own; what it loads from elsewhere, and complains of, is among its troubles. */
export async function open(browser, address, options = {}) {
	const context = await browser.newContext({ reducedMotion: "reduce", ...options });
	const page = await context.newPage();
	const troubles = [];
	page.on("request", (request) => {
		if (new URL(request.url()).origin !== new URL(address).origin) troubles.push(request.url());
	});
	page.on("pageerror", (error) => troubles.push(error.message));
	page.on("console", (message) => {
		// A status that is an error is told on the console as well.
		if (message.type() === "error" && !message.text().includes("Failed to load resource")) {
			troubles.push(message.text());
		}
	});
	await page.goto(address);
	return { page, close: () => context.close(), troubles };
}
