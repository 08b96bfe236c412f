#!/usr/bin/env python3
"""Compares `curex-evaluate threats throughput` with River and scikit-learn on the same stream of flows.

Installs nothing. Needs Python 3.10 or newer with numpy, scikit-learn and river:

    python3 -m venv venv && venv/bin/pip install numpy scikit-learn river
    cargo build --release -p curex-evaluate
    venv/bin/python scripts/compare-throughput.py

The others get less to do: they parse each line and score four numbers of the flow itself, without windows
by entity, calibration or explanation. River's half-space trees score and learn event by event;
scikit-learn's isolation forest is fitted once to the first 2,048 flows and scores 1,024 at a time.
Prints one JSON object: events a second of processor time, and how many times as many CUREX does.
"""

import argparse
import json
import math
import subprocess
import sys
import time

try:
    import numpy as np
    from river import anomaly
    from sklearn.ensemble import IsolationForest
except ImportError as missing:
    sys.exit(f"{missing}; install numpy, scikit-learn and river (see the head of this script)")

FITTED, BATCH, GREATEST = 2_048, 1_024, 25.0


def features(line):
    """Logarithms of duration, bytes both ways and packets."""
    flow = json.loads(line)
    packets = flow["orig_pkts"] + flow["resp_pkts"]
    values = (flow["duration"] * 1_000, flow["orig_bytes"], flow["resp_bytes"], packets)
    return [math.log1p(value) for value in values]


def half_space_trees(lines):
    """River's detector, with the ranges of the features told."""
    detector = anomaly.HalfSpaceTrees(seed=0, limits={place: (0.0, GREATEST) for place in range(4)})
    for line in lines:
        point = dict(enumerate(features(line)))
        detector.score_one(point)
        detector.learn_one(point)


def isolation_forest(lines):
    """scikit-learn's detector, fitted once."""
    forest = IsolationForest(random_state=0).fit([features(line) for line in lines[:FITTED]])
    for start in range(FITTED, len(lines), BATCH):
        forest.score_samples(np.array([features(line) for line in lines[start : start + BATCH]]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=400_000, help="for CUREX")
    parser.add_argument("--others", type=int, default=50_000, help="of them for the others")
    parser.add_argument("--program", default="target/release/curex-evaluate")
    arguments = parser.parse_args()
    if arguments.others <= FITTED:
        parser.error(f"--others must be more than {FITTED}")
    command = [arguments.program, "threats", "throughput", "--events", str(arguments.events)]
    measured = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    ours = {tier: measured[tier]["events_per_processor_second"] for tier in ("screening", "ensemble")}
    log = subprocess.run([*command, "--print-log"], check=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    lines = log.stderr.splitlines()[: arguments.others]
    others = {}
    for name, run in {"half-space-trees": half_space_trees, "isolation-forest": isolation_forest}.items():
        started = time.process_time()
        run(lines)
        others[name] = len(lines) / (time.process_time() - started)
    ratios = {tier: {name: rate / other for name, other in others.items()} for tier, rate in ours.items()}
    print(json.dumps({"events_per_processor_second": {**ours, **others}, "times": ratios}))


if __name__ == "__main__":
    main()
