"""A panel's meeting, from an empty folder to a sealed record, in JupyterLab and Chromium.

A chair with a key and two experts sit each at a workbook of their own on one shared folder; a scribe takes one of the
seats for an entry. A card of every kind of control, the evidence, the visits, the disagreement, what does not apply and
the sign-offs are typed and clicked as people do it. The cards that would only repeat this are recorded over the same
line by the same seats, without the controls, for time's sake. What is sealed is compared with what was typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cases import full_facts, national, rule_of
from keys import allow, make_key
from labs import LIMIT, chromium_of, lay_out, running, workspace_of
from mine_folders import make_pdf
from mines import photo
from playwright.sync_api import expect, sync_playwright
from seats import Seat

from greenmine.archive.signers import FINDING
from greenmine.batch.signing import VARIABLE
from greenmine.cli.main import main

pytestmark = pytest.mark.browser

Document = dict[str, Any]

MINE, ASSESSMENT = "GM-0101", "2026-panel"
CHAIR, SECOND, THIRD, SCRIBE = "演示专家甲", "演示专家乙", "演示专家丙", "演示记录人"
NEW = (
    *("--name", "演示煤业一号矿井", "--industry", "coal", "--extraction", "underground", "--yes"),
    *("--assessment", ASSESSMENT, "--kind", "third_party", "--date", "2026-06-30", "--anchor-date", "2026-03-01"),
    *("--member", f"E1={CHAIR}:chair:地质,采矿", "--member", f"E2={SECOND}:expert:选矿,生态"),
    *("--member", f"E3={THIRD}:expert:环境", "--member", f"E4={SCRIBE}:scribe"),
)
PAPER, SIGN = "证照/采矿许可证.pdf", "02 设施/缺牌.jpg"
VISIT = {"by": ["E1", "E2"], "on": "2026-06-17", "place": "工业广场", "seen": "设施完好，x 处待修"}
CITED = f"{PAPER}#page=2"
RECORD = {"justification": "查阅资料，现场核对", "evidence": [CITED], "site_visit": VISIT}

TYPED: dict[str, Document] = {
    "1": {"living_area_unclear": False, "production_area_unclear": True},
    "2": {
        "defects": [
            {"text": "限速牌缺失", "where": "3 号路口", "clause": "1", "evidence": [SIGN]},
            {"text": "墙面剥落", "where": "食堂", "clause": "2"},
        ]
    },
    "10": {"met": True, "measured": {"value": "86.2", "required": "85", "source": "年度储量报告"}},
    "17": {"reuse": True, "topsoil": False, "absent": {"tailings": "本矿没有尾矿库"}},
    "20": {"treatment": True, "reuse": False, "municipal": False},
    "31": {"met": True, "clauses": {"1": "met", "2": "met", "3": "not_applicable", "4": "met"}},
    "32": {"listed": True, "met": True, "clauses": {"1": "met", "2": "met", "3": "met"}},
    "36": {"clean_transport_share": 0.725},
    "44": {"patents": 3, "catalogue_entries": 1, "high_tech_certificate": False},
}
"""Facts that are typed, one indicator for each kind of control; the rest are at full marks."""

NA, DISPUTED, SCRIBED = "18", "40", "45"
CLAIM = {"reason": "矸石检测无可提取的有价元素", "citation": "检测报告第 4 页"}
WHO = {"E1": ("1", "2", "40"), "E2": ("3", "4"), "E3": ("5", "6")}
"""Which categories each expert assesses."""


def left_over() -> dict[str, dict[str, Document]]:
    """Return, by person and card, what is recorded without the controls: everything that is nowhere typed."""
    catalog = national()
    block = next(block["id"] for block in catalog["blocks"] if "coal" in block["industries"])
    mine = {"industry": "coal", "primary_extraction": "underground"}
    found: dict[str, dict[str, Document]] = {"E1": {}, "E2": {}, "E3": {}}
    for prerequisite in catalog["prerequisites"][1:]:
        found["E1"][f"prerequisite/{prerequisite['id']}"] = {"met": True, **RECORD}
    for item in catalog["indicators"]:
        if item.get("block", block) == block and item["id"] not in {*TYPED, NA, DISPUTED, SCRIBED}:
            person = next((who for who, groups in WHO.items() if item["category"] in groups))
            found[person][f"indicator/{item['id']}"] = {"facts": full_facts(rule_of(item, mine)), **RECORD}
    return found


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace that is the working directory, with nothing in it."""
    root = workspace_of(tmp_path / "workspace")
    monkeypatch.chdir(root)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return root


