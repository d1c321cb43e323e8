"""An entry of findings as cells of a table of facts, and back as far as a rule looks at it.

`cells_of` leaves out what no rule looks at: texts, places, photos. `entry_of` gives an entry that every rule accepts or
refuses as it would the one that the cells were made of; so the scorer itself can be asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from greenmine.batch.impact.table import CLAIMS, MOST, judged
from greenmine.files import canonical_json
from greenmine.scoring.exact import exact
from greenmine.scoring.facts import measured_fits

ABOUT: Final = ("evidence", "not_applicable", "judgements", "overruled")
"""The cells that hold no fact of the panel's own."""

KEYS: Final = (*ABOUT, "absent", "clauses", "measured")
"""The cells that an indicator can have whatever its rule."""

_MEASURED: Final = ("below", "equal", "above")
_SOME: Final = "–"


def cells_of(entry: Mapping[str, Any], status: str) -> Iterator[tuple[str, object]]:
    """Yield the cells of an entry by their keys.

    Args:
        entry: what findings hold on an indicator, as the scorer accepted it.
        status: what became of it by the catalog that it was recorded by.
    """
    judgements = entry.get("judgements") or ()
    claim = entry.get("not_applicable")
    if claim is not None:
        proven = all(str(claim.get(key, "")).strip() for key in ("reason", "confirmed_by"))
        cited = proven and bool(str(claim.get("citation", "")).strip())
        yield "not_applicable", "cited" if cited else "proven" if proven else "unproven"
        yield "evidence", _has_evidence([entry])
        return
    if status == "not_applicable":  # by the catalog itself; the facts were not looked at
        return
    yield "evidence", _has_evidence([entry, *judgements])
    joint = bool(judgements) and (entry.get("resolution") == "mean" or entry.get("facts") is None)
    if judgements:
        each = [{"by": one["by"], "facts": dict(_facts(one.get("facts") or {}))} for one in judgements]
        yield "judgements" if joint else "overruled", canonical_json(each).decode()
    if not joint:
        yield from _facts(entry.get("facts") or {})


def _facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in facts.items():
        if key == "absent":
            yield key, " ".join(sorted(value))
        elif key == "clauses":
            yield key, canonical_json(value).decode()
        elif key == "measured":
            if value is not None:
                fits = [bool(measured_fits(facts, direction)[1]) for direction in ("at_most", "at_least")]
                yield key, "equal" if all(fits) else _MEASURED[2 * fits[1]]
        elif key == "defects":
            yield key, len(value)
        elif key != "note":
            yield key, value if isinstance(value, bool) else min(value, MOST) if isinstance(value, int) else str(value)


def _has_evidence(entries: Iterable[Mapping[str, Any]]) -> bool:
    return any(reference.strip() for entry in entries for reference in entry.get("evidence") or ())


def parsed(key: str, cell: object) -> object:
    """Return what a cell stands for in findings.

    Args:
        key: its key.
        cell: what the table holds, text or not.

    Raises:
        ValueError: it is of another form.
    """
    return _PARSERS.get(key, _fact)(cell)


def _fact(cell: object) -> bool | int | Fraction:
    text = str(cell).lower()
    if text in ("true", "false"):
        return text == "true"
    number = exact(cell)
    return number.numerator if number.denominator == 1 else number


def _claim(cell: object) -> dict[str, str]:
    given = ("reason", "confirmed_by", "citation")[: (0, 0, 2, 3)[CLAIMS.index(str(cell))]]
    return dict.fromkeys(given, _SOME)


def _judgements(cell: object) -> list[dict[str, Any]]:
    return [
        {"by": str(number), "facts": {key: parsed(key, value) for key, value in facts.items()}}
        for number, facts in enumerate(judged(cell))
    ]


def _clauses(cell: object) -> object:
    try:
        return json.loads(str(cell))
    except RecursionError:
        raise ValueError(cell) from None


def _measured(cell: object) -> dict[str, object]:
    return {"value": _MEASURED.index(str(cell)), "required": 1, "source": _SOME}


_PARSERS: Final[Mapping[str, Callable[[object], object]]] = {
    "absent": lambda cell: dict.fromkeys(str(cell).split(), _SOME),
    "clauses": _clauses,
    "defects": lambda cell: [{"text": _SOME}] * min(int(exact(cell)), 1),
    "measured": _measured,
    "not_applicable": _claim,
    "judgements": _judgements,
    "overruled": _judgements,
}


def entry_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of findings.

    Args:
        values: what its cells stand for, by their keys; see `parsed`.
    """
    about = {key: value for key, value in values.items() if key in ABOUT}
    facts = {key: value for key, value in values.items() if key not in ABOUT}
    if "overruled" in about:
        about |= {"judgements": about.pop("overruled"), "resolution": "finding"}
    elif "judgements" in about:
        return about
    return {**about, "facts": facts}


def renamed_cell(key: str, cell: Any, keys: Mapping[str, str]) -> Any:  # noqa: ANN401 - what a table holds
    """Return a cell with the newer names of the facts that it names.

    Args:
        key: its key.
        cell: what the table holds.
        keys: the newer names by the older ones.
    """
    if key == "absent":
        return " ".join(keys.get(word, word) for word in str(cell).split())
    if key not in ("judgements", "overruled"):
        return cell
    each = json.loads(str(cell))
    for one in each:
        one["facts"] = {keys.get(name, name): renamed_cell(name, value, keys) for name, value in one["facts"].items()}
    return canonical_json(each).decode()
