"""The demonstration mines in `evidence/`: what each is for, and that the committed files are what the script makes.

Texts (YAML, CSV, journals) are compared to the byte. PDFs, pictures and workbooks are compared by what they say, for
another version of reportlab, of Pillow's JPEG encoder or of openpyxl may write the same content in other bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import imagehash
import pytest
from openpyxl import load_workbook
from PIL import Image
from pypdf import PdfReader
from stdnum.cn import uscc

from greenmine.assessment import list_assessments, load_assessment
from greenmine.catalog import load_catalog
from greenmine.cli.main import main
from greenmine.evidence import MineProfile, parse_reference, read_profile, take_inventory
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
EVIDENCE = ROOT / "evidence"
MINES = ("GM-0001", "GM-0002", "GM-0003", "GM-0004", "GM-0005")
ASSESSMENTS = ("GM-0001/2026-self", *(f"{mine}/2026-selection" for mine in MINES))
LIMIT = 5 * 1024 * 1024

VERDICTS: dict[str, tuple[str, str | None, list[tuple[str, str | None]], bool]] = {
    # assessment: verdict, total, reasons (code, indicator), sensitive to the reading
    "GM-0001/2026-selection": ("pass", "93.24", [], False),
    "GM-0001/2026-self": ("pass", "97.47", [], False),
    "GM-0002/2026-selection": ("pass", "84.67", [], False),
    "GM-0003/2026-selection": ("fail", "95", [("mandatory_not_full", "40")], False),
    "GM-0004/2026-selection": ("fail", "79.66", [("below_line", None)], True),
    "GM-0005/2026-selection": ("ineligible", None, [("prerequisite_failed", None)], False),
}


@cache
def findings(name: str) -> dict[str, Any]:
    """Return the findings of an assessment, `<mine>/<assessment>`; its journals leave no doubt."""
    mine, assessment = name.split("/")
    folder = EVIDENCE / mine
    found = load_assessment(folder, assessment, take_inventory(folder))
    assert () == found.warnings
    return found.findings


@cache
def score(name: str) -> dict[str, Any]:
    """Return the score of an assessment under the national catalog."""
    return Scorer(load_catalog("national@2024", Workspace(ROOT)).document).score(findings(name))


def make(folder: Path) -> Path:
    """Run the script as its user does."""
    command = [sys.executable, "scripts/make_demo.py", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the script has just made the mines."""
    return make(tmp_path_factory.mktemp("demo"))


def files(folder: Path) -> dict[str, Path]:
    """Return the files of the mines in a folder by their relative path."""
    return {
        path.relative_to(folder).as_posix(): path
        for mine in MINES
        for path in (folder / mine).rglob("*")
        if path.is_file()
    }


def references(document: Any) -> list[str]:
    """Return every evidence reference of a findings document, those of defects and single experts included."""
    if isinstance(document, list):
        return [reference for item in document for reference in references(item)]
    if not isinstance(document, dict):
        return []
    own = [reference for key in ("evidence", "missing_evidence") for reference in document.get(key, [])]
    return own + [reference for value in document.values() for reference in references(value)]


def pages(path: Path) -> list[str]:
    """Return the title and the text of each page of a PDF."""
    reader = PdfReader(path)
    assert reader.metadata
    return [str(reader.metadata.title), *(page.extract_text() for page in reader.pages)]


def cells(path: Path) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Return the names and values of a workbook's sheets."""
    return [(sheet.title, list(sheet.values)) for sheet in load_workbook(path).worksheets]


def picture(path: Path) -> tuple[Any, ...]:
    """Return size and EXIF of a photo."""
    with Image.open(path) as image:
        exif = image.getexif()
        return image.size, dict(exif), exif.get_ifd(0x8769), exif.get_ifd(0x8825)


def test_same_descriptions_give_the_same_bytes(made: Path, tmp_path: Path) -> None:
    """Making the mines twice gives the same files, to the byte."""
    again = make(tmp_path / "again")
    expected = {name: path.read_bytes() for name, path in files(made).items()}
    assert expected == {name: path.read_bytes() for name, path in files(again).items()}


def test_committed_files_are_what_the_script_makes(made: Path) -> None:
    """No file of a demonstration mine was added, left out or edited by hand."""
    assert sorted(files(made)) == sorted(files(EVIDENCE))
    committed = files(EVIDENCE)
    texts = [name for name in committed if Path(name).suffix in (".yaml", ".csv", ".jsonl")]
    assert {name: files(made)[name].read_bytes() for name in texts} == {
        name: committed[name].read_bytes() for name in texts
    }


