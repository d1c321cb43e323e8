"""Collect the messages of code and templates into the .po catalogues, compile them, check them.

    python scripts/i18n.py             update greenmine/locale/*/LC_MESSAGES/greenmine.po and compile
    python scripts/i18n.py --compile   compile only
    python scripts/i18n.py --check     write nothing; fail when a message is missing, untranslated, fuzzy or obsolete,
                                       when its {placeholders} differ, or when a call hides its message from this script

A catalogue is written in one form (sorted, no dates, no line numbers), so that it changes only when messages do.
"""

from __future__ import annotations

import argparse
import ast
import io
import os
import string
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "greenmine"
TEMPLATES = ("**/templates/**.j2", "**/templates/**.html")
METHODS = [*((pattern, "jinja2") for pattern in TEMPLATES), ("**.py", "python")]
OPTIONS = {pattern: {"silent": "false", "extensions": "jinja2.ext.i18n"} for pattern in TEMPLATES}
NAMES = ("_", "gettext")
HEADER = """\
# {language} messages of Greenmine. Written by scripts/i18n.py; the translations are by hand.
msgid ""
msgstr ""
"Project-Id-Version: greenmine\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def catalogues() -> list[Path]:
    """Return the .po files of all languages but English, whose texts are the messages themselves."""
    return sorted((PACKAGE / "locale").glob("*/LC_MESSAGES/greenmine.po"))


def collect() -> Catalog:
    """Return the messages used in the package's code and templates, each with the files it is in."""
    found: dict[tuple[str, str | None], tuple[set[str], list[str]]] = {}
    for name, _line, message, comments, context in extract_from_dir(
        PACKAGE, METHODS, OPTIONS, keywords=dict.fromkeys(NAMES), comment_tags=("i18n:",)
    ):
        files, notes = found.setdefault((str(message), context), (set(), []))
        files.add(f"greenmine/{Path(name).as_posix()}")
        notes.extend(note for note in comments if note not in notes)
    template = Catalog(project="greenmine")
    for (message, context), (files, notes) in found.items():
        template.add(message, None, [(name, 0) for name in sorted(files)], auto_comments=notes, context=context)
    return template


def hidden() -> list[str]:
    """Return the places where `_()` is called with something else than one plain string, which nobody can collect."""
    places = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path == PACKAGE / "i18n.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
                only = node.args[0] if len(node.args) == 1 and not node.keywords else None
                if not (isinstance(only, ast.Constant) and isinstance(only.value, str)):
                    places.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return places


def read(path: Path) -> Catalog:
    """Return the catalogue in a .po file."""
    with path.open("rb") as stream:
        return read_po(stream, locale=path.parent.parent.name)


def update(path: Path, template: Catalog) -> None:
    """Bring a .po file in step with the messages in use; translations no longer used are dropped."""
    old = read(path)
    new = Catalog(locale=old.locale)
    for message in template:
        if message.id:
            known = old.get(message.id, message.context)
            text = known.string if known and not known.fuzzy else ""
            new.add(message.id, text, message.locations, auto_comments=message.auto_comments, context=message.context)
    buffer = io.BytesIO()
    write_po(buffer, new, width=120, omit_header=True, sort_output=True, include_lineno=False)
    replace(path, HEADER.format(language=path.parent.parent.name).encode() + buffer.getvalue().rstrip(b"\n") + b"\n")


def compile_one(path: Path) -> None:
    """Write the .mo file beside a .po file."""
    buffer = io.BytesIO()
    write_mo(buffer, read(path))
    replace(path.with_suffix(".mo"), buffer.getvalue())


def replace(path: Path, data: bytes) -> None:
    """Write a file in one step, for tests may be reading it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
    Path(name).chmod(0o644)
    Path(name).replace(path)


def placeholders(text: str) -> set[str] | None:
    """Return the names of the `{placeholders}` in a text; None where its braces do not match."""
    try:
        return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return None


def problems(path: Path, template: Catalog) -> list[str]:
    """Return what is wrong with a .po file, one sentence each."""
    catalogue = read(path)
    name = path.relative_to(ROOT)
    found = [f"{name}: obsolete: {str(key)!r}" for key in catalogue.obsolete]
    for message in template:
        if not message.id:
            continue
        there = catalogue.get(message.id, message.context)
        if there is None:
            found.append(f"{name}: missing: {message.id!r} ({message.locations[0][0]})")
        elif not there.string:
            found.append(f"{name}: untranslated: {message.id!r} ({message.locations[0][0]})")
        elif there.fuzzy:
            found.append(f"{name}: fuzzy: {message.id!r}")
        elif placeholders(str(there.string)) != placeholders(str(message.id)):
            found.append(f"{name}: other placeholders than the message: {message.id!r}")
    used = {message.id for message in template}
    found += [f"{name}: obsolete: {entry.id!r}" for entry in catalogue if entry.id and entry.id not in used]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", action="store_true", help="write nothing, fail when something is wrong")
    choice.add_argument("--compile", action="store_true", help="compile only")
    options = parser.parse_args(arguments)
    if options.compile:
        for path in catalogues():
            compile_one(path)
        return 0
    template = collect()
    if not options.check:
        for path in catalogues():
            update(path, template)
            compile_one(path)
    found = [f"{place}: the message of _() must be one plain string" for place in hidden()]
    found += [problem for path in catalogues() for problem in problems(path, template)]
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len([m for m in template if m.id])} messages, {len(catalogues())} languages, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
