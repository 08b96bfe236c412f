#!/usr/bin/env python3
"""Compares `curex-evaluate anomaly adbench` with scikit-learn and PyOD on the same splits.

Installs nothing. Needs Python 3.10 or newer with numpy, scikit-learn and pyod:

    python3 -m venv venv && venv/bin/pip install numpy scikit-learn pyod
    cargo build --release -p curex-evaluate
    venv/bin/python scripts/compare-anomaly.py --data ../shared/data/anomaly/adbench

Splits are drawn with the same random numbers as in workers/evaluate/src/anomaly/rows.rs: the finaliser
of SplitMix64 over (place + 1) * golden + seed * constant; rows in the order of these numbers.
Prints one JSON object: mean ROC-AUC of every detector, per set, and the lead over the best of them.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

try:
    import numpy as np
    from pyod.models.ecod import ECOD
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score
    from sklearn.neighbors import NearestNeighbors
except ImportError as missing:
    sys.exit(f"{missing}; install numpy, scikit-learn and pyod (see the head of this script)")

U64 = np.uint64


def drawn(seed, count):
    """The random numbers of a seed for the places 0 to count - 1."""
    with np.errstate(over="ignore"):
        value = (np.arange(count, dtype=U64) + U64(1)) * U64(0x9E3779B97F4A7C15)
        value = value + U64(seed) * U64(0xD1342543DE82EF95)
        value = (value ^ (value >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> U64(27))) * U64(0x94D049BB133111EB)
        return value ^ (value >> U64(31))


def split(labels, protocol, seed, rows):
    """Positions learned and positions tested."""
    order = np.argsort(drawn(seed, len(labels)), kind="stable")
    if rows:
        order = order[:rows]
    if protocol == "normals":
        normal = order[labels[order] == 0]
        half = len(normal) // 2
        return normal[:half], np.concatenate([normal[half:], order[labels[order] != 0]])
    places = drawn(seed + 1_000, len(order)) % U64(len(order))
    return order[places.astype(int)], order


def nearest(learned, tested, count=5):
    """Mean distance to the nearest `count`, in parts, to bound the memory."""
    index = NearestNeighbors(n_neighbors=min(count, len(learned))).fit(learned)
    return index.kneighbors(tested)[0].mean(axis=1)


DETECTORS = {
    "isolation-forest": lambda learned, tested, seed: -IsolationForest(random_state=seed)
    .fit(learned)
    .score_samples(tested),
    "knn-5-mean": lambda learned, tested, _: nearest(learned, tested),
    "knn-5-largest": lambda learned, tested, _: NearestNeighbors(n_neighbors=min(5, len(learned)))
    .fit(learned)
    .kneighbors(tested)[0][:, -1],
    "ecod": lambda learned, tested, _: ECOD().fit(learned).decision_function(tested),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=os.environ.get("CUREX_ADBENCH", "../shared/data/anomaly/adbench"))
    parser.add_argument("--protocol", choices=["normals", "unsupervised"], default="normals")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--program", default="target/release/curex-evaluate")
    arguments = parser.parse_args()
    files = sorted(pathlib.Path(arguments.data).glob("*.npz"))
    if not files:
        sys.exit(f"no .npz file in {arguments.data}; give the folder with --data or CUREX_ADBENCH")
    command = [arguments.program, "anomaly", "adbench", "--data", arguments.data]
    command += ["--protocol", arguments.protocol, "--seeds", str(arguments.seeds)]
    command += ["--rows", str(arguments.rows)]
    started = time.time()
    ours = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    seconds = {"curex": time.time() - started}
    means = {"curex": ours["mean_roc_auc"]}
    per_set = {name: {"curex": one["roc_auc"]} for name, one in ours["per_set"].items()}
    for name, detector in DETECTORS.items():
        started = time.time()
        for file in files:
            archive = np.load(file)
            rows, labels = np.ascontiguousarray(archive["X"], dtype=float), archive["y"].ravel()
            areas = []
            for seed in range(arguments.seeds):
                learned, tested = split(labels, arguments.protocol, seed, arguments.rows)
                if len(set(labels[tested] != 0)) < 2:
                    continue  # Of a rare kind of anomaly none was drawn: no area, here as in curex-evaluate.
                centre, spread = rows[learned].mean(0), rows[learned].std(0)
                spread[spread < 1e-12] = 1.0
                scores = detector((rows[learned] - centre) / spread, (rows[tested] - centre) / spread, seed)
                areas.append(roc_auc_score(labels[tested] != 0, np.nan_to_num(scores, posinf=1e9)))
            per_set[file.stem][name] = float(np.mean(areas))
        means[name] = float(np.mean([one[name] for one in per_set.values()]))
        seconds[name] = time.time() - started
        print(f"{name}: {means[name]:.4f}", file=sys.stderr)
    best = max(value for name, value in means.items() if name != "curex")
    print(json.dumps({"mean_roc_auc": means, "lead": means["curex"] - best, "seconds": seconds,
                      "protocol": arguments.protocol, "seeds": arguments.seeds, "rows": arguments.rows,
                      "per_set": per_set}))


if __name__ == "__main__":
    main()
