// Checks the evidence bundle of this page in the browser, with the verifier as a WebAssembly module. Everything that
// people read stands in the page; here is only what happens.
"use strict";

const box = document.getElementById("browser-proof");

/** Bytes of an address of this explorer. */
async function load(address) {
	const answer = await fetch(address, { credentials: "same-origin", redirect: "error" });
	if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
	return new Uint8Array(await answer.arrayBuffer());
}

/** What the module says of a bundle under a trust root. */
async function check(module, bundle, root) {
	const { exports } = await WebAssembly.instantiate(module, {});
	const give = (bytes) => {
		const place = exports.allocate(bytes.length);
		new Uint8Array(exports.memory.buffer, place, bytes.length).set(bytes);
		return place;
	};
	const [one, other] = [give(bundle), give(root)];
	const answer = exports.check(one, bundle.length, other, root.length);
	const length = new DataView(exports.memory.buffer).getUint32(answer, true);
	const text = new Uint8Array(exports.memory.buffer, answer + 4, length);
	return JSON.parse(new TextDecoder().decode(text));
}

/** A row of the list of what was proven. */
function row(list, name, value) {
	const line = document.createElement("div");
	const term = document.createElement("dt");
	const detail = document.createElement("dd");
	term.textContent = name;
	detail.textContent = value;
	detail.className = "long";
	line.append(term, detail);
	list.append(line);
}

function show(good, text, told) {
	const words = box.dataset;
	const verdict = document.createElement("p");
	verdict.className = good ? "verdict good" : "verdict bad";
	verdict.textContent = text;
	const list = document.createElement("dl");
	list.className = "fields";
	if (told) {
		row(list, words.block, `${told.block}, ${told.block_hash}`);
		row(list, words.justified, told.justified_by);
		row(list, words.set, told.authority_set);
		row(list, words.genesis, told.genesis);
		const own = told.values.find((entry) => entry.key === words.key);
		if (own) row(list, words.bytes, own.value);
		if (told.extrinsic) row(list, words.bytes, told.extrinsic.bytes);
	}
	const place = document.getElementById("browser-verdict");
	place.replaceChildren(verdict, ...(told ? [list] : []));
}

/** Whether the bundle is about what the page shows. */
function isAbout(told) {
	const words = box.dataset;
	if (`${told.block}` !== words.number) return false;
	if (words.key) return told.values.some((entry) => entry.key === words.key);
	return Boolean(told.extrinsic) && `${told.extrinsic.index}` === words.position;
}

async function verify() {
	const words = box.dataset;
	const button = document.getElementById("browser-verify");
	button.disabled = true;
	try {
		const file = document.getElementById("browser-root").files[0];
		const root = file ? new Uint8Array(await file.arrayBuffer()) : await load("/trust-root.json");
		const [code, bundle] = await Promise.all([load("/verifier.wasm"), load(words.bundle)]);
		const told = await check(await WebAssembly.compile(code), bundle, root);
		if (!told.proven) show(false, `${words.refused} ${told.reason}`);
		else if (!isAbout(told)) show(false, words.other, told);
		else show(true, file ? words.own : words.given, told);
	} catch (error) {
		show(false, `${words.failed} ${error.message}`);
	}
	button.disabled = false;
}

if (box && typeof WebAssembly === "object") {
	document.getElementById("browser-verify").addEventListener("click", verify);
	box.hidden = false;
}
