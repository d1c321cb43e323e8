"""Tables with bars: boxes for reports, drawings for pages whose policy allows no style attribute."""

from __future__ import annotations

from fractions import Fraction

from greenmine.report.fragment import read_fragment
from greenmine.workbook.tables import Row, Table, percent, piece

TABLE = Table(
    "各市", ("市", "座", "比例"), (Row(("甲市", "8"), "62.5", "5/8", own=True, mark="90.0"), Row(("乙市", "1"), "0.0"))
)


def test_a_bar_is_a_box_with_its_figure_beside_it_and_a_line_at_the_target() -> None:
    """A report takes it; the label is the share where nothing else is said."""
    markup = piece("x", "x", "总览", "一句话", TABLE).markup
    assert read_fragment(markup) is not None
    assert '<span style="width:62.5%"></span><span class="mark" style="width:90.0%"></span></span> 5/8<' in markup
    assert '<span style="width:0.0%"></span></span> 0.0%<' in markup
    assert 1 == markup.count('class="own"')


def test_a_drawn_bar_needs_no_style() -> None:
    """The same lengths as attributes of a drawing that a screen reader passes over."""
    markup = piece("x", "x", "总览", TABLE, level=3, drawn=True).markup
    assert "style" not in markup
    assert '<rect width="62.5" height="10"/><path d="M90.0 0V10"/></svg> 5/8<' in markup
    assert 2 == markup.count('aria-hidden="true"')
    assert '<h3 id="x">' in markup


def test_a_share_of_nothing_is_nothing() -> None:
    """No division by zero."""
    assert ("0.0", "62.5") == (percent(Fraction(0), Fraction(0)), percent(Fraction(5), Fraction(8)))
