"""Runs over many mines: a bar while they go on, and what is said when they are cut short."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click

from greenmine.i18n import gettext as _

INTERRUPTED = 130


def watched(results: Iterable[Any], count: int, *, quiet: bool) -> Iterator[Any]:
    """Yield what came of each mine and draw a bar with rate, remaining time and failures meanwhile.

    Args:
        results: what came of each; a `failure` that is not empty counts as one.
        count: how many there will be.
        quiet: whether to draw nothing; nothing is drawn either where standard error is no terminal.
    """
    from tqdm import tqdm  # noqa: PLC0415 - late: programs need no bar

    class Bar(tqdm):  # type: ignore[type-arg] # what it iterates over is nobody's business
        """A bar without a thread that watches it: a process with threads cannot fork."""

        monitor_interval = 0

    hidden = quiet or not sys.stderr.isatty()
    failed = 0
    with Bar(total=count, unit=_("mine"), disable=hidden, leave=False, dynamic_ncols=True, miniters=1) as bar:
        for one in results:
            failed += bool(one.failure)
            bar.set_postfix_str(_("failed: {count}").format(count=failed), refresh=False)
            bar.update()
            yield one


def interrupted(done: int, count: int) -> int:
    """Say how far a run came that Ctrl+C ended; return the exit status of the command."""
    text = _("interrupted: {done} of {count} mines done. What is sealed stays; start the run again for the rest.")
    click.echo(f"greenmine: {text.format(done=done, count=count)}", err=True)
    return INTERRUPTED
