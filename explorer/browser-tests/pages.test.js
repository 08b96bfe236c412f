// Every page of an explorer in Chromium: accessibility (axe-core, WCAG 2.2 AA) in both colour schemes and in forced
// colours, reflow at 320 pixels and at 400 % zoom, the keyboard alone, without scripts, in German, on paper; and that nothing
// is loaded from elsewhere.
//
// EXPLORER is the address of an open explorer with generated exchanges, CLOSED of one where people sign in. PROVING and
// OFFICE are the same with the node of a consortium of one hospital (NODE_ADDRESS), for which //Alice acts, after what story.js
// did there; CUREX is the command line, CHROMIUM the browser, ARTEFACTS the folder for screenshots.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { curex, NARROW, open as openIn, start, story, until, violationsOf } from "./support.js";

const { EXPLORER, CLOSED, PROVING, OFFICE, ARTEFACTS } = process.env;
/** What is left of a window of 1280 × 1024 pixels at 400 % zoom. */
const ZOOMED = { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 };
const KINDS = [
	"organisations", "accounts", "consents", "exchanges", "reviews", "permits", "erasures", "inquiries", "breaches",
	"anchors", "inventories", "alerts", "assessments", "plans",
];

let browser;
/** Address and name of every page. */
let pages;
const told = story();

/** Opens a page in a context of its own. */
const open = (address, options) => openIn(browser, address, options);

before(async () => {
	browser = await start();
	const list = await (await fetch(`${EXPLORER}/api/v1/exchanges?limit=1`)).json();
	const { id, consent } = list.items[0];
	const own = (path, name) => ({ address: EXPLORER + path, name });
	const real = (path, name) => ({ address: PROVING + path, name: `ledger-${name}` });
	const { exchange, glass } = told;
	/** After the block with which the exchange began, nobody had answered. */
	const then = exchange.begun;
	pages = [
		own("/", "overview"), own("/about", "about"), own("/patient", "patient"), own("/questions", "questions"), own("/trends", "trends"), own("/network", "network"), own("/search", "search"),
		own("/blocks", "blocks"), own("/blocks/3", "block"),
		own("/transactions/3-0", "transaction"), own("/search?q=hospital", "search-results"), own("/nowhere", "not-found"),
		...KINDS.map((kind) => own(`/${kind}`, kind)), own("/organisations/3", "organisation"),
		own(`/exchanges/${id}`, "exchange"), own(`/exchanges/${id}/dossier`, "dossier"),
		own(`/consents/${consent}`, "consent"), own("/exchanges?state=not-served&organisation=3", "filtered"),
		own("/print/exchanges?state=not-served", "sheet"), own("/exchanges?at=3", "past"),
		own(`/exchanges/${id}?at=22`, "exchange-past"), own("/print/exchanges?at=3", "sheet-past"), own("/exchanges?state=nonsense", "nothing-found"),
		own("/exchanges?at=rubbish", "unreadable"),
		{ address: CLOSED, name: "public" }, { address: `${CLOSED}/sign-in`, name: "sign-in" },
		{ address: `${CLOSED}/exchanges`, name: "refused" },
		real("/", "overview"), real("/network", "network"), real("/questions", "questions"), real("/trends", "trends"),
		real("/exchanges", "exchanges"), real(`/exchanges?at=${then}`, "past"),
		real(`/exchanges/${exchange.exchange}`, "exchange"), real(`/exchanges/${exchange.exchange}?at=${then}`, "exchange-past"),
		real(`/exchanges/${exchange.exchange}/verify`, "exchange-proof"),
		real(`/exchanges/${exchange.exchange}/verify?at=${then}`, "exchange-past-proof"),
		real(`/exchanges/${exchange.exchange}/dossier`, "dossier"), real(`/exchanges/${glass.exchange}`, "glass"),
		real(`/exchanges/${glass.exchange}/dossier`, "glass-dossier"),
		real("/reviews", "reviews"), real(`/reviews/${glass.exchange}`, "review"),
		real(`/reviews/${glass.exchange}/verify`, "review-proof"), real(`/breaches/${told.breach}`, "breach"),
		real(`/permits/${told.permit}`, "permit"), real("/assessments", "assessments"),
		real(`/consents/${told.consent}`, "consent"), real("/organisations/1", "organisation"), real("/print/exchanges", "sheet"),
		real(`/blocks/${glass.begun}`, "block"), real(`/transactions/${glass.begun}-1`, "transaction"),
		real(`/transactions/${told.admitted}-1`, "motion"), real(`/search?q=${glass.exchange}`, "search"),
		{ address: `${PROVING}/organisations/0/verify`, name: "proof-of-record" },
		{ address: `${PROVING}/transactions/1-0/verify`, name: "proof-of-transaction" },
	];
	await until("the story in the index", async () => {
		const answers = await Promise.all([
			fetch(`${PROVING}/permits/${told.permit}`), fetch(`${OFFICE}/trust-root.json`), fetch(pages.at(-1).address),
		]);
		return answers.every((answer) => answer.ok);
	});
});

after(() => browser?.close());

