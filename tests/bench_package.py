#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Throughput of the Python package beside the command's, on the same batch.

usage: bench_package.py FOLDER [ROUNDS [TEXTS]]

FOLDER holds train.tsv and test.tsv. Both load the same model and label the test
texts (the first TEXTS of them), in turn, ROUNDS times; the answers must agree.
The command's time is that of its process without an empty run's, which loads the
model and labels nothing; Python's is that of `predict`.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ncdclass import NCDClassifier

NCDCLASS = os.environ["NCDCLASS"]


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def command(model, lines):
    done = subprocess.run([NCDCLASS, "predict", model], input=lines, check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.decode().splitlines()


def main(folder, n_rounds=7, n_texts=None):
    texts = [line.split(b"\t", 1)[1] for line in
             (Path(folder) / "test.tsv").read_bytes().splitlines()]
    texts = texts[:int(n_texts)] if n_texts else texts
    # The sample is too small to time.
    texts *= max(1, 2000 // len(texts)) if n_texts is None and len(texts) < 500 else 1
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "model.ncd"
        subprocess.run([NCDCLASS, "train", "-q", "-o", model,
                        Path(folder) / "train.tsv"], check=True,
                       stdout=subprocess.DEVNULL)
        classifier = NCDClassifier.load(model)
        lines = b"".join(text + b"\n" for text in texts)
        ratios, speeds = [], []
        for _ in range(int(n_rounds)):
            empty, _ = timed(command, model, b"")
            whole, said = timed(command, model, lines)
            ours, got = timed(classifier.predict, texts)
            if list(got) != said:
                sys.exit("the answers differ")
            ratios.append((whole - empty) / ours)
            speeds.append(len(texts) / ours)
    print(f"{len(texts)} texts against {classifier.n_texts_}: Python "
          f"{statistics.median(speeds):,.0f} texts/s, the command's throughput "
          f"times {statistics.median(ratios):.3f} (median of {n_rounds}; "
          f"{min(ratios):.3f} to {max(ratios):.3f})")


if __name__ == "__main__":
    main(*sys.argv[1:])
