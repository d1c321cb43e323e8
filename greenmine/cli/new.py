"""`greenmine new MINE`: start a mine's folder, or a further assessment of a mine that is there, step by step.

Each question says what it is for and what happens when it is left blank; an answer that cannot be is asked for again.
What is given as an option is not asked. Nothing is written before the last answer, and then all of it at once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Any

import click

from greenmine.assessment.assessment import FOLDER
from greenmine.assessment.panel import ASSESSMENT_KINDS, Panel
from greenmine.assessment.payload import PANEL, is_person
from greenmine.assessment.rules import load_panel_rules, panel_warnings
from greenmine.assessment.start import folder_names, profile_document, start_assessment, start_mine
from greenmine.catalog.words import EXTRACTIONS, INDUSTRIES
from greenmine.cli.options import catalog_option
from greenmine.errors import UsageError, one_line, shown
from greenmine.i18n import gettext as _
from greenmine.text import visible
from greenmine.workbook import words
from greenmine.workspace import Workspace, is_id

ROLES = ("chair", "expert", "scribe")
LEVELS = ("senior", "intermediate", "junior")
_LIST = re.compile(r"[,，、;；\s]+")
_LONGEST = 200


@click.command(
    "new",
    help=_(
        "Start the folder of a new mine, step by step: profile, folders for the evidence, an assessment with its "
        "panel. For a mine that is there, a further assessment is started.\n\n"
        "What is given as an option is not asked; with --yes nothing is asked at all."
    ),
)
@click.argument("mine", metavar="MINE")
@click.option("--name", metavar="TEXT", help=_("The mine's name, as on the mining licence."))
@click.option("--industry", type=click.Choice(INDUSTRIES), help=_("The industry of its main mineral."))
@click.option("--extraction", type=click.Choice(EXTRACTIONS), multiple=True, help=_("A way of extraction; repeatable."))
@click.option("--primary", type=click.Choice(EXTRACTIONS), help=_("The main way of extraction."))
@click.option("--assessment", metavar="ID", help=_("The id of the assessment."))
@click.option("--kind", type=click.Choice(ASSESSMENT_KINDS), help=_("The occasion of the assessment."))
@click.option("--date", metavar="DAY", help=_("The day that the assessment is made for."))
@click.option("--anchor-date", metavar="DAY", help=_("The day from which three years count back."))
@click.option(
    "--member",
    "members",
    multiple=True,
    metavar="ID=NAME[:ROLE[:SPECIALTY,...]]",
    help=_("A member of the panel; repeatable. The first is the chair where no role is given."),
)
@click.option("--yes", is_flag=True, help=_("Ask nothing: take the default of what is not given."))
@catalog_option
def command(mine: str, *, yes: bool, catalog: str, members: tuple[str, ...], **given: Any) -> None:  # noqa: ANN401 - click's values
    """Ask, then write everything at once, and say what to do next.

    Raises:
        UsageError: the id is none, or an option is not as it should be.
    """
    workspace = Workspace.around("", writing=True)
    if not is_id(mine) or mine.startswith("."):
        raise UsageError(_("{id} is no id of a mine: letters, digits, '.', '_' and '-' only.").format(id=shown(mine)))
    there = (workspace.evidence / mine).exists()
    ask = Questions(quiet=yes)
    if there:
        from greenmine.evidence import read_profile  # noqa: PLC0415 - late: only a mine that is there is read

        name = read_profile(workspace.evidence / mine).name
        ask.say(_("{mine} {name} is there: a further assessment is started.").format(mine=mine, name=visible(name)))
        panel = _panel(ask, given, members, workspace.evidence / mine)
        _warn(panel, workspace)
        _told(start_assessment(workspace.evidence / mine, panel or {}), mine)
        return
    from greenmine.catalog import load_catalog  # noqa: PLC0415 - late: help needs no catalog

    document = load_catalog(catalog, workspace).document
    ask.say(_("A new mine: {mine}. Ctrl+C ends without writing anything.").format(mine=mine))
    profile = profile_document(mine, _profile(ask, given))
    panel = _panel(ask, given, members)
    _warn(panel, workspace)
    _told(start_mine(workspace.evidence, profile, folder_names(document, profile), panel), mine)


# ---- asking ----------------------------------------------------------------------------------------------------------


class Questions:
    """Asks, unless nothing is to be asked.

    Args:
        quiet: whether defaults are taken instead.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._lacking: list[str] = []

    def say(self, text: str) -> None:
        """Explain something."""
        if not self.quiet:
            click.echo(text)

    def ask(
        self, label: str, why: str, option: str, given: object, *, check: Callable[[str], Any], default: str | None = ""
    ) -> Any:  # noqa: ANN401 - what `check` returns
        """Return an answer that passed its check.

        Args:
            label: the question.
            why: what it is for.
            option: the option that answers it.
            given: its value; None where it was not given.
            check: returns the answer as it is kept, or raises UsageError.
            default: the answer where none is given; None where there has to be one.

        Raises:
            UsageError: the option's value does not pass, or there has to be one and nothing may be asked.
        """
        if given is not None:
            try:
                return check(str(given))
            except UsageError as problem:
                raise UsageError(f"{option}: {problem}") from None
        if self.quiet:
            if default is None:
                raise UsageError(_("With --yes, {option} is needed: {why}").format(option=option, why=why))
            return check(default)
        click.echo()
        click.echo(f"  {why}")
        return prompt(label, check, default)

    def choose(
        self,
        label: str,
        why: str,
        option: str,
        given: str | None,
        *,
        codes: Sequence[str],
        named: Callable[[str], str],
        default: str | None = None,
    ) -> str:
        """Return one of some codes, which may be answered by number, code or name."""
        if given is None and not self.quiet:
            listed = "  ".join(f"{number} {named(code)}" for number, code in enumerate(codes, 1))
            why = f"{why}\n  {listed}"
        chosen: str = self.ask(label, why, option, given, check=lambda text: _code(text, codes, named), default=default)
        return chosen


