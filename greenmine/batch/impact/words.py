"""What causes, and the ways facts take, are called in the language in use."""

from __future__ import annotations

from greenmine.batch.impact.impact import Cause, Impact
from greenmine.catalog import Catalog
from greenmine.i18n import gettext as _
from greenmine.text import visible

_HEADS = {"prerequisite": "prerequisites", "category": "categories"}


def cause(found: Cause, catalog: Catalog) -> str:
    """Say what keeps a mine from passing under a catalog."""
    head = _HEADS.get(found.code.partition("_")[0], "indicators")
    entry = next((entry for entry in catalog.document[head] if entry["id"] == found.id), None)
    name = f"{entry['id']} {entry['name']}" if entry else ""
    texts = {
        "prerequisite_failed": _("prerequisite not met: {name}"),
        "prerequisite_not_assessed": _("prerequisite still to be assessed: {name}"),
        "category_needs_ruling": _("nothing in the category applies, a ruling is needed: {name}"),
        "not_assessed": _("still to be assessed: {name}"),
        "mandatory_not_full": _("mandatory, not at full marks: {name}"),
        "below_line": _("below the line; at full marks it alone would do: {name}"),
    }
    if not found.id:
        return _("below the line; no single indicator would do")
    return texts[found.code].format(name=name)


def notes(impact: Impact) -> list[str]:
    """Say how facts that were recorded by one catalog are read by another: by which mapping set, or by name."""
    found = []
    for catalog in impact.catalogs:
        for origin in impact.origins(catalog):
            if origin.recorded == catalog.ref:
                continue
            text = _(
                "Facts recorded by {older}, {mines} mines: no mapping set to {newer}, so each counts for the indicator "
                "of the same name."
            )
            if origin.mapping is not None:
                text = _("Facts recorded by {older}, {mines} mines: carried over to {newer} by the mapping set {file}.")
            file = origin.mapping.path.name if origin.mapping else ""
            found.append(
                text.format(older=visible(origin.recorded) or "–", mines=origin.mines, newer=catalog.ref, file=file)
            )
    return found
