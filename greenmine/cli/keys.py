"""`greenmine keys`: whose signatures the archive believes, for what, and until when."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from greenmine.archive import keys as stored
from greenmine.archive.config import read_config
from greenmine.archive.layout import Archive
from greenmine.archive.signers import NAMESPACES, PublicKey, Signer, read_public_key
from greenmine.cli.options import archive_option, archive_root
from greenmine.cli.output import console, print_json, table
from greenmine.errors import UsageError, shown
from greenmine.i18n import gettext as _

PURPOSES = {name.removeprefix("greenmine-"): name for name in NAMESPACES}
"""What a key may sign, as a person names it → its namespace."""


@click.group("keys", help=_("List, add, end and revoke the keys that the archive believes (trust/allowed_signers)."))
def command() -> None:
    """Hold the verbs below."""


@command.command("list", help=_("Show the keys, and what else is configured for proofs."))
@archive_option
@click.option("--json", "as_json", is_flag=True, help=_("Print JSON."))
def list_command(*, root: Path | None, as_json: bool) -> None:
    """Print the keys."""
    archive = Archive(archive_root(root))
    revoked = stored.revoked_keys(archive)
    found = stored.signers(archive)
    if as_json:
        print_json([_document(one, revoked=one.key.fingerprint in revoked) for one in found])
        return
    rows = [
        [
            ", ".join(one.principals),
            ", ".join(name.removeprefix("greenmine-") for name in one.namespaces) or _("anything"),
            _window(one),
            one.key.fingerprint,
            _("revoked") if one.key.fingerprint in revoked else "",
        ]
        for one in found
    ]
    columns = [_("name"), _("may sign"), _("valid"), _("key"), _("state")]
    console().print(table(_("Keys of {origin}").format(origin=archive.origin), columns, rows))
    for text in notes(archive):
        click.echo(text)


@command.command(
    "add",
    help=_(
        "Believe the public key in FILE.pub when NAME signs with it.\n\nAn expert is named by id, assessment and mine, "
        "such as E1@2026-selection@GM-0001, and has a line for each panel; others as you like, such as archive@demo."
    ),
)
@click.argument("name", metavar="NAME")
@click.argument("file", metavar="FILE.pub", type=click.Path(path_type=Path))
@click.option(
    "--for", "purposes", multiple=True, required=True, type=click.Choice(list(PURPOSES)), help=_("What it may sign.")
)
@click.option(
    "--from", "begin", metavar="TIME", default="", help=_("Since when: 2026-01-01 or 2026-01-01T08:00:00+08:00.")
)
@click.option("--until", "end", metavar="TIME", default="", help=_("Until when."))
@archive_option
def add_command(name: str, file: Path, *, purposes: tuple[str, ...], begin: str, end: str, root: Path | None) -> None:
    """Add a key."""
    archive = Archive.open(archive_root(root), create=True)
    key = read_public_key(file)
    signer = Signer(
        principals=(name,),
        key=PublicKey(key.kind, key.blob, key.comment),
        namespaces=tuple(PURPOSES[one] for one in dict.fromkeys(purposes)),
        valid_after=parse_time(begin, last=False),
        valid_before=parse_time(end, last=True),
    )
    stored.add_signer(archive, signer)
    click.echo(_("{name} is believed with {key}.").format(name=name, key=key.fingerprint))


@command.command("end", help=_("Let KEY (FILE.pub or SHA256:…) count only for what was signed up to a time."))
@click.argument("key", metavar="KEY")
@click.option("--at", "time", metavar="TIME", default="", help=_("The time: now by default."))
@archive_option
def end_command(key: str, *, time: str, root: Path | None) -> None:
    """Give a key an end."""
    archive = Archive.open(archive_root(root))
    at = parse_time(time, last=True) or dt.datetime.now(dt.UTC).replace(microsecond=0)
    found = _key(archive, key)
    count = stored.end_signer(archive, found, at)
    text = _("{key} ends at {time}: {count} lines changed.")
    click.echo(
        text.format(key=found.fingerprint, time=at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), count=count)
    )


@command.command("revoke", help=_("Take back everything KEY (FILE.pub or SHA256:…) has ever signed."))
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@archive_option
def revoke_command(keys: tuple[str, ...], *, root: Path | None) -> None:
    """Revoke keys."""
    archive = Archive.open(archive_root(root), create=True)
    found = [_key(archive, key) for key in keys]
    stored.revoke(archive, found)
    for key in found:
        click.echo(_("{key} is revoked; whatever it signed does not count any more.").format(key=key.fingerprint))


def notes(archive: Archive) -> list[str]:
    """Return what is configured for proofs, and what is not, in sentences."""
    config = read_config(archive)
    chain = archive.trust / "tsa-chain.pem"
    found = []
    if config.operator is None:
        found.append(_("No operator in archive.yaml: checkpoints are not signed."))
    else:
        operator = config.operator
        found.append(
            _("Checkpoints are signed by {name} with {key}.").format(name=operator.principal, key=operator.key)
        )
    if config.authority is None:
        found.append(_("No time stamp authority in archive.yaml: it is not proven when checkpoints were made."))
    elif not chain.is_file():
        found.append(
            _("{file} is needed: the certificates of the time stamp authority, from a source you trust.").format(
                file=chain
            )
        )
    else:
        found.append(_("Time stamps are made by {authority}.").format(authority=shown(config.authority.name, 200)))
    if config.witnesses:
        found.append(_("Witnesses expected: {names}").format(names=", ".join(config.witnesses)))
    else:
        found.append(_("No witnesses in archive.yaml: whoever runs the archive could still rewrite it."))
    return found


def parse_time(text: str, *, last: bool) -> dt.datetime | None:
    """Return the time that a person wrote: a day (in UTC) or a time with its zone; None for an empty text.

    Args:
        text: `2026-01-01`, `2026-01-01T08:00:00Z` or `2026-01-01T08:00:00+08:00`.
        last: whether a day stands for its last second instead of its first.

    Raises:
        UsageError: it is neither.
    """
    if not text:
        return None
    try:
        if "T" not in text:
            day = dt.datetime.combine(dt.date.fromisoformat(text), dt.time.min, dt.UTC)
            return day + dt.timedelta(days=1, seconds=-1) if last else day
        moment = dt.datetime.fromisoformat(text).replace(microsecond=0)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None:
        message = _("{text} is no time: expected {day} or {time}.")
        raise UsageError(message.format(text=shown(text), day="2026-01-01", time="2026-01-01T08:00:00+08:00"))
    return moment


def _key(archive: Archive, text: str) -> PublicKey:
    """Return the key that a person means: a file, or the fingerprint of one that is listed."""
    if not text.startswith("SHA256:"):
        return read_public_key(Path(text))
    found = next((one.key for one in stored.signers(archive) if one.key.fingerprint == text), None)
    if found is None:
        raise UsageError(_("The key {key} is not in {file}.").format(key=shown(text), file="allowed_signers"))
    return found


def _document(one: Signer, *, revoked: bool) -> dict[str, object]:
    return {
        "principals": list(one.principals),
        "namespaces": list(one.namespaces),
        "valid_after": _day(one.valid_after) if one.valid_after else None,
        "valid_before": _day(one.valid_before) if one.valid_before else None,
        "type": one.key.kind,
        "fingerprint": one.key.fingerprint,
        "revoked": revoked,
        "line": one.line,
    }


def _window(one: Signer) -> str:
    """Return the days on which a key is valid, those of its first and last second."""
    if one.valid_after is None and one.valid_before is None:
        return _("always")
    return " – ".join(f"{moment:%Y-%m-%d}" if moment else "" for moment in (one.valid_after, one.valid_before)).strip()


def _day(moment: dt.datetime | None) -> str:
    return "–" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
