"""The forms on a plain page in Chromium: the real scripts and a real desk, no Jupyter between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from forms_page import FormsPage
from labs import chromium_of
from mines import ASSESSMENT, MINE, make_mine
from playwright.sync_api import Browser, expect, sync_playwright

from greenmine.assessment import load_assessment
from greenmine.workbook import forms
from greenmine.workbook.desk import Desk
from greenmine.workbook.html import speaking
from greenmine.workbook.labels import labels
from greenmine.workspace import Workspace, shared_dir

pytestmark = pytest.mark.browser

DEFECTS, FLAGS, SHARE, COUNTS, MEASURED, CLAUSES, DISPUTED = (f"indicator/{n}" for n in (4, 17, 36, 44, 10, 31, 40))


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = chromium_of(playwright, chromium)
        yield opened
        opened.close()


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return make_mine(tmp_path)


def desk_of(mine: Path, who: str = "E1") -> Desk:
    return Desk.open(str(mine), catalog="national@2024", who=who, workspace=Workspace(shared_dir()))


@pytest.fixture
def sheet(mine: Path, browser: Browser) -> Iterator[FormsPage]:
    """The forms of the chair, E1."""
    desk = desk_of(mine)
    page = FormsPage(browser, desk)
    yield page
    assert [] == page.problems
    page.context.close()
    desk.close()


def recorded(mine: Path, card: str, author: str = "E1") -> dict[str, Any]:
    """Return what an author has on a card, as the journals on disk have it."""
    fields: dict[str, Any] = {}
    for entry in load_assessment(mine).history(card):
        if entry.author == author:
            fields = {name: value for name, value in {**fields, **entry.set}.items() if name not in entry.clear}
    return fields


def judge(mine: Path, *, met: bool) -> None:
    """E2, elsewhere, judges a mandatory indicator that E1 found met."""
    desk = desk_of(mine, "E2")
    told = {
        "card": DISPUTED,
        "author": "E2",
        "set": {"facts": {"met": met}},
        "base": desk.standing("5")[DISPUTED]["version"],
    }
    assert desk.answer({"op": "record", **told})[0]["ok"]
    desk.close()


def lines(mine: Path, person: str = "E1") -> int:
    return len((mine / "assessments" / ASSESSMENT / "journal" / f"{person}.jsonl").read_bytes().splitlines())


def test_scripts_are_joined_into_one_that_imports_nothing() -> None:
    """A widget has room for one script; its comments stay in the files."""
    text = forms.script()
    assert 'from "./' not in text
    assert "\n//" not in text
    assert 1 == text.count("export {")


def test_scripts_hold_no_words_of_their_own() -> None:
    """What is shown comes from the labels, in the language of the desk; each label is used."""
    text = forms.script()
    assert not [character for character in text.replace("。", "") if "\u3400" <= character <= "\u9fff"]
    with speaking("en"):
        names = labels()
    unused = [name for name in names if f"words.{name}" not in text and not name.startswith("filter_")]
    assert [] == unused


def test_a_defect_is_on_disk_and_the_points_follow(sheet: FormsPage, mine: Path) -> None:
    """Text, place and clause; what is still being filled in is said not to be saved."""
    card, words = sheet.card(DEFECTS), sheet.words
    before = sheet.page.locator(".gmf-total b").inner_text()
    card.get_by_label(words["some_found"].replace("{step}", "0.5")).check()
    expect(card.locator(".gmf-save")).to_contain_text(words["needs_text"])
    card.get_by_label(words["defect_text"]).fill("堆场无标识")
    card.locator(".gmf-defects").get_by_label(words["defect_where"]).fill("二号堆场")
    sheet.settled()
    assert [{"text": "堆场无标识", "where": "二号堆场"}] == recorded(mine, DEFECTS)["facts"]["defects"]
    expect(card.locator(".gmf-points b")).to_have_text("1.5")
    expect(sheet.page.locator(".gmf-total b")).not_to_have_text(before)
    expect(card.locator(".gmf-save")).to_have_class("gmf-save gmf-save-saved")


def test_unrecorded_never_looks_like_no(sheet: FormsPage, mine: Path) -> None:
    """A choice can be taken back; then nothing is chosen, and the card says so."""
    card, words = sheet.card(FLAGS), sheet.words
    first = card.locator(".gmf-rule .gmf-choice").first
    expect(first.locator("input:checked")).to_have_count(1)
    first.get_by_text(words["reset"], exact=True).click()
    sheet.settled()
    expect(first.locator("input:checked")).to_have_count(0)
    expect(first.get_by_text(words["not_recorded"])).to_be_visible()
    assert "reuse" not in recorded(mine, FLAGS)["facts"]


def test_a_part_that_the_mine_does_not_have_needs_its_reason(sheet: FormsPage, mine: Path) -> None:
    """It is kept back until there is one."""
    card, words = sheet.card(FLAGS), sheet.words
    reason = card.get_by_label(words["absent_reason"])
    reason.fill("")
    expect(card.locator(".gmf-save")).to_contain_text(words["needs_reason"])
    reason.fill("没有尾矿库")
    sheet.settled()
    assert {"tailings": "没有尾矿库"} == recorded(mine, FLAGS)["facts"]["absent"]


def test_numbers_are_exact_and_typed_as_people_type_them(sheet: FormsPage, mine: Path) -> None:
    """A share is typed in percent, with full-width digits if need be; what is no number is not sent."""
    words = sheet.words
    share = sheet.card(SHARE)
    field = share.locator(".gmf-controls > .gmf-block input")
    field.fill("７１．３")
    sheet.settled()
    assert "0.713" == str(recorded(mine, SHARE)["facts"]["clean_transport_share"])
    field.fill("很多")
    expect(share.locator(".gmf-save")).to_contain_text(words["needs_share"])
    assert "0.713" == str(recorded(mine, SHARE)["facts"]["clean_transport_share"]), "what was saved stays saved"
    field.fill("80")
    sheet.settled()
    count = sheet.card(COUNTS)
    count.locator('input[inputmode="numeric"]').first.fill("3")
    sheet.settled()
    assert 3 == recorded(mine, COUNTS)["facts"]["patents"]
    measured = sheet.card(MEASURED)
    measured.get_by_label(words["measured_value"], exact=True).fill("８７。５")
    sheet.settled()
    assert "87.5" == recorded(mine, MEASURED)["facts"]["measured"]["value"]


def test_text_is_taken_when_the_input_method_is_done(sheet: FormsPage, mine: Path) -> None:
    """The letters on the way to a Chinese word are never recorded."""
    card = sheet.card(DEFECTS)
    field = card.get_by_label(sheet.words["justification"])
    field.fill("")
    field.focus()
    wire = sheet.context.new_cdp_session(sheet.page)
    for text in ("k", "kua", "kuang"):
        wire.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    wire.send("Input.insertText", {"text": "矿"})
    expect(field).to_have_value("矿")
    sheet.settled()
    said = [message["set"].get("justification") for message in sheet.asked if message["op"] == "record"]
    assert {"矿", None} >= set(said)
    assert "矿" == recorded(mine, DEFECTS)["justification"]


def test_undo_is_a_new_line(sheet: FormsPage, mine: Path) -> None:
    """Ctrl+Z outside of text fields takes back what was chosen last; the history keeps both."""
    card, words = sheet.card(FLAGS), sheet.words
    before = lines(mine)
    first = card.locator(".gmf-rule .gmf-choice").first
    first.get_by_label(words["no"], exact=True).check()
    sheet.settled()
    assert recorded(mine, FLAGS)["facts"]["reuse"] is False
    first.locator("input").nth(1).focus()
    sheet.page.keyboard.press("Control+z")
    expect(first.locator("input").first).to_be_checked()
    assert before + 2 == lines(mine)
    card.get_by_text(words["history"], exact=True).click()
    expect(sheet.page.locator(".gmf-history article")).to_have_count(3)
    sheet.page.keyboard.press("Escape")
    expect(card.get_by_text(words["history"], exact=True)).to_be_focused()


def test_a_draft_that_outlives_the_kernel_is_offered_back(sheet: FormsPage, mine: Path) -> None:
    """A red banner while nobody answers; afterwards the draft is saved when it is asked for, not before."""
    card, words = sheet.card(DEFECTS), sheet.words
    sheet.page.evaluate("window.dead = true")
    card.get_by_label(words["justification"]).fill("没有存上的话")
    expect(sheet.page.locator(".gmf-banner")).to_be_visible()
    expect(card.locator(".gmf-save-saved")).to_have_count(0)
    sheet.open()
    card = sheet.card(DEFECTS)
    expect(card.get_by_label(words["justification"])).to_have_value("CHECKED 4")
    expect(card.locator(".gmf-notice")).to_contain_text("没有存上的话")
    card.get_by_text(words["restore"]).click()
    sheet.settled()
    assert "没有存上的话" == recorded(mine, DEFECTS)["justification"]
    assert 0 == sheet.page.evaluate("localStorage.length")


def test_a_draft_can_be_thrown_away(sheet: FormsPage, mine: Path) -> None:
    """Then the journal's state is all there is."""
    card, words = sheet.card(DEFECTS), sheet.words
    sheet.page.evaluate("window.dead = true")
    card.get_by_label(words["justification"]).fill("作废")
    sheet.open()
    sheet.card(DEFECTS).get_by_text(words["discard"]).click()
    expect(sheet.page.locator(".gmf-notice")).to_have_count(0)
    assert 0 == sheet.page.evaluate("localStorage.length")
    assert "CHECKED 4" == recorded(mine, DEFECTS)["justification"]


