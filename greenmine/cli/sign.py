"""`greenmine sign MINE`: an expert signs an assessment before it is sealed; an authority signs a catalog.

Without a key, who has signed is shown.
"""

from __future__ import annotations

from pathlib import Path

import click

from greenmine.archive.attest import STATEMENT, Draft, find_drafts, read_draft, sign_draft
from greenmine.archive.layout import Archive
from greenmine.archive.signature import Trust, find_principals
from greenmine.cli.options import archive_option, archive_root
from greenmine.errors import IntegrityError, UsageError, one_line, shown
from greenmine.files import parse_json, sha256_hex
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace, is_id


@click.command(
    "sign",
    help=_(
        "Sign what you concluded about MINE (or in the folder of a draft), before it is sealed; or, as an authority, "
        "the catalog ID@VERSION.\n\n"
        "What is signed are the digests of findings, catalog, score, record, panel, report and notebook; of a catalog "
        "that of its sealed bag. Without --key, who has signed is shown. A catalog needs no --as."
    ),
)
@click.argument("mine", metavar="MINE|ID@VERSION")
@click.option("--as", "expert", default="", metavar="ID", help=_("Your id in the panel."))
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help=_("Your private key."))
@archive_option
def command(mine: str, *, expert: str, key: Path | None, root: Path | None) -> None:
    """Show a draft, sign it, and say who has still to sign.

    Raises:
        UsageError: there is no draft, or one of `--as` and `--key` is given without the other.
    """
    if "@" in mine and not expert:
        catalog(mine, key, root)
        return
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
        ask(key)
        made = sign_draft(draft, expert, key, trust)
        click.echo(_("{expert} has signed: {path}").format(expert=expert, path=made))
        if trust is None:
            _unknown()
        draft = read_draft(folder)
    click.echo(_("signed: {names}").format(names=", ".join(draft.experts) or "–"))
    click.echo(_("not signed: {names}").format(names=", ".join(draft.unsigned) or "–"))


def catalog(ref: str, key: Path | None, root: Path | None) -> None:
    """Seal a catalog where it is not sealed yet, sign it, and say who has signed it."""
    from greenmine.archive.endorsement import sign_catalog, signatures_of  # noqa: PLC0415 - late: for catalogs only
    from greenmine.archive.seal import seal_catalog  # noqa: PLC0415
    from greenmine.catalog import load_catalog  # noqa: PLC0415

    archive = Archive.open(archive_root(root), create=True)
    sealed = seal_catalog(archive, load_catalog(ref, Workspace.find()))
    click.echo(_("{ref}: {bag}, SHA-256 {digest}").format(ref=shown(ref), bag=sealed.path, digest=sealed.digest))
    trust = Trust.of(archive.trust)
    if key is not None:
        ask(key)
        done, _verified = sign_catalog(archive, sealed.path, key, trust)
        click.echo(_("signed: {path}").format(path=done.path))
        if trust is None:
            _unknown()
    for bag, signature in signatures_of(archive, sealed.entry):
        names = find_principals(signature, trust) if trust is not None else ()
        click.echo(f"{bag}: {', '.join(names) or '–'} {signature.fingerprint}")


def ask(key: Path) -> None:
    """Say on standard error that a key is about to be used."""
    click.echo(
        _("Signing with {key}: type its passphrase or touch the hardware key, if asked.").format(key=key), err=True
    )


def _unknown() -> None:
    click.echo(_("Nobody's keys are listed yet (greenmine keys add): others cannot tell whose signature it is."))


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
