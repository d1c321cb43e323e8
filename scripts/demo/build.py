"""A mine's folder put together: profile, papers, photos, workbooks, list and assessments.

`folder_files` makes everything that a mine hands in, as bytes by path, without touching the disk; `build_mine` writes
it and has the assessments recorded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from demo.papers import make_paper
from demo.photos import make_photo
from demo.record import record_assessment
from demo.sheets import LIST_COLUMNS, LIST_COLUMNS_ZH, make_list, make_workbook
from greenmine.files import write_atomic

DESCRIPTIONS = Path(__file__).parent / "mines"

_LICENCE_NOTES = {
    "mining": "证载矿种、开采方式、生产规模和矿区范围与申请表一致。",
    "safety": "许可范围与开采方式一致。",
    "business": "经营范围包含矿产资源开采。",
    "discharge": "排放口、许可排放量和自行监测要求见副本。",
    "eia": "批复了建设内容、规模和污染防治措施。",
    "acceptance": "环境保护设施与主体工程同时验收，验收合格。",
    "other": "本证在有效期内使用。",
}


def mine_ids() -> list[str]:
    """Return the ids of the described mines, sorted."""
    return sorted(path.parent.name for path in DESCRIPTIONS.glob("*/folder.yaml"))


def read_description(path: Path) -> dict[str, Any]:
    """Return a description; it is part of this program, not something a mine hands in."""
    description: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return description


def dump_yaml(document: dict[str, Any]) -> bytes:
    """Return a document as YAML; dates and digits come quoted, as the strict reader wants them."""
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=1_000_000)
    return text.encode()


def folder_files(mine: str) -> dict[str, bytes]:
    """Return what a mine hands in, by path relative to its folder."""
    folder = read_description(DESCRIPTIONS / mine / "folder.yaml")
    profile = folder["profile"]
    papers = [*_licence_papers(folder), *({"issuer": profile["name"], **paper} for paper in folder["papers"])]
    files = {"mine.yaml": dump_yaml(profile)}
    files |= {paper["path"]: make_paper(paper) for paper in papers}
    latitude, longitude = folder["gps"]
    files |= {
        photo["path"]: make_photo({"seed": f"{mine}/{photo['path']}", **photo}, (latitude, _moved(longitude, number)))
        for number, photo in enumerate(folder["photos"])
    }
    files |= {book["path"]: make_workbook(book["sheets"]) for book in folder["workbooks"]}
    if "list" in folder:
        name, data = _list(folder["list"], [*papers, *folder["photos"], *folder["workbooks"]])
        files[name] = data
    return files


def build_mine(mine: str, target: Path) -> None:
    """Write a mine's folder, which must not be there yet, with the journals of its assessments."""
    if target.exists():
        raise FileExistsError(target)
    for path, data in folder_files(mine).items():
        write_atomic(target / path, data)
    for source in sorted((DESCRIPTIONS / mine).glob("*.yaml")):
        if source.name != "folder.yaml":
            description = read_description(source)
            assessment = target / "assessments" / description["panel"]["assessment"]["id"]
            write_atomic(assessment / "panel.yaml", dump_yaml(description["panel"]))
            record_assessment(mine, description, assessment)


def _moved(degrees: str, steps: int) -> str:
    """Return a longitude some tens of metres further east for each step, so that photos lie apart."""
    whole, _, part = degrees.partition(".")
    return f"{whole}.{int(part.ljust(6, '0')) + 430 * steps:06d}"


def _licence_papers(folder: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the papers of the licences named in the profile, in their order."""
    profile = folder["profile"]
    papers = []
    for path, licence in zip(folder["licence_papers"], profile["licences"], strict=True):
        fields = {
            "编号": licence["number"],
            "单位名称": profile["name"],
            "权利人": profile["licence_holder"],
            "统一社会信用代码": profile["credit_code"],
            "地址": profile["address"],
            "开采矿种": profile["main_mineral"],
            "开采方式": profile["extraction_text"],
            "生产规模": profile["production_scale"],
            "矿区面积": f"{profile['area_km2']}平方公里",
            "发证机关": licence["issuer"],
            "有效期限": f"{licence['valid_from']} 至 {licence.get('valid_until', '长期')}",
        }
        paper = {
            "path": path,
            "supports": "P1",
            "title": f"{licence['name']}（副本，演示）",
            "number": licence["number"],
            "issuer": licence["issuer"],
            "issued_on": licence["valid_from"],
            "pages": [[{"fields": fields}, _LICENCE_NOTES[licence["kind"]], {"seal": licence["issuer"]}]],
        }
        if "valid_until" in licence:
            paper["valid_until"] = licence["valid_until"]
        papers.append(paper)
    return papers


def _list(form: dict[str, str], items: list[dict[str, Any]]) -> tuple[str, bytes]:
    """Return the name and the bytes of the list of evidence."""
    rows = [
        [
            item["path"],
            str(item["supports"]),
            item.get("title", item.get("caption", "")),
            item.get("issuer", ""),
            item.get("issued_on", str(item.get("taken", ""))[:10]),
            item.get("valid_until", ""),
        ]
        for item in items
    ]
    columns = LIST_COLUMNS_ZH if form["columns"] == "zh" else LIST_COLUMNS
    if form["encoding"] == "xlsx":
        return "evidence.xlsx", make_workbook([{"name": "材料清单", "rows": [list(columns), *rows]}])
    return "evidence.csv", make_list(columns, rows, form["encoding"])
