"""Evidence: a mine's folder → its profile, the inventory of its files, and what is doubtful about them."""

from __future__ import annotations

from greenmine.evidence.cache import cached_inventory, recent_inventory
from greenmine.evidence.doubts import Warning_, evidence_warnings
from greenmine.evidence.inventory import Inventory, Item, take_inventory
from greenmine.evidence.locator import Reference, Region, parse_reference
from greenmine.evidence.photo import Photo
from greenmine.evidence.profile import Licence, MineProfile, read_profile

__all__ = [
    "Inventory",
    "Item",
    "Licence",
    "MineProfile",
    "Photo",
    "Reference",
    "Region",
    "Warning_",
    "cached_inventory",
    "evidence_warnings",
    "parse_reference",
    "read_profile",
    "recent_inventory",
    "take_inventory",
]
