#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command against a gzip kNN in plain Python, on the same texts, one thread.

usage: bench_python.py NCDCLASS

Opt-in; the environment says what to run and on what:

    NCDCLASS_PEER      a program called as `PEER TRAIN TEST --k K`, which prints a
                       line for each test text: true label, predicted label,
                       index of the nearest training text and its distance,
                       parted by TABs; last, a line that ends in `seconds S`,
                       the time of the search alone
    NCDCLASS_DATASETS  a folder with SET/train.tsv and SET/test.tsv
    NCDCLASS_RESULTS   a folder for python.csv; nothing is written without it

Labels, nearest neighbours and distances must be the same; then both take turns.
The command is timed whole: start, loading of the model, search, output. Exit 77
where PEER or the data sets are not given.
"""
import csv
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

SETS = {  # training texts, test texts
    "ag-news-part5k": (5000, 40),
    "mr-rtpolarity": (9596, 40),
    "r8-allterms": (5485, 20),
    "20news-bydate-raw": (3000, 16),
    "imdb": (4000, 16),
}
K = 5
ROUNDS = 2
WAYS = {"engine": [], "approx:400": ["--search=approx:400"]}
COLUMNS = ["set", "n_train", "n_test", "way", "seconds", "us_per_pair", "ratio_to_python",
           "rounds", "python"]


def cut(source, target, n):
    """The first n lines: what both programs read as n texts."""
    lines = source.read_bytes().split(b"\n")[:n]
    target.write_bytes(b"".join(line + b"\n" for line in lines if line))
    return [line.split(b"\t", 1) for line in lines if line]


def run(*command, stdin=b""):
    began = time.perf_counter()
    out = subprocess.run([*map(str, command)], input=stdin, check=True,
                         stdout=subprocess.PIPE).stdout
    return out, time.perf_counter() - began


def run_peer(peer, train, test):
    """[(label, index, distance)], and the seconds it states."""
    out, _ = run(sys.executable, peer, train, test, "--k", K)
    *rows, last = out.decode("utf-8", "surrogateescape").splitlines()
    answers = [(row.split("\t")[1], int(row.split("\t")[2]), float(row.split("\t")[3]))
               for row in rows]
    return answers, float(re.search(r"seconds ([0-9.]+)$", last).group(1))


def run_command(ncdclass, model, stdin, options):
    out, seconds = run(ncdclass, "predict", "--neighbors", "-k", K, "--threads=1", *options,
                       model, stdin=stdin)
    answers = {}
    for line in out.decode("utf-8", "surrogateescape").splitlines():
        number, label, rank, _, distance, origin = line.split("\t")[:6]
        if rank == "1":
            answers[int(number)] = (label, int(origin.rpartition(":")[2]) - 1, float(distance))
    return list(answers.values()), seconds


def measure(ncdclass, peer, folder, name, scratch):
    n_train, n_test = SETS[name]
    train, test = scratch / "train.tsv", scratch / "test.tsv"
    n_train = len(cut(folder / name / "train.tsv", train, n_train))
    texts = cut(folder / name / "test.tsv", test, n_test)
    stdin = b"".join(text + b"\n" for _, text in texts)
    model = scratch / "model.ncd"
    run(ncdclass, "train", "-q", "--input-format=tsv", "-o", model, train)
    least = {}
    for _ in range(ROUNDS):
        expected, seconds = run_peer(peer, train, test)
        least["python"] = min(seconds, least.get("python", seconds))
        for way, options in WAYS.items():
            answers, seconds = run_command(ncdclass, model, stdin, options)
            if way != "approx:400" and answers != expected:
                sys.exit(f"{name}, {way}: answers differ from the peer's")
            least[way] = min(seconds, least.get(way, seconds))
    for way, seconds in least.items():
        yield [name, n_train, len(texts), way, f"{seconds:.4f}",
               f"{1e6 * seconds / n_train / len(texts):.3f}",
               f"{least['python'] / seconds:.1f}", ROUNDS, sys.version.split()[0]]


def main():
    peer, folder = os.environ.get("NCDCLASS_PEER"), os.environ.get("NCDCLASS_DATASETS")
    if not peer or not folder:
        print("NCDCLASS_PEER and NCDCLASS_DATASETS are not given")
        return 77
    rows = []
    for name in SETS:
        if not (pathlib.Path(folder) / name / "train.tsv").exists():
            continue
        with tempfile.TemporaryDirectory(prefix="ncdclass-") as scratch:
            for row in measure(sys.argv[1], peer, pathlib.Path(folder), name,
                               pathlib.Path(scratch)):
                rows.append(row)
                print("{:20} {:>6} x {:<4} {:11} {:>9} s {:>10} us/pair  x {:>7}".format(*row))
    results = os.environ.get("NCDCLASS_RESULTS")
    if results:
        with open(pathlib.Path(results) / "python.csv", "w", newline="") as f:
            csv.writer(f, lineterminator="\n").writerows([COLUMNS, *rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())
