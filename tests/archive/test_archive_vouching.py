"""Who vouches for a record: what experts sign, who counts as one, who may order a removal, what an auditor brings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from audited import Audited, build, remake
from keys import allow, make_key
from sealing import make_mine, prepare

from greenmine.archive.attest import lay_draft, make_statement, read_draft, sign_draft
from greenmine.archive.pins import Pins
from greenmine.archive.signature import sign
from greenmine.archive.signers import CHECKPOINT, FINDING, REDACTION, WITNESS
from greenmine.archive.verify import verify
from greenmine.cli.main import main
from greenmine.errors import InputError, IntegrityError, UsageError
from greenmine.files import canonical_json
from greenmine.scoring import Scorer, canonical

LAST = "bags/assess/GM-0002/r1"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The archive; no test changes it."""
    return build(tmp_path_factory.mktemp("audited"))


@pytest.fixture
def copy(sealed: Audited, tmp_path: Path) -> Audited:
    """A copy that may be changed."""
    return sealed.copy(tmp_path / "copy")


@pytest.mark.parametrize("name", ["report.html", "panel.yaml", "findings.json"])
def test_a_draft_that_was_changed_after_experts_signed_is_not_sealed(copy: Audited, tmp_path: Path, name: str) -> None:
    """What the experts signed fixes report and panel, too: the operator cannot put another report beside the score."""
    parts = prepare(copy.archive, make_mine(tmp_path / "evidence", "GM-0007"))
    folder = lay_draft(copy.archive, parts.record, parts.files)
    sign_draft(read_draft(folder), "E1", copy.keys / "E1")
    path = folder / "data" / name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(IntegrityError, match=name):
        read_draft(folder)


def test_a_report_swapped_under_signatures_is_found(copy: Audited) -> None:
    """With manifests and ledger made anew, the experts' statement still names the report that they saw."""
    report = (copy.root / LAST / "data/report.html").read_bytes()
    remake(copy, LAST, "data/report.html", report.replace(b"<title>r", b"<title>x"))
    found = copy.verify().first
    assert found
    assert ("record.parts", f"{LAST}/data/report.html") == (found.check, found.file)
    assert copy.script().stderr.startswith(f"FAIL 不通过  {LAST}/data/")


def test_only_signatures_by_trusted_keys_count_as_signed(sealed: Audited, copy: Audited, tmp_path: Path) -> None:
    """Six expert signatures are six, with nobody's keys none; of a record with a statement alone nobody signed."""

    def signed(one: Audited, pins: Pins | None = None) -> list[int]:
        return [tally.held for tally in one.verify(pins=pins).tallies if tally.check == "record.signature"]

    assert [6] == signed(sealed)
    assert [] == signed(sealed, Pins())
    parts = prepare(copy.archive, make_mine(tmp_path / "evidence", "GM-0007"))
    statement = make_statement({**parts.files, "record.json": parts.record.canonical()})
    parts.sealed(copy.archive, attest={"statement.sums": statement})
    result = copy.verify("GM-0007")
    assert "record.unsigned" in {remark.code for remark in result.remarks}
    assert "record.signature" not in {tally.check for tally in result.tallies}
    assert "GM-0007/r1: no expert signed it" in copy.script("GM-0007").stdout


def test_who_is_not_in_the_panel_does_not_sign(copy: Audited, tmp_path: Path) -> None:
    """A trusted key of somebody else is refused when signing, and found where an insider sealed it."""
    allow(copy.trust / "more" / "allowed_signers", "E9", copy.keys / "stranger", [FINDING])
    pins = tmp_path / "pins"
    shutil.copytree(copy.trust, pins)
    allow(pins / "allowed_signers", "E9", copy.keys / "stranger", [FINDING])
    parts = prepare(copy.archive, make_mine(tmp_path / "evidence", "GM-0007"))
    folder = lay_draft(copy.archive, parts.record, parts.files)
    with pytest.raises(UsageError, match="E9"):
        sign_draft(read_draft(folder), "E9", copy.keys / "stranger")
    statement = make_statement({**parts.files, "record.json": parts.record.canonical()})
    attest = {"statement.sums": statement, "expert-E9.sig": sign(statement, copy.keys / "stranger", FINDING)}
    bag = parts.sealed(copy.archive, attest=attest).path
    found = verify(copy.archive, Pins.of(pins), records=[bag]).first
    assert found
    assert f"{bag}/data/attest/expert-E9.sig" == found.file
    done = subprocess.run(["sh", copy.root / "verify.sh", "-t", pins, bag], capture_output=True, text=True, check=False)
    assert done.stderr.startswith(f"FAIL 不通过  {bag}/data/attest/expert-E9.sig")


