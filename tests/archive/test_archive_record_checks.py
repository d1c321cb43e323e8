"""What an assessment bag must hold, and what of it is read first; by both verifiers, after an insider made it anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from audited import Audited, build, remake
from sealing import POLICY, REPORT, make_mine, prepare

from greenmine.archive.verdicts import Failure
from greenmine.errors import ArchiveError

LAST = "bags/assess/GM-0002/r1"


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The archive, with a last record that nobody signed, so that nothing but these checks fixes its files."""
    made = build(tmp_path_factory.mktemp("audited"))
    folder = made.root / LAST
    shutil.rmtree(folder / "data/attest")
    lines = (folder / "manifest-sha256.txt").read_text("utf-8").splitlines(keepends=True)
    (folder / "manifest-sha256.txt").chmod(0o644)
    (folder / "manifest-sha256.txt").write_text("".join(one for one in lines if "/attest/" not in one), "utf-8")
    return made


@pytest.fixture
def copy(unsigned: Audited, tmp_path: Path) -> Audited:
    """A copy that may be changed."""
    return unsigned.copy(tmp_path / "copy")


def first(one: Audited) -> Failure:
    found = one.verify("GM-0002").first
    assert found
    return found


@pytest.mark.parametrize("name", ["report.html", "report.ipynb", "ro-crate-metadata.json"])
def test_no_file_of_an_assessment_may_be_missing(copy: Audited, name: str) -> None:
    """Taken away with manifest and ledger made anew, it is named by both."""
    remake(copy, LAST, f"data/{name}", None)
    assert ("record.parts", f"{LAST}/data/{name}") == (first(copy).check, first(copy).file)
    assert copy.script("GM-0002").stderr.startswith(f"FAIL 不通过  {LAST}/data/{name}")


@pytest.mark.parametrize(
    "name",
    [
        "extra.txt",
        "picture.svg",
        "more/report.html",
        "attest/note.txt",
        "journals/E9.jsonl",
        "engine/run.py",
        "earlier/x.html",
    ],
)
def test_nothing_more_may_lie_in_an_assessment(copy: Audited, name: str) -> None:
    """A file that has no place there is named by both, though manifest and ledger know it."""
    remake(copy, LAST, f"data/{name}", REPORT)
    assert f"{LAST}/data/{name}" in {one.file for one in copy.verify("GM-0002").failures}
    assert f"FAIL 不通过  {LAST}/data/{name}" in copy.script("GM-0002").stderr


def test_what_the_report_compares_with_may_lie_in_an_assessment(copy: Audited, tmp_path: Path) -> None:
    """Panel and journals of earlier assessments, and the mapping of findings carried over, have their places."""
    parts = prepare(copy.archive, make_mine(tmp_path / "evidence", "GM-0007"))
    more = {f"earlier/2025-self/{name}": b"x\n" for name in ("panel.yaml", "journal/S1.jsonl", "journal/S.2.jsonl")}
    type(parts)({**parts.files, **more}, parts.record, parts.journals).sealed(copy.archive)
    assert () == copy.verify("GM-0007").failures
    done = copy.script("GM-0007")
    assert (0, "") == (done.returncode, done.stderr)


def test_only_what_an_assessment_has_is_sealed(copy: Audited, tmp_path: Path) -> None:
    """A file more or less is refused before it is in the archive."""
    parts = prepare(copy.archive, make_mine(tmp_path / "evidence", "GM-0007"))
    for files in (
        {**parts.files, "extra.svg": b"<svg/>"},
        {k: v for k, v in parts.files.items() if k != "report.ipynb"},
    ):
        with pytest.raises(ArchiveError):
            type(parts)(files, parts.record, parts.journals).sealed(copy.archive)


def test_a_journal_that_ends_elsewhere_is_found_by_both(copy: Audited) -> None:
    """A line less at the end of a journal is not what the record names."""
    name = f"{LAST}/data/journals/E1.jsonl"
    lines = (copy.root / name).read_bytes().splitlines(keepends=True)
    remake(copy, LAST, "data/journals/E1.jsonl", b"".join(lines[:-1]) + lines[-1].replace(b"production", b"protection"))
    assert name in {one.file for one in copy.verify("GM-0002").failures}
    assert copy.script("GM-0002").stderr.startswith(f"FAIL 不通过  {name}")


@pytest.mark.parametrize("name", ["findings.json", "score.json"])
@pytest.mark.parametrize("text", [f'{{"mine":{"9" * 5000}}}', "[" * 100_000, '{"mine":NaN,"catalog":1}', "[1]"])
def test_the_document_that_cannot_be_read_is_the_one_that_is_named(copy: Audited, name: str, text: str) -> None:
    """Whatever is wrong in a document, its own name is told, and no word of Python's."""
    remake(copy, LAST, f"data/{name}", text.encode())
    assert f"{LAST}/data/{name}" == first(copy).file
    for word in ("int", "recursion", "subscript", "limit", "tuple", "list"):
        assert word not in first(copy).reason


def test_a_page_without_a_policy_is_found_by_both(copy: Audited) -> None:
    """A report that does not forbid browsers to run and load is named."""
    remake(copy, LAST, "data/report.html", REPORT.replace(POLICY.encode(), b""))
    assert ("report.inert", f"{LAST}/data/report.html") == (first(copy).check, first(copy).file)
    assert copy.script("GM-0002").stderr.startswith(f"FAIL 不通过  {LAST}/data/report.html")


def test_the_untouched_record_holds(unsigned: Audited) -> None:
    """What these tests begin with is not refused by either."""
    remake(unsigned, LAST, "data/report.html", REPORT)
    assert () == unsigned.verify("GM-0002").failures
    assert json.loads((unsigned.root / LAST / "data/record.json").read_bytes())["mine"] == "GM-0002"
    done = unsigned.script("GM-0002")
    assert (0, "") == (done.returncode, done.stderr)
