"""`scripts/make_schemas.py` writes what is out of date, and only checks when asked to."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from greenmine.catalog.schema import FILES, schema_files
from greenmine.programme.plan import Plan
from greenmine.programme.programme import Programme
from greenmine.programme.rectification import Closing, Order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def main(repository: Path) -> Callable[[list[str], Path], int]:
    """The script's main function."""
    spec = importlib.util.spec_from_file_location("make_schemas", repository / "scripts" / "make_schemas.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[list[str], Path], int] = module.main
    return found


def test_written_schemas_are_up_to_date(main: Callable[[list[str], Path], int], tmp_path: Path) -> None:
    """After writing, the check passes and the files are the models' schemas."""
    more = {"closing": Closing, "draw-plan": Plan, "programme": Programme, "rectification": Order}
    files = {**FILES, **{f"{name}.schema.json": model for name, model in more.items()}}
    assert main(["--check"], tmp_path) == 1
    assert list(tmp_path.iterdir()) == []
    assert main([], tmp_path) == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == schema_files(files)
    assert main(["--check"], tmp_path) == 0


def test_a_stale_schema_fails_the_check(
    main: Callable[[list[str], Path], int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A schema that differs is named, and left as it is."""
    main([], tmp_path)
    stale = tmp_path / "catalog.schema.json"
    stale.write_text("{}", "utf-8")
    assert main(["--check"], tmp_path) == 1
    assert f"{stale} is out of date" in capsys.readouterr().err
    assert stale.read_text("utf-8") == "{}"


def test_an_unknown_argument_is_refused(main: Callable[[list[str], Path], int], tmp_path: Path) -> None:
    """A misspelt option writes nothing."""
    assert main(["--chek"], tmp_path) == 2
    assert list(tmp_path.iterdir()) == []
