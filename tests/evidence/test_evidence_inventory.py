"""The inventory: digests, what files support, the list joined in, and that the same folder gives the same inventory."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import subprocess
import unicodedata
import warnings
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from mine_folders import make_mine, make_pdf, make_photo, make_workbook, put

from greenmine import i18n
from greenmine.errors import EvidenceError
from greenmine.evidence import Photo, take_inventory
from greenmine.evidence.inventory import Inventory, Item, is_evidence, is_litter

LIST = "path,supports,title,issuer,issued_on,valid_until\n"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("zh")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return make_mine(tmp_path)


def item(mine: Path, path: str) -> Item:
    (found,) = [one for one in take_inventory(mine).items if one.path == path]
    return found


def failure(mine: Path) -> str:
    with pytest.raises(EvidenceError) as caught:
        take_inventory(mine)
    return str(caught.value)


def test_every_file_has_digest_size_and_type(mine: Path) -> None:
    """What the file is, is told by its content; what it supports, by its folder."""
    data = make_pdf("开采设计", "附图")
    put(mine / "08 开采方式" / "设计 1.pdf", data)
    expected = Item(
        "08 开采方式/设计 1.pdf",
        len(data),
        hashlib.sha256(data).hexdigest(),
        "application/pdf",
        pages=2,
        supports=("8",),
    )
    assert (expected,) == take_inventory(mine).items


def test_a_photo_brings_what_its_file_says(mine: Path) -> None:
    """Time, place and camera come along."""
    put(mine / "02 配套设施" / "照片.jpg", make_photo())
    taken = dt.datetime(2026, 6, 11, 9, 12)  # noqa: DTZ001 - a camera's local time
    expected = Photo(480, 360, taken, Decimal("39.8123"), Decimal("102.3041"), "演示 相机")
    assert expected == item(mine, "02 配套设施/照片.jpg").photo


def test_what_is_no_evidence_is_left_out(mine: Path) -> None:
    """The profile, the list, the assessments and what systems leave behind are no evidence."""
    put(mine / "evidence.csv", LIST)
    put(mine / "assessments" / "2026" / "panel.yaml", "x")
    for name in (
        ".DS_Store",
        "Thumbs.db",
        "08 开采方式/._设计.pdf",
        "~$设计.docx",
        ".ipynb_checkpoints/x",
        "__MACOSX/x",
    ):
        put(mine / name, "x")
    put(mine / "08 开采方式" / "mine.yaml", "x")
    put(mine / ".hidden.pdf", make_pdf("一"))
    assert [".hidden.pdf", "08 开采方式/mine.yaml"] == [one.path for one in take_inventory(mine).items]


def test_litter_is_known_by_its_name() -> None:
    """Names that systems and programs give, in any case; a name that merely resembles one is evidence."""
    assert [is_litter(name) for name in ("a/THUMBS.DB", "~$a.docx", "._a", ".git/config", "desktop.ini")] == [True] * 5
    assert [is_evidence(name) for name in ("thumbs.dbx", "a~$b", "git/config", "assessments.pdf")] == [True] * 4
    assert [is_evidence(name) for name in ("mine.yaml", "evidence.xlsx", "Evidence.CSV", "assessments/x")] == [
        False
    ] * 4


@pytest.mark.parametrize("name", ["evidence.csv", "evidence.xlsx"])
def test_the_list_is_joined_in(mine: Path, name: str) -> None:
    """The folder's number comes first, then the ids of the list, each once."""
    put(mine / "08 开采方式" / "设计.pdf", make_pdf("一"))
    rows = [["path", "supports", "title", "issuer", "issued_on", "valid_until"]]
    rows.append(["08 开采方式/设计.pdf", "9 8 P1", "初步设计", "演示院", "2020-08-01", "2030-01-31"])
    text = "\r\n".join(",".join(row) for row in rows)
    put(mine / name, make_workbook(*rows) if name.endswith("xlsx") else text.encode("gb18030"))
    found = item(mine, "08 开采方式/设计.pdf")
    assert ("8", "9", "P1") == found.supports
    assert ("初步设计", "演示院", f"{name}, row 2") == (found.title, found.issuer, found.listed)
    assert (dt.date(2020, 8, 1), dt.date(2030, 1, 31)) == (found.issued_on, found.valid_until)


def test_the_list_finds_files_however_their_accents_are_written(mine: Path) -> None:
    """A list typed on one system names files that came from another."""
    put(mine / unicodedata.normalize("NFD", "é") / "a.pdf", "x")
    put(mine / "evidence.csv", LIST + "é\\a.pdf,8,,,,\n")
    inventory = take_inventory(mine)
    assert [("8",)] == [one.supports for one in inventory.items]
    assert () == inventory.missing


def test_what_the_list_names_and_is_not_there_is_missing(mine: Path) -> None:
    """A folder is no file, and neither are the profile and the list."""
    put(mine / "08 开采方式" / "a.pdf", "x")
    put(mine / "evidence.csv", LIST + "nowhere.pdf,8,,,,\n08 开采方式,8,,,,\nmine.yaml,P1,,,,\nA.PDF,1,,,,\n")
    missing = take_inventory(mine).missing
    assert ["nowhere.pdf", "08 开采方式", "mine.yaml", "A.PDF"] == [row.path for row in missing]
    assert "evidence.csv, row 2" == missing[0].place


def test_two_lists_are_refused(mine: Path) -> None:
    """It would not be clear which holds."""
    put(mine / "evidence.csv", LIST)
    put(mine / "Evidence.xlsx", make_workbook(["path"]))
    assert "expected one list of evidence, got two: Evidence.xlsx, evidence.csv" in failure(mine)


