"""`allowed_signers`: whose keys are trusted, for what and when, in the format of `ssh-keygen`.

    E1@2026-selection@GM-0001 namespaces="greenmine-finding",valid-before="20270101000000Z" ssh-ed25519 AAAA… a comment

One line a key: principals, options joined by commas *without spaces* (a space makes `ssh-keygen` take the rest for the
key and call it invalid), the type of key, the key. `ssh-keygen` decides whether a signature holds; this module reads
and writes the file, shows it to people, and finds the reason when `ssh-keygen` says no without one.
"""

from __future__ import annotations

import base64
import datetime as dt
import fnmatch
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.errors import InputError, shown
from greenmine.files import read_text
from greenmine.i18n import gettext as _

FINDING: Final = "greenmine-finding"
CHECKPOINT: Final = "greenmine-checkpoint"
WITNESS: Final = "greenmine-witness"
CATALOG: Final = "greenmine-catalog"
REDACTION: Final = "greenmine-redaction"
WITHDRAWAL: Final = "greenmine-withdrawal"
NAMESPACES: Final = (FINDING, CHECKPOINT, WITNESS, CATALOG, REDACTION, WITHDRAWAL)
"""What a signature can be for; each signature says it, and each key is trusted for some of them only."""

MAX_FILE: Final = 4 * 1024 * 1024

PRINCIPAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")
"""Names that this program gives to signers: no pattern of `ssh-keygen`, and harmless in names of files."""

_KEY_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9@.-]{2,63}")
_OPTION: Final = re.compile(r'(?P<name>[A-Za-z-]+)(?:="(?P<value>[^"]*)")?')
_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z?")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as `ssh-keygen` writes it.

    Attributes:
        kind: its type, such as `ssh-ed25519`.
        blob: the key itself.
        comment: what stands behind it in its file.
    """

    kind: str
    blob: bytes
    comment: str = ""

    @property
    def fingerprint(self) -> str:
        """The name that `ssh-keygen -l` gives the key: `SHA256:` and base64 without padding."""
        return fingerprint(self.blob)

    @property
    def text(self) -> str:
        """The key in one line, without its comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"


@dataclass(frozen=True, slots=True)
class Signer:
    """A line of `allowed_signers`.

    Attributes:
        principals: names (or patterns) of whom the key belongs to.
        key: the key.
        namespaces: what it may sign; anything where there are none.
        valid_after: signatures made before do not count.
        valid_before: nor do those made after; one made at that very second does, as with `ssh-keygen`.
        authority: whether it certifies other keys instead of signing itself.
        line: number of the line, from 1; 0 where it is not in a file.
    """

    principals: tuple[str, ...]
    key: PublicKey
    namespaces: tuple[str, ...] = ()
    valid_after: dt.datetime | None = None
    valid_before: dt.datetime | None = None
    authority: bool = False
    line: int = 0

    @property
    def text(self) -> str:
        """The line, without line feed."""
        options = [
            *(["cert-authority"] if self.authority else []),
            *([f'namespaces="{",".join(self.namespaces)}"'] if self.namespaces else []),
            *([f'valid-after="{format_time(self.valid_after)}"'] if self.valid_after else []),
            *([f'valid-before="{format_time(self.valid_before)}"'] if self.valid_before else []),
        ]
        parts = [",".join(self.principals), ",".join(options), self.key.text, self.key.comment]
        return " ".join(part for part in parts if part)

    def is_for(self, principal: str) -> bool:
        """Tell whether the line names a principal."""
        return _matches(principal, self.principals)

    def may_sign(self, namespace: str) -> bool:
        """Tell whether the key is trusted for a namespace."""
        return not self.namespaces or _matches(namespace, self.namespaces)

    def is_valid(self, at: dt.datetime) -> bool:
        """Tell whether signatures made at a time count."""
        return (self.valid_after is None or at >= self.valid_after) and (
            self.valid_before is None or at <= self.valid_before
        )


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether a name is on a list of patterns as `ssh-keygen` reads it: `*`, `?`, and `!` for all but."""
    hits = [one for one in patterns if fnmatch.fnmatchcase(name, one.removeprefix("!").replace("[", "[[]"))]
    return bool(hits) and not any(one.startswith("!") for one in hits)


def fingerprint(blob: bytes) -> str:
    """Return the fingerprint of a public key, as `ssh-keygen -l` shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def format_time(moment: dt.datetime) -> str:
    """Return a time as `ssh-keygen` reads it: in UTC, `20261121090000Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y%m%d%H%M%SZ")


def parse_public_key(text: str, file: object, place: str = "") -> PublicKey:
    """Return the public key in a line `type base64 comment`.

    Raises:
        InputError: it is none.
    """
    expected = _("a public key: type, base64, comment")
    kind, _gap, rest = text.strip().partition(" ")
    encoded, _gap, comment = rest.strip().partition(" ")
    if "PRIVATE KEY" in text:
        raise InputError(file, place, expected=expected, found=_("a private key"), hint=_("Name the file *.pub."))
    try:
        blob = base64.b64decode(encoded, validate=True)
    except ValueError:  # of which binascii.Error is one
        blob = b""
    size = int.from_bytes(blob[:4], "big")
    if not _KEY_TYPE.fullmatch(kind) or blob[4 : 4 + size] != kind.encode():
        raise InputError(file, place, expected=expected, found=shown(text))
    return PublicKey(kind, blob, " ".join(comment.split()))


def read_public_key(path: Path) -> PublicKey:
    """Return the public key in a file `*.pub`.

    Raises:
        InputError: the file cannot be read or holds none.
    """
    return parse_public_key(read_text(path, MAX_FILE), path)


def read_signers(path: Path) -> tuple[Signer, ...]:
    """Return the lines of an `allowed_signers` file, in order; comments and empty lines are passed over.

    Raises:
        InputError: the file cannot be read, or a line is not one that `ssh-keygen` understands.
    """
    return parse_signers(read_text(path, MAX_FILE), path)


def parse_signers(text: str, file: object) -> tuple[Signer, ...]:
    """Return the lines of the text of an `allowed_signers` file; see `read_signers`."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            found.append(_parse_line(bare, file, number))
    return tuple(found)


