"""Attestations: experts sign what they concluded, before it is sealed.

An assessment that is about to be sealed is laid out as a draft, `inbox/<mine>/r<N>/data/…`, in the form it will have in
its bag. Its `attest/statement.sums` holds `sha256sum` lines of all of it: findings, catalog, score, record, panel,
report and notebook. So one short text fixes what was found, by whom, by which rules, with what result, and how it
reads; and, through the record, the evidence, the journals and the scorer.
Each expert signs that text with an own key: `attest/expert-<id>.sig`. In the bag, as in the draft, anybody can check:

    sha256sum -c data/attest/statement.sums
    ssh-keygen -Y verify … -I <principal> -n greenmine-finding -s data/attest/expert-E1.sig < data/attest/statement.sums

An expert who signed off with a key while the assessment was still open is in the bag too, with the text that the key
signed: `attest/sign-off-<id>.json` and `.sig`. That text is the sign-off as the findings tell it.

The id of an expert is that of the panel, which may mean another person for another mine. So the principal in
`allowed_signers` is `<id>@<assessment>@<mine>`; no other name counts, nor does anybody but chair and experts of the
panel. Somebody with one key in several panels has a name for each of them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from greenmine.archive.layout import Archive
from greenmine.archive.pins import check_novalidate
from greenmine.archive.record import Record, read_record
from greenmine.archive.signature import (
    Trust,
    parse_signature,
    sign,
    verify,
)
from greenmine.archive.signers import FINDING
from greenmine.archive.store import refused
from greenmine.archive.tools import scratch
from greenmine.assessment.panel import FILE_NAME as PANEL
from greenmine.assessment.panel import read_panel
from greenmine.assessment.signoff import bare, signers, statements
from greenmine.errors import ArchiveError, CheckFailed, InputError, IntegrityError, JournalError, UsageError, shown
from greenmine.files import canonical_json, sha256_hex, sync_directory, write_atomic
from greenmine.i18n import gettext as _

STATED: Final = ("catalog.resolved.json", "findings.json", PANEL, "record.json", "score.json")
"""What a statement covers at least; it covers whatever else is in the draft, too."""

_FIXED: Final = re.compile(r"data/(?:attest/.*|journals/.*|engine/.*|ro-crate-metadata\.json)")
"""What of a bag no statement names: the record fixes journals and engine, the rest proves nothing of itself."""

STATEMENT: Final = "statement.sums"
MAX_FILE: Final = 64 * 1024 * 1024
_SUM: Final = re.compile(r"([0-9a-f]{64})  (data/.+)")
_SIGNATURE: Final = re.compile(r"expert-([A-Za-z0-9][A-Za-z0-9._-]*)\.sig")
SIGN_OFF: Final = re.compile(r"sign-off-([A-Za-z0-9][A-Za-z0-9._-]*)\.(json|sig)")


@dataclass(frozen=True)
class Draft:
    """An assessment that waits for signatures.

    Attributes:
        folder: the draft.
        record: what it is about.
        files: name below `data/` → content, for `seal_assessment`; the record and the attestations are not among them.
        attest: name below `data/attest/` → content: the statement and the signatures so far.
        members: the ids of those who may sign: the panel's chair and experts.
    """

    folder: Path
    record: Record
    files: Mapping[str, bytes]
    attest: Mapping[str, bytes]
    members: frozenset[str]

    @property
    def experts(self) -> tuple[str, ...]:
        """Who has signed, in order of the ids."""
        return tuple(match[1] for name in sorted(self.attest) if (match := _SIGNATURE.fullmatch(name)))

    @property
    def unsigned(self) -> tuple[str, ...]:
        """Who recorded something and has not signed, in order of the ids."""
        return tuple(sorted((self.record.journals.keys() & self.members) - set(self.experts)))


def make_statement(files: Mapping[str, bytes]) -> bytes:
    """Return the text that experts sign.

    Args:
        files: name below `data/` → content: all of a draft.
    """
    return "".join(f"{sha256_hex(files[name])}  data/{name}\n" for name in sorted(files)).encode()


def lay_draft(
    archive: Archive, record: Record, files: Mapping[str, bytes], signed: Mapping[str, bytes] | None = None
) -> Path:
    """Lay out an assessment to be signed; return its folder.

    Args:
        archive: where.
        record: what it is about.
        files: name below `data/` → content: findings, catalog, score, and whatever else will be sealed.
        signed: name below `data/attest/` → content: the sign-offs made with a key, as `sign_offs` returns them.

    Raises:
        ArchiveError: a draft of that revision is there, or the disk refuses it.
    """
    folder = archive.inbox / record.mine / f"r{record.revision}"
    whole = {**files, "record.json": record.canonical()}
    with refused(folder):
        archive.store.make_folder(folder.parent)
        try:
            archive.store.mkdir(folder)
        except FileExistsError:
            raise ArchiveError(
                folder,
                expected=_("no draft of this revision yet"),
                found=_("a draft that is there already"),
                hint=_("Seal it, or remove its folder."),
            ) from None
        try:
            attest = {STATEMENT: make_statement(whole), **(signed or {})}
            for name, data in {**whole, **{f"attest/{name}": data for name, data in attest.items()}}.items():
                place = folder.joinpath("data", *name.split("/"))
                archive.store.make_folder(place.parent)
                archive.store.create(place, data)
                archive.store.sync(place.parent)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return folder


def drop_draft(draft: Draft) -> None:
    """Remove a draft, when it was sealed or is to be made anew."""
    shutil.rmtree(draft.folder)
    sync_directory(draft.folder.parent)


def read_draft(folder: Path) -> Draft:
    """Return the draft in a folder, after making sure that its statement is about its files.

    Raises:
        InputError: a file is missing.
        IntegrityError: a file was changed since the draft was laid out, or does not belong there.
    """
    data = folder / "data"
    found: dict[str, bytes] = {}
    for path in sorted(data.rglob("*")) if data.is_dir() else []:
        name = path.relative_to(data).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise IntegrityError(path, expected=_("a file"), found=_("something that is not a file"))
        if path.is_file():
            if path.stat().st_size > MAX_FILE:
                raise IntegrityError(path, expected=_("at most {limit} bytes").format(limit=MAX_FILE), found=_("more"))
            found[name] = path.read_bytes()
    for name in (*STATED, f"attest/{STATEMENT}"):
        if name not in found:
            raise InputError(data / name, expected=_("a file of the draft"), found=_("no such file"))
    attest = {name.removeprefix("attest/"): found.pop(name) for name in list(found) if name.startswith("attest/")}
    check_statement(
        attest[STATEMENT],
        {f"data/{name}": sha256_hex(content) for name, content in found.items()},
        data / "attest" / STATEMENT,
    )
    record = read_record(found.pop("record.json"), data / "record.json")
    people = members(found[PANEL], record.assessment, data / PANEL)
    for name in attest.keys() - {STATEMENT}:
        match = _SIGNATURE.fullmatch(name) or SIGN_OFF.fullmatch(name)
        if match is None:
            raise IntegrityError(data / "attest" / name, expected=_("no further files"), found=_("a file"))
        if match[1] not in people:
            expected = _("the chair or an expert of the panel")
            raise IntegrityError(data / "attest" / name, expected=expected, found=shown(match[1]))
    return Draft(folder, record, found, attest, people)


def find_drafts(archive: Archive, mine: str) -> tuple[Path, ...]:
    """Return the folders of a mine's drafts, the lowest revision first."""
    folder = archive.inbox / mine
    found = [path for path in folder.iterdir() if re.fullmatch("r[1-9][0-9]*", path.name)] if folder.is_dir() else []
    return tuple(sorted(found, key=lambda path: int(path.name[1:])))


