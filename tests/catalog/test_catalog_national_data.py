"""The shipped national catalog against the official text: every word, every point, every fact key.

The tests read the YAML with a plain loader and know the layout of the official text only by the small tables below,
so they do not depend on the code that loads catalogs.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = ROOT / "docs" / "sources" / "national-indicators-2024-annex3.txt"
CATALOG: Final[dict[str, Any]] = yaml.safe_load(
    (ROOT / "parameters" / "catalogs" / "national-2024.yaml").read_text(encoding="utf-8")
)
READINGS: Final[dict[str, Any]] = yaml.safe_load(
    (ROOT / "parameters" / "readings" / "national.yaml").read_text(encoding="utf-8")
)
SECTIONS: Final = [(category, section) for category in CATALOG["categories"] for section in category["sections"]]
INDICATORS: Final = {item["id"]: item for _category, section in SECTIONS for item in section["indicators"]}
BLOCK: Final = {item["id"]: section.get("block") for _category, section in SECTIONS for item in section["indicators"]}
NUMERALS: Final = "一二三四五六"

PAGE_HEADER: Final = "一级指标 二级指标 三级指标 标准分 评分说明 考核方法 依据或标准 指标属性 检查记录 得分"

# Where a cell runs over the end of a page, its end stands after the next page's header. (line after which the end
# belongs, its first line, its last line); lines of the source count from 1.
MOVED: Final = (
    (529, 550, 554),  # 19, 评分说明
    (545, 556, 556),  # 19, 依据或标准
    (831, 836, 836),  # 28, 依据或标准
    (947, 962, 964),  # 32, 评分说明
    (957, 966, 972),  # 32, 依据或标准
    (1060, 1085, 1085),  # 35, 评分说明: the part of the line up to the full stop
    (1080, 1086, 1087),  # 35, 依据或标准: the rest of that line, and the next
)
SHARED_LINE: Final = 1085

POINTS: Final = {
    "1": ["2", "2", "1", "2", "2", "2", "1"],
    "2": ["5", "8", "2", "5"],
    "3": ["3", "2", "2", "2", "1", "2", "1", "3", "2", "5", "5", "4", "4"],
    "4": ["2", "1", "2", "2", "1", "1", "2", "1", "2", "2", "2", "1", "1"],
    "5": ["5", "2", "5", "3", "3"],
    "6": ["1", "2", "2", "2", "1", "2", "2"],
}
MANDATORY: Final = [*map(str, (8, 10, 12, 13, 15, 27, *range(29, 36), *range(37, 42), 48, 49))]
NOT_APPLICABLE: Final = ["8", *map(str, range(12, 25)), "26", "29", "30", "32", "36", *map(str, range(42, 47))]
NOTHING_ELSE: Final = {"met", "clauses", "measured"}
FACTS: Final[dict[str, set[str]]] = {
    "1": {"living_area_unclear", "production_area_unclear"},
    **{number: {"defects"} for number in ("2", "3", "4", "5", "6", "7", "11", "45", "47")},
    "9 open_pit": {"drilling", "blasting", "loading", "dumping"},
    "9 underground": {"low_disturbance", "goaf_disposal", "other_advanced"},
    "9 wells": {"rig", "drilling_technique", "drilling_fluid", "waste_treatment"},
    "17": {"reuse", "topsoil", "tailings"},
    "19": {"treatment", "clean_process", "recycling"},
    "20": {"treatment", "reuse", "municipal"},
    "24": {"treatment", "reuse", "municipal"},
    "23": {"treatment", "recycling"},
    "26": {"annual_plan", "process_management", "certified"},
    "32": {"listed", *NOTHING_ELSE},
    "36": {"clean_transport_share"},
    "42": {"organisation", "supervision", "certified"},
    "43": {"team", "investment", "special_research"},
    "44": {"patents", "catalogue_entries", "high_tech_certificate"},
}

# Words of a 评分说明 that are no requirement: how points are given, marks that number the parts, words that join them.
SCORING: Final = re.compile(
    r"（兼备地下和露天开采的，以现阶段主要开采方式选择其一进行评分，分数不可累加）"
    r"|★[^：]+：|[①②③④]|获得 1 项|1 项得 1 分|符合要求得|不符合得|发现一[处项]不符合扣|得分不超过|最多得|的?得"
    r"|[0-9.]+ 分|并|且|能够将|等|[，。；、（）]"
)


def source_lines() -> list[str]:
    """Return the lines of the official text in reading order, without page headers and empty lines."""
    lines = dict(enumerate(SOURCE.read_text(encoding="utf-8").split("\n"), 1))
    head, full_stop, tail = lines[SHARED_LINE].partition("。")
    assert lines[SHARED_LINE + 1] == ""
    lines[SHARED_LINE], lines[SHARED_LINE + 1] = head + full_stop, tail
    moved = {line for _after, first, last in MOVED for line in range(first, last + 1)}
    ends = {after: range(first, last + 1) for after, first, last in MOVED}
    order: list[int] = []
    for line in lines:
        if line not in moved:
            order += [line, *ends.get(line, ())]
    texts = [lines[line].strip() for line in order]
    return [text for text in texts if text not in ("", PAGE_HEADER)]


def healed(lines: list[str]) -> str:
    """Return the lines as one: a break next to a Latin letter or digit becomes a space, any other break nothing."""
    text = ""
    for line in lines:
        word = r"[0-9A-Za-z]"
        near = f"{text[-1:]}{line[:1]}"
        apart = re.fullmatch(rf"{word}(?:{word}|[一-鿿])|[一-鿿]{word}", near)
        text += (" " if apart else "") + line
    return text


OFFICIAL: Final = healed(source_lines())


def squeezed(text: str) -> str:
    """Return the text without any whitespace."""
    return "".join(text.split())


def criteria_of(indicator: dict[str, Any]) -> dict[str, str]:
    """Return the 评分说明 by variant; the key is "" where there are none."""
    criteria = indicator["criteria"]
    return criteria if isinstance(criteria, dict) else {"": criteria}


def rules_of(indicator: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the rule trees by variant; the key is "" where one tree serves all."""
    return indicator["rules"] if "rules" in indicator else {"": indicator["rule"]}


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a rule node and all below it, in the order of the file."""
    yield node
    below = [*(node.get("of", ()) if node["kind"] in ("sum", "best") else ()), *filter(None, [node.get("otherwise")])]
    for child in below:
        yield from nodes(child)


def keys_of(rule: dict[str, Any]) -> set[str]:
    """Return the fact keys that a rule tree reads."""
    keys: set[str] = set()
    for node in nodes(rule):
        keys |= {"met": NOTHING_ELSE, "defects": {"defects"}}.get(node["kind"], set())
        keys |= {value for name in ("key", "unless") if (value := node.get(name))}
        keys |= {item["key"] for item in node["of"]} if node["kind"] == "deductions" else set()
    return keys


def most(node: dict[str, Any], full: Decimal) -> Decimal:
    """Return the most points a rule tree can give."""
    if node["kind"] in ("sum", "best"):
        parts = [most(child, full) for child in node["of"]]
        points = sum(parts, Decimal(0)) if node["kind"] == "sum" else max(parts)
        return min(points, Decimal(node.get("cap", points)))
    return Decimal(node.get("points", node.get("cap", full)))


def parts_of(rule: dict[str, Any]) -> list[tuple[str | None, str]]:
    """Return the texts of a rule tree's clauses and parts, each with its variant, in the order of the file."""
    texts: list[tuple[str | None, str]] = []
    for node in nodes(rule):
        texts += [(clause.get("variant"), clause["text"]) for clause in node.get("clauses", ())]
        texts += [(None, item["text"]) for item in node["of"]] if node["kind"] == "deductions" else []
        texts += [(None, node["text"])] if "text" in node and node["kind"] != "award" else []
    return texts + [(None, node["text"]) for node in nodes(rule) if node["kind"] == "award"]


