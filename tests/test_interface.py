#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""--help, the man page and the completions name the same verbs and options.

usage: test_interface.py NCDCLASS MAN BASH ZSH FISH LIBMAN HEADER

The completions are asked as their shells ask them; where a shell is missing, what
its file says is compared. So no part of the program that writes them is used here.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

NCDCLASS, MAN, BASH, ZSH, FISH, LIBMAN, HEADER = map(os.path.abspath, sys.argv[1:8])


def run(*arguments, **options):
    return subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=True,
                          **options).stdout


def verbs():
    lines = run(NCDCLASS, "--help").split("verbs:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in lines.splitlines()]


def options(verb):
    """-x and --long of a verb, without values."""
    said = set()
    for line in run(NCDCLASS, verb, "--help").splitlines():
        if re.match(r"  (-\w, |    )--", line):
            names = re.split(r"\s\s+|=", line.strip())[0]
            said |= set(names.split(", "))
    return said


def choices(verb, option):
    """What the program itself says it takes, when given something else. What takes
    anything goes on to the option that there is not."""
    done = subprocess.run([NCDCLASS, verb, f"{option}=?", "--no-such-option"],
                          stderr=subprocess.PIPE, text=True)
    said = re.search(r"is one of (.*), not", done.stderr)
    return said.group(1).split(", ") if done.returncode == 2 and said else None


VERBS = verbs()
OPTIONS = {verb: options(verb) for verb in VERBS}


class Shells(unittest.TestCase):
    def need(self, shell):
        return shutil.which(shell) or self.skipTest(f"{shell} is not installed")

    def bash(self, *words):
        """What bash offers for the last word."""
        # The words come as bash takes them apart.
        words = [part for word in words for part in
                 (re.split("(=)", word) if word.startswith("--") else [word])]
        script = ('source "$1" || exit; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  '_ncdclass; printf "%s\\n" "${COMPREPLY[@]}"')
        said = run(self.need("bash"), "-uc", script, "bash", BASH, "ncdclass", *words,
                   cwd=self.folder)
        return {word.rstrip("=") for word in said.split("\n") if word}

    def fish(self, line):
        said = run(self.need("fish"), "--no-config", "-c",
                   f"source {FISH}; complete -C '{line}'", cwd=self.folder,
                   env={"HOME": self.folder, "PATH": "/usr/bin:/bin"})
        return {row.split("\t")[0] for row in said.splitlines()}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("news.ncd", "a b.ncd", "data.tsv"):
            (Path(self.folder) / name).touch()

    def test_man_page(self):
        page = Path(MAN).read_text().replace("\\-", "-")
        for verb in VERBS:
            section = page.split(f"\n.SS ncdclass {verb}\n")[1]
            section = re.split(r"\n\.S[SH] ", section)[0]
            said = {name for line in section.splitlines() if line.startswith("\\fB-")
                    or line.startswith("\\fB--")
                    for name in re.findall(r"\\fB(--?[\w-]+)\\fR", line)}
            self.assertEqual(said, OPTIONS[verb], verb)
        self.assertEqual(page.count("\n.SS ncdclass "), len(VERBS))

    def test_man_pages_are_set_without_a_warning(self):
        groff = self.need("groff")
        for path in (MAN, LIBMAN):
            done = subprocess.run([groff, "-ww", "-man", "-Tutf8", "-z", path],
                                  stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.stderr, "")

    def test_library_page_has_every_function(self):
        page = Path(LIBMAN).read_text()
        names = re.findall(r"NCD_API[^;(]*?(ncd_\w+)\(", Path(HEADER).read_text())
        self.assertGreater(len(names), 60)
        for name in names:
            self.assertTrue(f"{name}(" in page, name)
        self.assertFalse("NCD_API" in page)

    def test_bash(self):
        self.assertEqual(self.bash(""), {*VERBS, "help", "--help", "--version"})
        self.assertEqual(self.bash("help", ""), self.bash(""))
        for verb in VERBS:
            self.assertEqual(self.bash(verb, "-"), OPTIONS[verb], verb)

    def test_bash_values(self):
        files = {"news.ncd", "a b.ncd", "data.tsv"}
        self.assertEqual(self.bash("train", "-o", ""), files - {"data.tsv"})
        self.assertEqual(self.bash("train", ""), files)
        self.assertEqual(self.bash("predict", ""), files - {"data.tsv"})
        self.assertEqual(self.bash("predict", "a"), {"a b.ncd"})
        self.assertEqual(self.bash("train", "--threads", ""), set())
        self.assertIn("gzip", self.bash("train", "--compressor="))
        self.assertEqual(self.bash("train", "-c", "gz"), {"gzip"})

    def test_fish(self):
        self.assertEqual(self.fish("ncdclass "), {*VERBS, "help"})
        for verb in VERBS:
            said = self.fish(f"ncdclass {verb} -")
            # A letter is offered with its long name, or by itself.
            for option in OPTIONS[verb]:
                self.assertIn(option, {word.rstrip("=") for word in said}, verb)
            known = OPTIONS[verb] | {f"{option}=" for option in OPTIONS[verb]}
            self.assertLessEqual(said, known, verb)

    def test_zsh(self):
        text = Path(ZSH).read_text()
        if shutil.which("zsh"):
            run("zsh", "-n", ZSH)
        for verb in VERBS:
            self.assertIn(f"'{verb}:", text)
            case = text.split(f"\n        {verb})\n")[1].split("\n            ;;")[0]
            said = set()
            for line in case.splitlines()[1:]:
                specs = line.strip().split("[")[0]
                if re.match(r"'[*1]:", specs):
                    continue
                said |= {name.strip("+=") for name in
                         re.findall(r"(?<![\w-])--?[a-z0-9][\w-]*[+=]?", specs)}
            self.assertEqual(said, OPTIONS[verb], verb)

    def test_choices(self):
        found = 0
        for verb in VERBS:
            for option in sorted(OPTIONS[verb]):
                words = option.startswith("--") and choices(verb, option)
                if not words:
                    continue
                found += 1
                self.assertEqual(self.bash(verb, f"{option}="), set(words), option)
                if shutil.which("fish"):
                    self.assertEqual(self.fish(f"ncdclass {verb} {option} "),
                                     set(words), option)
                self.assertIn(f"({' '.join(words)})", Path(ZSH).read_text())
        self.assertGreater(found, 10)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
