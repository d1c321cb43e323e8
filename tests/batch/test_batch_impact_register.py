"""Whole columns are scored exactly as the scorer scores each mine."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import Document, full_findings, national, with_facts
from registers import known_to, random_findings, random_register, same, table_of

from greenmine.batch.impact.register import Register
from greenmine.batch.impact.scored import STATUSES, VERDICTS
from greenmine.batch.impact.table import FactsTable
from greenmine.catalog import load_catalog
from greenmine.errors import InputError, UsageError
from greenmine.scoring import Scorer
from greenmine.workspace import Workspace, shared_dir

SMALL = str(Path(__file__).parents[1] / "catalog" / "small.yaml")
READINGS: list[dict[str, str]] = [
    {},
    {"na_fold": "total"},
    {"na_fold": "full", "component_na": "fold"},
    {"na_fold": "zero", "expert_split": "majority"},
    {"component_na": "fold"},
    {"component_na": "award", "na_fold": "total"},
    {"expert_split": "majority"},
]
MINES = 250


@cache
def catalog(ref: str) -> Document:
    return load_catalog(ref, Workspace(shared_dir())).document


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("recorded", "scored_by"), [("national@2024", "national@2024"), (SMALL, SMALL)])
def test_columns_are_scored_as_the_scorer_scores_each_mine(recorded: str, scored_by: str, seed: int) -> None:
    """5,000 random mines: verdict, exact total and points of each indicator are the same under every reading."""
    register = random_register(catalog(recorded), MINES, seed)
    assert [] == different(register, recorded, scored_by, READINGS[seed % len(READINGS)])


@pytest.mark.parametrize("readings", READINGS)
@pytest.mark.parametrize("other", ["example-province@2025", "hypothetical@2027"])
def test_another_catalog_scores_what_it_knows(other: str, readings: dict[str, str]) -> None:
    """What the other catalog does not have is left out, what is not recorded for it is not assessed."""
    register = random_register(catalog("national@2024"), 60, 77)
    assert [] == different(register, "national@2024", other, readings)


def different(register: list[Document], recorded: str, scored_by: str, readings: dict[str, str]) -> list[int]:
    scored = Register(catalog(scored_by), table_of(register, catalog(recorded))).score(readings)
    scorer = Scorer(catalog(scored_by))
    scores = [scorer.score(known_to(findings, catalog(scored_by)), readings) for findings in register]
    return [number for number, score in enumerate(scores) if not same(scored, number, score)]


def test_the_register_for_tests_holds_everything_there_is() -> None:
    """Every verdict, every status, both blocks, every way of extraction, judgements, absent parts, every claim."""
    register = random_register(national(), 300, 1)
    table = table_of(register, national())
    scored = Register(national(), table).score({})
    assert set(range(len(VERDICTS))) == set(scored.verdict)
    assert set(range(len(STATUSES))) == set(np.unique(scored.results.status))
    ways = {way for findings in register for way in findings["mine"]["extraction"]}
    assert set(national()["extractions"]) == ways
    claims = {value for name in table.names if name.endswith(".not_applicable") for value in table.encoded(name)[0]}
    assert {"unproven", "proven", "cited"} == claims
    assert {"absent", "judgements"} <= {name.rpartition(".")[2] for name in table.names}


@pytest.mark.parametrize("count", [3, 60])
def test_means_of_many_experts_stay_exact(count: int) -> None:
    """However many experts judge: a mean of three, and one of sixty beside it, whose units outgrow 64 bits."""
    findings = full_findings(national())
    for number, item in enumerate(("9", "17", "19", "42", "44", "46")):
        facts = findings["indicators"][item].pop("facts")
        worse = {key: False if isinstance(value, bool) else 0 for key, value in facts.items()}
        each = range(1 if number == 0 else max(1, count - 10 * number + 1))
        findings["indicators"][item]["judgements"] = [
            {"by": f"E{expert}", "facts": worse if expert % 3 == 0 else facts} for expert in each
        ]
    scored = Register(national(), table_of([findings], national())).score({})
    score = Scorer(national()).score(findings)
    assert score["total_exact"] == str(scored.total(0))
    assert same(scored, 0, score)


def test_a_total_just_below_the_line_is_not_shown_as_the_line() -> None:
    """79.997… prints as 79.99, as the scorer prints it."""
    findings = [random_findings(national(), chance, 1, 0.9) for chance in map(_chance, range(300))]
    scored = Register(national(), table_of(_numbered(findings), national())).score({})
    for number, text in enumerate(scored.totals_shown):
        total = scored.total(number)
        assert total is None or (total < 80) == (Fraction(text) < 80)


def _chance(seed: int) -> Any:
    import random  # noqa: PLC0415

    return random.Random(seed)  # noqa: S311


def _numbered(register: list[Document]) -> list[Document]:
    return [{**each, "mine": {**each["mine"], "id": f"M{number}"}} for number, each in enumerate(register)]


def test_what_alone_decides_is_what_would_lift_a_mine_over_the_line() -> None:
    """An indicator decides exactly where the mine passes once that one is at full marks."""
    register = random_register(national(), 120, 5)
    scored = Register(national(), table_of(register, national())).score({})
    scorer = Scorer(national())
    failing = [number for number in range(len(register)) if VERDICTS[scored.verdict[number]] == "fail"]
    assert failing
    for number in failing[:15]:
        findings = register[number]
        full = full_findings(national(), findings["mine"]["industry"], tuple(findings["mine"]["extraction"]))
        full = full if findings["mine"]["primary_extraction"] == full["mine"]["primary_extraction"] else None
        for position, item in enumerate(national()["indicators"]):
            status = STATUSES[scored.results.status[position, number]]
            if full is None or status not in ("scored", "no_evidence"):
                continue
            better = {**findings["indicators"], item["id"]: full["indicators"][item["id"]]}
            passes = scorer.score({**findings, "indicators": better})["verdict"] == "pass"
            assert passes == scored.alone[position, number]


def test_what_may_pass_passes_with_all_that_is_open_at_full_marks() -> None:
    """A mine with an open indicator may pass if full marks there would reach the line, else it cannot."""
    good = full_findings(national())
    poor = with_facts(good, {key: {"met": False} for key in ("14", "25", "28", "46")})
    poor["indicators"]["9"]["facts"] = {"low_disturbance": False, "goaf_disposal": False, "other_advanced": False}
    poor["indicators"]["11"]["facts"] = {"defects": [{"text": "缺陷"}] * 5}
    register = _numbered([good, poor])
    for findings in register:
        del findings["indicators"]["44"]
    scored = Register(national(), table_of(register, national())).score({})
    assert ["incomplete"] * 2 == [VERDICTS[verdict] for verdict in scored.verdict]
    assert [True, False] == scored.may_pass.tolist()


def test_a_reading_or_choice_that_is_unknown_is_refused() -> None:
    """The message names the choices that there are."""
    register = Register(national(), table_of([full_findings(national())], national()))
    for wrong in ({"na_fold": "half"}, {"fold": "zero"}):
        with pytest.raises(UsageError, match="na_fold=category"):
            register.score(wrong)


@pytest.mark.parametrize(
    ("heading", "value", "place"),
    [
        ("industry", "gardening", "industry"),
        ("extraction", "underground by_hand", "extraction"),
        ("10.met", "yes", "10.met"),
        ("2.defects", "-1", "2.defects"),
        ("36.clean_transport_share", "70", "36.clean_transport_share"),
        ("13.not_applicable", "perhaps", "13.not_applicable"),
        ("9.judgements", "{}", "9.judgements"),
        ("9.judgements", "[" * 100_000, "9.judgements"),
        ("9.judgements", '[{"by": "E1", "facts": 1}]', "9.judgements"),
        ("17.absent", "tailings", "17.tailings"),
    ],
)
def test_a_cell_of_another_form_is_named(heading: str, value: str, place: str) -> None:
    """File, row, column, what was expected and what came."""
    row = {**table_of([full_findings(national())], national()).data.to_pylist()[0], heading: value}
    table = FactsTable.of([{name: cell for name, cell in row.items() if cell is not None}], "facts.csv")
    with pytest.raises(InputError) as caught:
        Register(national(), table).score({})
    assert "facts.csv" in str(caught.value)
    assert "2" in caught.value.place
    assert place in caught.value.place
