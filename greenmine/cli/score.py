"""`greenmine score PATH...`: the score of findings files or of mines' folders."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from greenmine.cli.options import catalog_option, readings_option
from greenmine.errors import GreenmineError, InputError, one_line
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.scoring import Scorer, canonical
from greenmine.workspace import Workspace


def findings_of(path: str, workspace: Workspace) -> tuple[dict[str, Any], str]:
    """Return the findings that a path stands for, and the name to call them by in messages.

    Args:
        path: a findings file, a mine's folder, or the id of a mine in the workspace.
        workspace: where ids are looked up.

    Raises:
        GreenmineError: there is nothing there, or it is malformed.
    """
    # late: reading a findings file needs none of what reading a folder needs
    if Path(path).is_file():
        from greenmine.assessment.findings import read_findings  # noqa: PLC0415

        return read_findings(Path(path)), path
    from greenmine.assessment import load_assessment  # noqa: PLC0415
    from greenmine.evidence import take_inventory  # noqa: PLC0415

    folder = workspace.mine_dir(path)
    assessment = load_assessment(folder, None, take_inventory(folder))
    return assessment.findings, str(folder)


@click.command("score", help=_("Score findings files (findings.json) or mines' folders (evidence/<mine>)."))
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@catalog_option
@readings_option
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON document a line, nothing else."))
def command(paths: tuple[str, ...], catalog: str, readings: dict[str, str], as_json: bool) -> None:  # noqa: FBT001 - click calls by name
    """Print the score of each path."""
    from greenmine.catalog import load_catalog  # noqa: PLC0415 - late: help needs no catalog

    scorers: dict[Workspace, Scorer] = {}
    failed: GreenmineError | None = None
    for path in paths:
        workspace = Workspace.around(path)
        if workspace not in scorers:
            scorers[workspace] = Scorer(load_catalog(catalog, workspace).document)
        try:
            findings, name = findings_of(path, workspace)
            score = scorers[workspace].score(findings, readings, name)
        except InputError as problem:  # one bad file does not keep the others from being scored
            click.echo(f"greenmine: {problem}", err=True)
            failed = problem
            continue
        if as_json:
            sys.stdout.buffer.write(canonical(score) + b"\n")
        else:
            click.echo(
                "\n".join(
                    f"  {one_line(text)}" if number else one_line(text)
                    for number, text in enumerate(lines(findings, score))
                )
            )
    sys.stdout.flush()
    if failed is not None:
        raise click.exceptions.Exit(failed.exit_status)


def lines(findings: dict[str, Any], score: dict[str, Any]) -> Iterable[str]:
    """Yield what a person reads of a score: verdict, total, reasons, and whether the reading decides."""
    said = "message" if language() == "zh" else "message_en"
    verdicts = {
        "pass": _("meets the standard"),
        "fail": _("does not meet the standard"),
        "ineligible": _("a prerequisite is not met"),
        "incomplete": _("still to be assessed"),
    }
    total = "–" if score["total"] is None else score["total"]
    mine = findings["mine"]
    yield _("{mine} {name}: {verdict}, total {total} (line {line}), {catalog}").format(
        mine=mine.get("id", ""),
        name=mine.get("name", ""),
        verdict=verdicts[score["verdict"]],
        total=total,
        line=score["line"],
        catalog=f"{score['catalog']['id']}@{score['catalog']['version']}",
    )
    for reason in score["reasons"]:
        yield f"· {reason[said]}"
    for entry in score["softened"]:
        yield "! " + _("weaker than the catalog it extends: {place}, by {citation}").format(
            place=entry["at"], citation=entry["citation"]
        )
    if score["sensitive"]:
        other = [row for row in score["sensitivity"] if row["verdict"] != score["verdict"]]
        yield "! " + _("the verdict depends on the reading: {rows}").format(
            rows="; ".join(
                f"{row['reading']}={row['choice']} → {verdicts[row['verdict']]} {row['total'] or ''}".strip()
                for row in other
            )
        )
