"""Doubts: what an assessor should know of a mine's evidence before relying on it.

`evidence_warnings` looks at the profile, the inventory and, where there are any, the findings that cite it, and
returns every doubt with a stable code, a place, how grave it is and the indicators it concerns. It judges nothing and
changes nothing. The same inputs give the same warnings in the same order: problems first, then by code and place.

Findings and catalog come as plain documents (schemas `greenmine.findings/1` and `greenmine.catalog.resolved/1`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from greenmine.evidence.citations import Citation, citations, visits
from greenmine.evidence.inventory import Inventory, Item
from greenmine.evidence.locator import Reference
from greenmine.evidence.photo import Photo
from greenmine.evidence.profile import FILE_NAME, Licence, MineProfile
from greenmine.evidence.supports import folder_id
from greenmine.evidence.twins import same_file, same_photo, twins_of
from greenmine.evidence.wording import PROBLEM, SEVERITIES, sentence

NEEDED_LICENCES: Final = ("mining", "safety", "business")
"""The licences (三证) that a mine must name: 采矿许可证、安全生产许可证、营业执照 (先决条件 1)."""

ENDING_LICENCES: Final = ("mining", "safety", "discharge")
"""The licences that are granted for a term, so that one without a last day is incomplete."""

WELLS: Final[Mapping[str, frozenset[str]]] = {
    "oil_gas": frozenset({"oil_gas"}),
    "geothermal": frozenset({"geothermal"}),
    "mineral_water": frozenset({"mineral_water"}),
}
"""Industries that extract in a way of their own."""

SOLID: Final = frozenset({"open_pit", "underground"})
"""How every other industry extracts."""

VISIT_DAYS: Final = 3
"""A photo for an indicator should be of its site visit, give or take this many days: a visit takes about two days, and
a camera's clock may be off."""

NAMES_SHOWN: Final = 3
"""How many twins of a file one warning names."""

_DIGITS: Final = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Warning_:  # noqa: N801 - `Warning` is Python's own
    """One doubt about a mine's evidence.

    Attributes:
        code: what it is about, one of `greenmine.evidence.wording.SEVERITIES`.
        place: the file it is about, or the place in one.
        indicators: ids of the indicators and prerequisites it concerns, in natural order; may be empty.
        particulars: what its sentence names.
    """

    code: str
    place: str
    indicators: tuple[str, ...] = ()
    particulars: tuple[tuple[str, str], ...] = ()

    @property
    def severity(self) -> str:
        """`problem`: evidence does not count or is in doubt; `notice`: worth a look."""
        return SEVERITIES[self.code]

    @property
    def message(self) -> str:
        """What is the matter, in the language in use, in one sentence."""
        return sentence(self.code, dict(self.particulars))


def evidence_warnings(
    profile: MineProfile,
    inventory: Inventory,
    findings: Mapping[str, Any] | None = None,
    *,
    on: dt.date | None = None,
    catalog: Mapping[str, Any] | None = None,
    others: Mapping[str, Sequence[Item]] | None = None,
) -> tuple[Warning_, ...]:
    """Return every doubt about a mine's evidence.

    Args:
        profile: the mine's profile.
        inventory: its files.
        findings: what was recorded (`greenmine.findings/1`), where there is an assessment.
        on: the day on which licences and evidence must be valid; that of the assessment by default.
        catalog: the resolved catalog, to tell which ids there are and which have no evidence.
        others: files of other mines to compare with, by the mine's id (see `greenmine.evidence.twins.candidates`).

    Raises:
        ValueError: there are neither findings nor a day.
    """
    day = on or _assessed_on(findings)
    cited = citations(findings or {}, inventory)
    uses = _Uses(inventory, cited)
    found = [
        *_of_licences(profile, day),
        *_of_profile(profile),
        *_of_files(inventory.items, uses),
        *_of_dates(inventory.items, uses, day, {citation.item.path for citation in cited if citation.item}),
        *_of_purpose(inventory, uses),
        *(_of_ids(inventory, uses, catalog, profile.industry) if catalog else ()),
        *_of_twins(inventory.items, uses),
        *_of_twins_elsewhere(inventory.items, uses, others or {}),
        *_of_visits(inventory.items, uses, visits(findings or {}), day),
        *_of_citations(cited),
    ]
    return tuple(sorted(set(found), key=_rank))


def _assessed_on(findings: Mapping[str, Any] | None) -> dt.date:
    if findings is None:
        message = "evidence_warnings needs findings or a day"
        raise ValueError(message)
    return dt.date.fromisoformat(findings["assessment"]["date"])


def _rank(warning: Warning_) -> tuple[object, ...]:
    order = list(SEVERITIES)
    natural = (_natural(warning.place), [_natural(one) for one in warning.indicators])
    return warning.severity != PROBLEM, order.index(warning.code), natural, warning.particulars