def sign_draft(draft: Draft, expert: str, key: Path, trust: Trust | None = None) -> Path:
    """Let an expert sign a draft; return the file with the signature.

    Args:
        draft: the draft, as `read_draft` returned it.
        expert: the expert's id in the panel.
        key: the expert's private key.
        trust: whose signatures count: the signature is checked by it before it is kept.

    Raises:
        UsageError: the id is none or has signed already, or the key cannot sign or is not trusted for the expert.
    """
    if expert not in draft.members:
        text = _("{name} is neither chair nor expert of the panel: expected one of {names}.")
        raise UsageError(text.format(name=shown(expert), names=", ".join(sorted(draft.members))))
    target = draft.folder / "data" / "attest" / f"expert-{expert}.sig"
    if target.name in draft.attest:
        raise UsageError(_("{file} is there already: {expert} has signed.").format(file=target, expert=expert))
    statement = draft.attest[STATEMENT]
    data = sign(statement, key, FINDING)
    if trust is not None:
        signature, name = parse_signature(data, key), principal_of(expert, draft.record)
        try:
            verify(statement, signature, principal=name, namespace=FINDING, trust=trust, file=key)
        except CheckFailed as problem:
            hint = _("See: {command}").format(command="greenmine keys --help")
            raise UsageError(f"{problem} {hint}") from None
    write_atomic(target, data)
    return target


