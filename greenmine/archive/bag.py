"""Bags: folders in the form of BagIt 1.0 (RFC 8493), which stock tools can check.

    bagit.txt  bag-info.txt  manifest-sha256.txt  tagmanifest-sha256.txt  data/…

`bag_writer.py` fills them. `read_bag` reads a bag back strictly: exactly these tag files, exactly the payload that the
manifest names, ordinary files only. It takes the digests of the tag files; `check_payload` takes those of the payload.

Names are kept as they are. A name in which `%0A`, `%0D` or `%25` occurs is refused, for readers of bags take these for
a line feed, a carriage return and a per cent sign, while `sha256sum` does not.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from greenmine.archive.ledger import TAGMANIFEST
from greenmine.archive.store import CHUNK
from greenmine.errors import ArchiveError, IntegrityError, shown
from greenmine.files import refusal
from greenmine.i18n import gettext as _

MANIFEST: Final = "manifest-sha256.txt"
DECLARATION: Final = "bagit.txt"
INFO: Final = "bag-info.txt"
TAG_FILES: Final = (INFO, DECLARATION, MANIFEST)
"""The tag files that the tag manifest names, in its order."""

MAX_TAG_FILE: Final = 64 * 1024 * 1024
MAX_DEPTH: Final = 32

Progress = Callable[[int], None]
"""Called with the number of bytes that have been read since the last call."""

DECLARED: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([^\r\n\0]+)")
LABEL: Final = re.compile(r"([A-Za-z0-9-]+): (\S.*)")
_ENCODED: Final = re.compile(r"%0a|%0d|%25", re.IGNORECASE)
_READ: Final = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True)
class Bag:
    """A bag whose tag files hold.

    Attributes:
        path: its folder.
        digest: SHA-256 of its tag manifest, in hexadecimal: the one digest that stands for all of it.
        payload: digest of each payload file, by its path in the bag (`data/…`), in order of the paths.
        info: the lines of `bag-info.txt`.
        absent: payload files that are named and lawfully not there.
    """

    path: Path
    digest: str
    payload: Mapping[str, str] = field(repr=False)
    info: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    absent: frozenset[str] = frozenset()

    def place(self, name: str) -> Path:
        """Return where a payload file is."""
        return self.path.joinpath(*name.split("/"))


def render(digests: Mapping[str, str]) -> bytes:
    """Return a manifest: `sha256sum` lines in order of the names' bytes."""
    lines = (f"{digest}  {name}\n" for name, digest in sorted(digests.items(), key=_by_bytes))
    return "".join(lines).encode("utf-8", "surrogateescape")


def _by_bytes(item: tuple[str, str]) -> bytes:
    return item[0].encode("utf-8", "surrogateescape")


def check_name(name: str) -> None:
    """Make sure that a payload file may bear a name.

    Args:
        name: its path below `data/`, with `/`.

    Raises:
        ArchiveError: it leads elsewhere, cannot be in a manifest, or would be read as another name.
    """
    parts = name.split("/")
    wrong = (
        any(part in {"", ".", ".."} for part in parts)
        or len(parts) > MAX_DEPTH
        or "\\" in name
        or any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in name)
        or name != name.strip()
    )
    if wrong:
        raise ArchiveError(name, expected=_("a name that a bag can hold"), found=shown(name))
    if found := _ENCODED.search(name):
        raise ArchiveError(
            name,
            expected=_("a name without %0A, %0D and %25"),
            found=shown(found.group()),
            hint=_("Give the file a new name."),
        )
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ArchiveError(shown(name), expected=_("a name in UTF-8"), found=_("bytes of another encoding")) from None


