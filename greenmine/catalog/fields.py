"""The kinds of values that catalog files are made of: text, ids, fact keys, exact decimals, dates.

Numbers are decimal strings ("0.5"), so that no reader turns them into floats; they are kept in their shortest form, so
that "2.0" and "2" give one digest.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from greenmine.catalog.strict_yaml import described, problem
from greenmine.i18n import gettext as _

_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?")
_DAY: Final = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")


class Strict(BaseModel):
    """Base of all models of catalog files: frozen, and no key is accepted that is not described."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def decimal_text(value: Decimal) -> str:
    """Return an exact decimal in its shortest plain form: `Decimal("2.50")` → "2.5"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(value: object) -> str:
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise problem(_('a decimal number in quotes, such as "0.5"'), described(value))
    return decimal_text(Decimal(value))


def _positive(value: str) -> str:
    if value == "0":
        raise problem(_("a number above 0"), "0")
    return value


def _share(value: str) -> str:
    if Decimal(value) > 1:
        raise problem(_("a share above 0 and at most 1"), value)
    return value


def _day(value: str) -> str:
    if not _DAY.fullmatch(value):
        raise problem(_('a date such as "2024-04-15"'), described(value))
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        raise problem(_("a date of the calendar, in quotes"), value) from None
    return value


Text = Annotated[str, Field(min_length=1, max_length=20_000)]
Note = Annotated[str, Field(max_length=20_000)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Day = Annotated[str, Field(json_schema_extra={"pattern": _DAY.pattern}), AfterValidator(_day)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Points = Annotated[str, Field(pattern=f"^{_DECIMAL.pattern}$"), BeforeValidator(_decimal), AfterValidator(_positive)]
Share = Annotated[Points, AfterValidator(_share)]
True_ = Annotated[bool, Field(strict=True)]
