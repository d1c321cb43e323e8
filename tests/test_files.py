"""Files: crash-safe writes and canonical JSON."""

from __future__ import annotations

import errno
import os
import re
import resource
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from surroundings import unmeasured

from greenmine import i18n
from greenmine.errors import FindingsError, InputError
from greenmine.files import canonical_json, parse_json, read_json, read_text, refusal, sha256_hex, write_atomic

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda children: st.lists(children) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), children),
)


@given(JSON)
def test_canonical_json_comes_back_as_it_was(document: object) -> None:
    """What is written in canonical form reads as the same document, and again to the same bytes."""
    data = canonical_json(document)
    assert document == parse_json(data.decode(), "x")
    assert data == canonical_json(parse_json(data.decode(), "x"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text() | st.floats(-1e20, 1e20),
        lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    )
)
def test_canonical_json_is_what_rfc8785_writes(document: object) -> None:
    """However a document is written, it is the form of RFC 8785: order of names, escapes, fractions."""
    assert rfc8785.dumps(document) == canonical_json(document)  # type: ignore[arg-type] # any JSON


@pytest.mark.parametrize("document", ["\ud800", {"a": ["\ud800"]}, 2**53, [-(2**60)], {1: 2}, [float("nan")]])
def test_what_rfc8785_cannot_write_is_refused(document: object) -> None:
    """Half a character, a number that not every reader holds, a name that is no text."""
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical_json(document)


def test_canonical_json_writes_decimals_as_numbers() -> None:
    """A fraction read exactly is written as the number it was."""
    assert b'{"a":0.7,"b":80,"c":[1.25]}' == canonical_json(
        {"c": (Decimal("1.25"),), "b": Decimal("80.0"), "a": Decimal("0.7")}
    )


def test_fractions_are_read_exactly() -> None:
    """0.7 is seven tenths, not the nearest binary fraction."""
    assert Decimal("0.7") == parse_json("[0.7]", "x")[0]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "line 1.*end of the file"),
        ("{x", "“x”"),
        ('{"a":1,"a":2}', "key a"),
        ("[NaN]", "NaN"),
        ("[" * 50_000, "nested"),
        ("9" * 9_000, "number"),
    ],
)
def test_what_is_no_json_is_refused_naming_the_place(text: str, named: str) -> None:
    """Broken syntax, a key twice, NaN, endless nesting and endless numbers are errors of the kind asked for."""
    i18n.use("en")
    with pytest.raises(FindingsError, match=named) as caught:
        parse_json(text, "f.json", FindingsError)
    assert str(caught.value).startswith("f.json")


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_why_the_system_refuses_is_told_in_the_language_in_use(lang: str) -> None:
    """In English in the system's own words; what has no number is told as it is, on one line."""
    i18n.use(lang)
    for number in (errno.ENOENT, errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOSPC, errno.EIO, errno.ELOOP):
        told = refusal(OSError(number, os.strerror(number)))
        assert told == os.strerror(number) if lang == "en" else not re.search("[A-Za-z]", told), told
    assert ["a b", "odd", "OSError"] == [refusal(one) for one in (OSError("a\nb"), OSError(9999, "odd"), OSError())]


def test_a_written_file_replaces_the_old_one_whole(tmp_path: Path) -> None:
    """After a write there is the new content and nothing else in the folder."""
    path = tmp_path / "new" / "a.txt"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert (b"two", ["a.txt"]) == (path.read_bytes(), [entry.name for entry in path.parent.iterdir()])


def test_a_write_that_is_refused_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    """A folder in the place of the file, or a file in that of a folder: not the temporary file, which is gone."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError) as refused:
        write_atomic(tmp_path / "folder", b"x")
    assert (str(tmp_path / "folder"), None) == (refused.value.filename, refused.value.filename2)
    assert ["folder"] == [entry.name for entry in tmp_path.iterdir()]
    with pytest.raises(OSError, match="name too long") as refused:
        write_atomic(tmp_path / ("x" * 250), b"x")
    assert str(tmp_path / ("x" * 250)) == refused.value.filename


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    """With no room for the new content the old one stands, and no temporary file is left."""
    path = tmp_path / "a.txt"
    write_atomic(path, b"old")
    code = (
        "import resource, signal, sys; from pathlib import Path; from greenmine.files import write_atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "try: write_atomic(Path(sys.argv[1]), b'x' * 100)\n"
        "except OSError: sys.exit(7)"
    )
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run([sys.executable, "-c", code, str(path)], env=unmeasured(), check=False)
    assert (7, b"old", ["a.txt"]) == (done.returncode, path.read_bytes(), [entry.name for entry in tmp_path.iterdir()])


@pytest.mark.parametrize(
    ("content", "limit", "named"), [(b"\xff\xfe", 10, "UTF-8"), (b"x" * 11, 10, "10"), (None, 10, "a.txt")]
)
def test_a_text_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None, limit: int, named: str) -> None:
    """Another encoding, too large, missing: one message naming the file."""
    path = tmp_path / "a.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=named):
        read_text(path, limit)


def test_a_folder_is_no_text(tmp_path: Path) -> None:
    """A folder in place of the file is said to be one."""
    with pytest.raises(InputError, match=tmp_path.name):
        read_json(tmp_path)


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    """A file saved by an editor that marks UTF-8 reads the same."""
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert {"a": 1} == read_json(path)


def test_a_digest_is_that_of_stock_tools(tmp_path: Path) -> None:
    """`sha256sum` prints the same digest."""
    path = tmp_path / "a"
    path.write_bytes("绿色矿山".encode())
    printed = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True).stdout
    assert printed.split()[0] == sha256_hex(path.read_bytes())
