"""Keys: whose signatures the archive believes, for what, and until when.

`trust/allowed_signers` and `trust/revoked.krl` are what `ssh-keygen` takes. They are a convenience: an auditor holds
copies of his own, obtained from somewhere else. Keys are added, given an end, or revoked. Giving a key an end keeps
what it signed before; revoking it takes back everything, for when nobody knows since when it was in wrong hands. Lines
that were written by hand stay as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from greenmine.archive import tools
from greenmine.archive.layout import Archive
from greenmine.archive.lock import exclusive
from greenmine.archive.signature import is_revoked
from greenmine.archive.signers import (
    CHECKPOINT,
    FINDING,
    NAMESPACES,
    PRINCIPAL,
    WITNESS,
    PublicKey,
    Signer,
    read_signers,
)
from greenmine.archive.store import refused
from greenmine.assessment.payload import is_person
from greenmine.errors import UsageError, shown
from greenmine.files import write_atomic
from greenmine.i18n import gettext as _
from greenmine.workspace import is_id


def signers(archive: Archive) -> tuple[Signer, ...]:
    """Return the lines of `trust/allowed_signers`; none where there is no file.

    Raises:
        InputError: a line is malformed.
    """
    path = archive.trust / "allowed_signers"
    return read_signers(path) if path.is_file() else ()


def revoked_keys(archive: Archive) -> frozenset[str]:
    """Return the fingerprints of those keys in `allowed_signers` that are revoked."""
    path = archive.trust / "revoked.krl"
    if not path.is_file():
        return frozenset()
    return frozenset(one.key.fingerprint for one in signers(archive) if is_revoked(one.key, path))


def add_signer(archive: Archive, signer: Signer) -> None:
    """Add a line to `trust/allowed_signers`.

    Args:
        archive: the archive.
        signer: the line; one principal, and what it may sign.

    Raises:
        UsageError: the principal or what it may sign is not one this program uses, the key is there already, or
            it would be the operator's and a witness's.
    """
    for principal in signer.principals:
        if not PRINCIPAL.fullmatch(principal):
            text = _("{name} is no name of a signer: expected letters, digits, '.', '_', '-' and '@'.")
            raise UsageError(text.format(name=shown(principal)))
        if FINDING in signer.namespaces and not _is_expert(principal):
            text = _("{name} is no name of an expert: expected id, assessment and mine, such as {example}.")
            raise UsageError(text.format(name=shown(principal), example="E1@2026-selection@GM-0001"))
    strange = [name for name in signer.namespaces if name not in NAMESPACES]
    if strange or not signer.namespaces:
        text = _("{name} is nothing to be signed: expected one of {names}.")
        raise UsageError(text.format(name=shown("".join(strange[:1])), names=", ".join(NAMESPACES)))
    if signer.valid_after and signer.valid_before and signer.valid_after >= signer.valid_before:
        raise UsageError(_("A key cannot become invalid before it becomes valid."))
    with refused(archive.trust):
        archive.store.make_folder(archive.trust)
        with exclusive(archive.lock):
            lines = signers(archive)
            for one in lines:
                if one.key.blob == signer.key.blob and set(one.principals) & set(signer.principals):
                    text = _("The key {key} of {principal} is there already, in line {line}.")
                    name = ", ".join(one.principals)
                    raise UsageError(text.format(key=one.key.fingerprint, principal=name, line=one.line))
            purposes = {name for one in lines if one.key.blob == signer.key.blob for name in one.namespaces}
            if {CHECKPOINT, WITNESS} <= purposes | set(signer.namespaces):
                raise UsageError(_("The key that signs checkpoints cannot witness them: a witness is somebody else."))
            _write(archive, [*_lines(archive), signer.text])


def end_signer(archive: Archive, key: PublicKey, at: dt.datetime) -> int:
    """Let a key's signatures count only if they were made by a time; return how many lines were changed.

    Args:
        archive: the archive.
        key: the key.
        at: the time. A key that ends earlier already keeps its end.

    Raises:
        UsageError: the key is in no line, or became valid only after that time.
    """
    with refused(archive.trust), exclusive(archive.lock):
        lines = _lines(archive)
        mine = [one for one in signers(archive) if one.key.blob == key.blob]
        if not mine:
            raise UsageError(_("The key {key} is not in {file}.").format(key=key.fingerprint, file="allowed_signers"))
        if any(one.valid_after and one.valid_after >= at for one in mine):
            raise UsageError(_("A key cannot become invalid before it becomes valid."))
        later = [one for one in mine if one.valid_before is None or one.valid_before > at]
        for one in later:
            lines[one.line - 1] = replace(one, valid_before=at).text
        if later:
            _write(archive, lines)
    return len(later)


def revoke(archive: Archive, keys: Sequence[PublicKey]) -> None:
    """Put keys on the revocation list: whatever they signed, at whatever time, does not count any more.

    Raises:
        UsageError: `ssh-keygen` refuses a key or the list that is there.
    """
    path = archive.trust / "revoked.krl"
    with refused(archive.trust):
        archive.store.make_folder(archive.trust)
        with exclusive(archive.lock):
            before = {"krl": path.read_bytes()} if path.is_file() else {}
            texts = {f"{number}.pub": f"{key.text}\n".encode() for number, key in enumerate(keys)}
            with tools.files({**texts, **before}) as folder:
                names = [str(folder / name) for name in texts]
                update = ["-u"] if before else []
                done = tools.run(["ssh-keygen", "-k", *update, "-f", str(folder / "krl"), *names])
                if done.status:
                    raise UsageError(_("ssh-keygen says {words}").format(words=shown(done.words, 300)))
                write_atomic(path, (folder / "krl").read_bytes())


def _is_expert(principal: str) -> bool:
    """Tell whether a name is that of an expert of a panel: `E1@2026-selection@GM-0001`."""
    person, *about = principal.split("@")
    return len(about) == 2 and is_person(person) and all(is_id(name) for name in about)  # noqa: PLR2004 - see above


def _lines(archive: Archive) -> list[str]:
    path = archive.trust / "allowed_signers"
    return path.read_text("utf-8").rstrip("\n").split("\n") if path.is_file() and path.stat().st_size else []


def _write(archive: Archive, lines: list[str]) -> None:
    write_atomic(archive.trust / "allowed_signers", "".join(f"{line}\n" for line in lines).encode())
