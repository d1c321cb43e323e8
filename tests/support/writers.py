"""Desks for tests, and many writers at once: each a process of its own, with its own seat at one assessment."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assessments import ASSESSMENT, make_assessment, make_mine

from greenmine.assessment import load_assessment
from greenmine.files import sha256_hex
from greenmine.workbook.desk import Desk
from greenmine.workspace import Workspace, shared_dir

Reply = dict[str, Any]


def make_desk(folder: Path, who: str = "E1", **options: Any) -> Desk:
    """Open a desk at the assessment in a mine's folder."""
    workspace = Workspace(shared_dir())
    return Desk.open(str(folder), ASSESSMENT, catalog="national@2024", who=who, workspace=workspace, **options)


def make_folder(root: Path, people: int = 0) -> Path:
    """Make a mine's folder with an assessment; with so many experts E1, E2 …, where a number is given."""
    folder = make_mine(root)
    assessment = make_assessment(folder)
    if people:
        path = assessment / "panel.yaml"
        head = path.read_text("utf-8").partition("members:")[0]
        members = [f"  - {{id: E{n}, name: 演示专家{n}, role: expert}}\n" for n in range(1, people + 1)]
        path.write_text(f"{head}members:\n{''.join(members)}", "utf-8")
    return folder


def say(desk: Desk, op: str, **more: Any) -> Reply:
    """Send a message and return the reply."""
    return desk.answer({"id": 1, "op": op, **more})[0]


def state(desk: Desk, card: str) -> Reply:
    """Return the state of a card."""
    return next(states[card] for group in (*desk.groups, "assessment") if card in (states := desk.standing(group)))


def record(desk: Desk, card: str, fields: Any = None, clear: Sequence[str] = (), author: str = "E1") -> Reply:
    """Record something on a card as it is shown."""
    base = state(desk, card)["version"]
    return say(desk, "record", card=card, author=author, set=fields or {}, clear=list(clear), base=base)


def digest(folder: Path) -> str:
    """Return the SHA-256 of what all journals fold to."""
    return sha256_hex(load_assessment(folder, ASSESSMENT).document)


def _forked(work: Callable[[Callable[[object], None]], None]) -> tuple[int, int]:
    """Run something in a process of its own; return its id and a descriptor from which what it reports is read."""
    come, go = os.pipe()
    process = os.fork()
    if process:
        os.close(go)
        return process, come
    status = 1
    try:
        os.close(come)
        work(lambda value: (os.write(go, json.dumps(value).encode() + b"\n"), None)[1])
        status = 0
    finally:
        os._exit(status)


def _write_lines(folder: Path, person: str, go_on: Callable[[int], bool], report: Callable[[object], None]) -> None:
    desk = make_desk(folder, person)
    number = 0
    while go_on(number):
        card = f"indicator/{(number * 7 + len(person)) % 7 + 1}"
        reply = record(desk, card, {"justification": f"{person} 第 {number} 行"}, author=person)
        report([reply["seq"]] if reply["ok"] else reply["error"])
        number += 1
    desk.close()


def hammer(folder: Path, people: Sequence[str], go_on: Callable[[int], bool]) -> dict[str, list[int]]:
    """Let everyone write at once until `go_on(number)` is false; return by person what was acknowledged."""
    running = {person: _forked(lambda report, p=person: _write_lines(folder, p, go_on, report)) for person in people}
    told = {}
    for person, (process, pipe) in running.items():
        with os.fdopen(pipe, "rb") as stream:
            lines = [json.loads(line) for line in stream]
        assert os.waitpid(process, 0)[1] == 0, f"{person} did not come to the end"
        assert all(isinstance(line, list) for line in lines), lines
        told[person] = [line[0] for line in lines]
    return told


def folds(folder: Path, people: Sequence[str]) -> set[str]:
    """Return the digests of the findings as each person sees them, each from a process of their own."""
    running = [_forked(lambda report: report(digest(folder))) for _person in people]
    found = set()
    for process, pipe in running:
        with os.fdopen(pipe, "rb") as stream:
            found.add(json.loads(stream.read()))
        os.waitpid(process, 0)
    return found


def killed_after(folder: Path, lines: int, delay: float) -> list[int]:
    """Let E1 write, kill the process a moment after so many acknowledged lines, and return what was acknowledged."""
    process, pipe = _forked(lambda report: _write_lines(folder, "E1", lambda _number: True, report))
    with os.fdopen(pipe, "rb") as stream:
        told = [json.loads(stream.readline()) for _line in range(lines)]
        time.sleep(delay)
        os.kill(process, signal.SIGKILL)
        told += [json.loads(line) for line in stream if line.endswith(b"\n")]
    os.waitpid(process, 0)
    assert all(isinstance(line, list) for line in told), told
    return [line[0] for line in told]


def run_kills(folder: Path, rounds: int) -> int:
    """Kill so many times; return how many lines were acknowledged, all of which were found."""
    import random  # noqa: PLC0415 - for this only

    dice, everything = random.Random(7), 0  # noqa: S311 - moments, not secrets
    for _round in range(rounds):
        before = len(load_assessment(folder, ASSESSMENT).entries)
        told = killed_after(folder, dice.randrange(3), dice.random() * 0.03)
        there = [entry.seq for entry in load_assessment(folder, ASSESSMENT).entries]
        assert set(told) <= set(there), f"lost: {set(told) - set(there)}"
        assert len(there) - before <= len(told) + 2  # the seat, and one line on disk that was not yet acknowledged
        everything += len(told)
    return everything


if __name__ == "__main__":
    print(run_kills(Path(sys.argv[1]), int(sys.argv[2])))  # noqa: T201 - what the test reads
