"""Whether a profile is weaker than the catalog it extends.

A province may tailor the national indicators but not soften them (综合要求不降低). What a machine can tell is told as
*weaker*: a lower line, a dropped gate or mandatory indicator, a mandatory indicator made an improvement, a new
permission to be not applicable, a lower threshold or deduction. The profile is refused then, unless the operation that
does it cites the document that allows it; the citation stays visible in the resolved catalog. What takes a person to
judge, such as a changed text or another formula, is listed as *review*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

from greenmine.catalog.diff import Change, compare
from greenmine.i18n import gettext as _

_REVIEWED_TEXTS: Final = frozenset({"text", "criteria", "criteria_shared"})


@dataclass(frozen=True)
class Softening:
    """One way in which a profile is, or may be, weaker than its base.

    Attributes:
        at: where, in the words of a profile's operations.
        level: `weaker` where it certainly is, `review` where a person has to judge.
        code: what kind of softening; stable, for programs.
        message: the same for people, in the language in use.
        operation: position of the operation that does it, from 0; None where no operation was found.
        citation: the document that the operation cites; empty where it cites none.
        line: line of the operation in the profile's file, from 1; 0 where no operation was found.
    """

    at: str
    level: Literal["weaker", "review"]
    code: str
    message: str
    operation: int | None = None
    citation: str = ""
    line: int = 0

    @property
    def refused(self) -> bool:
        """Whether the profile must not be used because of it."""
        return self.level == "weaker" and not self.citation


def softenings(
    base: Mapping[str, Any], profile: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]
) -> tuple[Softening, ...]:
    """Return where a profile is or may be weaker than its base, in the order of the catalog.

    Args:
        base: the resolved catalog that the profile extends.
        profile: the resolved profile.
        operations: the profile's own operations, as the resolved profile lists them.
    """
    scale = Fraction(profile["scale"]) / Fraction(base["scale"])
    changes = compare(base, profile)
    if Fraction(profile["line"]) < Fraction(base["line"]) * scale and base["line"] == profile["line"]:
        changes = (Change("line", "changed", "major", base["line"], profile["line"]), *changes)  # to another scale
    found = []
    for change in changes:
        code = next((code for code, holds in _WEAKER.items() if holds(change, scale)), "")
        level: Literal["weaker", "review"] = "weaker" if code else "review"
        code = code or next((code for code, holds in _REVIEW.items() if holds(change)), "")
        if code:
            operation = _cause(change, operations, base)
            citation = "" if operation is None else str(operations[operation].get("citation", ""))
            found.append(Softening(change.at, level, code, _message(code, change), operation, citation))
    return tuple(found)


def _in_rule(change: Change) -> bool:
    return change.is_at("indicators", "*", "rule", "**") or change.is_at("indicators", "*", "rules", "**")


def _falls(change: Change, factor: Fraction) -> bool:
    return change.change == "changed" and Fraction(change.after) < Fraction(change.before) * factor


def _not_applicable_permitted(change: Change, _scale: Fraction) -> bool:
    """不涉及项 by permission, or by the catalog itself through a variant that is missing."""
    return (
        (change.is_at("indicators", "*", "not_applicable", "permitted") and change.after is True)
        or (change.is_at("indicators", "*", "variants", "none") and change.change == "added")
        or (change.is_at("indicators", "*", "variants") and change.change == "added" and "none" in change.after)
    )


def _threshold_lowered(change: Change, scale: Fraction) -> bool:
    if not _in_rule(change) or change.change != "changed":
        return False
    name = change.parts[-1]
    if name == "at_least":
        return _falls(change, Fraction(1))
    if name == "step" or (name == "points" and change.rule == "deductions" and change.parts[-3] == "of"):
        return _falls(change, scale)
    return name == "unit" and Fraction(change.after) > Fraction(change.before) * scale


def _clause_dropped(change: Change, _scale: Fraction) -> bool:
    return change.change == "removed" and change.rule == "met" and "clauses" in change.parts[-2:]


_WEAKER: Final[Mapping[str, Callable[[Change, Fraction], bool]]] = {
    "line_lowered": lambda change, scale: change.is_at("line") and _falls(change, scale),
    "prerequisite_dropped": lambda change, _scale: change.is_at("prerequisites", "*") and change.change == "removed",
    "mandatory_dropped": lambda change, _scale: (
        change.is_at("indicators", "*") and change.change == "removed" and change.before["kind"] == "mandatory"
    ),
    "mandatory_made_improvement": lambda change, _scale: (
        change.is_at("indicators", "*", "kind") and change.before == "mandatory"
    ),
    "not_applicable_permitted": _not_applicable_permitted,
    "part_may_be_absent": lambda change, _scale: (
        _in_rule(change) and change.parts[-1] == "may_be_absent" and change.change == "added"
    ),
    "clause_dropped": _clause_dropped,
    "measure_dropped": lambda change, _scale: (
        _in_rule(change) and change.parts[-1] == "measure" and change.change != "added"
    ),
    "threshold_lowered": _threshold_lowered,
}

_REVIEW: Final[Mapping[str, Callable[[Change], bool]]] = {
    "improvement_dropped": lambda change: change.is_at("indicators", "*") and change.change == "removed",
    "scope_changed": lambda change: (
        change.is_at("indicators", "*", "block")
        or (change.is_at("blocks", "**") and change.level == "major")
        or change.is_at("extractions")
    ),
    "variants_changed": lambda change: change.is_at("indicators", "*", "variants", "**"),
    "reading_changed": lambda change: change.is_at("readings", "**"),
    "text_changed": lambda change: (
        (
            change.parts[0] in {"indicators", "prerequisites"}
            and change.change != "added"
            and bool(_REVIEWED_TEXTS & {*change.parts[2:]})
        )
        or (change.parts[-1] == "proof" and change.change == "changed")
    ),
    "rule_changed": lambda change: (
        _in_rule(change) and change.level == "major" and (change.change != "changed" or isinstance(change.after, dict))
    ),
}


def _cause(change: Change, operations: Sequence[Mapping[str, Any]], base: Mapping[str, Any]) -> int | None:
    """Return the last operation that touches the place of a change."""
    for number in reversed(range(len(operations))):
        if _touches(_flat(operations[number]["at"].split("/")), list(change.parts), base):
            return number
    return None


def _flat(parts: list[str]) -> list[str]:
    """Return an operation's place without what stands around an indicator or section in the file's tree."""
    for name in ("indicators", "sections"):
        if name in parts[:-1]:
            return parts[parts.index(name) :]
    return parts


def _touches(operation: list[str], change: list[str], base: Mapping[str, Any]) -> bool:
    shorter = min(len(operation), len(change))
    if operation[:shorter] == change[:shorter]:
        return True
    owner = {"sections": "section", "categories": "category"}.get(operation[0])
    if owner is None or change[0] != "indicators" or len(operation) < 2:  # noqa: PLR2004 - sections/6.1
        return False
    return any(entry["id"] == change[1] and entry[owner] == operation[1] for entry in base["indicators"])


def _message(code: str, change: Change) -> str:
    texts = {
        "line_lowered": _("the line falls from {before} to {after}"),
        "prerequisite_dropped": _("a prerequisite is dropped"),
        "mandatory_dropped": _("a mandatory indicator is dropped"),
        "mandatory_made_improvement": _("a mandatory indicator becomes an improvement"),
        "not_applicable_permitted": _("not applicable is permitted where it was not"),
        "part_may_be_absent": _("a part may be absent where it might not"),
        "clause_dropped": _("a clause is dropped"),
        "measure_dropped": _("the measured value no longer counts as it did"),
        "threshold_lowered": _("a threshold or deduction is softened from {before} to {after}"),
        "improvement_dropped": _("an improvement indicator is dropped"),
        "scope_changed": _("it applies to other mines"),
        "variants_changed": _("variants apply to other mines"),
        "reading_changed": _("an official text is read otherwise"),
        "text_changed": _("a text that is judged by has changed"),
        "rule_changed": _("points are given by another formula"),
    }
    return texts[code].format(before=change.before, after=change.after)
