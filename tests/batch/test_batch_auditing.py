"""Audits as they are archived: made by the verb, verified by both verifiers, drawn again with stock tools."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bagit
import pytest
from archives import make_archive
from audited import SCRIPT
from sealing import make_mine, prepare, record_something

from greenmine.archive.index import build_index, read_contents
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.notary import make_checkpoint
from greenmine.archive.pins import Pins
from greenmine.archive.portal import render_portal
from greenmine.archive.recover import recover
from greenmine.archive.verify import verify
from greenmine.cli.main import main
from greenmine.files import canonical_json

BAG = "bags/audit/2026-autumn/r1"
SEED = '骰子 "4" \\2 6'
AGAIN = r"""
seed=$(cat seed.txt)
cut -d' ' -f3 frame.txt | sort -u | while IFS= read -r stratum; do
  awk -v s="$stratum" '$3 == s { print $1 }' frame.txt | while IFS= read -r record; do
    printf '%s %s %s\n' "$(printf '%s,%s' "$seed" "$record" | sha256sum | cut -c-64)" "$record" "$stratum"
  done | sort | head -n "$(awk -v s="$stratum" '$3 == s' draw.txt | wc -l)"
done
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose archive has five records in force, one superseded, a checkpoint, a record after it."""
    root = tmp_path_factory.mktemp("office") / "workspace"
    for name in ("evidence", "parameters", "notebooks"):
        (root / name).mkdir(parents=True)
    archive = make_archive(root / "reports")
    for number in range(1, 6):
        prepare(archive, make_mine(root / "evidence", f"GM-000{number}")).sealed(archive)
    record_something(root / "evidence" / "GM-0001", "2026-self", "E1", {"facts": {"living": True, "production": True}})
    prepare(archive, root / "evidence" / "GM-0001").sealed(archive)
    make_checkpoint(archive)
    prepare(archive, make_mine(root / "evidence", "GM-0006")).sealed(archive)
    return root


@pytest.fixture(scope="module")
def audited(office: Path) -> tuple[Path, dict[str, Any], str]:
    """The workspace after the verb has audited; what the verb printed as JSON, and what for people."""
    said = []
    for words in (["--json", "--rate", "0.5"], ["--rate", "0.5", "--strata", "catalog,verdict"]):
        command = [sys.executable, "-m", "greenmine.cli", "audit", "--seed", SEED, "--id", "2026-autumn"]
        done = subprocess.run([*command, *words, "--lang", "en"], cwd=office, capture_output=True, check=False)
        assert (1, b"") == (done.returncode, done.stderr)
        said.append(done.stdout.decode())
    return office, json.loads(said[0]), said[1]


@pytest.fixture
def copy(audited: tuple[Path, dict[str, Any], str], tmp_path: Path) -> Archive:
    """A copy of the archive that may be changed."""
    shutil.copytree(audited[0] / "reports", tmp_path / "copy")
    for path in (tmp_path / "copy").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return Archive(tmp_path / "copy")


def test_the_verb_draws_from_the_checkpoint_and_seals(audited: tuple[Path, dict[str, Any], str]) -> None:
    """Neither the superseded record nor the one after the checkpoint is drawn; records without a notebook are told."""
    root, document, said = audited
    assert (BAG, 5, SEED) == (document["bag"], document["frame"]["records"], document["seed"])
    assert {one["record"] for one in document["drawn"]} <= {"GM-0001/r2", *(f"GM-000{n}/r1" for n in range(2, 6))}
    assert document["defective"] == len(document["drawn"])  # these small records have no notebook to run again
    assert "bags/audit/2026-autumn/r2" in said
    assert "records are defective" in said
    entry = Ledger(Archive(root / "reports")).find(BAG)
    assert entry
    assert entry.digest == document["digest"]
    data = root / "reports" / BAG / "data"
    names = ["audit.json", "draw.txt", "frame.txt", "report.html", "report.ipynb", "results.json", "seed.txt"]
    assert names == sorted(path.name for path in data.iterdir())
    for text in (data / "report.html", data / "report.ipynb"):
        assert str(root) not in text.read_text("utf-8")


def test_everything_that_verifies_accepts_it(audited: tuple[Path, dict[str, Any], str]) -> None:
    """`greenmine verify`, verify.sh, `bagit.py` and `recover` find nothing; of one audit and of everything."""
    archive = Archive(audited[0] / "reports")
    for records in ((), (BAG,)):
        result = verify(archive, Pins.of(archive.trust, own=True), records=records)
        assert () == result.failures
        assert {"audit.frame", "audit.draw", "audit.results"} <= {one.check for one in result.tallies}
        done = subprocess.run(["sh", SCRIPT, "-a", archive.root, *records], capture_output=True, text=True, check=False)
        assert (0, "") == (done.returncode, done.stderr)
    bagit.Bag(str(archive.place(BAG))).validate()
    assert recover(archive).idle


def test_anybody_draws_the_same_records_with_stock_tools(audited: tuple[Path, dict[str, Any], str]) -> None:
    """sha256sum and sort over frame and seed give the draw, grouped or not; the frame's digest is sha256sum's."""
    root, document, _said = audited
    for run in ("r1", "r2"):
        data = root / "reports" / "bags/audit/2026-autumn" / run / "data"
        path = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        done = subprocess.run(["sh", "-c", AGAIN], cwd=data, capture_output=True, check=True, env=path)
        assert (data / "draw.txt").read_bytes() == done.stdout
        assert done.stdout
    assert AGAIN.strip().splitlines() == documented()
    frame = root / "reports" / BAG / "data" / "frame.txt"
    sums = subprocess.run(["sha256sum", frame], capture_output=True, text=True, check=True)
    assert document["frame"]["sha256"] == sums.stdout[:64]


def documented() -> list[str]:
    """Return the commands for drawing again that VERIFY.md gives."""
    text = (SCRIPT.parent / "VERIFY.md").read_text("utf-8")
    block = text[text.index("    seed=$(cat seed.txt)") :].split("\n\n")[0]
    return [line.removeprefix("    ") for line in block.splitlines()]


def test_the_portal_lists_audits(audited: tuple[Path, dict[str, Any], str]) -> None:
    """Seed, how many were drawn and are defective, and a link to the report; hostile seeds are escaped."""
    contents = read_contents(Archive(audited[0] / "reports"))
    page = render_portal(contents)
    assert f'href="{BAG}/data/report.html"' in page
    assert "骰子 &#34;4&#34;" in page
    assert ["bags/audit/2026-autumn/r1", "bags/audit/2026-autumn/r2"] == [one.bag for one in contents.audits]
    build_index(Archive(audited[0] / "reports"), contents)


def test_without_a_checkpoint_nothing_is_audited(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A frame that nobody fixed could be chosen after the seed; a checkpoint that is not there neither."""
    archive = make_archive(workspace / "reports")
    prepare(archive, make_mine(workspace / "evidence")).sealed(archive)
    assert 2 == main(["audit", "--seed", "1", "--lang", "en"])
    assert "make one first" in capsys.readouterr().err
    for words in (["--checkpoint", "7"], ["--id", "../x"], ["--rate", "x"], ["--strata", "name"]):
        assert 2 == main(["audit", "--seed", "1", *words])
    assert not (workspace / "reports/bags/audit").exists() or not list((workspace / "reports/bags/audit").iterdir())


