"""`findings.json`: what is a findings document and what is not."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from cases import full_findings, national
from hypothesis import given
from hypothesis import strategies as st

from greenmine import i18n
from greenmine.assessment import read_findings
from greenmine.assessment.findings import LIMIT, check_findings
from greenmine.assessment.values import BadValue
from greenmine.errors import FindingsError


@pytest.fixture(autouse=True)
def _english(_language: None) -> None:
    i18n.use("en")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return full_findings(national())


def saved(tmp_path: Path, document: object) -> Path:
    path = tmp_path / "findings.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def test_findings_are_read_whole(tmp_path: Path, document: dict[str, Any]) -> None:
    """What is in the file comes back, fields that are not known here too."""
    full = {**document, "x_more": {"kept": [1, "二", None]}}
    full["indicators"] = {**full["indicators"], "2": {**full["indicators"]["2"], "remarks": [{"by": "E2"}]}}
    assert full == read_findings(saved(tmp_path, full))


def test_fractions_are_exact(tmp_path: Path, document: dict[str, Any]) -> None:
    """A share is read to its last digit, not as a float."""
    text = json.dumps({**document, "indicators": {"36": {"facts": {"clean_transport_share": 0.5}}}})
    path = tmp_path / "findings.json"
    path.write_text(text.replace("0.5", "0.69999999999999999"), encoding="utf-8")
    found = read_findings(path)["indicators"]["36"]["facts"]["clean_transport_share"]
    assert "0.69999999999999999" == str(found)


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        ("schema", "greenmine.findings/2", "schema"),
        ("schema", None, "schema"),
        ("mine", "GM-0001", "mine"),
        ("mine", None, "mine"),
        ("assessment", "2026", "assessment"),
        ("prerequisites", [], "prerequisites"),
        ("indicators", [], "indicators"),
        ("indicators", None, "indicators"),
        ("indicators/2", True, "indicators/2"),
        ("indicators/2", None, "indicators/2"),
        ("indicators/2/facts", [], "indicators/2/facts"),
        ("indicators/2/facts", "met", "indicators/2/facts"),
        ("indicators/2/justification", 5, "indicators/2/justification"),
        ("indicators/2/evidence", "a.pdf", "indicators/2/evidence"),
        ("indicators/2/evidence", ["a.pdf", 5], "indicators/2/evidence/2"),
        ("indicators/2/missing_evidence", {}, "indicators/2/missing_evidence"),
        ("indicators/2/site_visit", "昨天", "indicators/2/site_visit"),
        ("indicators/2/not_applicable", True, "indicators/2/not_applicable"),
        ("indicators/2/not_applicable", {"reason": 5}, "indicators/2/not_applicable/reason"),
        ("indicators/2/not_applicable", {"confirmed_by": ["E1"]}, "indicators/2/not_applicable/confirmed_by"),
        ("indicators/2/resolution", "vote", "indicators/2/resolution"),
        ("indicators/2/judgements", {}, "indicators/2/judgements"),
        ("indicators/2/judgements", [5], "indicators/2/judgements/1"),
        ("indicators/2/judgements", [{"facts": {}}], "indicators/2/judgements/1/by"),
        ("indicators/2/judgements", [{"by": "E1", "facts": []}], "indicators/2/judgements/1/facts"),
        ("indicators/2/judgements", [{"by": "E1"}, {"by": "E2", "evidence": 1}], "indicators/2/judgements/2/evidence"),
        ("prerequisites/P1/met", "yes", "prerequisites/P1/met"),
        ("prerequisites/P1/met", 1, "prerequisites/P1/met"),
        ("prerequisites/P1", [], "prerequisites/P1"),
        ("indicators/2/facts", {"met": 1e300}, "indicators/2/facts/met"),
        ("indicators/2/facts", {"patents": 2**60}, "indicators/2/facts/patents"),
        ("indicators/2/facts", {"note": "\ud800"}, "indicators/2/facts/note"),
        ("indicators/2/facts", {"x": [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}, "indicators/2/facts/x/" + "/".join("1" * 12)),
    ],
)
def test_what_is_not_of_the_form_is_named(
    tmp_path: Path, document: dict[str, Any], place: str, value: object, named: str
) -> None:
    """File and place stand in the message."""
    bad = copy.deepcopy(document)
    *way, last = place.split("/")
    holder: Any = bad
    for key in way:
        holder = holder[key]
    holder[last] = value
    path = tmp_path / "findings.json"
    path.write_text(json.dumps(bad), encoding="utf-8")
    with pytest.raises(FindingsError) as caught:
        read_findings(path)
    assert (named, str(path)) == (caught.value.place, caught.value.file)


@pytest.mark.parametrize("key", ["facts", "not_applicable", "resolution", "site_visit", "justification"])
def test_null_is_the_same_as_nothing(tmp_path: Path, document: dict[str, Any], key: str) -> None:
    """A program that writes out empty fields is understood."""
    entry = {**document["indicators"]["2"], key: None}
    findings = {**document, "indicators": {"2": entry}}
    assert findings == read_findings(saved(tmp_path, findings))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"5",
        b"{",
        b'{"schema": "greenmine.findings/1", "schema": "greenmine.findings/1"}',
        '{"schema": "演示"}'.encode("gb18030"),
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"schema": NaN}',
        b"\x00\x01",
        b"PK\x03\x04",
    ],
)
def test_what_is_no_document_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever the bytes, the answer is one message that names the file."""
    path = tmp_path / "findings.json"
    path.write_bytes(content)
    with pytest.raises(FindingsError) as caught:
        read_findings(path)
    assert str(path) == caught.value.file
    assert "\n" not in str(caught.value)


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    """Size is looked at before content."""
    path = tmp_path / "findings.json"
    with path.open("wb") as stream:
        stream.truncate(LIMIT + 1)
    with pytest.raises(FindingsError, match=str(LIMIT)):
        read_findings(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """What is not there cannot be read."""
    with pytest.raises(FindingsError, match=r"nothing\.json"):
        read_findings(tmp_path / "nothing.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
ENTRY = st.dictionaries(
    st.sampled_from(["facts", "judgements", "evidence", "not_applicable", "resolution", "met", "site_visit"]), JSON
)


@given(entry=ENTRY)
def test_any_entry_is_taken_or_refused_with_its_place(entry: dict[str, Any]) -> None:
    """Whatever stands in an entry, nothing but `BadValue` comes out, and it names the entry."""
    place = "indicators/2"
    findings = {"schema": "greenmine.findings/1", "mine": {}, "prerequisites": {}, "indicators": {"2": entry}}
    try:
        check_findings(findings)
    except BadValue as bad:
        place = bad.place
    assert place.startswith("indicators/2")