def prompt(label: str, check: Callable[[str], Any], default: str | None = "") -> Any:  # noqa: ANN401 - what `check` returns
    """Ask until an answer passes its check; what is wrong with one that does not is said."""
    while True:
        text = click.prompt(label, default=default, show_default=bool(default), prompt_suffix=_(": "))
        try:
            return check(text)
        except UsageError as problem:
            click.echo("  " + _("Not so: {why}").format(why=one_line(str(problem))))


def _code(text: str, codes: Sequence[str], named: Callable[[str], str]) -> str:
    text = text.strip()
    if text.isdecimal() and 1 <= int(text) <= len(codes):
        return codes[int(text) - 1]
    for code in codes:
        if text.casefold() in (code, named(code).casefold()):
            return code
    names = ", ".join(f"{number} {named(code)}" for number, code in enumerate(codes, 1))
    raise UsageError(_("expected one of: {values}; found {text}").format(values=names, text=shown(text)))


def _codes(text: str, codes: Sequence[str], named: Callable[[str], str]) -> list[str]:
    found = [_code(part, codes, named) for part in _LIST.split(text.strip()) if part]
    if not found:
        raise UsageError(_("expected at least one"))
    return list(dict.fromkeys(found))


def _text(text: str) -> str:
    text = text.strip()
    if visible(text) != text or "\n" in text or "\t" in text:
        raise UsageError(_("expected text without control characters; found {text}").format(text=shown(text)))
    if len(text) > _LONGEST:
        raise UsageError(_("expected at most {limit} characters").format(limit=_LONGEST))
    return text


def _needed(text: str) -> str:
    if not text.strip():
        raise UsageError(_("expected a text"))
    return _text(text)


def _day(text: str) -> str:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
            return dt.date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        pass
    raise UsageError(_("expected a day such as 2026-06-30; found {text}").format(text=shown(text)))


