"""The closed sets of words that catalogs, mines and scores share.

A word outside these sets would have no meaning to the scorer, so files that use one are refused when they are read.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Industry = Literal[
    "nonmetal",
    "chemical",
    "gold",
    "metallurgy",
    "nonferrous",
    "oil_gas",
    "coal",
    "geothermal",
    "mineral_water",
    "aggregate",
    "cement_limestone",
    "dimension_stone",
]
Extraction = Literal["open_pit", "underground", "oil_gas", "geothermal", "mineral_water"]
Kind = Literal["mandatory", "improvement"]
VariantBy = Literal["extraction", "primary_extraction", "industry"]

INDUSTRIES: Final[tuple[str, ...]] = get_args(Industry)
"""Lines of business: 非金属 化工 黄金 冶金 有色 油气 煤炭 地热 矿泉水 砂石 水泥灰岩 建筑石材."""

EXTRACTIONS: Final[tuple[str, ...]] = get_args(Extraction)
"""Ways of extraction: 露天 地下 油气 地热 矿泉水."""

READINGS: Final[dict[str, tuple[str, ...]]] = {
    "na_fold": ("category", "total", "full", "zero"),
    "expert_split": ("unanimous", "majority"),
    "component_na": ("strict", "fold", "award"),
}
"""The readings (口径) that the scorer knows, each with the choices it knows."""

RESERVED_FACTS: Final = frozenset(
    {"met", "clauses", "measured", "defects", "absent", "evidence", "not_applicable", "judgements"}
)
"""Keys with a fixed meaning, in facts or in a table of them, which a catalog cannot give to a part of its own."""
