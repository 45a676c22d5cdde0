#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the Python package (tools/python).

usage: test_python.py [TEST...]

In the environment: NCDCLASS, the command, whose answers the package's are compared
with; NCDCLASS_LIBRARY, the shared library; PYTHONPATH, the package. Exit 77
where NumPy or scikit-learn is missing.
"""
import ctypes
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import warnings
from pathlib import Path

try:
    import numpy as np
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.utils.estimator_checks import check_estimator
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

import ncdclass
from ncdclass import NCDClassifier, ncd, pairwise_ncd
from ncdclass import _library

ROOT = Path(__file__).resolve().parent.parent
HEADER = ROOT / "include" / "ncdclass.h"
NCDCLASS = os.environ["NCDCLASS"]


def read(name):
    """Labels and texts of a part of the sample."""
    lines = (ROOT / "datasets/sample" / name).read_bytes().splitlines()
    labels, texts = zip(*(line.split(b"\t", 1) for line in lines))
    return [text.decode() for text in texts], [label.decode() for label in labels]


X, Y = read("train.tsv")
X_TEST, Y_TEST = read("test.tsv")


def run(*arguments, stdin=""):
    done = subprocess.run([NCDCLASS, *map(str, arguments)], input=stdin, text=True,
                          stdout=subprocess.PIPE, check=True)
    return done.stdout.splitlines()


class Scratch(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "model.ncd"


class Interface(unittest.TestCase):
    """The header, repeated in ctypes."""

    def test_structs_are_laid_out_as_in_the_header(self):
        compiler = shutil.which("cc") or self.skipTest("no C compiler")
        structs = _library.STRUCTS
        members = {s: [m for m, *_ in s._fields_] for s in structs}
        lines = [f'printf("%zu\\n", offsetof({s.c_name}, {m}));\n'
                 f'printf("%zu\\n", sizeof((({s.c_name} *)0)->{m}));'
                 for s in structs for m in members[s]]
        lines += [f'printf("%zu\\n", sizeof({s.c_name}));' for s in structs]
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "layout.c"
            source.write_text("#include <ncdclass.h>\nint main(void)\n{\n"
                              + "\n".join(lines) + "\n}\n")
            subprocess.run([compiler, f"-I{HEADER.parent}", "-o", folder + "/layout",
                            source], check=True)
            said = subprocess.run([folder + "/layout"], stdout=subprocess.PIPE,
                                  text=True, check=True).stdout.split()
        known = [n for s in structs for m in members[s]
                 for n in (getattr(s, m).offset, getattr(s, m).size)]
        known += [ctypes.sizeof(s) for s in structs]
        self.assertEqual(list(map(int, said)), known)

    def test_functions_take_as_many_parameters_as_in_the_header(self):
        header = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
        declared = {name: 0 if parameters.strip() == "void"
                    else parameters.count(",") + 1
                    for name, parameters in
                    re.findall(r"\b(ncd_\w+)\(([^()]*)\);", header)}
        for name, (_, *parameters) in _library.PROTOTYPES.items():
            self.assertEqual(len(parameters), declared[name], name)

    def test_versions_agree(self):
        project = (ROOT / "tools/python/pyproject.toml").read_text()
        self.assertIn(f'\nversion = "{ncdclass.__version__}"\n', project)
        self.assertEqual(run("--version")[0], f"ncdclass {ncdclass.__version__}")


class Distances(Scratch):
    def test_ncd_is_the_command_s(self):
        for options in ({}, {"compressor": "zstd:3"}, {"distance": "clm"},
                        {"order": "mean"}, {"separator": ""}):
            arguments = [f"--{name}={value}" for name, value in options.items()]
            said = run("distance", *arguments, "--strings", X[0], X[1])
            self.assertEqual(float(said[0].split("\t")[0].split()[-1]),
                             ncd(X[0], X[1], **options), options)

    def test_pairwise_is_ncd_of_each_pair(self):
        rows, columns = X[:4], X_TEST[:3]
        expected = [[ncd(x, y) for y in columns] for x in rows]
        self.assertTrue(np.array_equal(pairwise_ncd(rows, columns), expected))
        expected = [[ncd(x, y) for y in rows] for x in rows]
        self.assertTrue(np.array_equal(pairwise_ncd(rows, n_jobs=2), expected))

    def test_mean_of_orders_is_symmetric(self):
        matrix = pairwise_ncd(X[:20], order="mean")
        self.assertTrue(np.array_equal(matrix, matrix.T))
        self.assertEqual(matrix.dtype, np.float64)

    def test_odd_texts(self):
        odd = ["", b"", b"\0\xff\n", "é\0", "\udcff", "x" * 70000]
        self.assertEqual(pairwise_ncd(odd).shape, (6, 6))
        self.assertEqual(ncd("é", "\udcff"), ncd("é".encode(), b"\xff"))
        self.assertEqual(pairwise_ncd([], odd).shape, (0, 6))
        self.assertEqual(pairwise_ncd(odd, []).shape, (6, 0))

    def test_bad_arguments(self):
        for options in ({"compressor": "zip"}, {"compressor": "gzip:77"},
                        {"distance": "none"}, {"order": "none"}):
            with self.assertRaises(ValueError):
                ncd("a", "b", **options)
            with self.assertRaises(ValueError):
                pairwise_ncd(["a"], **options)
        with self.assertRaises(TypeError):
            ncd("a", 1)
        with self.assertRaises(ValueError):
            pairwise_ncd("one text")
        with self.assertRaises(ValueError):
            pairwise_ncd(["a"], n_jobs=0)

    def test_compressors_are_the_command_s(self):
        listed = [line.split()[0] for line in run("compressors") if line[:1].isalpha()]
        for name in ncdclass.compressors():
            self.assertIn(name, listed)
            self.assertGreater(ncd("abc", "abd", compressor=name), 0)


class Classifier(Scratch):
    def test_answers_are_the_command_s(self):
        (self.path.parent / "train.tsv").write_text(
            "".join(f"{label}\t{text}\n" for text, label in zip(X, Y)))
        lines = "".join(text + "\n" for text in X_TEST)
        for options in ({}, {"compressor": "lz4", "vote": "weighted"},
                        {"order": "mean", "n_neighbors": 3}):
            names = {"n_neighbors": "k"}
            arguments = [f"--{names.get(n, n)}={v}" for n, v in options.items()]
            run("train", *arguments, "-o", self.path, self.path.parent / "train.tsv")
            rows = [json.loads(line)["labels"] for line in
                    run("predict", self.path, "--top=6", "--prob", "--format=jsonl", stdin=lines)]
            fitted = NCDClassifier(**options).fit(X, Y)
            for classifier in (fitted, NCDClassifier.load(self.path)):
                self.assertEqual(list(classifier.predict(X_TEST)), [r[0]["label"] for r in rows])
                proba = classifier.predict_proba(X_TEST)
                for row, shares in zip(rows, proba):
                    said = {answer["label"]: answer["share"] for answer in row}
                    for label, share in zip(classifier.classes_, shares):
                        self.assertEqual(said.get(label, 0), share)

    def test_the_command_reads_what_save_writes(self):
        classifier = NCDClassifier(n_neighbors=3).fit(X, Y)
        classifier.save(self.path)
        said = run("predict", self.path, stdin="".join(t + "\n" for t in X_TEST))
        self.assertEqual(said, list(classifier.predict(X_TEST)))
        loaded = NCDClassifier.load(str(self.path))
        self.assertEqual(loaded.n_neighbors, 3)
        self.assertEqual(loaded.n_texts_, len(X))
        # What can be trained can be trained again.
        again = clone(loaded).fit(X, Y)
        self.assertEqual(list(again.predict(X_TEST)), said)

    def test_neighbors(self):
        classifier = NCDClassifier(n_neighbors=4).fit(X[:60], Y[:60])
        distances, indices = classifier.kneighbors(X_TEST[:10])
        full = pairwise_ncd(X_TEST[:10], X[:60])
        order = np.argsort(full, axis=1, kind="stable")[:, :4]
        self.assertTrue(np.array_equal(indices, order))
        self.assertTrue(np.array_equal(distances, np.take_along_axis(full, order, 1)))
        only = classifier.kneighbors(X_TEST[:10], 2, return_distance=False)
        self.assertTrue(np.array_equal(only, order[:, :2]))

    def test_neighbors_of_the_training_texts(self):
        texts = ["the same"] * 5 + X[:20]
        classifier = NCDClassifier(n_neighbors=2).fit(texts, ["a", "b"] * 12 + ["a"])
        distances, indices = classifier.kneighbors()
        full = pairwise_ncd(texts)
        np.fill_diagonal(full, np.inf)
        order = np.argsort(full, axis=1, kind="stable")[:, :2]
        self.assertTrue(np.array_equal(indices, order))
        self.assertTrue(np.array_equal(distances, np.take_along_axis(full, order, 1)))
        with self.assertRaises(ValueError):
            classifier.kneighbors(n_neighbors=25)

    def test_labels_of_many_kinds(self):
        numbers = {name: i * 10 for i, name in enumerate(sorted(set(Y)))}
        expected = NCDClassifier().fit(X, Y).predict(X_TEST)
        for kind in (int, np.int8, float, str):
            y = np.array([numbers[name] for name in Y]).astype(kind)
            classifier = NCDClassifier().fit(X, y)
            got = classifier.predict(X_TEST)
            self.assertEqual(got.dtype, y.dtype)
            self.assertEqual(list(got.astype(float)), [numbers[n] for n in expected])
        classifier.save(self.path)
        self.assertEqual(NCDClassifier.load(self.path).classes_.dtype.kind, "U")
        for bad in ("", "a\tb", "a\nb"):
            with self.assertRaises(ValueError):
                NCDClassifier().fit(["x", "y"], [bad, "c"])

    def test_bytes_arrays_and_generators(self):
        expected = list(NCDClassifier().fit(X, Y).predict(X_TEST))
        for form in (np.array, lambda texts: np.array(texts, object), tuple, iter,
                     lambda texts: [text.encode() for text in texts]):
            got = NCDClassifier().fit(form(X), Y).predict(form(X_TEST))
            self.assertEqual(list(got), expected)

    def test_threads_make_no_difference(self):
        results = [NCDClassifier(n_jobs=n).fit(X, Y).predict_proba(X_TEST)
                   for n in (None, 1, 2, 5, -1, -2)]
        for result in results[1:]:
            self.assertTrue(np.array_equal(result, results[0]))

    def test_settings_of_prediction_may_change_after_fit(self):
        classifier = NCDClassifier().fit(X, Y)
        classifier.set_params(n_neighbors=1, vote="weighted", n_candidates=50)
        fresh = NCDClassifier(n_neighbors=1, vote="weighted", n_candidates=50).fit(X, Y)
        self.assertEqual(list(classifier.predict(X_TEST)), list(fresh.predict(X_TEST)))

    def test_more_neighbors_than_texts(self):
        classifier = NCDClassifier(n_neighbors=1000).fit(X[:3], ["b", "a", "a"])
        self.assertEqual(list(classifier.predict(X_TEST[:3])), ["a"] * 3)
        with self.assertRaises(ValueError):
            classifier.kneighbors(X_TEST)

    def test_partial_fit_is_fit_on_all(self):
        whole = NCDClassifier().fit(X, Y)
        parts = NCDClassifier()
        for first in range(0, len(X), 70):
            parts.partial_fit(X[first:first + 70], Y[first:first + 70])
        self.assertTrue(np.array_equal(parts.predict_proba(X_TEST),
                                       whole.predict_proba(X_TEST)))
        declared = NCDClassifier().partial_fit(X[:1], Y[:1], classes=sorted(set(Y)))
        self.assertEqual(declared.predict_proba(X_TEST[:2]).shape, (2, 6))
        with self.assertRaises(ValueError):
            declared.partial_fit(X[:1], Y[:1], classes=["other"])

    def test_forget_is_fit_on_the_rest(self):
        for method in "knn", "class":
            rest = NCDClassifier(method=method).fit(X[40:], Y[40:])
            less = NCDClassifier(method=method).fit(X, Y).forget(X[:40], Y[:40])
            self.assertEqual(less.n_texts_, len(X) - 40)
            self.assertTrue(np.array_equal(less.predict_proba(X_TEST),
                                           rest.predict_proba(X_TEST)))
        for texts, labels in (["never learnt"], Y[:1]), (X[50:51], ["no such label"]):
            with self.assertRaises(ValueError):
                less.forget(texts, labels)
        self.assertEqual(less.n_texts_, len(X) - 40)
        with self.assertRaises(NotFittedError):
            NCDClassifier().forget(X[:1], Y[:1])

    def test_failures_leave_things_as_they_were(self):
        with self.assertRaises(NotFittedError):
            NCDClassifier().predict(X_TEST)
        for bad in ({"n_neighbors": 0}, {"n_neighbors": 1.5}, {"n_neighbors": 2**32},
                    {"compressor": "zip"}, {"vote": "none"}, {"method": "none"},
                    {"n_candidates": -1}):
            with self.assertRaises(ValueError, msg=bad):
                NCDClassifier(**bad).fit(X, Y).predict(X_TEST[:1])
        with self.assertRaises(ValueError):
            NCDClassifier().fit(X, Y[:-1])
        with self.assertRaises(ValueError):
            NCDClassifier().fit([], [])
        with self.assertRaises(TypeError):
            NCDClassifier().fit([1, 2], ["a", "b"])
        with self.assertRaises(ValueError):
            NCDClassifier().fit(np.array([["a"], ["b"]]), ["a", "b"])
        with self.assertRaises(OSError):
            NCDClassifier.load(self.path)
        self.path.write_text("no model")
        with self.assertRaises(ValueError):
            NCDClassifier.load(self.path)

    def test_pickle_and_copies(self):
        classifier = NCDClassifier().fit(X, Y)
        copied = pickle.loads(pickle.dumps(classifier))
        self.assertTrue(np.array_equal(copied.predict_proba(X_TEST),
                                       classifier.predict_proba(X_TEST)))
        self.assertFalse(hasattr(clone(classifier), "classes_"))

    def test_class_models(self):
        classifier = NCDClassifier(method="class").fit(X, Y)
        proba = classifier.predict_proba(X_TEST)
        np.testing.assert_allclose(proba.sum(axis=1), 1)
        self.assertEqual(list(classifier.predict(X_TEST)),
                         list(classifier.classes_[proba.argmax(axis=1)]))
        classifier.save(self.path)
        loaded = NCDClassifier.load(self.path)
        self.assertEqual(loaded.method, "class")
        self.assertTrue(np.array_equal(loaded.predict_proba(X_TEST), proba))
        with self.assertRaises(ValueError):
            classifier.kneighbors(X_TEST)
        parts = NCDClassifier(method="class").partial_fit(X[:200], Y[:200])
        parts.partial_fit(X[200:], Y[200:])
        self.assertTrue(np.array_equal(parts.predict_proba(X_TEST), proba))


class Concurrency(unittest.TestCase):
    def test_other_threads_run_during_a_call(self):
        classifier = NCDClassifier(n_jobs=1, compressor="lzma").fit(X, Y)
        call = threading.Thread(target=classifier.predict, args=[X_TEST[:8]])
        n_turns = 0
        call.start()
        while call.is_alive():
            n_turns += 1
            time.sleep(0.001)
        # A call that kept the lock would let this loop run once or twice.
        self.assertGreater(n_turns, 5)

    def test_threads_share_a_classifier(self):
        classifier = NCDClassifier().fit(X, Y)
        expected = list(classifier.predict(X_TEST))
        results = []
        threads = [threading.Thread(
            target=lambda: results.append(list(classifier.predict(X_TEST))))
            for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [expected] * 4)

    def test_ctrl_c_ends_a_long_call(self):
        program = ("from ncdclass import pairwise_ncd\n"
                   "import random\n"
                   "texts = [random.randbytes(3000) for _ in range(3000)]\n"
                   "print('ready', flush=True)\n"
                   "pairwise_ncd(texts, compressor='lzma')\n")
        child = subprocess.Popen([sys.executable, "-c", program], text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            child.stdout.readline()
            time.sleep(0.5)
            child.send_signal(signal.SIGINT)
            _, err = child.communicate(timeout=60)
        finally:
            child.kill()
        self.assertEqual(err.strip().splitlines()[-1], "KeyboardInterrupt")


class RowsAsTexts(NCDClassifier):
    """For tables of numbers, which scikit-learn's checks are made of."""

    def _spell(self, X, y=None, reset=False):
        if reset:
            X, y = self._validate_data(X, y)
        else:
            check_is_fitted(self)
            X = self._validate_data(X, reset=False)
        texts = [" ".join(map(repr, row)) for row in X.astype(float).tolist()]
        return (texts, y) if reset else texts

    def fit(self, X, y):
        return super().fit(*self._spell(X, y, reset=True))

    def predict(self, X):
        return super().predict(self._spell(X))

    def predict_proba(self, X):
        return super().predict_proba(self._spell(X))

    # Without it the checks of partial_fit do not apply; it has a test above.
    partial_fit = property()

    def _more_tags(self):
        # Spelled numbers share so little that a vote is a poor judge of them.
        return {"X_types": ["2darray"], "poor_score": self.n_neighbors > 1}