def begin(root: Path) -> Path:
    """Start the mine's folder and put two files into it; return it."""
    assert 0 == main(["new", MINE, *NEW])
    mine = root / "evidence" / MINE
    for name, data in ((PAPER, make_pdf("采矿许可证", "有效期至 2031 年")), (SIGN, photo(2))):
        (mine / name).parent.mkdir(exist_ok=True)
        (mine / name).write_bytes(data)
    return mine


@pytest.fixture
def seats(room: Path, tmp_path: Path, chromium: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Seat]]:
    """The chair's workbook, with a key, and those of two experts; each has run and stands empty."""
    begin(room)
    with ExitStack() as opened:
        with monkeypatch.context() as own:
            own.setenv(VARIABLE, str(make_key(tmp_path / "keys", "E1")))
            chairs = opened.enter_context(running(room))
        others = opened.enter_context(running(room))
        browser = chromium_of(opened.enter_context(sync_playwright()), chromium)
        opened.callback(browser.close)
        expect.set_options(timeout=LIMIT)
        found = []
        for number, lab in enumerate((chairs, others, others)):
            path = room / lay_out(room, room / "evidence" / MINE)
            path.rename(path.with_stem(f"seat-{number}"))
            found.append(Seat(browser, lab, f"notebooks/seat-{number}.ipynb"))
        for seat in found:
            seat.run()
        yield found


def typed(seat: Seat, author: str, names: list[str]) -> None:
    """Type facts and justification of indicators; evidence and visit of the first, too."""
    rules = {item["id"]: rule_of(item, {"primary_extraction": "underground"}) for item in national()["indicators"]}
    for name in names:
        card = seat.card(f"indicator/{name}")
        seat.facts(card, rules[name], TYPED.get(name, {"defects": []}))
        seat.say(card, RECORD["justification"])
        if name == names[0]:
            seat.cite(card.locator(".gmf-evidence").last, "采矿许可证.pdf", page=2)
            seat.visit(card, [CHAIR, SECOND], VISIT)
    seat.saved()
    rest = {"evidence": [CITED], "site_visit": VISIT}
    seat.record(author, [(f"indicator/{name}", rest) for name in names[1:]])


def assessed(chair: Seat, second: Seat, third: Seat) -> None:
    """Everybody assesses; the third's seat is the scribe's for one entry."""
    for seat, name in ((chair, CHAIR), (second, SECOND), (third, THIRD)):
        seat.sit(name)
    for seat, person in ((chair, "E1"), (second, "E2"), (third, "E3")):
        seat.record(person, list(left_over()[person].items()))
    gate = chair.card("prerequisite/P1")
    chair.choose(gate, chair.words["qualifies"], chair.words["qualified"])
    chair.say(gate, RECORD["justification"])
    typed(chair, "E1", ["1", "2", "10"])
    chair.record("E1", [("prerequisite/P1", {"evidence": [CITED], "site_visit": VISIT})])
    typed(second, "E2", ["17", "20"])
    typed(third, "E3", ["31", "32", "36", "44"])
    third.sit(SCRIBE)
    third.write_for(THIRD)
    typed(third, "E3", [SCRIBED])
    third.sit(THIRD)


def settled(chair: Seat, second: Seat, third: Seat) -> None:
    """Two differ on a mandatory indicator, and the chair records the ruling; what does not apply is confirmed."""
    card = chair.card(f"indicator/{DISPUTED}")
    chair.choose(card, chair.words["meets"], chair.words["met"])
    chair.record("E1", [(f"indicator/{DISPUTED}", RECORD)])
    other = third.card(f"indicator/{DISPUTED}")
    expect(other.locator(".gmf-other")).to_contain_text(CHAIR)  # by itself
    third.choose(other, third.words["meets"], third.words["unmet"])
    third.say(other, "东侧排矸场未复垦")
    claim = second.card(f"indicator/{NA}")
    claim.locator("summary", has_text=second.words["na"]).click()
    claim.get_by_label(second.words["na_citation"], exact=True).fill(CLAIM["citation"])
    claim.get_by_label(second.words["na_reason"], exact=True).fill(CLAIM["reason"])
    second.saved()
    second.record("E2", [(f"indicator/{NA}", RECORD)])

    expect(card.locator("h4")).to_contain_text(chair.words["disagreed"])
    expect(card.locator(".gmf-other")).to_contain_text("东侧排矸场未复垦")
    chair.header.get_by_role("button", name=chair.words["sign_off"], exact=True).click()
    expect(chair.dialog.locator(".gmf-open-points > li")).to_have_count(2)
    expect(chair.dialog.get_by_role("button", name=chair.words["sign_now"])).to_be_disabled()
    chair.dialog.get_by_role("button", name=chair.words["close"]).click()

    card.get_by_role("button", name=chair.words["take_finding"], exact=True).click()
    chair.choose(card, chair.words["meets"], chair.words["met"])
    chair.say(card, "合议：东侧为临时堆场，已列入当年复垦计划")
    chair.saved()
    confirmed = third.card(f"indicator/{NA}")
    confirmed.get_by_role("button", name=third.words["na_confirm"], exact=True).click()
    third.saved()


