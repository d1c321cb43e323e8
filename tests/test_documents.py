"""The documents for users show what the program really takes."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from greenmine.evidence import read_profile, take_inventory

ROOT = Path(__file__).resolve().parent.parent


def example(language: str) -> str:
    """Return the one code block of a language in the guide for mines."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / "mine-folder.md").read_text("utf-8"), re.DOTALL)
    return str(found)


def test_example_profile_is_valid(tmp_path: Path) -> None:
    """The mine.yaml in the guide for mines can be copied as it stands; no field of the form is left out."""
    folder = tmp_path / "GM-0101"
    folder.mkdir()
    (folder / "mine.yaml").write_text(example("yaml"), "utf-8")
    profile = read_profile(folder)
    optional = {"demonstration", "annual_review"}
    assert [] == [name for name, value in profile if name not in optional and value in ("", None, ())]
    assert [] == [name for part in (profile.contact, profile.introduction) for name, value in part if not value]


def test_example_list_is_valid(tmp_path: Path) -> None:
    """The evidence.csv in the guide for mines can be copied as it stands, and every file in it supports something."""
    folder = tmp_path / "GM-0101"
    rows = list(csv.DictReader(io.StringIO(example("csv"))))
    for row in rows:
        (folder / row["路径"]).parent.mkdir(parents=True)
        (folder / row["路径"]).write_bytes(b"x")
    (folder / "mine.yaml").write_text(example("yaml"), "utf-8")
    (folder / "evidence.csv").write_text(example("csv"), "gb18030")
    found = {item.path: item.supports for item in take_inventory(folder).items}
    assert {"环评/环评批复.pdf": ("P1", "29", "34", "35"), "08 开采方式/开采设计.pdf": ("8", "9")} == found
