"""A mine's folder on disk: what is in it, and nothing that reaches out of it.

Whatever a mine hands in is treated as hostile. `walk` looks at every name below the folder, also in `assessments/`, and
refuses the whole folder, naming the file, when one of them is a link, a device, a pipe or a socket, bears a name that
another system could not hold, would take for another file's or that hides what it is, or when the tree is too large.
`opened` opens a file that `walk` has seen, component by component and never through a link, and makes sure that it is
still the same file; what is read from the stream is what the digest is of.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from greenmine.errors import EvidenceError, shown
from greenmine.files import refusal
from greenmine.i18n import gettext as _

MAX_ENTRIES: Final = 20_000
"""The most files and folders accepted below a mine's folder: a mine hands in hundreds, seldom a few thousand."""

MAX_DEPTH: Final = 16
"""The deepest nesting of folders accepted; the file itself counts."""

MAX_FILE_BYTES: Final = 2 * 1024**3
"""The largest single file accepted (2 GiB): room for a long film, not for the image of a disk."""

MAX_TOTAL_BYTES: Final = 20 * 1024**3
"""The largest folder accepted (20 GiB)."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})  # Unicode categories of what a reader of a name would not see
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\s*\..*)?", re.IGNORECASE)
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_OPEN: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe put in the place of a file must not make the reader wait
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True)
class Entry:
    """A file below a mine's folder, as `walk` found it.

    Attributes:
        path: relative to the folder, with `/`, the name as it is on disk.
        size: in bytes.
        identity: device, inode and time of the last change, to recognise the file again.
        changed_ns: when the file or what the system keeps about it last changed, which no program can set back.
    """

    path: str
    size: int
    identity: tuple[int, int, int]
    changed_ns: int = 0


def name_key(name: str) -> str:
    """Return the form in which two names are the same on a system that ignores case and composes accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def walk(mine_dir: Path) -> tuple[Entry, ...]:
    """Return the files below a mine's folder, in order of their paths.

    Args:
        mine_dir: the folder, such as `evidence/GM-0001`.

    Raises:
        EvidenceError: the folder cannot be read or holds something that is refused; the message names it.
    """
    if mine_dir.is_symlink():
        _refuse(mine_dir, "", _("a folder"), _("a symbolic link"))
    found: list[Entry] = []
    waiting: list[tuple[str, int]] = [("", 1)]
    count = total = 0
    while waiting:
        prefix, depth = waiting.pop()
        siblings: dict[str, str] = {}
        for name, status in _listed(mine_dir, prefix):
            path = prefix + name
            _check_name(mine_dir, path, name, siblings)
            count += 1
            if count > MAX_ENTRIES:
                _refuse(mine_dir, "", _("at most {limit} files and folders").format(limit=MAX_ENTRIES), _("more"))
            if depth > MAX_DEPTH:
                _refuse(mine_dir, path, _("at most {limit} folders deep").format(limit=MAX_DEPTH), _("a deeper one"))
            if stat.S_ISDIR(status.st_mode):
                waiting.append((f"{path}/", depth + 1))
                continue
            _check_file(mine_dir, path, status)
            total += status.st_size
            if total > MAX_TOTAL_BYTES:
                expected = _("at most {limit} bytes in all files together").format(limit=MAX_TOTAL_BYTES)
                _refuse(mine_dir, "", expected, _("more"))
            found.append(_entry(path, status))
    return tuple(sorted(found, key=lambda entry: entry.path))


def look(mine_dir: Path, path: str) -> Entry:
    """Return one file below a mine's folder, to be given to `opened`, which makes sure that no link leads there.

    Raises:
        EvidenceError: there is no such file, or it is refused as `walk` would.
    """
    try:
        status = (mine_dir / path).lstat()
    except OSError as problem:
        _refuse(mine_dir, path, _("a readable file"), refusal(problem))
    _check_file(mine_dir, path, status)
    return _entry(path, status)


def _entry(path: str, status: os.stat_result) -> Entry:
    return Entry(path, status.st_size, _identity(status), status.st_ctime_ns)


def _listed(mine_dir: Path, prefix: str) -> list[tuple[str, os.stat_result]]:
    """Return the names in one folder, each with its status, links not followed; in order of the names."""
    folder = mine_dir / prefix
    found = []
    try:
        with os.scandir(folder) as names:
            for number, name in enumerate(names):
                if number > MAX_ENTRIES:  # `walk` refuses it; no need to read on
                    break
                with suppress(FileNotFoundError):  # gone since: a journal's temporary file, say
                    found.append((name.name, os.lstat(name.path)))
    except OSError as problem:
        where = os.path.relpath(problem.filename, mine_dir) if isinstance(problem.filename, str) else prefix
        _refuse(mine_dir, "" if where == "." else where, _("readable files"), refusal(problem))
    return sorted(found)


