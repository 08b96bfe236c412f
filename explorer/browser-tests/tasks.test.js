// The tasks of people on the ledger of a consortium of one hospital: a patient who looks and withdraws, an authority that opens
// an inquiry and reads the answer. OFFICE is an explorer where people sign in, with the hospital's node (NODE_ADDRESS), for which
// //Alice acts; CUREX is the command line, CHROMIUM the browser, ARTEFACTS the folder for screenshots.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { curex, file, NARROW, open as openIn, PROTECTED, start, until, violationsOf } from "./support.js";

const { OFFICE, ARTEFACTS } = process.env;

let browser;
/** The codes of a receipt, as they stand on paper. */
let view;
let withdrawal;
let consent;

/** Runs axe-core on a page, and keeps a picture of it. */
async function look(page, name) {
	const violations = await violationsOf(page);
	await page.screenshot({ path: `${ARTEFACTS}/${name}.png`, fullPage: true });
	assert.deepEqual(violations, [], name);
}

/** Opens a page in a context of its own, in which axe-core may run. */
const open = (address, options) => openIn(browser, address, { bypassCSP: true, ...options });

/** Signs an account in; returns its page. */
async function signedIn(account, options) {
	const { link } = curex(account, "sign-in", OFFICE);
	const opened = await open(new URL(link, OFFICE).href, options);
	await opened.page.getByRole("button", { name: "Continue" }).click();
	await opened.page.waitForURL(`${OFFICE}/`);
	return opened;
}

/** Signs what a page prepared on another machine, as it were, hands it in, and waits until it is final. */
async function signAndHandIn(page, account) {
	const [download] = await Promise.all([
		page.waitForEvent("download"), page.getByRole("link", { name: "Prepared file" }).click(),
	]);
	await download.saveAs(file("prepared.json"));
	const { signature } = curex(account, "inquiry", "sign", file("prepared.json"), "--yes");
	await page.getByLabel("Signature in hexadecimal").fill(signature);
	await page.getByRole("button", { name: "Hand it in" }).click();
	await until("what was handed in to be final", async () => {
		await page.goto(`${OFFICE}/inquiries/draft`);
		return (await page.locator("main").innerText()).includes("It is final.");
	});
}

before(async () => {
	browser = await start();
	await until("the first blocks", async () => (await fetch(`${OFFICE}/trust-root.json`)).ok);
	const spec = {
		grantee: { kind: "care-centre" }, purposes: ["treatment"], categories: ["patient-summary"],
		"access-modes": ["view"], "valid-until": new Date(Date.now() + 31 * 864e5).toISOString(), "max-uses": 3,
		notice: { language: "en", text: "I agree" }, "collection-method": "on paper", "policy-version": 1,
	};
	writeFileSync(file("spec.json"), JSON.stringify(spec));
	curex("//Bob", "consent", "file", "--spec", file("spec.json"), "--receipt", file("receipt.json"));
	const receipt = JSON.parse(readFileSync(file("receipt.json"), "utf8"));
	consent = receipt.record_id;
	const bare = (text) => text.replace("0x", "").toUpperCase();
	const code = (kind, secret) => `CUREX:${kind}:${[receipt.ledger, consent, secret].map(bare).join(":")}`;
	view = code("V", receipt.viewing_code);
	withdrawal = code("W", receipt.withdrawal_code);
});

after(async () => {
	await browser?.close();
});

test("a patient sees the own consent with the viewing code, by keyboard alone, and its proof", async () => {
	const { page, close } = await open(`${OFFICE}/patient`);
	await look(page, "patient");
	const typed = view.replace(/(.{40})/g, "$1\n");
	await page.keyboard.press("Tab");
	for (let turn = 0; turn < 40 && (await page.evaluate(() => document.activeElement.id)) !== "code"; turn += 1) {
		await page.keyboard.press("Tab");
	}
	await page.keyboard.insertText(typed);
	await page.keyboard.press("Tab");
	await page.keyboard.press("Enter");
	await page.waitForURL(`${OFFICE}/patient/consent`);
	await until("the consent in the index", async () => {
		await page.reload();
		return page.getByRole("link", { name: "Verify", exact: true }).isVisible();
	});
	assert.match(await page.locator("main").innerText(), /It is in force[^]*patient summary[^]*Nobody asked/);
	await look(page, "patient-consent");
	await page.getByRole("link", { name: "Verify", exact: true }).click();
	assert.match(await page.locator(".verdict").first().innerText(), /Everything that is shown is proven/);
	assert.ok(!page.url().includes(consent.slice(2)), page.url());
	await look(page, "patient-proof");
	await close();
});