def hash_file(path: Path, progress: Progress | None = None) -> tuple[str, int]:
    """Return SHA-256, in hexadecimal, and size of an ordinary file; a link is not followed.

    Raises:
        IntegrityError: there is no such file, or it is something else or cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    try:
        handle = os.open(path, _READ)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise IntegrityError(path, expected=_("an ordinary file"), found=_("something that is not a file"))
            buffer = bytearray(min(CHUNK, found.st_size + 1))
            view = memoryview(buffer)
            with os.fdopen(handle, "rb", buffering=0, closefd=False) as stream:
                while count := stream.readinto(buffer):
                    digest.update(view[:count])
                    size += count
                    if progress is not None:
                        progress(count)
        finally:
            os.close(handle)
    except OSError as problem:
        raise IntegrityError(path, expected=_("a readable file"), found=refusal(problem)) from None
    return digest.hexdigest(), size


def read_file(path: Path, limit: int = MAX_TAG_FILE) -> bytes:
    """Return the content of an ordinary file; a link is not followed, and nothing else is waited for.

    Raises:
        IntegrityError: there is no such file, it is something else, too large, or cannot be read.
    """
    try:
        handle = os.open(path, _READ)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise IntegrityError(path, expected=_("an ordinary file"), found=_("something that is not a file"))
            data = stream.read(limit + 1)
    except OSError as problem:
        raise IntegrityError(path, expected=_("a readable file"), found=refusal(problem)) from None
    if len(data) > limit:
        expected = _("at most {limit} bytes").format(limit=limit)
        raise IntegrityError(path, expected=expected, found=_("more"))
    return data


def read_bag(path: Path, absent: Collection[str] = ()) -> Bag:
    """Return a bag, after checking its tag files and which files there are; the payload is not read.

    Args:
        path: its folder.
        absent: payload files (`data/…`) that were lawfully removed; they are accepted whether there or not.

    Raises:
        IntegrityError: a tag file does not hold, or a file is missing, added, or not an ordinary file.
    """
    listed, folders = _below(path)
    tagged = _manifest(path, TAGMANIFEST, listed)
    digest = hashlib.sha256(render(tagged)).hexdigest()
    if tuple(tagged) != TAG_FILES:
        expected = _("the tag files {names}").format(names=", ".join(TAG_FILES))
        raise IntegrityError(path / TAGMANIFEST, expected=expected, found=shown(", ".join(tagged), 120))
    for name, stated in tagged.items():
        _check(path, name, stated)
    if (path / DECLARATION).read_bytes() != DECLARED:
        raise IntegrityError(path / DECLARATION, expected="BagIt-Version: 1.0", found=_("something else"))
    payload = _manifest(path, MANIFEST, listed)
    for name in payload:
        if not name.startswith("data/"):
            raise IntegrityError(path / MANIFEST, expected=_("files below data/ only"), found=shown(name))
    wanted = {*payload, *TAG_FILES, TAGMANIFEST}
    missing = next((name for name in payload if name not in listed and name not in absent), None)
    if missing is not None:
        raise IntegrityError(path / missing, expected=_("a file that the manifest names"), found=_("no such file"))
    added = next((name for name in sorted(listed) if name not in wanted), None)
    if added is not None:
        raise IntegrityError(
            path / added, expected=_("only files that the manifest names"), found=_("one that it does not name")
        )
    needed = {name[:end] for name in payload for end in range(len(name)) if name[end] == "/"} | {"data"}
    idle = next((name for name in folders if name not in needed), None)
    if idle is not None:
        raise IntegrityError(
            path / idle, expected=_("only folders with files that the manifest names"), found=_("another one")
        )
    gone = frozenset(name for name in payload if name in absent and name not in listed)
    return Bag(path, digest, payload, _info(path), gone)


def read_manifests(path: Path, digest: str) -> Bag:
    """Return a bag as its manifests have it, which are held against its digest; which files there are is not looked at.

    Raises:
        IntegrityError: a manifest is not the one.
    """
    tagged = _manifest(path, TAGMANIFEST, (TAGMANIFEST,))
    found = hashlib.sha256(render(tagged)).hexdigest()
    if found != digest:
        raise IntegrityError(path / TAGMANIFEST, expected=digest, found=found)
    _check(path, MANIFEST, tagged.get(MANIFEST, ""))
    return Bag(path, digest, _manifest(path, MANIFEST, (MANIFEST,)))


def check_payload(bag: Bag, names: Iterable[str] | None = None, progress: Progress | None = None) -> None:
    """Take the digests of payload files and compare them with the manifest.

    Args:
        bag: what `read_bag` returned.
        names: the files to check (`data/…`); all that should be there by default.
        progress: told how many bytes have been read.

    Raises:
        IntegrityError: a file is not what the manifest says; it is named.
    """
    for name in bag.payload if names is None else names:
        if name not in bag.absent:
            _check(bag.path, name, bag.payload[name], progress)


def _check(folder: Path, name: str, stated: str, progress: Progress | None = None) -> None:
    path = folder.joinpath(*name.split("/"))
    found, _size = hash_file(path, progress)
    if found != stated:
        raise IntegrityError(
            path,
            expected=_("content with the SHA-256 {digest}").format(digest=stated),
            found=found,
            hint=_("The file is not what was sealed."),
        )


def _below(folder: Path) -> tuple[frozenset[str], list[str]]:
    """Return the paths of all files and of all folders in a bag, after making sure that there is nothing else."""
    found: list[str] = []
    folders: list[str] = []
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            with os.scandir(folder / prefix) as names:
                entries = sorted((entry.name, entry.stat(follow_symlinks=False).st_mode) for entry in names)
        except OSError as problem:
            place = folder / prefix
            raise IntegrityError(place, expected=_("a readable folder"), found=refusal(problem)) from None
        for name, mode in entries:
            inside = prefix + name
            if stat.S_ISDIR(mode) and (prefix or name == "data") and inside.count("/") <= MAX_DEPTH:
                waiting.append(f"{inside}/")
                folders.append(inside)
            elif stat.S_ISREG(mode):
                found.append(inside)
            else:
                kind = _("a symbolic link") if stat.S_ISLNK(mode) else _("something else")
                raise IntegrityError(folder / inside, expected=_("ordinary files below data/"), found=kind)
    if folder.is_symlink():
        raise IntegrityError(folder, expected=_("a folder"), found=_("a symbolic link"))
    return frozenset(found), folders


def _manifest(folder: Path, name: str, listed: Collection[str]) -> dict[str, str]:
    """Return a manifest: digest by name, in order."""
    path = folder / name
    if name not in listed:
        raise IntegrityError(path, expected=_("a manifest"), found=_("no such file"))
    data = read_file(path)
    digests: dict[str, str] = {}
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        hit = _LINE.fullmatch(line.decode("utf-8", "surrogateescape"))
        place = _("line {number}").format(number=number)
        if not hit:
            found = shown(line.decode("utf-8", "backslashreplace"))
            raise IntegrityError(path, place, expected=_("a digest, two spaces and a name"), found=found)
        digests[hit[2]] = hit[1]
        if any(part in {"", ".", ".."} for part in hit[2].split("/")):
            raise IntegrityError(path, place, expected=_("a name inside the bag"), found=shown(hit[2]))
    if render(digests) != data:
        raise IntegrityError(
            path, expected=_("lines in order of their names, each name once"), found=_("another order")
        )
    return digests


def _info(folder: Path) -> tuple[tuple[str, str], ...]:
    lines = read_file(folder / INFO).decode("utf-8", "replace").splitlines()
    found = [LABEL.fullmatch(line) for line in lines]
    if not all(found):
        raise IntegrityError(folder / INFO, expected=_("lines “label: value”"), found=_("something else"))
    return tuple((hit[1], hit[2]) for hit in found if hit)
