"""The table of facts: a row a mine, a column a fact; CSV or Parquet.

    mine name industry extraction primary_extraction        the mine; `extraction` holds its ways, blanks between them
    assessment kind date anchor_date catalog source digest  which assessment, what it was recorded by, where it lies
    prerequisite/P1.met                                     whether a prerequisite is met
    9.drilling  10.met  36.clean_transport_share            a fact by its key: true, false, a number
    2.defects                                               how many places were found wanting
    17.absent                                               keys of the parts that do not exist, blanks between them
    2.evidence                                              whether there is evidence
    13.not_applicable                                       `unproven`, `proven` or `cited` (proven, with a citation)
    9.judgements                                            JSON: each expert's own facts, where they make the points
    9.overruled                                             the same, where the panel found otherwise and they do not
    8.clauses                                               JSON, from clause to state, as recorded beside `met`
    8.measured                                              likewise: `below`, `equal` or `above` what is required

An empty cell is a fact that is not recorded. The table holds all that points rest on: texts of defects are counted, and
where the panel resolved a dispute by a finding of its own, the columns hold that finding. What it holds beside that no
points rest on; another version of the indicators may refuse it, and then the facts are not carried over to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from greenmine.errors import InputError, UsageError, shown
from greenmine.files import refusal, write_atomic
from greenmine.i18n import gettext as _
from greenmine.scoring.exact import NotANumber, exact
from greenmine.text import active, inert

HEAD: Final = (
    *("mine", "name", "industry", "extraction", "primary_extraction"),
    *("assessment", "kind", "date", "anchor_date", "catalog", "source", "digest"),
)
CLAIMS: Final = ("", "unproven", "proven", "cited")
"""What a claim that an indicator is not applicable comes with; its position is the code."""

MOST: Final = 2**31
"""A count beyond this makes no difference to any points."""

Array = NDArray[Any]
_Value = TypeVar("_Value")


def column(indicator: str, key: str) -> str:
    """Return the name of the column of an indicator's fact."""
    return f"{indicator}.{key}"


def gate_column(prerequisite: str) -> str:
    """Return the name of the column of a prerequisite."""
    return f"prerequisite/{prerequisite}.met"


@dataclass(frozen=True, eq=False)
class Experts:
    """The experts' own facts on one indicator; mines whose experts recorded the same share one panel.

    Attributes:
        table: a row for each expert of each panel.
        panel: for each row, the number of the panel.
        count: for each panel, how many experts judged.
        of: for each mine, the number of its panel; -1 where experts' facts do not make the points.
    """

    table: FactsTable
    panel: Array
    count: Array
    of: Array


class Source(NamedTuple):
    """Where cells of a column come from.

    Attributes:
        name: the heading of another column.
        rows: whether each row takes its cell from there.
        rewrite: what each of its cells is turned into; None where it stays as it is.
    """

    name: str
    rows: Array
    rewrite: Callable[[Any], object] | None = None


