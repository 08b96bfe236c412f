#!/usr/bin/env python3
"""Measures, on a local network of hospitals, how far a finding has to go.

Installs nothing, needs Python 3.10 or newer, the programs, and one processor for some minutes:

    cargo build --release -p curex-node -p curex-agent -p curex-cli
    unshare -n bash -c 'ip link set lo up; scripts/finding-network.py --binaries target/release'

Founds a consortium of hospitals in a folder of its own and starts their nodes. Then

1. one hospital's agent finds a flow to an address that only this hospital knows as bad, shares its digest
   (`curex indicator share`), and another hospital's agent, which reads what `curex indicator feed --follow` writes, detects a flow
   to it: counted are the best blocks between the finding and the detection, and between the detection and the finality of the
   block with the digest;
2. an event in a log of the first hospital becomes a finalised record on the ledger (`scripts/finding-time.py --mailbox`).

Prints one JSON object.
"""

import argparse
import json
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
FOUND = "alerts in logs that grew"
# The addresses of the well-known development accounts //Alice, //Bob and so on.
ACCOUNTS = [
    "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty",
    "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y", "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy",
    "5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw", "5CiPPseXPECbkjWCa6MnjNokrgYjMqmKndv2rSnekmSK2DjL",
]


def rpc(port, method, *parameters):
    """The node's answer."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["result"]


def best(port):
    """Number of the best block."""
    return int(rpc(port, "chain_getHeader")["number"], 16)


def final(port):
    """Number of the newest finalised block."""
    return int(rpc(port, "chain_getHeader", rpc(port, "chain_getFinalizedHead"))["number"], 16)


def until(what, condition, seconds=120):
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"{what}: not within {seconds} s")


def said(command):
    """What a command prints."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