def _natural(text: str) -> list[tuple[bool, int, str]]:
    """Return a key that sorts numbers in text by their value: 2 before 10."""
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in _DIGITS.split(text)]


class _Uses:
    """What every file is used for: by its folder, by the list, and by the findings that cite it."""

    def __init__(self, inventory: Inventory, cited: Iterable[Citation]) -> None:
        ids = {item.path: set(item.supports) for item in inventory.items}
        for citation in cited:
            if citation.item is not None:
                ids[citation.item.path].add(citation.id)
        self._ids = {path: tuple(sorted(found, key=_natural)) for path, found in ids.items()}

    def __getitem__(self, item: Item) -> tuple[str, ...]:
        return self._ids[item.path]


def _warning(code: str, place: str, indicators: Iterable[str] = (), **particulars: object) -> Warning_:
    return Warning_(code, place, tuple(indicators), tuple((key, str(value)) for key, value in particulars.items()))


# ---- mine.yaml -------------------------------------------------------------------------------------------------------


def _of_licences(profile: MineProfile, day: dt.date) -> Iterator[Warning_]:
    """Look at the licences; one that has a valid renewal is history, any other stands alone."""
    for kind in NEEDED_LICENCES:
        if all(licence.kind != kind for licence in profile.licences):
            yield _warning("licence_missing", FILE_NAME, kind=kind)
    valid = [licence for licence in profile.licences if _is_valid(licence, day)]
    for number, licence in enumerate(profile.licences, 1):
        place = f"{FILE_NAME}, licences/#{number}"
        named = {"kind": licence.kind, "number": licence.number or licence.name}
        if licence.kind in ENDING_LICENCES and licence.valid_until is None:
            yield _warning("licence_without_end", place, **named)
        if any(_renews(other, licence) for other in valid):
            continue
        if licence.valid_until and licence.valid_until < day:
            yield _warning("licence_expired", place, **named, until=licence.valid_until, on=day)
        elif licence.valid_from and licence.valid_from > day:
            yield _warning("licence_not_yet_valid", place, **named, since=licence.valid_from, on=day)


def _renews(one: Licence, other: Licence) -> bool:
    """Tell whether two entries are a licence and its renewal.

    A mine may hold several of a kind, such as the work safety permits of its pit and of its tailings pond, and none
    of them covers for another.
    """
    same = one.name == other.name or (one.number != "" and one.number == other.number)
    return one.kind == other.kind and same


def _is_valid(licence: Licence, day: dt.date) -> bool:
    return (licence.valid_from or day) <= day <= (licence.valid_until or day)


def _of_profile(profile: MineProfile) -> Iterator[Warning_]:
    unfit = sorted({*profile.extraction, profile.primary_extraction} - WELLS.get(profile.industry, SOLID))
    if unfit:
        yield _warning("industry_unfit", FILE_NAME, industry=profile.industry, extraction=" ".join(unfit))
    parts = {"": profile, "contact.": profile.contact, "introduction.": profile.introduction}
    beside = {"licences", "annual_review"}  # the first has its own warnings, the form does not ask for the second
    blank = [
        f"{prefix}{name}"
        for prefix, part in parts.items()
        for name in type(part).model_fields
        if getattr(part, name) in ("", None) and name not in beside
    ]
    if blank:
        yield _warning("profile_blank", FILE_NAME, fields=" ".join(blank))


# ---- files -----------------------------------------------------------------------------------------------------------


def _of_files(items: Iterable[Item], uses: _Uses) -> Iterator[Warning_]:
    for item in items:
        for fault in item.faults:
            particulars = {"type": item.media_type} if fault == "type_mismatch" else {}
            yield _warning(fault, item.path, uses[item], **particulars)
        if item.media_type == "image/jpeg" and item.photo is not None and item.photo.taken is None:
            yield _warning("photo_without_time", item.path, uses[item])


def _of_dates(items: Iterable[Item], uses: _Uses, day: dt.date, cited: set[str]) -> Iterator[Warning_]:
    """Look at dates; what is later than the assessment and not cited by it belongs to a later one."""
    for item in items:
        if item.valid_until and item.valid_until < day:
            yield _warning("evidence_expired", item.path, uses[item], until=item.valid_until, on=day)
        if cited and item.path not in cited:
            continue
        if item.issued_on and item.issued_on > day:
            yield _warning("issued_later", item.path, uses[item], since=item.issued_on, on=day)
        taken = _day_taken(item.photo)
        if taken and taken > day:
            yield _warning("photo_later", item.path, uses[item], taken=taken, on=day)


def _day_taken(photo: Photo | None) -> dt.date | None:
    return photo.taken.date() if photo is not None and photo.taken is not None else None


def _of_purpose(inventory: Inventory, uses: _Uses) -> Iterator[Warning_]:
    """Look at what files are for: whether those listed are there, and whether those there are for something."""
    for row in inventory.missing:
        yield _warning("listed_missing", row.path, row.supports)
    for item in inventory.items:
        if not uses[item]:
            yield _warning("supports_nothing", item.path)


