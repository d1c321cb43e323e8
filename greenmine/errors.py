"""The exception tree. Every error a user can cause is one of these.

    GreenmineError
    ├── InputError            a file or argument is not what it should be     exit 2
    │   ├── CatalogError      … a catalog, profile or readings file
    │   ├── FindingsError     … findings.json
    │   ├── JournalError      … a journal or panel.yaml of an assessment
    │   ├── EvidenceError     … a mine's folder: mine.yaml, evidence.csv, unsafe files
    │   └── ArchiveError      the archive cannot be used, or cannot take a record
    │       └── IntegrityError    … what is in it is not what was put into it      exit 1
    ├── UsageError            the command line asks for something impossible  exit 2
    ├── NotebookError         a notebook could not be run to its end          exit of its cause
    └── CheckFailed           the input was read, but a check does not hold   exit 1

An `InputError` always says which file, the place in it, what was expected and what came; a hint says
what to do. The message is one line, so it can be shown as it is. Standard library only: this module travels
with the scorer into every archived record.
"""

from __future__ import annotations

import json

from greenmine.i18n import gettext as _


class GreenmineError(Exception):
    """Base of all errors shown to a user; `str(error)` is the complete message, in one line."""

    exit_status = 2


class InputError(GreenmineError):
    """A file (or an argument standing for one) is not what it should be.

    Args:
        file: path or name of the file, as the user knows it.
        place: where in the file: a line, a key path, a cell; may be empty.
        expected: what should have been there.
        found: what was there.
        hint: what to do about it; may be empty.
    """

    def __init__(self, file: object, place: str = "", *, expected: str, found: str, hint: str = "") -> None:
        self.file = str(file)
        self.place = place
        self.expected = expected
        self.found = found
        self.hint = hint
        super().__init__(self.message())

    def message(self) -> str:
        """Return the message in the language in use, on one line."""
        where = _("{file}, {place}").format(file=self.file, place=self.place) if self.place else self.file
        text = _("{where}: expected {expected}, got {found}.").format(
            where=where, expected=self.expected, found=self.found
        )
        return one_line(_("{message} {hint}").format(message=text, hint=self.hint) if self.hint else text)


class CatalogError(InputError):
    """A catalog, profile or readings file does not hold together."""


class FindingsError(InputError):
    """A findings document does not fit its schema or the catalog."""


class JournalError(InputError):
    """A journal line or panel file is malformed, edited, reordered or out of place."""


class EvidenceError(InputError):
    """A mine's folder holds something malformed or unsafe."""


class ArchiveError(InputError):
    """The archive cannot be used where it is, or cannot take what it was given; what it holds is untouched."""


class IntegrityError(ArchiveError):
    """Something in the archive is not what was put into it, or not where."""

    exit_status = 1


class UsageError(GreenmineError):
    """The command line asks for something that cannot be done."""


class NotebookError(GreenmineError):
    """A notebook could not be run to its end.

    Args:
        notebook: name of the notebook.
        cell: id of the cell that failed; empty where no cell did.
        cause: what happened; the complete message of the error where it is one of these.
        exit_status: that of the cause.
    """

    def __init__(self, notebook: str, cell: str, cause: str, exit_status: int = GreenmineError.exit_status) -> None:
        self.notebook = notebook
        self.cell = cell
        self.cause = cause
        self.exit_status = exit_status
        where = _("{file}, {place}").format(file=notebook, place=_("cell {id}").format(id=cell)) if cell else notebook
        super().__init__(_("{where}: {cause}").format(where=where, cause=cause))


class CheckFailed(GreenmineError):  # noqa: N818 - it is the outcome of a check, named as the exit status is
    """The input could be read, but a check on it does not hold."""

    exit_status = 1


def one_line(text: str) -> str:
    """Return `text` with every control character made visible, so that it stays on one harmless line."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text.replace("\n", " ").strip())


def shown(value: object, limit: int = 60) -> str:
    """Return a short, one-line form of a bad value for an error message: text in quotes, all else as JSON writes it."""
    text = f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False, skipkeys=True, default=str)
    text = one_line(text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
