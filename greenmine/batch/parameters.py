"""Parameters: what a notebook may be told, read from its own parameters cell.

papermill injects whatever it is given and only warns of a name it does not know; a typing error in a name would run to
the end and quietly use the default. So the cell tagged `parameters` is read before anything starts: one annotated
assignment of a literal for each parameter, such as `lang: str = "zh"`. Names are closed, types are checked.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from greenmine.errors import InputError, UsageError, shown
from greenmine.i18n import gettext as _

TAG = "parameters"


def _is_dict_of_text(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair)


TYPES: Mapping[str, Callable[[object], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "list[str]": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "dict[str, str]": _is_dict_of_text,
}


def in_words(kind: str) -> str:
    """Return the name of a type in the language in use."""
    return {
        "str": _("text"),
        "bool": _("true or false"),
        "int": _("a whole number"),
        "list[str]": _("a list of texts"),
        "dict[str, str]": _("a mapping such as {example}").format(example="{na_fold: total}"),
    }[kind]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook: its name, its type as the cell writes it, and its default."""

    name: str
    type: str
    default: Any


def declared(notebook: Any, file: object) -> dict[str, Parameter]:  # noqa: ANN401 - a notebook node
    """Return the parameters that a notebook declares, in order.

    Args:
        notebook: the notebook, as nbformat reads it.
        file: its name, for messages.

    Raises:
        InputError: there is not exactly one parameters cell, or it holds something other than typed literals.
    """
    cells = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", ())]
    if len(cells) != 1:
        raise InputError(file, expected=_("one cell tagged “parameters”"), found=str(len(cells)))
    place = _("cell {id}").format(id=cells[0].get("id", TAG))
    try:
        statements = ast.parse(cells[0].source).body
    except SyntaxError as problem:
        where = f"{place}, {_('line {line}').format(line=problem.lineno)}"
        raise InputError(file, where, expected=_("Python"), found=shown(problem.text or problem.msg)) from None
    found: dict[str, Parameter] = {}
    for statement in statements:
        parameter = _parameter(statement)
        if parameter is None:
            where = f"{place}, {_('line {line}').format(line=statement.lineno)}"
            expected = _("a typed literal such as {example}").format(example='lang: str = "zh"')
            raise InputError(file, where, expected=expected, found=shown(ast.unparse(statement)))
        found[parameter.name] = parameter
    return found


def _parameter(statement: ast.stmt) -> Parameter | None:
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name) or not statement.value:
        return None
    type_ = ast.unparse(statement.annotation)
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        return None
    return Parameter(statement.target.id, type_, default) if type_ in TYPES and TYPES[type_](default) else None


def checked(known: Mapping[str, Parameter], given: Mapping[str, Any], file: object) -> dict[str, Any]:
    """Return the value of every parameter: what is given, else the default.

    Args:
        known: the parameters the notebook declares.
        given: values by name.
        file: the notebook's name, for messages.

    Raises:
        UsageError: a name is not declared, or a value is of another type.
    """
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = " " + _("Did you mean {name}?").format(name=near[0]) if near else ""
            raise UsageError(
                _("{file} has no parameter {name}: expected one of {names}.").format(
                    file=file, name=shown(name), names=", ".join(known)
                )
                + hint
            )
        if not TYPES[known[name].type](value):
            raise UsageError(
                _("{file}, parameter {name}: expected {type}, got {value}.").format(
                    file=file, name=name, type=in_words(known[name].type), value=shown(value)
                )
            )
    return {name: given.get(name, parameter.default) for name, parameter in known.items()}
