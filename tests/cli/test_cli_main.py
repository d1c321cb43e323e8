"""The command line as a whole: verbs found late, languages, one message for each failure."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import greenmine
from greenmine.cli import main as command_line
from greenmine.cli.main import language_of, main, verbs
from greenmine.errors import CheckFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "greenmine.cli", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


@pytest.fixture
def verb(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let `greenmine probe` do what a test wants."""

    def register(action: Callable[[], object]) -> None:
        module = types.ModuleType("greenmine_probe")
        module.command = click.Command("probe", callback=action)  # type: ignore[attr-defined] # a verb's module has it
        monkeypatch.setitem(sys.modules, "greenmine_probe", module)
        known = {**verbs(), "probe": command_line.Verb("greenmine_probe", "Probe.")}
        monkeypatch.setattr(command_line, "verbs", lambda: known)

    return register


def test_every_verb_is_on_the_help_page(capsys: pytest.CaptureFixture[str]) -> None:
    """`greenmine` and `greenmine --help` list the verbs and what they do."""
    assert main(["--help"]) == 0
    page = capsys.readouterr().out
    assert all(f"\n  {name} " in page for name in verbs())
    assert main([]) == 0
    assert capsys.readouterr().out == page


@pytest.mark.parametrize("name", verbs())
def test_every_verb_is_there(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each verb of the registry has its module, its help page and the option --lang."""
    assert main([name, "--help"]) == 0
    page = capsys.readouterr().out
    assert f"greenmine {name}" in page
    assert "--lang" in page


def test_a_verb_imports_no_other() -> None:
    """`greenmine score` starts without the modules of the other verbs, of notebooks and of tables."""
    code = (
        "import sys; from greenmine.cli.main import main; main(['score', '--help']); "
        "print(*sorted(name for name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, encoding="utf-8"
    )
    loaded = set(done.stderr.split())
    assert "greenmine.cli.score" in loaded
    others = {verb.module for name, verb in verbs().items() if name != "score"}
    heavy = {"pandas", "papermill", "nbconvert", "jupyterlab", "rich", "openpyxl", "PIL", "IPython", "pypdf"}
    assert loaded & (others | heavy) == set()


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` tells what is installed."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"greenmine {greenmine.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([], {}, "zh"),
        (["--lang", "en", "score"], {}, "en"),
        (["score", "--lang", "en"], {}, "en"),
        (["score", "--lang=en"], {}, "en"),
        (["score"], {"GREENMINE_LANG": "en"}, "en"),
        (["score", "--lang", "zh"], {"GREENMINE_LANG": "en"}, "zh"),
        (["--lang", "en", "score", "--lang", "zh"], {}, "zh"),
        (["score", "--", "--lang", "en"], {}, "zh"),
        (["score", "--lang"], {}, "zh"),
        (["--lang", "fr"], {}, "zh"),
        (["--lang", "fr"], {"GREENMINE_LANG": "en"}, "en"),
    ],
)
def test_the_language_is_settled_first(arguments: list[str], environment: dict[str, str], expected: str) -> None:
    """`--lang` before or after the verb, then GREENMINE_LANG, then Chinese."""
    assert language_of(arguments, environment) == expected


@pytest.mark.parametrize("arguments", [["--lang", "en", "score"], ["score", "--lang", "en"]])
def test_the_language_reaches_the_messages(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The option works on both sides of the verb."""
    assert main(arguments) == 2
    assert capsys.readouterr().err == "greenmine: 'PATH...' is missing. See: greenmine score --help\n"


def test_a_verb_with_a_language_of_its_own_gets_the_one_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a verb has its own --lang, the language before the verb is its default."""
    got: list[str] = []
    module = types.ModuleType("greenmine_probe")
    option = click.Option(["--lang"], default="zh")
    module.command = click.Command("probe", params=[option], callback=lambda **options: got.append(options["lang"]))  # type: ignore[attr-defined] # a verb's module has it
    monkeypatch.setitem(sys.modules, "greenmine_probe", module)
    known = {"probe": command_line.Verb("greenmine_probe", "Probe.")}
    monkeypatch.setattr(command_line, "verbs", lambda: known)
    assert [main(words) for words in (["--lang", "en", "probe"], ["probe", "--lang", "en"], ["probe"])] == [0, 0, 0]
    assert got == ["en", "en", "zh"]


USAGE = {
    ("scoer",): "There is no verb “scoer”: expected one of ",
    ("score",): "'PATH...' is missing. See: greenmine score --help",
    ("score", "--jason", "x"): "there is no option “--jason”. See: greenmine score --help",
    ("--lang", "fr"): "'--lang' is not right: expected one of zh, en, got “fr”.",
    ("score", "x", "--lang", "fr"): "'--lang' is not right: expected one of zh, en, got “fr”.",
    ("batch", "x", "--workers", "0"): "'--workers' is not right: expected a number from 1 to 256, got “0”. See: ",
    ("batch", "x", "--workers", "a'b"): "'--workers' is not right: expected a number from 1 to 256, got “a'b”. See: ",
    ("batch", "x", "--timeout", "0"): "'--timeout' is not right: expected a number of at least 1, got “0”. See: ",
    ("batch", "."): "'LIST' is not right: expected a file, got “.”. See: greenmine batch --help",
    ("batch", "x", "--workers"): "--workers needs a value.",
    ("catalog", "show"): "'REF' is missing. See: greenmine catalog show --help",
    ("catalog", "shew"): "there is no verb “shew”. See: greenmine catalog --help",
    ("catalog", "show", "a", "b"): "“b” is more than expected. See: greenmine catalog show --help",
}


@pytest.mark.parametrize("arguments", USAGE)
def test_a_wrong_command_line_is_one_message(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Usage errors are one line on standard error and exit status 2; nothing goes to standard output."""
    words = [*arguments] if "--lang" in arguments else ["--lang", "en", *arguments]
    if "--lang" in arguments:
        os.environ["GREENMINE_LANG"] = "en"
    try:
        assert main(words) == 2
    finally:
        os.environ.pop("GREENMINE_LANG", None)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"greenmine: {USAGE[arguments]}")
    assert said.err.count("\n") == 1


