#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""predict on a pipe against eval on the same texts, and how long a line waits.

usage: bench_predict.py NCDCLASS

    NCDCLASS_DATASETS  a folder with SET/train.tsv and SET/test.tsv; without it the
                       bundled sample is measured
    NCDCLASS_RESULTS   a folder for predict.csv; nothing is written without it

Both commands answer the same texts, all threads, in turn, and their labels must
be the same. What each takes for the first of them, start and loading of the model,
is taken off. Ratios are of throughput by the clock and, for a machine that others
use too, by processor time. Then a slow stream: lines a twentieth of a second apart, each timed
from the write of the line to the arrival of its answer.
"""
import csv
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

# Test texts by method, enough for a second or two; where there are fewer, they are
# taken again.
SETS = {
    "ag-news-part5k": {"knn": 200, "class": 7600},
    "r8-allterms": {"knn": 80, "class": 2189},
    "sms-spam-dedup": {"knn": 400, "class": 20000},
}
SAMPLE = {"knn": 480, "class": 12000}
ROUNDS = 5
LINES = 60
COLUMNS = ["set", "method", "n_train", "n_test", "eval_texts_per_s", "pipe_texts_per_s", "ratio",
           "ratio_low", "ratio_high", "cpu_ratio", "rounds", "wait_ms_median", "wait_ms_max", "lines"]


def lines_of(path):
    return [line for line in path.read_bytes().split(b"\n") if line]


def processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(*command, stdin=None):
    """Standard output, and seconds by the clock and of the processors; stdin is a file
    that a pipe is filled from."""
    began, used = time.perf_counter(), processor_time()
    source = subprocess.Popen(["cat", stdin], stdout=subprocess.PIPE) if stdin else None
    out = subprocess.run([*map(str, command)], stdin=source and source.stdout, check=True,
                         stdout=subprocess.PIPE).stdout
    if source:
        source.stdout.close()
        source.wait()
    return out, (time.perf_counter() - began, processor_time() - used)


class Contest:
    """One model and its test texts."""

    def __init__(self, ncdclass, folder, method, n_test, scratch):
        self.ncdclass, self.model = ncdclass, scratch / "model.ncd"
        self.tsv, self.texts = scratch / "test.tsv", scratch / "texts"
        self.first_row, self.first_text = scratch / "first.tsv", scratch / "first"
        self.labels = scratch / "labels"
        self.n_train = len(lines_of(folder / "train.tsv"))
        rows = lines_of(folder / "test.tsv")
        rows = (rows * (n_test // len(rows) + 1))[:n_test]
        self.rows = [row.split(b"\t", 1)[1] for row in rows]
        self.tsv.write_bytes(b"".join(row + b"\n" for row in rows))
        self.texts.write_bytes(b"".join(text + b"\n" for text in self.rows))
        self.first_row.write_bytes(rows[0] + b"\n")
        self.first_text.write_bytes(self.rows[0] + b"\n")
        run(ncdclass, "train", "-q", f"--method={method}", "-o", self.model,
            folder / "train.tsv")

    def evaluate(self, test):
        return run(self.ncdclass, "eval", "-q", f"--predictions={self.labels}", self.model,
                   test)[1]

    def pipe(self, texts):
        return run(self.ncdclass, "predict", "-q", self.model, stdin=texts)

    def check(self):
        self.evaluate(self.tsv)
        said = [row.split(b"\t")[1] for row in lines_of(self.labels)]
        if said != self.pipe(self.texts)[0].splitlines():
            sys.exit("predict and eval give different labels")

    def costs(self):
        """What all texts but the first cost eval and predict, by round: pairs of
        (clock, processor) seconds."""
        less = lambda whole, first: tuple(w - f for w, f in zip(whole, first))
        return [(less(self.evaluate(self.tsv), self.evaluate(self.first_row)),
                 less(self.pipe(self.texts)[1], self.pipe(self.first_text)[1]))
                for _ in range(ROUNDS)]

    def waits(self):
        """Milliseconds from each line of a slow stream to its answer."""
        stream = subprocess.Popen([self.ncdclass, "predict", self.model], bufsize=0,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        waits = []
        for text in self.rows[:LINES + 1]:
            began = time.perf_counter()
            stream.stdin.write(text + b"\n")
            stream.stdout.readline()
            waits.append(1000 * (time.perf_counter() - began))
            time.sleep(0.05)
        stream.stdin.close()
        stream.wait()
        return waits[1:]  # before the first answer the model is loaded


def measure(contest):
    contest.check()
    costs = contest.costs()
    n = len(contest.rows) - 1
    median = statistics.median
    ratios = [evaluated[0] / piped[0] for evaluated, piped in costs]
    waits = contest.waits()
    return {"n_train": contest.n_train, "n_test": len(contest.rows),
            "eval_texts_per_s": f"{n / median(e[0] for e, _ in costs):.0f}",
            "pipe_texts_per_s": f"{n / median(p[0] for _, p in costs):.0f}",
            "ratio": f"{median(ratios):.3f}",
            "ratio_low": f"{min(ratios):.3f}", "ratio_high": f"{max(ratios):.3f}",
            "cpu_ratio": f"{median(e[1] / p[1] for e, p in costs):.3f}",
            "rounds": ROUNDS, "wait_ms_median": f"{median(waits):.2f}",
            "wait_ms_max": f"{max(waits):.2f}", "lines": len(waits)}


def main(ncdclass):
    root = os.environ.get("NCDCLASS_DATASETS")
    sets = SETS if root else {"sample": SAMPLE}
    rows = []
    for name, methods in sets.items():
        folder = (pathlib.Path(root) / name if root else
                  pathlib.Path(__file__).parents[1] / "datasets" / "sample")
        for method, n_test in methods.items():
            with tempfile.TemporaryDirectory() as scratch:
                contest = Contest(ncdclass, folder, method, n_test, pathlib.Path(scratch))
                row = {"set": name, "method": method, **measure(contest)}
            rows.append(row)
            print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    results = os.environ.get("NCDCLASS_RESULTS")
    if results:
        with open(pathlib.Path(results) / "predict.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
