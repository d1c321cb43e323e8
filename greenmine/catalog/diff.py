"""What changed between two resolved catalogs, and whether a change can alter a score.

Entries of lists are matched by `id`, `key` or `clause`, so that an entry that moved is no change and an entry that
changed is one. A change is *major* when it touches points, the line, a rule, a gate, what may be not applicable or a
reading; findings may then score differently. It is *wording* when it touches text only: official texts, names, dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

SCHEMA: Final = "greenmine.catalog.diff/1"

_IDENTITY: Final = frozenset({"schema", "id", "version", "hypothetical", "derived_from", "operations"})
_WORDING: Final = frozenset(
    {
        *("title", "issuer", "document", "issued_on", "effective_from", "effective_to", "language", "source_sha256"),
        *(
            "line_source",
            "not_applicable_rule",
            "notes",
            "reading_texts",
            "name",
            "text",
            "criteria",
            "criteria_shared",
        ),
        *("basis", "current_edition", "methods", "guidance", "proof"),
    }
)
_ABSENT: Final = object()


@dataclass(frozen=True)
class Change:
    """One difference between two catalogs.

    Attributes:
        at: where, in the words of a profile's operations: `indicators/46/points`.
        change: what happened there.
        level: `major` when scores may change, `wording` when they cannot.
        before: the value in the first catalog; None where it has none.
        after: the value in the second catalog; None where it has none.
        rule: the kind of the rule node that the change is in; empty elsewhere.
    """

    at: str
    change: Literal["added", "removed", "changed"]
    level: Literal["major", "wording"]
    before: Any = None
    after: Any = None
    rule: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The steps of `at`."""
        return tuple(self.at.split("/"))

    def is_at(self, *pattern: str) -> bool:
        """Tell whether the change is at a place of this pattern; `*` stands for any one step, `**` for all below."""
        if pattern[-1] == "**":
            pattern, parts = pattern[:-1], self.parts[: len(pattern) - 1]
        else:
            parts = self.parts
        return len(parts) == len(pattern) and all(
            want in {"*", have} for want, have in zip(pattern, parts, strict=True)
        )

    def document(self) -> dict[str, Any]:
        """Return the change as JSON; `before` and `after` are left out where there is none."""
        values = {"before": self.before, "after": self.after}
        shown = {name: value for name, value in values.items() if value is not None}
        return {"at": self.at, "change": self.change, "level": self.level, **shown}


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the changes from one resolved catalog to another, in the order of the catalog.

    The catalogs' identity (id, version, provenance) is no change.
    """
    heads = [key for key in (*before, *(key for key in after if key not in before)) if key not in _IDENTITY]
    return tuple(
        change
        for key in heads
        for change in _compare((key,), before.get(key, _ABSENT), after.get(key, _ABSENT), key in _WORDING, "")
    )


def diff_document(before: Mapping[str, Any], after: Mapping[str, Any], digests: Sequence[str]) -> dict[str, Any]:
    """Return the comparison as JSON.

    Args:
        before: a resolved catalog.
        after: another one.
        digests: the SHA-256 of both, in hexadecimal.

    Returns:
        `{"schema", "a", "b", "changes", "summary": {"major", "wording"}}`; counts are whole numbers.
    """
    changes = compare(before, after)
    a, b = (
        {"id": document["id"], "version": document["version"], "sha256": digest}
        for document, digest in zip((before, after), digests, strict=True)
    )
    return {
        "schema": SCHEMA,
        "a": a,
        "b": b,
        "changes": [change.document() for change in changes],
        "summary": {level: sum(change.level == level for change in changes) for level in ("major", "wording")},
    }


def _compare(at: tuple[str, ...], before: Any, after: Any, wording: bool, rule: str) -> Iterator[Change]:  # noqa: ANN401, FBT001 - any JSON; internal
    if before == after:
        return
    level: Literal["major", "wording"] = "wording" if wording else "major"
    path = "/".join(at)
    if before is _ABSENT:
        yield Change(path, "added", level, None, after, rule)
    elif after is _ABSENT:
        yield Change(path, "removed", level, before, None, rule)
    elif isinstance(before, dict) and isinstance(after, dict) and not _is_other_rule(at, before, after):
        inner = before.get("kind", rule) if _in_rule(at) else ""
        for key in (*before, *(key for key in after if key not in before)):
            text = wording or key in _WORDING
            yield from _compare((*at, key), before.get(key, _ABSENT), after.get(key, _ABSENT), text, inner)
    elif _named(before) is not None and _named(after) is not None:
        old, new = dict(_named(before) or ()), dict(_named(after) or ())
        for name in (*old, *(name for name in new if name not in old)):
            yield from _compare((*at, name), old.get(name, _ABSENT), new.get(name, _ABSENT), wording, rule)
    else:
        yield Change(path, "changed", level, before, after, rule)


def _in_rule(at: Sequence[str]) -> bool:
    return at[0] == "indicators" and len(at) > 2 and at[2] in {"rule", "rules"}  # noqa: PLR2004 - indicators/46/rule


def _is_other_rule(at: Sequence[str], before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return _in_rule(at) and before.get("kind") != after.get("kind")


def _named(entries: Any) -> list[tuple[str, Any]] | None:  # noqa: ANN401 - any JSON
    """Return the entries of a list of objects with their names, or None where it is no such list."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return None
    names = [entry.get("id") or entry.get("key") or entry.get("clause") for entry in entries]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        names = [f"#{number}" for number in range(1, len(entries) + 1)]
    return list(zip(names, entries, strict=True))
