"""The panel: `panel.yaml`, which says what an assessment is and who takes part in it.

Whether a panel fulfils the rules of a programme (numbers, specialties, independence) is no question of this file's
form. Here only what the journals need must hold: the assessment is the one of its folder, and every member has an id
of their own, different in more than case, for a journal is a file of that name.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from greenmine.assessment.payload import PANEL
from greenmine.catalog.fields import Day, Id, Note, Strict
from greenmine.catalog.strict_yaml import load_yaml, problem, validate
from greenmine.errors import JournalError, shown
from greenmine.i18n import gettext as _
from greenmine.workspace import is_id

FILE_NAME: Final = "panel.yaml"

AssessmentKind = Literal["self", "third_party", "spot_check", "surveillance", "rescore", "selection"]
ASSESSMENT_KINDS: Final[tuple[str, ...]] = get_args(AssessmentKind)
"""自评估 第三方评估 抽查 监督 重新计分 遴选."""

Name = Annotated[str, Field(min_length=1, max_length=200)]


class AssessmentHead(Strict):
    """What an assessment is.

    Attributes:
        id: the name of its folder.
        date: the day it is made for, as `2026-06-30`; licences are looked at as of this day.
        anchor_date: the day from which "the last three years" count back: that of the notice (遴选通知下发之日).
        kind: its occasion.
    """

    id: Name
    date: Day
    anchor_date: Day
    kind: AssessmentKind

    @field_validator("id")
    @classmethod
    def _is_id(cls, value: str) -> str:
        if not is_id(value):
            raise problem(_("letters, digits, '.', '_' and '-' only"), shown(value))
        return value

    @model_validator(mode="after")
    def _anchor_is_not_later(self) -> Self:
        if dt.date.fromisoformat(self.anchor_date) > dt.date.fromisoformat(self.date):
            expected = _("a day not after {day} (date)").format(day=self.date)
            raise problem(expected, self.anchor_date, at=("anchor_date",))
        return self


class Member(Strict):
    """A person who takes part.

    Attributes:
        id: what the journals call the person, `E1` for instance; the name of the person's journal.
        organisation: where the person works; empty where it is not given.
        title: professional title (职称) in words.
        title_level: its level: 高级 中级 初级; None where it is not given.
        specialty: fields of work (专业), such as 采矿.
        role: chair (组长), expert or scribe (记录人).
        conflicts: what ties the person to the mine or to those who advise it; empty where nothing does.
        account: the person's account on the JupyterHub of the meeting; empty where there is none.
    """

    id: Id
    name: Name
    organisation: Note = ""
    title: Note = ""
    title_level: Literal["senior", "intermediate", "junior"] | None = None
    specialty: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    role: Literal["chair", "expert", "scribe"]
    conflicts: Annotated[tuple[Note, ...], Field(max_length=50)] = ()
    account: Note = ""


class Panel(Strict):
    """An assessment and the people who make it.

    Attributes:
        rules: the id of the rules for panels that apply, a file in `parameters/panels/`.
    """

    schema_: Literal["greenmine.panel/1"] = Field(alias="schema")
    rules: Id = "national"
    assessment: AssessmentHead
    members: Annotated[tuple[Member, ...], Field(min_length=1, max_length=200)]

    @property
    def id(self) -> str:
        """The id of the assessment."""
        return self.assessment.id

    @property
    def people(self) -> frozenset[str]:
        """The ids of the members."""
        return frozenset(member.id for member in self.members)

    @model_validator(mode="after")
    def _each_has_an_id(self) -> Self:
        seen: dict[str, str] = {}
        for number, member in enumerate(self.members):
            key = member.id.casefold()
            if key == PANEL:
                expected = _("another id: {id} stands for the panel as a whole").format(id=PANEL)
                raise problem(expected, shown(member.id), at=("members", number, "id"))
            if key in seen:
                expected = _("ids that differ in more than case")
                found = _("{one} and {other}").format(one=shown(seen[key]), other=shown(member.id))
                raise problem(expected, found, at=("members", number, "id"))
            seen[key] = member.id
        return self

    @model_validator(mode="after")
    def _each_account_is_one_persons(self) -> Self:
        accounts = [member.account for member in self.members]
        for number, account in enumerate(accounts):
            if account and account in accounts[:number]:
                raise problem(_("an account of one member only"), shown(account), at=("members", number, "account"))
        return self

    @model_validator(mode="after")
    def _one_chair(self) -> Self:
        chairs = [number for number, member in enumerate(self.members) if member.role == "chair"]
        if len(chairs) > 1:
            found = _("{count} members with the role chair").format(count=len(chairs))
            raise problem(_("one chair at most"), found, at=("members", chairs[1], "role"))
        return self


def read_panel(path: Path) -> Panel:
    """Return the panel in a file.

    Args:
        path: `evidence/<mine>/assessments/<assessment>/panel.yaml`.

    Raises:
        JournalError: the file cannot be read, is malformed, or is about an assessment other than its folder's.
    """
    if path.is_symlink():
        raise JournalError(path, expected=_("an ordinary file"), found=_("a symbolic link"))
    document = load_yaml(path, JournalError)
    panel = validate(Panel, document, JournalError)
    folder = path.resolve().parent.name
    if panel.id != folder:
        raise JournalError(
            path,
            document.place_of(("assessment", "id")),
            expected=_("the name of the folder, {name}").format(name=shown(folder)),
            found=shown(panel.id),
        )
    return panel