def table() -> str:
    """Return the whole official text, put together again from the catalog alone, without whitespace."""
    p1, *others = [f"{item['name']}{item['text']}" for item in CATALOG["prerequisites"]]
    notes = {note["clause"]: note["text"] for note in CATALOG["notes"]}
    text = [f"附件3{CATALOG['title']}先决条件要求说明", p1, "合格□不合格□", notes["先决条件说明"], *others]
    for number, category in enumerate(CATALOG["categories"]):
        blocks = {block["id"]: block for block in CATALOG["blocks"]}
        counts = Counter(BLOCK[item["id"]] for section in category["sections"] for item in section["indicators"])
        sizes = [f"{count}项{'' if block else '，'}{category['points']}分" for block, count in counts.items()]
        brackets = "()" if category["id"] == "1" else "（）"  # the table prints the first one in ASCII
        text += [NUMERALS[number], "、", category["name"], brackets[0], "；".join(sizes), brackets[1]]
        for section in category["sections"]:
            block = blocks.pop(section.get("block", ""), None)
            text += [f"（{block['id']}）{block['name']}"] if block else []
            text += [section["id"].rpartition(".")[2], f"{section['name']}（{section['points']}分）"]
            for item in section["indicators"]:
                kind = {"mandatory": "约束性", "improvement": "提升性"}[item["kind"]]
                text += [item["id"], item["name"], item["points"], *criteria_of(item).values()]
                text += ["、".join(item["methods"]), item["basis"], kind]
    text += ["说明", notes["说明"]]
    for numeral, heading in (("一", "计分办法与达标说明"), ("二", "评分说明")):
        paragraphs = {clause: note for clause, note in notes.items() if clause.startswith(f"说明{numeral}")}
        text += [numeral, "、", heading, *(clause[3:] + note for clause, note in paragraphs.items())]
    return squeezed("".join(text))