def test_what_another_tab_saved_is_not_written_over(sheet: FormsPage, mine: Path) -> None:
    """The form shows both and asks; nothing is lost by either answer."""
    card, words = sheet.card(DEFECTS), sheet.words
    sheet.page.evaluate("store.link.visible = false")
    base = sheet.desk.standing("1")[DEFECTS]["version"]
    other = {"op": "record", "card": DEFECTS, "author": "E1", "set": {"justification": "另一页"}, "base": base}
    reply, _buffers = sheet.desk.answer({"id": 1, **other})
    assert reply["ok"]
    card.get_by_label(words["justification"]).fill("这一页")
    expect(card.locator(".gmf-notice.gmf-red")).to_be_visible()
    assert "另一页" == recorded(mine, DEFECTS)["justification"]
    card.get_by_text(words["insist"]).click()
    sheet.settled()
    assert "这一页" == recorded(mine, DEFECTS)["justification"]


def test_a_disk_that_takes_nothing_is_said_in_red(
    sheet: FormsPage, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft stays, and is saved as soon as there is room again."""
    card, words = sheet.card(DEFECTS), sheet.words

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("greenmine.assessment.writer._write", full)
        card.get_by_label(words["justification"]).fill("满了")
        expect(sheet.page.locator(".gmf-banner")).to_contain_text("磁盘空间已满")
        expect(card.get_by_label(words["justification"])).to_have_value("满了")
    sheet.page.get_by_text(words["try_again"]).click()
    sheet.settled()
    expect(sheet.page.locator(".gmf-banner")).to_be_hidden()
    assert "满了" == recorded(mine, DEFECTS)["justification"]


def test_evidence_is_found_looked_at_and_cited(sheet: FormsPage, mine: Path) -> None:
    """By keyboard: search, choose, cite; the photo is on the screen before it is cited."""
    card, words = sheet.card(DEFECTS), sheet.words
    card.locator(".gmf-evidence").last.get_by_text(words["add_evidence"]).press("Enter")
    picker = sheet.page.locator(".gmf-dialog")
    picker.get_by_label(words["search_files"]).fill("sign")
    expect(picker.locator(".gmf-files li")).to_have_count(1)
    picker.locator(".gmf-files button").press("Enter")
    expect(picker.locator(".gmf-stage img")).to_be_visible()
    picker.get_by_text(words["use_file"]).press("Enter")
    sheet.settled()
    sheet.page.keyboard.press("Escape")
    assert "03 SIGNS/SIGN.JPG" in recorded(mine, DEFECTS)["evidence"]
    card.locator(".gmf-ref", has_text="SIGN.JPG").click()
    expect(card.locator(".gmf-stage img")).to_be_visible()


def test_a_part_of_a_picture_is_cited_by_dragging(sheet: FormsPage, mine: Path) -> None:
    """In percent, so that it holds for the picture itself; the card shows the part again."""
    card, words = sheet.card(DEFECTS), sheet.words
    card.locator(".gmf-evidence").last.get_by_text(words["add_evidence"]).click()
    picker = sheet.page.locator(".gmf-dialog")
    picker.get_by_label(words["search_files"]).fill("sign")
    picker.locator(".gmf-files button").click()
    expect(picker.get_by_text(words["part_hint"])).to_be_visible()
    box = picker.locator(".gmf-stage img").bounding_box()
    assert box
    mouse = sheet.page.mouse
    mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.25)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5, steps=3)
    mouse.up()
    picker.get_by_text(words["use_file"]).click()
    sheet.settled()
    sheet.page.keyboard.press("Escape")
    reference = recorded(mine, DEFECTS)["evidence"][-1]
    path, _hash, part = reference.partition("#xywh=percent:")
    assert "03 SIGNS/SIGN.JPG" == path
    assert [25, 25, 50, 25] == [round(float(number)) for number in part.split(",")]
    card.locator(".gmf-ref", has_text=words["part"]).click()
    expect(card.locator(".gmf-part")).to_be_visible()


def test_the_keyboard_goes_from_card_to_card(sheet: FormsPage) -> None:
    """Alt and an arrow, Enter to open, Tab into the first control."""
    sheet.page.locator('[data-card="indicator/1"] h4 button').focus()
    sheet.page.keyboard.press("Alt+ArrowDown")
    expect(sheet.page.locator('[data-card="indicator/2"] h4 button')).to_be_focused()
    sheet.page.keyboard.press("Enter")
    expect(sheet.page.locator('[data-card="indicator/2"] .gmf-body')).to_be_visible()
    sheet.page.keyboard.press("Alt+ArrowUp")
    expect(sheet.page.locator('[data-card="indicator/1"] h4 button')).to_be_focused()


def test_nothing_moves_under_the_mouse(sheet: FormsPage) -> None:
    """A choice, its being taken back, and the focus elsewhere leave every choice where it is."""
    sheet.page.set_viewport_size({"width": 1000, "height": 1000})  # where texts wrap
    card = sheet.card(CLAUSES)
    rows = card.locator(".gmf-rows .gmf-choice")
    rows.first.get_by_label(sheet.words["met"], exact=True).check()
    sheet.settled()
    places = "(rows) => rows.map((row) => { const { x, y } = row.getBoundingClientRect(); return [x, y]; })"
    before = card.locator(".gmf-rows .gmf-option").evaluate_all(places)
    rows.nth(1).get_by_label(sheet.words["na_short"], exact=True).dblclick()
    sheet.settled()
    rows.first.get_by_role("button", name=sheet.words["reset"], exact=True).click()
    sheet.settled()
    assert before == card.locator(".gmf-rows .gmf-option").evaluate_all(places)


def test_what_is_to_be_ruled_on_comes_first_and_whom_one_writes_for_is_said(sheet: FormsPage, mine: Path) -> None:
    """The others' records and the way to a ruling stand above the controls; the panel's are marked as such."""
    judge(mine, met=False)
    expect(sheet.page.locator(f'[data-card="{DISPUTED}"] h4')).to_contain_text(sheet.words["disagreed"])
    card = sheet.card(DISPUTED)
    expect(card.locator(".gmf-others + .gmf-block .gmf-rule")).to_be_visible()
    expect(card.locator(".gmf-writing")).to_have_count(0)
    card.get_by_role("button", name=sheet.words["take_finding"], exact=True).click()
    expect(card.locator(".gmf-writing")).to_contain_text(sheet.words["panel"])
    expect(card.locator(".gmf-others .gmf-notice")).to_contain_text("EXPERT E2")
    found = Axe().run(sheet.page)
    assert 0 == found.violations_count, found.generate_report()


def test_the_list_of_what_is_open_follows_while_it_is_read(sheet: FormsPage, mine: Path) -> None:
    """What others settle meanwhile leaves it."""
    judge(mine, met=False)
    expect(sheet.page.locator(f'[data-card="{DISPUTED}"] h4')).to_contain_text(sheet.words["disagreed"])
    sheet.page.get_by_role("button", name=sheet.words["sign_off"], exact=True).click()
    points = sheet.page.locator(".gmf-open-points > li")
    expect(points).to_have_count(2)
    judge(mine, met=True)
    expect(points).to_have_count(1)


def test_a_visit_is_written_down_once(sheet: FormsPage, mine: Path) -> None:
    """Who, when and where of the last one are taken over by a click; what was seen is each card's own."""
    last = sheet.card(DEFECTS)
    last.locator("summary", has_text=sheet.words["visit"]).click()
    last.get_by_label(sheet.words["visit_place"], exact=True).fill("二号平硐")
    sheet.settled()
    card = sheet.card("prerequisite/P1")
    card.locator("summary", has_text=sheet.words["visit"]).click()
    card.get_by_role("button", name=sheet.words["visit_again"], exact=True).click()
    sheet.settled()
    assert {"by": ["E1", "E2"], "on": "2026-06-11", "place": "二号平硐"} == recorded(mine, "prerequisite/P1")[
        "site_visit"
    ]
    expect(card.get_by_role("button", name=sheet.words["visit_again"], exact=True)).to_be_hidden()


def test_filters_leave_what_is_asked_for(sheet: FormsPage) -> None:
    """Those hidden are counted, not forgotten."""
    everything = sheet.page.locator(".gmf-card:visible").count()
    sheet.page.get_by_label(sheet.words["filter"]).select_option("mandatory")
    fewer = sheet.page.locator(".gmf-card:visible").count()
    assert len(sheet.desk.heading()["lists"]["mandatory"]) == fewer < everything
    sheet.page.get_by_label(sheet.words["filter"]).select_option("")
    assert everything == sheet.page.locator(".gmf-card:visible").count()


def test_another_expert_sees_reads_and_confirms(mine: Path, browser: Browser) -> None:
    """E2 sees what E1 recorded beside the own controls, and gives the second word on what does not apply."""
    desk = desk_of(mine, "E2")
    page = FormsPage(browser, desk)
    expect(page.card(DEFECTS).locator(".gmf-other")).to_contain_text("CHECKED 4")
    page.context.close()
    desk.close()


def test_without_a_seat_nothing_can_be_typed(mine: Path, browser: Browser) -> None:
    """Taking one in the header opens the controls."""
    desk = desk_of(mine, "")
    page = FormsPage(browser, desk)
    field = page.card(DEFECTS).get_by_label(page.words["justification"])
    expect(field).to_be_disabled()
    page.page.locator(".gmf-header").get_by_text(page.words["sit_down"]).click()
    page.page.locator(".gmf-seats button").first.click()
    expect(field).to_be_enabled()
    page.context.close()
    desk.close()


def test_hostile_text_is_only_text(tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, facts, files: nothing that a mine or an expert wrote becomes an element."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    desk = desk_of(make_mine(tmp_path, hostile=True))
    page = FormsPage(browser, desk)
    for button in page.page.locator(".gmf-group .gmf-small").all():
        button.click()
    page.page.locator(".gmf-evidence .gmf-small").last.click()
    expect(page.page.locator(".gmf-files li").first).to_be_visible()
    assert page.page.evaluate("window.pwned") is None
    assert 0 == page.page.locator(".gmf script, .gmf iframe, .gmf svg, .gmf img[src^=x]").count()
    assert [] == page.problems
    page.context.close()
    desk.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 420])
