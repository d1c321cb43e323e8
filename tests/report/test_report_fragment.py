"""What may be shown as it is, and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import HOSTILE, Page

from greenmine.report.fragment import ATTRIBUTES, ELEMENTS, VOID, Heading, read_fragment

GOOD = (
    '<section class="gm" lang="zh-CN" aria-labelledby="a">\n<h2 id="a">结论 &amp; 得分</h2>\n'
    '<table><caption>表</caption><tbody><tr id="e1"><th scope="row">一</th><td colspan="2">1 &lt; 2<br>x</td></tr>'
    '</tbody></table><span style="width:92.5%"></span><a href="#e1">材料 1</a>'
    '<img src="data:image/jpeg;base64,/9j/4AA==" width="10" height="9" alt="照片"></section>\n'
)


def test_a_piece_of_the_workbook_is_a_fragment() -> None:
    """Its markup comes back as it was, with its root, language and headings."""
    fragment = read_fragment(GOOD)
    assert fragment is not None
    assert (GOOD, "section", "zh-CN") == (fragment.markup, fragment.root, fragment.lang)
    assert (Heading(2, "a", "结论 & 得分"),) == fragment.headings


@pytest.mark.parametrize(
    "inner",
    [
        *HOSTILE[:3],
        "<script></script>",
        "<style>p{}</style>",
        "<svg></svg>",
        "<iframe></iframe>",
        "<form></form>",
        "<template></template>",
        "<textarea></textarea>",
        '<p onclick="x()">x</p>',
        '<a href="javascript:x()">x</a>',
        '<a href="https://example.invalid/">x</a>',
        '<a href="#a" target="_blank">x</a>',
        '<img src="https://example.invalid/x.png" alt="x">',
        '<img src="data:image/svg+xml;base64,AAAA" alt="x">',
        '<img src="data:text/html;base64,AAAA" alt="x">',
        '<p style="background:url(x)">x</p>',
        '<p style="width:10%;x:y">x</p>',
        '<p class="a" class="b">x</p>',
        "<p class='a'>x</p>",
        "<p class=a>x</p>",
        "<P>x</P>",
        "<p >x</p>",
        "<p/>",
        "<!-- x -->",
        "<![CDATA[x]]>",
        "<?x?>",
        "1 < 2",
        "1 > 2",
        "<p>x",
        "x</p>",
        "<p><b>x</p></b>",
        "\x00",
        "\x1b[31m",
    ],
)
def test_anything_else_is_not(inner: str) -> None:
    """One foreign thing inside makes the whole output foreign."""
    assert read_fragment(f"<section>{inner}</section>") is None


@pytest.mark.parametrize("markup", ["", "text", "<b>x</b>", "<tr><td>x</td></tr>", "<br>", "<section></section>x"])
def test_a_fragment_is_one_or_more_whole_parts(markup: str) -> None:
    """Text or small elements on their own are none."""
    assert read_fragment(markup) is None


CHUNKS = st.sampled_from(
    (
        *HOSTILE,
        *(
            "<section>",
            "</section>",
            "<p>",
            "</p>",
            "<b",
            ">",
            "<",
            "</",
            '"',
            "'",
            " class=",
            'class="x"',
            "<a ",
            "<img ",
        ),
        *("<!--", "-->", "\n", "text", '<p class="x">', '<a href="#x">', "</a>", "&lt;", "\x00", "<svg>", "<style>"),
    )
)


@given(st.lists(CHUNKS, max_size=12).map("".join))
def test_what_is_accepted_reads_as_harmless_elements_only(markup: str) -> None:
    """Put anything together: what is accepted is, to another parser too, made of listed elements and attributes."""
    if read_fragment(markup) is None:
        return
    for element in Page(markup).elements:
        assert element.tag in ELEMENTS | VOID
        assert set(element.attributes) <= set(ATTRIBUTES)
