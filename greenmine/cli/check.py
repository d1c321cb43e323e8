"""`greenmine check MINE`: what is missing or suspicious in a mine's folder.

It reads the folder, the latest assessment where there is one, and as much of the other mines' folders as is needed to
find the same file or photo in both. The exit status is 1 when there is a problem; notices alone leave it at 0.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.cli.options import catalog_option
from greenmine.cli.output import console, print_json, table
from greenmine.errors import CheckFailed, InputError, UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace, is_id

if TYPE_CHECKING:
    from greenmine.assessment import Assessment
    from greenmine.evidence import Inventory, Item, MineProfile, Warning_
    from greenmine.evidence.inventory import Progress

SCHEMA = "greenmine.check/1"


def _day(_context: click.Context, _parameter: click.Parameter, value: str | None) -> dt.date | None:
    if value is None:
        return None
    with suppress(ValueError):
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return dt.date.fromisoformat(value)
    raise UsageError(_("--on {value}: expected a date such as 2026-06-30.").format(value=shown(value)))


@click.command("check", help=_("Tell what is missing or suspicious in a mine's folder. MINE is an id or a folder."))
@click.argument("mine", metavar="MINE")
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document, nothing else."))
@click.option(
    "--on",
    metavar="DATE",
    callback=_day,
    help=_("The day on which licences must be valid: that of the assessment by default, else today."),
)
@click.option(
    "--assessment", metavar="ID", help=_("The assessment whose findings are looked at: the latest by default.")
)
@catalog_option
@click.option("--alone", is_flag=True, help=_("Do not compare with the files of other mines."))
def command(mine: str, *, as_json: bool, on: dt.date | None, assessment: str | None, catalog: str, alone: bool) -> None:
    """Print what is doubtful about a mine's evidence."""
    from greenmine.catalog import load_catalog  # noqa: PLC0415 - late: help needs none of these
    from greenmine.evidence import evidence_warnings, read_profile, take_inventory  # noqa: PLC0415

    workspace = Workspace.around(mine)
    folder = workspace.mine_dir(mine)
    document = load_catalog(catalog, workspace).document
    profile = read_profile(folder)
    with _progress(_("reading {mine}").format(mine=profile.id)) as progress:
        inventory = take_inventory(folder, progress)
    record = _record(folder, assessment, inventory)
    findings = record.findings if record else None
    day = on or (dt.date.fromisoformat(findings["assessment"]["date"]) if findings else _today())
    others, unread = ({}, ()) if alone else _others(folder, inventory)
    warnings = evidence_warnings(profile, inventory, findings, on=day, catalog=document, others=others)
    rows = [*_rows(warnings), *_rows(unread), *(_notices(record) if record else ())]
    report = _report(profile, inventory, day, findings, rows)
    if as_json:
        print_json(report)
    else:
        _print(report)
    if report["problems"]:
        raise click.exceptions.Exit(CheckFailed.exit_status)


def _today() -> dt.date:
    return dt.datetime.now().astimezone().date()


def _record(folder: Path, assessment: str | None, inventory: Inventory) -> Assessment | None:
    """Return the assessment asked for, or the latest; None where there is none and none was asked for."""
    from greenmine.assessment import list_assessments, load_assessment  # noqa: PLC0415 - late, see `command`

    if assessment is None and not list_assessments(folder):
        return None
    return load_assessment(folder, assessment, inventory)


def _others(folder: Path, inventory: Inventory) -> tuple[dict[str, tuple[Item, ...]], tuple[Warning_, ...]]:
    """Return the files of the mines beside this one that may be twins of its own, and what could not be read."""
    from greenmine.evidence import Warning_  # noqa: PLC0415 - late, see `command`
    from greenmine.evidence.twins import candidates  # noqa: PLC0415

    own = folder.resolve()
    beside = [
        other
        for other in sorted(own.parent.iterdir())
        if other != own and is_id(other.name) and not other.is_symlink() and (other / "mine.yaml").is_file()
    ]
    found, unread = {}, []
    for other in beside:
        try:
            with _progress(_("comparing with {mine}").format(mine=other.name)) as progress:
                found[other.name] = candidates(other, inventory, progress)
        except InputError as problem:  # another mine's folder must not keep this one from being checked
            unread.append(Warning_("mine_not_compared", other.name, (), (("reason", str(problem)),)))
    return found, tuple(unread)


@contextmanager
def _progress(title: str) -> Iterator[Progress | None]:
    """Show a bar on standard error while files are read, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - late: only a terminal needs it
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _rows(warnings: Iterable[Warning_]) -> Iterator[dict[str, Any]]:
    for warning in warnings:
        yield {
            "code": warning.code,
            "severity": warning.severity,
            "place": warning.place,
            "indicators": list(warning.indicators),
            "message": warning.message,
        }


def _notices(record: Assessment) -> Iterator[dict[str, Any]]:
    """Yield what reading the journals has brought to light, in the same form."""
    for notice in record.warnings:
        group, _slash, id_ = notice.place.partition("/")
        yield {
            "code": notice.code,
            "severity": "notice",
            "place": notice.place,
            "indicators": [id_] if group in ("indicator", "prerequisite") else [],
            "message": notice.message,
        }


def _report(
    profile: MineProfile,
    inventory: Inventory,
    day: dt.date,
    findings: Mapping[str, Any] | None,
    rows: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return what was found as a JSON document; messages are in the language in use."""
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "mine": {"id": profile.id, "name": profile.name},
        "on": day.isoformat(),
        "inventory": {
            "files": len(inventory.items),
            "bytes": sum(item.size for item in inventory.items),
            "sha256": inventory.sha256,
        },
        "problems": sum(row["severity"] == "problem" for row in rows),
        "notices": sum(row["severity"] == "notice" for row in rows),
        "warnings": list(rows),
    }
    if findings is not None:
        report["assessment"] = findings["assessment"]["id"]
    return report


def _print(report: Mapping[str, Any]) -> None:
    """Print the report as a table with a summary above it."""
    severities = {"problem": _("problem"), "notice": _("notice")}
    summary = _("{mine} {name}: {files} files, as of {on}. Problems: {problems}, notices: {notices}.").format(
        mine=report["mine"]["id"],
        name=report["mine"]["name"],
        files=report["inventory"]["files"],
        problems=report["problems"],
        notices=report["notices"],
        on=report["on"],
    )
    if "assessment" in report:
        summary += " " + _("Findings: {assessment}.").format(assessment=report["assessment"])
    rows = [
        (severities[one["severity"]], one["place"], " ".join(one["indicators"]), one["message"])
        for one in report["warnings"]
    ]
    output = console()
    output.print(summary)
    if rows:
        output.print(table("", [_("severity"), _("place"), _("indicators"), _("what is the matter")], rows))
