"""The command line: `greenmine VERB …`.

Each verb is a module of its own, `greenmine/cli/<verb>.py`, with a click command named `command`; it is imported when
the verb is called and not before, so that `greenmine score` does not wait for a notebook server's modules. The language
is settled before anything else (`--lang` before or after the verb, else GREENMINE_LANG, else Chinese), for help texts
are made when a verb is imported.

Whatever a user can cause ends in one message on standard error and an exit status: 0 done, 1 a check did not hold,
2 bad input or usage, 130 interrupted. Only a defect of the program itself shows a traceback.
"""

from __future__ import annotations

import difflib
import errno
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import IO, Any, NamedTuple

import click

import greenmine
from greenmine import i18n
from greenmine.cli.progress import INTERRUPTED
from greenmine.errors import GreenmineError, UsageError, one_line, shown
from greenmine.files import refusal
from greenmine.i18n import gettext as _

BROKEN_PIPE = 141


class Verb(NamedTuple):
    """Where a verb is implemented, and what it does in a few words."""

    module: str
    help: str


def verbs() -> dict[str, Verb]:
    """Return all verbs, in the order of the help page, described in the language in use."""
    return {
        "init": Verb("greenmine.cli.init", _("Lay out a workspace.")),
        "new": Verb("greenmine.cli.new", _("Start a mine's folder or an assessment, step by step.")),
        "check": Verb("greenmine.cli.check", _("Tell what is missing or suspicious in a mine's folder.")),
        "lab": Verb("greenmine.cli.lab", _("Open the workbook in JupyterLab.")),
        "score": Verb("greenmine.cli.score", _("Score findings files or mines' folders.")),
        "assess": Verb("greenmine.cli.assess", _("Assess a mine: workbook, report, score.")),
        "watch": Verb("greenmine.cli.watch", _("Assess again what has changed.")),
        "facts": Verb("greenmine.cli.facts", _("Write the facts of many mines as one table.")),
        "impact": Verb("greenmine.cli.impact", _("Tell what a catalog or a reading would do to many mines.")),
        "catalog": Verb("greenmine.cli.catalog", _("List, show, check and compare catalogs.")),
        "keys": Verb("greenmine.cli.keys", _("List, add, end and revoke the keys that the archive believes.")),
        "sign-off": Verb("greenmine.cli.sign_off", _("Say what is open, and sign off as a member of the panel.")),
        "sign": Verb("greenmine.cli.sign", _("Sign an assessment as an expert, before it is sealed.")),
        "seal": Verb("greenmine.cli.seal", _("Put an assessment into the archive for good.")),
        "batch": Verb("greenmine.cli.batch", _("Run the workbook on many mines and seal what it gives.")),
        "withdraw": Verb("greenmine.cli.withdraw", _("Withdraw a sealed record, and say why.")),
        "redact": Verb("greenmine.cli.redact", _("Remove files from sealed evidence, lawfully and on record.")),
        "checkpoint": Verb("greenmine.cli.checkpoint", _("Fix the ledger as it is: sign it and have it time-stamped.")),
        "witness": Verb("greenmine.cli.witness", _("Countersign an archive's last checkpoint from outside.")),
        "verify": Verb("greenmine.cli.verify", _("Verify the archive, some records, or a sample of them.")),
        "rescore": Verb(
            "greenmine.cli.rescore", _("Score what is archived again by another version of the indicators.")
        ),
        "reproduce": Verb("greenmine.cli.reproduce", _("Make a record anew and compare it byte for byte.")),
        "audit": Verb("greenmine.cli.audit", _("Audit a sample of the records, and seal the audit.")),
        "draw": Verb("greenmine.cli.draw", _("Draw mines and inspectors for spot checks, by a public seed.")),
        "rectify": Verb("greenmine.cli.rectify", _("Order what is to be put right, and close it with evidence.")),
        "removals": Verb("greenmine.cli.removals", _("List which mines may have to be removed, and why.")),
        "certificate": Verb("greenmine.cli.certificate", _("Grades, certificates and surveillances.")),
        "register": Verb("greenmine.cli.register", _("Keep the register of a programme: steps, states, lists.")),
        "due": Verb("greenmine.cli.due", _("Tell what is due or overdue, and why.")),
        "overview": Verb("greenmine.cli.overview", _("Tell how a programme stands, against its targets.")),
        "prove": Verb("greenmine.cli.prove", _("Write a proof that a record is in the ledger, for one party.")),
        "index": Verb("greenmine.cli.index", _("Make the archive's index and list of records anew.")),
        "recover": Verb("greenmine.cli.recover", _("Make the archive whole after a crash.")),
    }


