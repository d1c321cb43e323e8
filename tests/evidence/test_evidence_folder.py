"""The safe walk of a mine's folder: what is accepted, and that all else is refused by name."""

from __future__ import annotations

import os
import socket
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mine_folders import put

from greenmine import i18n
from greenmine.errors import EvidenceError
from greenmine.evidence import folder
from greenmine.evidence.folder import Entry, name_key, opened, walk


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("zh")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    put(tmp_path / "GM-1" / "a.txt", "a")
    return tmp_path / "GM-1"


def refusal(mine: Path) -> str:
    with pytest.raises(EvidenceError) as caught:
        walk(mine)
    message = str(caught.value)
    assert "\n" not in message
    return message


def sparse(path: Path, size: int) -> Path:
    """Make a file that says it is large and takes no room."""
    put(path, b"")
    os.truncate(path, size)
    return path


def test_ordinary_files_are_found_in_order_of_their_paths(mine: Path) -> None:
    """Chinese names, spaces, signs and empty files are ordinary; folders are no entries; the order is fixed."""
    names = [
        "08 开采方式/采场 照片（1）.jpg",
        "a b/#1.pdf",
        "javascript:alert(1).txt",
        "<script>.txt",
        "=cmd().txt",
        "console.txt",
        ".hidden",
        "e\u0301.txt",
        "empty",
    ]
    for name in names:
        put(mine / name, "" if name == "empty" else "x")
    (mine / "no files").mkdir()
    expected = sorted([(name, 0 if name == "empty" else 1) for name in [*names, "a.txt"]])
    assert expected == [(entry.path, entry.size) for entry in walk(mine)]


def link_out(mine: Path) -> None:
    (mine / "x.pdf").symlink_to("/etc/passwd")


def link_to_itself(mine: Path) -> None:
    (mine / "x.pdf").symlink_to("x.pdf")


def link_to_nothing(mine: Path) -> None:
    (mine / "x.pdf").symlink_to("nowhere")


def link_inside(mine: Path) -> None:
    (mine / "x.pdf").symlink_to("a.txt")


def linked_folder(mine: Path) -> None:
    (mine / "x.pdf").symlink_to(mine.parent, target_is_directory=True)


def hard_link(mine: Path) -> None:
    os.link(put(mine.parent / "outside", "x"), mine / "x.pdf")


def fifo(mine: Path) -> None:
    os.mkfifo(mine / "x.pdf")


def unix_socket(mine: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    before = Path.cwd()
    os.chdir(mine)  # the name of a socket must be short
    try:
        server.bind("x.pdf")
    finally:
        os.chdir(before)
        server.close()


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (link_out, "a symbolic link"),
        (link_to_itself, "a symbolic link"),
        (link_to_nothing, "a symbolic link"),
        (link_inside, "a symbolic link"),
        (linked_folder, "a symbolic link"),
        (hard_link, "a hard link: the file has 2 names"),
        (fifo, "a pipe"),
        (unix_socket, "a socket"),
    ],
)
def test_what_is_no_ordinary_file_is_refused(mine: Path, make: Callable[[Path], None], found: str) -> None:
    """Links, even harmless ones, pipes and sockets are refused by name, without being opened."""
    make(mine)
    assert refusal(mine).startswith(f"{mine}/x.pdf: expected an ordinary file, got {found}.")


def test_what_is_refused_is_refused_among_assessments_too(mine: Path) -> None:
    """Journals are read and written there, so nothing may lead out of it."""
    (mine / "assessments" / "1").mkdir(parents=True)
    (mine / "assessments" / "1" / "journal").symlink_to("/tmp")  # noqa: S108 - a place outside
    assert "assessments/1/journal: expected an ordinary file, got a symbolic link" in refusal(mine)