@pytest.mark.parametrize(("suffix", "content"), [(".pdf", pages), (".xlsx", cells), (".jpg", picture)])
def test_committed_documents_say_what_the_script_makes_them_say(made: Path, suffix: str, content: Any) -> None:
    """The text of PDFs, the cells of workbooks, the size and EXIF of photos are those of the descriptions."""
    fresh = {name: path for name, path in files(made).items() if path.suffix == suffix}
    assert len(fresh) > 0
    assert {name: content(path) for name, path in fresh.items()} == {
        name: content(path) for name, path in files(EVIDENCE).items() if path.suffix == suffix
    }


def test_committed_photos_look_as_the_script_draws_them(made: Path) -> None:
    """The fingerprint of each photo is that of the picture drawn from its description."""
    committed = files(EVIDENCE)
    for name, path in files(made).items():
        if path.suffix == ".jpg":
            drawn, kept = (imagehash.phash(Image.open(one)) for one in (path, committed[name]))
            assert drawn - kept <= 2, name


def test_demo_mines_are_small() -> None:
    """All demonstration mines together take at most five megabytes."""
    assert sum(path.stat().st_size for path in files(EVIDENCE).values()) <= LIMIT


@pytest.mark.parametrize("mine", MINES)
def test_demo_mine_says_that_it_is_fictional(mine: str) -> None:
    """Name, flag, PDFs and photos say 演示; the credit code is well formed, of no region, and no telephone rings."""
    profile = read_profile(EVIDENCE / mine)
    assert (mine, True) == (profile.id, profile.demonstration)
    assert "（演示）" in profile.name
    assert uscc.is_valid(profile.credit_code)
    assert "000000DEM" in profile.credit_code
    assert profile.contact.email.endswith("@example.com")
    assert profile.contact.telephone.startswith("000-")
    for path in (EVIDENCE / mine).rglob("*.pdf"):
        assert all("演示资料，内容纯属虚构" in page for page in pages(path)[1:]), path
    for path in (EVIDENCE / mine).rglob("*.jpg"):
        with Image.open(path) as image:
            assert image.getexif()[0x010E].encode("latin-1").decode().endswith("（演示）"), path


@pytest.mark.parametrize("mine", MINES)
def test_demo_profile_is_complete(mine: str) -> None:
    """Every field of 绿色矿山认证申请表 is filled in."""
    profile = read_profile(EVIDENCE / mine)
    blank = {name for name in MineProfile.model_fields if getattr(profile, name) in ("", None, ())}
    assert blank <= {"annual_review"}
    assert all(profile.contact.model_dump().values())
    assert all(profile.introduction.model_dump().values())
    assert {"mining", "safety", "business", "discharge", "eia", "acceptance"} <= {one.kind for one in profile.licences}


def test_demo_photos_have_time_place_and_camera() -> None:
    """The inventory reads from each photo when and where it was taken and with what."""
    photos = [
        item.photo for mine in MINES for item in take_inventory(EVIDENCE / mine).items if item.path[-4:] == ".jpg"
    ]
    assert len(photos) > 50
    assert {"演示相机"} == {photo.camera for photo in photos if photo}
    assert all(photo and photo.taken and photo.latitude and photo.longitude for photo in photos)


@pytest.mark.parametrize("name", ASSESSMENTS)
def test_demo_assessment_has_its_verdict(name: str) -> None:
    """Each demonstration mine shows the verdict, total and reasons it was made for."""
    found = score(name)
    reasons = [(reason["code"], reason.get("indicator")) for reason in found["reasons"]]
    assert VERDICTS[name] == (found["verdict"], found["total"], reasons, found["sensitive"])


@pytest.mark.parametrize("name", ASSESSMENTS)
def test_demo_assessment_leaves_nothing_open(name: str) -> None:
    """All prerequisites and all indicators of the block are assessed, with evidence, and on site where they must be."""
    found = score(name)
    assert {"P1", "P2", "P3", "P4", "P5"} == set(findings(name)["prerequisites"])
    assert {"scored", "not_applicable", "not_in_block"} >= {one["status"] for one in found["indicators"]}
    assert {"overruled"} >= {warning["code"] for warning in found["warnings"]}  # the panel of GM-0003 rules on 40
    for one in (*findings(name)["prerequisites"].values(), *findings(name)["indicators"].values()):
        assert all(view["justification"] for view in one.get("judgements", [one]))