test("a wrong code is told in place, at 320 pixels and in German as well", async () => {
	for (const locale of ["en", "de"]) {
		const { page, close } = await open(`${OFFICE}/patient`, { viewport: NARROW, locale });
		await page.locator("#code").fill(view.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")));
		await page.locator("#code + button").click();
		assert.match(await page.getByRole("alert").innerText(), locale === "de" ? /öffnet hier nichts/ : /opens nothing/);
		assert.equal(await page.locator("html").getAttribute("lang"), locale);
		assert.equal(await page.locator("#code").inputValue(), "");
		assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
		await look(page, `patient-wrong-${locale}`);
		await close();
	}
});

test("the chosen language stays", async () => {
	const { page, close } = await open(`${OFFICE}/about`, { locale: "en-GB" });
	await page.getByRole("button", { name: "Deutsch" }).click();
	await page.waitForURL(`${OFFICE}/about`);
	assert.match(await page.locator("h1").innerText(), /Was ein Beweis zeigt/);
	await page.goto(`${OFFICE}/patient`);
	assert.match(await page.locator("h1").innerText(), /Ihre Einwilligung/);
	await look(page, "patient-german");
	await close();
});

test("an authority opens an inquiry that is signed elsewhere, and reads what is disclosed", async () => {
	await until("the authority in the index", async () => {
		curex("//Charlie", "sign-in", OFFICE);
		return true;
	});
	const { page, close } = await signedIn("//Charlie");
	await page.goto(`${OFFICE}/consents/${consent}`);
	await look(page, "authority-consent");
	await page.getByRole("link", { name: "Open an inquiry about it" }).click();
	await page.waitForURL(/\/inquiries\/new\?about=/);
	writeFileSync(file("case.txt"), "Complaint 17 of 2026");
	const { commitment } = curex("//Charlie", "inquiry", "case", file("case.txt"), "--about", consent, "--out",
		file("opening.json"));
	await page.getByLabel("Commitment to your case file").fill(commitment);
	await look(page, "inquiry-new");
	await page.getByRole("button", { name: "Prepare it" }).click();
	await page.waitForURL(`${OFFICE}/inquiries/draft`);
	await look(page, "inquiry-draft");
	await signAndHandIn(page, "//Charlie");
	await look(page, "inquiry-final");
	writeFileSync(file("answer.txt"), "Nobody looked at it.");
	curex("//Alice", "inquiry", "disclose", "0", "--content", file("answer.txt"), "--out", file("answer.sealed"), "--keep",
		file("answer.opening"));
	await until("the answer in the index", async () => {
		await page.goto(`${OFFICE}/inquiries/0`);
		return (await page.locator("main").innerText()).includes("Read the disclosure");
	});
	await look(page, "inquiry-disclosed");
	curex("//Charlie", ...PROTECTED, "--encryption-key", file("authority.key"), "inquiry", "receive", "0", "--sealed",
		file("answer.sealed"), "--out", file("opened.txt"));
	assert.equal(readFileSync(file("opened.txt"), "utf8"), "Nobody looked at it.");
	for (const path of ["/", "/consents", "/inquiries", "/organisations/2", "/questions", "/inquiries/0/verify"]) {
		await page.goto(OFFICE + path);
		await look(page, `authority${path.replaceAll("/", "-")}`);
	}
	await close();
});

test("an authority withdraws an inquiry, and whom it asks refuses another, without scripts and signed elsewhere", async () => {
	// The first inquiry was answered; these are the second and the third.
	for (const number of [1, 2]) {
		const opened = curex("//Charlie", "inquiry", "open", "--organisation", "0", "--field", "data-protection", "--about", consent,
			"--days", "14", "--case-file", file("case.txt"));
		assert.equal(opened.inquiry, number);
	}
	for (const [account, number, link, state] of [
		["//Charlie", 1, "Withdraw this inquiry", "withdrawn"], ["//Bob", 2, "Refuse to disclose", "refused"],
	]) {
		const { page, close } = await signedIn(account, { javaScriptEnabled: false });
		await until("the inquiry in the index", async () => {
			await page.goto(`${OFFICE}/inquiries/${number}`);
			return page.getByRole("link", { name: link }).isVisible();
		});
		await page.getByRole("link", { name: link }).click();
		if (state === "refused") {
			writeFileSync(file("reasons.txt"), "Our lawyers wrote it.");
			const { commitment } = curex(account, "inquiry", "reasons", file("reasons.txt"), "--inquiry", String(number), "--out",
				file("reasons.opening"));
			await page.getByLabel("Ground").selectOption("privileged");
			await page.getByLabel("Commitment to your reasons").fill(commitment);
		}
		await page.screenshot({ path: `${ARTEFACTS}/inquiry-${state}.png`, fullPage: true });
		await page.getByRole("button", { name: "Prepare it" }).click();
		await page.waitForURL(`${OFFICE}/inquiries/draft`);
		await signAndHandIn(page, account);
		await until("the end of the inquiry in the index", async () => {
			await page.goto(`${OFFICE}/inquiries/${number}`);
			return (await page.locator(".state").first().innerText()) === state;
		});
		assert.equal(await page.getByRole("link", { name: link }).count(), 0);
		await close();
	}
});

test("a patient withdraws in two steps, with scripts switched off", async () => {
	const { page, close } = await open(`${OFFICE}/patient`, { javaScriptEnabled: false });
	await page.locator("#code").fill(withdrawal);
	await page.getByRole("button", { name: "Continue" }).click();
	await page.waitForURL(`${OFFICE}/patient/withdrawal`);
	assert.match(await page.locator("main").innerText(), /Nothing has happened yet/);
	await page.screenshot({ path: `${ARTEFACTS}/patient-confirm.png`, fullPage: true });
	await page.getByRole("button", { name: "Withdraw for good" }).click();
	await until("the withdrawal to be final", async () => {
		await page.goto(`${OFFICE}/patient/withdrawal`);
		return (await page.locator("main").innerText()).includes("It is final.");
	});
	await page.screenshot({ path: `${ARTEFACTS}/patient-withdrawn.png`, fullPage: true });
	await close();
	const again = await open(`${OFFICE}/patient`);
	await again.page.locator("#code").fill(view);
	await again.page.getByRole("button", { name: "Continue" }).click();
	await until("the withdrawal in the index", async () => {
		await again.page.goto(`${OFFICE}/patient/consent`);
		return (await again.page.locator("main").innerText()).includes("You withdrew it");
	});
	await look(again.page, "patient-after-withdrawal");
	await again.close();
});
