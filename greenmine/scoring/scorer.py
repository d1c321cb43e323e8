"""The scorer: resolved catalog + findings → `score.json`.

A `Scorer` compiles a catalog once and then scores any number of findings. It is pure: the same catalog, findings and
readings give the same document, and `canonical` gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from greenmine.errors import CatalogError, FindingsError, UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.scoring.doubts import doubts_about
from greenmine.scoring.exact import exact, show, show_total
from greenmine.scoring.head import check_head
from greenmine.scoring.indicator import Indicator, Mine, Result, assess, compile_indicator
from greenmine.scoring.total import Tally, fold, tally, total_of, verdict_of
from greenmine.scoring.wording import Line, line, words

SCHEMA = "greenmine.score/1"
FINDINGS_SCHEMA = "greenmine.findings/1"

Results = Sequence[tuple[Indicator, Result]]
Entries = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Case:
    """One findings document, read against the catalog."""

    mine: Mine
    prerequisites: Entries
    entries: Entries
    met: Mapping[str, bool | None]
    file: object


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 form of a document whose numbers are strings or integers, as catalogs and scores are."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


class Scorer:
    """Scores findings against one resolved catalog.

    Args:
        catalog: the resolved catalog, as `greenmine catalog show --json` prints it.

    Raises:
        CatalogError: the document is not a resolved catalog.
    """

    def __init__(self, catalog: Mapping[str, Any]) -> None:
        try:
            self._line = exact(catalog["line"])
            self._identity = {
                "id": catalog["id"],
                "version": catalog["version"],
                "sha256": hashlib.sha256(canonical(catalog)).hexdigest(),
            }
            self._line_text = catalog["line"]
            self._softened = [
                {"at": entry["at"], "citation": entry.get("citation", ""), "codes": list(entry["weaker"])}
                for entry in catalog.get("operations", ())
                if entry.get("weaker")
            ]
            self._extractions = frozenset(catalog["extractions"])
            self._blocks = {industry: block["id"] for block in catalog["blocks"] for industry in block["industries"]}
            self._prerequisites = {entry["id"]: entry["name"] for entry in catalog["prerequisites"]}
            self._categories = {entry["id"]: exact(entry["points"]) for entry in catalog["categories"]}
            self._category_names = {entry["id"]: entry["name"] for entry in catalog["categories"]}
            self._indicators = [compile_indicator(entry) for entry in catalog["indicators"]]
            # in order of name: an archived catalog keeps no order of keys, and the score must not depend on one
            readings = sorted(catalog["readings"].items())
            self._readings = {name: tuple(entry["choices"]) for name, entry in readings}
            self.defaults: dict[str, str] = {name: entry["default"] for name, entry in readings}
        except (KeyError, ValueError, TypeError, AttributeError) as problem:
            name = catalog.get("id", "catalog") if isinstance(catalog, dict) else "catalog"
            raise CatalogError(
                name, expected=_("a resolved catalog"), found=f"{type(problem).__name__}: {shown(str(problem))}"
            ) from problem
        self._known = {indicator.id for indicator in self._indicators}

    def score(
        self, findings: Mapping[str, Any], readings: Mapping[str, str] | None = None, file: object = "findings.json"
    ) -> dict[str, Any]:
        """Return the score of one findings document.

        Args:
            findings: a document of schema `greenmine.findings/1`.
            readings: choices that differ from the catalog's defaults, by name of the reading.
            file: name of the findings file, for messages.

        Returns:
            A document of schema `greenmine.score/1`; all its numbers are decimal strings.

        Raises:
            FindingsError: the document does not fit its schema or the catalog.
            UsageError: a reading or its choice is unknown.
        """
        chosen = self._chosen(readings or {})
        case = self._read(findings, file)
        results = self._results(case, chosen)
        tallies = tally(self._categories, results)
        mandatory = _mandatory_full(results)
        folded = fold(tallies, chosen["na_fold"])
        total, verdict = self._conclude(case, folded, mandatory=mandatory)
        low_total, low_verdict = self._conclude(case, fold(tallies, "zero"), mandatory=mandatory)
        sensitivity = self._sensitivity(case, results, tallies, chosen)
        return {
            "schema": SCHEMA,
            "catalog": self._identity,
            "softened": self._softened,
            "readings": chosen,
            "verdict": verdict,
            "total": self._shown(total),
            "total_exact": None if total is None else str(total),
            "line": self._line_text,
            "reasons": [_told(*reason) for reason in self._reasons(case, results, tallies, total)],
            "prerequisites": [{"id": key, "met": value} for key, value in case.met.items()],
            "categories": [
                _category(category, points, self._category_names[category.id])
                for category, points in zip(tallies, folded, strict=True)
            ],
            "indicators": [_indicator(indicator, result, case.mine) for indicator, result in results],
            "counts": _counts(results),
            "sensitivity": sensitivity,
            "sensitive": any(row["verdict"] != verdict for row in sensitivity),
            "lower_bound": {"total": self._shown(low_total), "verdict": low_verdict},
            "warnings": [_told(*warning) for warning in self._warnings(case, results)],
        }

    def _shown(self, total: Fraction | None) -> str | None:
        return None if total is None else show_total(total, self._line)

    def _chosen(self, readings: Mapping[str, str]) -> dict[str, str]:
        for name, choice in readings.items():
            if name not in self._readings:
                raise UsageError(
                    _("There is no reading {name}: expected one of {names}.").format(
                        name=shown(name), names=", ".join(self._readings)
                    )
                )
            if choice not in self._readings[name]:
                raise UsageError(
                    _("Reading {name} has no choice {choice}: expected one of {choices}.").format(
                        name=name, choice=shown(choice), choices=", ".join(self._readings[name])
                    )
                )
        return {**self.defaults, **readings}

    def _read(self, findings: Mapping[str, Any], file: object) -> _Case:
        mine = self._mine(findings, file)
        check_head(findings, file)
        prerequisites = self._entries(findings, "prerequisites", self._prerequisites, file)
        entries = self._entries(findings, "indicators", self._known, file)
        return _Case(mine, prerequisites, entries, self._met(prerequisites, file), file)

    def _results(self, case: _Case, chosen: Mapping[str, str]) -> Results:
        return [(i, assess(i, case.mine, case.entries.get(i.id), chosen, case.file)) for i in self._indicators]

    def _again(self, case: _Case, results: Results, chosen: Mapping[str, str]) -> Results:
        """Return results under other readings; only what can depend on them is assessed anew."""
        return [
            (
                i,
                assess(i, case.mine, case.entries[i.id], chosen, case.file)
                if _depends(case.entries.get(i.id))
                else result,
            )
            for i, result in results
        ]

    def _mine(self, findings: Mapping[str, Any], file: object) -> Mine:
        if not isinstance(findings, dict) or findings.get("schema") != FINDINGS_SCHEMA:
            found = findings.get("schema") if isinstance(findings, dict) else findings
            raise FindingsError(file, "schema", expected=FINDINGS_SCHEMA, found=shown(found))
        mine = findings.get("mine")
        if not isinstance(mine, dict):
            raise FindingsError(file, "mine", expected=_("an object"), found=shown(mine))
        industry, extraction, primary = (mine.get(key) for key in ("industry", "extraction", "primary_extraction"))
        if not isinstance(industry, str) or industry not in self._blocks:
            raise FindingsError(file, "mine/industry", expected=" | ".join(self._blocks), found=shown(industry))
        if (
            not isinstance(extraction, list | tuple)
            or not extraction
            or not all(isinstance(way, str) and way in self._extractions for way in extraction)
        ):
            expected = _("a list of {choices}").format(choices=" | ".join(sorted(self._extractions)))
            raise FindingsError(file, "mine/extraction", expected=expected, found=shown(extraction))
        if not isinstance(primary, str) or primary not in extraction:
            expected = _("one of the mine's extraction: {choices}").format(choices=" | ".join(extraction))
            raise FindingsError(file, "mine/primary_extraction", expected=expected, found=shown(primary))
        return Mine(industry, tuple(extraction), primary, self._blocks[industry])

    @staticmethod
    def _entries(
        findings: Mapping[str, Any], key: str, known: Mapping[str, Any] | set[str], file: object
    ) -> Mapping[str, Mapping[str, Any]]:
        entries = findings.get(key)
        if not isinstance(entries, dict):
            raise FindingsError(file, key, expected=_("an object"), found=shown(entries))
        for name, entry in entries.items():
            if name not in known:
                raise FindingsError(
                    file,
                    f"{key}/{name}",
                    expected=_("an id of the catalog: {ids}").format(ids=_ids(known)),
                    found=shown(name),
                )
            if not isinstance(entry, dict):
                raise FindingsError(file, f"{key}/{name}", expected=_("an object"), found=shown(entry))
        return entries

    def _met(self, entries: Mapping[str, Mapping[str, Any]], file: object) -> dict[str, bool | None]:
        met: dict[str, bool | None] = {}
        for key in self._prerequisites:
            value = entries.get(key, {}).get("met")
            if value is not None and not isinstance(value, bool):
                raise FindingsError(file, f"prerequisites/{key}/met", expected=_("true or false"), found=shown(value))
            met[key] = value
        return met

    def _conclude(
        self, case: _Case, folded: Sequence[Fraction | None], *, mandatory: bool
    ) -> tuple[Fraction | None, str]:
        total = total_of(folded)
        verdict = verdict_of(tuple(case.met.values()), total, self._line, mandatory=mandatory)
        return (total if verdict in ("pass", "fail") else None), verdict

    def _sensitivity(
        self, case: _Case, results: Results, tallies: Sequence[Tally], chosen: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """Recompute the verdict under every other choice of every reading, one at a time."""
        mandatory = _mandatory_full(results)
        as_chosen = self._conclude(case, fold(tallies, chosen["na_fold"]), mandatory=mandatory)
        facts_matter = any(_depends(entry) for entry in case.entries.values())
        rows = []
        for name, choices in self._readings.items():
            for choice in choices:
                if choice == chosen[name]:
                    continue
                total, verdict = as_chosen
                if name == "na_fold":
                    total, verdict = self._conclude(case, fold(tallies, choice), mandatory=mandatory)
                elif facts_matter:
                    again = self._again(case, results, {**chosen, name: choice})
                    folded = fold(tally(self._categories, again), chosen["na_fold"])
                    total, verdict = self._conclude(case, folded, mandatory=_mandatory_full(again))
                rows.append({"reading": name, "choice": choice, "total": self._shown(total), "verdict": verdict})
        return rows

    def _reasons(
        self, case: _Case, results: Results, tallies: Sequence[Tally], total: Fraction | None
    ) -> list[tuple[str, dict[str, str], Line]]:
        """Return why the verdict is what it is: code, what it concerns, and the sentence."""
        reasons: list[tuple[str, dict[str, str], Line]] = []
        for key, value in case.met.items():
            if value is not True:
                code = "prerequisite_failed" if value is False else "prerequisite_not_assessed"
                told = line(code, id=key, name=self._prerequisites[key])
                reasons.append((code, {"prerequisite": key}, told))
        for category in tallies:
            if not category.applicable:
                name = self._category_names[category.id]
                told = line("category_needs_ruling", id=category.id, name=name)
                reasons.append(("category_needs_ruling", {"category": category.id}, told))
        for i, result in results:
            if result.status == "not_assessed":
                told = line("not_assessed", id=i.id, name=i.name, why=result.why)
                reasons.append(("not_assessed", {"indicator": i.id}, told))
            elif i.mandatory and _applies(result) and not result.full:
                shown_points = {"awarded": show(result.points), "points": show(i.points)}
                told = line("mandatory_not_full", id=i.id, name=i.name, **shown_points)
                reasons.append(("mandatory_not_full", {"indicator": i.id}, told))
        if total is not None and total < self._line:
            told = line("below_line", total=show_total(total, self._line), line=self._line_text)
            reasons.append(("below_line", {}, told))
        return reasons

    def _warnings(self, case: _Case, results: Results) -> list[tuple[str, dict[str, str], Line]]:
        """Return what does not change points but should not pass unseen."""
        warnings: list[tuple[str, dict[str, str], Line]] = []
        for key, value in case.met.items():
            if value and not case.prerequisites[key].get("evidence"):
                told = line("prerequisite_without_evidence", id=key, name=self._prerequisites[key])
                warnings.append(("prerequisite_without_evidence", {"prerequisite": key}, told))
        for i, result in results:
            entry = case.entries.get(i.id)
            if entry is not None:
                codes = doubts_about(i, result, entry)
                warnings.extend((code, {"indicator": i.id}, line(code, id=i.id, name=i.name)) for code in codes)
        return warnings


def _applies(result: Result) -> bool:
    return result.status in ("scored", "no_evidence", "not_assessed")


def _mandatory_full(results: Results) -> bool:
    """Tell whether every mandatory indicator that applies is at full marks (说明一（二）)."""
    return all(result.full for indicator, result in results if indicator.mandatory and _applies(result))


def _depends(entry: Mapping[str, Any] | None) -> bool:
    """Tell whether another choice of `expert_split` or `component_na` could change the indicator."""
    if not entry:
        return False
    facts = entry.get("facts")
    return bool(entry.get("judgements")) or (isinstance(facts, dict) and bool(facts.get("absent")))


def _ids(known: Mapping[str, Any] | set[str]) -> str:
    ids = list(known) if isinstance(known, dict) else sorted(known, key=lambda key: (len(key), key))
    return f"{ids[0]} … {ids[-1]}"


def _told(code: str, concerns: Mapping[str, str], told: Line) -> dict[str, str]:
    chinese, english = words(told)
    return {"code": code, **concerns, "message": chinese, "message_en": english}


def _category(category: Tally, converted: Fraction | None, name: str) -> dict[str, Any]:
    return {
        "id": category.id,
        "name": name,
        "points": show(category.points),
        "applicable": show(category.applicable),
        "awarded": show(category.awarded),
        "converted": None if converted is None else show(converted),
    }


def _indicator(indicator: Indicator, result: Result, mine: Mine) -> dict[str, Any]:
    said = [words(told) for told in result.trace]
    row: dict[str, Any] = {
        "id": indicator.id,
        "name": indicator.name,
        "category": indicator.category,
        "kind": indicator.kind,
        "points": show(indicator.points),
        "awarded": show(result.points) if result.status in ("scored", "no_evidence") else None,
        "status": result.status,
        "trace": [chinese for chinese, _english in said],
        "trace_en": [english for _chinese, english in said],
    }
    if result.status != "not_in_block":
        variants = indicator.chosen(mine)
        if variants:
            row["variants"] = list(variants)
    if result.why:
        row["reason"], row["reason_en"] = words(result.why)
    return row


def _counts(results: Results) -> dict[str, int]:
    in_block = [(i, r) for i, r in results if r.status != "not_in_block"]
    applicable = [(i, r) for i, r in in_block if _applies(r)]
    mandatory = [(i, r) for i, r in in_block if i.mandatory]
    return {
        "in_block": len(in_block),
        "applicable": len(applicable),
        "not_applicable": len(in_block) - len(applicable),
        "not_assessed": sum(r.status == "not_assessed" for _i, r in in_block),
        "no_evidence": sum(r.status == "no_evidence" for _i, r in in_block),
        "mandatory_in_block": len(mandatory),
        "mandatory_applicable": sum(_applies(r) for _i, r in mandatory),
        "mandatory_full": sum(r.full for _i, r in mandatory),
    }
