#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the pages of `eval --report` in a headless Chromium.

usage: test_page.py NCDCLASS

Renders, complains of nothing, asks for nothing; sorting, cells and keyboard
work; whatever stands in data stays text. Exits with 77 where there is no
browser.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent))
import browser  # noqa: E402

NCDCLASS = os.path.abspath(sys.argv.pop(1))
SAMPLE = Path(__file__).resolve().parent.parent / "datasets" / "sample"

HOSTILE_LABELS = ["<script>hacked()</script>", "\"quoted' & <b>bold</b>", "</script>"]
HOSTILE = ("</script><script>hacked()</script>", "<img src=x onerror=hacked()>",
           "<!-- <script>", "]]> &lt; &amp; %s \\u003c", "\u2028\u2029\u202e right to left",
           "'\" onmouseover=hacked() \"'")


def hostile_rows(seed):
    """Rows of bytes; some texts carry what no page should hold."""
    rows = []
    for i, label in enumerate(HOSTILE_LABELS):
        for j, hostile in enumerate(HOSTILE):
            words = " ".join(f"w{(i * 7 + j * 3 + k * seed) % 23}" for k in range(6))
            rows.append(f"{label}\t{words} {hostile} {seed}".encode()
                        + b" \x00\x01\x7f\xff\xc3\x28 end")
    return b"\n".join(rows) + b"\n"