def test_an_unsafe_folder_is_refused(mine: Path) -> None:
    """Nothing is read of a folder that holds a link."""
    (mine / "x.pdf").symlink_to("/etc/passwd")
    assert "x.pdf: expected an ordinary file, got a symbolic link" in failure(mine)


def test_the_manifest_is_what_sha256sum_checks(mine: Path) -> None:
    """It covers all that was handed in, in order of the paths, and its digest is the inventory's."""
    put(mine / "08 开采方式" / "设计 1.pdf", make_pdf("一"))
    put(mine / "evidence.csv", LIST)
    put(mine / "assessments" / "x", "x")
    put(mine / "空 白.txt", "")
    inventory = take_inventory(mine)
    names = [line[66:] for line in inventory.manifest.splitlines()]
    assert ["08 开采方式/设计 1.pdf", "evidence.csv", "mine.yaml", "空 白.txt"] == names
    assert hashlib.sha256(inventory.manifest.encode()).hexdigest() == inventory.sha256
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet"], cwd=mine, input=inventory.manifest.encode(), check=False
    )
    assert 0 == checked.returncode


def test_the_same_files_give_the_same_inventory(tmp_path: Path) -> None:
    """Neither the order in which files were written nor their times make a difference."""
    names = [f"{number:02} x/{number}.jpg" for number in range(1, 13)]
    for parent, order in (("a", names), ("b", names[::-1])):
        for number, name in enumerate(order):
            path = put(make_mine(tmp_path / parent) / name, make_photo(int(name[:2])))
            os.utime(path, (number, number))
    one, other = (take_inventory(tmp_path / parent / "GM-1") for parent in "ab")
    assert (one, one.sha256) == (other, other.sha256)
    assert names == [each.path for each in one.items]


def test_a_changed_byte_changes_the_digest(mine: Path) -> None:
    """In evidence, in the profile and in the list alike; in an assessment it does not."""
    put(mine / "a.txt", "a")
    put(mine / "evidence.csv", LIST)
    seen = {take_inventory(mine).sha256}
    for name in ("a.txt", "mine.yaml", "evidence.csv"):
        with (mine / name).open("a") as stream:
            stream.write("\n")
        seen.add(take_inventory(mine).sha256)
    put(mine / "assessments" / "x", "x")
    seen.add(take_inventory(mine).sha256)
    assert 4 == len(seen)


def test_progress_is_told_up_to_the_last_byte(mine: Path) -> None:
    """It never goes back and ends with everything read."""
    put(mine / "big.bin", bytes(3_000_000))
    put(mine / "a.txt", "x" * 100)
    told: list[tuple[int, int]] = []
    take_inventory(mine, lambda done, total: told.append((done, total)))
    total = 3_000_100 + (mine / "mine.yaml").stat().st_size
    assert {total} == {one[1] for one in told}
    assert total == told[-1][0]
    assert sorted(told) == told


def test_errors_of_a_thread_are_in_the_language_of_the_caller(mine: Path) -> None:
    """Files are read in threads, which must speak as their caller does."""
    put(mine / "a.txt", "x")

    moments = count(1)  # never the same twice, in whatever order the threads come

    def disturb(_done: int, _total: int) -> None:
        os.utime(mine / "a.txt", (moment := next(moments), moment))

    for language, expected in (("en", "expected a file at rest"), ("zh", "a.txt")):
        i18n.use(language)
        with pytest.raises(EvidenceError, match=expected) as caught:
            take_inventory(mine, disturb)
        assert (language == "en") == ("expected" in str(caught.value))


def test_warnings_of_decoders_do_not_reach_the_user(mine: Path) -> None:
    """A broken note in a photo is not the reader's concern; filters are as before afterwards."""
    data = make_photo()
    at = data.index(b"Exif\0\0")
    put(mine / "a.jpg", data[: at + 14] + b"\xff" * 60 + data[at + 74 :])
    before = list(warnings.filters)
    assert take_inventory(mine).items[0].photo is not None
    assert before == list(warnings.filters)


def test_a_reference_finds_its_file(mine: Path) -> None:
    """With or without a place in it; a text that names a file is that file, whatever it looks like."""
    put(mine / "a.pdf", make_pdf("一"))
    put(mine / "a.pdf#page=1", "x")
    put(mine / " a.pdf", "y")
    put(mine / "é" / "照片.jpg", make_photo())
    inventory = take_inventory(mine)
    pairs = {
        "a.pdf": "a.pdf",
        "a.pdf#page=2": "a.pdf",
        "a.pdf#page=1": "a.pdf#page=1",
        "./a.pdf": "a.pdf",
        " a.pdf#page=1": " a.pdf",
        "é/照片.jpg#xywh=1,1,2,2": "é/照片.jpg",
        unicodedata.normalize("NFD", "é/照片.jpg"): "é/照片.jpg",
        "é\\照片.jpg": "é/照片.jpg",
    }
    found = {text: one.path for text in pairs if (one := inventory.find(text)) is not None}
    assert pairs == found
    absent = ["", "b.pdf", "A.pdf", "a.pdf#page=0", "../GM-1/a.pdf", "mine.yaml", "é"]
    assert [None] * len(absent) == [inventory.find(text) for text in absent]


def test_an_empty_folder_has_an_inventory(mine: Path) -> None:
    """A mine that has handed in nothing but its profile."""
    inventory = take_inventory(mine)
    assert ((), ()) == (inventory.items, inventory.missing)
    assert inventory.manifest.endswith("  mine.yaml\n")
    assert () == Inventory(()).items
