#!/usr/bin/env python3
"""Tests of tools/dataset, without network: every fixture is made here and served as file://.

The program is run as its users run it, so what is tested is what they see:
exit status, messages, and the files that are there afterwards.
"""

import bz2
import gzip
import hashlib
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "tools" / "dataset"
RECIPES = ROOT / "datasets" / "recipes"


def toml(value):
    """TOML of what our recipes consist of: its strings and numbers are those of JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def tar(entries, mode="w:gz"):
    """An archive of (name, bytes) or ready-made TarInfo entries."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
    return buffer.getvalue()


class Case(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.top = pathlib.Path(holder.name)
        self.mirror, self.out = self.top / "mirror", self.top / "out"
        self.mirror.mkdir()

    def run_program(self, *arguments, status=0, **options):
        done = subprocess.run([sys.executable, PROGRAM, *map(str, arguments)], text=True,
                              capture_output=True, timeout=60, **options)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done

    def recipe(self, contents, convert, classes=None, **changes):
        """Writes the contents to the mirror and a recipe that names them; returns its path."""
        rows = []
        for name, content in contents.items():
            (self.mirror / name).write_bytes(content)
            rows.append({"name": name, "urls": [(self.mirror / name).as_uri()]})
        fields = {field: "-" for field in ("title", "description", "homepage", "licence",
                                           "citation", "split")}
        fields |= {"notes": [], "files": rows, "convert": convert}
        if classes:
            fields |= {"classes": classes,
                       "train": sum(c[0] for c in classes.values()),
                       "test": sum(c[1] for c in classes.values())}
        fields |= changes
        path = self.top / "toy.toml"
        path.write_text("".join(f"{k} = {toml(v)}\n" for k, v in fields.items()))
        return path

    def get(self, recipe, *arguments, status=0, **options):
        return self.run_program("get", recipe, "-o", self.out, *arguments, status=status, **options)

    def result(self, part):
        return (self.out / "toy" / f"{part}.tsv").read_bytes().decode()

    def assert_nothing_written(self):
        left = sorted(str(path) for path in self.out.rglob("*"))
        self.assertEqual(left, [])


CSV = {"format": "csv", "train": r"train\.csv", "test": r"test\.csv", "label": 0, "text": [1, 2],
       "labels": {"1": "World", "2": "Sports"}}
LINES = {"format": "lines", "train": "train", "test": "test",
         "line": r"(?P<label>[^\t]+)\t(?P<text>.*)"}
TREE = {"format": "tree", "train": r"set/train/(?P<label>[^/]+)/\d+",
        "test": r"set/test/(?P<label>[^/]+)/\d+"}
TREE_FILES = [("set/train/a/2", b"two"), ("set/train/a/1", b"one\n\nline\n"),
              ("set/test/b/3", b"three"), ("set/README", b"not a document")]


class Converters(Case):
    def test_csv_quoting(self):
        train = (b'"1","He said ""no""","one, two"\n'
                 b'"2","broken\nline","tab\there\r\nend"\n')
        self.get(self.recipe({"train.csv": train, "test.csv": b"1,plain,cells\n"}, CSV))
        self.assertEqual(self.result("train"), 'World\tHe said "no" one, two\n'
                                               "Sports\tbroken line tab here end\n")
        self.assertEqual(self.result("test"), "World\tplain cells\n")

    def test_csv_with_header(self):
        options = CSV | {"delimiter": "\t", "header": True, "label": "topic", "text": ["body"]}
        rows = b"topic\turl\tbody\n1\thttp\tsome \"text\"\n"
        self.get(self.recipe({"train.csv": rows, "test.csv": rows}, options))
        self.assertEqual(self.result("train"), 'World\tsome "text"\n')

    def test_csv_short_row(self):
        done = self.get(self.recipe({"train.csv": b"1,a,b\n2,a\n", "test.csv": b""}, CSV), status=1)
        self.assertIn("train.csv:2: no columns [0, 1, 2]", done.stderr)
        self.assert_nothing_written()

    def test_tree_is_read_by_name(self):
        self.get(self.recipe({"set.tar.gz": tar(TREE_FILES)}, TREE))
        self.assertEqual(self.result("train"), "a\tone line\na\ttwo\n")
        self.assertEqual(self.result("test"), "b\tthree\n")

    def test_tree_in_every_packing(self):
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as archive:
            archive.writestr("set/", b"")
            for name, content in TREE_FILES:
                archive.writestr(name, content)
        dotted = [("./" + name, content) for name, content in TREE_FILES]
        for content in (zipped.getvalue(), tar(TREE_FILES, "w"), tar(TREE_FILES, "w:xz"),
                        tar(TREE_FILES, "w:bz2"), tar(dotted)):
            self.get(self.recipe({"archive": content}, TREE))
            self.assertEqual(self.result("train"), "a\tone line\na\ttwo\n")

    def test_lines_with_labels(self):
        options = LINES | {"line": r"(?P<label>[A-Z]+):\S+ (?P<text>.*)"}
        self.get(self.recipe({"train": b"DESC:manner How did it ?\r\n\nHUM:ind Who ?",
                              "test": gzip.compress(b"NUM:x 1\n")}, options))
        self.assertEqual(self.result("train"), "DESC\tHow did it ?\nHUM\tWho ?\n")
        self.assertEqual(self.result("test"), "NUM\t1\n")

    def test_lines_of_one_class_a_file_and_our_own_split(self):
        files = {f"mr.{label}": b"1\n2\n3\n4\n5\n6\n" for label in ("neg", "pos")}
        self.get(self.recipe(files, {"format": "lines", "all": r"mr\.(?P<label>neg|pos)",
                                     "test_every": 3}))
        self.assertEqual(self.result("test"), "neg\t3\nneg\t6\npos\t3\npos\t6\n")
        self.assertEqual(len(self.result("train").splitlines()), 8)

    def test_a_line_of_another_format(self):
        done = self.get(self.recipe({"train": b"a\tb\nnonsense\n", "test": b""}, LINES), status=1)
        self.assertIn("train:2: not a line of this format", done.stderr)

    def test_distinct(self):
        files = {"train": b"a\tx\na\t x \nb\ty\n", "test": b"a\ty\na\tz\n"}
        self.get(self.recipe(files, LINES | {"distinct": True}))
        self.assertEqual(self.result("train") + self.result("test"), "a\tx\nb\ty\na\tz\n")

    def test_json(self):
        content = {"fit": [["caf\u00e9\u2028\n?", "ask"]], "val": [],
                   "test": [["lone \ud800", "ask"]]}
        options = {"format": "json", "train": r"all\.json", "test": r"all\.json",
                   "keys": {"train": "fit", "test": "test"}, "label": 1, "text": [0]}
        self.get(self.recipe({"all.json": json.dumps(content).encode()}, options))
        self.assertEqual(self.result("train"), "ask\tcaf\u00e9 ?\n")
        self.assertEqual(self.result("test"), "ask\tlone ?\n")

    def test_recipe_and_file_do_not_fit(self):
        for convert in ({"format": "json", "train": "f", "test": "f", "keys": {}},
                        {"format": "json", "train": "f", "test": "f", "label": 0, "text": [1],
                         "keys": {"train": "odd", "test": "odd"}},
                        {"format": "tree", "train": "f"}, {"format": "parallel"},
                        LINES | {"train": "f", "line": ".*"}, {"format": "lines", "all": "f"}):
            files = {"f": b'{"odd": 7}'}
            self.assertIn("fit together", self.get(self.recipe(files, convert), status=1).stderr)

    def test_parallel(self):
        options = {"format": "parallel", "texts": "texts", "index": "index",
                   "index_line": r"\d+\t(?P<part>train|test)\t(?P<label>\S+)"}
        files = {"texts": b"good \r\nbad\r\n", "index": b"0\ttest\tpos\n1\ttrain\tneg"}
        self.get(self.recipe(files, options))
        self.assertEqual((self.result("train"), self.result("test")), ("neg\tbad\n", "pos\tgood\n"))
        files["texts"] += b"one more\n"
        done = self.get(self.recipe(files, options), status=1)
        self.assertIn("differ in length at line 3", done.stderr)

    def test_bytes(self):
        files = {"train": b"a\tcaf\xe9\na\tcaf\xc3\xa9\na\tdash \x97 \x85 end\n"
                          b"a\tnul\0\x0b\x0ctab\t\n", "test": b"a\t \n"}
        done = self.get(self.recipe(files, LINES))
        self.assertEqual(self.result("train"), "a\tcaf\u00e9\na\tcaf\u00e9\n"
                                               "a\tdash \x97   end\na\tnul tab\n")
        self.assertEqual(self.result("test"), "")
        self.assertIn("empty texts left out: 1", done.stdout)
        self.get(self.recipe(files, LINES | {"encoding": "windows-1252"}))
        self.assertIn("a\tdash \u2014 \u2026 end\n", self.result("train"))


PACKAGES = """\
Package: one
Section: games
Description: a game
Description-md5: 1111

Package: one-data
Source: one (1.0)
Section: games
Description: data of the game

Package: two
Section: libs
Description: a library

Package: three
Section: games
Description: a game
Description-md5: 1111

Package: four
Section: rare
Description: alone in its section
"""
TRANSLATION = """\
Package: one
Description-md5: 1111
Description-en: a game
 First line,
   indented
 .
 end.
"""
DEBIAN = {"format": "debian", "packages": "(.*_)?Packages", "long": "(.*_)?Translation-en",
          "leave_out": ["libs"], "min_documents": 1, "test_modulus": 5}


class Debian(Case):
    def lists(self):
        return {"Packages": gzip.compress(PACKAGES.encode()),
                "Translation-en": bz2.compress(TRANSLATION.encode())}

    def documents(self):
        return set((self.result("train") + self.result("test")).splitlines())

    def test_rule(self):
        self.get(self.recipe(self.lists(), DEBIAN), "--from", self.mirror)
        self.assertEqual(self.documents(), {"games\ta game First line,   indented end.",
                                            "rare\talone in its section"})
        self.get(self.recipe(self.lists(), DEBIAN | {"min_documents": 2}), "--from", self.mirror)
        self.assertEqual(self.documents(), set())

    def test_split_by_source(self):
        names = [f"p{i}" for i in range(50)]
        packages = "\n".join(f"Package: {n}-bin\nSource: {n}\nSection: x\nDescription: {n}\n"
                             for n in names)
        self.get(self.recipe(self.lists() | {"Packages": packages.encode()}, DEBIAN),
                 "--from", self.mirror)
        test = [n for n in names if int(hashlib.sha256(n.encode()).hexdigest(), 16) % 5 == 0]
        self.assertEqual(self.result("test"), "".join(f"x\t{n}\n" for n in test))

    def fake_apt(self, listed):
        """An apt-get that lists what we like, so the test runs on any system."""
        script = self.top / "bin" / "apt-get"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\ncat <<'END'\n{listed}END\n")
        script.chmod(0o755)
        return os.environ | {"PATH": f"{script.parent}:{os.environ['PATH']}"}

    def test_apt_lists(self):
        main = self.top / "host_dists_x_main_binary-amd64_Packages"
        security = self.top / "host_dists_x-security_main_binary-amd64_Packages"
        main.write_text(PACKAGES)
        security.write_text("Package: new\nSection: games\nDescription: not of the release\n")
        environment = self.fake_apt(f"Debian|main|x|{main}\nDebian|main|x-updates|{security}\n"
                                    f"Debian-Security|main|x|{security}\n")
        recipe = self.recipe({}, DEBIAN)
        done = self.get(recipe, env=environment)
        self.assertIn("short descriptions only", done.stderr)
        self.assertEqual(self.documents(), {"games\ta game", "rare\talone in its section"})
        (self.top / "host_dists_x_main_i18n_Translation-en").write_text(TRANSLATION)
        self.assertEqual(self.get(recipe, env=environment).stderr, "")
        self.assertIn("games\ta game First line,   indented end.", self.documents())

    def test_no_lists(self):
        done = self.get(self.recipe({}, DEBIAN), status=1, env=self.fake_apt(""))
        self.assertIn("run 'apt-get update' first", done.stderr)
        done = self.get(self.recipe({}, DEBIAN), status=1, env={"PATH": str(self.top)})
        self.assertIn("toy: apt-get indextargets: No such file", done.stderr)


class Verification(Case):
    FILES = {"train": b"a\tx\nb\ty\nb\ty\n", "test": b"a\ty\n"}
    COUNTS = {"a": [1, 1], "b": [2, 0]}

    def with_sums(self, **sums):
        """The recipe with checksums added to its first file."""
        rows = [{"name": n, "urls": [(self.mirror / n).as_uri()]} for n in self.FILES]
        return self.recipe(self.FILES, LINES, self.COUNTS, files=[rows[0] | sums, rows[1]])

    def right_sums(self):
        content = self.FILES["train"]
        blob = b"blob %d\0" % len(content) + content
        return {"sha256": hashlib.sha256(content).hexdigest(),
                "md5": hashlib.md5(content).hexdigest(),
                "gitblob": hashlib.sha1(blob).hexdigest()}

    def test_report(self):
        done = self.get(self.with_sums(**self.right_sums()))
        train, test = self.result("train").encode(), self.result("test").encode()
        for line in ("train: 12 bytes, sha256 and md5 and gitblob OK",
                     "test: 4 bytes, no published checksum, sha256 "
                     + hashlib.sha256(self.FILES["test"]).hexdigest(),
                     "counts: OK", "mean text bytes: 1 (train 1, test 1)",
                     "repeated texts in train: 1",
                     "test texts that are in train verbatim: 1 of 1",
                     f"sha256 of train.tsv: {hashlib.sha256(train).hexdigest()}",
                     f"sha256 of test.tsv: {hashlib.sha256(test).hexdigest()}"):
            self.assertIn(line, done.stdout)

    def test_wrong_checksum(self):
        for kind, digest in self.right_sums().items():
            wrong = digest[::-1]
            done = self.get(self.with_sums(**{kind: wrong}), status=1)
            self.assertIn(f"wrong checksum: {kind} is {digest}, the recipe has {wrong}",
                          done.stderr)
            self.assert_nothing_written()

    def test_counts_differ(self):
        recipe = self.recipe(self.FILES, LINES, {"a": [1, 1], "b": [1, 0], "c": [1, 1]})
        done = self.get(recipe, status=1)
        self.assertIn("DIFFERENT in 2 of 3 classes", done.stdout)
        self.assertEqual(done.stderr, "dataset: toy: the counts differ; the set was not written\n")
        self.assert_nothing_written()

    def test_output_checksum(self):
        recipe = self.recipe(self.FILES, LINES, self.COUNTS, output={"test": "0" * 64})
        done = self.get(recipe, status=1)
        self.assertIn("test.tsv should have sha256 000", done.stderr)
        self.assert_nothing_written()

    def test_existing_result_survives_a_failure(self):
        self.get(self.recipe(self.FILES, LINES, self.COUNTS))
        before = self.result("train"), self.result("test")
        broken = {"train": self.FILES["train"], "test": b"a\tother\nnonsense"}
        for files in (broken, self.FILES | {"test": b"c\tx\n"}):
            self.get(self.recipe(files, LINES, self.COUNTS), status=1)
            self.assertEqual((self.result("train"), self.result("test")), before)
        self.assertEqual(sorted(p.name for p in self.out.iterdir()), ["toy"])

    def test_unexpected_members(self):
        """Nothing an archive calls itself is written or read."""
        link = tarfile.TarInfo("set/train/a/9")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        hard = tarfile.TarInfo("set/train/a/8")
        hard.type, hard.linkname = tarfile.LNKTYPE, "set/README"
        hostile = [("../../x", b"out"), ("/tmp/x", b"out"), ("../set/train/a/7", b"out"),
                   ("/set/train/a/6", b"out"), ("set/train/../train/a/5", b"out"), link, hard]
        outside = [self.top.parent / "x", pathlib.Path("/tmp/x")]
        before = [path.exists() for path in outside]
        self.get(self.recipe({"set.tgz": tar(hostile + TREE_FILES)}, TREE))
        self.assertEqual(self.result("train"), "a\tone line\na\ttwo\n")
        self.assertEqual(sorted(p.name for p in self.top.rglob("*") if p.is_file()),
                         ["set.tgz", "test.tsv", "toy.toml", "train.tsv"])
        self.assertEqual([path.exists() for path in outside], before)

    def test_truncated_archives(self):
        many = [(f"set/train/a/{i}", os.urandom(2000)) for i in range(20)]
        zipped = io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as archive:
            archive.writestr("set/train/a/1", b"x" * 5000)
        for content in (tar(many), tar(many, "w:xz"), tar(many, "w:bz2"), tar(many, "w")):
            recipe = self.recipe({"archive": content[:len(content) // 2 - 700]}, TREE)
            self.assertIn("damaged or truncated", self.get(recipe, status=1).stderr)
        self.get(self.recipe({"archive": zipped.getvalue()[:3000]}, TREE), status=1)
        self.get(self.recipe({"archive": b"\x1f\x8b garbage"}, TREE), status=1)
        self.assert_nothing_written()

    def test_no_such_member(self):
        done = self.get(self.recipe({"set.tgz": tar([("other/1", b"x")])}, TREE), status=1)
        self.assertIn("no file in it named like", done.stderr)


class Fetching(Case):
    FILES = {"train": b"a\tx\n", "test": b"a\ty\n"}

    def test_missing_file(self):
        recipe = self.recipe(self.FILES, LINES)
        (self.mirror / "test").unlink()
        done = self.get(recipe, status=1)
        url = (self.mirror / "test").as_uri()
        self.assertEqual(done.stderr, f"dataset: toy: {url}: No such file or directory\n")
        self.assert_nothing_written()

    def test_next_url(self):
        rows = [{"name": name, "urls": ["file:///nowhere/x", (self.mirror / name).as_uri()]}
                for name in self.FILES]
        done = self.get(self.recipe(self.FILES, LINES, files=rows))
        self.assertIn("file:///nowhere/x: No such file or directory; trying the next", done.stderr)
        self.assertEqual(self.result("train"), "a\tx\n")

    def test_from(self):
        recipe = self.recipe(self.FILES, LINES)
        other = self.top / "other place"
        self.mirror.rename(other)
        for origin in (other, other.as_uri(), other.as_uri() + "/"):
            self.get(recipe, "--from", origin)
            self.assertEqual(self.result("test"), "a\ty\n")
        done = self.get(recipe, "--from", other / "train", status=1)
        self.assertIn("not a directory, and this set has 2 files", done.stderr)
        self.get(recipe, "--from", "strange://x", status=1)
        single = self.recipe({}, LINES | {"test": "train"}, files=[{"name": "train"}])
        self.assertIn("use --from", self.get(single, status=1).stderr)
        self.get(single, "--from", other / "test")
        self.assertEqual(self.result("train"), "a\ty\n")

    def test_keep(self):
        recipe = self.recipe(self.FILES, LINES)
        self.get(recipe, "--keep")
        self.assertEqual((self.out / "toy" / "source" / "train").read_bytes(), b"a\tx\n")
        self.mirror.rename(self.top / "gone")
        self.get(recipe, "--from", self.out / "toy" / "source")

    def test_interrupt(self):
        """A pipe nobody writes to is as good as a slow network."""
        recipe = self.recipe(self.FILES, LINES)
        (self.mirror / "test").unlink()
        os.mkfifo(self.mirror / "test")
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            running = subprocess.Popen([sys.executable, PROGRAM, "get", recipe, "-o", self.out],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            running.stdout.readline()       # the first file is verified
            running.send_signal(number)
            _, errors = running.communicate(timeout=60)
            self.assertEqual(running.returncode, status)
            self.assertNotIn(b"Traceback", errors)
            self.assert_nothing_written()

    def test_unwritable_directory(self):
        self.out.write_text("a file")
        done = self.get(self.recipe(self.FILES, LINES), status=1)
        self.assertTrue(done.stderr.startswith(f"dataset: toy: {self.out}: "), done.stderr)


class Commands(Case):
    def test_unknown_set(self):
        for command in ("get", "show"):
            done = self.run_program(command, "ag_new", status=2)
            self.assertEqual(done.stderr, "dataset: unknown set 'ag_new'; did you mean 'ag-news'? "
                                          "('dataset list' prints them all)\n")
        self.assertNotIn("did you mean", self.run_program("get", "=+=+=", status=2).stderr)

    def test_usage(self):
        for arguments in ((), ("get",), ("fetch",), ("get", "r8", "--frm", "x"), ("list", "r8")):
            self.assertIn("usage: dataset", self.run_program(*arguments, status=2).stderr)
        self.assertIn("--from", self.run_program("get", "--help").stdout)

    def test_invalid_recipes(self):
        good = self.recipe({}, LINES).read_text()
        for text in ("", "x = [", good.replace("licence", "license"),
                     good.replace('"lines"', '"xml"'),
                     good.replace("files = []", 'files = [{name = "../x"}]'),
                     good.replace("files = []", 'files = [{name = "x", md5 = "abc"}]'),
                     good.replace('"train" = "train"', '"train" = "("'),
                     good + "train = 1\ntest = 1\nclasses = {a = [1, 1, 1]}\n",
                     good + "train = 1\ntest = 1\nclasses = {a = [1, 2]}\n"):
            path = self.top / "bad.toml"
            path.write_text(text)
            done = self.run_program("show", path, status=1)
            self.assertIn(f"{path}: not a valid recipe: ", done.stderr)
        self.run_program("show", self.top / "absent.toml", status=1)

    def test_every_recipe(self):
        """show and list load a recipe, which checks its fields and the sums of its classes."""
        listed = self.run_program("list").stdout.splitlines()[1:]
        names = sorted(path.stem for path in RECIPES.glob("*.toml"))
        self.assertEqual([line.split()[0] for line in listed], names)
        self.assertIn("ag-news", names)
        for name in names:
            recipe = tomllib.loads((RECIPES / f"{name}.toml").read_text())
            self.assertIn(recipe["title"], self.run_program("show", name).stdout)
            with self.subTest(name):
                if recipe["convert"]["format"] == "debian":
                    continue        # no fixed counts, nothing to download
                for part in (0, 1):
                    self.assertEqual(sum(counts[part] for counts in recipe["classes"].values()),
                                     recipe[("train", "test")[part]])
                for file in recipe["files"]:
                    self.assertTrue(file["urls"])
                    checked = {"sha256", "md5", "gitblob"} & set(file) or "output" in recipe
                    self.assertTrue(checked, "nothing would notice other bytes")
                for label in recipe["convert"].get("labels", {}).values():
                    self.assertIn(label, recipe["classes"])


if __name__ == "__main__":
    unittest.main()
