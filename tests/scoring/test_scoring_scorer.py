"""The scorer as a whole: what it refuses, what it says, and that it runs alone."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cases import Document, full_findings, national, with_facts

import greenmine
from greenmine.errors import CatalogError, FindingsError, UsageError
from greenmine.files import canonical_json, sha256_hex
from greenmine.scoring import Scorer, canonical

CATALOG = national()
SCORER = Scorer(CATALOG)
COAL = full_findings(CATALOG)


def changed(place: str, value: Any) -> Document:
    """Return the full findings with the value at a place (keys joined by /) replaced; None removes it."""
    findings = copy.deepcopy(COAL)
    *path, last = place.split("/")
    target = findings
    for key in path:
        target = target[key]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return findings


MALFORMED = [
    ("schema", "greenmine.findings/2", "schema"),
    ("mine", "x", "mine"),
    ("mine/industry", "silver", "mine/industry"),
    ("mine/industry", ["coal"], "mine/industry"),
    ("mine/extraction", [], "mine/extraction"),
    ("mine/extraction", "underground", "mine/extraction"),
    ("mine/extraction", ["tunnel"], "mine/extraction"),
    ("mine/primary_extraction", "open_pit", "mine/primary_extraction"),
    ("mine/primary_extraction", None, "mine/primary_extraction"),
    ("indicators", [], "indicators"),
    ("indicators", None, "indicators"),
    ("prerequisites", "P1", "prerequisites"),
    ("indicators/50", {}, "indicators/50"),
    ("indicators/2", [], "indicators/2"),
    ("prerequisites/P9", {"met": True}, "prerequisites/P9"),
    ("prerequisites/P1/met", "true", "prerequisites/P1/met"),
    ("indicators/2/facts", [], "indicators/2/facts"),
    ("indicators/2/facts", {"defect": []}, "indicators/2/facts/defect"),
    ("indicators/2/facts", {"defects": {}}, "indicators/2/facts/defects"),
    ("indicators/2/facts", {"defects": ["x"]}, "indicators/2/facts/defects/1"),
    ("indicators/2/facts", {"defects": [{"text": " "}]}, "indicators/2/facts/defects/1"),
    ("indicators/2/facts", {"defects": [{"text": "x", "where": 1}]}, "indicators/2/facts/defects/1/where"),
    ("indicators/2/facts", {"defects": [{"text": "x", "clause": []}]}, "indicators/2/facts/defects/1/clause"),
    ("indicators/2/evidence", "a.pdf", "indicators/2/evidence"),
    ("indicators/2/evidence", [1], "indicators/2/evidence"),
    ("indicators/9/facts", {"drilling": True}, "indicators/9/facts/drilling"),
    ("indicators/36/facts", {"clean_transport_share": 1.5}, "clean_transport_share"),
    ("indicators/36/facts", {"clean_transport_share": float("nan")}, "clean_transport_share"),
    ("indicators/36/facts", {"clean_transport_share": True}, "clean_transport_share"),
    ("indicators/44/facts/patents", 1.5, "indicators/44/facts/patents"),
    ("indicators/44/facts/patents", -1, "indicators/44/facts/patents"),
    ("indicators/44/facts/patents", True, "indicators/44/facts/patents"),
    ("indicators/40/facts", {"met": "yes"}, "indicators/40/facts/met"),
    ("indicators/40/facts", {"met": True, "clauses": []}, "indicators/40/facts/clauses"),
    ("indicators/40/facts", {"met": True, "clauses": {"1": "ok"}}, "indicators/40/facts/clauses/1"),
    ("indicators/10/facts", {"met": True, "measured": 80}, "indicators/10/facts/measured"),
    ("indicators/10/facts", {"met": True, "measured": {"value": 1, "source": "表"}}, "measured/required"),
    ("indicators/10/facts", {"met": True, "measured": {"value": "a", "required": 1, "source": "表"}}, "measured/value"),
    (
        "indicators/15/facts",
        {"met": True, "measured": {"value": 1, "required": 1, "source": "表", "minerals": [{}]}},
        "mining",
    ),
    (
        "indicators/15/facts",
        {"met": True, "measured": {"value": 1, "required": 1, "source": "表", "minerals": []}},
        "minerals",
    ),
    ("indicators/10/facts", {"met": True, "measured": {"value": 90, "required": 80, "source": " "}}, "measured/source"),
    ("mine/id", "../x", "mine/id"),
    ("mine/id", 5, "mine/id"),
    ("assessment/kind", "audit", "assessment/kind"),
    ("assessment/date", "2026-02-30", "assessment/date"),
    ("assessment/anchor_date", "2026-07-01", "assessment/anchor_date"),
    ("assessment/id", "a/b", "assessment/id"),
    ("indicators/17/facts/absent", {"reuse": "无"}, "indicators/17/facts/absent"),
    ("indicators/17/facts/absent", {"tailings": ""}, "indicators/17/facts/absent"),
    ("indicators/17/facts/absent", {"tailings": "无尾矿库"}, "indicators/17/facts/tailings"),
    ("indicators/9/judgements", {}, "indicators/9/judgements"),
    ("indicators/9/judgements", ["E1"], "indicators/9/judgements/1"),
    ("indicators/9/judgements", [{"by": ""}], "indicators/9/judgements/1/by"),
    ("indicators/9/judgements", [{"by": "E1", "facts": {}}] * 2, "indicators/9/judgements/2/by"),
    ("indicators/9/judgements", [{"by": "E1", "facts": {}}], "indicators/9/resolution"),
    ("indicators/9/resolution", "median", "indicators/9/resolution"),
    ("indicators/13/not_applicable", True, "indicators/13/not_applicable"),
    ("indicators/13/not_applicable", {"reason": 1}, "indicators/13/not_applicable/reason"),
]


@pytest.mark.parametrize(("place", "value", "named"), MALFORMED)
def test_a_malformed_document_is_refused_naming_file_and_place(place: str, value: Any, named: str) -> None:
    """Wrong types, unknown ids and keys, contradictions: one message with the file and the place."""
    with pytest.raises(FindingsError) as caught:
        SCORER.score(changed(place, value), file="mine.json")
    assert "mine.json" in str(caught.value)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("readings", [{"na_folding": "total"}, {"na_fold": "sum"}])
def test_an_unknown_reading_or_choice_is_refused(readings: dict[str, str]) -> None:
    """The message lists what there is."""
    with pytest.raises(UsageError, match="na_fold"):
        SCORER.score(COAL, readings)


@pytest.mark.parametrize(
    "broken", [{}, {**CATALOG, "line": "x"}, {**CATALOG, "indicators": [{}]}, {**CATALOG, "readings": 1}]
)
def test_what_is_no_resolved_catalog_is_refused(broken: Document) -> None:
    """A scorer is made of a resolved catalog or not at all."""
    with pytest.raises(CatalogError, match=r"greenmine|national|catalog"):
        Scorer(broken)


def test_the_score_is_canonical_json() -> None:
    """The standard-library form is RFC 8785 to the byte, for scores and for catalogs."""
    score = SCORER.score(COAL)
    assert rfc8785.dumps(score) == canonical(score)
    assert rfc8785.dumps(CATALOG) == canonical(CATALOG)


def test_the_score_names_the_catalog_by_its_digest() -> None:
    """id, version and SHA-256 of the canonical resolved catalog."""
    identity = {"id": "national", "version": "2024", "sha256": sha256_hex(canonical_json(CATALOG))}
    assert identity == SCORER.score(COAL)["catalog"]


def test_every_sentence_is_there_in_chinese_and_in_english() -> None:
    """Traces, reasons and warnings come in pairs, and the English has no Chinese beyond quoted names."""
    findings = with_facts(COAL, {"40": {"met": False}, "3": {"defects": [{"text": "缺失", "where": "井口"}]}})
    del findings["indicators"]["4"]["site_visit"]
    score = SCORER.score(findings)
    assert all(
        len(row["trace"]) == len(row["trace_en"]) > 0 for row in score["indicators"] if row["status"] == "scored"
    )
    assert all(reason["message"] and reason["message_en"] for reason in score["reasons"])
    assert ["site_visit_missing"] == [warning["code"] for warning in score["warnings"]]
    assert score["reasons"][0]["message_en"].isascii() is False  # the indicator's official name stays Chinese


def test_what_stands_beside_the_decision_is_pointed_out() -> None:
    """Facts beside a not-applicable claim and opinions beside the panel's finding do not count, and do not vanish."""
    findings = copy.deepcopy(COAL)
    proof = {"reason": "原矿直接销售", "confirmed_by": "E2"}
    findings["indicators"]["12"]["not_applicable"] = proof
    findings["indicators"]["40"] |= {"resolution": "finding", "judgements": [{"by": "E2", "facts": {"met": False}}]}
    score = SCORER.score(findings)
    told = [(warning["code"], warning["indicator"]) for warning in score["warnings"]]
    assert [("facts_beside_claim", "12"), ("overruled", "40")] == told
    assert "pass" == score["verdict"]


