#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests of the command.

usage: cli.py [--update] [--locale=NAME] NCDCLASS [PATTERN...]

A case is a folder of tests/cli. Its `cmd` is run by `sh -eu` in a scratch
directory that holds a copy of the case's other files, and must give what
`stdout`, `stderr` and `exit` say (a missing file: nothing, nothing, 0). In
them a line `~ REGEX` stands for one line that matches, a line `...` for any
number of lines. Every case runs in the locales C and C.UTF-8, which may make
no difference, or in the one that --locale names. A cmd that exits with 77
skips its case; one that runs longer than four minutes fails. PATTERN chooses
cases by name ("predict-*").

--update rewrites the expectations that do not match. Look at the difference
before you commit it.

A cmd finds in its environment:

    NCDCLASS   the command under test
    SAMPLE     folder of the bundled sample
    PYTHON     the Python that runs this
    LIB        shell functions to source
"""
import difflib
import fnmatch
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

CASES = Path(__file__).resolve().parent / "cli"
SAMPLE = CASES.parent.parent / "datasets" / "sample"
EXPECTATIONS = ("stdout", "stderr", "exit")
SKIP = 77
SECONDS = 240
LOCALES = ("C", "C.UTF-8")


def environment(ncdclass, locale, scratch):
    keep = {name: value for name, value in os.environ.items()
            if name in ("PATH", "LD_LIBRARY_PATH") or name.endswith("SAN_OPTIONS")}
    return {**keep, "LC_ALL": locale, "HOME": scratch, "TMPDIR": scratch,
            "NCDCLASS": ncdclass, "NCDCLASS_SAMPLE": str(SAMPLE),
            "SAMPLE": str(SAMPLE), "PYTHON": sys.executable,
            "LIB": str(CASES / "lib.sh")}


def stop(process):
    """Ends a case with all that it started; it leads a process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(case, ncdclass, locale):
    """Returns what the case printed and how it ended, by expectation."""
    with tempfile.TemporaryDirectory(prefix="ncdclass-") as scratch:
        work = Path(scratch) / "work"
        shutil.copytree(case, work, ignore=shutil.ignore_patterns(*EXPECTATIONS))
        # Into files, not pipes: a process that a case left behind would keep a
        # pipe open.
        with open(Path(scratch) / "out", "w+b") as out, \
             open(Path(scratch) / "err", "w+b") as err:
            process = subprocess.Popen(
                ["sh", "-eu", "cmd"], cwd=work, stdin=subprocess.DEVNULL,
                stdout=out, stderr=err, start_new_session=True,
                env=environment(ncdclass, locale, scratch))
            try:
                status = str(process.wait(SECONDS))
            except subprocess.TimeoutExpired:
                status = f"none after {SECONDS} seconds"
            stop(process)
            out.seek(0)
            err.seek(0)
            return {"stdout": out.read(), "stderr": err.read(),
                    "exit": f"{status}\n".encode()}


def expectation(case, name):
    path = case / name
    if path.exists():
        return path.read_bytes()
    return b"0\n" if name == "exit" else b""


def line_matches(pattern, line):
    if pattern.startswith(b"~ "):
        return re.fullmatch(pattern[2:].rstrip(b"\n"), line.rstrip(b"\n"))
    return pattern == line


def matches(patterns, lines):
    if not patterns:
        return not lines
    if patterns[0] == b"...\n":
        return any(matches(patterns[1:], lines[i:])
                   for i in range(len(lines) + 1))
    return bool(lines) and bool(line_matches(patterns[0], lines[0])) and \
        matches(patterns[1:], lines[1:])


def difference(name, expected, got):
    """The lines of a unified diff, those that match a pattern left alone."""
    patterns, lines = expected.splitlines(True), got.splitlines(True)
    shown = [line if line in patterns else
             next((p for p in patterns if line_matches(p, line)), line)
             for line in lines]
    text = lambda rows: [row.decode(errors="backslashreplace").rstrip("\n")
                         for row in rows]
    return difflib.unified_diff(text(patterns), text(shown), f"expected {name}",
                                name, lineterm="")


def update(case, name, got):
    default = b"0\n" if name == "exit" else b""
    if got == default:
        (case / name).unlink(missing_ok=True)
    else:
        (case / name).write_bytes(got)


def check(case, ncdclass, locales, rewrite):
    """Runs one case in each locale; returns "passed", "failed", "skipped"."""
    for locale in locales:
        result = run(case, ncdclass, locale)
        if result["exit"] == f"{SKIP}\n".encode():
            print(f"{case.name}: skipped: "
                  + result["stdout"].decode(errors="replace").strip())
            return "skipped"
        wrong = [name for name in EXPECTATIONS
                 if not matches(expectation(case, name).splitlines(True),
                                result[name].splitlines(True))]
        for name in wrong:
            if rewrite and locale == locales[0]:
                print(f"{case.name}: {name} rewritten")
                update(case, name, result[name])
                continue
            print(f"{case.name}: {name} differs (LC_ALL={locale})")
            for line in difference(name, expectation(case, name), result[name]):
                print(f"    {line}")
        if wrong and not (rewrite and locale == locales[0]):
            return "failed"
    return "passed"


def main():
    args, locales, rewrite = sys.argv[1:], LOCALES, False
    while args and args[0].startswith("-"):
        option, _, value = args.pop(0).partition("=")
        if option == "--locale" and value:
            locales = (value,)
        elif option == "--update":
            rewrite = True
        else:
            sys.exit(__doc__.strip())
    if not args:
        sys.exit(__doc__.strip())
    # Cases are written in bytes, so must the report be.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    ncdclass, patterns = os.path.abspath(args[0]), args[1:] or ["*"]
    cases = sorted(cmd.parent for cmd in CASES.glob("*/cmd")
                   if any(fnmatch.fnmatch(cmd.parent.name, p) for p in patterns))
    results = [check(case, ncdclass, locales, rewrite) for case in cases]
    count = {name: results.count(name) for name in ("passed", "failed", "skipped")}
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"{count['passed']} passed, {count['failed']} failed{skipped}")
    if not results or count["failed"]:
        return 1
    return 0 if count["passed"] else SKIP


if __name__ == "__main__":
    sys.exit(main())
