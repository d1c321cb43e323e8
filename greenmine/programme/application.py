"""An application: is the form filled in, are the materials there, and which files are they?

What has to be there is the programme's; where it lies is said by who enters the application, as paths below the mine's
folder. A material that stands for a licence has to hold on the day by `mine.yaml`. Of each file the SHA-256 goes into
the event, so that what was handed in cannot be exchanged later.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenmine.errors import EvidenceError, UsageError, shown
from greenmine.evidence.folder import Entry, opened, walk
from greenmine.evidence.profile import FILE_NAME, LicenceKind, MineProfile, read_profile
from greenmine.files import sha256_hex
from greenmine.i18n import gettext as _
from greenmine.programme.parts import Application, FormField, Material
from greenmine.programme.programme import Programme


@dataclass(frozen=True)
class Examined:
    """What an application holds.

    Attributes:
        profile: the mine's `mine.yaml`, the form as a file.
        materials: id → what goes into the event: path and SHA-256.
        missing: materials that were not given.
        blank: fields of the form that are not filled in.
        lapsed: materials that stand for a licence which does not hold on the day: id → why.
    """

    profile: MineProfile
    materials: Mapping[str, Mapping[str, str]]
    missing: tuple[Material, ...]
    blank: tuple[FormField, ...]
    lapsed: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether nothing is missing or blank, and every licence holds."""
        return not self.missing and not self.blank and not self.lapsed

    @property
    def details(self) -> dict[str, Any]:
        """What goes into the event of the application."""
        mine = {"name": self.profile.name, "mineral": self.profile.main_mineral, "scale": self.profile.production_scale}
        files = {name: dict(one) for name, one in self.materials.items()}
        return {**{key: value for key, value in mine.items() if value}, **({"materials": files} if files else {})}


def examine(programme: Programme, mine_dir: Path, given: Mapping[str, str], on: dt.date) -> Examined:
    """Return what a mine's application holds, and what it lacks.

    Args:
        programme: what has to be there.
        mine_dir: the mine's folder.
        given: id of a material → path of a file or folder below the mine's folder.
        on: the day of the application.

    Raises:
        UsageError: the programme asks for no materials, or not for one that was given.
        EvidenceError: the folder or a file cannot be read or is refused.
    """
    rules = programme.application
    if rules is None:
        text = _("{programme} knows no application: its document describes none.")
        raise UsageError(text.format(programme=programme.title))
    for name in given:
        if name not in rules.materials:
            text = _("{programme} knows no material {name}: expected one of {names}.")
            names = ", ".join(rules.materials)
            raise UsageError(text.format(programme=programme.title, name=shown(name), names=names))
    profile = read_profile(mine_dir)
    entries = walk(mine_dir)
    paths = _paths(rules, given)
    materials = {
        name: {"path": path, "sha256": _digest(mine_dir, entries, path.rstrip("/"))} for name, path in paths.items()
    }
    missing = tuple(one for name, one in rules.materials.items() if name not in paths)
    blank = tuple(field for field in rules.form if not _value(profile, field.key))
    told = {name: _lapsed(profile, one.licence, on) for name, one in rules.materials.items() if one.licence}
    return Examined(profile, materials, missing, blank, {name: why for name, why in told.items() if why})


def _lapsed(profile: MineProfile, kind: LicenceKind, on: dt.date) -> str:
    """Return why no licence of a kind holds on a day; nothing where one does."""
    licences = [one for one in profile.licences if one.kind == kind]
    if any((one.valid_from or on) <= on <= (one.valid_until or on) for one in licences):
        return ""
    if not licences:
        return _("no licence of the kind “{kind}” in mine.yaml").format(kind=kind)
    last = max(licences, key=lambda one: one.valid_until or dt.date.max)
    if last.valid_until and last.valid_until < on:
        return _("{name} by mine.yaml expired on {day}").format(name=last.name, day=last.valid_until)
    return _("{name} by mine.yaml begins on {day}").format(name=last.name, day=last.valid_from)


def _paths(rules: Application, given: Mapping[str, str]) -> dict[str, str]:
    """Return where each material is; where it has a usual place, there if nothing else is said."""
    usual = {name: FILE_NAME for name, one in rules.materials.items() if one.is_form}
    return {name: path for name in rules.materials if (path := given.get(name) or usual.get(name))}


def _value(profile: MineProfile, key: str) -> object:
    value: object = profile
    for part in key.split("."):
        value = getattr(value, part, None)
    return value


def _digest(mine_dir: Path, entries: tuple[Entry, ...], path: str) -> str:
    """Return the SHA-256 of a file; of a folder that of the lines `sha256sum` prints for its files, by path."""
    single = next((entry for entry in entries if entry.path == path), None)
    if single is not None:
        return _sum(mine_dir, single)
    inside = [entry for entry in entries if entry.path.startswith(f"{path}/")]
    if not inside:
        raise EvidenceError(mine_dir / path, expected=_("a file or folder of the mine"), found=_("no such file"))
    return sha256_hex("".join(f"{_sum(mine_dir, entry)}  {entry.path}\n" for entry in inside).encode())


def _sum(mine_dir: Path, entry: Entry) -> str:
    digest = hashlib.sha256()
    with opened(mine_dir, entry) as stream:
        while chunk := stream.read(1024 * 1024):
            digest.update(chunk)
    return digest.hexdigest()