def test_an_archived_scorer_runs_alone(tmp_path: Path) -> None:
    """Copied out of the package with nothing but the interpreter, isolated, it prints the same bytes."""
    package = Path(greenmine.__file__).parent
    for name in (
        "__init__.py",
        "errors.py",
        "i18n.py",
        *(p.relative_to(package).as_posix() for p in package.glob("scoring/*.py")),
    ):
        target = tmp_path / "greenmine" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((package / name).read_bytes())
    (tmp_path / "findings.json").write_text(json.dumps(COAL), encoding="utf-8")
    (tmp_path / "catalog.json").write_bytes(canonical(CATALOG))
    code = (
        "import sys, runpy; sys.path.insert(0, '.'); sys.argv[0] = 'x'; "
        "runpy.run_module('greenmine.scoring', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, "findings.json", "catalog.json"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert (b"", 0) == (done.stderr, done.returncode)
    assert canonical(SCORER.score(COAL)) == done.stdout


def test_the_archived_scorer_refuses_bad_input_with_one_message(tmp_path: Path) -> None:
    """Exit status 2, one line, no traceback."""
    (tmp_path / "findings.json").write_text("{", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "greenmine.scoring", "findings.json", "none.json"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
    )
    assert 2 == done.returncode
    assert 1 == len(done.stderr.strip().splitlines())
    assert done.stderr.startswith("greenmine: ")
