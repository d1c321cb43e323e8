"""Whether findings follow from the journals they were sealed with."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from audited import Audited, build, remake
from sealing import NOON, make_mine, prepare, record_something

from greenmine.archive import refold
from greenmine.archive.redaction import draft_redaction, redact
from greenmine.archive.refold import differs
from greenmine.errors import ArchiveError
from greenmine.files import canonical_json
from greenmine.scoring import Scorer, canonical

LAST = "bags/assess/GM-0002/r1"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The archive; no test changes it."""
    return build(tmp_path_factory.mktemp("audited"))


@pytest.fixture
def copy(sealed: Audited, tmp_path: Path) -> Audited:
    """A copy in which the last record has no signatures, as if an insider had sealed it alone."""
    one = sealed.copy(tmp_path / "copy")
    shutil.rmtree(one.root / LAST / "data/attest")
    manifest = one.root / LAST / "manifest-sha256.txt"
    kept = [line for line in manifest.read_text("utf-8").splitlines(keepends=True) if "/attest/" not in line]
    manifest.write_text("".join(kept), "utf-8")
    remake(one, LAST, "data/panel.yaml", (one.root / LAST / "data/panel.yaml").read_bytes())
    return one


def findings(one: Audited) -> Any:
    return json.loads((one.root / LAST / "data/findings.json").read_bytes())


def reseal(one: Audited, document: Any) -> None:
    """Put findings into the last record, with the score that follows from them."""
    catalog = json.loads((one.root / LAST / "data/catalog.resolved.json").read_bytes())
    remake(one, LAST, "data/findings.json", canonical_json(document))
    remake(one, LAST, "data/score.json", canonical(Scorer(catalog).score(document)))


def failures(one: Audited) -> list[tuple[str, str]]:
    return [(found.check, found.file) for found in one.verify().failures]


def test_findings_that_nobody_recorded_are_found_and_the_key_named(copy: Audited) -> None:
    """All agrees, score included, manifests and ledger made anew; but no journal says what the findings say."""
    assert [] == failures(copy)
    document = findings(copy)
    document["indicators"]["1"]["facts"]["living"] = True
    reseal(copy, document)
    (found,) = copy.verify().failures
    assert ("record.findings", f"{LAST}/data/findings.json") == (found.check, found.file)
    assert "indicators.1" in found.reason


def test_another_panel_or_mine_is_found(copy: Audited) -> None:
    """A panel that does not know who recorded, or another day of assessment, gives other findings."""
    panel = (copy.root / LAST / "data/panel.yaml").read_bytes()
    for old, new in ((b"id: E2", b"id: E3"), (b"2026-06-30", b"2026-06-29")):
        remake(copy, LAST, "data/panel.yaml", panel.replace(old, new))
        assert [("record.findings", f"{LAST}/data/findings.json")] == failures(copy)


def test_files_that_were_handed_in_or_are_missing_decide(sealed: Audited) -> None:
    """A file removed lawfully still was there when the findings were made, so they still follow."""
    assert any("evidence.removed" in remark.code for remark in sealed.verify().remarks)
    (tally,) = (tally for tally in sealed.verify().tallies if tally.check == "record.findings")
    assert (3, 0) == (tally.held, tally.failed)


def test_a_profile_that_was_removed_leaves_the_findings_unchecked(copy: Audited) -> None:
    """Where the mine's profile itself was removed lawfully, it is said that findings could not be made again."""
    evidence = json.loads((copy.root / LAST / "data/record.json").read_bytes())["evidence"]["eid"]
    later = NOON + dt.timedelta(days=2)
    redact(copy.archive, draft_redaction(copy.archive, evidence, ["mine.yaml"], reason="个人信息", by="机关", on=later))
    result = copy.verify()
    assert () == result.failures
    assert "record.findings.unchecked" in {remark.code for remark in result.remarks if remark.unproven}


def test_another_version_may_have_said_less_but_nothing_else(copy: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a later version adds to findings is no failure of an old record; what differs is, with the version."""
    document = findings(copy)
    del document["indicators"]["1"]["evidence"]
    reseal(copy, document)
    assert ["record.findings"] == [check for check, _file in failures(copy)]
    monkeypatch.setattr(refold.greenmine, "__version__", "99")
    assert [] == failures(copy)
    document["indicators"]["1"]["evidence"] = ["another.pdf"]
    reseal(copy, document)
    (found,) = copy.verify().failures
    assert "99" not in found.reason
    assert "indicators.1.evidence" in found.reason


def test_findings_that_do_not_follow_are_not_sealed(sealed: Audited, tmp_path: Path) -> None:
    """A journal that has grown between assessing and sealing is told before anything is sealed."""
    one = sealed.copy(tmp_path / "copy")
    mine = make_mine(tmp_path / "evidence", "GM-0007")
    old = prepare(one.archive, mine)
    record_something(mine, "2026-self", "E1", {"facts": {"living": True, "production": True}})
    parts = prepare(one.archive, mine)
    with pytest.raises(ArchiveError, match=r"findings\.json"):
        type(parts)(
            {**parts.files, "findings.json": old.files["findings.json"], "score.json": old.files["score.json"]},
            parts.record,
            parts.journals,
        ).sealed(one.archive)
    assert () == one.verify().failures


@pytest.mark.parametrize(
    ("old", "new", "more", "place"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, True, "a.1.b"),
        ({"a": 1}, {"a": 1, "c": 2}, False, "c"),
        ({"a": 1}, {"a": 1, "c": 2}, True, None),
        ({"a": 1, "c": 2}, {"a": 1}, True, "c"),
        ([1], [1, 2], True, "."),
        ({"a": True}, {"a": 1}, True, "a"),
    ],
)
def test_the_first_place_that_differs_is_named(old: object, new: object, more: bool, place: str | None) -> None:  # noqa: FBT001
    """Keys in order, positions from 0; further keys of the new one count only where they are asked for."""
    assert place == differs(old, new, more=more)
