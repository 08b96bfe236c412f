// A node as the client libraries of the ecosystem see it: standard RPC, metadata, types, signed transactions. What
// polkadot.js Apps and the PAPI console are made of.
//
// CUREX_NODE is the address of a node whose chain knows the development account //Alice as a delegate of organisation 0.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import { createClient } from "polkadot-api";
import { getWsProvider } from "polkadot-api/ws";
import { WebSocket } from "ws";

const { CUREX_NODE: NODE } = process.env;

/** Rejects after a while, so that what never comes is told. */
function within(seconds, what, promise) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what}: nothing within ${seconds} s`)), seconds * 1000);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

describe("@polkadot/api", () => {
	let api;
	before(async () => {
		api = await within(120, "connection", ApiPromise.create({ provider: new WsProvider(NODE), noInitWarn: true }));
	});
	after(() => api?.disconnect());

	test("reads what every chain has", async () => {
		const [chain, name, header, final] = await Promise.all([
			api.rpc.system.chain(), api.rpc.system.name(), api.rpc.chain.getHeader(), api.rpc.chain.getFinalizedHead(),
		]);
		assert.match(chain.toString(), /CUREX/);
		assert.ok(name.toString().length > 0);
		assert.ok(header.number.toNumber() >= 0);
		assert.equal(final.toHex().length, 66);
		assert.equal(api.runtimeVersion.specName.toString(), "curex");
		const { methods } = await api.rpc.rpc.methods();
		const known = methods.map((method) => method.toString());
		for (const method of ["state_getMetadata", "chainHead_v1_follow", "author_submitExtrinsic", "system_health"]) {
			assert.ok(known.includes(method), method);
		}
	});

	test("understands every type of every call and of every storage entry", () => {
		// Registration of types is lazy: asking for each makes one that cannot be read fail here.
		let calls = 0;
		for (const pallet of api.runtimeMetadata.asLatest.pallets) {
			for (const kind of ["calls", "events", "errors"]) {
				if (pallet[kind].isSome) api.registry.createLookupType(pallet[kind].unwrap().type);
			}
			if (pallet.calls.isSome) {
				const { variants } = api.registry.lookup.getSiType(pallet.calls.unwrap().type).def.asVariant;
				for (const { fields } of variants) {
					for (const { type } of fields) api.registry.lookup.getTypeDef(type);
					calls += 1;
				}
			}
		}
		assert.ok(calls > 50, `${calls} calls`);
	});

	test("reads state and a block with its events", async () => {
		const organisation = (await api.query.consortium.organisations(0)).unwrap();
		assert.equal(organisation.kind.toString(), "Hospital");
		const hash = await api.rpc.chain.getFinalizedHead();
		const { block } = await api.rpc.chain.getBlock(hash);
		assert.ok(block.extrinsics.some((extrinsic) => extrinsic.method.section === "timestamp"));
		const events = await (await api.at(hash)).query.system.events();
		assert.ok(events.some(({ event }) => event.section === "system" && event.method === "ExtrinsicSuccess"));
	});

	test("signs a transaction that becomes final", async () => {
		const alice = new Keyring({ type: "sr25519" }).addFromUri("//Alice");
		const { agreement } = (await api.query.consortium.organisations(0)).unwrap();
		const final = new Promise((resolve, reject) => {
			api.tx.consortium.acceptAgreement(agreement.toNumber() + 1).signAndSend(alice, (result) => {
				if (result.isError) reject(new Error(`${result.status}`));
				if (result.status.isFinalized) resolve(result);
			}).catch(reject);
		});
		const { dispatchError, events } = await within(180, "finality", final);
		const told = dispatchError?.isModule ? api.registry.findMetaError(dispatchError.asModule).name : `${dispatchError}`;
		assert.equal(told, "undefined");
		assert.ok(events.some(({ event }) => event.method === "AgreementAccepted"));
	});
});

describe("polkadot-api", () => {
	let client;
	before(() => {
		client = createClient(getWsProvider(NODE, { websocketClass: WebSocket }));
	});
	after(() => client?.destroy());

	test("follows the chain and reads it without descriptors", async () => {
		const spec = await within(120, "chain", client.getChainSpecData());
		assert.match(spec.name, /CUREX/);
		const block = await within(120, "finalised block", client.getFinalizedBlock());
		assert.equal(block.hash.length, 66);
		const api = client.getUnsafeApi();
		const organisation = await within(120, "storage", api.query.Consortium.Organisations.getValue(0));
		assert.equal(organisation.kind.type, "Hospital");
		const version = await api.constants.System.Version();
		assert.equal(version.spec_name, "curex");
	});

	test("sees blocks become final", async () => {
		const first = await client.getFinalizedBlock();
		const next = new Promise((resolve, reject) => {
			const subscription = client.finalizedBlock$.subscribe({
				next: (block) => {
					if (block.number > first.number) {
						subscription.unsubscribe();
						resolve(block);
					}
				},
				error: reject,
			});
		});
		const block = await within(180, "finality", next);
		assert.ok(block.number > first.number);
		const body = await client.getBlockBody(block.hash);
		assert.ok((body.body ?? body).length > 0);
	});
});
