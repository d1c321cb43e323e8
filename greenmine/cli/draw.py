"""`greenmine draw`: freeze who may be drawn, draw by a public seed, replace on declared grounds, show and repeat."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenmine.archive.layout import Archive
from greenmine.assessment.writer import now
from greenmine.cli.options import archive_option, archive_root, json_option
from greenmine.cli.output import console, print_json, table
from greenmine.errors import GreenmineError
from greenmine.i18n import gettext as _
from greenmine.programme.checks import demand_open
from greenmine.programme.draw import china_time, draws, freeze, listed, make_frame, read_draw, replace, run
from greenmine.programme.drawn import enter
from greenmine.programme.plan import load_plan
from greenmine.programme.programme import load_programme
from greenmine.programme.recording import open_register
from greenmine.workspace import Workspace

if TYPE_CHECKING:
    from greenmine.archive.draws import Frame
    from greenmine.programme.draw import State

by_option = click.option("--by", required=True, metavar="NAME", help=_("Who is responsible."))


@click.group(
    "draw",
    help=_(
        "Draw mines and inspectors for spot checks (双随机、一公开).\n\n"
        "freeze fixes who may be drawn, greenmine checkpoint proves it, then a public event gives the seed, and run "
        "draws. Anybody can repeat a draw with sha256sum and sort; see VERIFY.md in the archive."
    ),
)
def command() -> None:
    """Hold the verbs below."""


@command.command(
    "freeze",
    help=_(
        "Fix what is drawn from: the lists as they are in the register, quotas by the programme's rule, and what PLAN, "
        "a YAML file, says: the public event that will give the seed, key mines, inspectors, conflicts of interest, "
        "grounds of replacement."
    ),
)
@click.argument("plan", type=click.Path(path_type=Path))
@by_option
@archive_option
@json_option
def freeze_command(plan: Path, *, by: str, root: Path | None, as_json: bool) -> None:
    """Seal the frame."""
    decided = load_plan(plan)
    programme = load_programme(decided.programme, Workspace.find())
    register = open_register(Archive(archive_root(root)), programme).register
    time = now()
    lists = listed(register, dt.date.fromisoformat(decided.as_of), decided.lists)
    frame, mines = make_frame(decided, programme, lists, by=by, on=time)
    sealed = freeze(Archive.open(archive_root(root), create=True), frame, mines, time)
    if as_json:
        print_json({"bag": sealed.path, "digest": sealed.digest, **_frame(frame)})
        return
    _show_quotas(frame)
    if programme.draw:
        text = _("{list} is checked on site by: {body}")
        for one in dict.fromkeys(stratum.name.partition("+")[0] for stratum in frame.strata):
            body = programme.actors[programme.draw.lists[one]].title
            click.echo(text.format(list=programme.lists[one].title, body=body))
    click.echo(_("sealed as {bag}, SHA-256 in the ledger: {digest}").format(bag=sealed.path, digest=sealed.digest))
    text = _("Run greenmine checkpoint before {time}, when {event} takes place; after it: greenmine draw run {name}")
    click.echo(text.format(time=china_time(frame.event_at), event=frame.event, name=frame.draw))


@command.command(
    "run",
    help=_(
        "Draw, once, with what the public event gave as the seed; then enter who is drawn in the register, where the "
        "programme has a step for it."
    ),
)
@click.argument("name", metavar="DRAW")
@click.option("--seed", required=True, metavar="TEXT", help=_("What the public event gave, such as numbers drawn."))
@by_option
@archive_option
@json_option
def run_command(name: str, *, seed: str, by: str, root: Path | None, as_json: bool) -> None:
    """Draw, seal and enter."""
    archive, time = Archive.open(archive_root(root)), now()
    _enter(archive, run(archive, name, seed, by=by, on=time), by, time, as_json=as_json)


@command.command(
    "replace", help=_("Let the next ticket take the place of MINE, or of one inspector there, on a declared ground.")
)
@click.argument("name", metavar="DRAW")
@click.argument("mine")
@click.option("--inspector", default="", metavar="ID", help=_("The inspector who is replaced, and not the mine."))
@click.option("--ground", required=True, metavar="ID", help=_("The ground: one that the frame declares."))
@click.option("--document", required=True, metavar="TEXT", help=_("The paper that shows it."))
@by_option
@archive_option
@json_option
def replace_command(
    name: str, mine: str, *, inspector: str, ground: str, document: str, by: str, root: Path | None, as_json: bool
) -> None:
    """Replace, seal and enter."""
    archive, time = Archive.open(archive_root(root)), now()
    state = read_draw(archive, name)
    programme = load_programme(state.frame.programme, Workspace.find())
    demand_open(open_register(archive, programme).register, state, mine)
    done = replace(archive, name, mine, inspector=inspector, ground=ground, document=document, by=by, on=time)
    _enter(archive, done, by, time, as_json=as_json)


@command.command(
    "record",
    help=_(
        "Enter in the register who is drawn, where run or replace was interrupted before it did; what is entered "
        "already is not entered again."
    ),
)
@click.argument("name", metavar="DRAW")
@by_option
@archive_option
@json_option
def record_command(name: str, *, by: str, root: Path | None, as_json: bool) -> None:
    """Enter what the register lacks."""
    archive = Archive.open(archive_root(root))
    _enter(archive, read_draw(archive, name), by, now(), as_json=as_json)


def _enter(archive: Archive, state: State, by: str, time: dt.datetime, *, as_json: bool) -> None:
    """Enter who was drawn in the register, and show the draw, which is sealed whatever comes of that."""
    try:
        programme = load_programme(state.frame.programme, Workspace.find())
        entered, passed_over = enter(archive, programme, state, by=by, time=time)
    except GreenmineError:
        _show(state, as_json=as_json)
        text = _("The draw is as it is in the archive. Enter it in the register with: greenmine draw record {name}")
        click.echo(text.format(name=state.frame.draw), err=True)
        raise
    if as_json:
        register = {"entered": [one.subject for one in entered], "passed_over": [str(one) for one in passed_over]}
        print_json(as_document(state) | {"register": register})
        return
    _show(state, as_json=False)
    click.echo(_("Entered in the register: {count} mines").format(count=len(entered)))
    for one in passed_over:
        click.echo(_("not entered: {reason}").format(reason=one))


@command.command("show", help=_("Show how a draw stands; who is drawn is worked out again from frame and seed."))
@click.argument("name", metavar="DRAW")
@archive_option
@json_option
def show_command(name: str, *, root: Path | None, as_json: bool) -> None:
    """Print a draw."""
    _show(read_draw(Archive.open(archive_root(root), read_only=True), name), as_json=as_json)


@command.command("list", help=_("List the draws in the archive."))
@archive_option
@json_option
def list_command(*, root: Path | None, as_json: bool) -> None:
    """Print all draws."""
    archive = Archive.open(archive_root(root), read_only=True)
    found = [read_draw(archive, name) for name in draws(archive)]
    if as_json:
        print_json([as_document(state) for state in found])
        return
    rows = [
        [
            state.frame.draw,
            state.frame.programme,
            state.frame.event,
            str(state.day) if state.draw else _("not drawn yet"),
            str(sum(one.mines for one in state.frame.strata)),
            str(len(state.outcome.mines)) if state.outcome else "–",
            str(len(state.frame.key_mines)),
        ]
        for state in found
    ]
    columns = [
        *(_("Draw"), _("Programme"), _("Event that gives the seed"), _("Drawn on")),
        *(_("Mines"), _("Drawn mines"), _("Key mines")),
    ]
    console().print(table(_("Draws in {origin}").format(origin=archive.origin), columns, rows, columns[4:]))


def _frame(frame: Frame) -> dict[str, Any]:
    return frame.model_dump(mode="json", by_alias=True, exclude={"nonce"})


def as_document(state: State) -> dict[str, Any]:
    """Return a draw for a program."""
    found: dict[str, Any] = {"frame": _frame(state.frame), "drawn": None}
    if state.draw is None or state.outcome is None:
        return found
    key = [{"mine": mine, "reason": reason} for mine, reason in sorted(state.frame.key_mines.items())]
    return {
        **found,
        "seed": state.seed,
        "checkpoint": state.draw.checkpoint,
        "drawn": [{"mine": one.record, "stratum": one.stratum, "ticket": one.ticket} for one in state.outcome.mines],
        "key_mines": key,
        "teams": [{"mine": one.stratum, "inspector": one.record, "ticket": one.ticket} for one in state.outcome.teams],
        "replacements": [one.model_dump(mode="json") for one in state.draw.replacements],
    }


def _show_quotas(frame: Frame) -> None:
    rows = [[one.name, str(one.mines), one.ratio, str(one.quota)] for one in frame.strata]
    columns = [_("List or stratum"), _("Mines"), _("At least"), _("To be drawn")]
    title = _("{name}: lists of {day}, {rule}").format(name=frame.draw, day=frame.as_of, rule=frame.rule)
    console().print(table(title, columns, rows, columns[1:]))


def _show(state: State, *, as_json: bool) -> None:
    if as_json:
        print_json(as_document(state))
        return
    _show_quotas(state.frame)
    if state.draw is None or state.outcome is None:
        text = _("Not drawn yet: the seed comes from {event}, on {time}.")
        click.echo(text.format(event=state.frame.event, time=china_time(state.frame.event_at)))
        return
    teams: dict[str, list[str]] = {}
    for one in state.outcome.teams:
        teams.setdefault(one.stratum, []).append(one.record)
    rows = [[one.record, one.stratum, "、".join(teams.get(one.record, ())), one.ticket] for one in state.outcome.mines]
    strata = {one.mine: one.stratum for one in state.mines}
    rows += [
        [mine, strata[mine], "、".join(teams.get(mine, ())), _("key mine: {reason}").format(reason=reason)]
        for mine, reason in sorted(state.frame.key_mines.items())
    ]
    columns = [_("Mine"), _("List or stratum"), _("Inspectors"), _("Ticket")]
    console().print(table(_("Drawn with the seed “{seed}”").format(seed=state.seed), columns, rows))
    for change in state.draw.replacements:
        who = f"{change.mine} · {change.inspector}" if change.inspector else change.mine
        ground = state.frame.replacements[change.ground]
        text = _("replaced: {who} ({ground}; {document})")
        click.echo(text.format(who=who, ground=ground, document=change.document))
