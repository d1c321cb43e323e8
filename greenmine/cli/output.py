"""What verbs print: tables for people, JSON for programs.

Tables are laid out by rich, which knows that a Chinese character is two columns wide. Text from files is shown as it
is: no markup, no emoji names, control characters made visible.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from greenmine.errors import GreenmineError, one_line
from greenmine.files import canonical_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDTH = 120
"""Columns of a table that goes into a file or another program, unless COLUMNS says otherwise."""


def print_json(document: Any) -> None:  # noqa: ANN401 - any JSON
    """Print a JSON document in RFC 8785 form and a line end, as UTF-8 bytes whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(canonical_json(document) + b"\n")
    sys.stdout.buffer.flush()


def for_each(mines: Sequence[str], work: Callable[[str], None]) -> None:
    """Do some work for each mine; one that fails is named and does not keep the others from it.

    Raises:
        GreenmineError: the only mine failed.
        click.exceptions.Exit: one of several did; its status is the gravest.
    """
    status = 0
    for mine in mines:
        try:
            work(mine)
        except GreenmineError as problem:
            if len(mines) == 1:
                raise
            click.echo(f"greenmine: {one_line(str(problem))}", err=True)
            status = max(status, problem.exit_status)
    if status:
        raise click.exceptions.Exit(status)


def console() -> Console:
    """Return the console that tables are printed on: standard output."""
    from rich.console import Console  # noqa: PLC0415 - late: programs that want JSON need no tables

    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else WIDTH
    return Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]], right: Iterable[str] = ()) -> Table:
    """Return a table.

    Args:
        title: its caption.
        columns: headings.
        rows: cells of text, as many in each row as there are columns.
        right: headings of the columns that are set flush right, numbers for instance.
    """
    from rich import box  # noqa: PLC0415 - see `console`
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    made = Table(title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    numbers = set(right)
    for name in columns:
        made.add_column(Text(name), justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(one_line(cell)) for cell in row))
    return made
