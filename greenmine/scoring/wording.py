"""What the trace, the reasons and the warnings say, in Chinese and in English.

The table lives here, not in the message catalogues, because it travels with the scorer into every archived record
and because a score holds both languages at once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

Line = tuple[str, tuple[tuple[str, Any], ...]]

_WORDS: dict[str, tuple[str, str]] = {
    # where points come from
    "met": ("符合要求，得 {points} 分", "met: {points} points"),
    "unmet": ("不符合要求，得 {points} 分", "not met: {points} points"),
    "clause_unmet": ("不符合：{clause}", "not met: {clause}"),
    "measured_at_least": ("实测 {value}，不低于要求 {required}", "measured {value}, at least the required {required}"),
    "measured_not_at_least": ("实测 {value}，低于要求 {required}", "measured {value}, below the required {required}"),
    "measured_at_most": ("实测 {value}，不高于限值 {required}", "measured {value}, at most the limit {required}"),
    "measured_not_at_most": ("实测 {value}，高于限值 {required}", "measured {value}, above the limit {required}"),
    "part_met": ("{part}：符合，得 {points} 分", "{part}: met, {points} points"),
    "part_unmet": ("{part}：不符合，得 {points} 分", "{part}: not met, {points} points"),
    "part_absent_strict": (
        "{part}：该设施不存在，本部分得 {points} 分（原文未规定直接得分）",
        "{part}: does not exist at this mine, {points} points (the text gives no direct award)",
    ),
    "part_absent_fold": (
        "{part}：该设施不存在，按其余部分折合",
        "{part}: does not exist at this mine, folded over the other parts",
    ),
    "part_absent_award": (
        "{part}：该设施不存在，直接得 {points} 分",
        "{part}: does not exist at this mine, awarded {points} points",
    ),
    "parts_folded": ("按存在的部分折合为 {points} 分", "folded over the parts that exist: {points} points"),
    "count": (
        "{part}：{count} 项，每项 {unit} 分，最多 {cap} 分，得 {points} 分",
        "{part}: {count} at {unit} each, at most {cap}: {points} points",
    ),
    "share_reached": (
        "占比 {share}%，达到 {at_least}%，得 {points} 分",
        "share {share} % reaches {at_least} %: {points} points",
    ),
    "share_missed": (
        "占比 {share}%，未达到 {at_least}%，得 {points} 分",
        "share {share} % is below {at_least} %: {points} points",
    ),
    "no_defects": ("未发现不符合，得满分 {points} 分", "no defect found: full marks, {points} points"),
    "defects": (
        "发现 {count} 处（项）不符合，每处扣 {step} 分，{full} 分共扣 {lost} 分，得 {points} 分",
        "{count} found wanting at {step} each: {lost} off {full}, {points} points",
    ),
    "deduction": ("{part}：扣 {points} 分", "{part}: {points} off"),
    "after_deductions": ("满分 {full} 分，扣后得 {points} 分", "full marks {full}, {points} points after deductions"),
    "capped": ("合计超过上限，按 {points} 分计", "capped at {points} points"),
    "branch": (
        "各情形不累加，取第 {number} 种情形，{points} 分",
        "branches do not add up: branch {number}, {points} points",
    ),
    "award": ("{part}：直接得 {points} 分", "{part}: awarded {points} points"),
    # experts
    "expert": ("专家 {by}：{points} 分", "expert {by}: {points} points"),
    "experts_mean": (
        "{count} 位专家取平均值：{exact} = {points} 分",
        "mean of {count} experts: {exact} = {points} points",
    ),
    "experts_agree": (
        "约束性指标，{full}/{count} 位专家判定满分，按口径“{choice}”视为满分，得 {points} 分",
        "mandatory: {full} of {count} experts found it full; full under the reading {choice}, {points} points",
    ),
    "experts_split": (
        "约束性指标不取平均：{full}/{count} 位专家判定满分，按口径“{choice}”不视为满分，得 0 分（分歧待复议）",
        "mandatory, no mean: {full} of {count} experts found it full; not full under {choice}, 0 points (dissent open)",
    ),
    "panel_finding": (
        "专家组合议认定，另有 {count} 位专家单独意见在案",
        "the panel's finding; {count} separate opinions on record",
    ),
    # status
    "no_evidence": (
        "缺少支撑材料或证明材料，不得分（说明二（二））",
        "no supporting evidence: no points (notes, 2(2))",
    ),
    "na_catalog": ("不涉及：{reason}", "not applicable: {reason}"),
    "na": ("不涉及：{reason}（复核：{by}）", "not applicable: {reason} (confirmed by {by})"),
    "na_citation": ("依据：{citation}", "citation: {citation}"),
    "na_unproven": (
        "不涉及的判定缺少{what}，按待评处理",
        "not applicable lacks its {what}: counted as not assessed",
    ),
    "not_recorded": ("尚未评价", "not assessed"),
    "facts_missing": ("事实未记录完整：{keys}", "facts not recorded: {keys}"),
    "not_carried": ("换版后须重新认定：{how}", "to be looked at anew under this version: {how}"),
    "carried_new": ("本版新增", "new in this version"),
    "carried_subset": ("只要求原第 {cards} 项的一部分", "asks for part of {cards}"),
    "carried_superset": ("要求多于原第 {cards} 项", "asks for more than {cards}"),
    "carried_intersects": ("与原第 {cards} 项部分重合", "overlaps with {cards}"),
    "carried_shared": ("与原第 {cards} 项不再一一对应", "{cards} no longer answers one indicator alone"),
    "carried_undecided": ("与原第 {cards} 项的关系尚未认定", "nobody has decided yet how it relates to {cards}"),
    "carried_unfit": ("原第 {cards} 项的记录不符合本版要求", "what was recorded on {cards} does not fit this version"),
    "not_in_block": ("属于另一行业类别，本矿无此项", "belongs to the other block of industries"),
    # reasons of the verdict
    "prerequisite_failed": ("先决条件 {id}“{name}”不合格", "prerequisite {id} “{name}” is not met"),
    "prerequisite_not_assessed": ("先决条件 {id}“{name}”尚未评价", "prerequisite {id} “{name}” is not assessed"),
    "not_assessed": ("第 {id} 项“{name}”待评：{why}", "indicator {id} “{name}” is open: {why}"),
    "category_needs_ruling": (
        "一级指标 {id}“{name}”整类不涉及，须专家组书面裁定",
        "category {id} “{name}” is not applicable as a whole: a written ruling of the panel is needed",
    ),
    "mandatory_not_full": (
        "约束性指标第 {id} 项“{name}”未得满分（{awarded}/{points}）",
        "mandatory indicator {id} “{name}” is not at full marks ({awarded} of {points})",
    ),
    "below_line": ("总得分 {total} 低于达标线 {line}", "the total {total} is below the line {line}"),
    # warnings
    "site_visit_missing": (
        "第 {id} 项“{name}”须查现场，检查记录未写明何人到何现场看了什么",
        "indicator {id} “{name}” is checked on site: who saw what, where and when is not recorded",
    ),
    "justification_missing": ("第 {id} 项“{name}”检查记录为空", "indicator {id} “{name}” has no justification"),
    "prerequisite_without_evidence": (
        "先决条件 {id}“{name}”没有证明材料",
        "prerequisite {id} “{name}” has no evidence",
    ),
    "same_defect_twice": (
        "第 {id} 项“{name}”有完全相同的缺陷记录，请确认不是重复录入",
        "indicator {id} “{name}” lists the same defect twice",
    ),
    "facts_beside_claim": (
        "第 {id} 项“{name}”判为不涉及，但另有事实或意见在案，未计分",
        "indicator {id} “{name}” is not applicable, though facts or opinions are on record; they are not scored",
    ),
    "overruled": (
        "第 {id} 项“{name}”按专家组合议认定计分，另有专家单独意见在案，请核对是否一致",
        "indicator {id} “{name}” is scored by the panel's finding; separate opinions are on record",
    ),
    "two_blocks": (
        "第 {id} 项“{name}”不属于本矿行业类别，记录不计分",
        "indicator {id} “{name}” is of the other block; not scored",
    ),
    # small words
    "reason": ("理由", "reason"),
    "evidence": ("证明材料", "evidence"),
    "confirmation": ("第二人复核", "confirmation by a second person"),
}


def line(code: str, **values: Any) -> Line:  # noqa: ANN401 - whatever the sentence shows
    """Return a sentence of the table with its values, not yet put into words."""
    return code, tuple(values.items())


@lru_cache(maxsize=8192)
def words(told: Line) -> tuple[str, str]:
    """Return a sentence in Chinese and in English; a value that is itself a sentence is put into words too."""
    code, values = told
    chinese, english = _WORDS[code]
    both = {key: words(value) if isinstance(value, tuple) else (value, value) for key, value in values}
    return (
        chinese.format(**{key: pair[0] for key, pair in both.items()}),
        english.format(**{key: pair[1] for key, pair in both.items()}),
    )
