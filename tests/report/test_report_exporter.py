"""The page that an executed notebook becomes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter, get_exporter
from pages import HOSTILE, Page, assert_inert, cell, notebook

from greenmine import i18n
from greenmine.report import exporter
from greenmine.report.exporter import ReportExporter, to_html

TEMPLATE = Path(exporter.__file__).parent / "templates" / "greenmine"
COVER = '<header class="gm cover" lang="zh-CN"><h1>绿色矿山评价报告 <span class="mine">甲矿</span></h1></header>\n'
PART = '<section class="gm" lang="zh-CN" aria-labelledby="one"><h2 id="one">结论</h2><p>达标</p></section>\n'
FOOT = '<footer class="gm" lang="zh-CN"><h2 id="two">存证</h2></footer>\n'


def page_of(*cells: Any) -> Page:
    return Page(to_html(notebook(*cells)))


def test_the_page_has_language_title_policy_and_landmarks() -> None:
    """Cover, contents, text and provenance are header, nav, main and footer of the body, in this order."""
    page = page_of(cell(PART), cell(COVER), cell(FOOT))
    assert "zh-CN" == page.all("html")[0].attributes["lang"]
    assert "绿色矿山评价报告 甲矿" == page.all("title")[0].text
    policy = next(one.attributes for one in page.all("meta") if "http-equiv" in one.attributes)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" == policy["content"]
    landmarks = [one.tag for one in page.elements if one.inside == ("html", "body")]
    assert ["a", "header", "nav", "main", "footer"] == landmarks
    assert_inert(page)


def test_the_contents_lead_to_every_section_and_the_skip_link_to_the_text() -> None:
    """Every link inside the page has its target."""
    page = page_of(cell(COVER), cell(PART), cell(FOOT))
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    links = [one.attributes["href"][1:] for one in page.all("a")]
    assert ["main", "one", "two"] == links
    assert set(links) <= set(ids)
    assert len(ids) == len(set(ids))


def test_an_english_report_is_english_throughout() -> None:
    """The language of the pieces is that of the frame, whatever language the program speaks."""
    i18n.use("zh")
    page = page_of(cell('<section class="gm" lang="en"><h2 id="x">Result</h2></section>'))
    assert "en" == page.all("html")[0].attributes["lang"]
    assert "Contents" in page.all("nav")[0].text
    assert "Skip to the text" == page.all("a")[0].text
    assert "zh" == i18n.language()


def test_code_guidance_printed_text_and_errors_are_left_out() -> None:
    """Only HTML results of code cells reach the page."""
    stream = nbformat.v4.new_output("stream", name="stderr", text="/home/someone warns")
    printed = nbformat.v4.new_output("stream", name="stdout", text="printed text")
    error = nbformat.v4.new_output("error", ename="E", evalue="it broke", traceback=["trace back"])
    plain = nbformat.v4.new_output("execute_result", data={"text/plain": "plain text"}, execution_count=1)
    page = page_of(
        nbformat.v4.new_markdown_cell("# guidance"),
        nbformat.v4.new_raw_cell("<script>raw cell</script>"),
        cell(PART, stream, printed, error, plain, source="secret_code()"),
    )
    for word in ("guidance", "raw cell", "someone", "printed", "broke", "trace", "plain text", "secret_code"):
        assert word not in page.markup


def test_cells_for_jupyterlab_only_are_left_out() -> None:
    """What is tagged `live` is not for the archive."""
    assert "live only" not in page_of(cell(PART), cell("<div>live only</div>", tags=["live"])).markup


@pytest.mark.parametrize("hostile", HOSTILE)
def test_an_output_that_is_not_the_workbooks_is_shown_as_its_source(hostile: str) -> None:
    """It is escaped, steering characters are made visible, and nothing of it is live."""
    page = page_of(cell(PART), cell(f"<div>{hostile}</div><style>body{{display:none}}</style>"))
    assert_inert(page)
    [source] = page.all("pre")
    assert "<style>body{display:none}</style>" in source.text
    assert not re.search("[\u202e\u200b\x00\x1b]", page.markup)


def test_outputs_in_lines_are_joined() -> None:
    """A notebook file may keep a text as a list of lines."""
    page = page_of(cell(nbformat.v4.new_output("display_data", data={"text/html": PART.splitlines(keepends=True)})))
    assert "达标" in page.all("main")[0].text


def test_the_same_notebook_gives_the_same_bytes() -> None:
    """A new exporter and a used one agree."""
    pieces = notebook(cell(COVER), cell(PART), cell(FOOT))
    assert to_html(pieces) == to_html(pieces)
    assert to_html(pieces) == ReportExporter().from_notebook_node(pieces)[0]


def test_nbconvert_knows_the_exporter_by_name() -> None:
    """`jupyter nbconvert --to greenmine` finds it."""
    assert ReportExporter is get_exporter("greenmine")


def test_the_template_works_under_the_stock_exporter() -> None:
    """`jupyter nbconvert --to html --template greenmine` gives the same text, and nothing live either."""
    pieces = notebook(cell(COVER), cell(PART), cell("<script>foreign</script>"), cell(FOOT))
    stock = HTMLExporter(template_name="greenmine", extra_template_basedirs=[str(TEMPLATE.parent)])
    page = Page(stock.from_notebook_node(pieces)[0])
    assert_inert(page)
    assert " ".join(Page(to_html(pieces)).text.split()) == " ".join(page.text.split())


def test_a_folder_of_the_same_name_does_not_stand_in_for_the_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The working directory is not searched for templates."""
    (tmp_path / "greenmine").mkdir()
    (tmp_path / "greenmine" / "index.html.j2").write_text("<script>planted</script>", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert "planted" not in ReportExporter().from_notebook_node(notebook(cell(PART)))[0]


def test_the_stylesheet_loads_nothing() -> None:
    """No address and no import in it."""
    for path in sorted(TEMPLATE.glob("*.css")):
        assert not re.search(r"url\(|@import|expression|//", path.read_text("utf-8")), path.name


def luminance(colour: str) -> float:
    text = colour.lstrip("#")
    text = "".join(digit * 2 for digit in text) if len(text) == 3 else text
    parts = [int(text[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_colour_has_enough_contrast(scheme: int) -> None:
    """WCAG AA: at least 4.5 to 1 on the paper and on tinted cells, in light and in dark."""
    css = (TEMPLATE / "page.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    assert 2 == len(blocks)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", blocks[scheme]))
    for ink in ("ink", "dim", "link", "good", "bad", "warn", "rule"):
        for paper in ("paper", "tint"):
            assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
