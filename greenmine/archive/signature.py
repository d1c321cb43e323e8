"""Signatures: made and checked by `ssh-keygen -Y`, so that anyone with OpenSSH can check them without this program.

A signature is an armoured SSHSIG file that names its namespace, that is, what it is for. `ssh-keygen` alone decides
whether it holds: for these bytes, this principal, this namespace, at this time. Around that this module adds what
`ssh-keygen` lets pass: it skips what follows the armour, takes any line breaks in it, and reads a reserved field and a
version that no signature covers. A file that differs in any of these from the one form that `ssh-keygen` writes is
refused, so that a sealed signature cannot be changed by a single bit without being noticed. Where `ssh-keygen` gives no
reason for its no, the reason is looked up in `allowed_signers`.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.archive import tools
from greenmine.archive.signers import PublicKey, Signer, fingerprint, format_time, read_signers
from greenmine.errors import CheckFailed, InputError, IntegrityError, UsageError, shown
from greenmine.i18n import gettext as _

MAX_SIGNATURE: Final = 64 * 1024
"""The largest signature file accepted, in bytes; one of an RSA key takes about 3,000."""

SIGN_TIMEOUT: Final = 300.0
"""Seconds to type a passphrase or touch a hardware key."""

_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_COLUMNS: Final = 70
_MAGIC: Final = b"SSHSIG\0\0\0\1"
_HASHES: Final = (b"sha256", b"sha512")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature file says of itself; nothing of it is proven.

    Attributes:
        namespace: what it is for.
        kind: the type of the key.
        key: the public key.
        data: the signature file.
    """

    namespace: str
    kind: str
    key: bytes
    data: bytes

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint, as `ssh-keygen -l` shows it."""
        return fingerprint(self.key)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count.

    Attributes:
        allowed_signers: the file that names principals and their keys.
        revoked: a key revocation list, or None.
    """

    allowed_signers: Path
    revoked: Path | None = None

    @classmethod
    def of(cls, folder: Path) -> Trust | None:
        """Return the trust that a folder holds (`allowed_signers`, `revoked.krl`); None where it names no signers.

        Raises:
            InputError: the revocation list is none.
        """
        if not (folder / "allowed_signers").is_file():
            return None
        revoked = folder / "revoked.krl"
        if revoked.exists() and not (revoked.is_file() and _lists_keys(revoked)):
            expected = _("a key revocation list, as ssh-keygen -k makes it, or public keys")
            raise InputError(revoked, expected=expected, found=_("something else"))
        return cls(folder / "allowed_signers", revoked if revoked.exists() else None)

    @property
    def arguments(self) -> list[str]:
        """The arguments of `ssh-keygen` for it."""
        return ["-f", str(self.allowed_signers), *(["-r", str(self.revoked)] if self.revoked else [])]


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds.

    Attributes:
        principal: who signed.
        namespace: what for.
        kind: the type of the key.
        fingerprint: the key's fingerprint.
    """

    principal: str
    namespace: str
    kind: str
    fingerprint: str


def sign(data: bytes, key: Path, namespace: str) -> bytes:
    """Return a signature over `data`, as the content of a `.sig` file.

    Args:
        data: what is signed.
        key: the private key; or a public key whose private part is in the agent or on a hardware key.
        namespace: what the signature is for, such as `greenmine-finding`.

    Raises:
        UsageError: the key cannot be used: not there, wrong passphrase, not touched in time.
    """
    if not key.is_file():
        raise UsageError(_("There is no key {path}.").format(path=shown(str(key), 200)))
    done = tools.run(["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", namespace], data, SIGN_TIMEOUT)
    if done.status:
        text = _("The key {path} cannot sign: {reason}.")
        raise UsageError(text.format(path=shown(str(key), 200), reason=_said(done)))
    parse_signature(done.output, key)
    return done.output


def parse_signature(data: bytes, file: object) -> Signature:
    """Return what a signature file says of itself.

    Args:
        data: the file's content.
        file: what to call it in messages.

    Raises:
        IntegrityError: it is not, to the byte, what `ssh-keygen` writes for the signature it holds.
    """
    expected = _("an SSH signature in the form that ssh-keygen writes")
    if len(data) > MAX_SIGNATURE:
        raise IntegrityError(file, expected=expected, found=_("{size} bytes").format(size=len(data)))
    try:
        lines = data.decode("ascii").split("\n")
        blob = base64.b64decode("".join(lines[1:-2]), validate=True)
    except (UnicodeDecodeError, binascii.Error):
        raise IntegrityError(file, expected=expected, found=_("something else")) from None
    if data != _armour(blob):
        raise IntegrityError(file, expected=expected, found=_("the same with other bytes around it or in between"))
    parts = _strings(blob.removeprefix(_MAGIC)) if blob.startswith(_MAGIC) else None
    if parts is None or len(parts) != 5 or parts[2] or parts[3] not in _HASHES:  # noqa: PLR2004 - key, namespace, reserved, hash, signature
        raise IntegrityError(file, expected=expected, found=_("armour with other content"))
    kind = _first_string(parts[0])
    if not kind.isascii() or not parts[1].isascii():
        raise IntegrityError(file, expected=expected, found=_("armour with other content"))
    return Signature(parts[1].decode(), kind.decode(), parts[0], data)


def find_principals(signature: Signature, trust: Trust, at: dt.datetime | None = None) -> tuple[str, ...]:
    """Return the principals that the key of a signature belongs to at a time, by `ssh-keygen`; there may be none.

    Args:
        signature: the signature.
        trust: whose signatures count.
        at: the time; now where it is not given.
    """
    with tools.files({"sig": signature.data}) as folder:
        command = ["ssh-keygen", "-Y", "find-principals", "-f", str(trust.allowed_signers), "-s", str(folder / "sig")]
        done = tools.run([*command, *_at(at)])
    lines = done.output.decode("utf-8", "replace").splitlines() if done.status == 0 else []
    return tuple(name for line in lines for name in line.split(","))


def verify(
    data: bytes,
    signature: Signature,
    *,
    principal: str,
    namespace: str,
    trust: Trust,
    at: dt.datetime | None = None,
    file: object,
) -> Verified:
    """Make sure that somebody signed `data` for a purpose.

    Args:
        data: what was signed.
        signature: the signature.
        principal: who must have signed.
        namespace: what for.
        trust: whose signatures count.
        at: when the signature is known to have existed; now where it is not given.
        file: what to call the signature in messages.

    Raises:
        CheckFailed: the signature does not hold; the message says why.
    """
    with tools.files({"sig": signature.data}) as folder:
        command = ["ssh-keygen", "-Y", "verify", *trust.arguments, "-I", principal, "-n", namespace]
        done = tools.run([*command, *_at(at), "-s", str(folder / "sig")], data)
    if done.status or not done.output.startswith(b"Good "):
        reason = _reason(signature, principal, namespace, trust, at or dt.datetime.now(dt.UTC)) or _said(done)
        text = _("{file}: the signature does not hold for {principal}: {reason}.")
        raise CheckFailed(text.format(file=file, principal=shown(principal), reason=reason))
    return Verified(principal, namespace, signature.kind, signature.fingerprint)


def verify_any(
    data: bytes, signature: Signature, *, namespace: str, trust: Trust, at: dt.datetime | None = None, file: object
) -> Verified:
    """Make sure that somebody who is trusted signed `data`, and tell who; arguments as `verify`.

    Raises:
        CheckFailed: nobody who is trusted did; the message says why.
    """
    found = find_principals(signature, trust, at)
    if not found:
        reason = _reason(signature, "", namespace, trust, at or dt.datetime.now(dt.UTC)) or _("the key is not trusted")
        text = _("{file}: the signature is nobody's who is trusted: {reason}.")
        raise CheckFailed(text.format(file=file, reason=reason))
    owned = (one for one in read_signers(trust.allowed_signers) if one.key.blob == signature.key)
    names = dict.fromkeys((*found, *(name for one in owned for name in one.principals)))
    for name in names:  # one key may have several names, for different purposes; find-principals tells the first
        with suppress(CheckFailed):
            return verify(data, signature, principal=name, namespace=namespace, trust=trust, at=at, file=file)
    return verify(data, signature, principal=found[0], namespace=namespace, trust=trust, at=at, file=file)


def sign_trusted(
    data: bytes, key: Path, namespace: str, trust: Trust | None = None
) -> tuple[Signature, Verified | None]:
    """Return a signature over `data`, and by whom it is where it is known whose signatures count.

    Args:
        data: what is signed.
        key: the private key; see `sign`.
        namespace: what the signature is for.
        trust: whose signatures count; None where nobody is known.

    Raises:
        UsageError: the key cannot sign, or is not trusted for that.
    """
    signature = parse_signature(sign(data, key, namespace), key)
    if trust is None:
        return signature, None
    try:
        return signature, verify_any(data, signature, namespace=namespace, trust=trust, file=key)
    except CheckFailed as problem:
        raise UsageError(f"{problem} " + _("See: {command}").format(command="greenmine keys --help")) from None


def _lists_keys(revoked: Path) -> bool:
    """Tell whether `ssh-keygen` can read a revocation list; one that it cannot revokes every key there is."""
    return any(not tools.run(["ssh-keygen", *how, "-f", str(revoked)]).status for how in (["-Q", "-l"], ["-l"]))


def is_revoked(key: PublicKey, revoked: Path) -> bool:
    """Tell whether a key is on a revocation list, or the list cannot be read."""
    with tools.files({"key.pub": key.text.encode() + b"\n"}) as folder:
        return tools.run(["ssh-keygen", "-Q", "-f", str(revoked), str(folder / "key.pub")]).status != 0


def _reason(signature: Signature, principal: str, namespace: str, trust: Trust, at: dt.datetime) -> str:
    """Return why a signature does not hold, as far as it and `allowed_signers` tell; else an empty text."""
    if signature.namespace != namespace:
        return _("it was made for {found}, not for {expected}").format(found=signature.namespace, expected=namespace)
    try:
        signers = read_signers(trust.allowed_signers)
    except InputError as problem:
        return str(problem)
    key = f"{signature.kind} {signature.fingerprint}"
    owned = [one for one in signers if one.key.blob == signature.key]
    named = [one for one in owned if not principal or one.is_for(principal)]
    if named:
        return _key_reason(named, namespace, trust, at)
    if owned:
        owner = shown(", ".join(owned[0].principals))
        return _("the key {key} belongs to {principal}").format(key=key, principal=owner)
    return _("the key {key} is not in {file}").format(key=key, file=trust.allowed_signers)


def _key_reason(lines: list[Signer], namespace: str, trust: Trust, at: dt.datetime) -> str:
    """Return why a key that is trusted for something is not trusted here; an empty text where it is."""
    key = f"{lines[0].key.kind} {lines[0].key.fingerprint}"
    if trust.revoked is not None and is_revoked(lines[0].key, trust.revoked):
        return _("the key {key} is revoked").format(key=key)
    if not any(one.may_sign(namespace) for one in lines):
        return _("the key {key} may not sign {namespace}").format(key=key, namespace=namespace)
    if not any(one.is_valid(at) for one in lines):
        return _("the key {key} was not valid at {time}").format(key=key, time=at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return ""


def _said(done: tools.Outcome) -> str:
    """Return what `ssh-keygen` gave as a reason."""
    if "incorrect signature" in done.words:
        return _("the signed content or the signature was changed")
    words = done.words or done.output.decode("utf-8", "replace").strip()
    return _("ssh-keygen says {words}").format(words=shown(words, 300))


def _at(at: dt.datetime | None) -> list[str]:
    return [] if at is None else [f"-Overify-time={format_time(at)}"]


def _armour(blob: bytes) -> bytes:
    """Return the one form in which `ssh-keygen` writes a signature."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    return "\n".join([_BEGIN, *lines, _END, ""]).encode()


def _first_string(blob: bytes) -> bytes:
    return blob[4 : 4 + int.from_bytes(blob[:4], "big")]


def _strings(blob: bytes) -> list[bytes] | None:
    """Return the strings that a blob is made of; None where it is not made of strings."""
    found = []
    while blob:
        end = 4 + int.from_bytes(blob[:4], "big")
        if len(blob) < max(end, 4):
            return None
        found.append(blob[4:end])
        blob = blob[end:]
    return found
