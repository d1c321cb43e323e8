"""An assessment on disk: `assessments/<id>/` in a mine's folder, with its panel and its journals, read as a whole.

Reading joins the mine's profile, the panel and all journals, and folds them into findings. Given the inventory of the
mine's files, references to files that are not there no longer count as evidence. Nothing depends on the order in which
a folder lists its files, nor on the times of files.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from greenmine.assessment.fold import counts, fold, in_order, repeated, replay
from greenmine.assessment.journal import Entry, Owner, Reading, scan_file
from greenmine.assessment.panel import FILE_NAME, Panel, read_panel
from greenmine.assessment.payload import PANEL
from greenmine.assessment.writer import Clock, JournalWriter, now
from greenmine.errors import JournalError, shown
from greenmine.evidence.profile import MineProfile, read_profile
from greenmine.files import canonical_json, refusal
from greenmine.i18n import gettext as _
from greenmine.workspace import is_id

FOLDER: Final = "assessments"
JOURNALS: Final = "journal"
_SUFFIX: Final = ".jsonl"

Reader = Callable[[Path, Owner], Reading]
"""Returns what a journal file holds, as `scan_file` does."""


class Supporting(Protocol):
    """A file of a mine: `greenmine.evidence.Item`."""

    @property
    def path(self) -> str:
        """Its path in the mine's folder."""

    @property
    def supports(self) -> Sequence[str]:
        """Ids of what it was handed in for."""


class Finder(Protocol):
    """What knows the files of a mine: `greenmine.evidence.Inventory`."""

    @property
    def items(self) -> Sequence[Supporting]:
        """The files."""

    def find(self, reference: str, /) -> object | None:
        """Return the file that a reference names; None where there is none."""


@dataclass(frozen=True)
class Notice:
    """Something about the journals that should not pass unseen.

    Attributes:
        code: `torn_line`, `needs_ruling`, `finding_without_facts`, `confirmation_does_not_count` or
            `repeated_defects`.
        place: the card, such as `indicator/2`, or the file it is about.
        message: what is the matter, in the language in use.
    """

    code: str
    place: str
    message: str


@dataclass(frozen=True)
class Assessment:
    """An assessment as it was read.

    Attributes:
        folder: the folder of the assessment.
        mine: the profile of the mine.
        panel: who takes part.
        entries: the entries of all journals, in the order in which they count.
        findings: what follows from them, a document of schema `greenmine.findings/1`.
        warnings: what should not pass unseen.
    """

    folder: Path
    mine: MineProfile
    panel: Panel
    entries: tuple[Entry, ...]
    findings: dict[str, Any]
    warnings: tuple[Notice, ...] = ()

    @property
    def id(self) -> str:
        """The id of the assessment."""
        return self.panel.id

    @property
    def document(self) -> bytes:
        """The findings as canonical JSON: the same journals give the same bytes."""
        return canonical_json(self.findings)

    def history(self, card: str) -> tuple[Entry, ...]:
        """Return the entries on one card, in the order in which they count."""
        return tuple(entry for entry in self.entries if entry.card == card)

    def writer(self, person: str, clock: Clock = now) -> JournalWriter:
        """Open the journal of a member for writing.

        Raises:
            JournalError: the person is not of the panel, or the journal cannot be written; see `JournalWriter`.
        """
        if person not in self.panel.people:
            expected = _("a member of the panel: {people}").format(people=", ".join(sorted(self.panel.people)))
            raise JournalError(self.folder / FILE_NAME, expected=expected, found=shown(person))
        path = self.folder / JOURNALS / f"{person}{_SUFFIX}"
        return JournalWriter(path, self.mine.id, self.id, person, clock, authors=self.panel.people)


def list_assessments(mine_dir: Path) -> tuple[Panel, ...]:
    """Return the panels of all assessments of a mine, the earliest first (by date, then id).

    Args:
        mine_dir: the folder of the mine.

    Raises:
        JournalError: one of them cannot be read.
    """
    folder = mine_dir / FOLDER
    names = [name for name in _names(folder) if not name.startswith(".") and (folder / name).is_dir()]
    panels = [_panel(folder / name) for name in names]
    return tuple(sorted(panels, key=lambda panel: (panel.assessment.date, panel.id)))


