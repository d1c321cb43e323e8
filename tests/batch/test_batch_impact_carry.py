"""Facts carried over to another version in whole columns come out as the scorer has them carried over one by one."""

from __future__ import annotations

import copy
import dataclasses
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cases import Document, full_findings, national, with_facts
from hypothesis import given, settings
from hypothesis import strategies as st
from registers import random_findings, random_register, same, table_of

from greenmine.assessment.carry import carry_over
from greenmine.batch.impact.carry import Passage, carried, origins, passages
from greenmine.batch.impact.impact import Impact
from greenmine.batch.impact.register import Register
from greenmine.batch.impact.scored import STATUSES
from greenmine.batch.impact.table import FactsTable
from greenmine.catalog import Catalog, load_catalog
from greenmine.catalog.mapping import Link, MappingSet, cards_of, identity, load_mapping
from greenmine.errors import InputError
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())
OLDER, NEWER, PROVINCE = (
    load_catalog(ref, SHIPPED) for ref in ("national@2024", "hypothetical@2027", "example-province@2025")
)
SHIPPED_WAY = Passage(OLDER, NEWER, load_mapping("", OLDER, NEWER, SHIPPED))
IDS = [item["id"] for item in OLDER.document["indicators"]]


def link(old: str, new: str, relation: str = "equivalent", **keys: str) -> Link:
    """Return a mapping between two indicators; an empty id stands for none."""
    cards = {name: f"indicator/{id_}" for name, id_ in (("from", old), ("to", new)) if id_}
    return Link(**cards, relation=relation, keys=keys, rationale="演示")  # type: ignore[arg-type]


def rules_of(item: Document) -> list[Document]:
    """Return the rule nodes of an indicator, those inside others too."""
    found = [item["rule"]] if "rule" in item else list(item["rules"].values())
    for node in found:
        found += [
            *(node.get("of", ()) if node["kind"] in ("sum", "best") else ()),
            *filter(None, [node.get("otherwise")]),
        ]
    return found


def changed(**changes: Callable[[Document], object]) -> Catalog:
    """Return a newer version of the national catalog in which indicators (`i26`) are changed in place."""
    document: Document = {**copy.deepcopy(dict(OLDER.document)), "version": "2099"}
    for name, change in changes.items():
        change(next(item for item in document["indicators"] if item["id"] == name[1:]))
    return dataclasses.replace(OLDER, document=document)


def passage(newer: Catalog, *links: Link) -> Passage:
    """Return a passage in which the indicators that some links name have these, and each other is equal to itself."""
    named = {card for one in links for card in (one.from_, one.to)}
    kept = tuple(one for one in identity(OLDER).links if not {one.from_, one.to} & named)
    document = {**SHIPPED_WAY.mapping.document, "to": newer.ref}
    return Passage(OLDER, newer, MappingSet(document, Path("m.yaml"), (*kept, *links)))


def one_by_one(findings: Mapping[str, Any], way: Passage, readings: dict[str, str] | None = None) -> Document:
    """Return the score of findings as re-scoring carries them over."""
    scorer = Scorer(way.newer.document)
    return scorer.score(carry_over(findings, way.mapping, way.newer.document, scorer), readings)


def agrees(findings: Mapping[str, Any], way: Passage) -> dict[str, str]:
    """Return the statuses of indicators that columns and re-scoring agree on for one mine."""
    table = table_of([dict(findings)], OLDER.document)
    scored = Register(way.newer.document, carried(table, way.newer, [way])).score({})
    score = one_by_one(findings, way)
    assert same(scored, 0, score)
    items = way.newer.document["indicators"]
    return {item["id"]: STATUSES[scored.results.status[number, 0]] for number, item in enumerate(items)}


FULL = full_findings(national())


@pytest.mark.parametrize(
    "links",
    [
        (link("46", "46"), link("46", "45"), link("45", "", "none")),
        (link("3", "4"), link("4", "4", "intersects"), link("", "3", "none")),
        (link("10", "10", "equal"), link("10", "", "none")),
        (link("10", "10", "subset"),),
        (link("10", "10", "undecided"),),
    ],
    ids=["split", "merged", "contradictory", "subset", "undecided"],
)
def test_one_record_answers_one_question(links: tuple[Link, ...]) -> None:
    """Splits, merges and what contradicts itself carry nothing over, though a relation would."""
    statuses = agrees(FULL, passage(changed(), *links))
    open_ = {id_ for id_, status in statuses.items() if status == "not_assessed"}
    assert {str(one.to).partition("/")[2] for one in links if one.to} <= open_