def _check_name(mine_dir: Path, path: str, name: str, siblings: dict[str, str]) -> None:
    """Refuse a name that cannot be kept, copied or shown without harm; remember it among its siblings."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        hint = _("Give the file a new name; it was packed with another encoding.")
        _refuse(mine_dir, path, _("a name in UTF-8"), _("bytes of another encoding"), hint)
    unseen = next((character for character in name if unicodedata.category(character) in _UNSEEN), None)
    if unseen is not None:
        found = _("the control character U+{code}").format(code=f"{ord(unseen):04X}")
        _refuse(mine_dir, path, _("a name of visible characters"), found)
    if "\\" in name or _DRIVE.match(name) or not name.strip("."):
        _refuse(mine_dir, path, _("a name that is no path"), shown(name))
    if name.endswith((".", " ")):
        _refuse(mine_dir, path, _("a name that does not end in a dot or a space"), shown(name))
    if _RESERVED.fullmatch(name):
        _refuse(
            mine_dir, path, _("a name that Windows can hold"), _("the reserved name {name}").format(name=shown(name))
        )
    other = siblings.setdefault(name_key(name), name)
    if other != name:
        expected = _("names that differ in more than case or the way accents are written")
        _refuse(mine_dir, path, expected, _("the same name as {name}").format(name=shown(other)))


def _check_file(mine_dir: Path, path: str, status: os.stat_result) -> None:
    """Refuse what is no ordinary file, or is one that lives elsewhere too or is too large."""
    kinds = {
        stat.S_IFLNK: _("a symbolic link"),
        stat.S_IFIFO: _("a pipe"),
        stat.S_IFSOCK: _("a socket"),
        stat.S_IFBLK: _("a device"),
        stat.S_IFCHR: _("a device"),
    }
    if not stat.S_ISREG(status.st_mode):
        found = kinds.get(stat.S_IFMT(status.st_mode), _("something that is not a file"))
        _refuse(mine_dir, path, _("an ordinary file"), found)
    if status.st_nlink > 1:
        hint = _("Replace it by a copy.")
        found = _("a hard link: the file has {count} names").format(count=status.st_nlink)
        _refuse(mine_dir, path, _("an ordinary file"), found, hint)
    if status.st_size > MAX_FILE_BYTES:
        expected = _("at most {limit} bytes").format(limit=MAX_FILE_BYTES)
        _refuse(mine_dir, path, expected, _("{size} bytes").format(size=status.st_size))


@contextmanager
def opened(mine_dir: Path, entry: Entry) -> Iterator[BinaryIO]:
    """Open a file that `walk` found, for reading bytes.

    Args:
        mine_dir: the folder given to `walk`.
        entry: what `walk` said of the file.

    Raises:
        EvidenceError: the file cannot be opened, or is not the one `walk` saw: it was replaced, linked or changed, be
            it while it was open.
    """
    try:
        handle = _descriptor(mine_dir, entry.path)
    except OSError as problem:
        _refuse(mine_dir, entry.path, _("a readable file"), refusal(problem))
    with os.fdopen(handle, "rb") as stream:
        _check_same(mine_dir, entry, os.fstat(handle))
        try:
            yield stream
        except OSError as problem:
            _refuse(mine_dir, entry.path, _("a readable file"), refusal(problem))
        _check_same(mine_dir, entry, os.fstat(handle))


def _descriptor(mine_dir: Path, path: str) -> int:
    """Open a file below a folder so that no component of its path may be a link."""
    if os.open not in os.supports_dir_fd:
        return os.open(mine_dir / path, _OPEN)
    *folders, name = path.split("/")
    folder = os.open(mine_dir, _OPEN | os.O_DIRECTORY)
    try:
        for one in folders:
            inner = os.open(one, _OPEN | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, _OPEN, dir_fd=folder)
    finally:
        os.close(folder)


def _check_same(mine_dir: Path, entry: Entry, status: os.stat_result) -> None:
    _check_file(mine_dir, entry.path, status)
    if (status.st_size, _identity(status)) != (entry.size, entry.identity):
        found = _("a file that changes while it is read")
        _refuse(mine_dir, entry.path, _("a file at rest"), found, _("Try again."))


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_dev, status.st_ino, status.st_mtime_ns


def _refuse(mine_dir: Path, path: str, expected: str, found: str, hint: str = "") -> NoReturn:
    file = f"{mine_dir.as_posix()}/{path}" if path else mine_dir.as_posix()
    raise EvidenceError(file, expected=expected, found=found, hint=hint) from None
