"""`greenmine catalog list | show | lint | diff`: what mines are scored by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.catalog import examine_catalog, list_catalogs, load_catalog
from greenmine.cli.output import console, print_json, table
from greenmine.errors import CheckFailed, UsageError, shown
from greenmine.files import refusal
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.catalog import Catalog
    from greenmine.catalog.diff import Change


@click.group("catalog", help=_("List, show, check and compare catalogs (评价指标) and profiles."))
def command() -> None:
    """Group the verbs on catalogs."""


@command.command("list", help=_("List the catalogs and profiles of the workspace and of the package."))
def list_command() -> None:
    """Print a table of all catalogs; those that cannot be used go to standard error."""
    listed = list_catalogs(Workspace.find())
    usable = [entry.catalog for entry in listed if entry.catalog is not None]
    columns = [_("catalog"), _("title"), _("line"), _("in force"), _("extends")]
    rows = [[each.ref, _titled(each), each.line, _period(each.document), _extended(each.document)] for each in usable]
    console().print(table(_("Catalogs"), columns, rows, right=[_("line")]))
    unusable = [entry.problem for entry in listed if entry.catalog is None]
    for problem in unusable:
        click.echo(f"greenmine: {problem}", err=True)
    if unusable:
        raise click.exceptions.Exit(UsageError.exit_status)


@command.command("show", help=_("Show a catalog: REF is ID@VERSION or the path of a file."))
@click.argument("ref", metavar="REF")
@click.option("--indicator", metavar="ID", help=_("Show one indicator in full instead of the overview."))
@click.option(
    "--json", "as_json", is_flag=True, help=_("Print the resolved catalog as one JSON document, nothing else.")
)
def show_command(ref: str, indicator: str | None, as_json: bool) -> None:  # noqa: FBT001 - click calls by name
    """Print a catalog."""
    catalog = load_catalog(ref, Workspace.find())
    if as_json:
        print_json(catalog.document)
    elif indicator is None:
        _show_overview(catalog)
    else:
        _show_indicator(catalog, indicator)


@command.command("lint", help=_("Check a catalog or profile file; a profile must not be weaker than what it extends."))
@click.argument("file", metavar="FILE")
def lint_command(file: str) -> None:
    """Check a file and tell what is in it.

    Raises:
        CheckFailed: a profile is weaker than what it extends and cites nothing that allows it.
    """
    catalog = examine_catalog(file, Workspace.find())
    indicators = catalog.document["indicators"]
    click.echo(
        _(
            "{file}: {ref} holds together: {count} indicators ({mandatory} mandatory), line {line}, SHA-256 {sha256}"
        ).format(
            file=catalog.path,
            ref=catalog.ref,
            count=len(indicators),
            mandatory=sum(entry["kind"] == "mandatory" for entry in indicators),
            line=catalog.line,
            sha256=catalog.sha256,
        )
    )
    if catalog.softened:
        levels = {"weaker": _("weaker"), "review": _("to be judged")}
        rows = [
            [levels[one.level], str(one.line or "–"), one.at, one.message, one.citation or "–"]
            for one in catalog.softened
        ]
        columns = [_("level"), _("file line"), _("place"), _("softening"), _("citation")]
        title = _("Compared with {base}").format(base=_extended(catalog.document))
        console().print(table(title, columns, rows))
    refused = [one for one in catalog.softened if one.refused]
    if refused:
        text = _(
            "{file}, line {line}, {at}: weaker than {base} without a citation: {message} (such operations: {count})."
        )
        first = refused[0]
        base = _extended(catalog.document)
        count = len({one.operation for one in refused})
        raise CheckFailed(
            text.format(file=catalog.path, line=first.line, at=first.at, base=base, message=first.message, count=count)
        )


@command.command("diff", help=_("Compare two catalogs: A and B are ID@VERSION or paths of files."))
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--json", "as_json", is_flag=True, help=_("Print the changes as one JSON document, nothing else."))
@click.option("--mapping", type=click.Path(path_type=Path), help=_("Write the draft of a mapping set from A to B."))
def diff_command(a: str, b: str, as_json: bool, mapping: Path | None) -> None:  # noqa: FBT001 - click calls by name
    """Print what changed from one catalog to another."""
    from greenmine.catalog.diff import compare, diff_document  # noqa: PLC0415 - late: the other verbs do not compare

    workspace = Workspace.find()
    before, after = load_catalog(a, workspace), load_catalog(b, workspace)
    if mapping is not None:
        _draft(before, after, mapping)
        return
    if as_json:
        print_json(diff_document(before.document, after.document, (before.sha256, after.sha256)))
        return
    changes = compare(before.document, after.document)
    if not changes:
        click.echo(_("{a} and {b} say the same.").format(a=before.ref, b=after.ref))
        return
    levels = {"major": _("major"), "wording": _("wording")}
    kinds = {"added": _("added"), "removed": _("removed"), "changed": _("changed")}
    names = {**_names(before.document), **_names(after.document)}
    columns = [_("level"), _("place"), _("change"), before.ref, after.ref]
    rows = [
        [levels[one.level], _placed(one, names), kinds[one.change], _brief(one.before), _brief(one.after)]
        for one in changes
    ]
    console().print(table(_("From {a} to {b}").format(a=before.ref, b=after.ref), columns, rows))
    major = sum(change.level == "major" for change in changes)
    click.echo(_("{major} major, {wording} wording.").format(major=major, wording=len(changes) - major))


def _draft(before: Catalog, after: Catalog, path: Path) -> None:
    """Write the draft of a mapping set, where nothing is yet."""
    from greenmine.catalog.mapping import draft_mapping  # noqa: PLC0415 - late, as above

    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(draft_mapping(before, after))
    except OSError as problem:
        text = _("{path} cannot be written: {reason}. Nothing was kept of it.")
        raise UsageError(text.format(path=shown(str(path), limit=200), reason=refusal(problem))) from None
    text = _("{path}: decide on every “undecided” and say why; then put it into parameters/mappings/.")
    click.echo(text.format(path=path))


def _show_overview(catalog: Catalog) -> None:
    document, out = catalog.document, console()
    kinds = {"mandatory": _("mandatory"), "improvement": _("improvement")}
    head = [
        (_("catalog"), catalog.ref),
        (_("issued"), f"{document['issuer']}，{document['document']}，{document['issued_on']}"),
        (_("in force"), _period(document)),
        (_("line"), f"{catalog.line} / {document['scale']} ({document['line_source']})"),
        (_("extends"), _extended(document)),
        ("SHA-256", catalog.sha256),
    ]
    out.print(table(catalog.title, [_("item"), _("content")], head))
    gates = [(gate["id"], gate["name"], gate["text"]) for gate in document["prerequisites"]]
    out.print(table(_("Prerequisites"), [_("id"), _("name"), _("requirement")], gates))
    sections = {section["id"]: section for section in document["sections"]}
    for category in document["categories"]:
        rows = [
            (
                entry["id"],
                entry["name"],
                entry["points"],
                kinds[entry["kind"]],
                _("permitted") if entry["not_applicable"]["permitted"] else "–",
                f"{sections[entry['section']]['name']}{_block(entry)}",
            )
            for entry in document["indicators"]
            if entry["category"] == category["id"]
        ]
        title = _("{id} {name}: {points} points").format(**category)
        columns = [_("id"), _("indicator"), _("points"), _("kind"), _("not applicable"), _("section")]
        out.print(table(title, columns, rows, right=[_("id"), _("points")]))
    readings = document["readings"].items()
    rows_of_readings = [(name, reading["default"], ", ".join(reading["choices"])) for name, reading in readings]
    out.print(table(_("Readings"), [_("reading"), _("default"), _("choices")], rows_of_readings))


def _show_indicator(catalog: Catalog, indicator: str) -> None:
    entries = {entry["id"]: entry for entry in catalog.document["indicators"]}
    if indicator not in entries:
        text = _("{ref} has no indicator {id}: expected one of {ids}.")
        raise UsageError(text.format(ref=catalog.ref, id=shown(indicator), ids=", ".join(entries)))
    entry = entries[indicator]
    criteria = entry["criteria"] if isinstance(entry["criteria"], dict) else {"": entry["criteria"]}
    heading = _("criteria")
    rows = [
        (_("points"), entry["points"]),
        (_("kind"), {"mandatory": _("mandatory"), "improvement": _("improvement")}[entry["kind"]]),
        *((f"{heading} {variant}".strip(), text) for variant, text in criteria.items()),
        *([(_("criteria of all variants"), entry["criteria_shared"])] if "criteria_shared" in entry else []),
        (_("methods"), "、".join(entry["methods"])),
        (_("basis"), entry["basis"] or "–"),
        *([(_("current edition"), entry["current_edition"])] if "current_edition" in entry else []),
        (_("not applicable"), entry["not_applicable"].get("proof", "–")),
        *([(_("guidance"), entry["guidance"])] if "guidance" in entry else []),
    ]
    console().print(table(f"{entry['id']} {entry['name']}", [_("item"), _("content")], rows))


def _period(document: Mapping[str, Any]) -> str:
    return f"{document['effective_from']} – {document.get('effective_to', '')}".strip()


def _titled(catalog: Catalog) -> str:
    return _("[hypothetical] {title}").format(title=catalog.title) if catalog.hypothetical else catalog.title


def _extended(document: Mapping[str, Any]) -> str:
    bases = document.get("derived_from", ())
    return f"{bases[-1]['id']}@{bases[-1]['version']}" if bases else "–"


def _block(entry: Mapping[str, Any]) -> str:
    return "" if "block" not in entry else " " + _("(block {block})").format(block=entry["block"])


def _names(document: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    heads: Iterable[str] = ("prerequisites", "categories", "sections", "indicators", "blocks")
    return {(head, entry["id"]): entry["name"] for head in heads for entry in document[head]}


def _placed(change: Change, names: Mapping[tuple[str, ...], str]) -> str:
    name = names.get(change.parts[:2], "")
    return f"{change.at} {name}".strip()


def _brief(value: Any) -> str:  # noqa: ANN401 - any JSON
    if value is None:
        return "–"
    if isinstance(value, dict):
        return str(value.get("name") or value.get("text") or "{…}")
    if isinstance(value, list):
        return "、".join(_brief(entry) for entry in value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 200 else f"{text[:199]}…"  # noqa: PLR2004 - a cell of a table, not a page
