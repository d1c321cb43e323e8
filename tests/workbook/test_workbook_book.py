"""The workbook on a mine's folder: what each piece shows, in both languages, and that nothing in it is live."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path

import pytest
from cases import national
from mines import ASSESSMENT, MINE, PIECES, RECORDABLE, TYPED, make_mine, open_book, report
from pages import Page, assert_inert

from greenmine.errors import GreenmineError, UsageError
from greenmine.report.fragment import read_fragment
from greenmine.text import visible
from greenmine.workbook import Workbook
from greenmine.workbook.book import RECORD_TYPE
from greenmine.workspace import Workspace, shared_dir

HAN = re.compile("[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_mine(tmp_path_factory.mktemp("mines"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_mine(tmp_path_factory.mktemp("hostile"), hostile=True)


@pytest.fixture(scope="module")
def book(folder: Path) -> Workbook:
    return open_book(folder)


@pytest.fixture(scope="module")
def page(book: Workbook) -> Page:
    return Page(report(book))


def piece(book: Workbook, name: str) -> str:
    return " ".join(Page(f"<body>{getattr(book, name)().markup}</body>").text.split())


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", PIECES)
def test_every_piece_is_a_fragment_of_the_report(folder: Path, hostile: Path, name: str, lang: str) -> None:
    """The exporter shows it as it is, whatever the mine wrote."""
    for mine in (folder, hostile):
        assert read_fragment(getattr(open_book(mine, lang), name)().markup) is not None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_text_is_inert_and_readable_everywhere(hostile: Path, lang: str) -> None:
    """Nothing of it runs or loads; all of it can be read, steering characters by their number."""
    found = Page(report(open_book(hostile, lang)))
    assert_inert(found)
    text = " ".join(found.text.split())
    for words in (*RECORDABLE, *TYPED):
        assert " ".join(visible(words).split()) in text, words
    assert not re.search("[\u202e\u202c\u200b]", found.markup)


def test_headings_descend_one_level_at_a_time(page: Page) -> None:
    """One title, and no level is skipped on the way down."""
    levels = [int(one.tag[1]) for one in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert 1 == levels[0]
    assert 1 == levels.count(1)
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_every_picture_a_text(page: Page) -> None:
    """So that both can be found and understood without seeing them."""
    assert len(page.all("table")) == len([one for one in page.all("caption") if one.text.strip()])
    assert page.all("img")
    assert all(one.attributes["alt"] for one in page.all("img"))


def test_ids_are_unique_and_links_lead_somewhere(page: Page) -> None:
    """Every cited file, card and heading is there once."""
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert not [key for key, count in Counter(ids).items() if count > 1]
    assert {one.attributes["href"][1:] for one in page.all("a")} <= set(ids)


def test_official_texts_are_shown_word_for_word(book: Workbook) -> None:
    """The text of every indicator of the mine's block, in the variants in use, marked as Chinese; in English too."""
    for shown in (book, open_book(book.folder, "en")):
        quotes = {"".join(one.text.split()) for one in Page(report(shown)).all("blockquote")}
        for entry in national()["indicators"]:
            if entry.get("block", "1") == "1":
                texts = entry["criteria"] if isinstance(entry["criteria"], dict) else {"": entry["criteria"]}
                text = texts.get("", texts.get("underground", ""))
                assert "".join(text.split()) in quotes, entry["id"]


def test_the_chinese_report_is_chinese(page: Page) -> None:
    """The mine and the panel wrote in capitals: no other English word is left but names of files and programs."""
    text = re.sub(
        r"[0-9a-f]{12,64}|national@2024|[\w.]+\.json|\w+=\w+|python -m [\w.]+|greenmine|Python|Pillow|Jinja|mine\.yaml",
        "",
        page.text,
    )
    assert [] == re.findall(r"[A-Z]?[a-z]{3,}", text.replace(ASSESSMENT, "").replace("licences/", ""))


