"""Sign-off: each member's word that the assessment as it stands is what the member found.

A sign-off is an entry of the member's own journal on the card `assessment`. It holds the pledge that was read and the
digests of what is signed: the findings without anybody's sign-off, the catalog, the score, the list of evidence and the
panel. It counts only as long as each of these is the same; later it is shown as made before later changes, and does not
count. An expert may sign with an own SSH key besides: what the key signs is a small document with the same content,
which anyone can make again from the findings.

While a sign-off counts, nothing else may be recorded: it has to be withdrawn first, with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from greenmine.assessment.assessment import Assessment
from greenmine.assessment.panel import FILE_NAME, Member, Panel
from greenmine.assessment.rules import Pledge
from greenmine.errors import JournalError
from greenmine.files import canonical_json, refusal, sha256_hex
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.scoring import canonical

SCHEMA: Final = "greenmine.sign-off/1"
SIGNED: Final = ("findings", "catalog", "score", "evidence", "panel")
"""What a sign-off is about."""

_OWN: Final = ("sign_off", "withdrawn")


@dataclass(frozen=True, slots=True)
class Signed:
    """A member's sign-off.

    Attributes:
        by: the member's id.
        name: the member's name.
        time: when, in UTC, as journals write it.
        changed: which of `SIGNED` is another now.
        key_signed: whether a key signed it too; whether that signature holds is for the archive to say.
        pledge: the text that was pledged.
    """

    by: str
    name: str
    time: str
    changed: tuple[str, ...]
    key_signed: bool
    pledge: str

    @property
    def valid(self) -> bool:
        """Whether it counts: nothing that was signed has changed since."""
        return not self.changed

    @property
    def text(self) -> str:
        """It in words, in the language in use."""
        values = {"name": self.name, "id": self.by, "time": self.time}
        if not self.valid:
            names = {
                "findings": _("the findings"),
                "catalog": _("the catalog"),
                "score": _("the score"),
                "evidence": _("the evidence"),
                "panel": _("the panel"),
            }
            what = ("、" if language() == "zh" else ", ").join(names.get(one, one) for one in self.changed)
            text = _("{name} ({id}) signed on {time}, before later changes: {what}; this does not count")
            return text.format(**values, what=what)
        if self.key_signed:
            return _("{name} ({id}) signed on {time}, with a key").format(**values)
        return _("{name} ({id}) signed on {time}").format(**values)


def bare(findings: Mapping[str, Any]) -> dict[str, Any]:
    """Return findings without anybody's sign-off or withdrawal: what is signed."""
    head = {key: value for key, value in findings["assessment"].items() if key not in _OWN}
    return {**findings, "assessment": head}


def digests(
    assessment: Assessment, catalog_sha256: str, score: Mapping[str, Any], evidence_sha256: str
) -> dict[str, str]:
    """Return the SHA-256 of what is signed, by the names of `SIGNED`.

    Args:
        assessment: the assessment; its `panel.yaml` is read.
        catalog_sha256: of the resolved catalog.
        score: the score, schema `greenmine.score/1`.
        evidence_sha256: of the list of what the mine handed in (`Inventory.sha256`).

    Raises:
        JournalError: `panel.yaml` cannot be read any more.
    """
    path = assessment.folder / FILE_NAME
    try:
        panel = path.read_bytes()
    except OSError as problem:
        raise JournalError(path, expected=_("a readable file"), found=refusal(problem)) from None
    return {
        "findings": sha256_hex(canonical_json(bare(assessment.findings))),
        "catalog": catalog_sha256,
        "score": sha256_hex(canonical(score)),
        "evidence": evidence_sha256,
        "panel": sha256_hex(panel),
    }


def signed(findings: Mapping[str, Any], panel: Panel, current: Mapping[str, str]) -> tuple[Signed, ...]:
    """Return the sign-offs in findings, in order of the members' ids.

    Args:
        findings: the findings.
        panel: the panel; who is no longer a member, or is a scribe, has no sign-off.
        current: the digests as they are now.
    """
    names = {member.id: member.name for member in signers(panel)}
    return tuple(
        Signed(
            by=one["by"],
            name=names[one["by"]],
            time=one["time"],
            changed=tuple(name for name in SIGNED if one["digests"].get(name) != current.get(name)),
            key_signed="signature" in one,
            pledge=one["pledge"]["text"],
        )
        for one in findings["assessment"].get("sign_off", ())
        if one["by"] in names
    )


def signers(panel: Panel) -> tuple[Member, ...]:
    """Return who has to sign off: the chair and the experts."""
    return tuple(member for member in panel.members if member.role != "scribe")


def complete(panel: Panel, found: Iterable[Signed]) -> bool:
    """Tell whether every chair and expert has signed off, and all of it counts."""
    valid = {one.by for one in found if one.valid}
    people = {member.id for member in signers(panel)}
    return bool(people) and people <= valid


def closed_by(found: Iterable[Signed]) -> str:
    """Return why nothing more may be recorded; an empty text where it may."""
    valid = [one.name for one in found if one.valid]
    if not valid:
        return ""
    names = ("、" if language() == "zh" else ", ").join(valid)
    return _("Signed off by {names}: nothing more can be recorded; withdraw the sign-off first.").format(names=names)


# ---- what is recorded ------------------------------------------------------------------------------------------------


def sign_off_fields(
    pledge: Pledge, current: Mapping[str, str], signature: str = ""
) -> tuple[dict[str, Any], Sequence[str]]:
    """Return what a member's journal takes (`set` and `clear`) on the card `assessment` to sign off.

    Args:
        pledge: what the member read, in the language in use.
        current: the digests of what is signed.
        signature: an armoured SSH signature over `statement`; empty where no key is used.
    """
    given: dict[str, Any] = {
        "pledge": {"id": pledge.id, "text": pledge.said(language())},
        "digests": {name: current[name] for name in SIGNED},
    }
    if signature:
        given["signature"] = signature
    return {"sign_off": given}, ()


def withdrawal_fields(reason: str) -> tuple[dict[str, Any], Sequence[str]]:
    """Return what a member's journal takes (`set` and `clear`) to withdraw the member's sign-off."""
    return {"withdrawal": {"reason": reason}}, ("sign_off",)


def statement(mine: str, assessment: str, member: str, sign_off: Mapping[str, Any]) -> bytes:
    """Return what a member's key signs: canonical JSON and a line feed, the same for the same sign-off.

    Args:
        mine: the id of the mine.
        assessment: the id of the assessment.
        member: the id of the member.
        sign_off: the sign-off, as it is recorded or as findings tell it; `pledge` and `digests` of it are used.
    """
    document = {
        "schema": SCHEMA,
        "mine": mine,
        "assessment": assessment,
        "member": member,
        "pledge": sign_off["pledge"],
        "digests": sign_off["digests"],
    }
    return canonical_json(document) + b"\n"


def statements(findings: Mapping[str, Any]) -> dict[str, tuple[bytes, str]]:
    """Return, by member, what a key signed and the armoured signature; members who used no key are not among them."""
    mine, assessment = findings["mine"]["id"], findings["assessment"]["id"]
    return {
        one["by"]: (statement(mine, assessment, one["by"], one), one["signature"])
        for one in findings["assessment"].get("sign_off", ())
        if "signature" in one
    }
