"""Runs over many mines on the terminal: the bar."""

from __future__ import annotations

import io
import sys
import threading
from dataclasses import dataclass

import pytest
from tqdm import tqdm

from greenmine.cli.progress import watched


@dataclass
class One:
    failure: str = ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_the_bar_passes_everything_on_and_leaves_no_thread(
    monkeypatch: pytest.MonkeyPatch, kind: type[io.StringIO]
) -> None:
    """It is drawn on a terminal only; a process with a thread could not fork notebooks."""
    monkeypatch.setattr(tqdm, "monitor", None)
    monkeypatch.setattr(sys, "stderr", drawn := kind())
    before = set(threading.enumerate())
    given = [One(), One("why"), One()]
    assert given == list(watched(given, 3, quiet=False))
    assert before == set(threading.enumerate())
    assert (kind is Terminal) == ("0/3" in drawn.getvalue())
