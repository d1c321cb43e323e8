"""Time stamps: an authority's word that some bytes existed at a time, as in RFC 3161, by `openssl ts`.

The operator's signature over a checkpoint is stamped, so that the signature still counts when its key has expired or
was lost: it is checked as of the time of the stamp. The authority is asked over HTTP, or by a command that reads the
query on standard input and writes the reply to standard output. Whether a stamp holds is decided by `openssl ts
-verify`, with certificates that the verifier pins (`trust/tsa-chain.pem`) and as of the stamp's own time, for a
certificate may have expired since. The time is read from the signed token alone: what stands around it in a reply is
nobody's word.
"""

from __future__ import annotations

import datetime as dt
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive import tools
from greenmine.errors import CheckFailed, UsageError, shown
from greenmine.i18n import gettext as _

MAX_REPLY: Final = 128 * 1024
"""The largest reply accepted from an authority, in bytes."""

_TYPES: Final = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
_TIME: Final = re.compile(
    r"^Time stamp: ([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)? ([0-9]{4}) GMT$",
    re.MULTILINE,
)
_SERIAL: Final = re.compile(r"^Serial number: (0x[0-9A-F]+|[0-9]+)$", re.MULTILINE)
_POLICY: Final = re.compile(r"^Policy OID: ([A-Za-z0-9._-]+)$", re.MULTILINE)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Authority:
    """Who is asked for time stamps; one of the two is given.

    Attributes:
        url: its address, http or https.
        command: a program and its arguments.
        timeout: seconds to wait for the reply.
    """

    url: str = ""
    command: tuple[str, ...] = ()
    timeout: float = 30.0

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return self.url or " ".join(self.command)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a time stamp says.

    Attributes:
        time: when the bytes existed, in UTC, to the second (fractions are dropped).
        serial: the authority's number for it, as `openssl` shows it.
        policy: the policy it was issued under.
    """

    time: dt.datetime
    serial: str
    policy: str


def request_stamp(data: bytes, authority: Authority, chain: Path) -> bytes:
    """Return a time stamp over `data`, as the content of a `.tsr` file.

    Args:
        data: what is stamped; only its SHA-256 leaves this machine.
        authority: who is asked.
        chain: certificates in PEM form that the stamp must lead to.

    Raises:
        UsageError: the authority cannot be reached, refuses, or what it sends does not hold.
    """
    with tools.files({"data": data}) as folder:
        command = ["openssl", "ts", "-query", "-data", str(folder / "data"), "-sha256", "-cert"]
        done = tools.run([*command, "-out", str(folder / "query")])
        if done.status:
            raise UsageError(_("openssl makes no query: {words}.").format(words=shown(done.words, 300)))
        query = (folder / "query").read_bytes()
        reply = _over_http(query, authority) if authority.url else _by_command(query, authority)
        (folder / "reply").write_bytes(reply)
        command = ["openssl", "ts", "-verify", "-queryfile", str(folder / "query"), "-in", str(folder / "reply")]
        checked = tools.run([*command, "-CAfile", str(chain)])
    if checked.status or checked.output.strip() != b"Verification: OK":
        text = _("{authority} sent no time stamp that holds: {reason}.")
        raise UsageError(text.format(authority=shown(authority.name, 200), reason=_said(checked)))
    return reply


def read_stamp(reply: bytes, file: object) -> Stamp:
    """Return what a time stamp says; that it holds is not said by this.

    Args:
        reply: content of the `.tsr` file.
        file: what to call it in messages.

    Raises:
        CheckFailed: it is no time stamp.
    """
    with tools.files({"reply": reply}) as folder:
        token = str(folder / "token")
        taken = tools.run(["openssl", "ts", "-reply", "-in", str(folder / "reply"), "-token_out", "-out", token])
        told = tools.run(["openssl", "ts", "-reply", "-in", token, "-token_in", "-text"]) if not taken.status else taken
    text = told.output.decode("utf-8", "replace")
    time, serial, policy = _TIME.search(text), _SERIAL.search(text), _POLICY.search(text)
    if told.status or time is None or serial is None or policy is None or time[1] not in _MONTHS:
        raise CheckFailed(_("{file} is no time stamp: {reason}.").format(file=file, reason=_said(told)))
    clock = dt.time.fromisoformat(time[3].replace(":60", ":59"))  # a leap second has no place in Python's clock
    day = dt.date(int(time[4]), _MONTHS.index(time[1]) + 1, int(time[2]))
    return Stamp(dt.datetime.combine(day, clock, dt.UTC), serial[1], policy[1])


def verify_stamp(data: bytes, reply: bytes, chain: Path, file: object) -> Stamp:
    """Make sure that an authority stamped `data`, and return what it said.

    Args:
        data: what was stamped.
        reply: content of the `.tsr` file.
        chain: certificates in PEM form that are trusted: the authority's root, and those in between.
        file: what to call the time stamp in messages.

    Raises:
        CheckFailed: the stamp does not hold; the message says why.
    """
    stamp = read_stamp(reply, file)
    with tools.files({"data": data, "reply": reply}) as folder:
        command = ["openssl", "ts", "-verify", "-data", str(folder / "data"), "-in", str(folder / "reply")]
        at = ["-attime", str(int(stamp.time.timestamp()))]
        done = tools.run([*command, "-CAfile", str(chain), *at])
    if done.status or done.output.strip() != b"Verification: OK":
        raise CheckFailed(_("{file}: the time stamp does not hold: {reason}.").format(file=file, reason=_said(done)))
    return stamp


def _over_http(query: bytes, authority: Authority) -> bytes:
    if not authority.url.startswith(("http://", "https://")):
        text = _("{url} is no address of a time stamp authority: expected http:// or https://.")
        raise UsageError(text.format(url=shown(authority.url, 200)))
    request = urllib.request.Request(authority.url, query, _TYPES)  # noqa: S310 - the scheme was looked at above
    try:
        with urllib.request.urlopen(request, timeout=authority.timeout) as answer:  # noqa: S310 - see above
            reply: bytes = answer.read(MAX_REPLY + 1)
    except (OSError, urllib.error.HTTPError) as problem:
        reason = getattr(problem, "reason", problem)
        text = _("The time stamp authority {authority} cannot be reached: {reason}.")
        raise UsageError(text.format(authority=shown(authority.url, 200), reason=shown(str(reason), 200))) from None
    return _limited(reply, authority)


def _by_command(query: bytes, authority: Authority) -> bytes:
    done = tools.run(list(authority.command), query, authority.timeout)
    if done.status:
        text = _("The time stamp authority {authority} cannot be reached: {reason}.")
        reason = shown(done.words or f"exit {done.status}", 200)
        raise UsageError(text.format(authority=shown(authority.name, 200), reason=reason))
    return _limited(done.output, authority)


def _limited(reply: bytes, authority: Authority) -> bytes:
    if len(reply) > MAX_REPLY:
        text = _("{authority} sent no time stamp that holds: {reason}.")
        reason = _("more than {limit} bytes").format(limit=MAX_REPLY)
        raise UsageError(text.format(authority=shown(authority.name, 200), reason=reason))
    return reply


def _said(done: tools.Outcome) -> str:
    """Return what `openssl` gave as a reason."""
    known = {
        "imprint mismatch": _("the stamp is for other bytes"),
        "certificate verify error": _("its certificate does not lead to one that is trusted, or was not valid then"),
        "signature failure": _("the stamp was changed"),
        "nonce mismatch": _("it answers another query"),
    }
    found = next((text for words, text in known.items() if words in done.words), "")
    return found or _("openssl says {words}").format(words=shown(done.words.replace("Using configuration", ""), 300))