def test_source_is_the_one_the_catalog_names() -> None:
    """The catalog's digest is that of the official text in docs/sources."""
    assert hashlib.sha256(SOURCE.read_bytes()).hexdigest() == CATALOG["source_sha256"]


def test_catalog_holds_the_whole_official_text() -> None:
    """Put together again, the catalog's texts are the official text, character by character, nothing left out."""
    assert squeezed("".join(source_lines())) == table()


@pytest.mark.parametrize("number", INDICATORS)
def test_line_breaks_of_an_indicator_are_healed(number: str) -> None:
    """Name, 评分说明 and 依据 stand in the healed official text with the very spaces they have in the catalog."""
    item = INDICATORS[number]
    for text in (item["name"], item["basis"], *criteria_of(item).values()):
        assert text in OFFICIAL


def test_line_breaks_of_prerequisites_and_notes_are_healed() -> None:
    """The texts outside the scoring table stand in the healed official text with the very spaces they have here."""
    texts = [text for item in CATALOG["prerequisites"] for text in (item["name"], item["text"])]
    texts += [note["text"] for note in CATALOG["notes"]]
    texts += [category["name"] for category in CATALOG["categories"]] + [block["name"] for block in CATALOG["blocks"]]
    texts += [section["name"] for _category, section in SECTIONS]
    assert [] == [text for text in texts if text not in OFFICIAL]


def test_five_prerequisites_in_order() -> None:
    """There are five prerequisites, P1 to P5."""
    assert [f"P{number}" for number in range(1, 6)] == [item["id"] for item in CATALOG["prerequisites"]]


def test_forty_nine_indicators_in_order() -> None:
    """There are 49 indicators, numbered 1 to 49 as in the table."""
    assert [str(number) for number in range(1, 50)] == list(INDICATORS)


