"""The audit of a sample, and its notebook."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import nbformat
import pytest
from archives import make_archive
from sealing import make_mine, prepare, record_something

from greenmine.archive.layout import Archive
from greenmine.archive.sampling import Drawn
from greenmine.batch.audit import Audit, Examined
from greenmine.batch.notebook import archived, read_notebook, run_notebook
from greenmine.batch.sealing import seal
from greenmine.errors import UsageError
from greenmine.report.exporter import to_html
from greenmine.workspace import Workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture
def archive(workspace: Path) -> Archive:
    """An archive with three records in force and one superseded."""
    made = make_archive(workspace / "reports")
    for mine in ("GM-0001", "GM-0002", "GM-0003"):
        prepare(made, make_mine(workspace / "evidence", mine)).sealed(made)
    record_something(workspace / "evidence" / "GM-0001", "2026-self", "E1", {"justification": "更正"})
    prepare(made, workspace / "evidence" / "GM-0001").sealed(made)
    return made


@pytest.mark.usefixtures("archive")
def test_the_frame_is_the_records_in_force() -> None:
    """A superseded record is not drawn; the frame's digest is the same until a record comes."""
    audit = Audit.open(seed="426", rate="1")
    assert ["GM-0001/r2", "GM-0002/r1", "GM-0003/r1"] == sorted(audit.rows)
    assert audit.frame_digest == Audit.open(seed="427").frame_digest
    assert (3, 3) == (Audit.open(seed="426", rate="0.05").size, len(Audit.open(seed="426").sample))


def test_a_defective_record_is_found_and_named(archive: Archive) -> None:
    """What was changed is a defect in verification and in making anew, and counts in the conclusion."""
    score = archive.place("bags/assess/GM-0002/r1") / "data" / "score.json"
    score.chmod(0o644)
    score.write_bytes(score.read_bytes() + b"\n")
    audit = Audit.open(seed="426", lang="en")
    found = {one.drawn.record: one for one in audit.examined}
    assert "bags/assess/GM-0002/r1/data/score.json" in found["GM-0002/r1"].failure
    assert "score.json" in found["GM-0002/r1"].difference
    assert "" == found["GM-0003/r1"].failure
    assert "score.json" in audit.checks().markup
    assert "of 3 records are defective" in audit.conclusion().markup


def test_a_record_that_cannot_be_read_is_told_besides(archive: Archive) -> None:
    """It is in the frame's piece and in the conclusion, whatever is drawn."""
    (archive.place("bags/assess/GM-0003/r1") / "data" / "record.json").unlink()
    audit = Audit.open(seed="426", rate="1", confidence="0.1", lang="en")
    assert "record.json" in audit.frame().markup
    assert "Besides, 1 records cannot be read." in audit.conclusion().markup


def test_only_a_report_under_other_software_is_no_defect() -> None:
    """A failure, or a difference that versions do not explain, is one."""
    drawn = Drawn("GM-0001/r1", "pass", "0" * 64)
    cases = [("", "", False), ("", "report.html", True), ("", "score.json", False), ("ledger", "report.html", True)]
    found = [Examined(drawn, failure, other, "90", "90", software).defective for failure, other, software in cases]
    assert [False, False, True, True] == found
    assert ("-0.50", "0", "–") == tuple(
        Examined(drawn, "", "", archived, now).delta for archived, now in (("90", "89.50"), (None, None), ("90", None))
    )


@pytest.mark.usefixtures("archive")
@pytest.mark.parametrize(
    "wrong", [{"seed": ""}, {"seed": "1\n2"}, {"seed": 123}, {"rate": "many"}, {"rate": "1/0"}, {"strata": ["name"]}]
)
def test_parameters_of_another_form_are_errors(wrong: dict[str, object]) -> None:
    """A seed is a line of text, numbers are numbers, strata are known."""
    with pytest.raises(UsageError):
        Audit.open(**{"seed": "426", **wrong})  # type: ignore[arg-type] # that is the point


def test_the_shipped_notebook_audits_a_sealed_record(workspace: Path) -> None:
    """It runs in a kernel, verifies and makes anew, says the same twice, and becomes a page without scripts."""
    shutil.copytree(ROOT / "evidence" / "GM-0005", workspace / "evidence" / "GM-0005")
    noon = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    seal("GM-0005", workspace=Workspace(workspace), clock=lambda: noon, catalog="national@2024")
    notebook = read_notebook(ROOT / "notebooks" / "audit.ipynb")
    told = {"seed": "4 2 6", "lang": "en"}
    runs = [archived(run_notebook(notebook, told, name="audit.ipynb", cwd=workspace), told) for _ in range(2)]
    texts = [nbformat.writes(run) for run in runs]  # type: ignore[no-untyped-call] # nbformat has types in part
    assert texts[0] == texts[1]
    page = to_html(runs[0])
    assert "0 of 1 records are defective" in page
    assert "the same byte for byte" in page
    assert "<script" not in page
