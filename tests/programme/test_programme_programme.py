"""Programmes as files: what is shipped holds together and says what its source says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from greenmine.errors import CatalogError, UsageError
from greenmine.programme.parts import BEFORE, SAME, UNKNOWN, Trigger
from greenmine.programme.programme import Programme, as_document, list_programmes, load_programme
from greenmine.workspace import Workspace, shared_dir

SHIPPED = Workspace(shared_dir())
PROGRAMMES = {one.id: one for one in list_programmes(SHIPPED)}


def said(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text that a programme gives as its source's words, and where."""
    if isinstance(value, BaseModel):
        quoted = (getattr(value, "quote", ""), value.text if isinstance(value, Trigger) else "")
        yield from ((place, text) for text in quoted if text)
        for name in type(value).model_fields:
            yield from said(getattr(value, name), f"{place}/{name}")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from said(part, f"{place}/{key}")
    elif isinstance(value, tuple):
        for number, part in enumerate(value):
            yield from said(part, f"{place}/{number}")


def bare(text: str) -> str:
    """Return a text without the blanks and line ends of the page it was printed on."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("name", PROGRAMMES)
def test_every_quotation_stands_in_the_source(name: str, repository: Path) -> None:
    """What is given as a quotation, and each ground of removal, is in the source's text, character by character."""
    programme = PROGRAMMES[name]
    source = bare((repository / "docs" / "sources" / programme.document.file).read_text("utf-8"))
    assert [] == [(place, text) for place, text in said(programme) if bare(text) not in source]


@pytest.mark.parametrize("name", PROGRAMMES)
def test_every_state_can_be_reached(name: str) -> None:
    """From outside the register each state is reached by steps, so that none is there in vain."""
    programme = PROGRAMMES[name]
    reached = {UNKNOWN}
    while True:
        more = {
            step.to_state
            for step in programme.steps.values()
            if reached & set(step.from_states) and step.to_state not in {SAME, BEFORE}
        }
        if more <= reached:
            break
        reached |= more
    assert {*programme.states, UNKNOWN} == reached


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A copy of the national programme that may be spoilt."""
    target = tmp_path / "parameters" / "programmes" / "national-2024.yaml"
    target.parent.mkdir(parents=True)
    target.write_bytes((shared_dir() / "parameters" / "programmes" / "national-2024.yaml").read_bytes())
    return target


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("to_state: new", "to_state: nowhere", "nowhere"),
        ("actor: third_party", "actor: somebody", "somebody"),
        ("ends: [verify]", "ends: [vanish]", "vanish"),
        ("length: {years: 2}", "length: {years: 2, days: 1}", "days, years"),
        ("validity: {years: 5}", "validity: {years: 0}", "0"),
        ("length: {years: 2}", "length: {years: 9999}", "9999"),
        ("proposes: standard", "proposes: nothing", "nothing"),
        ("lists: [provincial]}", "lists: [municipal]}", "municipal"),
        ("every: {years: 1}", "every: {years: 2}", "{years: 1}"),
        ("id: national-2024", "id: other", "other"),
    ],
)
def test_a_file_that_does_not_hang_together_is_refused(written: Path, old: str, new: str, place: str) -> None:
    """No such state, actor, step or list, two units of a length, a draw not yearly (八（十六）), another id: named."""
    written.write_text(written.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(CatalogError) as refused:
        load_programme("national-2024", Workspace(written.parents[2]))
    assert place in str(refused.value)
    assert "line" in refused.value.place or "行" in refused.value.place


def test_a_programme_that_is_not_there_is_refused_with_those_that_are() -> None:
    """The message names what there is."""
    with pytest.raises(UsageError, match="national-2024"):
        load_programme("national-1999", SHIPPED)


def test_a_workspace_s_own_programme_comes_before_the_package_s(written: Path) -> None:
    """A file of the same name in the workspace is the one that counts."""
    written.write_text(written.read_text("utf-8").replace("name_en: Selection", "name_en: Own selection", 1), "utf-8")
    assert load_programme("national-2024", Workspace(written.parents[2])).name_en.startswith("Own")


def test_a_programme_as_a_document_reads_as_the_same() -> None:
    """What is printed for programs is a programme's file again."""
    for programme in PROGRAMMES.values():
        again = Programme.model_validate(yaml.safe_load(yaml.safe_dump(as_document(programme), allow_unicode=True)))
        assert programme == again
