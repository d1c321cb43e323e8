"""Strict YAML: text in, plain data and a line index out.

YAML guesses. It reads `no` as false, `2024-04-15` as a date, `1:30` as ninety, `010` as eight, keeps the last of two
equal keys and lets a few lines of aliases grow to gigabytes. A catalog that decides about a mine must not depend on
guesses, and a file that a mine hands in must not harm the reader. So this module takes the parser's events (from the C
parser where there is one; nothing is ever constructed from a tag) and builds the data itself. What a reader could take
for something else is an error that names file, line and key, and says how to write it.

Accepted: mappings with text keys, lists, text, `true`, `false`, `null` or nothing, whole numbers and decimal fractions.
Fractions come as exact `Decimal`. Nesting and size are limited, so a hostile file costs no more than a large good one.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NoReturn

import yaml

from greenmine.errors import InputError, shown
from greenmine.i18n import gettext as _

Path_ = tuple[str | int, ...]

MAX_DEPTH: Final = 24
MAX_DIGITS: Final = 40

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# C0 and C1 controls except tab and line feed, a lone carriage return, Unicode's own line ends, the byte-order mark,
# halves of surrogate pairs, and the marks that turn the direction of writing (they make text read as something else).
_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
    "|\r(?!\n)"
)
_INT: Final = re.compile(r"0|-?[1-9][0-9]*")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_NUMBER_LIKE: Final = re.compile(
    r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?0[xX][0-9a-fA-F_]+|[-+]?0[bB][01_]+|[-+]?0[oO][0-7_]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_SEXAGESIMAL: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_DATE_LIKE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?")
_BOOLEAN_LIKE: Final = re.compile(r"(?:y|n|yes|no|on|off|true|false)", re.IGNORECASE)
_NULL_LIKE: Final = re.compile(r"~|null", re.IGNORECASE)
_KEY_ON_LINE: Final = re.compile(r"\s*(?:-\s+)*[\"']?([^\"'\s:#][^\"':#]*)[\"']?\s*:")


@dataclass(frozen=True)
class YamlDocument:
    """A YAML file that was read.

    Attributes:
        data: the mapping at the top, made of plain dicts, lists, str, int, Decimal, bool and None.
        file: the file, as the user knows it.
        lines: 1-based line of every key and list entry, by its path.
    """

    data: dict[str, Any]
    file: object
    lines: Mapping[Path_, int] = field(default_factory=dict, repr=False)

    def line_of(self, path: Sequence[str | int]) -> int:
        """Return the 1-based line of the key or entry at `path`, or of the nearest thing around it that exists."""
        at = tuple(path)
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 1)

    def key_of(self, path: Sequence[str | int]) -> str:
        """Return `path` as a person would write it: entries of lists go by `id`, `key` or else `#` and number.

        For example `categories/1/sections/1.1/indicators/3/points`, or `operations/#2/at`.
        """
        parts: list[str] = []
        value: Any = self.data
        for part in path:
            if isinstance(part, int) and isinstance(value, list):
                value = value[part] if -len(value) <= part < len(value) else None
                name = (value.get("id") or value.get("key")) if isinstance(value, dict) else None
                parts.append(name if isinstance(name, str) and name else f"#{part + 1}")
            else:
                value = value.get(part) if isinstance(value, dict) else None
                parts.append(str(part))
        return "/".join(parts)

    def place_of(self, path: Sequence[str | int]) -> str:
        """Return line and key of `path` in words, for the `place` of an `InputError`."""
        return _place(self.line_of(path), self.key_of(path))


def parse_yaml(text: str, file: object, error: type[InputError] = InputError) -> YamlDocument:
    """Return the one document in `text`.

    Args:
        text: YAML text.
        file: what to call it in messages.
        error: the kind of `InputError` to raise.

    Raises:
        InputError: the text is not YAML, or not in the strict form this module describes.
    """
    try:
        known = _read(text)
    except InputError:
        return _Reader(file, error).read(text)  # which says so of the file
    return YamlDocument(copy.deepcopy(known.data), file, known.lines)


@lru_cache(8)
def _read(text: str) -> YamlDocument:
    """Read a text; a panel or a profile is asked for again and again."""
    return _Reader("", InputError).read(text)


def _place(line: int, key: str) -> str:
    if not key:
        return _("line {number}").format(number=line)
    return _("line {line}, key {key}").format(line=line, key=shown(key, 120).strip("“”"))


@dataclass
class _Frame:
    """A mapping or list that is being filled; `key` is the mapping's key that waits for its value."""

    value: dict[str, Any] | list[Any]
    path: Path_
    key: str | None = None

    def next_path(self) -> Path_:
        if isinstance(self.value, list):
            return (*self.path, len(self.value))
        return self.path if self.key is None else (*self.path, self.key)


