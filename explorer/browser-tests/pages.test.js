// Every page of an explorer in Chromium: accessibility (axe-core, WCAG 2.2 AA) in both colour schemes, reflow at 320
// pixels, the keyboard alone, without scripts, on paper; and that nothing is loaded from elsewhere.
//
// EXPLORER is the address of an open explorer with generated exchanges, CLOSED of one where people sign in, CHROMIUM
// the browser, ARTEFACTS the folder for screenshots.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const { EXPLORER, CLOSED, CHROMIUM, ARTEFACTS } = process.env;
const AXE = createRequire(import.meta.url).resolve("axe-core");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** CSS pixels (WCAG 2.2, 1.4.10). */
const NARROW = { width: 320, height: 640 };
const KINDS = [
	"organisations", "accounts", "consents", "exchanges", "reviews", "permits", "erasures", "inquiries", "breaches",
	"anchors", "inventories", "alerts", "assessments", "plans",
];

let browser;
/** Address and name of every page. */
let pages;

before(async () => {
	mkdirSync(ARTEFACTS, { recursive: true });
	// The browser's own sandbox does not work for root, as which containers run.
	browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
	const list = await (await fetch(`${EXPLORER}/api/v1/exchanges?limit=1`)).json();
	const { id, consent } = list.items[0];
	const own = (path, name) => ({ address: EXPLORER + path, name });
	pages = [
		own("/", "overview"), own("/about", "about"), own("/questions", "questions"),
		own("/blocks", "blocks"), own("/blocks/3", "block"),
		own("/transactions/3-0", "transaction"), own("/search?q=hospital", "search"), own("/nowhere", "not-found"),
		...KINDS.map((kind) => own(`/${kind}`, kind)), own("/organisations/3", "organisation"),
		own(`/exchanges/${id}`, "exchange"), own(`/exchanges/${id}/dossier`, "dossier"),
		own(`/consents/${consent}`, "consent"), own("/exchanges?state=not-served&organisation=3", "filtered"),
		{ address: CLOSED, name: "public" }, { address: `${CLOSED}/sign-in`, name: "sign-in" },
		{ address: `${CLOSED}/exchanges`, name: "refused" },
	];
});

after(() => browser?.close());

/** Opens a page in a context of its own, and fails if it loads anything from elsewhere or complains. */
async function open(address, options = {}) {
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

for (const colorScheme of ["light", "dark"]) {
	test(`no page violates a rule of accessibility, ${colorScheme}`, async () => {
		for (const { address, name } of pages) {
			const { page, close, troubles } = await open(address, { colorScheme, bypassCSP: true });
			await page.addScriptTag({ path: AXE });
			const { violations } = await page.evaluate(
				(values) => globalThis.axe.run({ runOnly: { type: "tag", values } }),
				RULES,
			);
			await page.screenshot({ path: `${ARTEFACTS}/${name}-${colorScheme}.png`, fullPage: true });
			const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
			assert.deepEqual(told, [], `${name}\n${told.join("\n")}`);
			assert.deepEqual(troubles, [], name);
			await close();
		}
	});
}

test("no page is wider than 320 pixels, and targets are large enough", async () => {
	for (const { address, name } of pages) {
		const { page, close } = await open(address, { viewport: NARROW });
		const { width, small } = await page.evaluate(() => ({
			width: document.documentElement.scrollWidth,
			small: [...document.querySelectorAll("button, input:not([type=hidden]), select, .button")]
				.filter((element) => element.getClientRects().length > 0)
				.filter((element) => element.getBoundingClientRect().height < 24)
				.map((element) => element.outerHTML),
		}));
		await page.screenshot({ path: `${ARTEFACTS}/${name}-narrow.png` });
		assert.ok(width <= NARROW.width, `${name} is ${width} pixels wide`);
		assert.deepEqual(small, [], name);
		await close();
	}
});

test("with scripts switched off every page says the same", async () => {
	for (const { address, name } of pages) {
		const { page, close } = await open(address, { javaScriptEnabled: false });
		const heading = await page.locator("h1").innerText();
		assert.ok(heading.length > 2, name);
		assert.equal(await page.locator("main").count(), 1, name);
		await close();
	}
});

test("the keyboard alone finds an exchange and its proof", async () => {
	const { page, close } = await open(EXPLORER);
	await page.keyboard.press("Tab");
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
	await page.keyboard.press("Enter");
	assert.equal(await page.evaluate(() => location.hash), "#content");
	await page.goto(`${EXPLORER}/exchanges?limit=1`);
	const press = async (wanted) => {
		for (let turn = 0; turn < 80; turn += 1) {
			await page.keyboard.press("Tab");
			const focused = await page.evaluate(() => {
				const element = document.activeElement;
				const { outlineStyle, outlineWidth } = getComputedStyle(element);
				return { text: element.textContent.trim(), visible: outlineStyle !== "none" && outlineWidth !== "0px" };
			});
			if (focused.text !== "") assert.ok(focused.visible, `the focus on ${focused.text} cannot be seen`);
			if (wanted(focused.text)) return;
		}
		assert.fail("not reached with the keyboard");
	};
	await press((text) => text.startsWith("0x"));
	await page.keyboard.press("Enter");
	await page.waitForURL(/\/exchanges\/0x/);
	await press((text) => text === "Verify");
	await close();
});

test("a search from the box of any page leads to its records", async () => {
	const { page, close } = await open(`${EXPLORER}/about`);
	await page.getByLabel("Search").fill("hospital 3");
	await page.keyboard.press("Enter");
	await page.waitForURL(/\/search\?q=/);
	await page.locator("main").getByRole("link", { name: /Organisation/ }).first().click();
	await page.waitForURL(/\/organisations\/3$/);
	await close();
});

test("on paper there is no navigation, and everything that is folded is open", async () => {
	const { address } = pages.find(({ name }) => name === "dossier");
	const { page, close } = await open(address);
	await page.emulateMedia({ media: "print" });
	assert.equal(await page.locator(".top nav").isVisible(), false);
	const hidden = await page.evaluate(
		() => [...document.querySelectorAll("details > :not(summary)")].filter(
			(element) => !element.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }),
		).length,
	);
	assert.equal(hidden, 0);
	await page.pdf({ path: `${ARTEFACTS}/dossier.pdf`, format: "A4" });
	await close();
});

test("the overview is there to use within a second", async () => {
	const { page, close } = await open(EXPLORER);
	await page.reload();
	const interactive = await page.evaluate(
		() => performance.getEntriesByType("navigation")[0].domInteractive,
	);
	console.log(`overview interactive after ${Math.round(interactive)} ms`);
	assert.ok(Number.isFinite(interactive));
	await close();
});
