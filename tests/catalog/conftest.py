"""A small catalog with every kind of rule, in a workspace of its own."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from greenmine import i18n
from greenmine.catalog import Catalog, examine_catalog, load_catalog
from greenmine.errors import CatalogError, GreenmineError
from greenmine.workspace import Workspace

HERE = Path(__file__).parent
SMALL = (HERE / "small.yaml").read_text("utf-8")

PROFILE = """\
schema: greenmine.profile/1
id: {id}
version: "1"
title: 演示省评价指标
issuer: 演示省
document: 演示省〔2025〕1号
issued_on: "2025-01-01"
effective_from: "2025-02-01"
extends: {extends}
operations:
"""


@dataclass(frozen=True)
class Bench:
    """A workspace with catalogs to try things on."""

    workspace: Workspace

    def write(self, text: str, name: str = "catalogs/small-1.yaml") -> Path:
        path = self.workspace.root / "parameters" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def changed(self, *changes: tuple[str, str]) -> Path:
        """Write the small catalog with texts replaced, each of which must be there once."""
        text = SMALL
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return self.write(text)

    def profile(self, operations: str, name: str = "tailored", extends: str = "small@1", head: str = PROFILE) -> Path:
        """Write a profile; each line of `operations` is one operation, a mapping in flow style."""
        lines = "".join(f"  - {line}\n" for line in operations.strip().splitlines())
        text = head.format(id=name, extends=extends) + (lines or "  []\n")
        return self.write(text, f"profiles/{name}-1.yaml")

    def load(self, ref: str = "small@1") -> Catalog:
        return load_catalog(ref, self.workspace)

    def examine(self, ref: str = "tailored@1") -> Catalog:
        return examine_catalog(ref, self.workspace)

    def failure(self, ref: str = "small@1", kind: type[GreenmineError] = CatalogError) -> GreenmineError:
        with pytest.raises(kind) as caught:
            self.load(ref)
        return caught.value


@pytest.fixture
def bench(workspace: Path) -> Bench:
    """A workspace with the small catalog and the readings; messages in English."""
    i18n.use("en")
    made = Bench(Workspace(workspace))
    made.write(SMALL)
    readings = HERE.parents[1] / "parameters" / "readings" / "national.yaml"
    (workspace / "parameters" / "readings").mkdir()
    shutil.copy(readings, workspace / "parameters" / "readings")
    return made
