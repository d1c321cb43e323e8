"""The instructions in the archive do, as they are written, what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from audited import Audited, build, remake

from greenmine.archive.engine import build_engine
from greenmine.archive.layout import STOCK

TEXT = (Path(__file__).resolve().parents[2] / "greenmine/archive/stock/VERIFY.md").read_text("utf-8")
RECORD = "bags/assess/GM-0001/r2"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The archive; no test changes it."""
    return build(tmp_path_factory.mktemp("audited 带空格"))


def by_hand(one: Audited, folder: Path) -> str:
    """Return the commands for one record, with the names of this archive in place of those in the text."""
    found = re.search(r"One record by hand\n\n((?:    .*\n|\n)+)", TEXT)
    assert found
    (folder / "rescore.pyz").write_bytes(build_engine())
    checkpoint = max((one.root / "checkpoints").iterdir()).relative_to(one.root)
    lines = [line.strip() for line in found[1].splitlines()]
    assert lines[0].startswith("cd 档案文件夹; T=")
    lines[0] = f"cd '{one.root}'; T='{one.trust}'; C={checkpoint}; B={RECORD}"
    text = "\n".join(lines).replace("\\\n", "")
    text = "\n".join(line for line in text.split("\n") if "sign-off" not in line)  # nobody signed in a workbook
    for name, here in (
        ("E1@2026-selection@GM-0001", "E1@2026-self@GM-0001"),
        ("/我的/rescore.pyz", f"'{folder}/rescore.pyz'"),
        (" /tmp/a", f" '{folder}/a'"),
    ):
        assert name in text
        text = text.replace(name, here)
    return text


def run(commands: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-e", "-o", "pipefail", "-c", commands], capture_output=True, text=True, check=False)


def test_a_record_is_verified_by_hand_as_the_instructions_say(sealed: Audited, tmp_path: Path) -> None:
    """Copied from the text, every command ends well: with nothing revoked, and with another key revoked."""
    done = run(by_hand(sealed, tmp_path))
    assert 0 == done.returncode, done.stderr + done.stdout
    for what in ("checkpoint", "witness", "finding"):
        assert f'Good "greenmine-{what}"' in done.stdout
    changed = sealed.copy(tmp_path / "copy")
    shutil.copytree(sealed.trust, tmp_path / "pins")
    stranger = sealed.keys / "stranger.pub"
    subprocess.run(["ssh-keygen", "-q", "-k", "-f", tmp_path / "pins/revoked.krl", stranger], check=True)
    revoking = Audited(changed.root, tmp_path / "pins", changed.keys, changed.tsa)
    done = run(by_hand(revoking, tmp_path))
    assert 0 == done.returncode, done.stderr
    remake(revoking, RECORD, "data/score.json", b"{}")
    assert 0 != run(by_hand(revoking, tmp_path)).returncode


def test_the_archive_holds_the_instructions_that_were_tried(sealed: Audited) -> None:
    """What lies in an archive is the text tested here."""
    assert "VERIFY.md" in STOCK
    assert TEXT == (sealed.root / "VERIFY.md").read_text("utf-8")
