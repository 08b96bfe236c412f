#!/usr/bin/env python3
"""Measures how long it takes from an event in a log to the finding, and to the finalised record on the ledger.

Installs nothing, needs Python 3.10 or newer and the agent:

    cargo build --release -p curex-agent
    scripts/finding-time.py --agent target/release/curex-agent

Starts the agent in a folder of its own with logs watched as they grow, first lets it learn ordinary flows, then writes one
flow after the other from new sources to an address that an indicator names, and waits for each finding. Given the mailbox of a
node that has no agent, with the organisation's number and the node's public worker key, it also waits until the ledger has the
record for good. Prints one JSON object: seconds, median, 95th percentile and greatest.
"""

import argparse
import json
import pathlib
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time

FOUND = "alerts in logs that grew"
FINAL = "recorded on the ledger for good"


def flow(source, destination, port=443):
    """A line of Zeek's conn.log that happens now."""
    return json.dumps({
        "ts": time.time(), "uid": "C", "id.orig_h": source, "id.resp_h": destination, "id.resp_p": port, "proto": "tcp",
        "duration": 0.1, "orig_bytes": 300, "resp_bytes": 3000, "conn_state": "SF", "orig_pkts": 4, "resp_pkts": 4,
    }) + "\n"


def told(lines, what, seconds):
    """The moment at which the agent says something."""
    until, heard = time.monotonic() + seconds, []
    while (left := until - time.monotonic()) > 0:
        try:
            moment, line = lines.get(timeout=left)
        except queue.Empty:
            break
        if line is None:
            sys.exit("the agent ended; run it by hand to see why")
        if what in line:
            return moment
        heard.append(line)
    sys.exit(f"the agent did not say “{what}” within {seconds} s, but:\n{''.join(heard[-20:])}")


def quantiles(seconds):
    """Median, 95th percentile, greatest."""
    ordered = sorted(seconds)
    at = lambda share: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)
    return {"p50": at(0.5), "p95": at(0.95), "greatest": round(ordered[-1], 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agent", default="target/release/curex-agent")
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--mailbox", help="socket of a node that has no agent")
    parser.add_argument("--organisation", type=int, default=1)
    parser.add_argument("--worker-key", default="0x" + "01" * 32)
    arguments = parser.parse_args()
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "indicators").mkdir()
        (folder / "indicators" / "list.txt").write_text("203.0.113.9\n")
        (folder / "agent.toml").write_text(
            f'organisation = {arguments.organisation}\ndata = "data"\nwatch_at_once = true\n'
            f'accept_orders_from = ["{arguments.worker_key}"]\n'
            '[[events]]\nname = "flows"\nformat = "zeek"\npath = "conn.log"\n[indicators]\nfolder = "indicators"\n')
        log = (folder / "conn.log").open("a")
        log.write("".join(flow(f"10.0.0.{step % 50}", f"10.0.1.{step % 7}") for step in range(2_000)))
        log.flush()
        mailbox = arguments.mailbox or str(folder / "none.sock")
        agent = subprocess.Popen([arguments.agent, "--config", str(folder / "agent.toml"), "run", "--mailbox", mailbox],
                                 stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        lines = queue.Queue()

        def listen():
            for line in agent.stderr:
                lines.put((time.monotonic(), line))
            lines.put((time.monotonic(), None))

        threading.Thread(target=listen, daemon=True).start()
        findings, records = [], []
        try:
            for step in range(arguments.events + 1):
                begin = time.monotonic()
                log.write(flow(f"10.7.{step // 250}.{step % 250}", "203.0.113.9"))
                log.flush()
                found = told(lines, FOUND, 60)
                if step == 0:
                    # The first one waits for the agent to start and to learn.
                    time.sleep(3)
                    while not lines.empty():
                        lines.get()
                else:
                    findings.append(found - begin)
                    if arguments.mailbox:
                        records.append(told(lines, FINAL, 120) - begin)
                time.sleep(chance.random())
        finally:
            agent.terminate()
            agent.wait()
    result = {"events": arguments.events, "event_to_finding_seconds": quantiles(findings)}
    if records:
        result["event_to_finalised_record_seconds"] = quantiles(records)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