@dataclass(frozen=True, eq=False)
class FactsTable:
    """A table of facts; what is asked of a column twice is worked out once.

    Attributes:
        file: its name, for messages.
        data: the columns.
    """

    file: str
    data: pa.Table
    _known: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return int(self.data.num_rows)

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, object]], file: str = "") -> FactsTable:
        """Return the table of rows, each from column to value; values of a column are of one type or become text."""
        names = dict.fromkeys(HEAD) | dict.fromkeys(sorted({name for row in rows for name in row}, key=_in_order))
        return cls(file, pa.table({name: _typed([row.get(name) for row in rows]) for name in names}))

    @classmethod
    def read(cls, path: Path) -> FactsTable:
        """Return the table in a file.

        Args:
            path: CSV in UTF-8 with a line of headings, or Parquet by its suffix `.parquet`.

        Raises:
            InputError: the file cannot be read, or a mine in it is named twice.
        """
        try:
            data = pa.parquet.read_table(path) if _suffix(path) == ".parquet" else _read_csv(path)
        except (pa.ArrowException, OSError, ValueError) as problem:
            found = refusal(problem) if isinstance(problem, OSError) else str(problem)
            raise InputError(path, expected=_("a table of facts, CSV in UTF-8 or Parquet"), found=found) from None
        table = cls(str(path), data)
        twice = {name for name in data.column_names if data.column_names.count(name) > 1}
        if twice or not set(HEAD[:5]) <= set(data.column_names):
            expected = _("each heading once, {names} among them").format(names=", ".join(HEAD[:5]))
            raise InputError(path, expected=expected, found=", ".join(shown(name) for name in sorted(twice)) or "–")
        nested = next((field for field in data.schema if pa.types.is_nested(field.type)), None)
        if nested is not None:
            place = _("column {column}").format(column=shown(nested.name))
            raise InputError(path, place, expected=_("text, numbers, true or false"), found=str(nested.type))
        codes = table.encoded("mine")[1]
        doubtful = (codes < 0) | (np.bincount(codes[codes >= 0], minlength=1)[codes] > 1)
        if doubtful.any():
            raise table.wrong("mine", int(np.argmax(doubtful)), _("one row a mine, with its id"))
        ways = zip(table.texts("primary_extraction"), table.texts("extraction"), strict=True)
        amiss = next((number for number, (primary, every) in enumerate(ways) if primary not in every.split()), None)
        if amiss is not None:
            raise table.wrong("primary_extraction", amiss, _("one of the ways in column “extraction”"))
        return table

    def write(self, path: Path) -> None:
        """Write the table, as CSV or Parquet by the suffix of the name; in CSV no cell is taken for a formula.

        Raises:
            UsageError: the suffix is neither.
            OSError: the disk refuses.
        """
        buffer = BytesIO()
        if _suffix(path) == ".parquet":
            pa.parquet.write_table(self.data, buffer)
        else:
            texts = {name: [_cell(value) for value in self.data.column(name).to_pylist()] for name in self.names}
            pa.csv.write_csv(pa.table(texts), buffer, pa.csv.WriteOptions(quoting_style="needed"))
        write_atomic(path, buffer.getvalue())

    @property
    def names(self) -> list[str]:
        """The headings."""
        return list(self.data.column_names)

    def wrong(self, name: str, number: int, expected: str) -> InputError:
        """Return the error about a cell; rows are counted as a spreadsheet does, headings first."""
        place = _("row {row}, column {column}").format(row=number + 2, column=shown(name))
        return InputError(self.file, place, expected=expected, found=shown(self.data.column(name)[number].as_py()))

    def rearranged(self, sources: Mapping[str, Sequence[Source]]) -> FactsTable:
        """Return the table with its head and other columns, each made of columns of this one.

        Args:
            sources: where each column comes from, by its heading; where several give a row something, the last one.
        """
        made = {name: self.data.column(name) for name in HEAD if name in self.data.column_names}
        known = {name: name for name in made}
        for heading, parts in sources.items():
            first = parts[0]
            if len(parts) == 1 and first.rewrite is None and first.rows.all():
                made[heading], known[heading] = self.data.column(first.name), first.name
            else:
                made[heading] = self._gathered(parts)
        encoded = {new: self._known.get(("encoded", old)) for new, old in known.items()}
        return FactsTable(
            self.file, pa.table(made), {("encoded", new): found for new, found in encoded.items() if found is not None}
        )

    def _gathered(self, parts: Sequence[Source]) -> pa.Array:
        cells: list[str] = []
        codes = np.full(len(self), -1)
        for part in parts:
            own, of = self.encoded(part.name)
            codes = np.where(part.rows & (of >= 0), of + len(cells), codes)
            cells += [_plain(part.rewrite(cell) if part.rewrite else cell) for cell in own]
        return pa.array(cells, pa.string()).take(pa.array(codes, mask=codes < 0))

    # ---- columns, by what is asked of them ---------------------------------------------------------------------------

    def encoded(self, name: str) -> tuple[list[Any], Array]:
        """Return the different values of a column and for each row the number of its value; -1 where it is empty."""
        return self._once(("encoded", name), lambda: self._encode(name))

    def _encode(self, name: str) -> tuple[list[Any], Array]:
        if name not in self.data.column_names or pa.types.is_null(self.data.column(name).type):
            return [], np.full(len(self), -1)
        made = pa.chunked_array(self.data.column(name)).combine_chunks().dictionary_encode()
        made = made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made
        return made.dictionary.to_pylist(), np.asarray(made.indices.fill_null(-1))

    def texts(self, name: str) -> Array:
        """Return a column as text; empty cells as empty text."""
        return self.look_up("text", name, str, "", kind=object)

    def truth(self, name: str) -> Array:
        """Return a column of yes or no: 1, 0, and -1 where it is not recorded.

        Raises:
            InputError: a cell holds something else; so with the others below.
        """
        return self.look_up("truth", name, _truth, -1, kind=np.int8, expected=_("true or false"))

    def count(self, name: str) -> Array:
        """Return a column of whole numbers; -1 where none is recorded."""
        return self.look_up("count", name, _count, -1, kind=np.int64, expected=_("a whole number, 0 or more"))

    def reaches(self, name: str, least: Fraction) -> Array:
        """Return whether each share of a column is at least `least`: 1, 0, and -1 where none is recorded."""
        expected = _("a number from 0 to 1")
        return self.look_up(
            f"reaches {least}", name, lambda cell: _share(cell) >= least, -1, kind=np.int8, expected=expected
        )

    def mentions(self, name: str, key: str) -> Array:
        """Return whether `key` is among the words of each cell of a column."""
        return self.look_up(f"mentions {key}", name, lambda cell: key in str(cell).split(), False, kind=bool)  # noqa: FBT003

    def claim(self, name: str) -> Array:
        """Return a column of claims as their codes in `CLAIMS`."""
        return self.look_up("claim", name, CLAIMS.index, 0, kind=np.int8, expected=" | ".join(CLAIMS[1:]))

    def experts(self, name: str) -> Experts | None:
        """Return the experts' own facts in a column; None where there are none."""
        return self._once(("experts", name), lambda: self._experts(name))

    def _experts(self, name: str) -> Experts | None:
        cells, codes = self.encoded(name)
        expected = _("JSON: a list of objects with by and facts")
        self.look_up("judgements", name, judged, None, kind=object, expected=expected)
        if not cells:
            return None
        indicator = name.rpartition(".")[0]
        each = [(number, facts) for number, cell in enumerate(cells) for facts in judged(cell)]
        rows = [{column(indicator, key): value for key, value in facts.items()} for _number, facts in each]
        panel = np.array([number for number, _facts in each])
        return Experts(FactsTable.of(rows, self.file), panel, np.bincount(panel), codes)

    def look_up(
        self,
        what: str,
        name: str,
        parse: Callable[[Any], object],
        missing: object,
        *,
        kind: type,
        expected: str = "",
    ) -> Array:
        """Return a column with each different value parsed once.

        Args:
            what: what is asked of the column; what was asked before is remembered.
            name: its heading.
            parse: from a value to what stands for it; a `ValueError` where it is of another form.
            missing: what stands for an empty cell.
            kind: the type of the array.
            expected: what a cell should hold, for the message.

        Raises:
            InputError: a cell cannot be parsed.
        """

        def make() -> Array:
            values, codes = self.encoded(name)
            made: Array = np.empty(len(values) + 1, kind)
            made[-1] = missing
            for number, value in enumerate(values):
                try:
                    made[number] = parse(value)
                except (ValueError, TypeError):
                    raise self.wrong(name, int(np.argmax(codes == number)), expected) from None
            return made[codes]

        return self._once((what, name), make)

    def _once(self, key: tuple[str, ...], make: Callable[[], _Value]) -> _Value:
        if key not in self._known:
            self._known[key] = make()
        found: _Value = self._known[key]
        return found