def signed(seats: list[Seat]) -> None:
    """Everybody signs off; then nothing can be typed."""
    for number, seat in enumerate(seats, 1):
        seat.header.get_by_role("button", name=seat.words["sign_off"], exact=True).click()
        expect(seat.dialog.locator("blockquote")).to_contain_text("承诺")
        seat.dialog.get_by_role("button", name=seat.words["sign_now"], exact=True).click()
        expect(seat.dialog.locator("li b.gmf-good")).to_have_count(number)
        seat.dialog.get_by_role("button", name=seat.words["close"]).click()
    chair = seats[0]
    chair.header.get_by_role("button", name=chair.words["signed_off"], exact=True).wait_for()
    expect(chair.card("indicator/1").get_by_label(chair.words["justification"], exact=True)).to_be_disabled()


def expected() -> Document:
    """Return the findings that follow from what was typed, without the sign-offs."""
    cards = {card: fields for lines in left_over().values() for card, fields in lines.items()}
    cards |= {f"indicator/{name}": {"facts": facts, **RECORD} for name, facts in TYPED.items()}
    cards[f"indicator/{SCRIBED}"] = {"facts": {"defects": []}, **RECORD}
    cards[f"indicator/{NA}"] = {"not_applicable": {**CLAIM, "by": "E2", "confirmed_by": "E3"}, **RECORD}
    cards["prerequisite/P1"] = {"met": True, **RECORD}
    cards[f"indicator/{DISPUTED}"] = {
        **RECORD,
        "facts": {"met": True},
        "justification": "合议：东侧为临时堆场，已列入当年复垦计划",
        "judgements": [
            {
                "by": "E1",
                "facts": {"met": True},
                "justification": RECORD["justification"],
                "evidence": RECORD["evidence"],
            },
            {"by": "E3", "facts": {"met": False}, "justification": "东侧排矸场未复垦"},
        ],
        "resolution": "finding",
    }
    mine = {"id": MINE, "name": NEW[1], "industry": "coal", "extraction": ["underground"]}
    head = {"id": ASSESSMENT, "date": "2026-06-30", "anchor_date": "2026-03-01", "kind": "third_party"}
    found: Document = {
        "schema": "greenmine.findings/1",
        "mine": {**mine, "primary_extraction": "underground"},
        "assessment": head,
        "prerequisites": {},
        "indicators": {},
    }
    for card, fields in cards.items():
        kind, _slash, name = card.partition("/")
        found[f"{kind}s"][name] = fields
    return found


def test_a_panel_works_from_an_empty_folder_to_a_sealed_record(
    room: Path, tmp_path: Path, seats: list[Seat], capsys: pytest.CaptureFixture[str]
) -> None:
    """The sealed findings are what was typed, dissent and confirmation included, and the record verifies."""
    assessed(*seats)
    settled(*seats)
    signed(seats)
    for seat in seats:
        seat.context.close()

    journal = room / "evidence" / MINE / "assessments" / ASSESSMENT / "journal" / "E4.jsonl"
    scribes = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    assert {f"indicator/{SCRIBED}"} == {line["card"] for line in scribes if line["author"] == "E3"}

    capsys.readouterr()
    assert 0 == main(["assess", MINE, "--json"])
    bag = room / "reports" / json.loads(capsys.readouterr().out)["sealed"]
    found = json.loads((bag / "data" / "findings.json").read_text("utf-8"))
    signatures = found["assessment"].pop("sign_off")
    assert expected() == found
    assert [("E1", True), ("E2", False), ("E3", False)] == [(one["by"], "signature" in one) for one in signatures]
    assert all("chosen" == one["identity"]["source"] for one in signatures)

    trust = tmp_path / "trust"
    allow(trust / "allowed_signers", f"E1@{ASSESSMENT}@{MINE}", tmp_path / "keys" / "E1", [FINDING])
    assert 0 == main(["verify", "--trust", str(trust)])