def test_a_language_in_the_environment_that_is_none_is_refused() -> None:
    """GREENMINE_LANG is checked as the option is."""
    done = run("score", "x", GREENMINE_LANG="fr")
    assert (done.returncode, done.stdout) == (2, "")
    assert "“fr”" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("problem", "status", "message"),
    [
        (UsageError("no such thing"), 2, "no such thing"),
        (CheckFailed("does not hold"), 1, "does not hold"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (EOFError(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "the system refused: No space left on device."),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 2, "“/x”: the system refused: Permission denied."),
        (click.UsageError("no\nway"), 2, "no way See: greenmine probe --help"),
    ],
)
def test_whatever_a_user_causes_is_one_message(
    verb: Callable[[Callable[[], object]], None],
    capsys: pytest.CaptureFixture[str],
    problem: BaseException,
    status: int,
    message: str,
) -> None:
    """Each kind of failure has its exit status and one line on standard error."""

    def fail() -> None:
        raise problem

    verb(fail)
    assert main(["--lang", "en", "probe"]) == status
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"greenmine: {message}\n"


def test_a_defect_of_the_program_is_not_hidden(verb: Callable[[Callable[[], object]], None]) -> None:
    """What no user can cause keeps its traceback."""

    def fail() -> None:
        raise AssertionError

    verb(fail)
    with pytest.raises(AssertionError):
        main(["probe"])


@pytest.mark.parametrize(("status", "expected"), [(None, 0), (0, 0), (1, 1), (True, 0)])
def test_what_a_verb_returns_is_the_exit_status(
    verb: Callable[[Callable[[], object]], None], status: object, expected: int
) -> None:
    """A verb may return its exit status; nothing means 0."""
    verb(lambda: status)
    assert main(["probe"]) == expected


def test_a_verb_may_leave_by_exit(verb: Callable[[Callable[[], object]], None]) -> None:
    """`Exit` and `sys.exit` give the exit status."""

    def leave() -> None:
        raise click.exceptions.Exit(1)

    verb(leave)
    assert main(["probe"]) == 1
    verb(lambda: sys.exit(3))
    assert main(["probe"]) == 3


def test_a_full_disk_is_one_message() -> None:
    """Output that cannot be written is told once, without a traceback."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "greenmine.cli", "--lang", "en", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=ROOT,
        )
    assert (done.returncode, done.stderr) == (2, "greenmine: the system refused: No space left on device.\n")


def test_a_reader_that_goes_away_is_no_error() -> None:
    """`greenmine … | head` ends quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "greenmine.cli", "catalog", "show", "national@2024", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd=ROOT,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_terminal_that_cannot_show_chinese_gets_numbers() -> None:
    """Characters that a terminal's encoding lacks come as escapes, not as a traceback."""
    done = run("catalog", "show", "national@2024", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u5f00\\u91c7\\u65b9\\u5f0f" in done.stdout