def test_a_folder_that_is_itself_a_link_is_refused(mine: Path) -> None:
    """A mine's folder is the mine's own."""
    (mine.parent / "GM-2").symlink_to(mine)
    assert "GM-2: expected a folder, got a symbolic link" in refusal(mine.parent / "GM-2")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The message names it."""
    assert "nowhere: expected readable files, got No such file" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a\x07.txt", ("a\\u0007.txt", "U+0007")),
        ("a\nb.txt", ("U+000A",)),
        ("a\x7f.txt", ("U+007F",)),
        ("a\u202egpj.exe", ("a\\u202egpj.exe", "U+202E")),
        ("a\u200b.txt", ("U+200B",)),
        ("a\u2028.txt", ("U+2028",)),
        ("a\\b.txt", ("a name that is no path",)),
        ("..\\b.txt", ("a name that is no path",)),
        ("C:b.txt", ("a name that is no path",)),
        ("...", ("a name that is no path",)),
        ("a.txt.", ("does not end in a dot",)),
        ("a.txt ", ("does not end in a dot",)),
        ("con", ("reserved name",)),
        ("NUL.txt", ("reserved name “NUL.txt”",)),
        ("Aux .tar.gz", ("reserved name",)),
        ("COM1", ("reserved name",)),
        ("lpt9.pdf", ("reserved name",)),
        ("COM².pdf", ("reserved name",)),
    ],
)
@pytest.mark.parametrize("inside", ["", "08 开采方式/"])
def test_a_name_that_cannot_be_kept_or_shown_is_refused(
    mine: Path, name: str, parts: tuple[str, ...], inside: str
) -> None:
    """Names with unseen characters, names that are paths, and names another system cannot hold, at any depth."""
    put(mine / f"{inside}{name}", "x")
    message = refusal(mine)
    assert [] == [part for part in (f"GM-1/{inside}", *parts) if part not in message], message


def test_a_name_in_another_encoding_is_refused(mine: Path) -> None:
    """Names that are not UTF-8, as old archives leave them, are shown by their bytes."""
    put(Path(os.fsdecode(os.fsencode(mine / "采矿") + "许可证".encode("gb18030") + b".pdf")), "x")
    assert "a name in UTF-8, got bytes of another encoding" in refusal(mine)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("é.txt", unicodedata.normalize("NFD", "é.txt")),
        ("plan.pdf", "PLAN.pdf"),
        ("Straße.pdf", "STRASSE.pdf"),
        ("Éa", unicodedata.normalize("NFD", "éA")),
    ],
)
def test_names_that_are_one_elsewhere_are_refused(mine: Path, one: str, other: str) -> None:
    """Two names that differ in case or in the way accents are written would be one file on another system."""
    put(mine / "x" / one, "x")
    put(mine / "x" / other, "y")
    assert "names that differ in more than case" in refusal(mine)


def test_folders_whose_names_are_one_elsewhere_are_refused(mine: Path) -> None:
    """The same holds for folders."""
    put(mine / "Plan" / "a", "x")
    put(mine / "plan" / "b", "y")
    assert "the same name as “Plan”" in refusal(mine)


def test_the_same_name_in_two_folders_is_no_collision(mine: Path) -> None:
    """Only siblings can collide."""
    put(mine / "x" / "a", "x")
    put(mine / "X2" / "A", "y")
    assert ["X2/A", "a.txt", "x/a"] == [entry.path for entry in walk(mine)]


@given(st.text(min_size=1, max_size=8))
def test_a_name_collides_with_itself_in_any_case_and_form(name: str) -> None:
    """Composed, decomposed, upper-case and folded forms of a name have one key."""
    key = name_key(name)
    assert key == name_key(key)
    assert key == name_key(unicodedata.normalize("NFD", name)) == name_key(unicodedata.normalize("NFC", name))
    assert key == name_key(name.casefold())


def test_a_file_over_the_limit_is_refused(mine: Path) -> None:
    """The size is told before anything is read."""
    sparse(mine / "big.bin", folder.MAX_FILE_BYTES)
    assert folder.MAX_FILE_BYTES == walk(mine)[1].size
    os.truncate(mine / "big.bin", folder.MAX_FILE_BYTES + 1)
    assert f"big.bin: expected at most {folder.MAX_FILE_BYTES} bytes, got {folder.MAX_FILE_BYTES + 1}" in refusal(mine)


def test_a_folder_over_the_limit_is_refused(mine: Path) -> None:
    """Files that are small enough by themselves may be too much together."""
    for number in range(folder.MAX_TOTAL_BYTES // folder.MAX_FILE_BYTES):
        sparse(mine / f"{number}.bin", folder.MAX_FILE_BYTES)
    assert f"GM-1: expected at most {folder.MAX_TOTAL_BYTES} bytes in all files together" in refusal(mine)


def test_a_tree_that_is_too_deep_is_refused(mine: Path) -> None:
    """The deepest accepted file is MAX_DEPTH names down."""
    put(mine.joinpath(*"d" * (folder.MAX_DEPTH - 1), "file"), "x")
    assert 2 == len(walk(mine))
    put(mine.joinpath(*"d" * folder.MAX_DEPTH, "file"), "x")
    assert f"at most {folder.MAX_DEPTH} folders deep" in refusal(mine)


def test_too_many_files_are_refused(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files and folders are counted together, empty folders too."""
    monkeypatch.setattr(folder, "MAX_ENTRIES", 4)
    put(mine / "x" / "b", "x")
    (mine / "empty").mkdir()
    assert 2 == len(walk(mine))
    (mine / "empty" / "emptier").mkdir()
    assert "GM-1: expected at most 4 files and folders, got more" in refusal(mine)


