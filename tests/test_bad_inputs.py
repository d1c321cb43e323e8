"""A corpus of bad inputs: each ends in exit 1 or 2, one message that names file and place, and nothing written."""

from __future__ import annotations

import json
import os
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pypdf
import pytest
from cases import full_findings, national, without

from greenmine.cli.main import main

ROOT = Path(__file__).parents[1]
MINE = "GM-0002"
CATALOG_TEXT = (ROOT / "parameters" / "catalogs" / "national-2024.yaml").read_text(encoding="utf-8")
Prepare = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """One bad input.

    Attributes:
        arguments: the command line; `{mine}` stands for the mine's folder.
        prepare: makes the input bad, given the workspace.
        names: what the message must name.
        status: the exit status.
    """

    arguments: str
    prepare: Prepare
    names: tuple[str, ...]
    status: int = 2


def nothing(_root: Path) -> None:
    """Leave the workspace as it is."""


def text(name: str, content: str, encoding: str = "utf-8") -> Prepare:
    return lambda root: put(root / name, content.encode(encoding))


def raw(name: str, content: bytes) -> Prepare:
    return lambda root: put(root / name, content)


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def edited(name: str, pattern: str, new: str) -> Prepare:
    """Replace the first match of a pattern in a file of the workspace; the pattern must be there."""

    def edit(root: Path) -> None:
        path = root / name
        before = path.read_text(encoding="utf-8")
        after = re.sub(pattern, lambda _match: new, before, count=1, flags=re.MULTILINE)
        assert before != after, f"{pattern} is not in {name}"
        path.write_text(after, encoding="utf-8")

    return edit


def findings(place: str, value: object) -> Prepare:
    """Write findings.json with one value replaced."""

    def write(root: Path) -> None:
        document = full_findings(national())
        *path, last = place.split("/")
        target = document
        for key in path:
            target = target[key]
        target[last] = value
        put(root / "f.json", json.dumps(document, ensure_ascii=False).encode())

    return write


def catalog(pattern: str, new: str) -> Prepare:
    """Write bad.yaml: the national catalog with the first match of a pattern replaced."""

    def write(root: Path) -> None:
        after = re.sub(pattern, lambda _match: new, CATALOG_TEXT, count=1, flags=re.MULTILINE)
        assert after != CATALOG_TEXT
        put(root / "bad.yaml", after.encode())

    return write


def profile(operations: str, extends: str = "national@2024") -> Prepare:
    head = (
        'schema: greenmine.profile/1\nid: sample\nversion: "1"\ntitle: 示例\nissuer: 示例\ndocument: 示例\n'
        'issued_on: "2025-01-01"\neffective_from: "2025-03-01"\n'
        f"extends: {extends}\noperations:\n"
    )
    return text("bad.yaml", head + operations)


def journal_of(root: Path) -> Path:
    return min((root / "evidence" / MINE / "assessments").glob("*/journal/*.jsonl"))


def journal(change: Callable[[list[bytes]], list[bytes]]) -> Prepare:
    """Rewrite a journal's lines."""

    def rewrite(root: Path) -> None:
        path = journal_of(root)
        path.write_bytes(b"\n".join(change(path.read_bytes().splitlines())) + b"\n")

    return rewrite


def panel(pattern: str, new: str) -> Prepare:
    def edit(root: Path) -> None:
        path = min((root / "evidence" / MINE / "assessments").glob("*/panel.yaml"))
        edited(path.relative_to(root).as_posix(), pattern, new)(root)

    return edit


def evidence_file(name: str, content: bytes) -> Prepare:
    return raw(f"evidence/{MINE}/{name}", content)


def listing(content: bytes) -> Prepare:
    """Put an evidence.csv in place of any the mine has."""

    def write(root: Path) -> None:
        for name in ("evidence.csv", "evidence.xlsx"):
            (root / "evidence" / MINE / name).unlink(missing_ok=True)
        put(root / "evidence" / MINE / "evidence.csv", content)

    return write


def both_listings(root: Path) -> None:
    listing(b"path\n")(root)
    put(root / "evidence" / MINE / "evidence.xlsx", b"PK")


def broken_workbook(root: Path) -> None:
    listing(b"path\n")(root)
    (root / "evidence" / MINE / "evidence.csv").unlink()
    put(root / "evidence" / MINE / "evidence.xlsx", b"this is no spreadsheet")


