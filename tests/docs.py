#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs what a document shows.

usage: docs.py [--update] NCDCLASS DOCUMENT...

Every block of ```console is a test: its lines that begin with `$ ` are typed, those
with `> ` go on with them, and what follows must be what is printed, on standard
output and standard error together. Blocks of ```sh are typed, too, whatever they
print. All blocks of a document share a folder that has the bundled sample in
datasets/sample. Versions, times, speeds and sizes of memory may differ; a line
`...` stands for any number of lines. `tail -f` is ended when it has said what is
shown. A block after `<!-- not run -->` is left alone; a document where a program is
missing is skipped, and the program named.

--update rewrites what is shown. Look at the difference before you commit it.
"""
import difflib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIP = 77
SECONDS = 60
PROGRAMS = ("jq", "parallel")
BLOCK = re.compile(r"(?P<before>[^\n]*\n)```(?P<kind>console|sh)\n(?P<text>.*?)^```$",
                   re.S | re.M)
# What is another day's, or another machine's.
VARIES = [
    (re.compile(r"^(time|pairs) .*"), r"\1 ..."),
    (re.compile(r"\(zlib [^)]*\)"), "(zlib)"),
]


def same_everywhere(line):
    for pattern, stands_for in VARIES:
        line = pattern.sub(stands_for, line)
    return line.rstrip()


def matches(patterns, lines):
    if not patterns:
        return not lines
    if patterns[0] == "...":
        return any(matches(patterns[1:], lines[i:]) for i in range(len(lines) + 1))
    return bool(lines) and same_everywhere(patterns[0]) == same_everywhere(lines[0]) and \
        matches(patterns[1:], lines[1:])


def cut(text):
    """[(command as it stands, command, lines shown)] of a console block."""
    steps = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append(([line], line[2:], []))
        elif line.startswith("> ") and steps and not steps[-1][2]:
            steps[-1][0].append(line)
            steps[-1] = (steps[-1][0], f"{steps[-1][1]}\n{line[2:]}", [])
        else:
            steps[-1][2].append(line)
    return steps


def printed(out):
    """What is in a file so far. The place in it is shared with those who write."""
    return os.pread(out.fileno(), 1 << 24, 0)


class Session:
    """Commands, one after another, in one folder."""

    def __init__(self, ncdclass, folder):
        self.folder = folder
        sample = Path(folder) / "datasets" / "sample"
        shutil.copytree(ROOT / "datasets" / "sample", sample)
        self.environment = {
            **{name: value for name, value in os.environ.items()
               if name == "LD_LIBRARY_PATH" or name.endswith("SAN_OPTIONS")},
            "PATH": f"{Path(ncdclass).parent}:{os.environ['PATH']}", "HOME": folder,
            "LC_ALL": "C.UTF-8", "NCDCLASS_SAMPLE": str(sample), "OMP_WAIT_POLICY": "passive"}

    def run(self, command, n_lines):
        """What it prints, and its status; n_lines ends what goes on for ever."""
        endless = re.search(r"\btail [^|]*-[fF]\b", command)
        with tempfile.TemporaryFile("w+b") as out:
            process = subprocess.Popen(
                ["bash", "-euc", command], cwd=self.folder, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True)
            until = time.monotonic() + (SECONDS if n_lines or not endless else 3)
            while process.poll() is None and time.monotonic() < until:
                if endless and 0 < n_lines <= printed(out).count(b"\n"):
                    break
                time.sleep(0.01)
            status = process.poll()
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            lines = printed(out).decode(errors="backslashreplace").splitlines()
        return lines, 0 if endless else status


def run_block(session, kind, text):
    """The block as it should be, and what is wrong with it."""
    if kind == "sh":
        lines, status = session.run(text, 0)
        return text, [] if status == 0 else [text, *lines, f"exit {status}"]
    written, wrong = [], []
    for typed, command, shown in cut(text):
        got, status = session.run(command, len(shown))
        good = status == 0 and matches(shown, got)
        written += typed + (shown if good else got)
        if not good:
            wrong += [*typed, *difflib.unified_diff(shown, got, "shown", "printed",
                                                    lineterm=""), f"exit {status}"]
    return "".join(line + "\n" for line in written), wrong


def check(document, ncdclass, rewrite):
    text, parts, end, wrong, n = document.read_text(), [], 0, [], 0
    with tempfile.TemporaryDirectory(prefix="ncdclass-") as folder:
        session = Session(ncdclass, folder)
        for block in BLOCK.finditer(text):
            if "not run" in block["before"]:
                continue
            n += 1
            new, complaints = run_block(session, block["kind"], block["text"])
            wrong += complaints
            parts += [text[end:block.start("text")], new]
            end = block.end("text")
    if rewrite:
        document.write_text("".join(parts) + text[end:])
    print(f"{document.name}: {n} blocks")
    for line in wrong:
        print(f"    {line}")
    return n > 0 and not wrong


def main():
    args = [arg for arg in sys.argv[1:] if arg != "--update"]
    rewrite = len(args) < len(sys.argv) - 1
    if len(args) < 2:
        sys.exit(__doc__.strip())
    documents = list(map(Path, args[1:]))
    for program in PROGRAMS:
        used = any(re.search(rf"(^|[|$] *){program} ", d.read_text(), re.M) for d in documents)
        if used and not shutil.which(program):
            print(f"{program} is not installed")
            return SKIP
    results = [check(document, os.path.abspath(args[0]), rewrite) for document in documents]
    return 0 if all(results) or rewrite else 1


if __name__ == "__main__":
    sys.exit(main())
