"""An assessment that everybody signed off: assessing it seals it, with the signatures of the keys."""

from __future__ import annotations

import json
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from archives import make_archive
from assessments import START
from audited import Audited, remake
from keys import allow, make_key
from mines import ASSESSMENT, MINE, make_mine
from signing import record, sign_off

from greenmine.archive.attest import check_sign_off
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.pins import Pins
from greenmine.archive.signature import sign
from greenmine.archive.signers import FINDING
from greenmine.archive.verify import verify
from greenmine.assessment import load_assessment
from greenmine.assessment.signoff import withdrawal_fields
from greenmine.batch.reproduce import reproduce
from greenmine.batch.runner import assess
from greenmine.batch.sealing import Sealed, seal, seal_signed
from greenmine.cli.main import main
from greenmine.errors import CheckFailed, IntegrityError, UsageError
from greenmine.workspace import Workspace

SCRIPT = Path(__file__).resolve().parents[2] / "greenmine" / "archive" / "stock" / "verify.sh"


@pytest.fixture
def mine(workspace: Path) -> Path:
    folder = make_mine(workspace / "evidence", photos=False)
    record(folder, "E1", "indicator/46", {"evidence": ["LICENCES/LICENCE.TXT"]})
    return folder


def sealed_now(mine: Path, reason: str = "") -> Sealed | None:
    office = Workspace(mine.parents[1])
    done = assess(MINE, workspace=office, catalog="national@2024")
    return seal_signed(done, workspace=office, reason=reason)


