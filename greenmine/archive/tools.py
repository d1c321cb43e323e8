"""Stock programs: `ssh-keygen` and `openssl` are called here and nowhere else.

A program is found on the PATH and given its arguments one by one; there is never a shell. It gets its data on standard
input or in files of a private temporary folder, speaks English (LC_ALL=C) and reckons in UTC, and may not run for ever.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from greenmine.errors import UsageError, one_line
from greenmine.files import refusal
from greenmine.i18n import gettext as _

PACKAGES: Final = {"ssh-keygen": "openssh-client", "openssl": "openssl"}
"""The Debian package each program comes in, for the hint."""

_MEMORY: Final = "/dev/shm"  # noqa: S108 - a folder of an own name is made in it

TIMEOUT: Final = 60.0
"""Seconds that a program may run unless its caller gives it more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended.

    Attributes:
        status: its exit status.
        output: what it wrote to standard output.
        words: what it wrote to standard error, for a message: its lines, joined to one.
    """

    status: int
    output: bytes
    words: str


def run(command: Sequence[str], data: bytes = b"", timeout: float = TIMEOUT) -> Outcome:
    """Run a program to its end.

    Args:
        command: the program's name or path, and its arguments.
        data: what it reads on standard input.
        timeout: seconds it may take.

    Raises:
        UsageError: there is no such program, it cannot be started, or it takes longer.
    """
    name = command[0]
    path = shutil.which(name)
    if path is None:
        hint = _("Install the package {package}.").format(package=PACKAGES[name]) if name in PACKAGES else ""
        raise UsageError(_("The program {name} is needed and not there.").format(name=name) + f" {hint}".rstrip())
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are a list made by this package, and there is no shell
            [path, *command[1:]], input=data, capture_output=True, check=False, timeout=timeout, env=environment
        )
    except subprocess.TimeoutExpired:
        text = _("The program {name} did not end within {seconds} seconds.")
        raise UsageError(text.format(name=name, seconds=f"{timeout:g}")) from None
    except OSError as problem:
        text = _("The program {name} cannot be started: {reason}.")
        raise UsageError(text.format(name=name, reason=refusal(problem))) from None
    words = done.stderr.decode("utf-8", "replace").replace("\r", "\n").splitlines()
    return Outcome(done.returncode, done.stdout, one_line("; ".join(line.strip() for line in words if line.strip())))


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder that only this user can read, in memory where there is such a place, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="greenmine-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as name:
        yield Path(name)


@contextmanager
def files(contents: Mapping[str, bytes]) -> Iterator[Path]:
    """Lay out files for a program in a folder that only this user can read, and remove it afterwards.

    Args:
        contents: name → content.

    Yields:
        The folder.
    """
    with tempfile.TemporaryDirectory(prefix="greenmine-") as folder:
        for name, content in contents.items():
            (Path(folder) / name).write_bytes(content)
        yield Path(folder)
