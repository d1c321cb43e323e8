"""The environment that tests start programs in."""

from __future__ import annotations

import os


def unmeasured() -> dict[str, str]:
    """Return the environment without the measuring of coverage, which writes a file when a program ends.

    For programs that must not be able to: under a limit on the size of files, say.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "COVERAGE"))}
