"""Verifying who vouches for checkpoints: the operator, time stamp authorities, witnesses.

Whose signatures count is not for the archive to say: an auditor brings keys and certificates of his own (`Pins`), and
takes those in the archive's `trust/` only for want of better. Where none are at hand, it is still noticed when a
signature is not over what it stands beside, and the rest is reported as not proven.

A signature counts as of the time that is proven for it, that of the stamp. Where there is none, it counts as of now; a
key that has expired since then makes it unproven, not wrong.
"""

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from greenmine.archive import tools
from greenmine.archive.checkpoint import SIGNATURE, TIMESTAMP, StoredCheckpoint
from greenmine.archive.signature import Signature, Trust, Verified, parse_signature, verify, verify_any
from greenmine.archive.signers import CHECKPOINT as OPERATOR
from greenmine.archive.signers import WITNESS, read_signers
from greenmine.archive.timestamp import verify_stamp
from greenmine.archive.verdicts import AUTHENTICITY, Collector
from greenmine.errors import CheckFailed, InputError, IntegrityError, UsageError, shown
from greenmine.i18n import gettext as _

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Pins:
    """What an auditor brings along.

    Attributes:
        trust: whose signatures count; None where nobody is known.
        authorities: certificates of time stamp authorities, PEM; None where none are known.
        own: whether they come from the archive itself, and so prove nothing against who runs it.
    """

    trust: Trust | None = None
    authorities: Path | None = None
    own: bool = False

    @classmethod
    def of(cls, folder: Path, *, own: bool = False) -> Pins:
        """Return what a folder holds: `allowed_signers`, `revoked.krl`, `tsa-chain.pem`.

        Raises:
            InputError: one of them cannot be understood, or there is no `allowed_signers` in the auditor's own folder.
        """
        trust, chain = Trust.of(folder), folder / "tsa-chain.pem"
        if trust is not None:
            read_signers(trust.allowed_signers)
        elif not own:
            file = folder / "allowed_signers"
            raise InputError(file, expected=_("whose signatures count, a line for each key"), found=_("no such file"))
        if chain.is_file() and tools.run(["openssl", "x509", "-noout", "-in", str(chain)]).status:
            raise InputError(chain, expected=_("certificates in PEM form"), found=_("something else"))
        return cls(trust, chain if chain.is_file() else None, own)


@dataclass(frozen=True, slots=True)
class Attested:
    """What holds of the signatures about a checkpoint.

    Attributes:
        entries: how many entries it covers.
        signed: whether the operator signed it, with a key that is trusted.
        stamped: when an authority stamped that; None where none did.
        witnesses: who else signed it, with keys that are trusted.
    """

    entries: int
    signed: bool = False
    stamped: dt.datetime | None = None
    witnesses: tuple[str, ...] = ()


def operators_of(stored: Iterable[StoredCheckpoint]) -> frozenset[bytes]:
    """Return the public keys that checkpoints are signed with by whoever runs the archive, trusted or not."""
    found = set()
    for one in stored:
        with contextlib.suppress(IntegrityError):  # its own check says so
            if one.signature is not None:
                found.add(parse_signature(one.signature, one.folder / SIGNATURE).key)
    return frozenset(found)


def check_signatures(
    stored: Sequence[StoredCheckpoint], operators: Collection[bytes], pins: Pins, collector: Collector, pool: Executor
) -> tuple[Attested, ...]:
    """Return what holds of the signatures about checkpoints.

    Args:
        stored: the checkpoints, the oldest first.
        operators: the keys that are no outside witness's, as `operators_of` returns them.
        pins: whose signatures count.
        collector: keeps what does not hold or is not proven.
        pool: runs the programs.
    """
    _remark_on_loose_keys(pins, collector)
    jobs = [later(pool, partial(_looked_at, one, pins, operators)) for one in stored]
    found = []
    for one, job in zip(stored, jobs, strict=True):
        seen, attested = job()
        for check, problem, file in seen:
            if problem is None:
                collector.hold(check)
            elif isinstance(problem, Unproven):
                collector.unproven(problem.code, AUTHENTICITY, str(problem))
            else:
                collector.fail(check, problem, file)
        if one is stored[-1]:
            for number, text in enumerate(one.unproven):
                collector.unproven(f"checkpoint.missing.{number}", AUTHENTICITY, f"{one.folder.name}: {text}")
        found.append(attested)
    return tuple(found)


def _remark_on_loose_keys(pins: Pins, collector: Collector) -> None:
    """Remark on keys that are trusted for more than one thing, because nobody said for what."""
    lines = read_signers(pins.trust.allowed_signers) if pins.trust is not None else ()
    loose = [one for one in lines if not one.namespaces or set("*?") & set("".join(one.namespaces))]
    if loose:
        text = _("Keys without {option} in allowed_signers may sign anything, checkpoints too: {names}.")
        names = ", ".join(dict.fromkeys(shown(name) for one in loose for name in one.principals))
        collector.unproven("keys.anything", AUTHENTICITY, text.format(option='namespaces="…"', names=names))


def later(pool: Executor, work: Callable[[], _T]) -> Callable[[], _T]:
    """Start work in a pool, with the language of this thread; return what waits for its result."""
    return pool.submit(contextvars.copy_context().run, work).result