def one_flag_less(item: Document) -> None:
    item["rule"]["of"] = item["rule"]["of"][:-1]


def at_most(item: Document) -> None:
    item["rule"]["measure"] = "at_most"


def test_facts_that_the_newer_rule_lacks_are_not_carried() -> None:
    """The indicator is open for a mine that has them; one that has none of them keeps its points."""
    way = passage(changed(i26=one_flag_less), link("26", "26"))
    lacking = OLDER.document["indicators"][IDS.index("26")]["rule"]["of"][-1]["key"]
    assert "not_assessed" == agrees(FULL, way)["26"]
    without_it = copy.deepcopy(FULL)
    del without_it["indicators"]["26"]["facts"][lacking]
    agrees(without_it, way)


def test_proof_that_the_newer_rule_takes_for_a_contradiction_is_not_carried() -> None:
    """A value above what was required says the contrary where the newer version requires it to be below."""
    way = passage(changed(i14=at_most), link("14", "14"))
    for value, status in ((2, "not_assessed"), (1.5, "scored"), (None, "scored")):
        measured = {} if value is None else {"measured": {"value": value, "required": 1.5, "source": "年报"}}
        assert status == agrees(with_facts(FULL, {"14": measured}), way)["14"]


def test_an_expert_whose_finding_the_panel_did_not_share_is_heard_too() -> None:
    """Where the newer rule refuses what an expert recorded, the entry is not carried, whatever the panel found."""
    findings = copy.deepcopy(FULL)
    entry = findings["indicators"]["26"]
    lacking = OLDER.document["indicators"][IDS.index("26")]["rule"]["of"][-1]["key"]
    entry["judgements"] = [{"by": "E1", "facts": dict(entry["facts"])}]
    entry["resolution"] = "finding"
    del entry["facts"][lacking]
    assert "not_assessed" == agrees(findings, passage(changed(i26=one_flag_less), link("26", "26")))["26"]


def test_facts_under_another_name_and_of_another_form() -> None:
    """A count is no share and a list of defects no count: such facts are open, and no error of the table."""

    def share(item: Document) -> None:
        item["rule"] = {"kind": "share", "key": "share", "at_least": "0.5", "points": item["points"]}

    newer = changed(i11=share, i14=share)
    statuses = agrees(FULL, passage(newer, link("11", "11", defects="share"), link("14", "14", met="share")))
    assert ["not_assessed"] * 2 == [statuses[id_] for id_ in ("11", "14")]


def test_a_cell_of_another_form_is_named() -> None:
    """Also where the scorer has to be asked whether the newer rule takes what the row holds."""
    row = table_of([FULL], OLDER.document).data.to_pylist()[0]
    cells = {key: value for key, value in row.items() if value is not None}
    table = FactsTable.of([cells | {"26.certified": "perhaps"}], "facts.csv")
    with pytest.raises(InputError, match=r"26\.certified"):
        carried(table, changed(), [passage(changed(i26=one_flag_less), link("26", "26"))])


def test_facts_are_carried_over_along_a_mapping_set() -> None:
    """Only what is equal or equivalent has columns; a fact with another name now has it, in every column."""
    table = table_of(random_register(national(), 40, 4), national())
    made = carried(table, NEWER, [SHIPPED_WAY])
    owners = {name.rpartition(".")[0] for name in made.names}
    assert not owners & {"3", "4", "3-4", "7", "7-1", "46", "46-1"}
    assert {"1", "2", "9", "36", "prerequisite/P1"} <= owners

    def pond(item: Document) -> None:
        item["rule"]["of"] = [{**node, "key": node["key"].replace("tailings", "pond")} for node in item["rule"]["of"]]

    newer = changed(i17=pond)
    other = carried(table, newer, [passage(newer, link("17", "17", tailings="pond"))])
    assert table.truth("17.tailings").tolist() == other.truth("17.pond").tolist()
    assert "17.tailings" not in other.names
    assert [text.replace("tailings", "pond") for text in table.texts("17.absent")] == [*other.texts("17.absent")]
    assert "tailings" in "".join(table.texts("17.judgements"))
    assert "tailings" not in "".join([*other.texts("17.absent"), *other.texts("17.judgements")])


