"""`greenmine sign-off` as a user runs it."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from keys import make_key
from mines import MINE, make_mine
from signing import record, signed_now

from greenmine.batch.signing import key_signer
from greenmine.cli.main import main


@pytest.fixture
def mine(workspace: Path) -> Path:
    return make_mine(workspace / "evidence", photos=False)


def settle(mine: Path) -> None:
    record(mine, "E1", "indicator/46", {"evidence": ["LICENCES/LICENCE.TXT"]})


def test_what_is_open_is_listed_and_keeps_from_signing(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status says that a check did not hold; nothing is written."""
    assert 1 == main(["sign-off", MINE])
    assert "indicator/46" in capsys.readouterr().out
    assert 1 == main(["sign-off", MINE, "--as", "E1", "--yes"])
    assert "NOWHERE/LOST.PDF" in capsys.readouterr().out
    assert () == signed_now(mine)


def test_members_sign_off_with_a_key_and_withdraw(
    mine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pledge is shown; who signed, and how, is told; a withdrawal says why."""
    settle(mine)
    assert 0 == main(["sign-off", MINE, "--as", "E1", "--key", str(make_key(tmp_path, "E1")), "--yes"])
    assert "本人承诺" in capsys.readouterr().out
    assert 0 == main(["sign-off", MINE, "--as", "E2", "--yes"])
    assert f"greenmine assess {MINE}" in capsys.readouterr().out
    assert [("E1", True, True), ("E2", True, False)] == [(o.by, o.valid, o.key_signed) for o in signed_now(mine)]
    assert 0 == main(["sign-off", MINE, "--as", "E1", "--withdraw", "漏看一处"])
    assert ["E2"] == [one.by for one in signed_now(mine)]


def test_whoever_does_not_pledge_does_not_sign(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A no ends it, and nothing is written."""
    settle(mine)

    def no(*_question: object, **_how: object) -> None:
        raise click.Abort

    monkeypatch.setattr(click, "confirm", no)
    assert 130 == main(["sign-off", MINE, "--as", "E1"])
    assert () == signed_now(mine)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--as", "E9"], "E9"),
        (["--key", "nowhere"], "--as"),
        (["--withdraw", "x"], "--as"),
        (["--as", "E1", "--key", "nowhere", "--yes"], "nowhere"),
        (["--as", "E1", "--withdraw", "x"], "greenmine: "),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    mine: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stranger, a key that is not there, a withdrawal of nothing."""
    settle(mine)
    assert 2 == main(["sign-off", MINE, *words])
    err = capsys.readouterr().err
    assert said in err
    assert 1 == len(err.splitlines())
    assert () == signed_now(mine)


def test_a_key_may_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is named, nothing signs but the member's word."""
    monkeypatch.delenv("GREENMINE_KEY", raising=False)
    assert key_signer() is None
    monkeypatch.setenv("GREENMINE_KEY", str(make_key(tmp_path, "E1")))
    signer = key_signer()
    assert signer is not None
    assert signer("E1", b"text").startswith("-----BEGIN SSH SIGNATURE-----")
