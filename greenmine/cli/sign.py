"""`greenmine sign MINE`: an expert signs an assessment before it is sealed; without a key, who has signed is shown."""

from __future__ import annotations

from pathlib import Path

import click

from greenmine.archive.attest import STATEMENT, Draft, find_drafts, read_draft, sign_draft
from greenmine.archive.layout import Archive
from greenmine.archive.signature import Trust
from greenmine.cli.options import archive_option, archive_root
from greenmine.errors import IntegrityError, UsageError, one_line, shown
from greenmine.files import parse_json, sha256_hex
from greenmine.i18n import gettext as _
from greenmine.workspace import is_id


@click.command(
    "sign",
    help=_(
        "Sign what you concluded about MINE (or in the folder of a draft), before it is sealed.\n\n"
        "What is signed are the digests of findings, catalog, score and record. Without --as and --key, who has signed "
        "is shown."
    ),
)
@click.argument("mine", metavar="MINE")
@click.option("--as", "expert", default="", metavar="ID", help=_("Your id in the panel."))
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help=_("Your private key."))
@archive_option
def command(mine: str, *, expert: str, key: Path | None, root: Path | None) -> None:
    """Show a draft, sign it, and say who has still to sign.

    Raises:
        UsageError: there is no draft, or one of `--as` and `--key` is given without the other.
    """
    if bool(expert) != (key is not None):
        raise UsageError(_("--as and --key go together."))
    archive = Archive(archive_root(root))
    folder = Path(mine) if (Path(mine) / "data").is_dir() else None
    if folder is None:
        drafts = find_drafts(archive, mine) if is_id(mine) else ()
        if not drafts:
            text = _("There is no draft to sign for {mine} in {folder}.")
            raise UsageError(text.format(mine=shown(mine), folder=archive.inbox))
        folder = drafts[-1]
    draft = read_draft(folder)
    click.echo(
        "\n".join(one_line(line) if not line.startswith(" ") else f"  {one_line(line)}" for line in lines(draft))
    )
    if key is not None:
        trust = Trust.of(archive.trust)
        click.echo(
            _("Signing with {key}: type its passphrase or touch the hardware key, if asked.").format(key=key), err=True
        )
        made = sign_draft(draft, expert, key, trust)
        click.echo(_("{expert} has signed: {path}").format(expert=expert, path=made))
        if trust is None:
            click.echo(
                _("Nobody's keys are listed yet (greenmine keys add): others cannot tell whose signature it is.")
            )
        draft = read_draft(folder)
    click.echo(_("signed: {names}").format(names=", ".join(draft.experts) or "–"))
    click.echo(_("not signed: {names}").format(names=", ".join(draft.unsigned) or "–"))


def lines(draft: Draft) -> list[str]:
    """Return what is about to be signed, for the person who signs."""
    record, score = draft.record, _score(draft)
    verdicts = {
        "pass": _("meets the standard"),
        "fail": _("does not meet the standard"),
        "ineligible": _("a prerequisite is not met"),
        "incomplete": _("still to be assessed"),
    }
    verdict, total = verdicts.get(str(score.get("verdict")), "–"), str(score.get("total") or "–")
    return [
        _("{mine}, assessment {assessment}, revision {revision}").format(
            mine=record.mine, assessment=record.assessment, revision=record.revision
        ),
        "  " + _("catalog: {ref}").format(ref=f"{record.catalog.id}@{record.catalog.version}"),
        "  " + _("verdict: {verdict}, total: {total}").format(verdict=verdict, total=total),
        "  " + _("statement: SHA-256 {digest}").format(digest=sha256_hex(draft.attest[STATEMENT])),
    ]


def _score(draft: Draft) -> dict[str, object]:
    file = draft.folder / "data" / "score.json"
    found = parse_json(draft.files["score.json"].decode("utf-8", "replace"), file, IntegrityError)
    return found if isinstance(found, dict) else {}