def test_points_of_indicators() -> None:
    """Each indicator has the 标准分 of the table."""
    points = {
        category["id"]: [item["points"] for section in category["sections"] for item in section["indicators"]]
        for category in CATALOG["categories"]
    }
    assert points == POINTS


def test_categories_have_12_20_18_20_18_12_points() -> None:
    """The six categories have 12, 20, 18, 20, 18 and 12 points, 100 together."""
    assert [category["points"] for category in CATALOG["categories"]] == ["12", "20", "18", "20", "18", "12"]


def test_indicators_sum_to_their_section() -> None:
    """The points of a section are those of its indicators."""
    for _category, section in SECTIONS:
        assert Decimal(section["points"]) == sum(Decimal(item["points"]) for item in section["indicators"])


@pytest.mark.parametrize("block", ["1", "2"])
def test_sections_sum_to_their_category_in_each_block(block: str) -> None:
    """In either block the points of a category are those of its sections, and all together are 100."""
    total = Decimal(0)
    for category in CATALOG["categories"]:
        in_block = [section for section in category["sections"] if section.get("block", block) == block]
        assert Decimal(category["points"]) == sum(Decimal(section["points"]) for section in in_block)
        total += Decimal(category["points"])
    assert total == 100


def test_twenty_three_sections() -> None:
    """There are 23 sections; those of category three name their block and have ids of their own."""
    ids = [section["id"] for _category, section in SECTIONS]
    assert (len(ids), len(set(ids))) == (23, 23)
    assert all(
        section["id"].startswith(f"3.{section['block']}.") if category["id"] == "3" else "block" not in section
        for category, section in SECTIONS
    )


def test_twenty_indicators_are_mandatory() -> None:
    """Twenty indicators are 约束性, the others 提升性."""
    assert [number for number, item in INDICATORS.items() if item["kind"] == "mandatory"] == MANDATORY
    assert len(MANDATORY) == 20


@pytest.mark.parametrize(("block", "count", "mandatory", "points"), [("1", 45, 20, 47), ("2", 40, 17, 40)])
def test_indicators_of_a_block(block: str, count: int, mandatory: int, points: int) -> None:
    """Block 1 has 45 indicators with 20 mandatory ones of 47 points, block 2 has 40 with 17 of 40 points."""
    inside = [item for number, item in INDICATORS.items() if BLOCK[number] in (None, block)]
    must = [item for item in inside if item["kind"] == "mandatory"]
    assert (count, mandatory, points) == (len(inside), len(must), sum(int(item["points"]) for item in must))


def test_industries_and_extractions_are_the_agreed_ones() -> None:
    """Nine industries are in block 1, three in block 2; there are five ways of extraction."""
    assert [block["industries"] for block in CATALOG["blocks"]] == [
        ["nonmetal", "chemical", "gold", "metallurgy", "nonferrous", "oil_gas", "coal", "geothermal", "mineral_water"],
        ["aggregate", "cement_limestone", "dimension_stone"],
    ]
    assert CATALOG["extractions"] == ["open_pit", "underground", "oil_gas", "geothermal", "mineral_water"]


def test_methods_are_the_three_of_the_table() -> None:
    """Every 考核方法 is 查资料, 查现场 or 调查走访."""
    assert {method for item in INDICATORS.values() for method in item["methods"]} == {"查资料", "查现场", "调查走访"}


def test_not_applicable_is_permitted_for_these_only() -> None:
    """Not-applicable is permitted for 8, 12-24, 26, 29, 30, 32, 36 and 42-46, and there the needed proof is named."""
    permitted = [number for number, item in INDICATORS.items() if item["not_applicable"]["permitted"]]
    assert permitted == NOT_APPLICABLE
    assert permitted == [number for number, item in INDICATORS.items() if item["not_applicable"].get("proof")]


