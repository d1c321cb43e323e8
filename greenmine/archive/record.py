"""The record: `record.json`, which says what an assessment bag is about and what it rests on.

It names the mine, the assessment and the revision; the catalog, the evidence and the engine by their digests; the
readings chosen; the last line of each journal; the software that made the report; and the revision it supersedes, with
the reason. Sixteen random bytes keep others from guessing a record from its digest in the ledger.

A record is drafted before it is sealed, so that experts can sign a statement that covers it.
"""

from __future__ import annotations

import datetime as dt
import platform
import re
import secrets
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

import greenmine
from greenmine.archive.engine import engine_digest
from greenmine.archive.layout import kind_of
from greenmine.assessment.journal import Entry
from greenmine.assessment.payload import is_person
from greenmine.catalog import Catalog
from greenmine.errors import ArchiveError, IntegrityError, shown
from greenmine.files import canonical_json, parse_json
from greenmine.i18n import gettext as _
from greenmine.workspace import is_id

SCHEMA: Final = "greenmine.record/1"
FILE_NAME: Final = "record.json"
SOFTWARE: Final = (
    *("greenmine", "papermill", "nbclient", "nbconvert", "nbformat", "ipykernel", "ipython", "ipywidgets", "anywidget"),
    *("jinja2", "markupsafe", "pygments", "mistune", "pillow", "pandas", "pydantic", "pyyaml", "rfc8785"),
)
"""The packages whose versions decide what bytes a report has, beside Python itself."""

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


_Model = TypeVar("_Model", bound="Frozen")


def _id(text: str) -> str:
    if not is_id(text):
        raise ValueError(text)
    return text


def _person(text: str) -> str:
    if not is_person(text):
        raise ValueError(text)
    return text


def _bag(text: str) -> str:
    if not kind_of(text):
        raise ValueError(text)
    return text


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    dt.datetime.fromisoformat(text)
    return text


Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}\z")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"\S")]
Id = Annotated[str, AfterValidator(_id)]
Time = Annotated[str, AfterValidator(_time)]
BagPath = Annotated[str, AfterValidator(_bag)]
Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}\z")]


