"""Sealing an assessment from its folder."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greenmine import i18n
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.lock import claim, release
from greenmine.archive.seal import next_revision, wait_for_others
from greenmine.archive.withdrawal import withdraw
from greenmine.assessment import JournalWriter
from greenmine.batch import sealing
from greenmine.batch.sealing import Sealed, seal
from greenmine.errors import IntegrityError, UsageError
from greenmine.workspace import Workspace

ROOT = Path(__file__).parents[2]
MINE = "GM-0005"
CATALOG = "national@2024"


def noon() -> dt.datetime:
    return dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def office(workspace: Path) -> Workspace:
    """A workspace with one demonstration mine."""
    shutil.copytree(ROOT / "evidence" / MINE, workspace / "evidence" / MINE)
    return Workspace(workspace)


def test_a_sealed_assessment_holds_with_stock_tools_alone(office: Workspace) -> None:
    """sha256sum accepts ledger, bag and statement, and the archived scorer gives the archived score."""
    sealed = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    assert (f"bags/assess/{MINE}/r1", True, ()) == (sealed.bag, sealed.new, sealed.signed)
    for folder, sums in (
        (office.reports, "ledger"),
        (sealed.folder, "tagmanifest-sha256.txt"),
        (sealed.folder, "manifest-sha256.txt"),
        (sealed.folder, "data/attest/statement.sums"),
    ):
        subprocess.run(["sha256sum", "--check", "--quiet", "--strict", sums], cwd=folder, check=True)
    data = sealed.folder / "data"
    again = subprocess.run(
        [sys.executable, "-I", "engine/rescore.pyz", "findings.json", "catalog.resolved.json"],
        cwd=data,
        capture_output=True,
        check=True,
    )
    assert (data / "score.json").read_bytes() == again.stdout
    assert "ineligible" == json.loads(again.stdout)["verdict"]


def test_sealing_again_changes_nothing_and_a_change_needs_a_reason(office: Workspace) -> None:
    """The same inputs are the same revision; a new journal line makes a new one, which says why."""
    first = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    lines = office.reports.joinpath("ledger").read_bytes()
    again = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    assert (first.bag, False, lines) == (again.bag, again.new, office.reports.joinpath("ledger").read_bytes())
    folder = office.evidence / MINE / "assessments"
    assessment = min(folder.iterdir())
    path = min((assessment / "journal").glob("*.jsonl"))
    with JournalWriter(path, MINE, assessment.name, path.stem) as journal:
        journal.append(path.stem, "assessment", {"justification": "补充说明（演示）"})
    with pytest.raises(UsageError, match="--reason"):
        seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    second = seal(MINE, workspace=office, clock=noon, catalog=CATALOG, reason="补充说明")
    record = json.loads((second.folder / "data" / "record.json").read_bytes())
    assert (f"bags/assess/{MINE}/r2", "补充说明") == (second.bag, record["reason"])
    assert {"bag": first.bag, "tagmanifest": first.digest} == record["supersedes"]
    bags = [entry.bag for entry in Ledger(Archive(office.reports)).read()]
    assert ["evidence", "catalog", "assess", "assess"] == [bag.split("/")[1] for bag in bags]


def test_a_withdrawn_record_is_sealed_again_only_with_a_reason(office: Workspace) -> None:
    """Without one nothing has changed; with one the same content is the next revision."""
    first = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    withdraw(Archive(office.reports), first.bag, reason="误封", by="演示机关", on=noon())
    assert (first.bag, False) == ((again := seal(MINE, workspace=office, clock=noon, catalog=CATALOG)).bag, again.new)
    second = seal(MINE, workspace=office, clock=noon, catalog=CATALOG, reason="撤回有误，重新封存")
    assert (f"bags/assess/{MINE}/r2", True) == (second.bag, second.new)


def test_a_draft_is_signed_and_then_sealed_as_it_was_signed(office: Workspace, tmp_path: Path) -> None:
    """What the expert signed is what is sealed, and ssh-keygen accepts the signature in the bag."""
    from greenmine.archive.attest import find_drafts, read_draft, sign_draft  # noqa: PLC0415 - beside its only use

    laid = seal(MINE, workspace=office, draft=True, clock=noon, catalog=CATALOG)
    assert ("", True) == (laid.bag, laid.folder.is_dir())
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (folder,) = find_drafts(Archive(office.reports), MINE)
    statement = (folder / "data" / "attest" / "statement.sums").read_bytes()
    sign_draft(read_draft(folder), "E1", key)
    with pytest.raises(UsageError, match="inbox"):
        seal(MINE, workspace=office, draft=True, clock=noon, catalog=CATALOG)
    sealed = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    assert (("E1",), False) == (sealed.signed, folder.exists())
    attest = sealed.folder / "data" / "attest"
    assert statement == (attest / "statement.sums").read_bytes()
    signers = tmp_path / "allowed_signers"
    signers.write_text(f"E1 {key.with_suffix('.pub').read_text(encoding='utf-8')}", encoding="utf-8")
    words = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", "E1", "-n", "greenmine-finding"]
    subprocess.run([*words, "-s", str(attest / "expert-E1.sig")], input=statement, check=True, capture_output=True)


@pytest.fixture
def rival(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Sealed]]:
    """Lets another run seal the mine between the choice of the next revision and its sealing, once."""

    def comes(**parameters: Any) -> list[Sealed]:
        found: list[Sealed] = []

        def late(*args: Any) -> Any:
            chosen = next_revision(*args)
            monkeypatch.setattr(sealing, "next_revision", next_revision)
            found.append(seal(MINE, workspace=office, clock=noon, catalog=CATALOG, **parameters))
            return chosen

        monkeypatch.setattr(sealing, "next_revision", late)
        return found

    return comes


def test_who_comes_second_with_the_same_finds_it_sealed(office: Workspace, rival: Callable[..., list[Sealed]]) -> None:
    """Two runs at once seal a record once, and neither fails."""
    others = rival()
    second = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    [first] = others
    assert (first.bag, first.digest, True, False) == (second.bag, second.digest, first.new, second.new)
    assert (1,) == Archive(office.reports).revisions(MINE)


def test_who_comes_second_with_another_content_is_told_so(
    office: Workspace, rival: Callable[..., list[Sealed]]
) -> None:
    """Without a reason it fails and says that another run was there; with one it is the next revision."""
    i18n.use("en")
    others = rival(lang="en")
    with pytest.raises(UsageError, match=r"Another run has just sealed .*r1"):
        seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    assert 1 == len(others)
    rival(readings={"na_fold": "zero"}, reason="口径")
    third = seal(MINE, workspace=office, clock=noon, catalog=CATALOG, reason="中文")
    assert (f"bags/assess/{MINE}/r3", True) == (third.bag, third.new)


def test_who_finds_a_bag_whose_line_is_to_come_waits_for_it(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever seals has the bag at its place before the ledger names it."""
    first = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    ledger = office.reports / "ledger"
    lines = ledger.read_bytes()
    ledger.write_bytes(lines[: lines.rindex(b"\n", 0, -1) + 1])
    handle = claim(first.folder)
    assert handle is not None

    def waits(*args: Any) -> None:
        thread = threading.Thread(target=wait_for_others, args=args)
        thread.start()
        ledger.write_bytes(lines)
        assert thread.is_alive()
        release(handle)
        thread.join()

    monkeypatch.setattr(sealing, "wait_for_others", waits)
    again = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    assert (first.bag, False, lines) == (again.bag, again.new, ledger.read_bytes())


def test_a_draft_that_is_sealed_already_is_sealed(office: Workspace) -> None:
    """A run that was cut short left it there, or another one is about to remove it."""
    laid = seal(MINE, workspace=office, draft=True, clock=noon, catalog=CATALOG).folder
    kept = office.root / "kept"
    shutil.copytree(laid, kept)
    first = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    shutil.copytree(kept, laid)
    again = seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
    assert (first.bag, False, False) == (again.bag, again.new, laid.exists())
    shutil.copytree(kept, laid)
    shutil.rmtree(first.folder)
    with pytest.raises(IntegrityError):
        seal(MINE, workspace=office, clock=noon, catalog=CATALOG)
