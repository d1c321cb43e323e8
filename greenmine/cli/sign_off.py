"""`greenmine sign-off MINE`: say what is open; sign off as a member, with a key where there is one; withdraw.

It is the workbook's sign-off for whoever works without a browser, or keeps the key on another machine than the
meeting's: the same seat, the same checks, the same line in the member's own journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from greenmine.cli.options import catalog_option, readings_option
from greenmine.errors import CheckFailed, UsageError, one_line
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.workspace import Workspace


@click.command(
    "sign-off",
    help=_(
        "Sign off an assessment as a member of its panel, once nothing is open any more.\n\n"
        "Without --as, what is open and who has signed is shown; the exit status is 1 while something is open."
    ),
)
@click.argument("mine", metavar="MINE")
@click.option("--assessment", metavar="ID", default="", help=_("The assessment: the latest by default."))
@click.option("--as", "member", default="", metavar="ID", help=_("Your id in the panel."))
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help=_("Your private key."))
@click.option("--withdraw", metavar="REASON", help=_("Withdraw your sign-off, and say why."))
@click.option("--yes", is_flag=True, help=_("Do not ask: the pledge was read."))
@catalog_option
@readings_option
def command(  # noqa: PLR0917 - click calls by name
    mine: str,
    assessment: str,
    member: str,
    key: Path | None,
    withdraw: str | None,
    yes: bool,  # noqa: FBT001 - see above
    catalog: str,
    readings: dict[str, str],
) -> None:
    """Show what is open and who signed; sign off or withdraw for a member.

    Raises:
        UsageError: an option lacks `--as`, or the sign-off is refused.
        CheckFailed: something is still open.
    """
    from greenmine.batch.signing import key_signer  # noqa: PLC0415 - late: help needs none of it
    from greenmine.workbook.desk import Desk  # noqa: PLC0415 - likewise

    if not member and (key is not None or withdraw is not None):
        raise UsageError(_("--key and --withdraw need --as."))
    desk = Desk.open(
        mine,
        assessment,
        catalog=catalog,
        readings=readings,
        lang=language(),
        workspace=Workspace.around(mine),
        signer=key_signer(key),
    )
    try:
        if member:
            _done(desk.answer({"op": "sit", "who": member})[0])
        head = desk.heading()
        if withdraw is not None:
            _done(desk.answer({"op": "withdraw", "reason": withdraw})[0])
        elif member:
            click.echo("\n".join(map(one_line, _concluded(head))))
            if head["sign_off"]["open"]:
                click.echo("\n".join(map(one_line, _standing(head))))
                raise CheckFailed(_("It cannot be signed off while something is open."))
            click.echo(f"\n{head['sign_off']['pledge']}\n")
            if not yes:
                click.confirm(_("Do you pledge this and sign off?"), abort=True)
            _done(desk.answer({"op": "sign_off"})[0])
        click.echo("\n".join(map(one_line, _standing(desk.heading()))))
        if not member and desk.heading()["sign_off"]["open"]:
            raise click.exceptions.Exit(CheckFailed.exit_status)
    finally:
        desk.close()


def _done(reply: Mapping[str, Any]) -> None:
    """Make sure that a message was done.

    Raises:
        UsageError: it was refused.
    """
    if not reply["ok"]:
        raise UsageError(reply["error"]["message"])


def _concluded(head: Mapping[str, Any]) -> Iterator[str]:
    mine, assessment = head["mine"], head["assessment"]
    yield f"{mine['id']} {mine['name']}, {assessment['kind_text']} {assessment['id']}, {assessment['date']}"
    total = head["total"] if head["total"] is not None else "–"
    text = _("{verdict}, total {total} (line {line}), {catalog}")
    yield "  " + text.format(verdict=head["verdict_text"], total=total, line=head["line"], catalog=head["catalog"])


def _standing(head: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is open, who has signed, and what comes next."""
    state = head["sign_off"]
    for point in state["open"]:
        yield _("open: {what}").format(what=" ".join(part for part in (point["card"], point["text"]) if part))
    for one in state["signed"]:
        yield one["text"]
    if state["complete"]:
        command = f"greenmine assess {head['mine']['id']}"
        yield _("Everybody has signed off; {command} seals it.").format(command=command)
