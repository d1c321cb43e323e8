"""What causes are called in the language in use."""

from __future__ import annotations

from greenmine.batch.impact.impact import Cause
from greenmine.catalog import Catalog
from greenmine.i18n import gettext as _

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