for (const colorScheme of ["light", "dark"]) {
	test(`no page violates a rule of accessibility, ${colorScheme}`, async () => {
		for (const { address, name } of pages) {
			const { page, close, troubles } = await open(address, { colorScheme, bypassCSP: true });
			const violations = await violationsOf(page);
			await page.screenshot({ path: `${ARTEFACTS}/${name}-${colorScheme}.png`, fullPage: true });
			assert.deepEqual(violations, [], `${name}\n${violations.join("\n")}`);
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

test("at 400 % zoom every page reads from top to bottom", async () => {
	for (const { address, name } of pages) {
		const { page, close } = await open(address, ZOOMED);
		const { width, covered } = await page.evaluate(() => ({
			width: document.documentElement.scrollWidth,
			// What stays in place while the page is scrolled would cover most of what is left.
			covered: [...document.querySelectorAll("body *")]
				.filter((element) => ["fixed", "sticky"].includes(getComputedStyle(element).position))
				.map((element) => element.outerHTML),
		}));
		assert.ok(width <= ZOOMED.viewport.width, `${name} is ${width} pixels wide`);
		assert.deepEqual(covered, [], name);
		await page.locator("h1").scrollIntoViewIfNeeded();
		await page.screenshot({ path: `${ARTEFACTS}/${name}-zoomed.png` });
		await close();
	}
});

test("in forced colours nothing is lost", async () => {
	for (const { address, name } of pages) {
		const { page, close } = await open(address, { forcedColors: "active", bypassCSP: true });
		await page.screenshot({ path: `${ARTEFACTS}/${name}-forced.png` });
		assert.deepEqual(await violationsOf(page), [], name);
		await close();
	}
});

test("the browser proves records and transactions itself, those of an exchange and of its past among them", async () => {
	const { exchange, begun } = told.exchange;
	for (const path of [
		"/organisations/0/verify", "/transactions/1-0/verify", `/exchanges/${exchange}/verify`,
		`/exchanges/${exchange}/verify?at=${begun}`, `/reviews/${told.glass.exchange}/verify?at=now`,
		`/transactions/${told.glass.begun}-1/verify`,
	]) {
		const { page, close, troubles } = await open(PROVING + path);
		assert.match(await page.locator(".verdict").first().innerText(), /Everything that is shown is proven/);
		await page.locator("#browser-verify").click();
		const verdict = page.locator("#browser-verdict .verdict");
		await verdict.waitFor({ timeout: 60_000 });
		assert.ok((await verdict.getAttribute("class")).includes("good"), await verdict.innerText());
		assert.deepEqual(troubles, []);
		await close();
	}
});

test("a page that stands open says that a block was indexed", async () => {
	const { page, close, troubles } = await open(PROVING);
	const notice = page.locator("#live");
	await notice.waitFor({ state: "visible", timeout: 120_000 });
	assert.match(await notice.innerText(), /^Block \d+ was indexed/);
	await notice.getByRole("link").click();
	await page.waitForLoadState();
	assert.deepEqual(troubles, []);
	await close();
});

test("the hospital's protection officer signs in, looks, and signs out", async () => {
	const { link } = curex("//Alice", "sign-in", OFFICE);
	const { page, close, troubles } = await open(new URL(link, OFFICE).href, { bypassCSP: true });
	assert.deepEqual(await violationsOf(page), [], "ticket");
	await page.getByRole("button", { name: "Continue" }).click();
	await page.waitForURL(`${OFFICE}/`);
	for (const path of ["/", "/organisations/0", "/accounts", "/questions", "/trends", "/blocks/1", "/query-log"]) {
		await page.goto(OFFICE + path);
		assert.deepEqual(await violationsOf(page), [], path);
		const name = path.replaceAll("/", "-");
		await page.screenshot({ path: `${ARTEFACTS}/signed-in${name}.png`, fullPage: true });
	}
	// What was asked is written down.
	assert.match(await page.locator("main table").innerText(), /\/organisations\/0/);
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.waitForURL(`${OFFICE}/`);
	assert.equal((await page.goto(`${OFFICE}/accounts`)).status(), 401);
	assert.deepEqual(troubles, []);
	await close();
});

test("in German every page has its words, and fits", async () => {
	const english = [];
	for (const { address, name } of pages) {
		const { page, close } = await open(address, { locale: "de", viewport: NARROW, bypassCSP: true });
		assert.equal(await page.locator("html").getAttribute("lang"), "de", name);
		assert.deepEqual(await violationsOf(page), [], name);
		const width = await page.evaluate(() => document.documentElement.scrollWidth);
		assert.ok(width <= NARROW.width, `${name} is ${width} pixels wide`);
		await page.screenshot({ path: `${ARTEFACTS}/${name}-german.png`, fullPage: true });
		const left = await page.locator("[lang=en]:not(button)").allInnerTexts();
		if (left.length > 0) english.push(`${name}: ${[...new Set(left)].join(" | ")}`);
		await close();
	}
	assert.deepEqual(english, []);
});

test("the keyboard alone goes back in time, and the page says so", async () => {
	const { exchange, begun } = told.exchange;
	const { page, close, troubles } = await open(`${PROVING}/exchanges/${exchange}`);
	assert.match(await page.locator(".state").first().innerText(), /acknowledged/);
	for (let turn = 0; turn < 120 && (await page.evaluate(() => document.activeElement.id)) !== "at"; turn += 1) {
		await page.keyboard.press("Tab");
	}
	await page.keyboard.type(String(begun));
	await page.keyboard.press("Enter");
	await page.waitForURL(/\?at=/);
	assert.match(await page.locator(".note:not(#live)").first().innerText(), new RegExp(`As it stood after block ${begun}`));
	assert.doesNotMatch(await page.locator(".state").first().innerText(), /acknowledged/);
	await page.getByRole("link", { name: "As it stands now" }).click();
	assert.match(await page.locator(".state").first().innerText(), /acknowledged/);
	assert.deepEqual(troubles, []);
	await close();
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