def test_an_opened_file_gives_its_bytes(mine: Path) -> None:
    """A file that walk found can be read, however deep it is."""
    put(mine / "08 开采方式" / "深" / "a.bin", b"\0\1\2")
    entry = next(entry for entry in walk(mine) if entry.path.endswith("a.bin"))
    with opened(mine, entry) as stream:
        assert b"\0\1\2" == stream.read()


def only(mine: Path) -> Entry:
    (entry,) = walk(mine)
    return entry


def not_opened(mine: Path, entry: Entry) -> str:
    with pytest.raises(EvidenceError) as caught, opened(mine, entry) as stream:
        stream.read()
    return str(caught.value)


def test_a_file_replaced_by_a_link_is_not_opened(mine: Path) -> None:
    """What stands in a file's place since it was found is not followed."""
    entry = only(mine)
    (mine / "a.txt").unlink()
    (mine / "a.txt").symlink_to(put(mine.parent / "secret", "a"))
    assert "a.txt: expected a readable file" in not_opened(mine, entry)


def test_a_folder_replaced_by_a_link_is_not_entered(tmp_path: Path) -> None:
    """Not even the folders on the way to a file may have become links."""
    mine = tmp_path / "GM-1"
    put(mine / "d" / "a.txt", "a")
    entry = only(mine)
    (mine / "d").rename(tmp_path / "d")
    (mine / "d").symlink_to(tmp_path / "d")
    assert "d/a.txt: expected a readable file" in not_opened(mine, entry)


def test_a_file_replaced_by_a_pipe_does_not_make_the_reader_wait(mine: Path) -> None:
    """It is opened without waiting and found to be no file."""
    entry = only(mine)
    (mine / "a.txt").unlink()
    os.mkfifo(mine / "a.txt")
    assert "a.txt: expected an ordinary file, got a pipe" in not_opened(mine, entry)


def test_a_file_linked_since_is_not_opened(mine: Path) -> None:
    """A second name given to the file since it was found is seen."""
    entry = only(mine)
    os.link(mine / "a.txt", mine.parent / "second")
    assert "a hard link" in not_opened(mine, entry)


def test_another_file_in_its_place_is_not_taken_for_it(mine: Path) -> None:
    """A file is known by more than its name."""
    entry = only(mine)
    put(mine.parent / "new", "b").replace(mine / "a.txt")
    assert "a file that changes while it is read" in not_opened(mine, entry)


def test_a_file_that_changes_while_it_is_read_is_refused(mine: Path) -> None:
    """What was read before and after would not belong together."""
    context = opened(mine, only(mine))
    stream = context.__enter__()
    assert b"a" == stream.read()
    put(mine / "a.txt", "ab")
    with pytest.raises(EvidenceError, match="a file that changes while it is read"):
        context.__exit__(None, None, None)


def test_a_file_that_is_gone_is_refused_by_name(mine: Path) -> None:
    """The message is the same as for any file that cannot be read."""
    entry = only(mine)
    (mine / "a.txt").unlink()
    assert "a.txt: expected a readable file, got No such file or directory" in not_opened(mine, entry)


def test_an_error_of_the_reader_is_not_taken_for_one_of_the_file(mine: Path) -> None:
    """Only what the system says of the file becomes a message about the file."""
    with pytest.raises(ZeroDivisionError), opened(mine, only(mine)):
        raise ZeroDivisionError
