"""Parameters of a notebook: closed names, checked types."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pages import cell, notebook

from greenmine.batch.notebook import read_notebook
from greenmine.batch.parameters import Parameter, checked, declared
from greenmine.errors import InputError, UsageError
from greenmine.workspace import Workspace, shared_dir

SOURCE = """\
mine: str = "GM-1"  # the mine
readings: dict[str, str] = {}
fast: bool = False
count: int = 3
names: list[str] = []
"""
KNOWN = {
    "mine": Parameter("mine", "str", "GM-1"),
    "readings": Parameter("readings", "dict[str, str]", {}),
    "fast": Parameter("fast", "bool", default=False),
    "count": Parameter("count", "int", 3),
    "names": Parameter("names", "list[str]", []),
}


def test_the_parameters_cell_declares_names_types_and_defaults() -> None:
    """In order; other cells are not read."""
    assert KNOWN == declared(notebook(cell(source="x: int = 1"), cell(source=SOURCE, tags=["parameters"])), "n.ipynb")


def test_the_shipped_notebook_declares_its_parameters() -> None:
    """Mine, assessment, catalog, readings and language, all with defaults."""
    path = Workspace(shared_dir()).notebook("assessment.ipynb")
    found = declared(read_notebook(path), path)
    assert ["mine", "assessment", "catalog", "readings", "lang"] == list(found)
    assert ["str", "str", "str", "dict[str, str]", "str"] == [parameter.type for parameter in found.values()]


@pytest.mark.parametrize(
    "source",
    [
        "mine = 'GM-1'",
        "mine: str",
        "mine: str = open('x').read()",
        "mine: str = 1",
        "mine: Path = 'x'",
        "import os",
        "mine: str = 'a' + 'b'",
        "(mine): str = 'x'; print()",
        "mine: str = ",
    ],
)
def test_a_cell_with_anything_but_typed_literals_is_refused(source: str) -> None:
    """The message names the file, the cell and the line; nothing of it is run."""
    with pytest.raises(InputError, match=r"n\.ipynb.*1") as caught:
        declared(notebook(cell(source=source, tags=["parameters"])), "n.ipynb")
    assert "n.ipynb" == caught.value.file


@pytest.mark.parametrize("count", [0, 2])
def test_there_is_exactly_one_parameters_cell(count: int) -> None:
    """None, or two, and nobody knows which holds."""
    with pytest.raises(InputError, match="parameters"):
        declared(notebook(*(cell(source="x: int = 1", tags=["parameters"]) for _ in range(count))), "n.ipynb")


def test_what_is_given_replaces_the_default() -> None:
    """Every parameter gets a value."""
    assert {"mine": "GM-2", "readings": {"a": "b"}, "fast": False, "count": 3, "names": []} == checked(
        KNOWN, {"mine": "GM-2", "readings": {"a": "b"}}, "n.ipynb"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mine", 1),
        ("mine", None),
        ("fast", 1),
        ("count", True),
        ("count", "3"),
        ("readings", {"a": 1}),
        ("readings", [("a", "b")]),
        ("names", "GM-1"),
        ("names", [1]),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: Any) -> None:
    """The message names the parameter and the type it should have, and speaks no Python."""
    with pytest.raises(UsageError, match=name) as caught:
        checked(KNOWN, {name: value}, "n.ipynb")
    assert not re.search(r"str\b|bool|int|dict|None|True|'", str(caught.value).replace(name, ""))


def test_an_unknown_name_is_refused_with_the_nearest_known_one() -> None:
    """Papermill would only warn and use the default."""
    with pytest.raises(UsageError, match=r"readinsg.*readings"):
        checked(KNOWN, {"readinsg": {}}, "n.ipynb")
