"""Pieces of HTML: escaping, steering characters, languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter
from markupsafe import Markup

from greenmine import i18n
from greenmine.errors import UsageError
from greenmine.text import visible
from greenmine.workbook.html import Html, chinese_marked, speaking


def test_steering_characters_are_shown_by_number() -> None:
    """Direction overrides, zero-width characters, controls, half characters; ordinary text stays."""
    assert "⟨U+202E⟩gpj.exe⟨U+200B⟩⟨U+0007⟩⟨U+D800⟩" == visible("\u202egpj.exe\u200b\x07\ud800")
    assert "矿山　甲\u00a0乙\n丙\t丁" == visible("矿山　甲\u00a0乙\r\n丙\t丁")


@given(st.text())
def test_made_visible_once_text_stays_as_it_is(text: str) -> None:
    """Making visible again changes nothing, and what comes out can be written as UTF-8."""
    once = visible(text)
    assert once == visible(once)
    assert once == once.encode().decode()


def test_a_piece_shows_the_same_wherever_ipython_shows_it() -> None:
    """HTML, a constant plain form, and the further representations."""
    shown, _metadata = DisplayFormatter().format(Html("<p>x</p>", "cover", {"application/vnd.x+json": {"a": 1}}))
    assert {"text/html": "<p>x</p>", "text/plain": "<greenmine: cover>", "application/vnd.x+json": {"a": 1}} == shown


def test_a_language_holds_inside_its_block_only() -> None:
    """Also when something in it fails."""
    with pytest.raises(UsageError), speaking("en"), speaking(i18n.language() + "x"):
        pass
    assert "zh" == i18n.language()


def test_a_language_we_do_not_speak_is_refused() -> None:
    """The message names those we do."""
    with pytest.raises(UsageError, match="zh, en"), speaking("fr"):
        pass


def test_chinese_inside_an_english_sentence_is_marked() -> None:
    """So that a screen reader changes its voice; in a Chinese page nothing is marked."""
    with speaking("en"):
        assert '<span lang="zh">钻孔：湿式</span>: met, 2 points' == chinese_marked("钻孔：湿式: met, 2 points")
        assert '&lt;b&gt; <span lang="zh">甲</span>' == chinese_marked("<b> 甲")
    assert Markup("钻孔 &lt;") == chinese_marked("钻孔 <")
