"""Files: crash-safe writes and canonical JSON.

A reader never sees half a file: text goes to a temporary file beside the target, is flushed to disk, and replaces
the target in one step; the directory is flushed too, so that the new name survives a power cut.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import rfc8785

from greenmine.errors import InputError, one_line, shown
from greenmine.i18n import gettext as _

_SAFE = 2**53 - 1
"""The largest whole number that RFC 8785 allows."""


def canonical_json(document: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the RFC 8785 form of a JSON document; `Decimal` numbers become the shortest JSON numbers."""
    if _usual(document):
        with contextlib.suppress(UnicodeEncodeError):  # half a character, for which rfc8785 has an error of its own
            return _encode(document).encode()
    return rfc8785.dumps(_plain(document))


_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def _usual(value: Any) -> bool:  # noqa: ANN401
    """Tell whether the standard library writes a document as RFC 8785 does, in a fraction of the time.

    It does unless there are fractions, numbers beyond those that all programs can hold, or names in an order that
    depends on how characters are encoded.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii() or (type(item) is not str and not _usual(item)):
                return False
        return True
    if kind is list or kind is tuple:
        return all(map(_usual, value))
    return kind is int and -_SAFE <= value <= _SAFE


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sync_directory(directory: Path) -> None:
    """Flush a directory's entries to disk, where the platform lets a directory be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomic(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that after a crash either the old or the new content is there, whole.

    Raises:
        OSError: the disk is full or the folder cannot be written; `path` is then as it was, and what the error names.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(path, data)
    except OSError as problem:  # of the temporary file nobody has heard
        raise OSError(problem.errno, problem.strerror, str(path)) from problem
    sync_directory(path.parent)


def _write(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def refusal(problem: OSError) -> str:
    """Return, in the language in use, why the system refused something."""
    known = {
        errno.ENOENT: _("No such file or directory"),
        errno.EACCES: _("Permission denied"),
        errno.EPERM: _("Operation not permitted"),
        errno.EEXIST: _("File exists"),
        errno.ENOSPC: _("No space left on device"),
        errno.EDQUOT: _("Disk quota exceeded"),
        errno.EROFS: _("Read-only file system"),
        errno.EFBIG: _("File too large"),
        errno.EIO: _("Input/output error"),
        errno.EISDIR: _("Is a directory"),
        errno.ENOTDIR: _("Not a directory"),
        errno.ENOTEMPTY: _("Directory not empty"),
        errno.ELOOP: _("Too many levels of symbolic links"),
        errno.ENAMETOOLONG: _("File name too long"),
        errno.EBUSY: _("Device or resource busy"),
        errno.EMFILE: _("Too many open files"),
        errno.ENOMEM: _("Cannot allocate memory"),
        errno.ENOEXEC: _("Exec format error"),
        errno.EADDRINUSE: _("Address already in use"),
    }
    own = problem.strerror or str(problem) or type(problem).__name__
    return known.get(problem.errno or 0) or one_line(own)


def read_text(path: Path, limit: int, error: type[InputError] = InputError) -> str:
    """Return a UTF-8 file's text (a byte-order mark is dropped).

    Args:
        path: the file.
        limit: the largest size accepted, in bytes.
        error: the kind of `InputError` to raise.

    Raises:
        InputError: the file is missing, not a regular file, too large or not UTF-8.
    """
    try:
        if not path.is_file():
            found = _("no such file") if not path.exists() else _("something that is not a file")
            raise error(path, expected=_("a readable file"), found=found)
        size = path.stat().st_size
        if size > limit:
            raise error(
                path, expected=_("at most {limit} bytes").format(limit=limit), found=_("{size} bytes").format(size=size)
            )
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(
            path,
            _("byte {number}").format(number=problem.start + 1),
            expected=_("UTF-8 text"),
            found=_("bytes of another encoding"),
            hint=_("Save the file as UTF-8."),
        ) from None
    except OSError as problem:
        raise error(path, expected=_("a readable file"), found=refusal(problem)) from None


def parse_json(text: str, file: object, error: type[InputError] = InputError) -> Any:  # noqa: ANN401
    """Return the JSON document in `text`; fractions come as exact `Decimal`, duplicate keys are errors.

    Raises:
        InputError: the text is not JSON, names a key twice, holds NaN or infinity, or is nested too deeply.
    """

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise error(
                    file,
                    _("key {key}").format(key=key),
                    expected=_("each key once"),
                    found=_("the key twice"),
                    hint=_("Remove one of the two."),
                )
            found[key] = value
        return found

    def constant(name: str) -> Any:  # noqa: ANN401
        raise error(file, expected=_("a number"), found=name)

    try:
        return json.loads(text, parse_float=Decimal, parse_constant=constant, object_pairs_hook=pairs)
    except json.JSONDecodeError as problem:
        place = _("line {line}, column {column}").format(line=problem.lineno, column=problem.colno)
        rest = text[problem.pos : problem.pos + 30]
        raise error(file, place, expected=_("JSON"), found=shown(rest) if rest else _("the end of the file")) from None
    except (RecursionError, ValueError):
        raise error(file, expected=_("JSON"), found=_("a document nested too deeply or a number too long")) from None


def read_json(path: Path, limit: int = 64 * 1024 * 1024, error: type[InputError] = InputError) -> Any:  # noqa: ANN401
    """Return the JSON document in a file, read as `parse_json` does.

    Raises:
        InputError: the file cannot be read or is not JSON.
    """
    return parse_json(read_text(path, limit, error), path, error)