# ---- tables recorded by several catalogs -----------------------------------------------------------------------------


def joined(*tables: FactsTable) -> FactsTable:
    """Return the rows of tables in turn, their mines numbered."""
    rows = [row for each in zip(*(table.data.to_pylist() for table in tables), strict=True) for row in each]
    numbered = [{**row, "mine": f"M{number}"} for number, row in enumerate(rows)]
    return FactsTable.of([{key: value for key, value in row.items() if value is not None} for row in numbered])


def test_each_row_goes_by_the_mapping_set_of_its_own_catalog() -> None:
    """Of a mixed register each mine scores as by itself: carried over, of the same name, or as it is."""
    register = random_register(national(), 25, 8)
    newer = random_register(NEWER.document, 25, 9)
    recorded = [(register, OLDER), (register, PROVINCE), (newer, NEWER)]
    tables = [
        dataclasses.replace(table, data=table.data.set_column(9, "catalog", [[catalog.ref] * 25]), _known={})
        for table, catalog in (
            (table_of(findings, national() if one is not NEWER else one.document), one) for findings, one in recorded
        )
    ]
    table = joined(*tables)
    ways = passages(table, [OLDER, NEWER, PROVINCE], SHIPPED)
    assert [(OLDER.ref, NEWER.ref)] == [(way.older.ref, way.newer.ref) for way in ways]
    mixed = Register(NEWER.document, carried(table, NEWER, ways)).score({})
    apart = [Register(NEWER.document, carried(each, NEWER, ways)).score({}) for each in tables]
    assert [apart[n % 3].verdict[n // 3] for n in range(75)] == mixed.verdict.tolist()
    assert [apart[n % 3].total(n // 3) for n in range(75)] == [mixed.total(n) for n in range(75)]
    for number, findings in enumerate(register):
        assert same(mixed, 3 * number, one_by_one(findings, SHIPPED_WAY))
    for number, findings in enumerate(newer):
        assert same(mixed, 3 * number + 2, Scorer(NEWER.document).score(findings))


def test_it_is_told_which_mapping_set_was_for_which_catalog() -> None:
    """Of each catalog that recorded facts: how many mines, and the mapping set, if there is one."""
    one = table_of(random_register(national(), 4, 8), national())
    other = dataclasses.replace(one, data=one.data.set_column(9, "catalog", [[PROVINCE.ref] * 4]), _known={})
    unknown = dataclasses.replace(one, data=one.data.drop_columns(["catalog"]), _known={})
    table = joined(one, other, unknown)
    ways = passages(table, [OLDER, NEWER], SHIPPED)
    mapping = SHIPPED_WAY.mapping.sha256
    found = Impact.of(table, [OLDER, NEWER], [("na_fold", "zero")], ways).document()["catalogs"]
    told = [[(row["catalog"], row["mines"], row["mapping"]) for row in each["recorded"]] for each in found]
    names = ("", PROVINCE.ref, OLDER.ref)
    assert [
        [(name, 4, None) for name in names],
        [("", 4, None), (PROVINCE.ref, 4, None), (OLDER.ref, 4, mapping)],
    ] == told
    assert [4, 4, 4] == [origin.mines for origin in origins(table, OLDER, ())]


def test_a_catalog_that_is_not_here_leads_nowhere(tmp_path: Path) -> None:
    """Then facts count for the indicators of the same name, as where there is no mapping set."""
    folder = tmp_path / "parameters" / "mappings"
    folder.mkdir(parents=True)
    (folder / "lost-1--national-2024.yaml").write_text("", "utf-8")
    table = table_of(random_register(national(), 4, 8), national())
    table = dataclasses.replace(table, data=table.data.set_column(9, "catalog", [["lost@1"] * 4]), _known={})
    assert () == passages(table, [OLDER], Workspace(tmp_path))
    assert table is carried(table, OLDER, ())


# ---- random mapping sets between random versions ---------------------------------------------------------------------


def other_form(node: Document, chance: random.Random) -> None:
    """Change what facts a rule node takes."""
    kind = node["kind"]
    if kind == "met":
        if chance.random() < 0.5:
            node["measure"] = chance.choice(("at_least", "at_most"))
        node["clauses"] = [one for one in node.get("clauses", ()) if chance.random() < 0.5]
    elif kind in ("sum", "best") and len(node["of"]) > 1 and chance.random() < 0.5:
        node["of"].pop()
    elif kind == "flag":
        node["may_be_absent"] = chance.random() < 0.5
    elif kind in ("share", "count", "flag") and chance.random() < 0.5:
        points, key = node.get("points", node.get("cap", "1")), node["key"]
        node.clear()
        flag, share = (
            {"kind": "flag", "key": key, "points": points},
            {"kind": "share", "key": key, "points": points, "at_least": "0.5"},
        )
        count = {"kind": "count", "key": key, "unit": "0.5", "cap": points}
        node |= chance.choice((flag, share) if kind == "share" else (flag, share, count))  # a table has 1.0 for 1 too


def random_version(chance: random.Random) -> Catalog:
    """Return a version in which some indicators take other facts, are of another kind, or permit other claims."""
    document: Document = {**copy.deepcopy(dict(OLDER.document)), "version": "2099"}
    for item in document["indicators"]:
        if chance.random() < 0.4:
            for node in rules_of(item):
                other_form(node, chance)
        if chance.random() < 0.1:
            item["not_applicable"] = {**item["not_applicable"], "permitted": chance.random() < 0.5}
        if chance.random() < 0.1:
            item["kind"] = chance.choice(("mandatory", "improvement"))
    return dataclasses.replace(OLDER, document=document)


def random_links(newer: Catalog, chance: random.Random) -> tuple[Link, ...]:
    """Return mappings between the same cards, some of another relation, split, merged, contradictory or renamed."""
    relations = ("equal", "equivalent", "equivalent", "subset", "superset", "intersects", "undecided")
    links = []
    for card in cards_of(newer.document):
        kind, _slash, name = card.partition("/")
        relation = "equivalent" if chance.random() < 0.7 else chance.choice(relations)
        links.append(Link(**{"from": card}, to=card, relation=relation, rationale="演示"))
        if kind == "indicator" and chance.random() < 0.2:
            other = chance.choice(IDS)
            extra = [link(name, other, chance.choice(relations)), link(name, "", "none"), link("", name, "none")]
            links.append(chance.choice(extra))
            if chance.random() < 0.5:
                links.pop(-2)
        elif kind == "indicator" and chance.random() < 0.15:
            keys = sorted({node["key"] for node in rules_of(cards_of(newer.document)[card]) if "key" in node} | {"met"})
            changes = {key: chance.choice((*keys, f"{key}_new")) for key in keys if chance.random() < 0.5}
            links[-1] = link(name, name, **{key: new for key, new in changes.items() if key != new})
    return tuple(links)


def as_sealed(findings: Document) -> Document:
    """Return findings with what their own catalog asks of that mine, for nobody looks at the rest; keys in order."""
    score = Scorer(OLDER.document).score(findings)
    asked = {row["id"] for row in score["indicators"] if row["status"] != "not_in_block"}
    kept = {id_: copy.deepcopy(one) for id_, one in findings["indicators"].items() if id_ in asked}
    for holder in (holder for entry in kept.values() for holder in (entry, *entry.get("judgements", ()))):
        if "facts" in holder:
            holder["facts"] = dict(sorted(holder["facts"].items()))
    return {**findings, "indicators": kept}


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_columns_are_carried_over_as_rescoring_carries_each_mine_over(seed: int) -> None:
    """Random findings, versions and mapping sets: verdict, exact total, statuses and points are those of `rescore`."""
    chance = random.Random(seed)  # noqa: S311 - a register for tests, not a secret
    newer = random_version(chance)
    document = {**SHIPPED_WAY.mapping.document, "to": newer.ref}
    way = Passage(OLDER, newer, MappingSet(document, Path("m.yaml"), random_links(newer, chance)))
    register = [as_sealed(random_findings(OLDER.document, chance, number)) for number in range(12)]
    table = table_of(register, OLDER.document)
    readings = {
        "component_na": chance.choice(("strict", "fold", "award")),
        "na_fold": chance.choice(("category", "total")),
    }
    scored = Register(newer.document, carried(table, newer, [way])).score(readings)
    scores = [one_by_one(findings, way, readings) for findings in register]
    assert [] == [number for number, score in enumerate(scores) if not same(scored, number, score)]