def check_statement(statement: bytes, digests: Mapping[str, str], file: Path) -> None:
    """Make sure that a statement is about these files, with these digests, and about nothing else.

    Args:
        statement: the text that was signed.
        digests: path in the bag or draft (`data/…`) → SHA-256.
        file: the statement, `…/data/attest/statement.sums`, for messages.

    Raises:
        IntegrityError: it is about other files, or one of them has other content; that one is named.
    """
    names = sorted({*(name for name in digests if not _FIXED.fullmatch(name)), *(f"data/{name}" for name in STATED)})
    lines = statement.decode("utf-8", "replace").split("\n")
    found = [hit[2] for line in lines if (hit := _SUM.fullmatch(line))]
    if found != names or len(lines) != len(names) + 1 or lines[-1]:
        expected = _("one line each for {names}").format(names=", ".join(names))
        raise IntegrityError(file, expected=expected, found=_("other lines"))
    for name, line in zip(names, lines, strict=False):
        if line[:64] != digests.get(name):
            expected = _("{digest}, as {file} says").format(digest=line[:64], file=STATEMENT)
            raise IntegrityError(file.parents[2] / name, expected=expected, found=digests.get(name, _("no such file")))


def sign_offs(findings: Mapping[str, Any], people: Collection[str]) -> dict[str, bytes]:
    """Return the sign-offs that were made with a key: name below `data/attest/` → content.

    Args:
        findings: the findings, which hold the signatures.
        people: the ids of those whose sign-off counts.

    Raises:
        IntegrityError: a signature is none.
        CheckFailed: a signature is over something else.
    """
    found: dict[str, bytes] = {}
    for person, (data, armour) in statements(findings).items():
        if person in people:
            file = Path(f"sign-off-{person}.sig")
            signature = parse_signature(armour.encode(), file)
            check_novalidate(data, signature, FINDING, file)
            found |= {f"sign-off-{person}.json": data, file.name: signature.data}
    return found


def check_sign_off(data: bytes, expert: str, findings: Mapping[str, Any], parts: Mapping[str, str], file: Path) -> None:
    """Make sure that what a key signed is the expert's sign-off in the findings, about these very parts.

    Args:
        data: the text that was signed.
        expert: the expert's id in the panel.
        findings: the sealed findings.
        parts: SHA-256 of catalog, score, evidence and panel as they are sealed; that of the findings is worked out.
        file: what to call the text in messages.

    Raises:
        IntegrityError: it is another one, or about something else.
    """
    told = statements(findings).get(expert)
    if told is None or told[0] != data:
        raise IntegrityError(file, expected=_("the sign-off in the findings"), found=_("another one"))
    stated = next(one["digests"] for one in findings["assessment"]["sign_off"] if one["by"] == expert)
    for name, digest in {**parts, "findings": sha256_hex(canonical_json(bare(findings)))}.items():
        if stated.get(name) != digest:
            raise IntegrityError(file, f"digests/{name}", expected=digest, found=shown(stated.get(name)))


def members(data: bytes, assessment: str, file: object) -> frozenset[str]:
    """Return the ids of those members of a panel who sign: its chair and its experts.

    Args:
        data: `panel.yaml`.
        assessment: the id of its assessment.
        file: what to call it in messages.

    Raises:
        IntegrityError: it is malformed.
    """
    with scratch() as room:
        path = Path(room, assessment, PANEL)
        path.parent.mkdir()
        path.write_bytes(data)
        try:
            return frozenset(member.id for member in signers(read_panel(path)))
        except JournalError as problem:
            raise IntegrityError(file, problem.place, expected=problem.expected, found=problem.found) from None


def principal_of(expert: str, record: Record) -> str:
    """Return the name in `allowed_signers` that stands for an expert of a record's panel."""
    return f"{expert}@{record.assessment}@{record.mine}"