def test_the_english_report_is_english(folder: Path) -> None:
    """Outside of elements marked as Chinese there is no Chinese character."""
    found = Page(report(open_book(folder, "en")))
    text = found.spoken["en"].replace(found.all("style")[0].text, "")
    assert [] == re.findall(f".{{0,40}}{HAN.pattern}.{{0,40}}", text)
    assert {"en", "zh"} == {*found.spoken} - {""}


def test_the_cover_says_what_was_assessed_and_the_verdict(book: Workbook) -> None:
    """Mine, assessment, dates, total and line; fictional mines say that they are."""
    text = piece(book, "cover")
    for words in ("DEMO MINE", MINE, ASSESSMENT, "2026-06-30", "2026-03-01", "95.07", "80", "达标", "虚构"):
        assert words in text


def test_the_record_of_an_indicator_is_complete(book: Workbook) -> None:
    """Facts, reason, visit, evidence with its number, and points, on the card of indicator 3."""
    card = piece(book, "categories").split("3 标识标牌")[1].split("4 定置管理")[0]
    for words in (
        "DEFECT 1",
        "PLACE 2",
        "CHECKED 3",
        "PIT",
        "MACHINES",
        "2026-06-11",
        "评价组全体",
        "材料",
        "得 0.6 分",
    ):
        assert words in card


def test_experts_who_differ_are_shown_side_by_side(book: Workbook) -> None:
    """Indicator 9: both judgements, and the mean of their points."""
    card = piece(book, "categories").split("9 开采技术")[1].split("10 开采回采率")[0]
    for words in ("EXPERT E1（E1）", "EXPERT E2（E2）", "2 位专家取平均值"):
        assert words in card


def test_not_applicable_is_never_silent(book: Workbook) -> None:
    """Reason, citation, proof and the second person, on the card and in the list."""
    for name in ("categories", "not_applicable"):
        text = piece(book, name)
        for words in ("NOTHING TO RECOVER", "DOCUMENT 7", "材料", "EXPERT E2（E2）"):
            assert words in text


def test_the_rectification_list_is_made_of_what_was_recorded(book: Workbook) -> None:
    """Defects with their places, what is not met, and evidence that is missing; nothing for what does not exist."""
    text = piece(book, "rectification")
    for words in ("DEFECT 1", "PLACE 1", "46 智能化应用", "CHECKED 46", "NOWHERE/LOST.PDF"):
        assert words in text
    assert "17 " not in text


def test_missing_evidence_is_named_where_it_is_cited(book: Workbook) -> None:
    """A reference to a file that is not there is not dropped in silence."""
    card = piece(book, "categories").split("46 智能化应用")[1].split("47 ")[0]
    assert "文件缺失： NOWHERE/LOST.PDF" in card


def test_each_photo_is_shown_once(page: Page) -> None:
    """Three on cards, the one that no card cites at the list of evidence."""
    assert 4 == len(page.all("img"))
    assert 4 == len({one.attributes["src"] for one in page.all("img")})


def test_a_photo_that_changed_since_it_was_digested_is_not_shown(folder: Path, tmp_path: Path) -> None:
    """What is shown is what the digest is of."""
    import shutil  # noqa: PLC0415 - this test only

    copy = shutil.copytree(folder, tmp_path / MINE)
    changed = open_book(copy)
    (copy / "UNUSED.JPG").write_bytes((copy / "06 TREES" / "A.JPG").read_bytes())
    assert 3 == len(Page(report(changed)).all("img"))


def test_the_provenance_names_the_digests_and_how_to_score_again(book: Workbook) -> None:
    """The same digests for people and for programs."""
    shown = book.provenance()
    assert book.digests == shown.data[RECORD_TYPE]
    for digest in book.digests.values():
        assert digest in shown.markup
    assert "python -m greenmine.scoring findings.json catalog.resolved.json</code>" in shown.markup


def test_readings_that_are_not_the_default_are_named(folder: Path) -> None:
    """The provenance gives the command that computes this very score."""
    other = open_book(folder, readings={"na_fold": "full"})
    assert "catalog.resolved.json na_fold=full</code>" in other.provenance().markup
    assert "按满分计" in other.provenance().markup