def many_rows(first):
    """Of 170 classes, a few texts each; the last one of each class is odd."""
    return "".join(f"class {c:03d}\tfew words of {c} and {c * 7 % 170} {i}"
                   f"{' or of ' + str((c + 1) % 170) * 3 if i % 3 == 2 else ''}\n"
                   for c in range(170) for i in range(first, first + 3))


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="ncdclass-page-")
        cls.path = Path(cls.folder.name)
        cls.browser = browser.Browser(browser.find())
        # A path that is wider than a phone and has no place to break.
        folder = cls.path / ("deep" * 20)
        shutil.copytree(SAMPLE, folder)
        cls.sample = cls.report("sample", "--train", folder / "train.tsv", "--test",
                                folder / "test.tsv", "--sweep-k=1,3,9", "--learning-curve",
                                "--seeds=2", "--sweep-compressors=gzip:9 lz4 class")

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()
        cls.folder.cleanup()

    @classmethod
    def report(cls, name, *args):
        """Evaluates, returns the page opened and the report as JSON."""
        file = cls.path / f"{name}.html"
        done = subprocess.run([NCDCLASS, "eval", "-q", "--format=json", "--confusion",
                               "--report", file, *args], check=True, stdout=subprocess.PIPE)
        page = cls.browser.open("file://" + quote(str(file)))
        page.file, page.report = file, json.loads(done.stdout)
        return page

    def assert_quiet(self, page):
        self.assertEqual(page.complaints(), [])
        self.assertEqual(page.requests(), [page.url])

    # --- What is on the page ---

    def test_figures_are_those_of_the_report(self):
        page, report = self.sample, self.sample.report
        text = page.run("document.querySelector('.cards').innerText")
        self.assertIn(f"{100 * report['accuracy']:.2f}", text)
        self.assertIn(f"{100 * report['macro_f1']:.2f}", text)
        labels = [c["label"] for c in report["classes"]]
        shown = page.run("[...document.querySelectorAll('#grid td[data-at]')]"
                         ".map(td => [td.dataset.at, td.textContent])")
        order = page.run("[...document.querySelectorAll('#grid th.row')].map(th => th.textContent)")
        self.assertEqual(sorted(order), sorted(labels))
        for at, count in shown:
            row, column = (labels.index(order[int(i)]) for i in at.split())
            self.assertEqual(int(count or 0), report["confusion"][row][column])
        self.assert_quiet(page)

    def test_every_part_is_there(self):
        titles = self.sample.run("[...document.querySelectorAll('h2')].map(h => h.textContent)")
        self.assertEqual(titles, ["Confusion matrix", "Classes", "Confidence", "Comparison",
                                  "Most confident mistakes", "Overlap and duplicates",
                                  "How this was made"])
        charts = self.sample.run("[...document.querySelectorAll('svg.chart')]"
                                 ".map(s => [s.getAttribute('aria-label'), s.querySelectorAll('path').length])")
        self.assertEqual(len(charts), 4)
        for name, n_paths in charts:
            self.assertTrue(name and n_paths > 4, name)
        self.assertEqual(self.sample.run("document.querySelectorAll('#comparison tbody tr').length"), 3)
        self.assertIn("--sweep-compressors=gzip:9 lz4 class",
                      self.sample.run("document.querySelector('.command').textContent").replace("'", ""))

    def test_mistakes_are_explained(self):
        marks = self.sample.run("[...document.querySelectorAll('.mistake')]"
                                ".map(m => m.querySelectorAll('mark').length)")
        self.assertEqual(len(marks), 10)
        self.assertTrue(all(marks), marks)

    def test_links_lead_somewhere(self):
        self.assertTrue(self.sample.run("[...document.querySelectorAll('a[href^=\"#\"]')]"
                                        ".every(a => document.querySelector(a.hash))"))

    # --- What one can do ---

    def test_classes_are_sorted(self):
        page = self.sample
        values = ("[...document.querySelectorAll('#class-rows tbody tr')]"
                  ".map(r => Number(r.cells[2].dataset.v))")
        button = "#class-rows th:nth-child(3) button"
        page.click(button)
        falling = page.run(values)
        self.assertEqual(falling, sorted(falling, reverse=True))
        self.assertGreater(falling[0], falling[-1])
        page.click(button)
        self.assertEqual(page.run(values), sorted(falling))
        self.assertEqual(page.run("document.querySelector('#class-rows th:nth-child(3)').ariaSort"),
                         "ascending")
        self.assert_quiet(page)

    def test_matrix_is_sorted(self):
        page = self.sample
        order = "[...document.querySelectorAll('#grid th.row')].map(th => th.textContent)"
        choose = ("(v => { const s = document.querySelector('#order'); s.value = v;"
                  "s.dispatchEvent(new Event('change')); })")
        page.run(choose + "('label')")
        self.assertEqual(page.run(order), sorted(c["label"] for c in page.report["classes"]))
        page.run(choose + "('wrong')")
        n = len(page.report["classes"])
        confusion = page.report["confusion"]
        mistakes = {c["label"]: sum(confusion[i]) + sum(r[i] for r in confusion)
                    - 2 * confusion[i][i] for i, c in enumerate(page.report["classes"])}
        by_mistakes = [mistakes[label] for label in page.run(order)]
        self.assertEqual(by_mistakes, sorted(mistakes.values(), reverse=True))
        last = page.run(order)[-1]
        page.click(f"#grid tbody tr:nth-child({n}) th button")
        self.assertEqual(page.run(order)[0], last)
        labels = [c["label"] for c in page.report["classes"]]
        page.run(choose + "('2')")
        mixed = [confusion[2][i] + confusion[i][2] for i in map(labels.index, page.run(order))]
        self.assertEqual(page.run(order)[0], labels[2])
        self.assertEqual(mixed[1:], sorted(mixed[1:], reverse=True))
        page.run(choose + "('label')")

    def test_cells_open_their_texts(self):
        page = self.sample
        confusion, labels = page.report["confusion"], [c["label"] for c in page.report["classes"]]
        n = len(labels)
        i, j = max(((i, j) for i in range(n) for j in range(n) if i != j),
                   key=lambda at: confusion[at[0]][at[1]])
        order = page.run("[...document.querySelectorAll('#grid th.row')].map(th => th.textContent)")
        row, column = order.index(labels[i]), order.index(labels[j])
        page.click(f'#grid td[data-at="{row} {column}"]')
        self.assertEqual(page.run("document.querySelector('#texts h3').textContent"),
                         f"{labels[i]} taken for {labels[j]}")
        texts = page.run("[...document.querySelectorAll('#texts .item > .text:not(.near)')]"
                         ".map(p => p.textContent)")
        self.assertEqual(len(texts), confusion[i][j])
        rows = dict(reversed(line.split("\t", 1))
                    for line in (SAMPLE / "test.tsv").read_text().splitlines())
        for text in texts:
            self.assertEqual(rows[text.split(" … ")[0]], labels[i])

    def test_keyboard(self):
        page = self.sample
        # Drawn anew, it is entered at its first cell.
        page.run("(s => { s.dispatchEvent(new Event('change')); s.focus(); })"
                 "(document.querySelector('#shade'))")
        page.key("Tab", 9)
        at = "document.activeElement.dataset.at"
        self.assertEqual(page.run(at), "0 0")
        page.key("ArrowRight", 39)
        page.key("ArrowDown", 40)
        page.key("ArrowDown", 40)
        page.key("ArrowUp", 38)
        self.assertEqual(page.run(at), "1 1")
        page.key("End", 35)
        self.assertEqual(page.run(at), f"1 {len(page.report['classes']) - 1}")
        page.key("Home", 36)
        page.key("ArrowLeft", 37)
        self.assertEqual(page.run(at), "1 0")
        page.key("ArrowRight", 39)
        page.key("Enter", 13, "\r")
        self.assertFalse(page.run("document.querySelector('#texts').hidden"))
        self.assertEqual(page.run("document.activeElement.id"), "texts")
        page.key("Escape", 27)
        self.assertTrue(page.run("document.querySelector('#texts').hidden"))
        self.assertEqual(page.run(at), "1 1")
        self.assertEqual(page.run("document.querySelectorAll('#grid [tabindex=\"0\"]').length"), 1)

    def test_dark_and_light(self):
        page = self.sample
        ground = "getComputedStyle(document.body).backgroundColor"
        seen = {}
        for scheme in ("light", "dark"):
            page.call("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": scheme}])
            seen[scheme] = page.run(ground)
        self.assertNotEqual(seen["light"], seen["dark"])
        page.click("#theme")
        self.assertEqual(page.run(ground), seen["light"])
        page.click("#theme")
        self.assertEqual(page.run(ground), seen["dark"])
        page.call("Emulation.setEmulatedMedia", media="print", features=[])
        self.assertEqual(page.run(ground), "rgb(255, 255, 255)")
        page.call("Emulation.setEmulatedMedia", media="", features=[])

    def test_fits_on_a_phone(self):
        page = self.sample
        self.addCleanup(page.call, "Emulation.clearDeviceMetricsOverride")
        page.call("Emulation.setDeviceMetricsOverride", width=360, height=740,
                  deviceScaleFactor=2, mobile=True)
        self.assertLessEqual(page.run("document.scrollingElement.scrollWidth"), 360)

    # --- Data that a page must stand ---

    def assert_harmless(self, page):
        self.assertEqual(page.run("typeof hacked"), "undefined")
        # The data, and the script of the page itself.
        self.assertEqual(page.run("document.querySelectorAll('script').length"), 2)
        self.assertEqual(page.run("document.querySelectorAll('img, b b, [onmouseover]').length"), 0)
        shown = page.run("document.body.innerText")
        for label in HOSTILE_LABELS:
            self.assertIn(label, shown)
        self.assert_quiet(page)

    def test_hostile_data_stays_text(self):
        folder = self.path / "<b>\"&' folder"
        folder.mkdir()
        train, test = folder / "<script>hacked()<", folder / "test<!--"
        train.write_bytes(hostile_rows(1))
        test.write_bytes(hostile_rows(2))
        for method in ("knn", "class"):
            page = self.report(f"hostile <{method}>", "--method", method, "--train", train,
                               "--test", test)
            self.assert_harmless(page)
            self.assertIn("hacked()<", page.run("document.querySelector('.command').textContent"))
            n = page.run("document.querySelectorAll('#grid td.some').length")
            texts = page.run(
                "[...document.querySelectorAll('#grid td.some')].flatMap(td => { td.click();"
                "return [...document.querySelectorAll('#texts .item > .text:not(.near)')]"
                ".map(p => p.textContent); })")
            self.assertTrue(n)
            # Each hostile text once for each label; no byte is lost but what shows nothing.
            for hostile in HOSTILE:
                found = [text for text in texts if hostile in text]
                self.assertEqual(len(found), len(HOSTILE_LABELS), hostile)
                self.assertTrue(all("␀␁␡\ufffd\ufffd( end" in text for text in found))
            self.assert_harmless(page)

    def test_many_classes_and_few_bytes(self):
        train, test = self.path / "train.tsv", self.path / "test.tsv"
        train.write_text(many_rows(0))
        test.write_text(many_rows(3))
        page = self.report("many", "--train", train, "--test", test, "-k", "1")
        self.assertEqual(page.run("document.querySelectorAll('#grid th.row').length"), 160)
        self.assertIn("160 of 170", page.run("document.querySelector('#grid').innerText"))
        self.assertEqual(page.run("document.querySelectorAll('#class-rows tbody tr').length"), 170)
        self.assertLess(page.file.stat().st_size, 1_000_000)
        page.click('#grid td[data-at="80 80"]')
        self.assertIn("found", page.run("document.querySelector('#texts h3').textContent"))
        self.assert_quiet(page)

    def test_texts_of_a_cell_are_bounded(self):
        train, test = self.path / "a.tsv", self.path / "b.tsv"
        rows = "".join(f"{'ab'[i % 2]}\tword{i % 7} {'long ' * 200} number{i}\n" for i in range(400))
        train.write_text(rows[:len(rows) // 10].rsplit("\n", 1)[0] + "\n")
        test.write_text(rows)
        page = self.report("bounded", "--train", train, "--test", test, "--report-texts=3")
        self.assertLess(page.file.stat().st_size, 250_000)
        page.click('#grid td.some')
        self.assertEqual(page.run("document.querySelectorAll('#texts .item').length"), 3)
        told = page.run("document.querySelector('#texts').textContent")
        self.assertIn("at most 3 of a cell", told)
        self.assertIn("more bytes", told)

    def test_by_leave_one_out(self):
        page = self.report("left-out", SAMPLE / "test.tsv")
        marks = page.run("[...document.querySelectorAll('.mistake')]"
                         ".map(m => m.querySelectorAll('mark').length)")
        self.assertTrue(marks and all(marks), marks)
        self.assert_quiet(page)


if __name__ == "__main__":
    if not browser.find():
        print("skipped: no Chromium (Debian: apt-get install chromium)")
        sys.exit(77)
    unittest.main()
