"""What a power cut can leave: a model of a disk on which whatever was not flushed may be lost or torn.

A `Tracing` store does what the archive asks of it and writes down each call. `states` takes the calls up to a moment
and gives the trees that a disk may hold after a power cut at that moment: what was flushed is there; each other effect
is there or not, independently; of a write perhaps only the first half, or zeros in its place.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenmine.archive.store import Store

ALL = 7
"""Up to so many effects in the air, every combination is tried; above, a sample."""


@dataclass(frozen=True)
class Call:
    """One call: what, on which file or folder, with what."""

    name: str
    node: int
    folder: int = 0
    entry: str = ""
    target: int = 0
    into: str = ""
    offset: int = 0
    data: bytes = b""


class Tracing(Store):
    """A store that writes down what it does.

    Args:
        root: the archive's folder, as it is when tracing begins.
        deaf: calls that do nothing, to see that their absence is noticed: `fsync` or `sync`.
    """

    def __init__(self, root: Path, deaf: str = "") -> None:
        self.root = root.resolve()
        self.calls: list[Call] = []
        self._deaf = deaf
        self._nodes: dict[int, int] = {}
        self.tree = {path: path.read_bytes() if path.is_file() else None for path in self.root.rglob("*")}
        for path in (self.root, *self.tree):
            self._nodes[path.lstat().st_ino] = len(self._nodes) + 1
        self.ids = {path: self._nodes[path.lstat().st_ino] for path in (self.root, *self.tree)}

    def _note(self, name: str, node: int, **more: Any) -> None:
        self.calls.append(Call(name, node, **more))

    def _folder(self, path: Path) -> int:
        return self._nodes[path.resolve().stat().st_ino]

    def _new(self, path: Path) -> None:
        number = max(self._nodes.values()) + 1
        self._nodes[path.lstat().st_ino] = number
        kind = "mkdir" if path.is_dir() else "create"
        self._note(kind, number, folder=self._folder(path.parent), entry=path.name)

    def _file(self, handle: int) -> int:
        number = os.fstat(handle).st_ino
        if number not in self._nodes:  # made by a plain open
            self._new(Path(f"/proc/self/fd/{handle}").readlink())
        return self._nodes[number]

    def open_new(self, path: Path) -> int:
        handle = super().open_new(path)
        self._new(path)
        return handle

    def write(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        count = super().write(handle, data, offset)
        self._note("write", self._file(handle), offset=offset, data=bytes(data)[:count])
        return count

    def fsync(self, handle: int) -> None:
        if self._deaf != "fsync":
            self._note("fsync", self._file(handle))

    def truncate(self, handle: int, size: int) -> None:
        super().truncate(handle, size)
        self._note("truncate", self._file(handle), offset=size)

    def mkdir(self, path: Path) -> None:
        super().mkdir(path)
        self._new(path)

    def rename(self, source: Path, target: Path) -> None:
        folder, into = self._folder(source.parent), self._folder(target.parent)
        node = self._nodes[source.lstat().st_ino]
        super().rename(source, target)
        self._note("rename", node, folder=folder, entry=source.name, target=into, into=target.name)

    def unlink(self, path: Path) -> None:
        node, folder = self._nodes[path.lstat().st_ino], self._folder(path.parent)
        super().unlink(path)
        self._note("unlink", node, folder=folder, entry=path.name)

    def sync(self, folder: Path) -> None:
        if self._deaf != "sync":
            self._note("sync", self._folder(folder))

    def clone(self, source: int, target: int) -> bool:  # noqa: ARG002 - the store's signature
        return False

    def copy_range(self, source: int, target: int, offset: int, count: int) -> int:  # noqa: ARG002
        return 0


def _flushed(call: Call, later: Sequence[Call]) -> bool:
    """Tell whether a later call has brought an effect to the disk."""
    if call.name in {"write", "truncate"}:
        return any(other.name == "fsync" and other.node == call.node for other in later)
    folder = call.target if call.name == "rename" else call.folder
    return any(other.name == "sync" and other.node == folder for other in later)


def states(store: Tracing, moment: int, chance: random.Random) -> Iterator[dict[str, bytes | None]]:
    """Yield the trees that may be on the disk after a power cut behind the first `moment` calls.

    A tree maps a path relative to the root to content, or to None for a folder.
    """
    calls = store.calls[:moment]
    effects = [call for call in calls if call.name not in {"fsync", "sync"}]
    places = [number for number, call in enumerate(calls) if call.name not in {"fsync", "sync"}]
    air = [number for number, place in enumerate(places) if not _flushed(effects[number], calls[place + 1 :])]
    seen = set()
    for lost in _choices(air, chance):
        for torn in ("", "half", "zeros"):
            tree = _tree(store, effects, set(lost), set(air), torn)
            key = tuple(sorted(tree.items()))
            if key not in seen:
                seen.add(key)
                yield tree


def _choices(air: Sequence[int], chance: random.Random) -> Iterator[tuple[int, ...]]:
    if len(air) <= ALL:
        for count in range(len(air) + 1):
            yield from itertools.combinations(air, count)
        return
    yield from ((), tuple(air))
    for one in air:
        yield (one,)
        yield tuple(other for other in air if other != one)
    for _number in range(30):
        yield tuple(one for one in air if chance.random() < 0.5)


def _tree(store: Tracing, effects: Sequence[Call], lost: set[int], air: set[int], torn: str) -> dict[str, bytes | None]:
    folders: dict[int, dict[str, int]] = {store.ids[store.root]: {}}
    files: dict[int, bytearray] = {}
    for path, content in store.tree.items():
        if content is None:
            folders.setdefault(store.ids[path], {})
        else:
            files[store.ids[path]] = bytearray(content)
    for path in store.tree:
        folders[store.ids[path.parent]][path.name] = store.ids[path]
    for number, call in enumerate(effects):
        if call.name == "mkdir":
            folders.setdefault(call.node, {})
        if call.name == "create":
            files.setdefault(call.node, bytearray())
        if number not in lost:
            _apply(call, folders, files, torn if number in air else "")
    return _reached(store.ids[store.root], folders, files)


def _reached(root: int, folders: dict[int, dict[str, int]], files: dict[int, bytearray]) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    waiting = [("", root)]
    while waiting:
        prefix, node = waiting.pop()
        for name, child in folders[node].items():
            if child in folders:
                found[prefix + name] = None
                waiting.append((f"{prefix}{name}/", child))
            else:
                found[prefix + name] = bytes(files[child])
    return found


def _apply(call: Call, folders: dict[int, dict[str, int]], files: dict[int, bytearray], torn: str) -> None:
    if call.name in {"mkdir", "create"}:
        folders[call.folder][call.entry] = call.node
    elif call.name == "rename":
        folders[call.folder].pop(call.entry, None)
        folders[call.target][call.into] = call.node
    elif call.name == "unlink":
        folders[call.folder].pop(call.entry, None)
    elif call.name == "truncate":
        del files[call.node][call.offset :]
    else:
        data = call.data
        if torn == "half":
            data = data[: len(data) // 2]
        elif torn == "zeros":
            data = bytes(len(data))
        content = files[call.node]
        if len(content) < call.offset:
            content.extend(bytes(call.offset - len(content)))
        content[call.offset : call.offset + len(data)] = data


def write_tree(root: Path, tree: dict[str, bytes | None]) -> None:
    """Put a tree on a disk."""
    root.mkdir()
    for path, content in sorted(tree.items()):
        place = root / path
        if content is None:
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
