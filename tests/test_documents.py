"""The documents for users show what the program really takes."""

from __future__ import annotations

import re
from pathlib import Path

from greenmine.evidence.profile import read_profile

ROOT = Path(__file__).resolve().parent.parent


def test_example_profile_is_valid(tmp_path: Path) -> None:
    """The mine.yaml in the guide for mines can be copied as it stands; no field of the form is left out."""
    guide = (ROOT / "docs" / "mine-folder.md").read_text("utf-8")
    found = re.search(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert found
    folder = tmp_path / "GM-0101"
    folder.mkdir()
    (folder / "mine.yaml").write_text(found.group(1), "utf-8")
    profile = read_profile(folder)
    optional = {"demonstration", "annual_review"}
    assert [] == [name for name, value in profile if name not in optional and value in ("", None, ())]
    assert [] == [name for part in (profile.contact, profile.introduction) for name, value in part if not value]
