"""The journal's lines, its chain, and what reading says of every way to tamper with it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from assessments import ASSESSMENT, MINE, START, journal_of, make_assessment, make_mine, write
from hypothesis import given
from hypothesis import strategies as st

from greenmine import i18n
from greenmine.assessment.journal import (
    MAX_JOURNAL,
    Owner,
    Reading,
    format_time,
    make_line,
    parse_line,
    read_journal,
    scan,
)
from greenmine.assessment.values import BadValue
from greenmine.errors import JournalError
from greenmine.files import canonical_json, sha256_hex

if TYPE_CHECKING:
    from collections.abc import Sequence

OWNER = Owner(MINE, ASSESSMENT, "E1")

SAID = [
    ("E1", "indicator/2", {"facts": {"defects": []}, "justification": "逐处查看，未见破损"}),
    ("E1", "indicator/36", {"facts": {"clean_transport_share": 0.85}}),
    ("E1", "prerequisite/P1", {"met": True, "evidence": ["P1 证照/采矿许可证.pdf"]}),
    ("E1", "indicator/2", {"evidence": ["02 配套设施/广场.jpg#xywh=10,20,300,400"]}, ("justification",)),
    ("panel", "indicator/8", {"facts": {"met": True}, "resolution": "finding"}),
    ("E2", "assessment", {"justification": "现场两天"}),
]


@pytest.fixture(autouse=True)
def _english(_language: None) -> None:
    i18n.use("en")


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = make_assessment(make_mine(tmp_path_factory.mktemp("mines")))
    return write(folder, "E1", SAID).read_bytes()


def reading(data: bytes, owner: Owner = OWNER) -> Reading:
    return scan(data, "E1.jsonl", owner)


def problem(data: bytes, owner: Owner = OWNER) -> JournalError:
    with pytest.raises(JournalError) as caught:
        reading(data, owner)
    return caught.value


def named(error: JournalError) -> int:
    """The line that a message names."""
    found = re.match(r"line ([0-9]+)", error.place)
    assert found, str(error)
    return int(found[1])


def relined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def line(**changes: Any) -> bytes:
    """A first line with changes; a value of None leaves the key out."""
    document: dict[str, Any] = {
        "author": "E1",
        "card": "indicator/2",
        "prev": OWNER.origin,
        "schema": "greenmine.journal/1",
        "seq": 1,
        "set": {"facts": {"met": True}},
        "time": "2026-06-11T09:00:00Z",
        "typed_by": "E1",
        **changes,
    }
    return canonical_json({key: value for key, value in document.items() if value is not None})


class TestLines:
    """What a line is."""

    def test_a_line_is_canonical_json_with_exactly_these_keys(self, journal: bytes) -> None:
        """The bytes of a journal are those laid down, so that other programs can read and check it."""
        first, second, *_rest = journal.split(b"\n")
        origin = sha256_hex(b"greenmine.journal/1\nGM-0009\n2026-selection\nE1")
        expected = (
            '{"author":"E1","card":"indicator/2","prev":"' + origin + '","schema":"greenmine.journal/1","seq":1,'
            '"set":{"facts":{"defects":[]},"justification":"逐处查看，未见破损"},"time":"2026-06-11T09:00:00Z","typed_by":"E1"}'
        )
        assert expected.encode() == first
        assert sha256_hex(first) == json.loads(second)["prev"]

    def test_clear_is_there_only_when_something_is_cleared(self, journal: bytes) -> None:
        """A line that clears nothing has no such key."""
        assert [4] == [number for number, text in enumerate(journal.splitlines(), 1) if "clear" in json.loads(text)]

    def test_reading_gives_back_what_was_typed(self, journal: bytes) -> None:
        """Author, card, fields and clears of each entry are those that were appended."""
        expected = [(said[0], said[1], said[3] if len(said) > 3 else ()) for said in SAID]
        entries = reading(journal).entries
        assert expected == [(entry.author, entry.card, entry.clear) for entry in entries]
        assert canonical_json([said[2] for said in SAID]) == canonical_json([entry.set for entry in entries])
        assert {"E1"} == {entry.typed_by for entry in entries}

    def test_fractions_come_back_exact(self, journal: bytes) -> None:
        """A share of 0.85 is read as 0.85, not as a float near it."""
        assert "0.85" == str(reading(journal).entries[1].set["facts"]["clean_transport_share"])

    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            (START, "2026-06-11T09:00:00Z"),
            (START.replace(microsecond=250_999), "2026-06-11T09:00:00.250Z"),
            (START.replace(microsecond=999), "2026-06-11T09:00:00Z"),
            (START.astimezone(dt.timezone(dt.timedelta(hours=8))), "2026-06-11T09:00:00Z"),
        ],
    )
    def test_time_is_utc_to_the_second_or_the_millisecond(self, moment: dt.datetime, text: str) -> None:
        """A time has one spelling."""
        assert text == format_time(moment)

    def test_a_time_without_zone_is_refused(self) -> None:
        """Nobody can say what it means."""
        with pytest.raises(ValueError, match="zone"):
            format_time(START.replace(tzinfo=None))

    @pytest.mark.parametrize(
        ("bad", "place"),
        [
            (line(schema="greenmine.journal/2"), "line 1, key schema"),
            (line(seq=True), "line 1, key seq"),
            (line(seq=0), "line 1, key seq"),
            (line(seq="1"), "line 1, key seq"),
            (line(prev="x"), "line 1, key prev"),
            (line(prev=OWNER.origin.upper()), "line 1, key prev"),
            (line(time="2026-06-11 09:00:00Z"), "line 1, key time"),
            (line(time="2026-02-30T09:00:00Z"), "line 1, key time"),
            (line(time="2026-06-11T09:00:00.000Z"), "line 1, key time"),
            (line(time=20260611), "line 1, key time"),
            (line(author="E 1"), "line 1, key author"),
            (line(author=["E1"]), "line 1, key author"),
            (line(typed_by="E2"), "line 1, key typed_by"),
            (line(card="indicator"), "line 1, key card"),
            (line(card={"indicator": 2}), "line 1, key card"),
            (line(set={"score": 5}), "line 1, key set"),
            (line(set=["facts"]), "line 1, key set"),
            (line(set={"facts": {"defects": [{"text": 5}]}}), "line 1, key set/facts/defects/1/text"),
            (line(clear=[]), "line 1, key clear"),
            (line(clear="facts"), "line 1, key clear"),
            (line(clear=["facts"]), "line 1, key clear"),
            (line(clear=[["facts"]]), "line 1, key clear"),
            (line(set={}), "line 1, key set"),
            (line(set=None), "line 1"),
            (line(note="x"), "line 1"),
            (b"[]", "line 1"),
            (b"null", "line 1"),
            (b"", "line 1"),
            (b"{", "line 1"),
            (line() + b" ", "line 1"),
            (line().replace(b":1,", b":1.0,"), "line 1, key seq"),
            (line(set={"facts": {"patents": 1}}).replace(b"1}", b"1.0}"), "line 1"),
            (line().replace(b'"seq":1', b'"seq":1,"seq":1'), "line 1"),
            (line().replace(b"indicator/2", b"indicator\\/2"), "line 1"),
            (line().replace(b"met", b"m\xe9t"), "line 1"),
            (line().replace(b'{"met":true}', b'{"note":"\\ud800"}'), "line 1, key set/facts/note"),
            (line().replace(b'{"met":true}', b'{"note":"\\u0000"}'), "line 1, key set/facts/note"),
            (line().replace(b"true", b"NaN"), "line 1"),
            (line().replace(b"true", b"1e999999999"), "line 1, key set/facts/met"),
            (line().replace(b"true", b"9" * 5000), "line 1"),
            (line().replace(b"true", b"[" * 100_000 + b"]" * 100_000), "line 1"),
            (line().replace(b"true", b"[" * 50 + b"]" * 50), "line 1, key set/facts/met/" + "/".join("1" * 13)),
            ("schema,greenmine.journal/1\n演示".encode("gb18030"), "line 1"),
        ],
    )
    def test_a_malformed_line_is_an_error_that_names_line_and_place(self, bad: bytes, place: str) -> None:
        """Whatever is wrong with a line, the message says where."""
        error = problem(bad + b"\n")
        assert place == error.place
        assert "E1.jsonl" == error.file

    def test_what_reading_refuses_cannot_be_written(self) -> None:
        """A line is checked by the same rules on its way in."""
        parts: dict[str, Any] = {
            "seq": 1,
            "prev": OWNER.origin,
            "author": "E1",
            "typed_by": "E1",
            "card": "indicator/2",
        }
        with pytest.raises(BadValue):
            make_line(**parts, time="yesterday", fields={"facts": {}}, clear=())
        with pytest.raises(BadValue):
            make_line(**parts, time="2026-06-11T09:00:00Z", fields={"facts": {"met": {1, 2}}}, clear=())
        good = make_line(**parts, time="2026-06-11T09:00:00Z", fields={"facts": {}}, clear=())
        assert (1, OWNER.origin) == (parse_line(good, "E1")[0].seq, parse_line(good, "E1")[1])


class TestChain:
    """What reading says of lines that are not as they were written."""

    @given(data=st.data())
    def test_an_edited_byte_of_an_earlier_line_is_an_error_naming_that_line(
        self, journal: bytes, data: st.DataObject
    ) -> None:
        """Any other byte in any place but the last line is found, and the line is named.

        For the line before the last nothing later can tell which of the two was edited; one of them is named.
        """
        lines = journal.split(b"\n")[:-1]
        position = data.draw(st.integers(0, len(journal) - len(lines[-1]) - 2))
        value = data.draw(st.integers(0, 255).filter(lambda byte: byte != journal[position]))
        edited = journal[:position] + bytes([value]) + journal[position + 1 :]
        number = journal[:position].count(b"\n") + 1
        allowed = {number} if number < len(lines) - 1 else {number, number + 1}
        assert named(problem(edited)) in allowed

    def test_each_place_of_an_earlier_line_is_bound(self, journal: bytes) -> None:
        """There is no byte before the last line whose lowest bit could be turned unseen."""
        end = journal[:-1].rindex(b"\n") + 1
        for position in range(end):
            edited = bytearray(journal)
            edited[position] ^= 1
            problem(bytes(edited))

    @given(position=st.integers(0), value=st.integers(0, 255))
    def test_an_edit_of_the_last_line_never_blames_another(self, journal: bytes, position: int, value: int) -> None:
        """What nothing is bound to may pass, as the archive keeps its digest; but no innocent line is named."""
        begin = journal[:-1].rindex(b"\n") + 1
        position = begin + position % (len(journal) - begin)
        edited = journal[:position] + bytes([value]) + journal[position + 1 :]
        try:
            last = len(reading(edited).entries)
        except JournalError as error:
            last = named(error)
        assert last in (len(SAID) - 1, len(SAID))

    def test_an_edited_fact_is_named_though_the_line_is_well_formed(self, journal: bytes) -> None:
        """A fact turned from true to false, spelled correctly, is found through the line after it."""
        error = problem(journal.replace(b'"met":true', b'"met":false', 1))
        assert (3, "the line as it was written") == (named(error), error.expected)

    @given(pair=st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] < pair[1]))
    def test_swapped_lines_are_an_error_naming_the_first_of_them(self, journal: bytes, pair: tuple[int, int]) -> None:
        """Lines in another order than they were written are found at the first that is out of place."""
        lines = journal.split(b"\n")[:-1]
        one, other = pair
        lines[one], lines[other] = lines[other], lines[one]
        assert one + 1 == named(problem(relined(lines)))

    @given(gone=st.integers(0, 4))
    def test_a_removed_line_is_an_error_naming_its_place(self, journal: bytes, gone: int) -> None:
        """Where a line is missing, the next one bears the wrong number."""
        lines = journal.split(b"\n")[:-1]
        error = problem(relined(lines[:gone] + lines[gone + 1 :]))
        assert (gone + 1, f"seq {gone + 1}", f"seq {gone + 2}") == (named(error), error.expected, error.found)

    @given(source=st.integers(0, 5), target=st.integers(0, 6))
    def test_an_inserted_line_is_an_error_naming_it_or_the_one_it_displaces(
        self, journal: bytes, source: int, target: int
    ) -> None:
        """A copy of a line put in anywhere is found there, or right behind where it repeats its neighbour."""
        lines = journal.split(b"\n")[:-1]
        error = problem(relined([*lines[:target], lines[source], *lines[target:]]))
        assert named(error) in ({target + 1, target + 2} if source == target else {target + 1})

    def test_a_forged_line_between_two_is_named(self, journal: bytes) -> None:
        """A line made to follow the one before it, the rest renumbered, is found where the old chain goes on."""
        lines = journal.split(b"\n")[:-1]
        forged = make_line(
            seq=3,
            prev=sha256_hex(lines[1]),
            time="2026-06-11T09:01:30Z",
            author="E1",
            typed_by="E1",
            card="indicator/40",
            fields={"facts": {"met": True}},
            clear=(),
        )
        error = problem(relined([*lines[:2], forged, *lines[3:]]))
        assert 3 == named(error)

    def test_lines_may_not_go_back_in_time(self, journal: bytes) -> None:
        """A line older than the one before it did not come from a writer."""
        first, _rest = journal.split(b"\n", 1)
        earlier = make_line(
            seq=2,
            prev=sha256_hex(first),
            time="2026-06-11T08:59:59.999Z",
            author="E1",
            typed_by="E1",
            card="indicator/2",
            fields={"facts": {}},
            clear=(),
        )
        assert "line 2, key time" == problem(relined([first, earlier])).place

    @pytest.mark.parametrize(
        ("owner", "place"),
        [
            (Owner("GM-0010", ASSESSMENT, "E1"), "line 1"),
            (Owner(MINE, "2025-self", "E1"), "line 1"),
            (Owner(MINE, ASSESSMENT, "E2"), "line 1, key typed_by"),
        ],
    )
    def test_a_journal_of_another_is_refused(self, journal: bytes, owner: Owner, place: str) -> None:
        """A whole journal copied from another mine, assessment or person does not begin where it should."""
        assert place == problem(journal, owner).place
        assert place == problem(journal.split(b"\n")[0] + b"\n", owner).place

    @pytest.mark.parametrize(("mine", "person"), [("GM-0010", "E1"), (MINE, "E2")])
    def test_a_line_from_another_journal_is_refused(
        self, journal: bytes, tmp_path: Path, mine: str, person: str
    ) -> None:
        """A line with the right number, taken from the journal of another mine or person, is named."""
        other = write(make_assessment(make_mine(tmp_path, mine)), person, SAID).read_bytes().split(b"\n")
        lines = journal.split(b"\n")[:-1]
        for number in range(len(lines)):
            mixed = [*lines[:number], other[number], *lines[number + 1 :]]
            assert number + 1 == named(problem(relined(mixed)))


class TestEnd:
    """What a crash leaves behind, and what it does not."""

    def test_a_line_torn_at_any_place_is_passed_over(self, journal: bytes) -> None:
        """However much of the last line is there, the lines before it count; all of it but the line feed is a line."""
        begin = journal[:-1].rindex(b"\n") + 1
        for end in range(begin, len(journal) - 1):
            found = reading(journal[:end])
            assert (len(SAID) - 1, begin, end - begin) == (len(found.entries), found.end, found.torn)
        found = reading(journal[:-1])
        assert (len(SAID), len(journal) - 1, 0, True) == (len(found.entries), found.end, found.torn, found.unended)

    def test_zeros_that_were_never_written_over_are_passed_over(self, journal: bytes) -> None:
        """After a power cut a file may end in zeros."""
        begin = journal[:-1].rindex(b"\n") + 1
        for end in (begin, begin + 5, begin + 100, len(journal) - 1):
            found = reading(journal[:end] + bytes(512))
            assert (len(SAID) - 1, begin) == (len(found.entries), found.end)

    @pytest.mark.parametrize("tail", [b"x", b"\xb1\xe0", b"author,card", b" {", b"{}", b"\n"])
    def test_what_no_crash_leaves_behind_is_an_error(self, journal: bytes, tail: bytes) -> None:
        """Text typed into the file by another program is not taken for a torn line."""
        assert len(SAID) + 1 == named(problem(journal + tail))

    def test_a_whole_line_that_goes_on_is_an_error(self, journal: bytes) -> None:
        """Where something else stands in the place of the last line feed, an acknowledged line was edited."""
        assert len(SAID) == named(problem(journal[:-1] + b"x"))

    def test_a_whole_line_without_line_feed_must_fit_the_chain(self, journal: bytes) -> None:
        """That it ends the file is no excuse for a line that was edited."""
        first = journal.split(b"\n")[0]
        error = problem(first.replace(OWNER.origin.encode(), b"0" * 64))
        assert 1 == named(error)

    def test_an_endless_line_is_refused(self, journal: bytes) -> None:
        """A file that is no journal is not read as one huge torn line."""
        assert len(SAID) + 1 == named(problem(journal + b'{"author":"' + b"x" * 2_000_000))
        assert 1 == named(problem(b'{"author":"' + b"x" * 2_000_000 + b'"}\n'))

    def test_an_empty_journal_has_no_entries(self) -> None:
        """A file that was made but never written to is in order."""
        assert Reading((), 0, 0, unended=False) == reading(b"")


class TestFile:
    """The journal as a file."""

    def test_a_journal_is_read_from_its_file(self, journal: bytes, tmp_path: Path) -> None:
        """Reading a file gives the entries of its bytes."""
        path = tmp_path / "E1.jsonl"
        path.write_bytes(journal)
        assert reading(journal).entries == read_journal(path, MINE, ASSESSMENT, "E1")

    def test_what_is_no_file_of_its_own_is_refused(self, journal: bytes, tmp_path: Path) -> None:
        """Links, pipes and folders are not read, and a pipe does not make the reader wait."""
        real = tmp_path / "real.jsonl"
        real.write_bytes(journal)
        (tmp_path / "link.jsonl").symlink_to(real)
        os.mkfifo(tmp_path / "pipe.jsonl")
        (tmp_path / "folder.jsonl").mkdir()
        for name in ("link", "pipe", "folder", "nothing"):
            with pytest.raises(JournalError, match=name):
                read_journal(tmp_path / f"{name}.jsonl", MINE, ASSESSMENT, "E1")
        (tmp_path / "hard.jsonl").hardlink_to(real)
        with pytest.raises(JournalError, match="hard link"):
            read_journal(real, MINE, ASSESSMENT, "E1")

    def test_a_huge_file_is_refused_unread(self, tmp_path: Path) -> None:
        """Size is looked at before content."""
        path = tmp_path / "E1.jsonl"
        with path.open("wb") as stream:
            stream.truncate(MAX_JOURNAL + 1)
        with pytest.raises(JournalError, match="at most"):
            read_journal(path, MINE, ASSESSMENT, "E1")

    def test_the_message_names_the_file(self, tmp_path: Path) -> None:
        """Who reads it knows which journal is meant."""
        folder = make_assessment(make_mine(tmp_path))
        path = write(folder, "E1", SAID)
        path.write_bytes(path.read_bytes().replace(b"0.85", b"0.95"))
        with pytest.raises(JournalError, match=re.escape(str(journal_of(folder)))) as caught:
            read_journal(path, MINE, ASSESSMENT, "E1")
        assert "line 2" == caught.value.place