class _Reader:
    """Builds the data of one document out of parser events, and the line index beside it."""

    def __init__(self, file: object, error: type[InputError]) -> None:
        self._file = file
        self._error = error
        self._lines: dict[Path_, int] = {}
        self._stack: list[_Frame] = []
        self._top: Any = None

    def read(self, text: str) -> YamlDocument:
        self._refuse_controls(text)
        documents = 0
        for event in self._events(text):
            line = 1 if event.start_mark is None else event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._fail(line, expected=_("one document"), found=_("a second one after “---”"))
                if event.version or event.tags:
                    self._fail(line, expected=_("plain YAML"), found=_("a directive that begins with “%”"))
            elif isinstance(event, yaml.NodeEvent):
                self._node(event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close()
        if not isinstance(self._top, dict):
            self._fail(1, expected=_("a mapping, “key: value” in each line"), found=described(self._top))
        return YamlDocument(self._top, self._file, self._lines)

    def _events(self, text: str) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as problem:
            mark = problem.problem_mark or problem.context_mark
            self._fail_syntax(1 if mark is None else mark.line + 1, text)
        except yaml.YAMLError:
            self._fail_syntax(1, text)

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._fail(line, expected=_("the value itself"), found=_("an alias, *{name}").format(name=event.anchor))
        if event.anchor is not None:
            self._fail(
                line, expected=_("a value without a name"), found=_("an anchor, &{name}").format(name=event.anchor)
            )
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._fail(line, expected=_("a value without a type tag"), found=_("the tag {tag}").format(tag=shown(tag)))
        frame = self._stack[-1] if self._stack else None
        if frame is not None and isinstance(frame.value, dict) and frame.key is None:
            self._key(frame, event, line)
            return
        path = frame.next_path() if frame else ()
        if frame is not None and isinstance(frame.value, list):
            self._lines[path] = line
        if isinstance(event, yaml.ScalarEvent):
            self._put(self._scalar(event, line))
            return
        if len(self._stack) >= MAX_DEPTH:
            self._fail(
                line,
                expected=_("at most {depth} levels of nesting").format(depth=MAX_DEPTH),
                found=_("more of them"),
            )
        self._stack.append(_Frame({} if isinstance(event, yaml.MappingStartEvent) else [], path))

    def _key(self, frame: _Frame, event: yaml.NodeEvent, line: int) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            self._fail(line, expected=_("text as a key"), found=_("a list or mapping as a key"))
        if _is_plain(event) and event.value == "<<":
            self._fail(line, expected=_("every key written out"), found=_("a merge key, “<<”"))
        frame.key = event.value  # so that a message names the key itself
        key = self._scalar(event, line)
        if not isinstance(key, str):
            self._fail(
                line,
                expected=_("text as a key"),
                found=described(key),
                hint=_("Put it in quotes if it is meant as text."),
            )
        if key in frame.value:
            first = self._lines[(*frame.path, key)]
            self._fail(
                line,
                expected=_("each key once"),
                found=_("the key a second time (first in line {line})").format(line=first),
                hint=_("Remove one of the two."),
            )
        self._lines[(*frame.path, key)] = line

    def _put(self, value: Any) -> None:  # noqa: ANN401 - any YAML value
        if not self._stack:
            self._top = value
            return
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
        else:
            frame.value[str(frame.key)] = value
            frame.key = None

    def _close(self) -> None:
        self._put(self._stack.pop().value)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Any:  # noqa: ANN401 - any YAML scalar
        text = event.value
        control = _CONTROL.search(text)
        if control:  # written as an escape such as "\x07"
            self._fail_control(line, control.group())
        return self._plain(text, line) if _is_plain(event) else text

    def _plain(self, text: str, line: int) -> Any:  # noqa: ANN401 - any YAML scalar
        if text == "true":
            return True
        if text == "false":
            return False
        if text in {"", "null"}:
            return None
        if text[0] in "0123456789+-.":
            return self._number_or_text(text, line)
        if _BOOLEAN_LIKE.fullmatch(text):
            self._refuse(line, text, _("true, false, or text in quotes"))
        if _NULL_LIKE.fullmatch(text) or text == "=":
            self._refuse(line, text, _("nothing, null, or text in quotes"))
        return text

    def _number_or_text(self, text: str, line: int) -> int | Decimal | str:
        if len(text) <= MAX_DIGITS:
            if _INT.fullmatch(text):
                return int(text)
            if _DECIMAL.fullmatch(text):
                return Decimal(text)
        if _DATE_LIKE.fullmatch(text):
            self._refuse(line, text, _("a date in quotes"))
        if _SEXAGESIMAL.fullmatch(text):
            self._refuse(line, text, _("text in quotes (YAML reads numbers with colons to the base 60)"))
        if _NUMBER_LIKE.fullmatch(text):
            self._refuse(line, text, _("a plain decimal number such as 0.5, or text in quotes"))
        return text

    def _refuse(self, line: int, text: str, expected: str) -> NoReturn:
        hint = _("Put it in quotes if it is meant as text.")
        self._fail(line, expected=expected, found=_("{text} without quotes").format(text=shown(text)), hint=hint)

    def _refuse_controls(self, text: str) -> None:
        control = _CONTROL.search(text)
        if control is None:
            return
        line = text.count("\n", 0, control.start()) + 1
        start = text.rfind("\n", 0, control.start()) + 1
        key = _KEY_ON_LINE.match(text[start : start + 400])
        self._fail_control(line, control.group(), key.group(1).strip() if key else "")

    def _fail_syntax(self, line: int, text: str) -> NoReturn:
        """Refuse a line, or the line before it where it is the end of the file that comes too early."""
        lines = text.split("\n")[:line]
        near = next((one for one in reversed(lines) if one.strip()), "").strip()
        hint = _("Look for a bracket or quotation mark that is not closed, a missing colon, or another indentation.")
        found = _("an error of syntax near {text}").format(text=shown(near))
        self._fail(line, expected=_("valid YAML"), found=found, hint=hint)

    def _fail_control(self, line: int, character: str, key: str = "") -> NoReturn:
        name = f"U+{ord(character):04X}"
        self._fail(line, key, expected=_("text"), found=_("the invisible control character {name}").format(name=name))

    def _fail(self, line: int, key: str = "", *, expected: str, found: str, hint: str = "") -> NoReturn:
        path = self._stack[-1].next_path() if self._stack else ()
        if not key and self._stack:
            # Containers under construction hang in no parent yet: link copies of their names for the key path.
            key = YamlDocument(self._partial(), self._file).key_of(path)
        raise self._error(self._file, _place(line, key), expected=expected, found=found, hint=hint)

    def _partial(self) -> dict[str, Any]:
        """Return the mapping at the top with the containers still open linked into their parents."""
        for parent, child in zip(self._stack, self._stack[1:], strict=False):
            if isinstance(parent.value, list):
                parent.value.append(child.value)
            else:
                parent.value[str(parent.key)] = child.value
        top = self._stack[0].value
        return top if isinstance(top, dict) else {}


def _is_plain(event: yaml.ScalarEvent) -> bool:
    return bool(event.implicit[0])


def described(value: object) -> str:
    """Return a short description of a YAML value, for the `found` of a message."""
    if value is None:
        return _("nothing")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return _("a mapping")
    if isinstance(value, list | tuple):
        return _("a list of {count}").format(count=len(value))
    if isinstance(value, int | Decimal):
        return _("the number {number}").format(number=value)
    return shown(value) if value != "" else _("empty text")