def _truth(value: object) -> int:
    text = str(value).lower()
    if text not in ("true", "false"):
        raise ValueError(value)
    return int(text == "true")


def _count(value: object) -> int:
    number = exact(value)
    if number.denominator != 1 or number < 0:
        raise ValueError(value)
    return min(number.numerator, MOST)


def _share(value: object) -> Fraction:
    share = exact(value)
    if not 0 <= share <= 1:
        raise NotANumber(value)
    return share


def judged(value: object) -> list[dict[str, Any]]:
    """Return the facts of each expert in a cell of the column `judgements`.

    Raises:
        ValueError: it is of another form.
    """
    try:
        found = json.loads(str(value))
    except RecursionError:
        raise ValueError(value) from None
    if not isinstance(found, list) or not found or not all(isinstance(one, dict) for one in found):
        raise ValueError(value)
    facts = [one.get("facts") for one in found]
    if not all(isinstance(one, dict) for one in facts):
        raise ValueError(value)
    return facts


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise UsageError(_("{path}: expected a name that ends in .csv or .parquet.").format(path=shown(str(path), 200)))
    return suffix


def _read_csv(path: Path) -> pa.Table:
    """Return a CSV file, all its columns text, without what keeps cells from being taken for formulas."""
    with pa.csv.open_csv(path) as stream:
        names = stream.schema.names
    options = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    data = pa.csv.read_csv(path, parse_options=pa.csv.ParseOptions(newlines_in_values=True), convert_options=options)
    for number, name in enumerate(names):
        cells = data.column(number)
        if pa.compute.any(pa.compute.starts_with(cells, "'")).as_py():
            bare = [None if cell is None else active(cell) for cell in cells.to_pylist()]
            data = data.set_column(number, name, pa.array(bare, pa.string()))
    return data


def _typed(values: list[object]) -> pa.Array:
    """Return a column: yes or no, whole numbers, or text."""
    present = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in present) and present:
        return pa.array(values, pa.bool_())
    if all(isinstance(value, int) and not isinstance(value, bool) for value in present) and present:
        return pa.array(values, pa.int64())
    return pa.array([None if value is None else _plain(value) for value in values], pa.string())


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(value: object) -> str | None:
    """Return a value as it stands in a CSV file."""
    return None if value is None else inert(_plain(value))


def _in_order(name: str) -> tuple[object, ...]:
    """Order columns: the head, prerequisites, indicators by number."""
    owner, _dot, key = name.rpartition(".")
    digits = owner.split("-")[0].split(".")[0]
    return (not owner.startswith("prerequisite/"), int(digits) if digits.isdigit() else 0, owner, key)