@pytest.mark.parametrize("number", INDICATORS)
def test_fact_keys(number: str) -> None:
    """The rule of an indicator reads the fact keys that are agreed for it, no others."""
    for variant, rule in rules_of(INDICATORS[number]).items():
        assert FACTS.get(f"{number} {variant}".strip(), NOTHING_ELSE) == keys_of(rule)


@pytest.mark.parametrize("number", INDICATORS)
def test_rule_reaches_the_points_exactly(number: str) -> None:
    """The best facts give an indicator its 标准分, no more and no less."""
    item = INDICATORS[number]
    for rule in rules_of(item).values():
        assert Decimal(item["points"]) == most(rule, Decimal(item["points"]))


@pytest.mark.parametrize(
    ("number", "step"),
    [
        ("2", "0.5"),
        ("3", "0.2"),
        ("4", "0.5"),
        ("5", "0.5"),
        ("6", "0.5"),
        ("7", "0.5"),
        ("11", "1"),
        ("45", "0.5"),
        ("47", "0.2"),
    ],
)
def test_step_is_the_one_printed(number: str, step: str) -> None:
    """What one place or item found wanting costs is what every text of the indicator prints."""
    assert INDICATORS[number]["rule"]["step"] == step
    for criteria in criteria_of(INDICATORS[number]).values():
        assert re.findall(r"发现一[处项]不符合扣 ([0-9.]+) 分。", criteria) == [step]


@pytest.mark.parametrize("number", INDICATORS)
def test_full_marks_are_printed(number: str) -> None:
    """Where the text says how many points a conforming mine gets, these are the indicator's points."""
    for criteria in criteria_of(INDICATORS[number]).values():
        assert set(re.findall(r"(?<!不)符合要求得 ([0-9.]+) 分", criteria)) <= {INDICATORS[number]["points"]}


@pytest.mark.parametrize("number", INDICATORS)
def test_points_of_parts_are_printed(number: str) -> None:
    """The points of a part are printed right behind its words, or within them where a condition follows."""
    item = INDICATORS[number]
    for variant, rule in rules_of(item).items():
        criteria = criteria_of(item)[variant] if variant else "".join(criteria_of(item).values())
        for node in nodes(rule):
            if node["kind"] == "flag":
                printed = re.search(r"得 ([0-9.]+) 分", node["text"])
                printed = printed or re.search(rf"{re.escape(node['text'])}(?:，|的)?得 ([0-9.]+) 分", criteria)
                assert printed
                assert printed.group(1) == node["points"]


def test_shares_and_counts_are_as_printed() -> None:
    """36 gives its point from 70 % upwards; in 44 a patent gives 0.5, an entry 1, each up to 2."""
    (share,) = nodes(INDICATORS["36"]["rule"])
    assert (share["kind"], share["at_least"], share["points"]) == ("share", "0.7", "1")
    assert [(node["kind"], node.get("unit"), node.get("cap")) for node in nodes(INDICATORS["44"]["rule"])] == [
        ("sum", None, "2"),
        ("count", "0.5", "2"),
        ("count", "1", "2"),
        ("flag", None, None),
    ]


def test_deductions_are_as_printed() -> None:
    """In 1 each of the two deductions takes off what is printed behind its words."""
    (rule,) = nodes(INDICATORS["1"]["rule"])
    printed = [f"{item['text']}扣 {item['points']} 分" for item in rule["of"]]
    assert INDICATORS["1"]["criteria"].endswith(f"，{'，'.join(printed)}。")


def test_kinds_of_rules_are_known() -> None:
    """Every node of a rule tree is of one of the nine kinds, and how often each occurs."""
    rules = [rule for item in INDICATORS.values() for rule in rules_of(item).values()]
    assert Counter(node["kind"] for rule in rules for node in nodes(rule)) == {
        "met": 28,
        "flag": 35,
        "count": 2,
        "share": 1,
        "defects": 9,
        "deductions": 1,
        "sum": 12,
        "best": 2,
        "award": 1,
    }


