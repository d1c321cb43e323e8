"""Signing off with a key: what a seat in the workbook is given so that a member's own SSH key signs, too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

VARIABLE = "GREENMINE_KEY"
"""The environment variable that names the private key of whoever works here."""


def key_signer(key: Path | None = None) -> Callable[[str, bytes], str] | None:
    """Return what signs a sign-off with a key, for `Desk.open`; None where no key is named.

    Args:
        key: the private key, or a public key whose private part is in the agent; the one that `GREENMINE_KEY` names
            by default.

    Returns:
        A function of a member's id and the text to sign, which returns the armoured signature. It raises UsageError
        where the key cannot sign.
    """
    named = os.environ.get(VARIABLE, "")
    path = key or (Path(named).expanduser() if named else None)
    if path is None:
        return None

    def signer(_member: str, statement: bytes) -> str:
        from greenmine.archive.signature import sign  # noqa: PLC0415 - late: every notebook asks, few have a key
        from greenmine.archive.signers import FINDING  # noqa: PLC0415 - likewise

        return sign(statement, path, FINDING).decode()

    return signer
