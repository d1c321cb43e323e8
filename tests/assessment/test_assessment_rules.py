"""Rules for panels: what a panel lacks, with the clause, and whose card is whose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from greenmine import i18n
from greenmine.assessment.panel import Panel
from greenmine.assessment.rules import PanelRules, load_panel_rules, panel_warnings
from greenmine.catalog import load_catalog
from greenmine.errors import InputError
from greenmine.workspace import Workspace, shared_dir

FIELDS = ["地质", "采矿工程", "矿物加工", "生态修复", "环境工程"]


@pytest.fixture(autouse=True)
def _english(_language: None) -> None:
    i18n.use("en")


@pytest.fixture
def rules() -> PanelRules:
    return load_panel_rules(workspace=Workspace(shared_dir()))


def people(count: int = 5, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "id": f"E{at}",
            "name": f"演示{at}",
            "role": "expert" if at else "chair",
            "organisation": "演示评估中心",
            "title_level": "senior" if at < 2 else "intermediate",
            "specialty": [FIELDS[at % 5]],
            **more,
        }
        for at in range(count)
    ]


def panel(members: list[dict[str, Any]], kind: str = "third_party") -> Panel:
    head = {"id": "a", "date": "2026-06-30", "anchor_date": "2026-03-01", "kind": kind}
    return Panel.model_validate({"schema": "greenmine.panel/1", "assessment": head, "members": members})


def test_a_panel_that_fulfils_every_rule_gets_no_warning(rules: PanelRules) -> None:
    """Five members of the five specialties, titles, a leader and no conflict: nothing is said."""
    assert panel_warnings(panel(people()), rules) == ()


def test_each_rule_says_what_is_the_matter_and_where_it_stands(rules: PanelRules) -> None:
    """A lone member without title who declared a conflict breaks most rules; each names its document and clause."""
    found = panel_warnings(panel([{"id": "E1", "name": "甲", "role": "expert", "conflicts": ["顾问"]}]), rules)
    assert {"specialties", "leader", "size", "intermediate", "senior", "independence"} == {one.rule for one in found}
    texts = {one.rule: one.text for one in found}
    assert "自然资规〔2024〕1号, 三（八）" in texts["specialties"]
    assert "Geology, Mining" in texts["specialties"]
    assert "not checked against the text" in texts["size"]
    assert "not checked" not in texts["specialties"]
    assert "甲 declared: 顾问" in texts["independence"]
    assert not any(one.required for one in found)


def test_a_leader_whose_organisation_is_not_recorded_is_told(rules: PanelRules) -> None:
    """Whether the leader is of the assessing body cannot be seen."""
    found = panel_warnings(panel(people(organisation="")), rules)
    assert ["leader_staff"] == [one.rule for one in found]


def test_a_scribe_is_no_assessor_but_has_conflicts(rules: PanelRules) -> None:
    """A scribe does not make the fifth assessor; a scribe's conflict is told."""
    members = people()
    members[4] |= {"role": "scribe", "conflicts": ["持股"]}
    assert {"size", "specialties", "independence"} == {one.rule for one in panel_warnings(panel(members), rules)}


def test_a_self_assessment_is_held_to_no_rule(rules: PanelRules) -> None:
    """The rules are for third parties; a mine assesses itself with whom it likes."""
    assert panel_warnings(panel(people(1), kind="self"), rules) == ()


def test_specialties_name_cards_of_the_catalog_only_and_together_all_of_them(rules: PanelRules) -> None:
    """Every indicator but those of the company as a whole has an expert; no id is made up."""
    catalog = load_catalog("national@2024", Workspace(shared_dir())).document
    cards = {f"indicator/{one['id']}" for one in catalog["indicators"]}
    cards |= {f"prerequisite/{one['id']}" for one in catalog["prerequisites"]}
    named = rules.cards_of(FIELDS)
    assert named <= cards
    assert {card for card in cards if rules.specialties_of(card)} == named


def test_a_member_finds_cards_by_the_words_of_the_panel(rules: PanelRules) -> None:
    """`生态修复` is ecology; a field that no specialty names has no cards."""
    ecology = next(one for one in rules.specialties if one.id == "ecology")
    assert rules.cards_of(["生态修复"]) == ecology.cards
    assert rules.cards_of(["经济"]) == frozenset()
    card = min(ecology.cards)
    i18n.use("zh")
    assert "生态" in rules.specialties_of(card)


def test_the_pledge_is_there_in_both_languages(rules: PanelRules) -> None:
    """A member reads it in the language in use."""
    assert rules.pledge.said("zh") != rules.pledge.said("en")
    assert rules.pledge.clause == "三（八）"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "parameters" / "panels"
    folder.mkdir(parents=True)
    text = (shared_dir() / "parameters" / "panels" / "national.yaml").read_text("utf-8")
    (folder / "own.yaml").write_text(text.replace("id: national\n", "id: own\n", 1), "utf-8")
    return folder / "own.yaml"


def test_a_workspace_has_rules_of_its_own(own: Path) -> None:
    """A province's file stands beside the package's; a required rule says so."""
    text = own.read_text("utf-8")
    own.write_text(text.replace("    at_least: 5\n", "    at_least: 6\n    required: true\n"), "utf-8")
    rules = load_panel_rules("own", Workspace(own.parents[2]))
    assert [("size", True)] == [(one.rule, one.required) for one in panel_warnings(panel(people()), rules)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: own\n", "id: other\n", "the name of the file"),
        ("    at_least: 5\n", "", "at_least"),
        ("levels: [senior]", "levels: []", "levels, and either"),
        ('share: "1"', "share: 1", "in quotes"),
        ("of: [geology,", "of: [geologie,", "geologie"),
        ("  - id: leader\n", "  - id: size\n", "an id of its own"),
        ("kinds: [third_party,", "kinds: [third,", "third_party"),
        ("kind: conflicts", "kind: conflict", "conflicts"),
        ("  clause: 三（八）\n", "", "clause"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(own: Path, old: str, new: str, said: str) -> None:
    """The message names the file and what was expected."""
    text = own.read_text("utf-8")
    assert old in text
    own.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(InputError, match=said) as caught:
        load_panel_rules("own", Workspace(own.parents[2]))
    assert "own.yaml" in str(caught.value)


def test_rules_that_are_not_there_are_told_with_those_that_are(own: Path) -> None:
    """Whoever misspelt the id reads which there are."""
    with pytest.raises(InputError, match="national, own"):
        load_panel_rules("gansu", Workspace(own.parents[2]))