def test_variants_name_their_choosers() -> None:
    """The texts by variant of 8, 9, 11, 21 and 22 are chosen by extraction, primary extraction and industry."""
    wells = ["oil_gas", "geothermal", "mineral_water"]
    products = {"aggregate_dimension_stone": ["aggregate", "dimension_stone"], "cement_limestone": ["cement_limestone"]}
    pits = {"open_pit": ["open_pit"], "underground": ["underground"]}
    assert {number: item["variants"] for number, item in INDICATORS.items() if "variants" in item} == {
        "8": {"by": "extraction", "of": pits, "none": "无对应评分说明"},
        "9": {"by": "primary_extraction", "of": {**pits, "wells": wells}},
        "11": {
            "by": "extraction",
            "of": {**pits, "oil_gas": ["oil_gas"], "geothermal_mineral_water": ["geothermal", "mineral_water"]},
        },
        "21": {"by": "industry", "of": products},
        "22": {"by": "industry", "of": products},
    }
    for item in INDICATORS.values():
        assert list(criteria_of(item)) == list(item.get("variants", {"of": {"": []}})["of"])


def test_shared_sentence_closes_the_last_variant() -> None:
    """Indicator 8 prints its scoring sentence once, behind the last text; it is kept for both."""
    shared = INDICATORS["8"]["criteria_shared"]
    assert shared == "符合要求得 5 分，不符合得 0 分。"
    assert [text.endswith(shared) for text in INDICATORS["8"]["criteria"].values()] == [False, True]
    assert [number for number, item in INDICATORS.items() if "criteria_shared" in item] == ["8"]


@pytest.mark.parametrize("number", INDICATORS)
def test_clauses_and_parts_are_words_of_the_criteria(number: str) -> None:
    """Each clause or part is a contiguous piece of the 评分说明, and they follow each other without overlap."""
    item = INDICATORS[number]
    for variant, criteria in criteria_of(item).items():
        rule = rules_of(item).get(variant) or rules_of(item)[""]
        at = 0
        for only, text in parts_of(rule):
            if only in (None, variant):
                found = criteria.find(text, at)
                assert found >= 0, text
                at = found + len(text)


@pytest.mark.parametrize("number", [number for number in INDICATORS if number != "1"])
def test_clauses_and_parts_cover_the_criteria(number: str) -> None:
    """Beside clauses and parts, only the scoring sentence and joining words are left of the 评分说明."""
    item = INDICATORS[number]
    for variant, criteria in criteria_of(item).items():
        rule = rules_of(item).get(variant) or rules_of(item)[""]
        texts = [text for only, text in parts_of(rule) if only in (None, variant)]
        left = criteria
        for text in texts:
            left = left.replace(text, "|", 1)
        left = SCORING.sub("", left).replace("|", "").strip()
        assert left == "" if texts else left, left


def test_mandatory_texts_are_broken_into_clauses() -> None:
    """Every mandatory text has clauses, save the three that hold a single requirement."""
    whole = [number for number in MANDATORY if not parts_of(INDICATORS[number]["rule"])]
    assert whole == ["10", "13", "15"]


def test_clause_ids_count_up_within_an_indicator() -> None:
    """The clauses of an indicator are numbered from 1, over all its variants."""
    for item in INDICATORS.values():
        ids = [c["id"] for rule in rules_of(item).values() for node in nodes(rule) for c in node.get("clauses", ())]
        assert ids == [str(number) for number in range(1, len(ids) + 1)]


def test_each_variant_has_its_clauses() -> None:
    """Where clauses belong to variants, every variant of the indicator has some, and no other is named."""
    for number in ("8", "11", "21", "22"):
        item = INDICATORS[number]
        assert set(item["variants"]["of"]) == {only for only, _text in parts_of(item["rule"])}