@pytest.mark.parametrize("name", ASSESSMENTS)
def test_every_evidence_reference_exists(name: str) -> None:
    """Each reference names a file of the mine's folder, and a page that the PDF has."""
    inventory = take_inventory(EVIDENCE / name.split("/", maxsplit=1)[0])
    cited = references(findings(name))
    assert len(cited) > 50
    for text in cited:
        item = inventory.find(text)
        assert item is not None, text
        page = parse_reference(text).page
        assert page is None or page <= (item.pages or 0), text


def test_verdict_of_the_geothermal_field_depends_on_folding() -> None:
    """Folded by category it fails; folded on the total, or with N/A as full marks, it passes (domain vector B1)."""
    rows = {row["choice"]: row for row in score("GM-0004/2026-selection")["sensitivity"] if row["reading"] == "na_fold"}
    expected = {"total": ("80.48", "pass"), "full": ("83.6", "pass"), "zero": ("67.6", "fail")}
    assert expected == {choice: (row["total"], row["verdict"]) for choice, row in rows.items()}


def test_geothermal_item_8_is_not_applicable_by_the_catalog() -> None:
    """Nobody recorded anything on 8 for the wells; the catalog itself has no text for them."""
    assert "8" not in findings("GM-0004/2026-selection")["indicators"]
    result = next(one for one in score("GM-0004/2026-selection")["indicators"] if one["id"] == "8")
    assert "not_applicable" == result["status"]


def test_coal_mine_shows_a_mean_and_a_confirmed_not_applicable() -> None:
    """Experts gave 8, 6 and 6 of 8 points on 9; 18 is not applicable, confirmed by another person."""
    recorded = findings("GM-0001/2026-selection")["indicators"]
    assert ("mean", 3) == (recorded["9"]["resolution"], len(recorded["9"]["judgements"]))
    result = {one["id"]: one for one in score("GM-0001/2026-selection")["indicators"]}
    assert ("6.67", "not_applicable") == (result["9"]["awarded"], result["18"]["status"])
    assert "E2" == recorded["18"]["not_applicable"]["confirmed_by"]


def test_gold_mine_keeps_the_dissent_beside_the_panels_finding() -> None:
    """On 40 the panel finds it not met; the one expert of another opinion stays on record."""
    entry = findings("GM-0003/2026-selection")["indicators"]["40"]
    assert ("finding", False) == (entry["resolution"], entry["facts"]["met"])
    assert ["E4"] == [one["by"] for one in entry["judgements"] if one["facts"]["met"]]


def test_latest_assessment_of_the_coal_mine_is_the_selection() -> None:
    """The self-assessment lies beside it and is not what is scored by default."""
    folder = EVIDENCE / "GM-0001"
    assert {"2026-self", "2026-selection"} == {panel.id for panel in list_assessments(folder)}
    assert "2026-selection" == load_assessment(folder, None, take_inventory(folder)).findings["assessment"]["id"]


@pytest.mark.parametrize("mine", MINES)
def test_check_finds_no_problem_but_the_expired_licence(mine: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`greenmine check` of all demonstration mines reports one problem: the licence of GM-0005."""
    status = main(["check", str(EVIDENCE / mine), "--json"])
    report = json.loads(capsys.readouterr().out)
    problems = [one["code"] for one in report["warnings"] if one["severity"] == "problem"]
    expected = ["licence_expired"] if mine == "GM-0005" else []
    assert (expected, len(expected)) == (problems, status)


def test_lists_come_in_three_forms() -> None:
    """One mine lists its evidence in GB18030, one in UTF-8, one as a workbook."""
    gb18030 = (EVIDENCE / "GM-0002" / "evidence.csv").read_bytes()
    assert gb18030.decode("gb18030").startswith("路径,支撑指标,")
    with pytest.raises(UnicodeDecodeError):
        gb18030.decode("utf-8")
    assert (EVIDENCE / "GM-0004" / "evidence.csv").read_text("utf-8").startswith("path,supports,")
    assert (EVIDENCE / "GM-0003" / "evidence.xlsx").is_file()
