"""The profile of a mine: `mine.yaml`, the application form (绿色矿山认证申请表) as a file.

Needed to assess a mine at all are its id, its name, its industry and its ways of extraction; a file without them is
refused. The other fields of the form may be left blank: `greenmine check` tells which are, and nobody is kept from
working. What is filled in must be right: the credit code has its check character, dates are dates, a licence does not
end before it begins.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from greenmine.catalog.strict_yaml import described, load_yaml, problem, validate
from greenmine.catalog.words import Extraction, Industry
from greenmine.errors import EvidenceError, shown
from greenmine.i18n import gettext as _
from greenmine.workspace import is_id

FILE_NAME: Final = "mine.yaml"
LONG_TERM: Final = ("长期", "永久", "long-term")
"""What licences print instead of a date when they do not expire."""

LicenceKind = Literal["mining", "safety", "business", "discharge", "eia", "acceptance", "other"]
LICENCE_KINDS: Final[tuple[str, ...]] = get_args(LicenceKind)
"""采矿许可证 安全生产许可证 营业执照 排污许可证 环评批复 竣工环保验收 其他."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_CODE_LENGTH: Final = 18
_CODE_DIGITS: Final = 8
_CODE_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _blank(value: object) -> object:
    """Read a key that is there without a value as a field left blank."""
    return "" if value is None else value


def _no_keys(value: object) -> object:
    """Read a mapping of which only the key is there as one with all fields left blank."""
    return {} if value is None else value


def _no_entries(value: object) -> object:
    """Read a list of which only the key is there as an empty one."""
    return () if value is None else value


def _day(value: object) -> dt.date | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise problem(_("a date of the calendar, in quotes"), value) from None
    raise problem(_('a date in quotes, such as "2026-03-01"'), described(value))


def _last_day(value: object) -> dt.date | None:
    return None if value in LONG_TERM else _day(value)