@pytest.mark.parametrize(("number", "count"), [("47", 6), ("45", 6), ("35", 11), ("38", 5)])
def test_number_of_clauses(number: str, count: int) -> None:
    """47 has its six requirements; 45 the platform, its four systems and the screen; 35 eleven; 38 five."""
    assert count == len(parts_of(INDICATORS[number]["rule"]))


def test_three_rates_are_minima_and_energy_emissions_and_noise_are_maxima() -> None:
    """A measured rate must reach what is required; energy use, emissions and noise must not exceed their limits."""
    measures = {
        number: node["measure"]
        for number, item in INDICATORS.items()
        for rule in rules_of(item).values()
        for node in nodes(rule)
        if "measure" in node
    }
    rates, limits = ("10", "13", "15"), ("27", "34", "35", "37")
    assert measures == {**dict.fromkeys(rates, "at_least"), **dict.fromkeys(limits, "at_most")}


def test_parts_that_may_be_absent() -> None:
    """Only the tailings pond of 17 and the two processes of 19 may not exist at a mine."""
    absent = {
        (number, node["key"])
        for number, item in INDICATORS.items()
        for rule in rules_of(item).values()
        for node in nodes(rule)
        if node.get("may_be_absent")
    }
    assert absent == {("17", "tailings"), ("19", "clean_process"), ("19", "recycling")}


def test_a_cited_old_title_is_kept_and_the_current_edition_is_noted() -> None:
    """33 keeps the title of GB 18599 it is printed with, and a note quotes the title that 17 and 31 print."""
    title = "《一般工业固体废物贮存和填埋污染控制标准》"
    assert [number for number, item in INDICATORS.items() if "current_edition" in item] == ["33"]
    assert title in INDICATORS["33"]["current_edition"]
    assert "《一般工业固体废物贮存、处置场污染控制标准》(GB 18599)" in INDICATORS["33"]["basis"]
    assert [number for number, item in INDICATORS.items() if title in item["basis"]] == ["17", "31"]


def test_line_and_rule_for_not_applicable_are_quoted() -> None:
    """The line is the one of 说明一（四）, and the rule for not-applicable indicators is 说明一（三）."""
    notes = {note["clause"]: note["text"] for note in CATALOG["notes"]}
    assert f"总得分原则上不低于 {CATALOG['line']} 分" in notes[CATALOG["line_source"]]
    assert notes["说明一（三）"] == CATALOG["not_applicable_rule"]


def test_readings_and_their_choices() -> None:
    """The three readings have their defaults and choices, each with a text in both languages."""
    readings = READINGS["readings"]
    assert CATALOG["readings"] == READINGS["id"]
    assert {name: (entry["default"], list(entry["choices"])) for name, entry in readings.items()} == {
        "na_fold": ("category", ["category", "total", "full", "zero"]),
        "expert_split": ("unanimous", ["unanimous", "majority"]),
        "component_na": ("strict", ["strict", "fold", "award"]),
    }
    assert all(
        {"text", "text_en"} == set(choice) for entry in readings.values() for choice in entry["choices"].values()
    )


def test_readings_quote_the_official_text() -> None:
    """Each reading quotes the words it reads, and names the clause where they stand."""
    places = {note["clause"]: note["text"] for note in CATALOG["notes"]}
    places |= {f"第 {number} 项评分说明": "".join(criteria_of(item).values()) for number, item in INDICATORS.items()}
    for entry in READINGS["readings"].values():
        assert entry["quote"] in places[entry["clause"]]


def test_own_words_keep_to_what_the_table_is_about() -> None:
    """Hints are short, and cite no document that the official text does not name itself."""
    for item in INDICATORS.values():
        words = " ".join(filter(None, (item.get("guidance"), item["not_applicable"].get("proof"))))
        assert len(item.get("guidance", "")) <= 150
        assert all(title in OFFICIAL for title in re.findall(r"《[^》]+》|(?:GB|HJ|DZ|TD)[/T]* ?[0-9]+", words))
