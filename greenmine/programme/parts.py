"""What a programme is made of: states, steps, clocks, draws, grounds of removal, each with the clause it stands in."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from greenmine.catalog.fields import Day, Id, Key, Note, Share, Strict, Text, True_
from greenmine.catalog.strict_yaml import problem
from greenmine.errors import shown
from greenmine.evidence.profile import LicenceKind
from greenmine.i18n import gettext as _
from greenmine.i18n import language

UNKNOWN: Final = "none"
"""The state of who is not in the register."""

SAME: Final = "same"
"""As `to_state`: the state stays."""

BEFORE: Final = "before"
"""As `to_state`: back to the state before the interlude."""

Keys = Annotated[tuple[Key, ...], Field(max_length=100)]
Subject = Literal["mine", "agency", "assessor", "zone"]
Rectification = Literal["", "overdue", "failed", "either"]
Need = Literal["document", "deadline", "reason", "trigger", "agency", "materials", "certificate", "grade"]


class Named(Strict):
    """What has a name in both languages."""

    name: Text
    name_en: Text

    @property
    def title(self) -> str:
        """The name in the language in use."""
        return self.name if language() == "zh" else self.name_en


class Sourced(Strict):
    """What stands in the programme's document.

    Attributes:
        clause: where.
        quote: its words, verbatim; empty where it says nothing of the kind in words.
        note: how it is read, where it can be read otherwise.
    """

    clause: Text
    quote: Note = ""
    note: Note = ""


class Length(Strict):
    """How long something takes: in exactly one unit."""

    working_days: Annotated[int, Field(strict=True, ge=1, le=2_000)] | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=36_500)] | None = None
    months: Annotated[int, Field(strict=True, ge=1, le=1_200)] | None = None
    years: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        units = [name for name in Length.model_fields if getattr(self, name) is not None]
        if len(units) != 1:
            expected = _("one of {values}").format(values=", ".join(Length.model_fields))
            raise problem(expected, ", ".join(units) or _("none"))
        return self

    def times(self, count: int) -> Length:
        """Return so many of these lengths as one."""
        return self.model_copy(
            update={unit: count * number for unit, number in self.model_dump(exclude_none=True).items()}
        )

    @property
    def text(self) -> str:
        """The length in words."""
        words = {
            "working_days": _("{count} working days"),
            "days": _("{count} days"),
            "months": _("{count} months"),
            "years": _("{count} years"),
        }
        one = {
            "working_days": _("1 working day"),
            "days": _("1 day"),
            "months": _("1 month"),
            "years": _("1 year"),
        }
        unit, count = next(iter(self.model_dump(exclude_none=True).items()))
        return one[unit] if count == 1 else words[unit].format(count=count)


class Document(Strict):
    """The source of a programme.

    Attributes:
        title: its title.
        number: its number (文号); empty where the source bears none.
        issuer: who issued it.
        issued: when; None where the source does not say.
        validity: how long it is in force from then on; None where it does not say.
        clause: where it says so.
        file: the text as it was at hand, in `docs/sources/`.
    """

    title: Text
    number: Note = ""
    issuer: Text
    issued: Day | None = None
    validity: Length | None = None
    clause: Note = ""
    file: Text

    @property
    def name(self) -> str:
        """What the document is cited as: its number, or its title where it has none."""
        return self.number or f"《{self.title}》"


class Missing(Sourced):
    """What the source names and does not contain."""

    what: Text
    what_en: Text


class State(Named):
    """A state of a mine, an agency or an assessor.

    Attributes:
        lists: on which lists a mine in this state is.
        keeps: whether a mine stays on the lists it is on.
        interlude: whether the state before it is kept, lists included, and returned to by a step to `before`.
    """

    lists: Keys = ()
    keeps: True_ = False
    interlude: True_ = False


class Clock(Named, Sourced):
    """A period that the source sets.

    Attributes:
        kind: `limit`: what has to be done by its end; `validity`: how long something holds; `every`: what has to be
            done at least once in each such period as long as it runs; `earliest`: before its end a step cannot be
            taken; `day`: a day of the calendar that the source names.
        length: how long; for all kinds but `day`. None: the source sets none, and the step that starts it says until
            when.
        day: the day, for kind `day`.
        starts: the steps that start it (anew); for kind `day`, if taken in that year.
        starts_in: for kind `day`: it is for who is in one of these states and on a list on that day.
        ends: the steps that end it; for `every`, for good. For `earliest`: the steps that have to wait.
        done_by: for `every`: the steps that count as done.
        stops_during: states in which it stands still.
        within: for `every`: the clock of kind `validity` beyond whose end no more periods begin.
        settable: whether the step that starts it may set an earlier end (`deadline`).
        in_principle: whether a later one may be set with a reason (原则上).
        refuses: whether a step that is too late is refused (逾期不予受理) instead of marked.
    """

    kind: Literal["limit", "validity", "every", "earliest", "day"]
    length: Length | None = None
    day: Day | None = None
    starts: Keys = ()
    starts_in: Keys = ()
    ends: Keys = ()
    done_by: Keys = ()
    stops_during: Keys = ()
    within: Note = ""
    settable: True_ = False
    in_principle: True_ = False
    refuses: True_ = False

    @model_validator(mode="after")
    def _has_what_it_runs_by(self) -> Self:
        if (self.kind == "day") != (self.day is not None):
            raise problem(_("the key {key}").format(key="day") + " ⇔ kind: day", self.kind)
        if self.length is None and self.kind != "day" and not self.settable:
            raise problem(_("the key {key}").format(key="length"), _("no such key"))
        return self


class Step(Named, Sourced):
    """A step of the procedure.

    Attributes:
        subject: whom it is about.
        actor: who takes it: the id of an actor.
        from_states: in which states it may be taken; `none`: about who is not in the register.
        to_state: the state after it; `same`: it stays; `before`: back to the one before the interlude.
        needs: what has to be given with it besides date and office.
        listed: whether it is only for who is on a list.
        by_agency: whether it is the work of the agency entrusted last; of one that is excluded it is not accepted.
        after: steps of which the subject has to have taken one before.
        once: whether it is taken only once.
        rectification: what an order to rectify has to have come to before it: day passed, re-check failed, either.
        before_issue: whether it may be dated before the document was issued: a fact that the document asks for.
        proposes: the id of the ground of removal that it states.
        outcome: for steps of a surveillance: what it decides.
    """

    subject: Subject = "mine"
    actor: Key
    from_states: Annotated[tuple[Key, ...], Field(min_length=1, max_length=100)]
    to_state: Key
    needs: Annotated[tuple[Need, ...], Field(max_length=10)] = ()
    listed: True_ = False
    by_agency: True_ = False
    after: Keys = ()
    once: True_ = False
    rectification: Rectification = ""
    before_issue: True_ = False
    proposes: Note = ""
    outcome: Literal["", "keep", "upgrade", "downgrade", "withdraw"] = ""


class Material(Named, Sourced):
    """Something that an application has to hold.

    Attributes:
        is_form: whether it is the form, which `mine.yaml` is as a file.
        licence: the kind of licence in `mine.yaml` that it stands for, which has to hold on the day of the application.
    """

    is_form: True_ = False
    licence: LicenceKind | None = None


class FormField(Named):
    """A field of the application form.

    Attributes:
        key: where it stands in `mine.yaml`: keys joined by dots.
    """

    key: Text


class Application(Sourced):
    """What an application has to hold.

    Attributes:
        step: the step that it is handed in by.
        materials: by id.
        form: the fields of the form; empty where the source does not contain it.
    """

    step: Key
    materials: dict[Key, Material] = Field(default_factory=dict)
    form: Annotated[tuple[FormField, ...], Field(max_length=100)] = ()


class Draw(Sourced):
    """A rule for drawing mines to be checked (双随机、一公开).

    Attributes:
        ratio: at least this share of each list; None where only strata have ratios.
        per: whether quotas are counted per list or per stratum of each list.
        strata: for `stratum`: its name → at least this share.
        lists: the list → who checks it on site.
        key_mines_on_top: whether key mines are added to those drawn; never counted in the quota.
        every: how often: a calendar year, as all sources have it (每年).
        step: the step by which those to be checked are entered in the register; empty where there is none.
        passed: the steps that say that a check was passed.
        failed: the steps that say that it was not.
    """

    ratio: Share | None = None
    per: Literal["list", "stratum"] = "list"
    strata: dict[Key, Share] = Field(default_factory=dict)
    lists: dict[Key, Key]
    key_mines_on_top: True_ = True
    every: Length
    step: Note = ""
    passed: Keys = ()
    failed: Keys = ()

    @model_validator(mode="after")
    def _has_a_ratio(self) -> Self:
        if (self.per == "list") != (self.ratio is not None) or (self.per == "stratum") != bool(self.strata):
            raise problem("per: list + ratio | per: stratum + strata", self.per)
        if self.every.years != 1:
            raise problem("{years: 1}", self.every.text, at=("every",))
        return self


class Trigger(Sourced):
    """A ground of removal.

    Attributes:
        text: the source's words.
        rectification: where it holds only after an order to rectify: what has to have come of that.
        decided_by: the deciding body, where it is another one than for the rest: the id of an actor.
    """

    text: Text
    decided_by: Note = ""
    rectification: Rectification = ""


class Removal(Sourced):
    """How mines are removed from the lists.

    Attributes:
        decided_by: the deciding body: the id of an actor.
        by_list: the deciding body for a list where that is another one.
        triggers: what removes a mine, by id.
        grounds: other grounds: the standard is not met.
        after: steps of which one has to be taken, since the mine came on a list, before it is removed for a trigger.
    """

    decided_by: Key
    by_list: dict[Key, Key] = Field(default_factory=dict)
    triggers: dict[Id, Trigger] = Field(default_factory=dict)
    grounds: dict[Id, Trigger] = Field(default_factory=dict)
    after: Keys = ()


class Band(Sourced):
    """From how many points on a grade is given; only from a cited document.

    Attributes:
        grade: one of the grades.
        at_least: decimal points.
        document: where the line stands.
    """

    grade: Text
    at_least: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,3})(\.[0-9]{1,2})?$")]
    document: Text


class Certification(Sourced):
    """What a certificate is: grades, validity, surveillance.

    Attributes:
        grades: the highest first.
        bands: their lines, one for each grade at most, the higher the grade the higher the line; empty where no
            document that states them was given.
        validity: the id of the clock.
        surveillance: the id of the clock.
    """

    grades: Annotated[tuple[Text, ...], Field(min_length=1, max_length=20)]
    bands: Annotated[tuple[Band, ...], Field(max_length=20)] = ()
    validity: Key
    surveillance: Key

    @model_validator(mode="after")
    def _lines_rise_with_grades(self) -> Self:
        names = [one.grade for one in self.bands]
        for number, name in enumerate(names):
            if name not in self.grades or name in names[:number]:
                expected = _("one of {values}, each once").format(values=", ".join(self.grades))
                raise problem(expected, shown(name), at=("bands", number, "grade"))
        lines = [one.at_least for one in sorted(self.bands, key=lambda one: self.grades.index(one.grade))]
        if any(Fraction(higher) <= Fraction(lower) for higher, lower in pairwise(lines)):
            raise problem(_("a higher line for a higher grade"), ", ".join(lines), at=("bands",))
        return self


class Duty(Sourced):
    """What is asked of, or forbidden to, agencies and assessors."""

    text: Text
    text_en: Text
    of: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=2)] = ("agency",)


class ThirdParty(Sourced):
    """Rules for third parties (第三方评估机构和评估人员).

    Attributes:
        duties: what is asked of them, by id.
        prohibited: what excludes them, by id.
        excluded: the id of the state of who is excluded; empty where the source knows none.
        exclusion: the id of the clock of the exclusion; empty where the source sets no period.
    """

    duties: dict[Key, Duty] = Field(default_factory=dict)
    prohibited: dict[Key, Duty] = Field(default_factory=dict)
    excluded: Note = ""
    exclusion: Note = ""


class Target(Sourced):
    """A share of mines that has to meet the standard by a day."""

    size: Key
    share: Share
    by: Day
