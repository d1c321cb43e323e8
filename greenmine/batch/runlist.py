"""The run list: which mines to run the notebook on, with which parameters. YAML, CSV or XLSX.

    runs.csv    mine,assessment,catalog,readings            runs.yaml   defaults: {catalog: national@2024}
                GM-0001,2026-selection,national@2024,                   runs:
                GM-0002,,,na_fold=total                                   - mine: GM-0002
                                                                            readings: {na_fold: total}

The columns are the parameters that the notebook declares, closed and typed, and `reason`: why a record takes the place
of an earlier one. Everything that can be told without the evidence is checked before anything starts: columns, types,
mines, assessments, catalogs, readings, languages. A mistake names file, row and column. A row of a table has the number
that a spreadsheet gives it, the line of headings being the first; in YAML it is the position in the list.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NoReturn

from greenmine.assessment import list_assessments
from greenmine.batch.parameters import TYPES, Parameter, in_words
from greenmine.catalog import load_catalog
from greenmine.catalog.strict_yaml import described, load_yaml
from greenmine.errors import GreenmineError, InputError, shown
from greenmine.evidence.table import Cell, read_table
from greenmine.files import refusal
from greenmine.i18n import LANGUAGES
from greenmine.i18n import gettext as _
from greenmine.workspace import Workspace

REASON: Final = "reason"
_SEPARATORS: Final = str.maketrans("；，＝", ";,=")
_OPTIONS: Final = {"catalog": "--catalog", "readings": "--reading"}
"""What sets a parameter where no row does."""

_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")
_TRUTH: Final = {"true": True, "1": True, "是": True, "false": False, "0": False, "否": False}


@dataclass(frozen=True)
class Run:
    """One row of a list: a mine and what to do with it.

    Attributes:
        number: of the row: as a spreadsheet counts them, the line of headings being the first; in YAML, the position in
            the list.
        mine: id of the mine.
        parameters: every parameter of the notebook besides the mine; `assessment` is empty only where
            the mine's assessments cannot be read.
        reason: why the record takes the place of an earlier one.
    """

    number: int
    mine: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def assessment(self) -> str:
        """Id of the assessment."""
        return str(self.parameters["assessment"])


@dataclass(frozen=True)
class _Row:
    """A row as it was read: its number, values by column, and what to call a place in it."""

    file: Path
    number: int
    values: Mapping[str, Any]
    place: Callable[[str], str]

    def wrong(self, column: str, expected: str, found: str, hint: str = "") -> NoReturn:
        place = _OPTIONS[column] if column in _OPTIONS and column not in self.values else self.place(column)
        raise InputError(self.file, place, expected=expected, found=found, hint=hint)


def read_list(
    file: Path, known: Mapping[str, Parameter], workspace: Workspace, defaults: Mapping[str, Any] | None = None
) -> tuple[Run, ...]:
    """Read a run list and check it.

    Args:
        file: ends in `.yaml`, `.yml`, `.csv` or `.xlsx`.
        known: the parameters that the notebook declares.
        workspace: whose mines and catalogs are meant.
        defaults: what a row has that says nothing else, before the notebook's own defaults.

    Raises:
        InputError: the list is malformed, or a row asks for what is not there.
    """
    rows = _yaml_rows(file, known) if file.suffix.lower() in {".yaml", ".yml"} else _table_rows(file, known)
    check = _Checks(known, workspace, dict(defaults or {}))
    found: dict[tuple[str, str], tuple[Run, _Row]] = {}
    for row in rows:
        run = check.run(row)
        earlier, first = found.setdefault((run.mine, run.assessment), (run, row))
        if earlier is not run:
            text = _("{mine}, {assessment} again, as in {place}")
            text = text.format(mine=run.mine, assessment=run.assessment, place=first.place("mine"))
            row.wrong("mine", _("each assessment of a mine once"), text)
    if not found:
        raise InputError(file, expected=_("at least one mine"), found=_("nothing"))
    return tuple(run for run, _row in found.values())


# ---- reading ---------------------------------------------------------------------------------------------------------


def _table_rows(file: Path, known: Mapping[str, Parameter]) -> Iterator[_Row]:
    """Yield the rows of a table; the first that is not blank names the columns."""
    try:
        stream = file.open("rb")
    except OSError as problem:
        raise InputError(file, expected=_("a readable file"), found=refusal(problem)) from None
    columns: list[str] = []
    with stream:
        for number, cells in read_table(stream, file.name, str(file)):
            texts = [_text(cell) for cell in cells]
            if not any(texts):
                continue
            if columns:
                yield _table_row(file, number, columns, texts, known)
                continue
            columns = texts
            names = [name for name in columns if name]
            for name in names:
                _check_column(file, _("row {row}").format(row=number), name, [*known, REASON])
            if len(set(names)) < len(names) or "mine" not in names:
                place, expected = _("row {row}").format(row=number), _("a column mine, and each column once")
                raise InputError(file, place, expected=expected, found=shown(", ".join(columns)))


def _table_row(
    file: Path, number: int, columns: Sequence[str], texts: Sequence[str], known: Mapping[str, Parameter]
) -> _Row:
    def place(column: str) -> str:
        return _("row {row}, column {column}").format(row=number, column=column)

    given: dict[str, str] = {}
    for index, (name, text) in enumerate(zip_longest(columns, texts, fillvalue="")):
        if text and not name:
            expected = _("nothing below a column without a name")
            raise InputError(file, place(str(index + 1)), expected=expected, found=shown(text))
        if text:
            given[name] = text
    row = _Row(file, number, given, place)
    values = {name: text if name == REASON else _typed(row, known[name], text) for name, text in given.items()}
    return _Row(file, number, values, place)


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()


def _typed(row: _Row, parameter: Parameter, text: str) -> Any:  # noqa: ANN401 - as the notebook declares
    """Return the value that a cell of a table means."""
    plain = text.translate(_SEPARATORS)
    parts = [part.strip() for part in plain.replace(",", ";").split(";") if part.strip()]
    match parameter.type:
        case "bool" if plain.lower() in _TRUTH:
            return _TRUTH[plain.lower()]
        case "int" if _WHOLE.fullmatch(plain):
            return int(plain)
        case "list[str]":
            return parts
        case "dict[str, str]" if all(part.count("=") == 1 for part in parts):
            pairs = [[part.strip() for part in pair.split("=")] for pair in parts]
            if len(dict(pairs)) == len(pairs):
                return dict(pairs)
        case "str":
            return text
    examples = {"bool": "true", "int": "3", "dict[str, str]": "na_fold=total; expert_split=majority"}
    return row.wrong(
        parameter.name, _("a value such as {example}").format(example=examples[parameter.type]), shown(text)
    )


def _yaml_rows(file: Path, known: Mapping[str, Parameter]) -> Iterator[_Row]:
    document = load_yaml(file)
    for key in document.data:
        _check_column(file, document.place_of((key,)), key, ["runs", "defaults"])
    runs, defaults = document.data.get("runs"), document.data.get("defaults") or {}
    if not isinstance(defaults, dict):
        expected = _("a mapping such as {example}").format(example="{catalog: national@2024}")
        raise InputError(file, document.place_of(("defaults",)), expected=expected, found=described(defaults))
    if not isinstance(runs, list):
        raise InputError(file, document.place_of(("runs",)), expected=_("a list of mines"), found=described(runs))
    for index, run in enumerate(runs):
        path = ("runs", index)
        if not isinstance(run, dict):
            expected = _("a mapping such as {example}").format(example="{mine: GM-0001}")
            raise InputError(file, document.place_of(path), expected=expected, found=described(run))

        def place(column: str, path: tuple[str | int, ...] = path, own: Mapping[str, Any] = run) -> str:
            at: tuple[str | int, ...] = (
                (*path, column) if column in own or column not in defaults else ("defaults", column)
            )
            return document.place_of(at)

        for name in {**defaults, **run}:
            _check_column(file, place(name), name, [*known, REASON])
        yield _Row(file, index + 1, {**defaults, **run}, place)


def _check_column(file: Path, place: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = _("Did you mean {key}?").format(key=near[0]) if near else ""
        expected = _("only {names}").format(names=", ".join(known))
        raise InputError(file, place, expected=expected, found=shown(name), hint=hint)


# ---- checking --------------------------------------------------------------------------------------------------------


class _Checks:
    """What has been looked up already while a list is checked."""

    def __init__(self, known: Mapping[str, Parameter], workspace: Workspace, defaults: Mapping[str, Any]) -> None:
        self._known = known
        self._workspace = workspace
        self._defaults = {name: value for name, value in defaults.items() if name in known}
        self._readings: dict[str, Mapping[str, Any]] = {}

    def run(self, row: _Row) -> Run:
        """Return what a row asks for."""
        values = {name: parameter.default for name, parameter in self._known.items()}
        values |= {**self._defaults, **row.values}
        reason = values.pop(REASON, "")
        for name, value in values.items():
            if not TYPES[self._known[name].type](value):
                row.wrong(name, in_words(self._known[name].type), described(value))
        if not isinstance(reason, str):
            row.wrong(REASON, in_words("str"), described(reason))
        if "mine" not in row.values:
            row.wrong("mine", _("the id of a mine"), _("nothing"))
        mine, values["assessment"] = self._mine(row, values.pop("mine"), values.get("assessment", ""))
        if values.get("lang", LANGUAGES[0]) not in LANGUAGES:
            row.wrong("lang", _("one of {values}").format(values=", ".join(LANGUAGES)), shown(values["lang"]))
        self._check_readings(row, values)
        return Run(row.number, mine, values, reason)

    def _mine(self, row: _Row, mine: str, assessment: str) -> tuple[str, str]:
        """Return the ids of the mine and of its assessment."""
        folder = self._workspace.evidence / mine
        if not mine or folder.name != mine or not (folder / "mine.yaml").is_file():
            expected = _("the id of a mine under {folder}").format(folder=self._workspace.evidence)
            row.wrong("mine", expected, shown(mine))
        try:
            panels = [panel.id for panel in list_assessments(folder)]
        except GreenmineError:
            return mine, assessment  # the mine itself is at fault; it fails by itself, with the reason
        if not panels or (assessment and assessment not in panels):
            expected = (
                _("one of {values}").format(values=", ".join(panels)) if panels else _("an assessment of the mine")
            )
            row.wrong("assessment", expected, shown(assessment) if assessment else _("none"))
        return mine, assessment or panels[-1]

    def _check_readings(self, row: _Row, values: Mapping[str, Any]) -> None:
        name = values.get("catalog", "")
        if name not in self._readings:
            try:
                self._readings[name] = load_catalog(name, self._workspace).document["readings"]
            except GreenmineError as problem:
                row.wrong("catalog", _("a catalog"), shown(name), str(problem))
        for reading, choice in values.get("readings", {}).items():
            choices = self._readings[name].get(reading, {}).get("choices")
            if choices is None:
                row.wrong(
                    "readings", _("one of {values}").format(values=", ".join(self._readings[name])), shown(reading)
                )
            if choice not in choices:
                expected = _("one of {values}").format(values=", ".join(f"{reading}={one}" for one in choices))
                row.wrong("readings", expected, shown(f"{reading}={choice}"))
