"""The words for what may be the matter with evidence: one sentence a code, in the language in use.

A warning keeps its code and the particulars, and gets its words when it is read, so that the same warning can be shown
in Chinese and in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from greenmine.i18n import gettext as _
from greenmine.i18n import language

PROBLEM: Final = "problem"
NOTICE: Final = "notice"

SEVERITIES: Final[dict[str, str]] = {
    # licences and profile
    "licence_missing": PROBLEM,
    "licence_expired": PROBLEM,
    "licence_not_yet_valid": PROBLEM,
    "licence_without_end": NOTICE,
    "industry_unfit": PROBLEM,
    "profile_blank": NOTICE,
    # a file by itself
    "empty_file": PROBLEM,
    "type_mismatch": PROBLEM,
    "program": PROBLEM,
    "pdf_unreadable": PROBLEM,
    "pdf_encrypted": PROBLEM,
    "pdf_empty": PROBLEM,
    "pdf_restricted": NOTICE,
    "pdf_too_large": NOTICE,
    "picture_unreadable": PROBLEM,
    "picture_too_large": NOTICE,
    "picture_unsupported": NOTICE,
    # what files are for
    "listed_missing": PROBLEM,
    "unknown_id": PROBLEM,
    "unknown_number": NOTICE,
    "other_block": NOTICE,
    "supports_nothing": NOTICE,
    "no_evidence": NOTICE,
    "evidence_expired": PROBLEM,
    "issued_later": PROBLEM,
    # the same thing twice
    "same_file": NOTICE,
    "similar_photo": NOTICE,
    "same_file_elsewhere": PROBLEM,
    "similar_photo_elsewhere": PROBLEM,
    # when photos were taken
    "photo_without_time": NOTICE,
    "photo_outside_visit": NOTICE,
    "photo_later": PROBLEM,
    # what findings refer to
    "cited_missing": PROBLEM,
    "page_beyond_end": PROBLEM,
    "region_outside": PROBLEM,
    "locator_unfit": NOTICE,
    # what could not be looked at
    "mine_not_compared": NOTICE,
}
"""Every code, and how grave it is: a problem puts evidence in doubt or keeps it from counting; a notice is milder."""


def sentence(code: str, particulars: Mapping[str, str]) -> str:
    """Return what a warning says, in the language in use.

    Args:
        code: one of `SEVERITIES`.
        particulars: what the sentence names; `kind` of a licence, `fields` of the form, `industry` and `extraction` are
            codes.
    """
    words = dict(particulars)
    if "kind" in words:
        words["kind"] = licence_kind(words["kind"])
    if "industry" in words:
        words["industry"] = industry(words["industry"])
    if "extraction" in words:
        words["extraction"] = listed([extraction(code) for code in words["extraction"].split()])
    if "fields" in words:
        words["fields"] = listed([form_field(field) for field in words["fields"].split()])
    if "names" in words:
        words["names"] = listed(words["names"].split("\n"))
    return _templates()[code].format(**words)


def _templates() -> dict[str, str]:
    return {
        "licence_missing": _("{kind}: mine.yaml names none."),
        "licence_expired": _("{kind} {number}: expired on {until}, before the day of the assessment, {on}."),
        "licence_not_yet_valid": _("{kind} {number}: valid from {since}, after the day of the assessment, {on}."),
        "licence_without_end": _("{kind} {number}: no last day of validity is given."),
        "industry_unfit": _(
            "Industry {industry} and extraction {extraction} do not fit: one of the two is wrong, and with it the "
            "block of indicators or the variants of criteria."
        ),
        "profile_blank": _("Left blank in the application form: {fields}."),
        "empty_file": _("The file is empty (0 bytes)."),
        "type_mismatch": _("The content is {type}, which is not what the name promises."),
        "program": _("The file is a program. It is not run; ask what it is for."),
        "pdf_unreadable": _("The PDF is damaged and cannot be read."),
        "pdf_encrypted": _("The PDF is encrypted; a PDF without password is needed."),
        "pdf_empty": _("The PDF has nothing on any page."),
        "pdf_restricted": _("The PDF is encrypted, though it opens without password; better have it without."),
        "pdf_too_large": _("The PDF is too large to be looked into; its pages were not counted."),
        "picture_unreadable": _("The picture is damaged and cannot be read."),
        "picture_too_large": _("The picture has too many pixels to be compared with others."),
        "picture_unsupported": _("Time and place of a picture in this format cannot be read; better have it as JPEG."),
        "listed_missing": _("The list names this file, but it is not there."),
        "unknown_id": _("The list says that it supports {id}, which the catalog does not have."),
        "unknown_number": _("Its folder has the number {id}, which the catalog does not have."),
        "other_block": _("It is to support {id}, which does not apply to a mine of this industry."),
        "supports_nothing": _("It supports nothing: it is in no numbered folder, not in the list, and not cited."),
        "no_evidence": _("{id} {name}: no evidence was handed in."),
        "evidence_expired": _("Valid until {until}, before the day of the assessment, {on}."),
        "issued_later": _("Issued on {since}, after the day of the assessment, {on}."),
        "same_file": _("The same file was handed in for other items too: {names}."),
        "similar_photo": _("Nearly the same photo was handed in for other items too: {names}."),
        "same_file_elsewhere": _("Another mine handed in the same file: {names}."),
        "similar_photo_elsewhere": _("Another mine handed in nearly the same photo: {names}."),
        "photo_without_time": _(
            "The photo does not say when it was taken; the original is needed, not a forwarded copy."
        ),
        "photo_outside_visit": _("Taken on {taken}, while the visit for {id} was on {visit}."),
        "photo_later": _("Taken on {taken}, after the day of the assessment, {on}."),
        "cited_missing": _("{id} refers to this file, but it is not there."),
        "page_beyond_end": _("{id} refers to page {page}, but the document ends with page {pages}."),
        "region_outside": _("{id} refers to a part outside the picture of {width} × {height} pixels."),
        "mine_not_compared": _("The files of this mine could not be compared: {reason}"),
        "locator_unfit": _("{id} refers to a page or part of a picture, but this file has none."),
    }


def licence_kind(code: str) -> str:
    """Name a kind of licence or permit (证照)."""
    return {
        "mining": _("Mining licence"),
        "safety": _("Work safety permit"),
        "business": _("Business licence"),
        "discharge": _("Pollutant discharge permit"),
        "eia": _("Approval of the environmental impact assessment"),
        "acceptance": _("Environmental acceptance on completion"),
        "other": _("Other document"),
    }.get(code, code)


def industry(code: str) -> str:
    """Name an industry."""
    return {
        "nonmetal": _("Non-metals"),
        "chemical": _("Chemical minerals"),
        "gold": _("Gold"),
        "metallurgy": _("Ferrous metals"),
        "nonferrous": _("Non-ferrous metals"),
        "oil_gas": _("Oil and gas"),
        "coal": _("Coal"),
        "geothermal": _("Geothermal"),
        "mineral_water": _("Mineral water"),
        "aggregate": _("Sand and gravel"),
        "cement_limestone": _("Cement limestone"),
        "dimension_stone": _("Dimension stone"),
    }.get(code, code)


def extraction(code: str) -> str:
    """Name a way of extraction (开采方式)."""
    return {
        "open_pit": _("Open pit"),
        "underground": _("Underground"),
        "oil_gas": _("Oil and gas wells"),
        "geothermal": _("Geothermal wells"),
        "mineral_water": _("Mineral-water springs and wells"),
    }.get(code, code)


def form_field(name: str) -> str:
    """Name a field of the application form (绿色矿山认证申请表), given by its key in `mine.yaml`."""
    return {
        "mining_licence_number": _("number of the mining licence"),
        "licence_holder": _("holder of the mining licence"),
        "credit_code": _("unified social credit code"),
        "address": _("address of the mine"),
        "economic_type": _("economic type"),
        "employees": _("number of employees"),
        "main_mineral": _("main mineral"),
        "extraction_text": _("way of extraction"),
        "production_scale": _("scale of production"),
        "area_km2": _("area of the mine"),
        "filled_on": _("day the form was filled in"),
        "contact.legal_representative": _("legal representative"),
        "contact.person": _("contact person"),
        "contact.address": _("postal address"),
        "contact.email": _("e-mail"),
        "contact.telephone": _("telephone"),
        "contact.fax": _("fax"),
        "contact.mobile": _("mobile phone"),
        "contact.postcode": _("postcode"),
        "introduction.environment": _("introduction: mining area environment"),
        "introduction.development": _("introduction: way of development"),
        "introduction.utilisation": _("introduction: comprehensive utilisation"),
        "introduction.saving": _("introduction: energy saving and emission reduction"),
        "introduction.innovation": _("introduction: innovation and smart mine"),
        "introduction.management": _("introduction: management and image"),
    }.get(name, name)


def listed(items: list[str]) -> str:
    """Join items as a list inside a sentence."""
    return ("、" if language() == "zh" else ", ").join(items)
