"""Mines for tests: a folder with a profile, evidence, a panel and journals, all written as a person's would be."""

from __future__ import annotations

import datetime as dt
import io
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from cases import full_findings, national
from pages import HOSTILE, cell, notebook
from PIL import Image, ImageDraw

from greenmine.assessment import load_assessment
from greenmine.batch.notebook import read_notebook
from greenmine.report.exporter import to_html
from greenmine.workbook import Workbook
from greenmine.workspace import Workspace, shared_dir

Document = dict[str, Any]

MINE = "GM-T"
ASSESSMENT = "2026-test"
RECORDABLE = tuple("".join(c for c in text if c >= " ") for text in HOSTILE)
"""The hostile texts without the controls that a journal refuses."""

TYPED = tuple("".join(c for c in text if c.isprintable()) for text in RECORDABLE)
"""The same without the invisible characters that a profile and names of files may not have."""


def photo(seed: int, size: tuple[int, int] = (640, 480)) -> bytes:
    """Return a JPEG with EXIF in it, a different picture for each seed."""
    picture = Image.new("RGB", size, (90, 140, 90))
    draw = ImageDraw.Draw(picture)
    for n in range(12):
        x, y = (seed * 97 + n * 53) % size[0], (seed * 41 + n * 29) % size[1]
        draw.rectangle((x, y, x + 60, y + 40), fill=((n * 20) % 255, (seed * 60) % 255, (n * 40) % 255))
    exif = Image.Exif()
    exif[0x010E] = "SECRET-EXIF <script>"
    exif[0x0132] = "2026:06:11 09:30:00"
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, exif=exif, comment=b"SECRET-COMMENT")
    return buffer.getvalue()


class Said:
    """The words that a sample mine uses: capitals, to be told from the program's own, or hostile ones in turn."""

    def __init__(self, texts: tuple[str, ...] = ()) -> None:
        self._texts = itertools.cycle(texts) if texts else None

    def __call__(self, plain: str) -> str:
        """Return the plain text, or a hostile one that ends in it."""
        return plain if self._texts is None else f"{next(self._texts)} {plain}"


def profile(said: Said) -> Document:
    """Return the content of `mine.yaml`, every field filled in."""
    lines = (
        *("mining_licence_number", "licence_holder", "address", "economic_type", "main_mineral", "extraction_text"),
        "production_scale",
    )
    contact = ("legal_representative", "person", "address", "email", "telephone", "fax", "mobile", "postcode")
    introduction = ("environment", "development", "utilisation", "saving", "innovation", "management")
    return {
        "schema": "greenmine.mine/1",
        "id": MINE,
        "name": said("DEMO MINE"),
        **{name: said(f"FIELD {n}") for n, name in enumerate(lines)},
        "employees": 862,
        "area_km2": "12.36",
        "contact": {name: said(f"CONTACT {n}") for n, name in enumerate(contact)},
        "introduction": {name: said(f"INTRODUCTION {n}") for n, name in enumerate(introduction)},
        "filled_on": "2026-05-20",
        "industry": "coal",
        "extraction": ["underground"],
        "primary_extraction": "underground",
        "demonstration": True,
        "licences": [
            {"kind": kind, "name": said(f"LICENCE {kind.upper()}"), "number": said("NO 1"), "issuer": said("BUREAU")}
            for kind in ("mining", "safety", "business")
        ],
    }


def panel(said: Said) -> Document:
    """Return the content of `panel.yaml`."""
    members = [
        {
            "id": key,
            "name": said(f"EXPERT {key}"),
            "organisation": said("INSTITUTE"),
            "title": said("ENGINEER"),
            "specialty": [said("MINING")],
            "role": "chair" if key == "E1" else "expert",
            "conflicts": [said("CONFLICT")] if key == "E2" else [],
        }
        for key in ("E1", "E2")
    ]
    head = {"id": ASSESSMENT, "date": "2026-06-30", "anchor_date": "2026-03-01", "kind": "third_party"}
    return {"schema": "greenmine.panel/1", "assessment": head, "members": members}


