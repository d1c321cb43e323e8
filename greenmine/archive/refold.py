"""Folding the sealed journals again: do the findings follow from what people recorded and what the mine handed in?

From panel and journals of a record, and profile, list and manifest of the evidence it rests on, the findings are made
anew as they were before sealing; they must come out byte for byte. Which files there were is told by the manifest, so
that a file removed lawfully since changes nothing. A record made by another version of this program may lack what this
one adds, but nothing that it says may differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import greenmine
from greenmine.archive.record import Record
from greenmine.archive.tools import scratch
from greenmine.assessment import load_assessment
from greenmine.assessment.carry import carry_over
from greenmine.assessment.journal import MAX_JOURNAL
from greenmine.catalog.mapping import sealed_mapping
from greenmine.errors import ArchiveError, GreenmineError, IntegrityError, shown
from greenmine.evidence import listing, profile
from greenmine.evidence.inventory import recall_inventory
from greenmine.files import canonical_json, parse_json, refusal, sha256_hex
from greenmine.i18n import gettext as _
from greenmine.scoring import Scorer

FINDINGS: Final = "findings.json"
PANEL: Final = "panel.yaml"
CATALOG: Final = "catalog.resolved.json"
MAPPING: Final = "mapping.json"
"""The mapping set, in the bag of a record whose facts were recorded by another version of the indicators."""

ASKED: Final = (profile.FILE_NAME, *listing.FILE_NAMES)
"""What of the evidence is read, by name in lower case; the rest only has to have been there."""


@dataclass(frozen=True)
class Handed:
    """What of the evidence decides findings.

    Attributes:
        manifest: `sha256sum` lines of everything handed in.
        files: the profile, and the list of evidence where there is one: content by name.
    """

    manifest: str
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, manifest: bytes, content: Callable[[str], bytes]) -> Handed:
        """Return it, reading with `content` what is needed of the files that the manifest names."""
        text = manifest.decode()
        names = [name for line in text.split("\n") if (name := line[66:]).lower() in ASKED]
        return cls(text, {name: content(name) for name in names})


def up_to(head: str, path: Path) -> bytes:
    """Return a person's journal up to the line of a digest, as the record names it.

    Raises:
        ArchiveError: it cannot be read, or has no such line.
    """
    try:
        if path.stat().st_size > MAX_JOURNAL:
            raise ArchiveError(path, expected=_("at most {limit} bytes").format(limit=MAX_JOURNAL), found=_("more"))
        data = path.read_bytes()
    except OSError as problem:
        raise ArchiveError(path, expected=_("a readable file"), found=refusal(problem)) from None
    end = 0
    for line in data.split(b"\n"):
        end = min(end + len(line) + 1, len(data))
        if hashlib.sha256(line).hexdigest() == head:
            return data[:end]
    raise ArchiveError(
        path,
        expected=_("a line with the SHA-256 {digest}, as the record says").format(digest=head),
        found=_("none"),
        hint=_("Assess again."),
    )


def refold(
    mine: str,
    assessment: str,
    panel: bytes,
    journals: Mapping[str, bytes],
    handed: Handed,
    *,
    carried: tuple[bytes, bytes] | None = None,
) -> bytes:
    """Return `findings.json` as it follows from journals, panel and evidence.

    Args:
        mine: the id of the mine.
        assessment: the id of the assessment.
        panel: `panel.yaml`.
        journals: the journal of each person.
        handed: what the mine handed in.
        carried: mapping set and resolved catalog, where the facts were recorded by another version.

    Raises:
        GreenmineError: one of them is malformed, or was tampered with.
    """
    with scratch() as room:
        place = Path(room, mine)
        folder = place / "assessments" / assessment
        (folder / "journal").mkdir(parents=True)
        (place / profile.FILE_NAME).write_bytes(handed.files.get(profile.FILE_NAME, b""))
        (folder / PANEL).write_bytes(panel)
        for person, data in journals.items():
            (folder / "journal" / f"{person}.jsonl").write_bytes(data)
        lists = {name: data for name, data in handed.files.items() if name != profile.FILE_NAME}
        found = load_assessment(place, assessment, recall_inventory(handed.manifest, lists))
    if carried is None:
        return found.document
    named = zip(carried, (MAPPING, CATALOG), strict=True)
    mapping, catalog = (parse_json(data.decode(), name, IntegrityError) for data, name in named)
    return canonical_json(carry_over(found.findings, sealed_mapping(mapping, MAPPING), catalog, Scorer(catalog)))


def grounds(findings: bytes, panel: bytes, journals: Mapping[str, bytes], manifest: str, carried: object) -> str:
    """Return a SHA-256 over findings and all that they follow from; who folded these once need not do it again.

    Args:
        findings: `findings.json`.
        panel: `panel.yaml`.
        journals: the journal of each person.
        manifest: `sha256sum` lines of everything handed in.
        carried: mapping set and resolved catalog, where the facts were recorded by another version.
    """
    people = sorted((person, sha256_hex(data)) for person, data in journals.items())
    return sha256_hex(repr((sha256_hex(findings), sha256_hex(panel), people, manifest, carried)).encode())


def check_refold(sealed: bytes, record: Record, make: Callable[[], bytes], file: object) -> None:
    """Make sure that sealed findings are those that `make` returns.

    Raises:
        IntegrityError: they are not, or cannot be made; the first key that differs is named.
    """
    hint = same_version(record.software.get("greenmine", ""))
    expected = _("the findings that follow from the journals")
    try:
        again = make()
    except GreenmineError as problem:
        raise IntegrityError(file, expected=expected, found=shown(str(problem), 300), hint=hint) from None
    if again == sealed:
        return
    old, new = (parse_json(data.decode(), file, IntegrityError) for data in (sealed, again))
    place = differs(old, new, more=bool(hint))
    if place is not None:
        raise IntegrityError(file, _("key {key}").format(key=place), expected=expected, found=_("others"), hint=hint)


def same_version(version: str) -> str:
    """Return a hint where something was made by another version of this program; else an empty text."""
    own = greenmine.__version__
    return "" if version == own else _("It was made by version {version}.").format(version=shown(version))


def differs(old: Any, new: Any, *, more: bool, at: str = "") -> str | None:  # noqa: ANN401 - any JSON
    """Return where two documents first differ, as keys parted by dots; None where they do not.

    Args:
        old: one document.
        new: the other.
        more: whether objects of the new one may have further keys.
        at: where these two are in theirs.
    """
    pairs: list[tuple[object, Any, Any]] = []
    if isinstance(old, dict) and isinstance(new, dict):
        lacking = sorted(old.keys() - new.keys() if more else old.keys() ^ new.keys())
        if lacking:
            return f"{at}.{lacking[0]}".removeprefix(".")
        pairs = [(key, old[key], new[key]) for key in sorted(old)]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = [(number, *pair) for number, pair in enumerate(zip(old, new, strict=True))]
    elif type(old) is not type(new) or old != new:
        return at or "."
    found = (differs(one, other, more=more, at=f"{at}.{key}".removeprefix(".")) for key, one, other in pairs)
    return next((place for place in found if place is not None), None)
