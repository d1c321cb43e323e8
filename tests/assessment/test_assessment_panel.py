"""`panel.yaml`: what it holds, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from assessments import make_assessment, make_mine

from greenmine import i18n
from greenmine.assessment.panel import ASSESSMENT_KINDS, read_panel
from greenmine.errors import JournalError


@pytest.fixture(autouse=True)
def _english(_language: None) -> None:
    i18n.use("en")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_assessment(make_mine(tmp_path)) / "panel.yaml"


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_a_panel_says_what_the_assessment_is_and_who_takes_part(path: Path) -> None:
    """Head and members are read as they are written; what may be left out is empty."""
    panel = read_panel(path)
    assert ("2026-selection", "2026-06-30", "2026-03-01", "third_party") == (
        panel.id,
        panel.assessment.date,
        panel.assessment.anchor_date,
        panel.assessment.kind,
    )
    first, second, *_rest = panel.members
    assert ("E1", "演示专家甲", "senior", ("采矿",), "chair", ()) == (
        first.id,
        first.name,
        first.title_level,
        first.specialty,
        first.role,
        first.conflicts,
    )
    assert ("", "", None, ()) == (second.organisation, second.title, second.title_level, second.specialty)
    assert {"E1", "E2", "E3", "E4"} == panel.people


def test_an_assessment_names_its_anchor_date(path: Path) -> None:
    """The day that 近三年 is counted back from is part of every assessment; without it the panel is refused."""
    assert "2026-03-01" == read_panel(path).assessment.anchor_date
    with pytest.raises(JournalError, match="anchor_date"):
        read_panel(changed(path, "anchor_date:", "anchor:"))


@pytest.mark.parametrize("kind", ASSESSMENT_KINDS)
def test_each_kind_of_assessment_is_known(path: Path, kind: str) -> None:
    """The kinds are those laid down for findings."""
    assert kind == read_panel(changed(path, "kind: third_party", f"kind: {kind}")).assessment.kind


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("schema: greenmine.panel/1", "schema: greenmine.panel/2", "greenmine.panel/1"),
        ("id: 2026-selection", "id: 2025-selection", "the name of the folder, “2026-selection”"),
        ("id: 2026-selection", 'id: "../x"', "letters, digits"),
        ('date: "2026-06-30"', "date: 2026-06-30", "quotes"),
        ('date: "2026-06-30"', 'date: "2026-06-31"', "a date of the calendar"),
        ('date: "2026-06-30", ', "", "the key “date”"),
        ('anchor_date: "2026-03-01"', 'anchor_date: "2026-07-01"', "not after 2026-06-30"),
        ("kind: third_party", "kind: audit", "third_party"),
        ("id: E2", "id: E1", "differ in more than case"),
        ("id: E2", "id: e1", "differ in more than case"),
        ("id: E2", "id: Panel", "the panel as a whole"),
        ("id: E2", "id: 专家", "text of the form"),
        ("id: E2", 'id: "../E2"', "text of the form"),
        ("role: expert", "role: leader", "chair"),
        ("role: expert", "role: chair", "one chair"),
        (", role: expert", "", "the key “role”"),
        ("title_level: senior", "title_level: 高级", "senior"),
        ("specialty: [采矿]", "specialty: 采矿", "a list"),
        ("conflicts: []", "conflict: []", "Did you mean “conflicts”?"),
        ("name: 演示专家甲", "name: 演示专家甲\n    name: 演示专家", "name"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_place(path: Path, old: str, new: str, told: str) -> None:
    """A panel that the journals could not rely on is refused in one message."""
    with pytest.raises(JournalError) as caught:
        read_panel(changed(path, old, new))
    assert told in str(caught.value)
    assert str(path) == caught.value.file
    assert caught.value.place.startswith("line ")


@pytest.mark.parametrize("text", ["", "members: []", "schema: greenmine.panel/1\nassessment: {}\nmembers: []\n", "- x"])
def test_what_is_no_panel_is_refused(path: Path, text: str) -> None:
    """A file without head or members says nothing about an assessment."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(JournalError):
        read_panel(path)


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    """A panel is a file of the mine's folder."""
    path.rename(tmp_path / "panel.yaml")
    path.symlink_to(tmp_path / "panel.yaml")
    with pytest.raises(JournalError, match="symbolic link"):
        read_panel(path)


def test_a_missing_panel_is_named(path: Path) -> None:
    """Without a panel there is no assessment."""
    path.unlink()
    with pytest.raises(JournalError, match=r"panel\.yaml"):
        read_panel(path)