# ---- tampering, as whoever runs the archive could: bag, manifests and ledger line made anew --------------------------


def remake(archive: Archive, files: dict[str, bytes]) -> None:
    bag = archive.place(BAG)
    for name, data in files.items():
        (bag / "data" / name).write_bytes(data)
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        names = [line[66:] for line in (bag / manifest).read_text("utf-8").splitlines()]
        sums = [f"{hashlib.sha256((bag / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
        (bag / manifest).write_text("".join(sums), "utf-8")
    digest = hashlib.sha256((bag / "tagmanifest-sha256.txt").read_bytes()).hexdigest().encode()
    lines = archive.ledger.read_bytes().splitlines(keepends=True)
    archive.ledger.write_bytes(b"".join(digest + x[64:] if f"  {BAG}/".encode() in x else x for x in lines))


def audit_with(archive: Archive, lines: bytes | None = None, **changed: object) -> dict[str, bytes]:
    document = json.loads((archive.place(BAG) / "data/audit.json").read_bytes())
    document |= changed
    if lines is None:
        return {"audit.json": canonical_json(document)}
    document["frame"] |= {"sha256": hashlib.sha256(lines).hexdigest(), "records": lines.count(b"\n")}
    return {"audit.json": canonical_json(document), "frame.txt": lines}


def data_of(archive: Archive, name: str) -> bytes:
    return (archive.place(BAG) / "data" / name).read_bytes()


def another_seed(archive: Archive) -> dict[str, bytes]:
    return {**audit_with(archive, seed="1"), "seed.txt": b"1"}


def another_draw(archive: Archive) -> dict[str, bytes]:
    return {"draw.txt": b"".join(reversed(data_of(archive, "draw.txt").splitlines(keepends=True)))}


def a_smaller_frame(archive: Archive) -> dict[str, bytes]:
    return audit_with(archive, b"".join(data_of(archive, "frame.txt").splitlines(keepends=True)[1:]))


def a_record_of_later(archive: Archive) -> dict[str, bytes]:
    (later,) = [entry for entry in Ledger(archive).read() if "GM-0006" in entry.bag]
    return audit_with(archive, data_of(archive, "frame.txt") + f"GM-0006/r1 {later.digest} fail\n".encode())


def other_strata(archive: Archive) -> dict[str, bytes]:
    frame = b"".join(line.rpartition(b" ")[0] + b" x\n" for line in data_of(archive, "frame.txt").splitlines())
    draw = b"".join(line.rpartition(b" ")[0] + b" x\n" for line in data_of(archive, "draw.txt").splitlines())
    return {**audit_with(archive, frame), "draw.txt": draw}


def no_defects(archive: Archive) -> dict[str, bytes]:
    document = json.loads(data_of(archive, "results.json"))
    return {"results.json": canonical_json({**document, "defective": 0, "most": 0})}


def no_defect(archive: Archive) -> dict[str, bytes]:
    document = json.loads(data_of(archive, "results.json"))
    document["examined"][0]["defective"] = False
    return {"results.json": canonical_json(document)}


def one_result_less(archive: Archive) -> dict[str, bytes]:
    document = json.loads(data_of(archive, "results.json"))
    del document["examined"][0]
    return {"results.json": canonical_json(document)}


def another_ledger(archive: Archive) -> dict[str, bytes]:
    frame = json.loads(data_of(archive, "audit.json"))["frame"]
    return audit_with(archive, frame={**frame, "ledger": "0" * 64})


TAMPERING: dict[str, tuple[Callable[[Archive], dict[str, bytes]], str, bool]] = {
    "another seed": (another_seed, "audit.draw", True),
    "another order": (another_draw, "audit.draw", False),
    "a record left out": (a_smaller_frame, "audit.frame", False),
    "a later record": (a_record_of_later, "audit.frame", True),
    "other strata": (other_strata, "audit.draw", False),
    "another state of the ledger": (another_ledger, "audit.frame", True),
    "another id": (lambda archive: audit_with(archive, audit="x"), "audit.frame", False),
    "another conclusion": (no_defects, "audit.results", False),
    "another verdict": (no_defect, "audit.results", False),
    "a result left out": (one_result_less, "audit.results", False),
    "a script": (lambda _archive: {"report.html": b"<script>1</script>"}, "report.inert", True),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_an_audit_that_does_not_follow_is_found(copy: Archive, what: str) -> None:
    """Frame, draw, results and conclusion must follow from ledger and seed; verify.sh finds what it looks at."""
    act, check, scripted = TAMPERING[what]
    remake(copy, act(copy))
    assert check in {one.check for one in verify(copy, Pins(), records=[BAG]).failures}
    done = subprocess.run(["sh", SCRIPT, "-a", copy.root, BAG], capture_output=True, text=True, check=False)
    assert (1 if scripted else done.returncode) == done.returncode


def test_a_bag_whose_maker_died_is_entered_by_recovery(copy: Archive) -> None:
    """An audit that is whole is entered; one that is about another run is moved away."""
    before = copy.ledger.read_bytes().splitlines(keepends=True)
    kept = [line for line in before if b"/audit/" not in line]
    copy.ledger.write_bytes(b"".join(kept))
    assert {BAG, BAG.replace("r1", "r2")} == set(recover(copy).entered)
    copy.ledger.write_bytes(b"".join(kept))
    (copy.root / BAG).rename(copy.root / BAG.replace("r1", "r3"))
    assert [BAG.replace("r1", "r3")] == [one.path for one in recover(copy).quarantined]
