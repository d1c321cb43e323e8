"""The language of messages."""

from __future__ import annotations

import pytest

from greenmine import i18n


def test_messages_are_chinese_by_default_and_english_on_request() -> None:
    """The same message in both languages."""
    assert "数字" == i18n.gettext("a number")
    i18n.use("en")
    assert ("en", "a number") == (i18n.language(), i18n.gettext("a number"))


def test_a_language_there_is_not_is_refused() -> None:
    """Only zh and en."""
    with pytest.raises(ValueError, match="fr"):
        i18n.use("fr")


def test_a_message_without_translation_is_shown_as_it_is() -> None:
    """Nothing is lost where a translation is missing."""
    assert "no such message" == i18n.gettext("no such message")