def _area(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    text = str(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    if not _NUMBER.fullmatch(text):
        raise problem(_('an area in square kilometres, such as "12.5"'), described(value))
    return Decimal(text)


def _people(value: object) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise problem(_("a whole number of people"), described(value))
    return value


Name = Annotated[str, Field(min_length=1, max_length=200)]
Line = Annotated[str, Field(max_length=500), BeforeValidator(_blank)]
Prose = Annotated[str, Field(max_length=20_000), BeforeValidator(_blank)]
Day = Annotated[dt.date | None, BeforeValidator(_day)]
LastDay = Annotated[dt.date | None, BeforeValidator(_last_day)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Contact(_Part):
    """How to reach the mine (联系方式)."""

    legal_representative: Line = ""
    person: Line = ""
    address: Line = ""
    email: Line = ""
    telephone: Line = ""
    fax: Line = ""
    mobile: Line = ""
    postcode: Line = ""


class Introduction(_Part):
    """What the mine says of itself (绿色矿山建设情况简介), one text for each category of the form."""

    environment: Prose = ""
    development: Prose = ""
    utilisation: Prose = ""
    saving: Prose = ""
    innovation: Prose = ""
    management: Prose = ""


class Licence(_Part):
    """A licence or permit (证照) with its validity.

    Attributes:
        kind: what it is for.
        valid_from: the first day it is valid, where it names one.
        valid_until: the last day it is valid; None where it names none or says 长期.
    """

    kind: LicenceKind
    name: Name
    number: Line = ""
    issuer: Line = ""
    valid_from: Day = None
    valid_until: LastDay = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            expected = _("a day not before {day} (valid_from)").format(day=self.valid_from)
            raise problem(expected, str(self.valid_until), at=("valid_until",))
        return self


class MineProfile(_Part):
    """A mine as it describes itself in `mine.yaml`.

    Attributes:
        id: the id of the mine, the name of its folder.
        name: 单位名称.
        mining_licence_number: 采矿许可证号.
        licence_holder: 采矿权人.
        credit_code: 统一社会信用代码, checked; empty where it is left blank.
        address: 矿山地址.
        economic_type: 经济类型.
        employees: 从业人数 on the day the form was filled in.
        main_mineral: 主要开采矿种.
        extraction_text: 开采方式 as the licence words it.
        production_scale: 生产规模.
        area_km2: 矿区面积 in square kilometres.
        filled_on: 填表日期.
        industry: decides which block of the catalog applies.
        extraction: all ways of extraction in use.
        primary_extraction: the main one of them.
        demonstration: whether the mine is fictional (演示).
        annual_review: what the mine says of its yearly review, where a programme asks for it.
    """

    schema_: Literal["greenmine.mine/1"] = Field(alias="schema")
    id: Name
    name: Name
    mining_licence_number: Line = ""
    licence_holder: Line = ""
    credit_code: Line = ""
    address: Line = ""
    economic_type: Line = ""
    employees: Annotated[int | None, BeforeValidator(_people)] = None
    main_mineral: Line = ""
    extraction_text: Line = ""
    production_scale: Line = ""
    area_km2: Annotated[Decimal | None, BeforeValidator(_area)] = None
    contact: Annotated[Contact, BeforeValidator(_no_keys)] = Contact()
    introduction: Annotated[Introduction, BeforeValidator(_no_keys)] = Introduction()
    filled_on: Day = None
    industry: Industry
    extraction: Annotated[tuple[Extraction, ...], Field(min_length=1)]
    primary_extraction: Extraction
    demonstration: Annotated[bool, Field(strict=True)] = False
    licences: Annotated[tuple[Licence, ...], Field(max_length=200), BeforeValidator(_no_entries)] = ()
    annual_review: Prose = ""

    @field_validator("id")
    @classmethod
    def _is_id(cls, value: str) -> str:
        if not is_id(value):
            raise problem(_("letters, digits, '.', '_' and '-' only"), shown(value))
        return value

    @field_validator("credit_code")
    @classmethod
    def _has_check_character(cls, value: str) -> str:
        return checked_credit_code(value) if value else value

    @field_validator("extraction")
    @classmethod
    def _each_way_once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        twice = next((one for number, one in enumerate(value) if one in value[:number]), None)
        if twice:
            raise problem(_("each way of extraction once"), shown(twice))
        return value

    @model_validator(mode="after")
    def _primary_is_in_use(self) -> Self:
        if self.primary_extraction not in self.extraction:
            expected = _("one of extraction: {values}").format(values=", ".join(self.extraction))
            raise problem(expected, self.primary_extraction, at=("primary_extraction",))
        return self


def checked_credit_code(text: str) -> str:
    """Return a unified social credit code (统一社会信用代码) in its plain form: 18 digits and capital letters.

    Args:
        text: the code; spaces and hyphens between its parts are dropped.

    Raises:
        PydanticCustomError: it is no such code; the error says which character is wrong.
    """
    from stdnum.cn import uscc  # noqa: PLC0415 - late: only a profile that is read needs it
    from stdnum.exceptions import ValidationError  # noqa: PLC0415 - likewise

    code: str = uscc.compact(text)
    try:
        return str(uscc.validate(code))
    except ValidationError:
        expected, found = _credit_code_fault(code, uscc.calc_check_digit)
        raise problem(expected, found, _("Compare it with the business licence.")) from None


def _credit_code_fault(code: str, check: Any) -> tuple[str, str]:  # noqa: ANN401 - a function of an untyped library
    """Return what is wrong with a credit code: what was expected and what came."""
    if len(code) != _CODE_LENGTH:
        return _("18 characters"), _("{count} characters").format(count=len(code))
    for number, character in enumerate(code, 1):
        found = _("{character} as character {number} of {code}").format(
            character=shown(character), number=number, code=shown(code)
        )
        if number <= _CODE_DIGITS and character not in "0123456789":
            return _("a digit as character {number}").format(number=number), found
        if character not in _CODE_LETTERS:
            return _("a digit or a capital letter other than I, O, S, V, Z"), found
    return (
        _("{character} as check character, by the 17 before it").format(character=shown(check(code[:-1]))),
        _("{character} in {code}").format(character=shown(code[-1]), code=shown(code)),
    )


def read_profile(mine_dir: Path) -> MineProfile:
    """Return the profile in a mine's folder.

    Args:
        mine_dir: the folder, such as `evidence/GM-0001`.

    Raises:
        EvidenceError: there is no `mine.yaml`, it is malformed, or its id is not the folder's name.
    """
    path = mine_dir / FILE_NAME
    if path.is_symlink():
        raise EvidenceError(path, expected=_("an ordinary file"), found=_("a symbolic link"))
    document = load_yaml(path, EvidenceError)
    profile = validate(MineProfile, document, EvidenceError)
    folder = mine_dir.resolve().name
    if profile.id != folder:
        raise EvidenceError(
            path,
            document.place_of(("id",)),
            expected=_("the name of the folder, {name}").format(name=shown(folder)),
            found=shown(profile.id),
        )
    return profile