class Unproven(Exception):  # noqa: N818 - nothing failed
    """A signature that proves nothing here."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


_Seen = list[tuple[str, Exception | None, Path]]


def _looked_at(one: StoredCheckpoint, pins: Pins, operators: Collection[bytes]) -> tuple[_Seen, Attested]:
    seen: _Seen = []

    def tried(check: str, name: str, work: Callable[[Path], _T]) -> _T | None:
        file = one.folder / name
        try:
            found = work(file)
        except UsageError:
            raise
        except (CheckFailed, InputError, OSError, Unproven) as problem:
            seen.append((check, problem, file))
            return None
        seen.append((check, None, file))
        return found

    stamped: dt.datetime | None = None
    signed = False
    witnesses = []
    if one.signature is not None and one.timestamp is not None:
        stamped = tried("checkpoint.timestamp", TIMESTAMP, lambda file: _stamp(one, pins, file))
    if one.signature is not None:
        signed = tried("checkpoint.signature", SIGNATURE, lambda file: _operator(one, pins, stamped, file)) is not None
    for name in one.witnesses:
        done = tried(
            "checkpoint.witness", f"witness-{name}.sig", partial(_witness, one, name, pins, operators, stamped)
        )
        if done is not None:
            witnesses.append(name)
    return seen, Attested(one.checkpoint.head.entries, signed, stamped, tuple(witnesses))


def _stamp(one: StoredCheckpoint, pins: Pins, file: Path) -> dt.datetime:
    if pins.authorities is None:
        text = _("Time stamps were not checked: no certificates of time stamp authorities (tsa-chain.pem) were given.")
        raise Unproven("timestamp.unchecked", text)
    return verify_stamp(one.signature or b"", one.timestamp or b"", pins.authorities, file).time


def _operator(one: StoredCheckpoint, pins: Pins, stamped: dt.datetime | None, file: Path) -> Verified:
    signature = parse_signature(one.signature or b"", file)
    data = one.checkpoint.data
    if pins.trust is None:
        check_novalidate(data, signature, OPERATOR, file)
        raise Unproven("signature.unknown", _("It was not checked whose the signatures are: no allowed_signers."))
    trust = pins.trust
    return dated(
        lambda at: verify_any(data, signature, namespace=OPERATOR, trust=trust, at=at, file=file),
        stamped,
        dt.datetime.fromisoformat(one.checkpoint.time),
        _("The key of {file} is not valid any more, and no time stamp proves that it was when it signed.").format(
            file=f"{one.folder.name}/{SIGNATURE}"
        ),
    )


def _witness(  # noqa: PLR0917 - what a signature is about
    one: StoredCheckpoint,
    name: str,
    pins: Pins,
    operators: Collection[bytes],
    stamped: dt.datetime | None,
    file: Path,
) -> Verified:
    signature = parse_signature(one.witnesses[name], file)
    data = one.checkpoint.data
    if signature.key in operators:
        check_novalidate(data, signature, WITNESS, file)
        text = _("The witness {name} signed with the operator's own key: it is no outside witness.")
        raise Unproven(f"witness.own.{name}", text.format(name=shown(name)))
    known = pins.trust is not None and any(line.is_for(name) for line in read_signers(pins.trust.allowed_signers))
    if pins.trust is None or not known:
        check_novalidate(data, signature, WITNESS, file)
        text = _("The witness {name} is not in allowed_signers: it was not checked whose the signature is.")
        raise Unproven(f"witness.unknown.{name}", text.format(name=shown(name)))
    trust = pins.trust
    return dated(
        lambda at: verify(data, signature, principal=name, namespace=WITNESS, trust=trust, at=at, file=file),
        None,
        stamped or dt.datetime.fromisoformat(one.checkpoint.time),
        _("The key of {file} is not valid any more, and no time stamp proves that it was when it signed.").format(
            file=f"{one.folder.name}/witness-{name}.sig"
        ),
    )


def dated(check: Callable[[dt.datetime | None], _T], proven: dt.datetime | None, claimed: dt.datetime, text: str) -> _T:
    """Return what a check of a signature says of the time that is proven; or that it holds only at a claimed one.

    Args:
        check: checks the signature as of a time; as of now where it is given none.
        proven: when it is known to have existed.
        claimed: when it is said to have been made.
        text: what to say where it holds only then.

    Raises:
        CheckFailed: it holds at neither.
    """
    try:
        return check(proven)
    except CheckFailed:
        if proven is not None:
            raise
        try:
            check(claimed)
        except CheckFailed:
            pass
        else:
            raise Unproven("signature.undated", text) from None
        raise


def check_novalidate(data: bytes, signature: Signature, namespace: str, file: Path) -> None:
    """Make sure that a signature is one over `data`, whosever it is.

    Raises:
        CheckFailed: it is not.
    """
    with tools.files({"sig": signature.data}) as folder:
        done = tools.run(["ssh-keygen", "-Y", "check-novalidate", "-n", namespace, "-s", str(folder / "sig")], data)
    if done.status or not done.output.startswith(b"Good "):
        text = _("{file}: the signature is not over what it stands beside.")
        raise CheckFailed(text.format(file=file))


def follows(attested: Iterable[Attested], number: int) -> dt.datetime | None:
    """Return after when an entry is proven to have been entered: the latest stamp over a ledger without it, or None."""
    return max(
        (one.stamped for one in attested if one.signed and one.stamped is not None and one.entries < number),
        default=None,
    )


def existed(attested: Iterable[Attested], number: int) -> dt.datetime | None:
    """Return since when an entry is proven to exist: the earliest stamp of a signed checkpoint over it, or None."""
    return min(
        (one.stamped for one in attested if one.signed and one.stamped is not None and one.entries >= number),
        default=None,
    )
