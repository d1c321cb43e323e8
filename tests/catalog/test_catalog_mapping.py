"""Mapping sets: which question of one version is which of another."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from conftest import Bench

from greenmine.catalog import Catalog, load_catalog
from greenmine.catalog.mapping import (
    CARRYING,
    Link,
    MappingSet,
    asked,
    cards_of,
    draft_mapping,
    load_mapping,
    mapping_name,
    same_facts,
    same_question,
)
from greenmine.errors import CatalogError, UsageError
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())


@pytest.fixture
def pair(bench: Bench) -> tuple[Catalog, Catalog]:
    """A small catalog, and a version in which one indicator asks otherwise and one is gone."""
    bench.profile(
        """
        {op: set, at: indicators/2/criteria, value: 另一种要求。}
        {op: add, at: prerequisites, value: {id: P9, name: 新增, text: 新增的先决条件。}}
        """
    )
    return bench.load(), bench.load("tailored@1")


def completed(pair: tuple[Catalog, Catalog], **changes: object) -> str:
    """Return the draft, completed by a person; `changes` are values of the head."""
    document = yaml.safe_load(draft_mapping(*pair))
    for link in document["mappings"]:
        if link["relation"] == "undecided":
            link |= {"relation": "equivalent" if "from" in link and "to" in link else "none", "rationale": "理由"}
    return yaml.safe_dump({**document, "author": "甲", **changes}, allow_unicode=True)


def saved(bench: Bench, pair: tuple[Catalog, Catalog], text: str) -> Path:
    return bench.write(text, f"mappings/{mapping_name(pair[0].ref, pair[1].ref)}")


def test_a_draft_tells_what_is_the_same_and_leaves_the_rest_to_people(
    bench: Bench, pair: tuple[Catalog, Catalog]
) -> None:
    """Word for word the same is equal; what asks otherwise, is gone or new is undecided; the draft can be read."""
    text = draft_mapping(*pair)
    saved(bench, pair, text)
    found = load_mapping("", *pair, bench.workspace)
    assert {(link.from_, link.to) for link in found.undecided} == {
        ("indicator/2", "indicator/2"),
        (None, "prerequisite/P9"),
    }
    assert {"equal", "undecided"} == {link.relation for link in found.links}


def test_a_completed_mapping_set_is_found_by_its_catalogs(bench: Bench, pair: tuple[Catalog, Catalog]) -> None:
    """Its digest is that of what it says, whatever the file looks like."""
    saved(bench, pair, completed(pair))
    found = load_mapping("", *pair, bench.workspace)
    assert () == found.undecided
    assert ("small@1", "tailored@1") == (found.from_, found.to)
    (link,) = found.sources("indicator/2")
    assert (link,) == found.targets("indicator/2")
    assert link.relation in CARRYING
    other = bench.write("# another spelling\n" + completed(pair), "elsewhere.yaml")
    assert found.sha256 == load_mapping(str(other), *pair, bench.workspace).sha256


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("from: small@1", "from: small@9", ("small@1", "small@9")),
        ("from: indicator/1\n", "from: indicator/77\n", ("indicator/77", "small@1")),
        ("  relation: equivalent", "  relation: equal", ("mappings", "equal")),
        ("  rationale: 理由\n  relation: equivalent", "  relation: equivalent", ("the reason",)),
        ("relation: equivalent", "relation: none", ("none",)),
        ("relation: equivalent", "relation: alike", ("alike",)),
        ("schema: greenmine.mapping/1", "schema: greenmine.mapping/9", ("greenmine.mapping/9",)),
        ("  relation: none\n  to: prerequisite/P9", "  relation: none", ("from", "to")),
        ("author: 甲", "author: ''", ("author",)),
    ],
)
def test_what_does_not_hold_together_is_refused_by_place(
    bench: Bench, pair: tuple[Catalog, Catalog], old: str, new: str, names: tuple[str, ...]
) -> None:
    """Another catalog, an unknown card, equal that is not, a reason that is missing."""
    text = completed(pair)
    assert old in text
    path = saved(bench, pair, text.replace(old, new, 1))
    with pytest.raises(CatalogError) as refused:
        load_mapping("", *pair, bench.workspace)
    message = str(refused.value)
    assert [] == [name for name in (path.name, *names) if name not in message]


def test_every_card_of_both_catalogs_is_in_it(bench: Bench, pair: tuple[Catalog, Catalog]) -> None:
    """A card left out is named: it could be forgotten otherwise."""
    document = yaml.safe_load(completed(pair))
    for card in ("indicator/1", "prerequisite/P9"):
        links = [link for link in document["mappings"] if card not in (link.get("from"), link.get("to"))]
        saved(bench, pair, yaml.safe_dump({**document, "mappings": links}, allow_unicode=True))
        with pytest.raises(CatalogError, match=card):
            load_mapping("", *pair, bench.workspace)


def test_a_pair_of_cards_stands_once(bench: Bench, pair: tuple[Catalog, Catalog]) -> None:
    """Two relations between the same two cards would contradict each other."""
    document = yaml.safe_load(completed(pair))
    document["mappings"].append(dict(document["mappings"][0]))
    saved(bench, pair, yaml.safe_dump(document, allow_unicode=True))
    with pytest.raises(CatalogError, match="prerequisite/P1"):
        load_mapping("", *pair, bench.workspace)


def test_where_there_is_none_the_verb_that_drafts_one_is_named(bench: Bench, pair: tuple[Catalog, Catalog]) -> None:
    """The message says where it was looked for."""
    with pytest.raises(UsageError, match=r"small-1--tailored-1\.yaml"):
        load_mapping("", *pair, bench.workspace)
    with pytest.raises(UsageError, match=r"nowhere\.yaml"):
        load_mapping("nowhere.yaml", *pair, bench.workspace)


def test_an_indicator_with_another_fact_asks_another_question() -> None:
    """Points, kind and name do not make another question; text, facts and clauses do."""
    entry = cards_of(load_catalog("national@2024", SHIPPED).document)["indicator/9"]
    assert same_question(entry, {**entry, "points": "7", "kind": "mandatory", "name": "x"})
    assert not same_question(entry, {**entry, "criteria": "x"})
    assert {"drilling", "goaf_disposal", "rig"} <= set(asked(entry))
    assert not same_question(entry, {**entry, "rules": {**entry["rules"], "open_pit": {"kind": "met"}}})


def test_the_shipped_mapping_set_is_an_example_and_complete() -> None:
    """It covers split, merged, dropped, new and stricter, and says that it is made up."""
    older, newer = (load_catalog(ref, SHIPPED) for ref in ("national@2024", "hypothetical@2027"))
    found = load_mapping("", older, newer, SHIPPED)
    assert found.document["hypothetical"] is True
    assert () == found.undecided
    assert {"equal", "equivalent", "subset", "superset", "none"} == {link.relation for link in found.links}


def link(old: str, new: str, relation: str) -> Link:
    cards = {name: f"indicator/{id_}" for name, id_ in (("from", old), ("to", new)) if id_}
    return Link(**cards, relation=relation, rationale="理由")  # type: ignore[arg-type]


def test_one_record_answers_one_question() -> None:
    """Only the one card that leads to one, and nowhere else, along a relation that carries facts."""
    links = (
        *(link("1", "1", "equal"), link("2", "20", "equivalent"), link("3", "3", "subset")),
        *(link("4", "4", "equal"), link("4", "", "none"), link("5", "5", "equal"), link("", "5", "none")),
        *(link("6", "61", "equivalent"), link("6", "62", "equivalent")),
        *(link("7", "78", "equivalent"), link("8", "78", "intersects")),
    )
    mapping = MappingSet({}, Path("m.yaml"), links)
    found = {id_: mapping.answer(f"indicator/{id_}") for id_ in ("1", "20", "3", "4", "5", "61", "62", "78", "9")}
    assert {"1": links[0], "20": links[1], "5": links[5]} == {id_: one for id_, one in found.items() if one}


def test_indicators_that_read_the_same_facts() -> None:
    """Whatever the facts are worth; not where a part, a clause, a direction or who is asked differs."""
    cards = cards_of(load_catalog("national@2024", SHIPPED).document)
    assert all(same_facts(entry, entry) for card, entry in cards.items() if card.startswith("indicator/"))
    step, worth = copy.deepcopy(cards["indicator/2"]), copy.deepcopy(cards["indicator/36"])
    step["rule"]["step"], worth["rule"]["at_least"] = "9", "0.9"
    assert same_facts(cards["indicator/2"], step)
    assert same_facts(cards["indicator/36"], worth)
    fewer, clause, turned, asked_of = (copy.deepcopy(cards[f"indicator/{id_}"]) for id_ in ("26", "8", "14", "9"))
    fewer["rule"]["of"].pop()
    clause["rule"]["clauses"].pop()
    turned["rule"]["measure"] = "at_most"
    asked_of["variants"]["of"]["wells"].pop()
    for id_, other in (("26", fewer), ("8", clause), ("14", turned), ("9", asked_of)):
        assert not same_facts(cards[f"indicator/{id_}"], other)