def load_assessment(
    mine_dir: Path, assessment_id: str | None = None, inventory: Finder | None = None, reader: Reader = scan_file
) -> Assessment:
    """Read one assessment of a mine.

    Args:
        mine_dir: the folder of the mine, such as `evidence/GM-0001`.
        assessment_id: the id of the assessment; the latest (by date, then id) where it is None.
        inventory: the files of the mine. Given one, references to files that are not there move to
            `missing_evidence`, and where nothing is cited the files handed in for it count; without, references are
            taken at their word.
        reader: what reads a journal.

    Raises:
        EvidenceError: the mine's profile is malformed.
        JournalError: there is no such assessment, or its panel or one of its journals is malformed, or a journal was
            tampered with.
    """
    mine = read_profile(mine_dir)
    if assessment_id is None:
        panels = list_assessments(mine_dir)
        if not panels:
            expected = _("an assessment: {folder}/<id>/{file}").format(folder=FOLDER, file=FILE_NAME)
            raise JournalError(mine_dir, expected=expected, found=_("none"))
        panel = panels[-1]
    else:
        panel = _named(mine_dir, assessment_id)
    return read_again(Assessment(mine_dir / FOLDER / panel.id, mine, panel, (), {}), inventory, reader)


def read_again(known: Assessment, inventory: Finder | None = None, reader: Reader = scan_file) -> Assessment:
    """Read the journals of an assessment whose profile and panel are known.

    Args:
        known: the assessment as it was read before.
        inventory: the files of the mine; see `load_assessment`.
        reader: what reads a journal.

    Raises:
        JournalError: one of its journals is malformed or was tampered with.
    """
    folder, mine, panel = known.folder, known.mine, known.panel
    entries, torn = _journals(folder, mine.id, panel, reader)
    findings = fold(entries, panel, _mine(mine))
    if inventory is not None:
        _leave_out_missing(findings, lambda reference: inventory.find(reference) is not None)
        _add_handed_in(findings, inventory.items)
    return Assessment(folder, mine, panel, tuple(in_order(entries)), findings, (*torn, *notices(entries)))


def _named(mine_dir: Path, assessment_id: str) -> Panel:
    folder = mine_dir / FOLDER / assessment_id
    if not is_id(assessment_id) or not folder.is_dir():
        known = ", ".join(name for name in _names(mine_dir / FOLDER) if not name.startswith("."))
        expected = _("an assessment: {ids}").format(ids=known or _("none is there"))
        raise JournalError(mine_dir / FOLDER, expected=expected, found=shown(assessment_id))
    return _panel(folder)


def _panel(folder: Path) -> Panel:
    for one in (folder.parent, folder):
        if one.is_symlink():
            raise JournalError(one, expected=_("a folder"), found=_("a symbolic link"))
    return read_panel(folder / FILE_NAME)


def _names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none where there is no such folder."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise JournalError(folder, expected=_("a folder"), found=refusal(problem)) from None


def _journals(folder: Path, mine: str, panel: Panel, reader: Reader) -> tuple[list[Entry], list[Notice]]:
    journals = folder / JOURNALS
    if journals.is_symlink():
        raise JournalError(journals, expected=_("a folder"), found=_("a symbolic link"))
    entries: list[Entry] = []
    torn: list[Notice] = []
    for name in _names(journals):
        if not name.casefold().endswith(_SUFFIX) or name.startswith("."):
            continue
        path = journals / name
        person = name.removesuffix(_SUFFIX)
        if person not in panel.people:
            raise JournalError(
                path,
                expected=_("a journal of a member: {people}").format(
                    people=", ".join(f"{one}{_SUFFIX}" for one in sorted(panel.people))
                ),
                found=shown(name),
                hint=_("Add the person to {file}, or move the file away.").format(file=FILE_NAME),
            )
        reading = reader(path, Owner(mine, panel.id, person))
        _check_authors(path, reading.entries, panel)
        entries.extend(reading.entries)
        if reading.torn:
            text = _(
                "An unfinished line of {size} bytes at the end of {file} was passed over; it was never acknowledged."
            )
            place = f"{JOURNALS}/{name}"
            torn.append(Notice("torn_line", place, text.format(size=reading.torn, file=place)))
    return entries, torn


def _check_authors(path: Path, entries: Iterable[Entry], panel: Panel) -> None:
    for entry in entries:
        if entry.author != PANEL and entry.author not in panel.people:
            raise JournalError(
                path,
                _("line {line}, key {key}").format(line=entry.seq, key="author"),
                expected=_("one of {values}").format(values=", ".join([*sorted(panel.people), PANEL])),
                found=shown(entry.author),
                hint=_("Add the person to {file}.").format(file=FILE_NAME),
            )