class Frozen(BaseModel):
    """A document of the archive: frozen, closed, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    def canonical(self) -> bytes:
        """Return the document in RFC 8785 form; what is not set is left out."""
        return canonical_json(self.model_dump(mode="json", by_alias=True, exclude_none=True))


class BagRef(Frozen):
    """A sealed bag.

    Attributes:
        bag: its path.
        tagmanifest: SHA-256 of its tag manifest.
    """

    bag: BagPath
    tagmanifest: Digest


class CatalogRef(BagRef):
    """The catalog that was scored against, and its bag.

    Attributes:
        id: of the catalog.
        version: of the catalog.
        sha256: of the resolved catalog.
    """

    id: Id
    version: Id
    sha256: Digest


class EvidenceRef(BagRef):
    """What the mine handed in, and its bag.

    Attributes:
        eid: SHA-256 of the evidence's manifest.
    """

    eid: Digest


class Engine(Frozen):
    """The scorer that is in the bag.

    Attributes:
        version: of the program it was made from.
        sha256: of `rescore.pyz`.
    """

    version: Text
    sha256: Digest


class Record(Frozen):
    """What an assessment bag is about.

    Attributes:
        schema_: `greenmine.record/1`.
        mine: the id of the mine.
        assessment: the id of the assessment.
        revision: of the mine's records, from 1.
        catalog: what was scored against.
        engine: what scored.
        evidence: what the mine had handed in.
        readings: the choice of every reading.
        supersedes: the revision that this one takes the place of, if any.
        reason: why it does; empty where it supersedes none.
        journals: of each person who recorded something, the digest of the last line that counts.
        software: versions of what made the report.
        nonce: 16 random bytes, in hexadecimal.
        sealed_on: when the record was drafted, UTC, as told by this machine.
    """

    schema_: Literal["greenmine.record/1"] = Field(default=SCHEMA, alias="schema")
    mine: Id
    assessment: Id
    revision: int = Field(ge=1, le=999_999_999)
    catalog: CatalogRef
    engine: Engine
    evidence: EvidenceRef
    readings: dict[str, Text]
    supersedes: BagRef | None = None
    reason: Text | None = None
    journals: dict[Annotated[str, AfterValidator(_person)], Digest]
    software: dict[Text, Text]
    nonce: Nonce
    sealed_on: Time

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if (self.supersedes is None) != (self.reason is None):
            raise ValueError("supersedes and reason stand together")
        return self


def draft_record(
    *,
    mine: str,
    assessment: str,
    revision: int,
    catalog: Catalog,
    catalog_bag: BagRef,
    evidence_bag: BagRef,
    readings: Mapping[str, str],
    journals: Mapping[str, str],
    sealed_on: dt.datetime,
    supersedes: BagRef | None = None,
    reason: str = "",
    nonce: bytes | None = None,
) -> Record:
    """Return the record of an assessment that is about to be sealed.

    Args:
        mine: the id of the mine.
        assessment: the id of the assessment.
        revision: the number that the bag will have.
        catalog: what was scored against.
        catalog_bag: its sealed bag.
        evidence_bag: the sealed bag of what the mine had handed in.
        readings: the choice of every reading.
        journals: of each person, the digest of the last line; see `journal_heads`.
        sealed_on: the time, with its zone.
        supersedes: the revision that this one takes the place of.
        reason: why it does.
        nonce: 16 random bytes; taken from the system by default.

    Raises:
        ArchiveError: one of these is of another form.
    """
    document = {
        "schema": SCHEMA,
        "mine": mine,
        "assessment": assessment,
        "revision": revision,
        "catalog": {
            **catalog_bag.model_dump(include={"bag", "tagmanifest"}),
            "id": catalog.id,
            "version": catalog.version,
            "sha256": catalog.sha256,
        },
        "engine": {"version": greenmine.__version__, "sha256": engine_digest()},
        "evidence": {
            **evidence_bag.model_dump(include={"bag", "tagmanifest"}),
            "eid": evidence_bag.bag.rpartition("/")[2],
        },
        "readings": dict(readings),
        "journals": dict(journals),
        "software": installed(),
        "nonce": (secrets.token_bytes(16) if nonce is None else nonce).hex(),
        "sealed_on": time_text(sealed_on),
    }
    if supersedes is not None or reason:
        document["supersedes"] = supersedes and supersedes.model_dump(include={"bag", "tagmanifest"})
        document["reason"] = reason or None
    return validated(Record, document, FILE_NAME, ArchiveError)


def time_text(time: dt.datetime) -> str:
    """Return a point in time, UTC, to the second: `2026-06-30T09:00:00Z`."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_record(data: bytes, file: object = FILE_NAME) -> Record:
    """Return the record in the bytes of a `record.json`.

    Args:
        data: the whole file.
        file: its name, for messages.

    Raises:
        IntegrityError: it is not canonical JSON of the schema; the message names the key.
    """
    return read_document(Record, data, file)


def read_document(model: type[_Model], data: bytes, file: object) -> _Model:
    """Return a document of the archive, read strictly.

    Args:
        model: what it should be.
        data: the whole file.
        file: its name, for messages.

    Raises:
        IntegrityError: it is not canonical JSON of the schema; the message names the key.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise IntegrityError(file, expected=_("UTF-8 text"), found=_("bytes of another encoding")) from None
    found = validated(model, parse_json(text, file, IntegrityError), file, IntegrityError)
    if found.canonical() != data:
        raise IntegrityError(file, expected=_("canonical JSON (RFC 8785)"), found=_("another form"))
    return found


def validated(model: type[_Model], document: Any, file: object, error: type[ArchiveError]) -> _Model:  # noqa: ANN401
    """Return a JSON document as an instance of a model.

    Raises:
        ArchiveError: it does not fit; of the kind asked for.
    """
    try:
        return model.model_validate(document)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise error(
            file,
            _("key {key}").format(key=shown(key)) if key else "",
            expected=_("a document as its schema describes it"),
            found=f"{shown(first['input'])} ({first['msg']})",
        ) from None


def installed() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide what bytes a report has."""
    return dict(_installed())


@cache
def _installed() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in SOFTWARE:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    found["greenmine"] = greenmine.__version__
    return found


def journal_heads(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the digest of the last line of each person's journal.

    Args:
        entries: those of an assessment, in any order.
    """
    last: dict[str, Entry] = {}
    for entry in entries:
        if entry.typed_by not in last or last[entry.typed_by].seq < entry.seq:
            last[entry.typed_by] = entry
    return {person: last[person].digest for person in sorted(last)}