def _of_ids(inventory: Inventory, uses: _Uses, catalog: Mapping[str, Any], industry: str) -> Iterator[Warning_]:
    """Look at ids: whether the catalog has them for this mine, and whether each of those it has got evidence."""
    names, here = _ids_of(catalog, industry)
    for item in inventory.items:
        for one in item.supports:
            if one not in names:
                by_folder = one == folder_id(item.path)
                code, place = ("unknown_number", item.path) if by_folder else ("unknown_id", item.listed)
                yield _warning(code, place, id=one)
            elif one not in here:
                yield _warning("other_block", item.path, (one,), id=one)
    used = {one for item in inventory.items for one in uses[item]}
    for one in here:
        if one not in used:
            yield _warning("no_evidence", one, (one,), id=one, name=names[one])


def _ids_of(catalog: Mapping[str, Any], industry: str) -> tuple[dict[str, str], list[str]]:
    """Return the names of all indicators and prerequisites by id, and the ids of those that apply to an industry."""
    blocks = {block["id"] for block in catalog["blocks"] if industry in block["industries"]}
    entries = [*catalog["prerequisites"], *catalog["indicators"]]
    names = {entry["id"]: entry["name"] for entry in entries}
    return names, [entry["id"] for entry in entries if "block" not in entry or entry["block"] in blocks]


# ---- twins -----------------------------------------------------------------------------------------------------------


def _of_twins(items: Sequence[Item], uses: _Uses) -> Iterator[Warning_]:
    """Look for copies within the folder that serve different indicators; each pair is told once, of the later file."""
    for number, item in enumerate(items):
        before = [other for other in items[:number] if uses[other] != uses[item]]
        for code, found in zip(("same_file", "similar_photo"), twins_of(item, before), strict=True):
            if found:
                ids = sorted({one for each in (item, *found) for one in uses[each]}, key=_natural)
                yield _warning(code, item.path, ids, names=_names(other.path for other in found))


def _of_twins_elsewhere(items: Iterable[Item], uses: _Uses, others: Mapping[str, Sequence[Item]]) -> Iterator[Warning_]:
    for item in items:
        same: list[str] = []
        similar: list[str] = []
        for mine, files in sorted(others.items()):
            same += [f"{mine}/{other.path}" for other in files if same_file(item, other)]
            similar += [f"{mine}/{other.path}" for other in files if same_photo(item, other)]
        if same:
            yield _warning("same_file_elsewhere", item.path, uses[item], names=_names(same))
        if similar:
            yield _warning("similar_photo_elsewhere", item.path, uses[item], names=_names(similar))


def _names(paths: Iterable[str]) -> str:
    """Return the first few paths, one a line, and how many more there are."""
    found = list(paths)
    more = [f"… (+{len(found) - NAMES_SHOWN})"] if len(found) > NAMES_SHOWN else []
    return "\n".join(found[:NAMES_SHOWN] + more)


# ---- findings --------------------------------------------------------------------------------------------------------


def _of_visits(items: Iterable[Item], uses: _Uses, visited: Mapping[str, dt.date], day: dt.date) -> Iterator[Warning_]:
    """Look at the photos for an indicator: whether they are of its site visit."""
    for item in items:
        taken = _day_taken(item.photo)
        if taken is None or taken > day:  # the latter is told already
            continue
        for one in uses[item]:
            visit = visited.get(one)
            if visit is not None and abs((taken - visit).days) > VISIT_DAYS:
                yield _warning("photo_outside_visit", item.path, (one,), id=one, taken=taken, visit=visit)


def _of_citations(cited: Iterable[Citation]) -> Iterator[Warning_]:
    """Look at what findings refer to: whether the file is there, and the page or part of a picture in it."""
    for citation in cited:
        reference, item, ids = citation.reference, citation.item, (citation.id,)
        if item is None:
            yield _warning("cited_missing", str(reference), ids, id=citation.id)
            continue
        particulars = {"id": citation.id}
        if reference.page is not None and item.pages is not None and reference.page > item.pages:
            yield _warning("page_beyond_end", item.path, ids, **particulars, page=reference.page, pages=item.pages)
        if not _may_have(reference, item):
            yield _warning("locator_unfit", item.path, ids, **particulars)
        photo = item.photo
        if reference.region and photo and not reference.region.inside(photo.width, photo.height):
            yield _warning("region_outside", item.path, ids, **particulars, width=photo.width, height=photo.height)


def _may_have(reference: Reference, item: Item) -> bool:
    """Tell whether a file of its type may have the page or the part of a picture that a reference names."""
    if reference.page is not None:
        return not item.media_type.startswith(("image/", "text/", "video/", "audio/"))
    return reference.region is None or item.media_type.startswith(("image/", "video/"))