class Network:
    """Hospitals with their nodes."""

    def __init__(self, binaries, home, hospitals, slot_ms):
        self.home, self.binaries = home, binaries
        self.node, self.processes = binaries / "curex-node", []
        self.ports = [19_944 + 10 * number for number in range(hospitals)]
        members = [home / f"hospital-{number}" for number in range(hospitals)]
        for number, member in enumerate(members):
            said([self.node, "init", "--home", member, "--name", f"Hospital {number}", "--kind", "hospital", "--country", "GR",
                  "--encryption-key", f"{number + 1:02x}" * 32,
                  "--delegate", f"{ACCOUNTS[number]}=administration,council,security-report"])
        described = [member / "organisation.json" for member in members]
        chain = home / "chain.json"
        chain.write_text(said([self.node, "genesis", "--local", "--slot-ms", str(slot_ms)]
                              + [part for file in described for part in ("--member", file)]))
        self.described = [json.loads(file.read_text()) for file in described]
        peers = [f"/ip4/127.0.0.1/tcp/{port + 1}/p2p/{about['node']['peer-id']}"
                 for port, about in zip(self.ports, self.described)]
        genesis = []
        for number, member in enumerate(members):
            others = [part for other, peer in enumerate(peers) if other != number for part in ("--peer", peer)]
            joined = json.loads(said([self.node, "join", "--home", member, "--spec", chain, *genesis, *others]))
            genesis = ["--genesis-hash", joined["genesis-hash"]]
        for port, member in zip(self.ports, members):
            log = (home / f"{member.name}.log").open("w")
            self.processes.append(subprocess.Popen(
                [self.node, "run", "--home", member, "--", "--rpc-port", str(port), "--no-prometheus", "--listen-addr",
                 f"/ip4/127.0.0.1/tcp/{port + 1}", "--allow-private-ip", "--db-cache", "64", "--trie-cache-size", "33554432",
                 "--max-runtime-instances", "4", "--mailbox", self.mailbox(member)], stdout=log, stderr=log, stdin=subprocess.DEVNULL))
        for port in self.ports:
            until("the network", lambda: final(port) >= 3, 300)

    @staticmethod
    def mailbox(member):
        """The socket of a node."""
        return member / "mailbox.sock"

    def end(self):
        """Ends the nodes."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()


class Agent:
    """An agent that watches one log as it grows, without a node: it tells its findings."""

    def __init__(self, program, folder, tables):
        self.folder, self.program = folder, program
        folder.mkdir()
        (folder / "indicators").mkdir()
        (folder / "members.key").write_bytes(b"7" * 32)
        (folder / "agent.toml").write_text(
            'organisation = 1\ndata = "data"\nwatch_at_once = true\naccept_orders_from = ["0x' + "01" * 32 + '"]\n'
            '[[events]]\nname = "flows"\nformat = "zeek"\npath = "conn.log"\n' + tables)
        self.log = (folder / "conn.log").open("a")
        self.lines, self.process = queue.Queue(), None

    def start(self):
        """Starts it."""
        self.process = subprocess.Popen(
            [self.program, "--config", self.folder / "agent.toml", "run", "--mailbox", self.folder / "none"],
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        """Notes what it says."""
        for line in self.process.stderr:
            self.lines.put(line)

    def flow(self, source, destination):
        """Lets a flow happen now."""
        self.log.write(json.dumps({
            "ts": time.time(), "uid": "C", "id.orig_h": source, "id.resp_h": destination, "id.resp_p": 443, "proto": "tcp",
            "duration": 0.1, "orig_bytes": 300, "resp_bytes": 3000, "conn_state": "SF", "orig_pkts": 4, "resp_pkts": 4,
        }) + "\n")
        self.log.flush()

    def found(self):
        """Whether it has said since it was last asked that it found something."""
        found = False
        while not self.lines.empty():
            found |= FOUND in self.lines.get()
        return found

    def digest(self, value):
        """Under what a value is shared."""
        return said([self.program, "--config", self.folder / "agent.toml", "indicator", value]).strip()

    def end(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait()


def shared_findings(network, rounds):
    """Blocks from one hospital's finding to the other's detection, for each round."""
    one_port, other_port = network.ports[:2]
    values = [f"203.0.113.{number + 1}" for number in range(rounds)]
    program = network.binaries / "curex-agent"
    one = Agent(program, network.home / "finds", '[indicators]\nfolder = "indicators"\nkey_file = "members.key"\n')
    (one.folder / "indicators" / "list.txt").write_text("\n".join(values) + "\n")
    other = Agent(program, network.home / "detects", '[indicators]\nkey_file = "members.key"\nshared = "shared"\n')
    shared = other.folder / "shared"
    shared.write_text("")
    client = network.binaries / "curex"
    feed = subprocess.Popen([client, "indicator", "feed", "--out", shared, "--follow", "--node", f"ws://127.0.0.1:{other_port}"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    results = []
    try:
        for agent in (one, other):
            for step in range(500):
                agent.flow(f"10.0.0.{step % 50}", f"10.0.1.{step % 7}")
            agent.start()
        time.sleep(5)
        digests = [one.digest(value) for value in values]
        for number, (value, digest) in enumerate(zip(values, digests)):
            one.found(), other.found()
            one.flow(f"10.7.0.{number}", value)
            until("the finding", one.found)
            finding, begin = best(one_port), time.monotonic()
            sharing = subprocess.Popen(
                [client, "--json", "indicator", "share", digest, "--dev", "//Alice", "--node", f"ws://127.0.0.1:{one_port}",
                 "--state", network.home / "state"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            step = 0

            def detected():
                nonlocal step
                if sharing.poll():
                    sys.exit(f"curex indicator share: {sharing.stderr.read().strip() or sharing.stdout.read().strip()}")
                step += 1
                other.flow(f"10.8.{number}.{step % 250}", value)
                time.sleep(0.2)
                return other.found()

            until("the detection", detected)
            detection, seconds = best(other_port), time.monotonic() - begin
            out, _ = sharing.communicate(timeout=120)
            recorded = json.loads(out)["block_number"]
            until("finality", lambda: final(other_port) >= recorded)
            results.append({
                "found_at_block": finding, "recorded_in_block": recorded, "detected_at_block": detection,
                "blocks": detection - finding, "seconds": round(seconds, 2), "final_at_best_block": best(other_port),
            })
            print(f"round {number + 1}: found at block {finding}, recorded in {recorded}, detected at {detection}: "
                  f"{detection - finding} blocks, {seconds:.1f} s", file=sys.stderr)
    finally:
        feed.terminate()
        feed.wait()
        for agent in (one, other):
            if agent.process:
                agent.end()
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binaries", type=pathlib.Path, default=pathlib.Path("target/release"))
    parser.add_argument("--hospitals", type=int, default=4, choices=range(2, len(ACCOUNTS) + 1))
    parser.add_argument("--slot-ms", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--events", type=int, default=30)
    arguments = parser.parse_args()
    binaries = arguments.binaries.resolve()
    result = {"hospitals": arguments.hospitals, "slot_ms": arguments.slot_ms}
    with tempfile.TemporaryDirectory() as name:
        network = Network(binaries, pathlib.Path(name), arguments.hospitals, arguments.slot_ms)
        try:
            if arguments.rounds:
                result["shared"] = shared_findings(network, arguments.rounds)
                result["blocks_from_finding_to_detection"] = sorted(one["blocks"] for one in result["shared"])
            if arguments.events:
                result["record"] = json.loads(said([
                    sys.executable, HERE / "finding-time.py", "--agent", binaries / "curex-agent", "--events", str(arguments.events),
                    "--mailbox", network.mailbox(network.home / "hospital-0"), "--organisation", "0",
                    "--worker-key", network.described[0]["node"]["worker-key"]]))
        finally:
            network.end()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