@unittest.skipUnless(hasattr(NCDClassifier, "_validate_data"),
                     "the checks are written for scikit-learn before 1.6")
class Conventions(unittest.TestCase):
    def failures(self, estimator):
        failed = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for instance, check in check_estimator(estimator, generate_only=True):
                try:
                    check(instance)
                except unittest.SkipTest:
                    pass
                except AssertionError:
                    failed.append(check.func.__name__)
        return failed

    def test_check_estimator_as_it_is(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_estimator(NCDClassifier())

    def test_every_check_on_rows_as_texts(self):
        self.assertEqual(self.failures(RowsAsTexts(n_neighbors=1)), [])

    def test_checks_with_a_vote(self):
        # It demands the first maximum of predict_proba; a tied vote goes to the
        # nearest neighbour's label instead.
        self.assertEqual(set(self.failures(RowsAsTexts(n_neighbors=5))),
                         {"check_classifiers_train"})

    def test_pipelines_and_searches(self):
        lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
        pipeline = make_pipeline(lower, NCDClassifier())
        search = GridSearchCV(pipeline, {"ncdclassifier__n_neighbors": [1, 5],
                                         "ncdclassifier__compressor": ["gzip", "lz4"]},
                              cv=3).fit(X, Y)
        self.assertGreater(search.best_score_, 0.5)
        self.assertGreater(search.score(X_TEST, Y_TEST), 0.5)
        scores = cross_val_score(NCDClassifier(), X, Y, cv=3, n_jobs=2)
        by_hand = cross_val_score(NCDClassifier(n_jobs=1), X, Y, cv=3)
        self.assertTrue(np.array_equal(scores, by_hand))


class Readme(unittest.TestCase):
    def test_example_runs(self):
        text = (ROOT / "tools/python/README.md").read_text()
        example = re.search(r"```python\n(.*?)```", text, re.S).group(1)
        with tempfile.TemporaryDirectory() as folder:
            here = os.getcwd()
            os.chdir(folder)
            try:
                names = {}
                exec(example, names)  # ours, from the line above
            finally:
                os.chdir(here)
        self.assertEqual(list(names["clf"].predict(["a penalty in the last minute"])),
                         ["sport"])


if __name__ == "__main__":
    unittest.main()
