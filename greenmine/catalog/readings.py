"""The readings file, schema `greenmine.readings/1`: how an ambiguous official text is read (口径).

Each reading is a named switch with a default, the text it is about and the choices that the text admits. What a choice
does is the scorer's; so only readings and choices that it knows are accepted, and it needs all of them to be there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from greenmine.catalog.fields import Id, Key, Strict, Text
from greenmine.catalog.strict_yaml import problem
from greenmine.catalog.words import READINGS
from greenmine.i18n import gettext as _


class Choice(Strict):
    """One way to read the text."""

    text: Text
    text_en: Text


class Reading(Strict):
    """One ambiguous text and how it may be read."""

    name: Text
    name_en: Text
    clause: Text
    quote: Text
    default: Key
    choices: Annotated[dict[Key, Choice], Field(min_length=1)]

    @model_validator(mode="after")
    def _default_is_a_choice(self) -> Self:
        if self.default not in self.choices:
            raise problem(_("one of {values}").format(values=", ".join(self.choices)), self.default, at=("default",))
        return self


class ReadingsFile(Strict):
    """A whole readings file."""

    schema_: Annotated[Literal["greenmine.readings/1"], Field(alias="schema")]
    id: Id
    readings: dict[Key, Reading]

    @model_validator(mode="after")
    def _readings_are_known(self) -> Self:
        for name, reading in self.readings.items():
            if name not in READINGS:
                expected = _("one of {values}").format(values=", ".join(READINGS))
                raise problem(expected, name, at=("readings", name))
            for choice in reading.choices:
                if choice not in READINGS[name]:
                    expected = _("one of {values}").format(values=", ".join(READINGS[name]))
                    raise problem(expected, choice, at=("readings", name, "choices", choice))
        missing = [name for name in READINGS if name not in self.readings]
        if missing:
            raise problem(_("the readings {names}").format(names=", ".join(missing)), _("none"), at=("readings",))
        return self

    def resolved(self) -> dict[str, Any]:
        """Return the keys `readings` and `reading_texts` of a resolved catalog."""
        switches = {
            name: {"default": reading.default, "choices": list(reading.choices)}
            for name, reading in self.readings.items()
        }
        texts = {name: reading.model_dump(exclude={"default"}) for name, reading in self.readings.items()}
        return {"readings": switches, "reading_texts": texts}
