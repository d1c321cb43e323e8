"""Text from outside, made fit to be looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from greenmine.text import active, inert, visible

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@given(st.text(st.sampled_from("'=+-@\t\r＝＋－＠a甲"), max_size=6))
def test_a_cell_gives_back_its_text_and_is_no_formula(text: str) -> None:
    """Whatever the text begins with, apostrophes included."""
    assert text == active(inert(text))
    assert not inert(text).startswith(FORMULAS)


def test_what_steers_is_shown() -> None:
    """A direction override by its number; line breaks as one."""
    assert "a⟨U+202E⟩b\nc" == visible("a\u202eb\r\nc")
