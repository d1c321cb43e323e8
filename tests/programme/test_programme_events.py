"""Lines of a register's journal: what is written reads as the same, and what was touched is found."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenmine.archive.registers import journal_path, origin
from greenmine.assessment.values import BadValue
from greenmine.errors import InputError, IntegrityError, JournalError
from greenmine.files import canonical_json
from greenmine.programme.events import Draft, make_line, parse_line, read_journal, scan

NOW = "2024-05-06T01:02:03Z"
DAY = dt.date(2024, 5, 6)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40).filter(
    lambda text: not text or text.strip()
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), inner),
    max_leaves=8,
)
drafts = st.builds(
    Draft,
    st.sampled_from(["mine/GM-0001", "agency/A.1", "assessor/x_y", "zone/Z"]),
    st.sampled_from(["apply", "void"]),
    st.dates(dt.date(1950, 1, 1), dt.date(2199, 1, 1)),
    texts.filter(bool),
    texts,
    st.none() | st.dates(dt.date(1950, 1, 1), dt.date(2199, 1, 1)),
    texts,
    texts,
    st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), plain, max_size=3),
)


def journal(*steps: str) -> bytes:
    lines, prev = [], origin("demo")
    for number, step in enumerate(steps, 1):
        lines.append(make_line(Draft("mine/M", step, DAY, "某局"), number, prev, NOW, "甲"))
        prev = parse_line(lines[-1])[0].digest
    return b"".join(line + b"\n" for line in lines)


@given(drafts)
def test_what_is_written_reads_as_the_same(draft: Draft) -> None:
    """Whatever text and details: the line is RFC 8785, and its event is what was drafted."""
    line = make_line(draft, 3, origin("demo"), NOW, "甲")
    event, prev = parse_line(line)
    assert (3, NOW, "甲", origin("demo")) == (event.seq, event.time, event.by, prev)
    assert draft == Draft(*event[3:12])
    assert canonical_json(json.loads(line)) == line


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"schema": "greenmine.register.event/2"}, "schema"),
        ({"seq": 0}, "seq"),
        ({"seq": True}, "seq"),
        ({"prev": "0"}, "prev"),
        ({"time": "2024-05-06"}, "time"),
        ({"subject": "mine/.."}, "subject"),
        ({"subject": "mine/a/b"}, "subject"),
        ({"subject": 1}, "subject"),
        ({"step": "Apply"}, "step"),
        ({"date": "2024-02-30"}, "date"),
        ({"date": "20240506"}, "date"),
        ({"date": "9999-01-01"}, "date"),
        ({"deadline": ""}, "deadline"),
        ({"office": " "}, "office"),
        ({"office": "局\0"}, "office"),
        ({"document": ""}, "document"),
        ({"reason": "x" * 4001}, "reason"),
        ({"details": {}}, "details"),
        ({"details": []}, "details"),
        ({"details": {"share": 0.5}}, "details/share"),
        ({"details": {"等级": "AAAA"}}, "details"),
        ({"mine": "x"}, ""),
        ({"office": None}, "office"),
    ],
)
def test_a_malformed_line_is_refused(change: dict[str, Any], place: str) -> None:
    """The refusal names the key."""
    document = json.loads(journal("apply").rstrip()) | change
    with pytest.raises(BadValue) as refused:
        parse_line(canonical_json(document) if "details" not in change else json.dumps(document).encode())
    assert place == refused.value.place


@pytest.mark.parametrize(
    "line",
    [b"", b"\xff", b"[]", b"1e999", b"[" * 5000, b'{"by":"a"}', journal("apply").rstrip().replace(b":", b": ", 1)],
)
def test_what_is_no_line_is_refused(line: bytes) -> None:
    """Not UTF-8, not JSON, nested without end, without keys, spelt in another way."""
    with pytest.raises(BadValue):
        parse_line(line)


def test_a_key_given_twice_is_refused() -> None:
    """JSON readers take the last one, so that a line could say two things."""
    with pytest.raises(BadValue, match="RFC 8785"):
        parse_line(journal("apply").rstrip().replace(b'"by":', b'"by":"x","by":', 1))


@given(st.integers(0, 10_000), st.integers(0, 7))
def test_no_bit_of_a_journal_can_be_changed_unnoticed_before_its_last_line(where: int, bit: int) -> None:
    """The last line is bound by the archive, all others by the one that follows."""
    data = bytearray(journal("apply", "review", "entrust", "verify"))
    last = data.rindex(b"\n", 0, len(data) - 1) + 1
    data[where % last] ^= 1 << bit
    with pytest.raises(InputError):
        scan(bytes(data), "demo", "events.jsonl")


def test_lines_removed_moved_or_of_another_register_are_found() -> None:
    """The number, or the digest of the line before, does not fit: a check that does not hold, not bad input."""
    lines = journal("apply", "review", "entrust").splitlines(keepends=True)
    for bad in (lines[1:], [lines[1], lines[0], lines[2]], [lines[0], lines[2]], [lines[0], *lines]):
        with pytest.raises(IntegrityError):
            scan(b"".join(bad), "demo", "events.jsonl")
    with pytest.raises(IntegrityError, match="other"):
        scan(b"".join(lines), "other", "events.jsonl")


def test_a_torn_line_does_not_count() -> None:
    """What a crash left at the end was never acknowledged."""
    data = journal("apply", "review")
    first = data.index(b"\n") + 1
    for cut in range(first, len(data)):
        found = scan(data[:cut], "demo", "events.jsonl")
        assert (1, first) == (len(found.events), found.end)


def test_a_journal_that_is_no_ordinary_file_is_refused(tmp_path: Path) -> None:
    """A folder or a link in its place; none at all is an empty register."""
    path = journal_path(tmp_path, "demo")
    assert () == read_journal(path, "demo").events
    path.mkdir(parents=True)
    with pytest.raises(JournalError):
        read_journal(path, "demo")
    path.rmdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError):
        read_journal(path, "demo")
    with pytest.raises(ValueError, match=r"\.\."):
        journal_path(tmp_path, "..")
