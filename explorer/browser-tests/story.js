// What happens on the ledger of the hospital (for which //Alice and //Bob act) before the tests look at it: a clinic (//Dave) and
// an authority (//Charlie) are admitted; data go to the clinic in an emergency and under a consent; the emergency is reviewed;
// an assessment, a breach with its notice, an anchored access log, a permit, and a hold. The folder STORY keeps keys, receipts and
// story.json, which names the records.
import { mkdirSync, writeFileSync } from "node:fs";
import { BOB, CHARLIE, curex, DAVE, file, PROTECTED, until } from "./support.js";

const CLINIC = [...PROTECTED, "--encryption-key", file("clinic.key")];
const HOSPITAL = [...PROTECTED, "--encryption-key", file("hospital.key")];
const DAY = 864e5;
const day = (days) => new Date(Date.now() + days * DAY).toISOString();

/** Writes a file of the story; returns its path. */
function write(name, content) {
	writeFileSync(file(name), typeof content === "string" ? content : JSON.stringify(content));
	return file(name);
}

mkdirSync(file("."), { recursive: true });
write("password", "a long password for a test\n");
const keys = {};
for (const name of ["hospital", "clinic", "authority"]) {
	keys[name] = curex("//Alice", ...PROTECTED, "keys", "generate", "--kind", "encryption", "--out", file(`${name}.key`)).public;
}
curex("//Alice", ...PROTECTED, "organisation", "rotate-encryption-key", file("hospital.key"));
const admit = (kind, key, name, administrator, ...more) =>
	curex("//Alice", "council", "propose", "--threshold", "1", "admit", "--kind", kind, "--country", "GR",
		"--public-encryption-key", key.replace("0x", ""), "--name", name, "--administrator", administrator, ...more);
admit("care-centre", keys.clinic, "Clinic of Chania", DAVE);
const admitted = admit("authority", keys.authority, "Data Protection Authority", CHARLIE, "--competences",
	"data-protection,network-security,health-data-access");
curex("//Dave", "organisation", "set-delegate", DAVE, "--duties", "administration,exchange,emergency,oversight,security-report");
curex("//Charlie", "organisation", "set-delegate", CHARLIE, "--duties", "administration,oversight,review");
curex("//Alice", "organisation", "set-delegate", BOB, "--duties", "consent,exchange,review,oversight");

// The hospital's patient agrees, and the clinic asks.
const consentSpec = (grantee) => ({
	grantee, purposes: ["treatment"], categories: ["test-result"], "access-modes": ["view"], "valid-until": day(31),
	"max-uses": 3, notice: { language: "en", text: "I agree" }, "collection-method": "on paper", "policy-version": 1,
});
const consent = curex("//Bob", "consent", "file", "--spec", write("consent.json", consentSpec({ organisation: 1 })),
	"--receipt", file("used-receipt.json")).consent;
const asked = {
	partner: 0, gate: { consent }, purpose: "treatment", categories: ["test-result"],
	patient: {
		identifiers: [{ system: "urn:oid:1.2.3.4", value: "4711" }], family: "Papadopoulou", given: ["Eleni"],
		"birth-date": "1956-05-27",
	},
	professional: { identifier: "17", name: "Dr. Georgiou", role: "physician" }, "care-relationship": "treating",
};
const document = write("result.hl7", [
	"MSH|^~\\&|LAB|GENERAL|GP|CENTRE|20261128101500||ORU^R01^ORU_R01|42|P|2.5.1||||||UNICODE UTF-8",
	"PID|1||4711^^^&1.2.3.4&ISO||Papadopoulou^Eleni||19560527|F", "OBX|1|NM|718-7^HGB^LN||13.2|g/dL", "",
].join("\r"));
const request = write("request.json", asked);

/** The holder answers as soon as the request is final; the clinic receives and acknowledges. */
async function concluded({ exchange, block_number: begun }) {
	await until("the answer", () => curex("//Bob", ...HOSPITAL, "answer", exchange, "--document", document));
	curex("//Dave", ...CLINIC, "receive", exchange, "--out", file(`${exchange}.hl7`));
	return { exchange, begun };
}
const glass = await concluded(curex("//Dave", ...CLINIC, "break-glass", "--spec", request, "--ground", "unconscious",
	"--evidence-file", write("evidence.txt", "Found unconscious."), "--out", file("glass.hl7"), "--no-wait"));
curex("//Charlie", "review", glass.exchange, "--verdict", "justified", "--reasons-file", write("reasons.txt", "It was so."));
const assessment = curex("//Dave", "assessment", "record", "--cyber", "moderate", "--privacy", "low", "--patient-safety",
	"low", "--basis-file", write("basis.txt", "An audit."));
const agreed = curex("//Dave", ...CLINIC, "request", "--spec", request, "--out", file("agreed.hl7"), "--no-wait");
// A person accepts that the clinic's assessment is its own word, if the ledger asks for that.
await until("the request", () => curex("//Alice", "status", "--exchange", agreed.exchange).finalised_state);
if (curex("//Alice", "status", "--exchange", agreed.exchange).finalised_state === "held") {
	curex("//Bob", "release", agreed.exchange, "--reason", "clinical-need");
}
const exchange = await concluded(agreed);
// Nobody answers this one.
const unanswered = curex("//Dave", ...CLINIC, "request", "--spec", request, "--out", file("none.hl7"), "--no-wait").exchange;

const { breach } = curex("//Bob", "breach", "open", "--detected", day(-0.1), "--regimes", "data-protection,network-security",
	"--affected-from", day(-30), "--affected-until", day(0), "--case-file", write("case.txt", "A laptop was lost."));
curex("//Bob", "breach", "notify", String(breach), "--notice", "early-warning", "--notice-file", write("notice.txt", "We lost it."));
const { permit } = curex("//Charlie", "permit", "grant", "--out", file("permit.opening"), "--spec", write("permit.json", {
	user: 1, purpose: "research", categories: ["test-result"], format: "pseudonymised", "valid-until": day(300),
	conditions: ["health-research"], environment: "Environment 7", document: "Permit 17",
	justification: "The course of a disease over years",
}));
curex("//Charlie", "hold", "exchange", glass.exchange);

writeFileSync(file("story.json"), JSON.stringify({
	consent, glass, exchange, unanswered, breach, permit, assessed: assessment.block_number, admitted: admitted.block_number,
}, null, "\t"));