@pytest.mark.parametrize("key", [("E1", FINDING), ("witness", WITNESS), ("operator", CHECKPOINT), ("E1", REDACTION)])
def test_only_a_key_for_removals_orders_one(copy: Audited, key: tuple[str, str]) -> None:
    """An expert's, a witness's or a checkpoint's signature over a removal is no order; both verifiers say so."""
    bag = next(copy.root.glob("bags/redaction/*/r1"))
    order = sign((bag / "data/redaction.json").read_bytes(), copy.keys / key[0], key[1])
    for folder in sorted((copy.root / "checkpoints").iterdir()):  # an insider before the first checkpoint
        shutil.rmtree(folder)
    remake(copy, bag.relative_to(copy.root).as_posix(), "data/attest/operator.sig", order)
    assert ["redaction.signature"] == [one.check for one in copy.verify().failures]
    assert "attest/operator.sig" in copy.script().stderr


def test_a_key_with_several_names_is_tried_by_each(sealed: Audited, tmp_path: Path) -> None:
    """The operator's key, listed first under a name for something else, still signs checkpoints."""
    pins = tmp_path / "pins"
    shutil.copytree(sealed.trust, pins)
    (pins / "allowed_signers").unlink()
    allow(pins / "allowed_signers", "E7@2026-self@GM-0009", sealed.keys / "operator", [FINDING])
    with (pins / "allowed_signers").open("a", encoding="utf-8") as stream:
        stream.write((sealed.trust / "allowed_signers").read_text("utf-8"))
    assert () == sealed.verify(pins=Pins.of(pins)).failures
    done = subprocess.run(["sh", sealed.root / "verify.sh", "-t", pins], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


# ---- what an auditor brings is looked at before anybody is accused --------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("revoked.krl", "garbage\n"),
        ("tsa-chain.pem", "x\n"),
        ("allowed_signers", 'E1 namespaces="a", valid-before="20270101" ssh-ed25519 AAAA\n'),
        ("allowed_signers", None),
    ],
)
def test_a_mistake_of_the_auditors_is_no_damage(
    sealed: Audited, tmp_path: Path, name: str, content: str | None
) -> None:
    """A list, certificate or file that is none ends with 2 and its name, in both verifiers."""
    pins = tmp_path / "pins"
    shutil.copytree(sealed.trust, pins)
    (pins / name).unlink(missing_ok=True)
    if content is not None:
        (pins / name).write_text(content)
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        Pins.of(pins)
    assert 2 == main(["verify", "--archive", str(sealed.root), "--trust", str(pins)])
    done = subprocess.run(["sh", sealed.root / "verify.sh", "-t", pins], capture_output=True, text=True, check=False)
    assert 2 == done.returncode, done.stderr
    assert name in done.stderr
    for words in (["-e", "/no/such/file"], ["-t", "/no/such/folder"]):
        done = subprocess.run(["sh", sealed.root / "verify.sh", *words], capture_output=True, text=True, check=False)
        assert 2 == done.returncode


@pytest.mark.parametrize(
    "name",
    [
        "checkpoints/{first}/checkpoint.sums",
        "trust/revoked.krl",
        "bags/assess/GM-0002/r1/data/record.json",
        "bags/assess/GM-0002/r1/bag-info.txt",
        "bags/assess/GM-0002/r1/tagmanifest-sha256.txt",
    ],
)
def test_a_pipe_in_the_archive_keeps_nobody_waiting(copy: Audited, name: str) -> None:
    """Wherever a pipe stands in a file's place, verification ends, with 1 or 2, and names it."""
    path = copy.root / name.format(first=min(one.name for one in copy.archive.checkpoints.iterdir()))
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    if name.startswith("trust/"):
        with pytest.raises(InputError, match=r"revoked\.krl"):
            Pins.of(copy.archive.trust)
        return
    for records in ((), ("GM-0002/r1",)):
        result = verify(copy.archive, copy.pins, records=records, progress=lambda *_: None)
        assert result.first
        assert result.first.file.startswith(path.relative_to(copy.root).parts[0])


