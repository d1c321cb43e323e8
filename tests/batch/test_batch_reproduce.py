"""Reproducing records from what is archived of their inputs."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from sealing import make_mine, prepare

from greenmine import i18n
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive
from greenmine.archive.record import installed
from greenmine.archive.redaction import draft_redaction, redact
from greenmine.archive.staging import seal_bag
from greenmine.batch.difference import Difference
from greenmine.batch.reproduce import reproduce
from greenmine.batch.room import read_parameters
from greenmine.batch.sealing import seal
from greenmine.errors import IntegrityError, UsageError
from greenmine.workspace import Workspace

ROOT = Path(__file__).parents[2]
MINE = "GM-0005"
BAG = f"bags/assess/{MINE}/r1"


def noon() -> dt.datetime:
    return dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with one sealed record, in English and under another reading; the mine's folder is gone."""
    root = tmp_path_factory.mktemp("office")
    for name in ("parameters", "notebooks", "reports"):
        (root / name).mkdir()
    shutil.copytree(ROOT / "evidence" / MINE, root / "evidence" / MINE)
    i18n.use("zh")
    seal(
        *(MINE,),
        workspace=Workspace(root),
        clock=noon,
        catalog="national@2024",
        readings={"na_fold": "total"},
        lang="en",
    )
    shutil.rmtree(root / "evidence" / MINE)
    return Workspace(root)


