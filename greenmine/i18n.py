"""The language of what a user sees: Chinese by default, English on request.

Messages in code are English; `greenmine/locale/zh/LC_MESSAGES/greenmine.po` holds the Chinese. Where the compiled
catalogue is missing (inside an archived scorer, say) the English text is shown. Standard library only.
"""

from __future__ import annotations

import gettext as _gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = ("zh", "en")

_language: ContextVar[str] = ContextVar("greenmine_language", default="zh")


def use(language: str) -> None:
    """Choose the language (`zh` or `en`) of all later messages in this context.

    Raises:
        ValueError: the language is neither.
    """
    if language not in LANGUAGES:
        message = f"language must be one of {', '.join(LANGUAGES)}, not {language!r}"
        raise ValueError(message)
    _language.set(language)


def language() -> str:
    """Return the language in use, `zh` or `en`."""
    return _language.get()


@cache
def _translations(language: str) -> _gettext.NullTranslations:
    return _gettext.translation("greenmine", Path(__file__).parent / "locale", languages=[language], fallback=True)


def gettext(message: str) -> str:
    """Return `message` in the language in use."""
    chosen = _language.get()
    return message if chosen == "en" else _translations(chosen).gettext(message)
