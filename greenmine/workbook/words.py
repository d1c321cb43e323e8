"""Words: what the codes of catalogs, findings and scores are called in the language in use.

Each function takes a code and returns its name. A code that is not known (a later catalog may have more of them) is
shown as it is, never hidden.
"""

from __future__ import annotations

from collections.abc import Iterable

from greenmine.evidence import wording
from greenmine.i18n import gettext as _

industry, licence_kind, listed = wording.industry, wording.licence_kind, wording.listed
"""Names of what evidence is about, which its warnings use too."""


def verdict(code: str) -> str:
    """Name a verdict (结论)."""
    return {
        "pass": _("Meets the standard"),
        "fail": _("Does not meet the standard"),
        "ineligible": _("Not eligible: a prerequisite is not met"),
        "incomplete": _("Still to be assessed"),
    }.get(code, code)


def status(code: str) -> str:
    """Name the status of an indicator."""
    return {
        "scored": _("Scored"),
        "no_evidence": _("No evidence"),
        "not_applicable": _("Not applicable"),
        "not_assessed": _("To be assessed"),
        "not_in_block": _("Of the other block"),
    }.get(code, code)


def prerequisite_state(code: str) -> str:
    """Name what became of a prerequisite."""
    return {"met": _("Met"), "unmet": _("Not met"), "not_assessed": _("To be assessed")}.get(code, code)


def cause(code: str) -> str:
    """Name why an indicator does not come out the same by another version of the indicators."""
    return {
        "rule": _("rule changed"),
        "points": _("points changed"),
        "kind": _("mandatory or improvement changed"),
        "na": _("not applicable changed"),
        "new_look": _("needs a new look"),
        "new": _("new"),
        "dropped": _("dropped"),
        "line": _("line changed"),
    }.get(code, code)


def kind(code: str) -> str:
    """Name the kind (指标属性) of an indicator."""
    return {"mandatory": _("Mandatory"), "improvement": _("Improvement")}.get(code, code)


def assessment_kind(code: str) -> str:
    """Name the occasion of an assessment."""
    return {
        "self": _("Self-assessment"),
        "third_party": _("Third-party assessment"),
        "spot_check": _("Spot check"),
        "surveillance": _("Surveillance"),
        "rescore": _("Re-scoring"),
        "selection": _("Selection"),
    }.get(code, code)


def extraction(code: str) -> str:
    """Name a way of extraction (开采方式), or a variant of an official text that covers some."""
    return _("Wells") if code == "wells" else wording.extraction(code)


def extractions(codes: Iterable[str]) -> str:
    """Name several ways of extraction."""
    return listed([extraction(code) for code in codes])


def role(code: str) -> str:
    """Name the role of a member of the panel."""
    return {"chair": _("Chair"), "expert": _("Expert"), "scribe": _("Scribe")}.get(code, code)


def title_level(code: str) -> str:
    """Name the level of a professional title (职称)."""
    return {"senior": _("Senior title"), "intermediate": _("Intermediate title"), "junior": _("Junior title")}.get(
        code, code
    )


def media_type(code: str) -> str:
    """Name the type of a file."""
    return {
        "application/pdf": "PDF",
        "image/jpeg": _("Photo"),
        "image/png": _("Picture (PNG)"),
        "image/webp": _("Picture (WebP)"),
        "image/tiff": _("Picture (TIFF)"),
        "text/plain": _("Text"),
        "text/csv": _("Table (CSV)"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _("Table (XLSX)"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": _("Document (DOCX)"),
        "application/zip": _("Archive (ZIP)"),
        "application/octet-stream": _("Unknown type"),
    }.get(code, code)


def yes_no(value: bool) -> str:  # noqa: FBT001 - the value is the argument
    """Return yes or no."""
    return _("yes") if value else _("no")


def clause_state(code: str) -> str:
    """Name the state of a clause (符合/不符合/不涉及)."""
    return {"met": _("met"), "unmet": _("not met"), "not_applicable": _("not applicable")}.get(code, code)


def softening(code: str) -> str:
    """Name a kind of place at which a profile is weaker than the catalog it extends."""
    names = {
        "line_lowered": _("the passing line is lowered"),
        "prerequisite_dropped": _("a prerequisite is dropped"),
        "mandatory_dropped": _("a mandatory indicator is dropped"),
        "mandatory_made_improvement": _("a mandatory indicator becomes an improvement"),
        "not_applicable_permitted": _("not applicable is permitted where it was not"),
        "part_may_be_absent": _("a part may be absent where it might not"),
        "clause_dropped": _("a clause is dropped"),
        "measure_dropped": _("the measured value no longer counts as it did"),
        "threshold_lowered": _("a threshold or deduction is softened"),
    }
    return names.get(code, code)


def softenings(codes: Iterable[str]) -> str:
    """Name kinds of softening, each once."""
    return listed([softening(code) for code in dict.fromkeys(codes)])