def listing(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def small(tmp_path: Path, **software: str) -> Archive:
    """Make an archive with the record of a small mine that has no notebook, made with such software."""
    archive = Archive.open(tmp_path / "reports", create=True)
    parts = prepare(archive, make_mine(tmp_path))
    record = parts.record.model_copy(update={"software": {**installed(), **software}})
    type(parts)(parts.files, record, parts.journals).sealed(archive)
    return archive


def changed(archive: Archive, files: Mapping[str, bytes]) -> str:
    """Seal the first record of GM-0001 again as it is, but for some files, past all checks; return the bag."""
    bag = "bags/assess/GM-0001/r2"
    old = archive.place("bags/assess/GM-0001/r1") / "data"

    def fill(writer: BagWriter) -> None:
        for name, data in sorted({**listing(old), **files}.items()):
            writer.add(name, data)

    seal_bag(archive, bag, fill)
    return bag


@pytest.mark.parametrize("engine", ["greenmine", "kernel"])
def test_a_record_comes_out_byte_for_byte_without_the_mines_folder(office: Workspace, engine: str) -> None:
    """Score, notebook and report are made from the archive alone, with the record's readings and language."""
    before = listing(office.reports)
    done = reproduce(Archive(office.reports), BAG, workspace=office, engine=engine)
    assert (True, (), ()) == (done.same, done.differences, done.software)
    assert {"score.json", "report.ipynb", "report.html"} <= set(done.compared)
    assert before == listing(office.reports)


def test_another_notebook_gives_another_report_and_the_place_is_named(office: Workspace, tmp_path: Path) -> None:
    """The cell that differs is named; the score is the same all the same."""
    notebook = json.loads((ROOT / "notebooks" / "assessment.ipynb").read_bytes())
    at = next(n for n, cell in enumerate(notebook["cells"]) if "book.verdict()" in "".join(cell["source"]))
    notebook["cells"][at]["source"] = ["book.verdict()  # again"]
    path = tmp_path / "other.ipynb"
    path.write_text(json.dumps(notebook), "utf-8")
    done = reproduce(Archive(office.reports), BAG, workspace=office, notebook=path)
    assert ["report.ipynb"] == [one.file for one in done.differences]
    assert done.differences[0].place.endswith(".source[0]")
    assert "# again" in done.differences[0].now


def test_evidence_that_is_gone_is_named_before_what_follows_from_it(office: Workspace, tmp_path: Path) -> None:
    """A file of the evidence that was changed is the first difference."""
    shutil.copytree(office.reports, tmp_path / "reports")
    archive = Archive(tmp_path / "reports")
    (folder,) = (archive.bags / "evidence").glob("*/*/data/files")
    path = min(path for path in folder.rglob("*.pdf"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"\n")
    done = reproduce(archive, BAG, workspace=office)
    first = done.differences[0]
    assert f"files/{path.relative_to(folder).as_posix()}" == first.file
    assert "report.html" in [one.file for one in done.differences]


def test_software_of_another_version_is_named(tmp_path: Path) -> None:
    """What was another version, or not there, is told even where the score is the same."""
    archive = small(tmp_path, jinja2="2.0", python="3.9.1", leftpad="1.0")
    done = reproduce(archive, "bags/assess/GM-0001/r1", score_only=True)
    now = installed()
    expected = {("jinja2", "2.0", now["jinja2"]), ("leftpad", "1.0", ""), ("python", "3.9.1", now["python"])}
    assert expected == {(one.name, one.recorded, one.installed) for one in done.software}
    assert (True, ("score.json",)) == (done.same, done.compared)


def test_a_score_that_does_not_follow_is_shown_at_its_first_place(tmp_path: Path) -> None:
    """Sealed with another verdict than follows, the record is not reproduced."""
    archive = small(tmp_path)
    score = json.loads((archive.place("bags/assess/GM-0001/r1") / "data" / "score.json").read_bytes())
    bag = changed(archive, {"score.json": json.dumps({**score, "verdict": "pass"}).encode()})
    done = reproduce(archive, bag, score_only=True)
    assert (Difference("score.json", "verdict", '"pass"', '"incomplete"'),) == done.differences


def test_findings_that_cannot_be_scored_are_a_difference_and_not_a_crash(tmp_path: Path) -> None:
    """What the scorer says of them is shown."""
    archive = small(tmp_path)
    done = reproduce(archive, changed(archive, {"findings.json": b"{}"}), score_only=True)
    assert [("score.json", "")] == [(one.file, one.place) for one in done.differences]


def test_a_record_without_a_notebook_is_damaged_for_this_purpose(tmp_path: Path) -> None:
    """The message names the file that is needed."""
    archive = small(tmp_path)
    (archive.place("bags/assess/GM-0001/r1") / "data" / "report.ipynb").unlink()
    with pytest.raises(IntegrityError, match=r"report\.ipynb"):
        reproduce(archive, "bags/assess/GM-0001/r1", workspace=Workspace(tmp_path))


def test_a_notebook_that_is_not_the_records_is_a_difference(tmp_path: Path) -> None:
    """A record sealed with a notebook of no cells is not made anew the same; that is no bad input."""
    i18n.use("en")
    archive = small(tmp_path)
    bag = changed(archive, {"report.ipynb": b'{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}'})
    done = reproduce(archive, bag, workspace=Workspace(ROOT))
    assert Difference("report.ipynb", "", "a notebook with its parameters", "another one") in done.differences


def test_a_file_that_is_not_the_sealed_one_is_not_used(tmp_path: Path) -> None:
    """A changed document is refused by name, and so is a bag that the ledger does not name."""
    archive = small(tmp_path)
    findings = archive.place("bags/assess/GM-0001/r1") / "data" / "findings.json"
    findings.chmod(0o644)
    findings.write_bytes(findings.read_bytes() + b"\n")
    with pytest.raises(IntegrityError, match=r"findings\.json"):
        reproduce(archive, "bags/assess/GM-0001/r1", score_only=True)
    with pytest.raises(UsageError, match="GM-0009"):
        reproduce(archive, "bags/assess/GM-0009/r1", score_only=True)


@pytest.mark.parametrize("value", ["open('ran', 'w')", "__import__('os').system('touch ran')", "(" * 5000])
def test_parameters_of_an_archived_notebook_are_read_and_never_run(workspace: Path, value: str) -> None:
    """Anything but a literal is refused, and nothing of it happens."""
    cell = {"metadata": {"tags": ["injected-parameters"]}, "source": [f"lang = {value}"]}
    with pytest.raises(IntegrityError):
        read_parameters(json.dumps({"cells": [cell]}).encode(), workspace / "report.ipynb")
    assert not (workspace / "ran").exists()


def test_a_lawful_removal_changes_no_finding_and_no_score(office: Workspace, tmp_path: Path) -> None:
    """That the file was handed in still counts; what differs is the file and the report, and both are explained."""
    shutil.copytree(office.root / "reports", tmp_path / "reports")
    archive = Archive.open(tmp_path / "reports")
    findings = json.loads((archive.place(BAG) / "data/findings.json").read_bytes())
    cited = next(name for one in findings["indicators"].values() for name in one.get("evidence", ()))
    eid = json.loads((archive.place(BAG) / "data/record.json").read_bytes())["evidence"]["eid"]
    order = draft_redaction(archive, eid, [cited.partition("#")[0]], reason="个人信息", by="机关", on=noon())
    redact(archive, order)
    done = reproduce(archive, BAG, workspace=office)
    assert done.explained
    assert not done.same
    assert {"report.html", "report.ipynb", f"files/{cited.partition('#')[0]}"} == {one.file for one in done.differences}