def bomb_workbook(root: Path) -> None:
    broken_workbook(root)
    with zipfile.ZipFile(root / "evidence" / MINE / "evidence.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<x/>")
        archive.writestr("xl/workbook.xml", b" " * 300_000_000)


def link(target: str, name: str = "link.pdf") -> Prepare:
    return lambda root: (root / "evidence" / MINE / name).symlink_to(target)


def hard_link(root: Path) -> None:
    put(root / "outside.pdf", b"%PDF-1.4")
    os.link(root / "outside.pdf", root / "evidence" / MINE / "hard.pdf")


def colliding(root: Path) -> None:
    for form in ("NFC", "NFD"):
        put(root / "evidence" / MINE / f"{unicodedata.normalize(form, 'é')}.txt", b"x")


def folding(root: Path) -> None:
    for name in ("Plan.txt", "plan.txt"):
        put(root / "evidence" / MINE / name, b"x")


def encrypted(root: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    with (root / "evidence" / MINE / "08 locked.pdf").open("wb") as stream:
        writer.write(stream)


def unproven(root: Path) -> None:
    document = without(full_findings(national()), "25")
    put(root / "f.json", json.dumps(document, ensure_ascii=False).encode())


YAML = f"evidence/{MINE}/mine.yaml"
SCORE, LINT, CHECK, FOLDER = "score f.json", "catalog lint bad.yaml", f"check {MINE}", f"score evidence/{MINE}"
CASES: dict[str, Case] = {
    # findings.json
    "findings missing": Case(SCORE, nothing, ("f.json",)),
    "findings empty": Case(SCORE, raw("f.json", b""), ("f.json", "1")),
    "findings no JSON": Case(SCORE, text("f.json", "{schema: 1}"), ("f.json", "1")),
    "findings cut off": Case(SCORE, text("f.json", '{"schema": "greenmine.findings/1", "mine": {'), ("f.json",)),
    "findings in GBK": Case(SCORE, text("f.json", '{"名称": "煤矿"}', "gbk"), ("f.json", "UTF-8")),
    "findings in UTF-16": Case(SCORE, text("f.json", "{}", "utf-16"), ("f.json", "UTF-8")),
    "findings of zeros": Case(SCORE, raw("f.json", bytes(64)), ("f.json",)),
    "findings a key twice": Case(SCORE, text("f.json", '{"schema": 1, "schema": 2}'), ("f.json", "schema")),
    "findings NaN": Case(SCORE, text("f.json", '{"schema": NaN}'), ("f.json", "NaN")),
    "findings nested deep": Case(SCORE, text("f.json", "[" * 100_000), ("f.json",)),
    "findings a long number": Case(SCORE, text("f.json", "9" * 10_000), ("f.json",)),
    "findings a list": Case(SCORE, text("f.json", "[]"), ("f.json",)),
    "findings of another schema": Case(SCORE, findings("schema", "greenmine.findings/9"), ("f.json", "schema")),
    "findings without mine": Case(SCORE, findings("mine", None), ("f.json", "mine")),
    "findings unknown industry": Case(SCORE, findings("mine/industry", "silver"), ("mine/industry", "silver")),
    "findings unknown indicator": Case(SCORE, findings("indicators/99", {}), ("f.json", "99")),
    "findings unknown prerequisite": Case(SCORE, findings("prerequisites/P9", {"met": True}), ("f.json", "P9")),
    "findings unknown fact": Case(SCORE, findings("indicators/2/facts", {"defcts": []}), ("f.json", "defcts")),
    "findings fact of wrong type": Case(
        SCORE, findings("indicators/40/facts/met", "yes"), ("indicators/40/facts/met",)
    ),
    "findings share above one": Case(
        SCORE, findings("indicators/36/facts", {"clean_transport_share": 70}), ("indicators/36", "70")
    ),
    "findings huge exponent": Case(
        SCORE,
        findings("indicators/10/facts/measured", {"value": "1e999999999", "required": "1", "source": "核查表"}),
        ("indicators/10/facts/measured/value",),
    ),
    "findings contradiction": Case(
        SCORE, findings("indicators/40/facts", {"met": True, "clauses": {"1": "unmet"}}), ("indicators/40/facts/met",)
    ),
    "findings not applicable without citation": Case(SCORE, unproven, ("f.json", "indicators/25")),
    "findings evidence no list": Case(SCORE, findings("indicators/2/evidence", {}), ("indicators/2/evidence",)),
    # catalogs and profiles
    "catalog unknown": Case("catalog show national@1999", nothing, ("national@1999",)),
    "catalog missing": Case(LINT, nothing, ("bad.yaml",)),
    "catalog empty": Case(LINT, raw("bad.yaml", b""), ("bad.yaml",)),
    "catalog no YAML": Case(LINT, text("bad.yaml", "a: [1, 2\nb: }"), ("bad.yaml", "2")),
    "catalog in GBK": Case(LINT, text("bad.yaml", "title: 评价指标", "gbk"), ("bad.yaml", "UTF-8")),
    "catalog tab": Case(LINT, text("bad.yaml", "a:\n\tb: 1\n"), ("bad.yaml", "2")),
    "catalog key twice": Case(LINT, catalog(r"^id: national$", "id: national\nid: other"), ("bad.yaml", "id")),
    "catalog anchor": Case(LINT, text("bad.yaml", "a: &x 1\nb: *x\n"), ("bad.yaml", "1")),
    "catalog merge": Case(LINT, text("bad.yaml", "a: 1\n<<: {b: 2}\n"), ("bad.yaml", "2")),
    "catalog python tag": Case(LINT, text("bad.yaml", "a: !!python/object/apply:os.system [ls]\n"), ("bad.yaml", "1")),
    "catalog two documents": Case(LINT, text("bad.yaml", "a: 1\n---\nb: 2\n"), ("bad.yaml",)),
    "catalog too large": Case(LINT, raw("bad.yaml", b"#" * 2_000_000), ("bad.yaml",)),
    "catalog implicit boolean": Case(LINT, catalog(r"permitted: false", "permitted: no"), ("bad.yaml", "permitted")),
    "catalog implicit date": Case(LINT, catalog(r'issued_on: "2024-04-15"', "issued_on: 2024-04-15"), ("issued_on",)),
    "catalog number without quotes": Case(LINT, catalog(r'^line: "80"', "line: 80.0"), ("bad.yaml", "line")),
    "catalog unknown key": Case(LINT, catalog(r"^language: zh", "langauge: zh"), ("bad.yaml", "langauge")),
    "catalog unknown rule": Case(LINT, catalog(r"kind: deductions", "kind: formula"), ("bad.yaml", "formula")),
    "catalog points that do not sum": Case(LINT, catalog(r'points: "9"', 'points: "8"'), ("bad.yaml", "1.1")),
    "catalog id twice": Case(LINT, catalog(r'- id: "2"$', '- id: "1"'), ("bad.yaml",)),
    "catalog readings unknown": Case(LINT, catalog(r"^readings: national", "readings: nowhere"), ("nowhere",)),
    "profile of nothing": Case(
        LINT, profile("  - {op: set, at: line, value: '85'}\n", "national@1999"), ("national@1999",)
    ),
    "profile of itself": Case(LINT, profile("  - {op: set, at: line, value: '85'}\n", "sample@1"), ("sample@1",)),
    "profile path unknown": Case(LINT, profile("  - {op: set, at: indicators/99/points, value: '1'}\n"), ("99",)),
    "profile breaks the sums": Case(
        LINT, profile("  - {op: set, at: indicators/46/points, value: '1'}\n"), ("bad.yaml",)
    ),
    "profile excludes without reason": Case(LINT, profile("  - {op: exclude, at: prerequisites/P5}\n"), ("reason",)),
    "profile weaker": Case(LINT, profile("  - {op: set, at: line, value: '70'}\n"), ("bad.yaml", "line"), 1),
    # a mine's folder
    "mine unknown": Case("check GM-9999", nothing, ("GM-9999",)),
    "mine outside": Case("assess ../../etc", nothing, ("../../etc",)),
    "mine.yaml missing": Case(CHECK, lambda root: (root / YAML).unlink(), ("mine.yaml",)),
    "mine.yaml no YAML": Case(CHECK, text(YAML, "name: [\n"), ("mine.yaml",)),
    "mine.yaml in GBK": Case(CHECK, text(YAML, "name: 矿山", "gbk"), ("mine.yaml", "UTF-8")),
    "mine.yaml unknown key": Case(CHECK, edited(YAML, r"^name:", "nmae: x\nname:"), ("mine.yaml", "nmae")),
    "mine.yaml unknown industry": Case(
        CHECK, edited(YAML, r"^industry: .*$", "industry: silver"), ("industry", "silver")
    ),
    "mine.yaml credit code": Case(
        CHECK, edited(YAML, r"^credit_code: .*$", 'credit_code: "91110000000000000X"'), ("credit_code",)
    ),
    "mine.yaml other id": Case(CHECK, edited(YAML, r"^id: .*$", "id: GM-0009"), ("GM-0009",)),
    "mine.yaml unquoted date": Case(CHECK, edited(YAML, r"^filled_on: .*$", "filled_on: 2026-01-01"), ("filled_on",)),
    "mine.yaml no extraction": Case(
        FOLDER, edited(YAML, r"^primary_extraction: .*$", "primary_extraction: tunnel"), ("primary_extraction",)
    ),
    "symlink out": Case(CHECK, link("/etc/passwd"), ("link.pdf",)),
    "symlink loop": Case(CHECK, link("link.pdf"), ("link.pdf",)),
    "symlinked folder": Case(CHECK, link("..", "08 up"), ("08 up",)),
    "hard link": Case(CHECK, hard_link, ("hard.pdf",)),
    "fifo": Case(CHECK, lambda root: os.mkfifo(root / "evidence" / MINE / "pipe.pdf"), ("pipe.pdf",)),
    "control character in a name": Case(CHECK, evidence_file("a\x07b.txt", b"x"), ("\\u0007",)),
    "names that collide as Unicode": Case(CHECK, colliding, (".txt",)),
    "names that collide by case": Case(CHECK, folding, ("lan.txt",)),
    "reserved name": Case(CHECK, evidence_file("CON.txt", b"x"), ("CON.txt",)),
    "list without path": Case(CHECK, listing(b"title\nx\n"), ("evidence.csv", "path")),
    "list that climbs out": Case(CHECK, listing(b"path,supports\n../../x.pdf,2\n"), ("evidence.csv", "2")),
    "list with absolute path": Case(CHECK, listing(b"path,supports\n/etc/passwd,2\n"), ("evidence.csv", "2")),
    "list with bad date": Case(CHECK, listing(b"path,issued_on\na.pdf,31/12/2025\n"), ("evidence.csv", "issued_on")),
    "list of unknown bytes": Case(CHECK, listing(b"path\n\xff\xff\xff\xff\n"), ("evidence.csv",)),
    "two lists": Case(CHECK, both_listings, ("evidence.csv",)),
    "list no spreadsheet": Case(CHECK, broken_workbook, ("evidence.xlsx",)),
    "list a bomb": Case(CHECK, bomb_workbook, ("evidence.xlsx",)),
    "listed but missing": Case(CHECK, listing(b"path,supports\nnowhere.pdf,2\n"), ("nowhere.pdf",), 1),
    "zip renamed to pdf": Case(CHECK, evidence_file("08 x.pdf", b"PK\x03\x04" + bytes(40)), ("08 x.pdf",), 1),
    "photo of no bytes": Case(CHECK, evidence_file("08 empty.jpg", b""), ("08 empty.jpg",), 1),
    "pdf encrypted": Case(CHECK, encrypted, ("08 locked.pdf",), 1),
    "pdf broken": Case(CHECK, evidence_file("08 broken.pdf", b"%PDF-1.7\nno more"), ("08 broken.pdf",), 1),
    # assessments
    "no assessment": Case(FOLDER, lambda root: shutil.rmtree(root / "evidence" / MINE / "assessments"), (MINE,)),
    "assessment unknown": Case(f"assess {MINE} --assessment never", nothing, ("never",)),
    "panel no YAML": Case(FOLDER, panel(r"^schema:.*$", "schema: ["), ("panel.yaml",)),
    "panel unknown kind": Case(FOLDER, panel(r"kind: \w+", "kind: rumour"), ("panel.yaml", "rumour")),
    "panel without anchor date": Case(FOLDER, panel(r"anchor_date:", "anchor:"), ("panel.yaml", "anchor")),
    "journal no JSON": Case(FOLDER, journal(lambda lines: [*lines[:1], b"hello", *lines[1:]]), (".jsonl", "2")),
    "journal line edited": Case(
        FOLDER, journal(lambda lines: [lines[0].replace(b"2026", b"2025", 1), *lines[1:]]), (".jsonl", "2")
    ),
    "journal lines swapped": Case(FOLDER, journal(lambda lines: [lines[1], lines[0], *lines[2:]]), (".jsonl", "1")),
    "journal line removed": Case(FOLDER, journal(lambda lines: lines[:1] + lines[2:]), (".jsonl", "2")),
    "journal line twice": Case(FOLDER, journal(lambda lines: [lines[0], *lines]), (".jsonl", "2")),
    "journal in GBK": Case(FOLDER, journal(lambda lines: ["矿山".encode("gbk"), *lines]), (".jsonl",)),
    "journal of a stranger": Case(
        FOLDER, lambda root: journal_of(root).rename(journal_of(root).with_name("Z9.jsonl")), ("Z9",)
    ),
    # registers, draws, certificates
    "plan of a draw with a key misspelt": Case(
        "draw freeze plan.yaml --by x", raw("plan.yaml", b"schema: greenmine.draw.plan/1\nteams: 2\n"), ("teams",)
    ),
    "plan of a draw in no YAML": Case("draw freeze plan.yaml --by x", raw("plan.yaml", b"a: [\n"), ("plan.yaml",)),
    "draw that is not there": Case("draw run x --seed 1 --by x", nothing, ("reports",)),
    "items without an owner": Case(
        "rectify order M items.yaml --programme gansu --reason x --office x --document x --by x",
        raw("items.yaml", b'schema: greenmine.rectification/1\ndeadline: "2026-01-01"\nitems:\n  - {id: "1"}\n'),
        ("items.yaml",),
    ),
    "certificates where there are none": Case("certificate list --programme gansu", nothing, ("gansu",)),
    "grade of what is not sealed": Case("certificate grade M", nothing, ("reports",)),
    "removals on no day": Case("removals --programme gansu --on 2026-02-30", nothing, ("2026-02-30",)),
    # the command line
    "verb unknown": Case("scroe f.json", nothing, ("scroe",)),
    "option unknown": Case("score --fast f.json", nothing, ("--fast",)),
    "path left out": Case("score", nothing, ("PATH",)),
    "reading without choice": Case("score f.json --reading na_fold", nothing, ("na_fold",)),
    "reading unknown": Case(f"{FOLDER} --reading colour=red", nothing, ("colour",)),
    "choice unknown": Case(f"{FOLDER} --reading na_fold=half", nothing, ("half",)),
    "language unknown": Case("catalog list --lang fr", nothing, ("fr",)),
    "workspace on a file": Case("init taken", raw("taken", b"x"), ("taken",)),
}


def snapshot(root: Path) -> dict[str, object]:
    """Return every entry of a tree with what it holds."""
    found: dict[str, object] = {}
    for path in sorted(root.rglob("*")):
        name = os.fsencode(path.relative_to(root)).decode("utf-8", "surrogateescape")
        found[name] = path.read_bytes() if path.is_file() and not path.is_symlink() else "entry"
    return found


@pytest.fixture
def bad(workspace: Path) -> Path:
    """A workspace with one good mine in it."""
    shutil.copytree(ROOT / "evidence" / MINE, workspace / "evidence" / MINE)
    return workspace


@pytest.mark.parametrize("name", CASES)
def test_a_bad_input_gets_one_message_and_changes_nothing(
    bad: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status is 1 or 2, the message is one line naming file and place, and no file has changed."""
    case = CASES[name]
    case.prepare(bad)
    before = snapshot(bad)
    status = main(case.arguments.split())
    said = capsys.readouterr()
    assert case.status == status
    assert before == snapshot(bad)
    assert "Traceback" not in said.out + said.err
    told = said.err if case.status == 2 else said.out + said.err
    assert [] == [part for part in case.names if part not in told]
    if case.status == 2:
        assert ("", 1) == (said.out, len(said.err.splitlines()))
        assert said.err.startswith("greenmine: ")


@pytest.mark.usefixtures("bad")
def test_the_good_mine_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the damage the same commands succeed, so that each case fails for its own reason."""
    statuses = [main(arguments.split()) for arguments in (CHECK, FOLDER)]
    assert [0, 0] == statuses, capsys.readouterr()
