#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The method of Jiang et al. 2023 in plain Python, and a comparison with the
command: predicted labels, and for every test text its neighbours, their order
and their distances as exact doubles.

usage: reference.py NCDCLASS [TRAIN TEST] [--limit-train N] [--limit-test N]

TRAIN and TEST are `label TAB text` files; without them, the bundled sample.

    C(s)      length of gzip.compress(s, 9)
    NCD(x,y)  (C(x + " " + y) - min(C(x), C(y))) / max(C(x), C(y)),
              x the test text, y the training text
    vote      of the k nearest by (distance, place in the training data); a tie
              goes to the label, of those tied, of the nearest neighbour

Exit 77 where the command's zlib is another than Python's: the sizes need not
be the same then.
"""
import argparse
import gzip
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent.parent / "datasets" / "sample"
KS = (1, 2, 5)


def read(path, limit):
    """[(label, text, line)]: bytes, and the line in the file, from 1."""
    rows = []
    for number, line in enumerate(Path(path).read_bytes().split(b"\n"), 1):
        line = line[:-1] if line.endswith(b"\r") else line
        if line:
            label, text = line.split(b"\t", 1)
            rows.append((label, text, number))
    return rows[:limit] if limit else rows


def size(text):
    return len(gzip.compress(text, 9))


def ranked(x, train, sizes):
    """The training texts as [(distance, index)], nearest first."""
    cx, head = size(x), x + b" "
    distances = []
    for j, (_, y, _) in enumerate(train):
        cy = sizes[j]
        distances.append(((size(head + y) - min(cx, cy)) / max(cx, cy), j))
    return sorted(distances)


def vote(labels):
    """The label of the k nearest, given in their order."""
    most = max(map(labels.count, labels))
    return next(label for label in labels if labels.count(label) == most)


def run(ncdclass, *args, stdin=b""):
    return subprocess.run([ncdclass, *map(str, args)], input=stdin, check=True,
                          stdout=subprocess.PIPE).stdout


def zlib_of(ncdclass):
    for line in run(ncdclass, "--version").decode().splitlines():
        if line.startswith("zlib "):
            return line.split()[1]
    return "none"


def eval_labels(args, folder, k):
    """What `eval --predictions` writes: [(true, predicted)]."""
    out = Path(folder) / "predictions"
    run(args.ncdclass, "eval", f"--train={args.train}", f"--test={args.test}", "-k", k,
        f"--limit-train={args.limit_train}", f"--limit-test={args.limit_test}",
        f"--predictions={out}", "--input-format=tsv")
    return [tuple(line.split(b"\t")) for line in out.read_bytes().split(b"\n")[:-1]]


def predict_neighbors(args, model, texts, k):
    """What `predict --neighbors` prints: for each text its label, and of each
    neighbour (label, distance, line)."""
    out = run(args.ncdclass, "predict", "--neighbors", "-k", k, model,
              stdin=b"".join(text + b"\n" for text in texts))
    answers = [(None, []) for _ in texts]
    for line in out.split(b"\n")[:-1]:
        number, predicted, rank, label, distance, origin = line.split(b"\t")[:6]
        _, neighbors = answers[int(number) - 1]
        neighbors.append((label, float(distance), int(origin.rpartition(b":")[2])))
        assert int(rank) == len(neighbors)
        answers[int(number) - 1] = (predicted, neighbors)
    return answers


def differences(args, train, test):
    """Compares; yields a line for each text that differs."""
    sizes = [size(text) for _, text, _ in train]
    nearest = [ranked(x, train, sizes)[:max(KS)] for _, x, _ in test]
    with tempfile.TemporaryDirectory(prefix="ncdclass-") as folder:
        model = Path(folder) / "model.ncd"
        run(args.ncdclass, "train", f"--limit-train={args.limit_train}", "-o", model,
            "--input-format=tsv", args.train)
        for k in KS:
            evaluated = eval_labels(args, folder, k)
            predicted = predict_neighbors(args, model, [x for _, x, _ in test], k)
            if len(evaluated) != len(test):
                yield f"k = {k}: eval judged {len(evaluated)} texts of {len(test)}"
                continue
            right = 0
            for (truth, _, line), near, pair, answer in zip(test, nearest, evaluated, predicted):
                expected = [(train[j][0], d, train[j][2]) for d, j in near[:k]]
                label = vote([each[0] for each in expected])
                right += label == truth
                if pair != (truth, label):
                    yield f"k = {k}, line {line}: eval: {pair}, not {(truth, label)}"
                if answer != (label, expected):
                    yield f"k = {k}, line {line}: predict: {answer}, not {(label, expected)}"
            print(f"k = {k}: accuracy {right / len(test):.4f} ({right} of {len(test)})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ncdclass")
    parser.add_argument("train", nargs="?", default=SAMPLE / "train.tsv")
    parser.add_argument("test", nargs="?", default=SAMPLE / "test.tsv")
    parser.add_argument("--limit-train", type=int, default=0)
    parser.add_argument("--limit-test", type=int, default=0)
    args = parser.parse_args()
    if zlib_of(args.ncdclass) != zlib.ZLIB_RUNTIME_VERSION:
        print(f"zlib {zlib_of(args.ncdclass)} here, {zlib.ZLIB_RUNTIME_VERSION} in Python")
        return 77
    train, test = read(args.train, args.limit_train), read(args.test, args.limit_test)
    found = list(differences(args, train, test))
    print(*found[:20], sep="\n", end="\n" if found else "")
    print(f"{len(train)} x {len(test)} texts, k = {', '.join(map(str, KS))}: "
          f"{len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
