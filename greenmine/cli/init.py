"""`greenmine init DIR`: lay out a workspace from the copies that come with the package.

A new workspace is built in a folder beside DIR and renamed into place, so that DIR is there whole or not at all. A
folder that exists stays the same folder, for a shell may stand in it: an empty one gets what was built within it, into
a workspace only what is missing is added; whatever fails on the way is taken back. Nothing that is there is ever
written over: parameters and notebooks that differ from the package's are kept and named, and a mine's folder that
exists is left alone, for it may hold a record.
"""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import click

from greenmine.errors import UsageError, shown
from greenmine.files import refusal
from greenmine.i18n import gettext as _
from greenmine.workspace import shared_dir

FOLDERS = ("notebooks", "parameters", "evidence", "reports")
_README = Path(__file__).with_name("workspace.md")


@dataclass(frozen=True)
class Layout:
    """What `lay_out` did.

    Attributes:
        root: the workspace.
        added: how many files were written.
        kept: files that were there and differ from the package's, relative to `root`, sorted.
        mines: ids of the demo mines in the workspace that come with the package, sorted.
    """

    root: Path
    added: int
    kept: tuple[str, ...]
    mines: tuple[str, ...]


def demo_mines(share: Path) -> tuple[Path, ...]:
    """Return the folders of the mines under `share` that say of themselves that they are a demonstration, sorted."""
    from greenmine.evidence import read_profile  # noqa: PLC0415 - late: reading YAML is not needed for --no-demo

    folders = sorted(path.parent for path in (share / "evidence").glob("*/mine.yaml"))
    return tuple(folder for folder in folders if read_profile(folder).demonstration)


def sources(share: Path, mines: tuple[Path, ...]) -> dict[str, Path]:
    """Return what a workspace is made of: path in the workspace (with `/`) → packaged file, in order of the path."""
    found = {"README.md": _README}
    for folder in (share / "notebooks", share / "parameters", *mines):
        for path in folder.rglob("*"):
            inside = path.relative_to(share)
            if path.is_file() and not any(part.startswith((".", "__")) for part in inside.parts):
                found[inside.as_posix()] = path
    return dict(sorted(found.items()))


def lay_out(target: Path, *, demo: bool = True, share: Path | None = None) -> Layout:
    """Make `target` a workspace, or add what is missing to the workspace it is.

    Args:
        target: the folder; it need not exist.
        demo: whether the demo mines are put into `evidence/`.
        share: where the packaged copies are; the package's own by default.

    Raises:
        UsageError: `target` is a file, a folder with other things in it, or cannot be written; it is then as it was.
    """
    share = share or shared_dir()
    mines = demo_mines(share) if demo else ()
    files = sources(share, mines)
    kept: tuple[str, ...] = ()
    try:
        if target.exists() and not target.is_dir():
            raise UsageError(
                _("{path} is a file: expected a folder, or a name not in use.").format(path=shown(str(target)))
            )
        if not target.is_dir() or not any(target.iterdir()):
            _create(target, files)
            added = len(files)
        elif all((target / name).is_dir() for name in ("parameters", "evidence")):
            added, kept = _complete(target, files, {f"evidence/{mine.name}/" for mine in mines})
        else:
            raise UsageError(
                _(
                    "{path} holds other things: expected an empty folder, a name not in use, or a workspace "
                    "(a folder with parameters/ and evidence/). Nothing was written."
                ).format(path=shown(str(target)))
            )
    except OSError as problem:
        raise UsageError(
            _("{path} cannot be written: {reason}. Nothing was kept of it.").format(
                path=shown(str(target)), reason=refusal(problem)
            )
        ) from None
    return Layout(target, added, kept, tuple(mine.name for mine in mines))


def _create(target: Path, files: dict[str, Path]) -> None:
    """Build the workspace beside `target`, or within it where it exists, and rename what was built into place."""
    target = target.resolve()
    within = target.is_dir()
    home = target if within else target.parent
    parents = [folder for folder in (home, *home.parents) if not folder.exists()]
    home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        for folder in reversed(parents):
            undo.callback(folder.rmdir)
        building = Path(tempfile.mkdtemp(dir=home, prefix=f".{target.name}."))
        undo.callback(shutil.rmtree, building, ignore_errors=True)
        for name in FOLDERS:
            (building / name).mkdir()
        for name, source in files.items():
            _copy(source, building / name)
        if within:
            for built in sorted(building.iterdir()):
                built.replace(target / built.name)
                undo.callback((target / built.name).replace, built)
            building.rmdir()
        else:
            building.chmod(0o755)
            building.replace(target)
        undo.pop_all()


def _complete(target: Path, files: dict[str, Path], mines: set[str]) -> tuple[int, tuple[str, ...]]:
    """Add to a workspace what it lacks; return how many files and which ones were kept though they differ."""
    present = tuple(prefix for prefix in sorted(mines) if _there(target / prefix))
    wanted = {name: source for name, source in files.items() if not name.startswith(present)}
    missing = {name: source for name, source in wanted.items() if not _there(target / name)}
    kept = tuple(name for name, source in wanted.items() if name not in missing and not _same(source, target / name))
    with ExitStack() as undo:
        for name in FOLDERS:
            _folder(target / name, undo)
        for name, source in missing.items():
            _folder((target / name).parent, undo)
            undo.callback((target / name).unlink, missing_ok=True)
            _copy(source, target / name)
        undo.pop_all()
    return len(missing), kept


def _folder(path: Path, undo: ExitStack) -> None:
    """Make a folder and those above it, to be removed again should a later step fail."""
    if not path.exists():
        _folder(path.parent, undo)
        path.mkdir()
        undo.callback(path.rmdir)


def _copy(source: Path, target: Path) -> None:
    """Copy a file's content; the copy is the user's own, so it takes no permissions along."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _there(path: Path) -> bool:
    """Tell whether the name is taken, be it by a link that leads nowhere."""
    return path.is_symlink() or path.exists()


def _same(source: Path, target: Path) -> bool:
    return target.is_file() and filecmp.cmp(source, target, shallow=False)


@click.command(
    "init",
    help=_(
        "Lay out a workspace in DIR: notebooks, parameters, evidence, reports.\n\n"
        "DIR may be new, empty, or a workspace, to which what is missing is added. "
        "Nothing that is there is written over."
    ),
)
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--demo/--no-demo", default=True, help=_("With the demo mines in evidence/ (default) or without."))
def command(target: Path, *, demo: bool) -> None:
    """Lay out a workspace and say what was done and what to try next."""
    layout = lay_out(target, demo=demo)
    click.echo(_("{path} is a workspace now: {count} files added.").format(path=layout.root, count=layout.added))
    for name in layout.kept:
        click.echo(_("Kept, because it differs from the package's copy: {name}").format(name=shown(name)))
    if layout.mines:
        click.echo(
            _("Try: cd {path}; greenmine assess {mine}").format(path=quote(str(layout.root)), mine=layout.mines[0])
        )