def test_assessing_seals_what_everybody_signed_off(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With one signature lacking it does not; afterwards it is sealed, and assessing again changes nothing."""
    sign_off(mine, "E1")
    assert 0 == main(["assess", MINE, "--json"])
    assert "sealed" not in json.loads(capsys.readouterr().out)
    sign_off(mine, "E2")
    assert 0 == main(["assess", MINE, "--json"])
    bag = json.loads(capsys.readouterr().out)["sealed"]
    assert f"bags/assess/{MINE}/r1" == bag
    assert 0 == main(["assess", MINE])
    assert bag in capsys.readouterr().out
    assert [bag] == [
        entry.bag for entry in Ledger(Archive(mine.parents[1] / "reports")).read() if "/assess/" in entry.bag
    ]
    page = (mine.parents[1] / "reports" / bag / "data" / "report.html").read_text("utf-8")
    assert "EXPERT E1" in page
    assert "本人承诺" in page


def test_a_second_sealing_needs_a_reason(mine: Path) -> None:
    """Withdrawn, changed and signed again: the new revision says why; without a reason there is no bag."""
    for person in ("E1", "E2"):
        sign_off(mine, person)
    assert sealed_now(mine)
    record(mine, "E1", "assessment", *withdrawal_fields("漏记一处"))
    record(mine, "E1", "assessment", {"justification": "补记"})
    assert sealed_now(mine) is None
    for person in ("E1", "E2"):
        sign_off(mine, person)
    with pytest.raises(UsageError, match="--reason"):
        sealed_now(mine)
    again = sealed_now(mine, "补记")
    assert again is not None
    assert f"bags/assess/{MINE}/r2" == again.bag


def names(person: str) -> str:
    """The name under which a key is listed for a member of this panel."""
    return f"{person}@{ASSESSMENT}@{MINE}"


@pytest.fixture
def keyed(mine: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A sealed assessment that both experts signed off with their keys: the mine, the archive, the trust."""
    archive = make_archive(mine.parents[1] / "reports")
    trust = tmp_path / "trust"
    for person in ("E1", "E2"):
        key = make_key(tmp_path / "keys", person)
        allow(trust / "allowed_signers", names(person), key, [FINDING])
        sign_off(mine, person, key)
    sealed = sealed_now(mine)
    assert sealed is not None
    assert ("E1", "E2") == sealed.signed
    return mine, archive.root, trust


def test_signatures_made_at_sign_off_are_verified_with_the_record(keyed: tuple[Path, Path, Path]) -> None:
    """By `greenmine verify`, by verify.sh and by the one line of ssh-keygen; nobody is said not to have signed."""
    _mine, root, trust = keyed
    found = verify(Archive(root), Pins.of(trust))
    assert () == found.failures
    assert not [one for one in found.remarks if one.code.startswith("record.unsigned")]
    command = ["sh", str(SCRIPT), "-a", str(root), "-t", str(trust)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (0, "") == (ran.returncode, ran.stderr), ran.stdout
    attest = root / "bags" / "assess" / MINE / "r1" / "data" / "attest"
    words = ["ssh-keygen", "-Y", "verify", "-f", str(trust / "allowed_signers"), "-I", names("E1")]
    text = (attest / "sign-off-E1.json").read_bytes()
    words += ["-n", FINDING, "-s", str(attest / "sign-off-E1.sig")]
    subprocess.run(words, input=text, check=True, capture_output=True)


def test_another_persons_key_is_found(keyed: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """Signatures by keys that an auditor knows as somebody else's do not hold, for either verifier."""
    _mine, root, _trust = keyed
    other = tmp_path / "other"
    allow(other / "allowed_signers", names("E1"), tmp_path / "keys" / "E2", [FINDING])
    allow(other / "allowed_signers", names("E2"), tmp_path / "keys" / "E1", [FINDING])
    found = verify(Archive(root), Pins.of(other))
    assert {"record.signature"} == {one.check for one in found.failures}
    command = ["sh", str(SCRIPT), "-a", str(root), "-t", str(other)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 1 == ran.returncode
    assert "sign-off-E1.sig" in ran.stdout + ran.stderr


def test_a_sign_off_about_something_else_is_found(keyed: tuple[Path, Path, Path]) -> None:
    """The text that was signed must be the findings' own sign-off, about the very files of the bag."""
    _mine, root, _trust = keyed
    data = root / "bags" / "assess" / MINE / "r1" / "data"
    findings = json.loads((data / "findings.json").read_text("utf-8"), parse_float=Decimal)
    text = (data / "attest" / "sign-off-E1.json").read_bytes()
    (one, _other) = findings["assessment"]["sign_off"]
    parts = {name: one["digests"][name] for name in ("catalog", "score", "evidence", "panel")}
    file = Path("sign-off-E1.json")
    check_sign_off(text, "E1", findings, parts, file)
    for name in parts:
        with pytest.raises(IntegrityError, match=f"digests/{name}"):
            check_sign_off(text, "E1", findings, {**parts, name: "0" * 64}, file)
    with pytest.raises(IntegrityError, match=r"sign-off-E1\.json"):
        check_sign_off(text, "E2", findings, parts, file)
    findings["indicators"]["2"]["justification"] = "改过"
    with pytest.raises(IntegrityError, match="digests/findings"):
        check_sign_off(text, "E1", findings, parts, file)


@pytest.mark.parametrize(("old", "new"), [(f'"mine":"{MINE}"', '"mine":"GM-9"'), ('"member":"E1"', '"member":"E2"')])
def test_a_sign_off_for_another_mine_or_member_is_found(
    keyed: tuple[Path, Path, Path], tmp_path: Path, old: str, new: str
) -> None:
    """Truly signed with the member's key, but for somebody or something else: neither verifier takes it."""
    _mine, root, trust = keyed
    bag = f"bags/assess/{MINE}/r1"
    for path in (root / bag).rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    text = (root / bag / "data/attest/sign-off-E1.json").read_bytes()
    forged = text.replace(old.encode(), new.encode())
    assert forged != text
    one = Audited(root, trust, tmp_path / "keys", None)  # type: ignore[arg-type] # no stamps here
    remake(one, bag, "data/attest/sign-off-E1.json", forged)
    remake(one, bag, "data/attest/sign-off-E1.sig", sign(forged, tmp_path / "keys" / "E1", FINDING))
    assert [f"{bag}/data/attest/sign-off-E1.json"] == [found.file for found in one.verify().failures]
    ran = subprocess.run(["sh", SCRIPT, "-a", root, "-t", trust], capture_output=True, text=True, check=False)
    assert f"FAIL 不通过  {bag}/data/attest/sign-off-E1.json" in ran.stderr


def test_a_signature_that_is_none_is_not_sealed(mine: Path) -> None:
    """Whoever put other text in its place finds out when it is sealed, and nothing is sealed."""
    key = make_key(mine.parents[1] / "keys", "E1")
    sign_off(mine, "E1", key)
    told = dict(load_assessment(mine).findings["assessment"]["sign_off"][0])
    fields = {"pledge": told["pledge"], "digests": told["digests"], "signature": "no signature"}
    record(mine, "E1", "assessment", {"sign_off": fields})
    sign_off(mine, "E2")
    with pytest.raises(IntegrityError, match=r"sign-off-E1\.sig"):
        sealed_now(mine)
    moved = told["signature"]
    record(
        mine, "E1", "assessment", {"sign_off": {**fields, "pledge": {"id": "x", "text": "别的"}, "signature": moved}}
    )
    with pytest.raises(CheckFailed, match=r"sign-off-E1\.sig"):
        sealed_now(mine)
    assert not list((mine.parents[1] / "reports" / "bags").glob("assess/*/*"))


def test_a_draft_keeps_the_sign_offs(mine: Path, tmp_path: Path) -> None:
    """Laid out to be signed by the archive's way too, it brings along what was signed in the workbook."""
    for person in ("E1", "E2"):
        sign_off(mine, person, make_key(tmp_path / "keys", person))
    office = Workspace(mine.parents[1])
    laid = seal(MINE, workspace=office, draft=True, catalog="national@2024")
    assert (laid.folder / "data" / "attest" / "sign-off-E2.sig").is_file()
    assert sealed_now(mine) is None
    assert ("E1", "E2") == seal(MINE, workspace=office, catalog="national@2024").signed


def test_a_record_with_an_earlier_assessment_is_reproduced_byte_for_byte(mine: Path) -> None:
    """What the report compares with is in the bag, for whoever makes the report again."""
    earlier = mine / "assessments" / "2026-01-self"
    shutil.copytree(mine / "assessments" / ASSESSMENT, earlier, ignore=shutil.ignore_patterns("journal"))
    text = (earlier / "panel.yaml").read_text("utf-8")
    text = text.replace(ASSESSMENT, earlier.name).replace("2026-06-30", "2026-03-02").replace("third_party", "self")
    (earlier / "panel.yaml").write_text(text, "utf-8")
    with load_assessment(mine, earlier.name).writer("E1", clock=lambda: START) as journal:
        fields = {"facts": {"defects": []}, "evidence": ["LICENCES/LICENCE.TXT"], "justification": "自评"}
        journal.append("E1", "indicator/2", fields)
    office = Workspace(mine.parents[1])
    sealed = seal(MINE, workspace=office, catalog="national@2024", lang="en")
    page = sealed.report.read_text("utf-8")
    assert "Comparison with earlier assessments" in page
    assert "DEFECT 1" in page
    assert (sealed.folder / "data" / "earlier" / earlier.name / "journal" / "E1.jsonl").is_file()
    found = reproduce(Archive(office.reports), sealed.bag, workspace=office)
    assert () == found.differences