def test_the_same_folder_gives_the_same_pages(folder: Path, tmp_path: Path) -> None:
    """Byte for byte, wherever the folder is."""
    import shutil  # noqa: PLC0415 - this test only

    copy = shutil.copytree(folder, tmp_path / "elsewhere" / MINE)
    assert report(open_book(folder)) == report(open_book(copy))
    assert str(tmp_path) not in report(open_book(copy))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_report_without_photos_is_under_100_kilobytes(tmp_path: Path, lang: str) -> None:
    """Every indicator assessed, with a defect, measurements, dissent and an exemption among them."""
    size = len(report(open_book(make_mine(tmp_path, photos=False), lang)).encode())
    assert size < 100_000


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("mine", ["GM-0001", "GM-0002", "GM-0003", "GM-0004", "GM-0005"])
def test_the_demo_mines_reports_are_under_100_kilobytes_without_their_photos(
    repository: Path, mine: str, lang: str
) -> None:
    """Photos taken away, the rest of the richest record stays small, comparison with the self-assessment included."""
    page = re.sub(r"<figure>.*?</figure>", "", report(open_book(repository / "evidence" / mine, lang)))
    assert len(page.encode()) < 100_000


def test_jupyterlab_gets_the_style_with_the_first_cell(book: Workbook) -> None:
    """The rules of the pieces in the theme's colours; the plain form is short and names no folder."""
    shown = book._repr_mimebundle_()
    assert "--jp-content-font-color1" in shown["text/html"]
    assert ".gm article" in shown["text/html"]
    assert f"<greenmine: {MINE} {ASSESSMENT}>" == shown["text/plain"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"mine": "GM-NONE"},
        {"assessment": "none"},
        {"catalog": "none@1"},
        {"readings": {"na_fold": "guess"}},
        {"readings": {"guess": "full"}},
        {"lang": "fr"},
    ],
)
def test_what_does_not_exist_is_named(folder: Path, arguments: dict[str, object]) -> None:
    """Mine, assessment, catalog, reading and language: one message with the name that was given."""
    given = {"mine": str(folder), "catalog": "national@2024", **arguments}
    [name] = re.findall(r"GM-NONE|none@1|none|guess|fr", str(arguments))[:1]
    with pytest.raises(GreenmineError, match=name):
        Workbook.open(**given)  # type: ignore[arg-type] # wrong on purpose
    assert issubclass(UsageError, GreenmineError)


def test_a_step_of_the_scorers_own_words_is_shown_whole(folder: Path) -> None:
    """Only official wording, which stands in full above, is cut."""
    found = piece(open_book(folder, "en"), "categories")
    for step in (
        step for row in open_book(folder).score["indicators"] if row["status"] == "scored" for step in row["trace_en"]
    ):
        if not HAN.search(step):
            assert " ".join(step.split()) in found


def test_a_softened_catalog_says_so_on_the_cover(folder: Path, tmp_path: Path) -> None:
    """Each place that is weaker than the national catalog, with the document that allows it, in both languages."""
    profile = tmp_path / "soft.yaml"
    profile.write_text(
        "schema: greenmine.profile/1\nid: soft\nversion: '1'\ntitle: 放宽\nissuer: 某省\ndocument: 某文\n"
        "issued_on: '2025-01-01'\neffective_from: '2025-03-01'\nextends: national@2024\noperations:\n"
        "  - {op: set, at: line, value: '70', citation: 某文第三条}\n"
        "  - {op: set, at: line_source, value: 某文第三条}\n",
        "utf-8",
    )
    for lang, said in (
        ("zh", "放宽：达标线降低（line = 70）。依据：某文第三条"),
        ("en", "Softened: the passing line is lowered (line = 70). Basis: 某文第三条"),
    ):
        book = Workbook.open(str(folder), catalog=str(profile), lang=lang, workspace=Workspace(shared_dir()))
        assert said in piece(book, "cover")
        assert 1 == book.cover().markup.count('class="warn"')
    assert 'class="warn"' not in open_book(folder).cover().markup
