"""Small assessments for tests of the archive: a mine's folder, a catalog, and everything that is sealed of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenmine.archive.layout import Archive
from greenmine.archive.record import Record, draft_record, journal_heads
from greenmine.archive.seal import next_revision, seal_assessment, seal_catalog, seal_evidence
from greenmine.archive.staging import SealedBag
from greenmine.assessment import load_assessment
from greenmine.catalog import Catalog, load_catalog
from greenmine.evidence import take_inventory
from greenmine.files import canonical_json
from greenmine.scoring import Scorer, canonical
from greenmine.workspace import Workspace, shared_dir

NOON = dt.datetime(2026, 6, 30, 12, tzinfo=dt.UTC)
SMALL = Path(__file__).resolve().parent.parent / "catalog" / "small.yaml"
POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
REPORT = f"<!doctype html>{POLICY}<title>r</title>\n".encode()
NOTEBOOK = b'{"cells":[],"metadata":{},"nbformat":4,"nbformat_minor":5}\n'
FILES = {"1 分区/分区图（一）95%.txt": "分区明确", "2 设施/人员名单.txt": "演示人员甲", "licences/note.txt": "note"}


@dataclass(frozen=True)
class Parts:
    """What goes into an assessment bag."""

    files: dict[str, bytes]
    record: Record
    journals: dict[str, Path]

    def sealed(self, archive: Archive, **more: Any) -> SealedBag:
        return seal_assessment(archive, self.files, self.record, self.journals, **more)


def small_catalog() -> Catalog:
    """Return the small catalog."""
    return load_catalog(str(SMALL), Workspace(shared_dir()))


def make_mine(root: Path, mine: str = "GM-0001", assessment: str = "2026-self", seal_of: str = "") -> Path:
    """Make a mine's folder with evidence and an assessment in which two experts have recorded something."""
    folder = root / mine
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text} {mine} {seal_of}\n", "utf-8")
    (folder / "mine.yaml").write_text(
        f"schema: greenmine.mine/1\nid: {mine}\nname: 演示矿山\nindustry: coal\n"
        "extraction: [underground]\nprimary_extraction: underground\n",
        "utf-8",
    )
    place = folder / "assessments" / assessment
    place.mkdir(parents=True)
    (place / "panel.yaml").write_text(
        "schema: greenmine.panel/1\n"
        f'assessment: {{id: {assessment}, date: "2026-06-30", anchor_date: "2026-03-01", kind: self}}\n'
        "members:\n  - {id: E1, name: 演示专家甲, role: chair}\n  - {id: E2, name: 演示专家乙, role: expert}\n",
        "utf-8",
    )
    record_something(folder, assessment, "E1", {"facts": {"living": False, "production": True}})
    record_something(folder, assessment, "E2", {"justification": "查阅资料"})
    return folder


def record_something(mine_dir: Path, assessment: str, person: str, fields: dict[str, Any]) -> None:
    """Add a line to a person's journal."""
    with load_assessment(mine_dir, assessment).writer(person, clock=lambda: NOON) as journal:
        journal.append(person, "indicator/1", {**fields, "evidence": ["1 分区/分区图（一）95%.txt"]})


def prepare(
    archive: Archive,
    mine_dir: Path,
    catalog: Catalog | None = None,
    *,
    assessment: str = "2026-self",
    reason: str = "",
    nonce: bytes = b"n" * 16,
) -> Parts:
    """Seal evidence and catalog; return what is to be sealed as the mine's next revision."""
    catalog = catalog or small_catalog()
    inventory = take_inventory(mine_dir)
    evidence = seal_evidence(archive, mine_dir, inventory)
    found = load_assessment(mine_dir, assessment, inventory)
    score = Scorer(catalog.document).score(found.findings)
    revision, current = next_revision(archive, mine_dir.name, assessment)
    record = draft_record(
        mine=mine_dir.name,
        assessment=assessment,
        revision=revision,
        catalog=catalog,
        catalog_bag=seal_catalog(archive, catalog).ref,
        evidence_bag=evidence.ref,
        readings=score["readings"],
        journals=journal_heads(found.entries),
        sealed_on=NOON,
        supersedes=current,
        reason=reason or ("更正" if current else ""),
        nonce=nonce,
    )
    files = {
        "catalog.resolved.json": canonical_json(catalog.document),
        "findings.json": found.document,
        "score.json": canonical(score),
        "report.html": REPORT,
        "report.ipynb": NOTEBOOK,
        "panel.yaml": (found.folder / "panel.yaml").read_bytes(),
    }
    journals = {person: found.folder / "journal" / f"{person}.jsonl" for person in record.journals}
    return Parts(files, record, journals)
