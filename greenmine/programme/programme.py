"""A programme, schema `greenmine.programme/1`: selection, certification or spot checks, as the source has them.

A file in `parameters/programmes/` holds the steps, their actors, the states of a mine, the clocks, the ratios of draws
and the grounds of removal, each with the clause of the document it stands in. The code of this package knows only what
a step, a clock, a draw and a decision are. What a source names and does not contain is listed as `missing`, so that the
product can say so instead of guessing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from greenmine.catalog.fields import Id, Key, Note, Strict, Text
from greenmine.catalog.strict_yaml import load_yaml, problem, validate
from greenmine.errors import CatalogError, UsageError, shown
from greenmine.i18n import gettext as _
from greenmine.i18n import language
from greenmine.programme.parts import (
    BEFORE,
    SAME,
    UNKNOWN,
    Application,
    Certification,
    Clock,
    Document,
    Draw,
    Missing,
    Named,
    Removal,
    State,
    Step,
    Target,
    ThirdParty,
)
from greenmine.workspace import Workspace

KIND: Final = "programmes"


class Programme(Strict):
    """A whole file."""

    schema_: Annotated[Literal["greenmine.programme/1"], Field(alias="schema")]
    id: Id
    name: Text
    name_en: Text
    document: Document
    catalog: Note = ""
    lists: dict[Key, Named]
    actors: dict[Key, Named]
    states: dict[Key, State]
    steps: dict[Key, Step]
    clocks: dict[Key, Clock] = Field(default_factory=dict)
    application: Application | None = None
    draw: Draw | None = None
    removal: Removal | None = None
    certification: Certification | None = None
    third_party: ThirdParty | None = None
    targets: Annotated[tuple[Target, ...], Field(max_length=20)] = ()
    missing: Annotated[tuple[Missing, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        for at, names, among in self._references():
            for name in names:
                if name not in among:
                    expected = _("one of {values}").format(values=", ".join(sorted(among)))
                    raise problem(expected, shown(name), at=at)
        return self

    def _references(self) -> Iterator[tuple[tuple[str, ...], Iterable[str], Iterable[str]]]:
        """Yield each place where ids are named, the ids, and those there are."""
        for name, state in self.states.items():
            yield ("states", name, "lists"), state.lists, self.lists
        for name, step in self.steps.items():
            yield ("steps", name, "actor"), (step.actor,), self.actors
            yield ("steps", name, "after"), step.after, self.steps
            yield ("steps", name, "from_states"), step.from_states, (*self.states, UNKNOWN)
            yield ("steps", name, "to_state"), (step.to_state,), (*self.states, SAME, BEFORE)
        for name, clock in self.clocks.items():
            for key in ("starts", "ends", "done_by"):
                yield ("clocks", name, key), getattr(clock, key), self.steps
            for key in ("starts_in", "stops_during"):
                yield ("clocks", name, key), getattr(clock, key), self.states
            yield ("clocks", name, "within"), filter(None, (clock.within,)), self.clocks
        grounds = {**self.removal.triggers, **self.removal.grounds} if self.removal else {}
        for name, step in self.steps.items():
            yield ("steps", name, "proposes"), filter(None, (step.proposes,)), grounds
        yield from self._references_of_parts()

    def _references_of_parts(self) -> Iterator[tuple[tuple[str, ...], Iterable[str], Iterable[str]]]:
        """Yield those of the parts that a programme may lack."""
        if self.application:
            yield ("application", "step"), (self.application.step,), self.steps
        if self.draw:
            yield ("draw", "lists"), self.draw.lists, self.lists
            yield ("draw", "lists"), self.draw.lists.values(), self.actors
            yield ("draw", "step"), filter(None, (self.draw.step,)), self.steps
            yield ("draw", "passed"), self.draw.passed, self.steps
            yield ("draw", "failed"), self.draw.failed, self.steps
        if self.removal:
            yield ("removal", "decided_by"), (self.removal.decided_by,), self.actors
            grounds = (*self.removal.triggers.values(), *self.removal.grounds.values())
            yield ("removal", "grounds"), filter(None, (one.decided_by for one in grounds)), self.actors
            yield ("removal", "after"), self.removal.after, self.steps
            yield ("removal", "by_list"), self.removal.by_list, self.lists
            yield ("removal", "by_list"), self.removal.by_list.values(), self.actors
        if self.certification:
            yield ("certification", "validity"), (self.certification.validity,), self.clocks
            yield ("certification", "surveillance"), (self.certification.surveillance,), self.clocks
        if self.third_party:
            yield ("third_party", "excluded"), filter(None, (self.third_party.excluded,)), self.states
            yield ("third_party", "exclusion"), filter(None, (self.third_party.exclusion,)), self.clocks

    @property
    def title(self) -> str:
        """The name in the language in use."""
        return self.name if language() == "zh" else self.name_en

    def state_title(self, state: str) -> str:
        """Return a state's name in the language in use."""
        return _("not in the register") if state == UNKNOWN else self.states[state].title

    def cited(self, clause: str) -> str:
        """Return a clause with the document it stands in: `自然资规〔2024〕1号 三（八）`."""
        return f"{self.document.name} {clause}"

    @property
    def valid_from(self) -> dt.date | None:
        """When the document was issued."""
        return dt.date.fromisoformat(self.document.issued) if self.document.issued else None


def load_programme(ref: str, workspace: Workspace) -> Programme:
    """Return a programme, validated.

    Args:
        ref: its id, as its file in `parameters/programmes/` is named, or the path of a YAML file.
        workspace: where programmes are looked up, before those of the package.

    Raises:
        UsageError: there is no such programme.
        CatalogError: the file does not hold together.
    """
    files = {path.stem: path for path in reversed(workspace.parameter_files(KIND))}
    path = files.get(ref) or Path(ref)
    if path.suffix.lower() not in {".yaml", ".yml"} or not path.is_file():
        names = ", ".join(sorted(files)) or _("none")
        text = _("There is no programme {ref}: expected the path of a YAML file, or one of {names}.")
        raise UsageError(text.format(ref=shown(ref), names=names))
    document = load_yaml(path, CatalogError)
    programme = validate(Programme, document, CatalogError)
    if programme.id != path.stem:
        expected = _("{ref}, as the file is named").format(ref=path.stem)
        raise CatalogError(path, document.place_of(("id",)), expected=expected, found=shown(programme.id))
    return programme


def list_programmes(workspace: Workspace) -> tuple[Programme, ...]:
    """Return all programmes of the workspace and the package, by id.

    Raises:
        CatalogError: a file does not hold together.
    """
    names = sorted({path.stem for path in workspace.parameter_files(KIND)})
    return tuple(load_programme(name, workspace) for name in names)


def as_document(programme: Programme) -> dict[str, Any]:
    """Return a programme for a program: the keys of its file that are filled in."""
    return programme.model_dump(mode="json", by_alias=True, exclude_none=True)