class Formatter(click.HelpFormatter):
    """Help pages with headings in the language in use."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, prefix or _("Usage: "))

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        super().write_heading({"Options": _("Options"), "Commands": _("Verbs")}.get(heading, heading))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of options or verbs."""
        translated = {"Show this message and exit.": _("Show this page.")}
        super().write_dl([(name, translated.get(text, text)) for name, text in rows], col_max, col_spacing)


class Context(click.Context):
    """The context of all verbs: it brings the formatter along."""

    formatter_class = Formatter


class Verbs(click.Group):
    """The group of all verbs; it imports the one that is called."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the verbs."""
        return list(verbs())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a verb.

        Raises:
            UsageError: there is no such verb.
        """
        known = verbs()
        if cmd_name not in known:
            near = difflib.get_close_matches(cmd_name, known, n=1)
            hint = " " + _("Did you mean {name}?").format(name=near[0]) if near else ""
            text = _("There is no verb {name}: expected one of {names}.")
            raise UsageError(text.format(name=shown(cmd_name), names=", ".join(known)) + hint)
        command: click.Command = import_module(known[cmd_name].module).command
        _prepare(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list of verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.help) for name, verb in verbs().items()])


def _prepare(command: click.Command) -> None:
    """Give a verb, and the verbs below it, the option `--lang` where they have none, and our help pages."""
    command.context_class = Context
    if not any("--lang" in parameter.opts for parameter in command.params):
        command.params.append(_language_option())
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _prepare(below)


def _language_option(envvar: str | None = None) -> click.Option:
    return click.Option(
        ["--lang"],
        type=click.Choice(i18n.LANGUAGES),
        envvar=envvar,
        expose_value=False,
        help=_("Language of messages: zh (default) or en."),
    )


def _show_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        click.echo(f"greenmine {greenmine.__version__}")
        context.exit()


def command_line(language: str) -> Verbs:
    """Return the whole command line, with texts in the language in use.

    Args:
        language: what a verb's own option `--lang` is where it is not given.
    """

    def begin() -> None:
        context = click.get_current_context()
        context.default_map = {name: {"lang": language, "language": language} for name in verbs()}
        if context.invoked_subcommand is None:
            click.echo(context.get_help())

    version = click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_version,
        help=_("Show the version."),
    )
    return Verbs(
        "greenmine",
        callback=begin,
        params=[_language_option("GREENMINE_LANG"), version],
        help=_("Assess green mines (绿色矿山): from evidence and recorded facts to an exact score and a report."),
        invoke_without_command=True,
    )


def language_of(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language asked for on the command line or in the environment; `zh` where none is.

    A language that is neither `zh` nor `en` is passed over here; the options refuse it.
    """
    asked = [i18n.LANGUAGES[0], environment.get("GREENMINE_LANG", "")]
    for number, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == "--lang":
            asked += arguments[number + 1 : number + 2]
        elif argument.startswith("--lang="):
            asked.append(argument.removeprefix("--lang="))
    return [language for language in asked if language in i18n.LANGUAGES][-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status.

    Args:
        arguments: the words after `greenmine`; those of the process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    language = language_of(words, os.environ)
    i18n.use(language)
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_encode(stream)
    try:
        status = _run(words, language)
        sys.stdout.flush()
    except GreenmineError as problem:
        return _say(str(problem), problem.exit_status)
    except click.ClickException as problem:
        return _say(_usage_message(problem), UsageError.exit_status)
    except (KeyboardInterrupt, EOFError, click.Abort):
        return _say(_("interrupted"), INTERRUPTED)
    except OSError as problem:
        if isinstance(problem, BrokenPipeError) or problem.errno == errno.EPIPE:
            _discard(sys.stdout)
            return BROKEN_PIPE
        if problem.filename is None:
            _discard(sys.stdout)
        return _say(_system_message(problem), UsageError.exit_status)
    return status


def _run(words: Sequence[str], language: str) -> int:
    try:
        with command_line(language).make_context("greenmine", list(words)) as context:
            status = context.command.invoke(context)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        status = 0
    except click.exceptions.Exit as done:
        status = done.exit_code
    except SystemExit as done:
        status = done.code if isinstance(done.code, int) or done.code is None else UsageError.exit_status
    return status if isinstance(status, int) and not isinstance(status, bool) else 0


def _say(message: str, status: int) -> int:
    """Print the one message; where not even that can be printed, the status has to do."""
    try:
        print(f"greenmine: {one_line(message)}", file=sys.stderr, flush=True)  # noqa: T201 - the command line's one message
    except OSError:
        _discard(sys.stderr)
    return status


def _usage_message(problem: click.ClickException) -> str:
    """Return what is wrong with the command line, in the language in use where click's message is a common one."""
    context = getattr(problem, "ctx", None)
    match problem:
        case click.NoSuchOption():
            text = _("there is no option {name}.").format(name=shown(problem.option_name))
        case click.MissingParameter() if problem.param is not None:
            text = _("{name} is missing.").format(name=problem.param.get_error_hint(context))
        case click.BadParameter() if problem.param is not None:
            name = problem.param.get_error_hint(context)
            message = _instead(problem.message, problem.param)
            text = _("{name} is not right: {message}").format(name=name, message=message)
        case click.BadOptionUsage():
            text = _("{name} needs a value.").format(name=problem.option_name)
        case _:
            text = problem.format_message()
            if extra := re.fullmatch(r"Got unexpected extra arguments? \((.*)\)", text):
                text = _("{words} is more than expected.").format(words=shown(extra[1]))
            elif unknown := re.match(r"No such command '(.*?)'", text):
                text = _("there is no verb {name}.").format(name=shown(unknown[1]))
    if context is None:
        return text
    return f"{text} " + _("See: {command} --help").format(command=context.command_path)


def _instead(message: str, parameter: click.Parameter) -> str:
    """Return what a parameter should have been and what it was, where click's message tells it in English."""
    kind = parameter.type
    found = re.match(r"(?:[A-Z][a-z]+ )?(['\"]?)(.*)\1 (?:is|does) ", message)
    match kind:
        case click.Choice():
            expected = _("one of {values}").format(values=", ".join(map(str, kind.choices)))
        case click.IntRange() | click.FloatRange() if kind.max is None:
            expected = _("a number of at least {values}").format(values=kind.min)
        case click.IntRange() | click.FloatRange():
            expected = _("a number from {low} to {high}").format(low=kind.min, high=kind.max)
        case click.Path():
            expected = _("a folder") if not kind.file_okay else _("a file") if not kind.dir_okay else _("a path")
            if kind.exists:
                expected = _("{what} that is there").format(what=expected)
        case _:
            return message
    got = shown(found[2] if found else message, 200)
    return _("expected {expected}, got {found}.").format(expected=expected, found=got)


def _system_message(problem: OSError) -> str:
    reason = refusal(problem)
    if problem.filename is None:
        return _("the system refused: {reason}.").format(reason=reason)
    return _("{file}: the system refused: {reason}.").format(file=shown(str(problem.filename), 200), reason=reason)


def _never_fail_to_encode(stream: Any) -> None:  # noqa: ANN401 - whatever stands for the stream
    """Let a terminal that cannot show a character show its number instead of failing."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _discard(stream: IO[str]) -> None:
    """Send what is still to be written nowhere, so that the interpreter does not fail on it when it ends."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, number)
    os.close(sink)


if __name__ == "__main__":
    sys.exit(main())