def _not_after(day: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if _day(text) > day:
            raise UsageError(_("expected a day not after {day} (date)").format(day=day))
        return _day(text)

    return check


def _id(text: str) -> str:
    if not is_id(text.strip()) or text.strip().startswith("."):
        raise UsageError(_("expected letters, digits, '.', '_' and '-' only; found {text}").format(text=shown(text)))
    return text.strip()


def _new(folder: Path | None) -> Callable[[str], str]:
    """Return a check of an id for which a folder has nothing yet."""

    def check(text: str) -> str:
        if folder is not None and (folder / _id(text)).exists():
            raise UsageError(_("expected an id that is not in use; found {text}").format(text=shown(text)))
        return _id(text)

    return check


# ---- the steps -------------------------------------------------------------------------------------------------------


def _profile(ask: Questions, given: dict[str, Any]) -> dict[str, Any]:
    """Ask for what no mine can be assessed without; the rest of the form is filled in the file."""
    name = ask.ask(
        _("Name"), _("The mine's name, as on the mining licence."), "--name", given["name"], check=_needed, default=None
    )
    why = _("The industry of the main mineral on the mining licence decides which group of indicators applies.")
    industry = ask.choose(_("Industry"), why, "--industry", given["industry"], codes=INDUSTRIES, named=words.industry)
    ways = given["extraction"]
    why = _("All ways of extraction in use; several with a comma between them.")
    listed = "  ".join(f"{number} {words.extraction(code)}" for number, code in enumerate(EXTRACTIONS, 1))
    extraction: list[str] = ask.ask(
        _("Extraction"),
        why if ask.quiet or ways else f"{why}\n  {listed}",
        "--extraction",
        ",".join(ways) if ways else None,
        check=lambda text: _codes(text, EXTRACTIONS, words.extraction),
        default=None,
    )
    primary = extraction[0]
    if len(extraction) > 1 or given["primary"]:
        why = _("The main way at present: some indicators are judged by it alone.")
        primary = ask.choose(
            _("Main way of extraction"),
            why,
            "--primary",
            given["primary"],
            codes=extraction,
            named=words.extraction,
            default=extraction[0],
        )
    return {"name": name, "industry": industry, "extraction": extraction, "primary_extraction": primary}


def _panel(
    ask: Questions, given: dict[str, Any], members: Sequence[str], folder: Path | None = None
) -> dict[str, Any] | None:
    """Ask for the panel and the assessment of a mine, whose folder is given where it is there.

    Returns:
        The content of `panel.yaml`; None where nobody is named and the mine is new.
    """
    found = [_member(text, number) for number, text in enumerate(members, 1)] or _members(ask)
    if not found and folder is None:
        return None
    if not found:
        raise UsageError(_("A panel needs a member: give --member ID=NAME."))
    today = dt.datetime.now(dt.UTC).astimezone().date().isoformat()
    why = _("The occasion of the assessment.")
    kind = ask.choose(
        _("Kind"), why, "--kind", given["kind"], codes=ASSESSMENT_KINDS, named=words.assessment_kind, default="self"
    )
    why = _("The day that it is made for; licences are looked at as of this day.")
    day = ask.ask(_("Date"), why, "--date", given["date"], check=_day, default=today)
    why = _("“The last three years” count back from this day: that of the notice (遴选通知下发之日), or the date.")
    label = _("Three years count back from")
    anchor = ask.ask(label, why, "--anchor-date", given["anchor_date"], check=_not_after(day), default=day)
    why = _("The name of its folder: letters, digits, '.', '_' and '-'.")
    default = f"{day[:4]}-{kind.replace('_', '-')}"
    check = _new(folder / FOLDER if folder else None)
    name = ask.ask(_("Id of the assessment"), why, "--assessment", given["assessment"], check=check, default=default)
    head = {"id": name, "date": day, "anchor_date": anchor, "kind": kind}
    panel = {"schema": "greenmine.panel/1", "assessment": head, "members": found}
    _checked(panel)
    return panel


def _member(text: str, number: int) -> dict[str, Any]:
    """Return the member that an option describes."""
    identity, equals, rest = text.partition("=")
    name, _colon, more = rest.partition(":")
    role, _colon, specialty = more.partition(":")
    if not equals or not name.strip() or not is_person(identity):
        raise UsageError(_("--member {text}: expected ID=NAME[:ROLE[:SPECIALTY,…]].").format(text=shown(text)))
    if role and role not in ROLES:
        text = _("--member {id}: expected a role, one of {roles}; found {role}.")
        raise UsageError(text.format(id=identity, roles=", ".join(ROLES), role=shown(role)))
    fields = [_text(part) for part in _LIST.split(specialty) if part]
    return {
        "id": identity,
        "name": _text(name),
        "specialty": fields,
        "role": role or ("chair" if number == 1 else "expert"),
    }


def _members(ask: Questions) -> list[dict[str, Any]]:
    """Ask for one member after the other, until a name is left blank."""
    if ask.quiet:
        return []
    ask.say("")
    ask.say(
        "  " + _("Now the panel, one member after the other. A blank name ends the list; nobody: no assessment yet.")
    )
    found: list[dict[str, Any]] = []
    while True:
        taken = [member["id"].casefold() for member in found]
        label = _("Name of member {number}").format(number=len(found) + 1)
        name = prompt(label, _text)
        if not name:
            return found
        number = next(n for n in range(1, len(found) + 2) if f"e{n}" not in taken)
        free = partial(_free, taken=taken)
        identity = prompt(_("Id"), free, f"E{number}")
        chaired = any(member["role"] == "chair" for member in found)
        roles = [role for role in ROLES if not (chaired and role == "chair")]
        role = _one_of(_("Role"), roles, words.role, roles[0])
        organisation = prompt(_("Organisation"), _text)
        title = prompt(_("Professional title"), _text)
        level = _one_of(_("Level of the title"), (*LEVELS, "none"), _level, "none")
        why = _("Specialty (地质, 采矿, 选矿, 生态, 环境 …), several with a comma")
        specialty = prompt(why, _text)
        why = _("Conflicts of interest with the mine, if any")
        conflicts = prompt(why, _text)
        member = {"id": identity, "name": name, "organisation": organisation, "title": title}
        member |= {"title_level": level} if level != "none" else {}
        member |= {"specialty": [part for part in _LIST.split(specialty) if part], "role": role}
        found.append({**member, "conflicts": [conflicts] if conflicts else []})


def _level(code: str) -> str:
    return words.title_level(code) if code != "none" else _("not given")


def _free(text: str, taken: Iterable[str]) -> str:
    text = text.strip()
    if not is_person(text) or text.casefold() == PANEL or text.casefold() in taken:
        told = _("expected an id of letters and digits that no other member has; found {text}")
        raise UsageError(told.format(text=shown(text)))
    return text


def _one_of(label: str, codes: Sequence[str], named: Callable[[str], str], default: str) -> str:
    listed = "  ".join(f"{number} {named(code)}" for number, code in enumerate(codes, 1))
    chosen: str = prompt(f"{label} ({listed})", lambda text: _code(text, codes, named), named(default))
    return chosen


def _checked(panel: dict[str, Any]) -> Panel:
    """Return the panel as it will be read.

    Raises:
        UsageError: it could not be: two chairs, an id twice.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - late, with the models

    try:
        return Panel.model_validate(panel)
    except ValidationError as failure:
        first = failure.errors(include_url=False)[0]
        place = "/".join(map(str, (*first["loc"], *first.get("ctx", {}).get("at", ()))))
        text = _("panel.yaml, {place}: expected {expected}")
        expected = first.get("ctx", {}).get("expected", first["msg"])
        raise UsageError(text.format(place=place or "–", expected=expected)) from None


def _warn(panel: dict[str, Any] | None, workspace: Workspace) -> None:
    if panel is None:
        return
    for warning in panel_warnings(_checked(panel), load_panel_rules(workspace=workspace)):
        click.echo(_("Note: {text}").format(text=one_line(warning.text)), err=True)


def _told(made: Path, mine: str) -> None:
    """Say what was made and what comes next."""
    click.echo()
    click.echo(_("Made: {path}").format(path=one_line(str(made))))
    click.echo(_("Next:"))
    for number, text in enumerate(
        (
            _("fill in what is blank in mine.yaml"),
            _("put the mine's papers and photos into the numbered folders"),
            _("see what is missing: {command}").format(command=f"greenmine check {quote(mine)}"),
            _("record what you find: {command}").format(command=f"greenmine lab {quote(mine)}"),
        ),
        1,
    ):
        click.echo(f"  {number}. {text}")
