"""Starting: the folder of a new mine, and that of a new assessment, whole or not at all.

What is written is read back by the very code that reads it later, before it takes its place, so that a folder that was
started can always be opened.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from greenmine.assessment.assessment import FOLDER
from greenmine.assessment.panel import FILE_NAME as PANEL_FILE
from greenmine.assessment.panel import read_panel
from greenmine.errors import UsageError, shown
from greenmine.evidence.profile import FILE_NAME as PROFILE_FILE
from greenmine.evidence.profile import read_profile
from greenmine.files import refusal, sync_directory, write_atomic
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer

_BLANK: Final = (
    *("mining_licence_number", "licence_holder", "credit_code", "address", "economic_type", "employees"),
    *("main_mineral", "extraction_text", "production_scale", "area_km2"),
)
_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "contact": ("legal_representative", "person", "address", "email", "telephone", "fax", "mobile", "postcode"),
    "introduction": ("environment", "development", "utilisation", "saving", "innovation", "management"),
}


def profile_document(mine: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of `mine.yaml`: what is given, and every other field of the form as a blank to fill in.

    Args:
        mine: the id of the mine.
        given: `name`, `industry`, `extraction`, `primary_extraction`, and whatever else of the form is known.
    """
    blanks = {**dict.fromkeys(_BLANK), **{key: dict.fromkeys(names) for key, names in _PARTS.items()}}
    head = {"schema": "greenmine.mine/1", "id": mine, "name": given["name"]}
    return {**head, **blanks, "filled_on": None, **given, "licences": []}


def folder_names(catalog: Mapping[str, Any], profile: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the numbered folders for a mine's evidence: prerequisites, and indicators that apply to it.

    Args:
        catalog: the resolved catalog.
        profile: the content of `mine.yaml`.
    """
    keys = ("id", "name", "industry", "extraction", "primary_extraction")
    mine = {key: profile[key] for key in keys}
    empty = {"schema": "greenmine.findings/1", "mine": mine, "prerequisites": {}, "indicators": {}}
    rows = Scorer(catalog).score(empty)["indicators"]
    apply = [row for row in rows if row["status"] not in ("not_in_block", "not_applicable")]
    gates = [f"{entry['id']} {entry['name']}" for entry in catalog["prerequisites"]]
    return tuple(_plain(name) for name in (*gates, *(f"{row['id'].zfill(2)} {row['name']}" for row in apply)))


def _plain(name: str) -> str:
    """Return a name that any system takes for a folder's."""
    return "".join("、" if character in '/\\:*?"<>|' else character for character in name).strip()


def start_mine(
    evidence: Path, profile: Mapping[str, Any], folders: tuple[str, ...], panel: Mapping[str, Any] | None = None
) -> Path:
    """Make the folder of a new mine, with an assessment where a panel is given; return it.

    Args:
        evidence: the folder of all mines.
        profile: the content of `mine.yaml`.
        folders: the names of the folders for its evidence.
        panel: the content of `panel.yaml`.

    Raises:
        GreenmineError: there is such a folder, it cannot be written, or what is given is not as it should be; nothing
            is left behind.
    """
    mine = str(profile["id"])

    def fill(folder: Path) -> None:
        _write(folder / PROFILE_FILE, profile, _("The application form (绿色矿山认证申请表): fill in what is blank."))
        for name in folders:
            (folder / name).mkdir()
        read_profile(folder)
        (folder / FOLDER).mkdir()
        if panel is not None:
            _fill_assessment(folder / FOLDER / str(panel["assessment"]["id"]), panel)

    return _whole(evidence / mine, fill)


def start_assessment(mine_dir: Path, panel: Mapping[str, Any]) -> Path:
    """Make the folder of a new assessment of a mine; return it.

    Args:
        mine_dir: the folder of the mine.
        panel: the content of `panel.yaml`.

    Raises:
        GreenmineError: as `start_mine`.
    """
    target = mine_dir / FOLDER / str(panel["assessment"]["id"])

    def fill(folder: Path) -> None:
        folder.rmdir()
        _fill_assessment(folder, panel)

    return _whole(target, fill)


def _fill_assessment(folder: Path, panel: Mapping[str, Any]) -> None:
    folder.mkdir()
    _write(folder / PANEL_FILE, panel, _("The assessment and its panel."))
    read_panel(folder / PANEL_FILE)


def _write(path: Path, document: Mapping[str, Any], title: str) -> None:
    text = yaml.safe_dump(dict(document), allow_unicode=True, sort_keys=False, width=120)
    write_atomic(path, f"# {title}\n{text}".encode())


def _whole(target: Path, fill: Callable[[Path], None]) -> Path:
    """Build a folder out of sight under its own name, and put it in place when it is whole."""
    if target.exists() or target.is_symlink():
        raise UsageError(_("{path} is there already; nothing was written.").format(path=shown(str(target), 200)))
    try:
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as scratch:
            folder = Path(scratch) / target.name
            folder.mkdir()
            fill(folder)
            folder.rename(target)
            sync_directory(target.parent)
    except OSError as problem:
        text = _("{path} cannot be written: {reason}. Nothing was kept of it.")
        reason = refusal(problem)
        raise UsageError(text.format(path=shown(str(target), 200), reason=reason)) from None
    return target
