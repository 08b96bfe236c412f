#!/usr/bin/env python3
"""Makes sets with known shares of attacks from NSL-KDD and WUSTL-EHMS, or of one class among others, in the form of ADBench:
sets beside ADBench for the unsupervised ensemble.

Needs Python 3.10 or newer with numpy; with --classes also scikit-learn and river:

    venv/bin/python scripts/contaminated-sets.py --data ../shared/data/anomaly --out sets
    venv/bin/python scripts/compare-anomaly.py --data sets --protocol unsupervised --seeds 3

Of KDDTest+ the numbers of each record, all normal records, and so many of one kind of attack, drawn at random, that they make
5, 20 or 35 of 100, or all there are; of WUSTL-EHMS every record without the columns that name somebody.
With --classes instead, of the tables that scikit-learn and River bring along: each digit as 5 of 100 images, each kind of image segment as
5 and 20, malignant tumours among benign ones, phishing pages among others.
"""

import argparse
import csv
import pathlib

import numpy as np

IDENTITIES = {
    "Dir", "Flgs", "SrcAddr", "DstAddr", "Sport", "Dport", "SrcMac", "DstMac", "Packet_num", "Attack Category", "Label",
}
DOS = ["neptune", "back", "land", "pod", "smurf", "teardrop", "apache2", "udpstorm", "processtable", "mailbomb"]
PROBE = ["satan", "ipsweep", "nmap", "portsweep", "mscan", "saint"]
# Protocol, service and flag are words.
WORDS = (1, 2, 3)
LABEL = 41


def ehms(path):
    head, *rows = csv.reader(path.open())
    numbers = [place for place, name in enumerate(head) if name not in IDENTITIES]
    label = head.index("Label")
    values = np.array([[float(row[place] or 0) for place in numbers] for row in rows])
    return values, np.array([int(float(row[label])) for row in rows])


def kdd(path):
    rows = list(csv.reader(path.open()))
    numbers = [place for place in range(LABEL) if place not in WORDS]
    values = np.array([[float(row[place]) for place in numbers] for row in rows])
    return values, np.array([row[LABEL] for row in rows])


def one_class(rows, classes, wanted, share, random):
    """All rows of other classes and so many of one that they make the share; of the others fewer where it has too few."""
    of_class = random.permutation(np.flatnonzero(classes == wanted))
    others = random.permutation(np.flatnonzero(classes != wanted))
    ratio = share / (100 - share)
    others = others[: int(len(of_class) / ratio)]
    chosen = random.permutation(np.concatenate([of_class[: int(len(others) * ratio)], others]))
    return {"X": rows[chosen], "y": (classes[chosen] == wanted).astype(int)}


def class_sets(random):
    """Names and contents of the sets of tables that libraries bring along."""
    from river import datasets as river
    from sklearn import datasets as scikit

    digits, digit = scikit.load_digits(return_X_y=True)
    segments = list(river.ImageSegments())
    segment = np.array([list(numbers.values()) for numbers, _ in segments], dtype=float)
    kinds = np.array([kind for _, kind in segments])
    for rows, classes, shares in ((digits, digit, (5,)), (segment, kinds, (5, 20))):
        for wanted in np.unique(classes):
            for share in shares:
                yield f"class-{wanted}-{share}", one_class(rows, classes, wanted, share, random)
    tumours, benign = scikit.load_breast_cancer(return_X_y=True)
    yield "tumours", {"X": tumours, "y": 1 - benign}
    pages = list(river.Phishing())
    page = np.array([[float(value) for value in numbers.values()] for numbers, _ in pages])
    yield "phishing", {"X": page, "y": np.array([int(label) for _, label in pages])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=pathlib.Path, help="folder with nsl-kdd and wustl-ehms-2020")
    source.add_argument("--classes", action="store_true", help="tables of scikit-learn and River instead")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the sets")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    if chosen.classes:
        for name, content in class_sets(random):
            np.savez(chosen.out / f"{name}.npz", **content)
        return

    values, attack = ehms(chosen.data / "wustl-ehms-2020" / "wustl-ehms-2020.csv")
    np.savez(chosen.out / "1_ehms.npz", X=values, y=attack)
    values, names = kdd(chosen.data / "nsl-kdd" / "KDDTest+.txt")
    normal = names == "normal"
    kinds = {"dos": np.isin(names, DOS), "probe": np.isin(names, PROBE)}
    kinds["rest"] = ~normal & ~kinds["dos"] & ~kinds["probe"]
    number = 2
    for kind, belongs in kinds.items():
        for share in (5, 20, 35):
            wanted = int(normal.sum() * share / (100 - share))
            attacks = random.permutation(np.flatnonzero(belongs))[:wanted]
            rows = random.permutation(np.concatenate([attacks, np.flatnonzero(normal)]))
            name = f"{number}_nsl-{kind}-{share}.npz"
            np.savez(chosen.out / name, X=values[rows], y=(~normal[rows]).astype(int))
            number += 1


if __name__ == "__main__":
    main()