def test_keys_are_listed_for_removals_too(workspace: Path) -> None:
    """`greenmine keys add --for redaction` lets a key order removals."""
    key = make_key(workspace.parent, "office")
    assert 0 == main(["keys", "add", "office@demo", str(key.with_name("office.pub")), "--for", "redaction"])
    assert "greenmine-redaction" in (workspace / "reports/trust/allowed_signers").read_text("utf-8")


# ---- no false alarms, and what the archive itself contradicts --------------------------------------------------------


def test_words_that_look_like_markup_are_no_alarm(copy: Audited) -> None:
    """A name or a justification with “only = 2”, “javascript:” or an address is text; in a tag it is found."""
    report = (copy.root / LAST / "data/report.html").read_bytes()
    shutil.rmtree(copy.root / LAST / "data/attest")
    manifest = copy.root / LAST / "manifest-sha256.txt"
    kept = [line for line in manifest.read_text("utf-8").splitlines(keepends=True) if "/attest/" not in line]
    manifest.write_text("".join(kept), "utf-8")
    harmless = b"<p title='only = 2 pits'>only = 2 pits, javascript: href=http://x @import url(http://x) &lt;script"
    remake(copy, LAST, "data/report.html", report + harmless)
    assert () == copy.verify("GM-0002").failures
    assert (0, "") == ((done := copy.script("GM-0002")).returncode, done.stderr)
    for bad in (
        b"<p\nonclick = x>",
        b"<p title='a'onclick=x>",
        b"<a href= 'javascript:x'>",
        b"<img srcset=//x>",
        b"<style>\n@import 'x'</style>",
        b"<meta http-equiv=refresh content='0;url=x'>",
    ):
        remake(copy, LAST, "data/report.html", report + bad)
        assert not copy.verify("GM-0002").holds, bad
        assert 1 == copy.script("GM-0002").returncode, bad


def test_scores_by_other_readings_are_recomputed_with_them(copy: Audited, tmp_path: Path) -> None:
    """verify.sh hands every reading of the record to the scorer, the last one too."""
    parts = prepare(copy.archive, make_mine(tmp_path / "evidence", "GM-0007"))
    catalog, findings = (json.loads(parts.files[name]) for name in ("catalog.resolved.json", "findings.json"))
    names = {name: reading["choices"][-1] for name, reading in catalog["readings"].items()}
    score = Scorer(catalog).score(findings, names)
    record = parts.record.model_copy(update={"readings": score["readings"]})
    type(parts)({**parts.files, "score.json": canonical(score)}, record, parts.journals).sealed(copy.archive)
    assert names == score["readings"]
    assert () == copy.verify("GM-0007").failures
    assert (0, "") == ((done := copy.script("-x", "GM-0007")).returncode, done.stderr)


def test_a_second_revision_says_what_it_supersedes(copy: Audited) -> None:
    """A later record of an assessment that names no earlier one, or not the latest, is found."""
    bag = "bags/assess/GM-0001/r2"
    shutil.rmtree(copy.root / "checkpoints")
    record = json.loads((copy.root / bag / "data/record.json").read_bytes())
    for wrong in ({}, {"supersedes": record["supersedes"], "reason": "x"}):
        changed = {key: value for key, value in record.items() if key not in {"supersedes", "reason"}}
        if wrong:
            changed["assessment"] = "2027-self"
        remake(copy, bag, "data/record.json", canonical_json({**changed, **wrong}))
        assert "record.references" in {one.check for one in copy.verify("GM-0001/r2").failures}


def test_a_date_that_the_stamps_contradict_is_remarked_on(copy: Audited, tmp_path: Path) -> None:
    """A record drafted, by its own word, before what a stamp covers without it, or after the stamp over it, is told."""

    def dated() -> list[str]:
        return [one.code for one in copy.verify().remarks if one.code.startswith("record.dated.")]

    parts = prepare(copy.archive, make_mine(tmp_path / "evidence", "GM-0007"))
    late = parts.record.model_copy(update={"sealed_on": "2036-01-01T00:00:00Z"})
    bag = type(parts)(parts.files, late, parts.journals).sealed(copy.archive).path
    assert f"record.dated.{bag}" not in dated()
    copy.checkpoint(witnessed=False)
    assert f"record.dated.{bag}" in dated()
    assert f"record.dated.{LAST}" in dated()  # said to be of June, after a checkpoint of now