def test_axe_finds_nothing(mine: Path, browser: Browser, scheme: Any, width: int) -> None:
    """With every card open, in both themes, wide and narrow, and in the dialogs; nothing sticks out sideways."""
    desk = desk_of(mine)
    page = FormsPage(browser, desk, color_scheme=scheme, reduced_motion="reduce")
    page.page.set_viewport_size({"width": width, "height": 1000})
    for button in page.page.locator(".gmf-group .gmf-small").all():
        button.click()
    page.page.evaluate("document.querySelectorAll('.gmf-fold').forEach((fold) => (fold.open = true))")
    found = Axe().run(page.page)
    assert 0 == found.violations_count, found.generate_report()
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    for opener in (page.words["sign_off"], page.words["add_evidence"], page.words["history"]):
        page.page.get_by_text(opener, exact=True).first.click()
        expect(page.page.locator(".gmf-dialog-body")).to_be_visible()
        found = Axe().run(page.page, ".gmf-dialog")
        assert 0 == found.violations_count, found.generate_report()
        page.page.keyboard.press("Escape")
    page.context.close()
    desk.close()


def test_opening_everything_costs_little(mine: Path) -> None:
    """Scripts, style, words, texts and states together: what has to cross the wire."""
    desk = desk_of(mine)
    parts = [forms.script(), forms.style(), labels(), [desk.page(group) for group in desk.groups]]
    parts.append(forms.answer(desk, {"id": 1, "op": "state"})[0])
    desk.close()
    assert 300_000 > len(json.dumps(parts, ensure_ascii=False).encode())


def test_the_seat_that_was_named_is_taken(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At first that of `greenmine lab --as`; running the cell again, whoever sat there last."""
    monkeypatch.setenv(forms.SEAT, "E2")
    options: dict[str, Any] = {"catalog": "national@2024", "readings": None, "lang": "zh"}
    first = forms.open_library(mine, "", **options, workspace=Workspace(shared_dir()))
    assert "E2" == first.desk.heading()["me"]["id"]
    assert first.desk.answer({"op": "sit", "who": "E1"})[0]["ok"]
    again = forms.open_library(mine, "", **options, workspace=Workspace(shared_dir()))
    assert "E1" == again.desk.heading()["me"]["id"]
    again.close()


def test_the_record_of_the_mine_stays_where_it_is(mine: Path) -> None:
    """Forms write to journals and to nothing else."""
    desk = desk_of(mine)
    before = {path for path in mine.rglob("*") if path.is_file()}
    desk.answer({"id": 1, "op": "ping"})
    desk.close()
    assert before == {path for path in mine.rglob("*") if path.is_file()}
    assert MINE == mine.name