def _mine(mine: MineProfile) -> dict[str, Any]:
    """Return what findings say of the mine."""
    said: dict[str, Any] = {
        "id": mine.id,
        "name": mine.name,
        "industry": mine.industry,
        "extraction": list(mine.extraction),
        "primary_extraction": mine.primary_extraction,
    }
    if mine.demonstration:
        said["demonstration"] = True
    return said


def without_missing(findings: Mapping[str, Any], is_there: Callable[[str], bool]) -> dict[str, Any]:
    """Return findings in which references to files that are not there are moved to `missing_evidence`.

    Args:
        findings: a document of schema `greenmine.findings/1`.
        is_there: tells whether the file that a reference names is there.

    Returns:
        A copy. Each entry lists what is missing from its own evidence, that of its judgements and that of its
        defects, each reference once.
    """
    found: dict[str, Any] = copy.deepcopy(dict(findings))
    _leave_out_missing(found, is_there)
    return found


def _leave_out_missing(found: dict[str, Any], is_there: Callable[[str], bool]) -> None:
    for entry in (found["assessment"], *found["prerequisites"].values(), *found["indicators"].values()):
        missing: dict[str, None] = {}
        for holder in (entry, *entry.get("judgements", ())):
            for part in (holder, *holder.get("facts", {}).get("defects", ())):
                _take_out(part, missing, is_there)
        if missing:
            entry["missing_evidence"] = list(missing)


def _take_out(part: dict[str, Any], missing: dict[str, None], is_there: Callable[[str], bool]) -> None:
    if "evidence" in part:
        gone = dict.fromkeys(reference for reference in part["evidence"] if not is_there(reference))
        missing.update(gone)
        part["evidence"] = [reference for reference in part["evidence"] if reference not in gone]


def with_handed_in(findings: Mapping[str, Any], items: Iterable[Supporting]) -> dict[str, Any]:
    """Return findings in which an entry that cites nothing rests on the files that the mine handed in for it.

    Files in a numbered folder support that indicator without a list, and the list says what else supports what. What
    the panel cites goes before; where it cites only files that are not there, nothing is put in their place.

    Args:
        findings: a document of schema `greenmine.findings/1`.
        items: the evidence, with the ids that each file supports.

    Returns:
        A copy; an entry to which evidence was added says so by `evidence_by: folder`.
    """
    found: dict[str, Any] = copy.deepcopy(dict(findings))
    _add_handed_in(found, items)
    return found


def _add_handed_in(found: dict[str, Any], items: Iterable[Supporting]) -> None:
    supporting: dict[str, list[str]] = {}
    for item in items:
        for name in item.supports:
            supporting.setdefault(name, []).append(item.path)
    for group in ("prerequisites", "indicators"):
        for name, entry in found[group].items():
            cited = any(part.get("evidence") for part in (entry, *entry.get("judgements", ())))
            if name in supporting and not cited and not entry.get("missing_evidence"):
                entry |= {"evidence": sorted(supporting[name]), "evidence_by": "folder"}


def notices(entries: Iterable[Entry]) -> list[Notice]:
    """Return what about the entries should not pass unseen, in order of the cards."""
    found = []
    for name, card in replay(entries).items():
        joint = card.fields.get(PANEL, {})
        met = {fields["met"] for author, fields in card.fields.items() if author != PANEL and "met" in fields}
        if len(met) > 1 and "met" not in joint:
            text = _("The members disagree on whether this prerequisite is met; the panel has to rule.")
            found.append(Notice("needs_ruling", name, text))
        if joint.get("resolution") == "finding" and "facts" not in joint:
            text = _("The panel chose its own finding but recorded no facts; the members' judgements stand.")
            found.append(Notice("finding_without_facts", name, text))
        for confirmation in card.confirmations.values():
            if not any(
                card.claims.get(author) is claim and counts(claim, confirmation.entry)
                for author, claim in confirmation.claims.items()
            ):
                text = _("The confirmation by {person} does not count: another person has to confirm, after the claim.")
                message = text.format(person=confirmation.entry.author)
                found.append(Notice("confirmation_does_not_count", name, message))
        for author, fields in sorted(card.fields.items()):
            count = repeated(fields.get("facts", {}))
            if count:
                text = _("{count} defects that {person} recorded twice (same clause, same place) count once.")
                found.append(Notice("repeated_defects", name, text.format(count=count, person=author)))
    return found
