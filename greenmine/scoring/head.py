"""The head of a findings document: which mine and which assessment it is about.

No point depends on it, so a part that is left out is left out; what is there must be right, for records, file names
and deadlines are made of it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from greenmine.errors import FindingsError, shown
from greenmine.i18n import gettext as _

KINDS = ("self", "third_party", "spot_check", "surveillance", "rescore", "selection")
_ID = re.compile(r"(?=.*[A-Za-z0-9_-])[A-Za-z0-9._-]+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def check_head(findings: Mapping[str, Any], file: object) -> None:
    """Refuse ids, days and kinds that are none.

    Raises:
        FindingsError: one of them is malformed, or the anchor date is later than the assessment.
    """
    mine, assessment = findings["mine"], findings.get("assessment", {})
    if not isinstance(assessment, dict):
        raise FindingsError(file, "assessment", expected=_("an object"), found=shown(assessment))
    for part, entry in (("mine", mine), ("assessment", assessment)):
        if "id" in entry and (not isinstance(entry["id"], str) or not _ID.fullmatch(entry["id"])):
            expected = _("letters, digits, '.', '_' and '-' only")
            raise FindingsError(file, f"{part}/id", expected=expected, found=shown(entry["id"]))
    if "kind" in assessment and assessment["kind"] not in KINDS:
        raise FindingsError(file, "assessment/kind", expected=" | ".join(KINDS), found=shown(assessment["kind"]))
    days = [_day(assessment, key, file) for key in ("anchor_date", "date")]
    if days[0] and days[1] and days[0] > days[1]:
        expected = _("a day not after the assessment, {day}").format(day=days[1])
        raise FindingsError(file, "assessment/anchor_date", expected=expected, found=str(days[0]))


def _day(assessment: Mapping[str, Any], key: str, file: object) -> dt.date | None:
    if key not in assessment:
        return None
    value = assessment[key]
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return dt.date.fromisoformat(value)
    except ValueError:
        pass
    raise FindingsError(file, f"assessment/{key}", expected=_("a day such as 2026-06-30"), found=shown(value))