def cards(said: Said, files: Mapping[str, str]) -> Iterator[tuple[str, str, Document]]:
    """Yield author, card and fields of a complete assessment that has one of everything a report shows.

    Args:
        said: the words.
        files: evidence by indicator or prerequisite id.
    """
    findings = full_findings(national())
    visit = {"by": ["E1", "E2"], "place": said("PIT"), "seen": said("MACHINES"), "on": "2026-06-11"}
    for key in findings["prerequisites"]:
        yield (
            "E1",
            f"prerequisite/{key}",
            {"met": True, "justification": said("PAPERS SEEN"), "evidence": [files["P1"]]},
        )
    for key, entry in findings["indicators"].items():
        fields = {
            "facts": entry["facts"],
            "justification": said(f"CHECKED {key}"),
            "evidence": [files.get(key, files["P1"])],
            "site_visit": visit,
        }
        if "defects" in entry["facts"] and key in ("2", "3"):
            found = [{"text": said(f"DEFECT {n}"), "where": said(f"PLACE {n}"), "clause": "1"} for n in (1, 2)]
            found[0]["evidence"] = [files["photo"]]
            fields["facts"] = {"defects": found}
        if key == "10":
            measured = {"value": "86.2", "required": "85", "source": said("YEARLY REPORT")}
            fields["facts"] = {"met": True, "measured": measured}
        if key == "17":
            fields["facts"] = {
                "reuse": True,
                "topsoil": True,
                "tailings": False,
                "absent": {"tailings": said("NO POND")},
            }
        if key == "18":
            reason = {"reason": said("NOTHING TO RECOVER"), "citation": said("DOCUMENT 7")}
            fields = {"not_applicable": reason, "justification": said("SEEN"), "evidence": [files["P1"]]}
        if key == "46":
            fields["facts"] = {"met": False}
            fields["evidence"] = [*fields["evidence"], "NOWHERE/LOST.PDF"]
        if key == "9":
            yield "E2", f"indicator/{key}", {**fields, "facts": {**entry["facts"], "other_advanced": False}}
        yield "E1", f"indicator/{key}", fields
    yield "E2", "indicator/18", {"confirm_not_applicable": True}


def make_mine(evidence: Path, *, hostile: bool = False, photos: bool = True, mine: str = MINE) -> Path:
    """Write a mine's folder with one complete assessment and return it.

    Args:
        evidence: the folder of all mines.
        hostile: whether every free field and some names of files hold hostile text.
        photos: whether there are photos among the evidence.
        mine: its id.
    """
    said, typed = (Said(RECORDABLE), Said(TYPED)) if hostile else (Said(), Said())
    folder = evidence / mine
    files = {"P1": "LICENCES/LICENCE.TXT"}
    names = [f"{text.replace('/', '∕').strip()}.TXT" for text in TYPED * hostile]
    content = {files["P1"]: b"licence", **{f"ODD/{name}": name.encode() for name in names}}
    files |= {str(n): f"ODD/{name}" for n, name in enumerate(names, 25)}
    files["photo"] = files["P1"]
    if photos:
        files |= {
            "photo": "03 SIGNS/SIGN.JPG",
            "5": "05 ROADS/ROAD.JPG#xywh=percent:10,10,50,50",
            "6": "06 TREES/A.JPG#page=1",
        }
        content |= {"03 SIGNS/SIGN.JPG": photo(3), "05 ROADS/ROAD.JPG": photo(5), "06 TREES/A.JPG": photo(6)}
        content["UNUSED.JPG"] = photo(9)
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    assessment = folder / "assessments" / ASSESSMENT
    assessment.mkdir(parents=True)
    for path, document in (
        (folder / "mine.yaml", {**profile(typed), "id": mine}),
        (assessment / "panel.yaml", panel(typed)),
    ):
        path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), "utf-8")
    ticks = itertools.count()

    def clock() -> dt.datetime:
        return dt.datetime(2026, 6, 11, tzinfo=dt.UTC) + dt.timedelta(seconds=next(ticks))

    record = load_assessment(folder)
    writers = {person: record.writer(person, clock) for person in ("E1", "E2")}
    for author, card, fields in cards(said, files):
        writers[author].append(author, card, fields)
    for writer in writers.values():
        writer.close()
    return folder


def open_book(folder: Path, lang: str = "zh", **options: Any) -> Workbook:
    """Open the workbook of such a mine."""
    return Workbook.open(str(folder), catalog="national@2024", lang=lang, workspace=Workspace(shared_dir()), **options)


PIECES = (
    *("cover", "verdict", "sensitivity", "profile", "prerequisites", "summary", "categories", "not_applicable"),
    *("rectification", "comparison", "evidence", "signatures", "provenance"),
)
"""The pieces in the order of the report."""


def report(book: Workbook) -> str:
    """Return the report of a workbook as the exporter makes it of the shipped notebook's calls, without a kernel."""
    shipped = read_notebook(shared_dir() / "notebooks" / "assessment.ipynb").cells
    calls = [
        one.source for one in shipped if one.source.startswith("book.") and "live" not in one.metadata.get("tags", ())
    ]
    return to_html(notebook(*(cell(eval(call, {"book": book}).markup) for call in calls)))  # noqa: S307 - our own