def _parse_line(line: str, file: object, number: int) -> Signer:
    place = _("line {number}").format(number=number)
    names, _gap, rest = line.partition(" ")
    rest = rest.strip()
    options: dict[str, str | None] = {}
    first = _field(rest)
    if not _KEY_TYPE.fullmatch(first) or first == "cert-authority":
        options = _options(first, file, place)
        rest = rest[len(first) :].strip()
    return Signer(
        principals=tuple(names.strip('"').split(",")),
        key=parse_public_key(rest, file, place),
        namespaces=tuple((options.get("namespaces") or "").split(",")) if "namespaces" in options else (),
        valid_after=_time(options.get("valid-after"), file, place),
        valid_before=_time(options.get("valid-before"), file, place),
        authority="cert-authority" in options,
        line=number,
    )


def _field(text: str) -> str:
    """Return the part of a line up to the first space outside of quotes."""
    quoted = False
    for at, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == " " and not quoted:
            return text[:at]
    return text


def _options(text: str, file: object, place: str) -> dict[str, str | None]:
    expected = _("options joined by commas without spaces, such as {example}").format(
        example='namespaces="…",valid-before="20270101000000Z"'
    )
    found: dict[str, str | None] = {}
    rest = text
    while rest:
        match = _OPTION.match(rest)
        name = match["name"].lower() if match else ""
        if match is None or name not in {"cert-authority", "namespaces", "valid-after", "valid-before"}:
            raise InputError(file, place, expected=expected, found=shown(text))
        found[name] = match["value"]
        rest = rest[match.end() :]
        if rest and not rest.startswith(","):
            raise InputError(file, place, expected=expected, found=shown(text))
        rest = rest[1:]
    return found


def _time(text: str | None, file: object, place: str) -> dt.datetime | None:
    if text is None:
        return None
    match = _TIME.fullmatch(text)
    try:
        return dt.datetime(*(int(part) for part in match.groups() if part), tzinfo=dt.UTC)  # type: ignore[misc,union-attr,arg-type] # what is no match or no date is refused below
    except (AttributeError, ValueError):
        raise InputError(file, place, expected=_("a time such as 20270101000000Z"), found=shown(text)) from None
