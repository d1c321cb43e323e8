"""PDF files: pages, passwords, emptiness, and that nothing in one can stop the reader."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mine_folders import encrypt, make_pdf
from pypdf.annotations import FreeText

from greenmine.evidence import pdf
from greenmine.evidence.pdf import Pdf, read_pdf

TWO_PAGES = make_pdf("采矿许可证", "附图")


def read(data: bytes) -> Pdf:
    return read_pdf(io.BytesIO(data))


def assembled(*objects: bytes, trailer: bytes = b"") -> bytes:
    """Return a PDF made of the objects given, the first of which is its root."""
    made, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (size, table, end)


def packed(content: bytes, times: int = 1) -> bytes:
    """Return a content stream, packed once or more often."""
    for _ in range(times):
        content = zlib.compress(content, 9)
    filters = b"/FlateDecode" * times
    return b"<</Length %d/Filter[%s]>>stream\n%s\nendstream" % (len(content), filters, content)


def with_page(content: bytes, page: bytes = b"/Contents 4 0 R") -> bytes:
    root, pages = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    return assembled(root, pages, b"<</Type/Page%s>>" % page, content)


def test_pages_are_counted() -> None:
    """A document with Chinese text is read for what it is."""
    assert Pdf(pages=2) == read(TWO_PAGES)


def test_a_password_is_noticed() -> None:
    """A document that needs one cannot be read."""
    assert Pdf(encrypted=True) == read(encrypt(TWO_PAGES, "secret"))


def test_a_document_that_opens_without_password_is_read() -> None:
    """Encryption that only restricts printing or copying does not keep readers out."""
    assert Pdf(pages=2, restricted=True) == read(encrypt(TWO_PAGES, ""))


def test_a_cipher_that_cannot_be_read_counts_as_a_password() -> None:
    """Where it cannot be told whether a password is needed, it is said to be."""
    hexadecimal = b"<" + b"00" * 48 + b">"
    cipher = b"<</Filter/Standard/V 5/R 6/Length 256/P -4/O %s/U %s/OE %s/UE %s/Perms <%s>/StmF/StdCF/StrF/StdCF" % (
        hexadecimal,
        hexadecimal,
        b"<" + b"00" * 32 + b">",
        b"<" + b"00" * 32 + b">",
        b"00" * 16,
    )
    filters = b"/CF<</StdCF<</CFM/AESV3/AuthEvent/DocOpen/Length 32>>>>>>"
    root, pages = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"
    data = assembled(root, pages, cipher + filters, trailer=b"/Encrypt 3 0 R/ID[<00><00>]")
    assert Pdf(encrypted=True) == read(data)


@pytest.mark.parametrize(
    "data",
    [
        make_pdf("", ""),
        with_page(b"<<>>", b""),
        with_page(packed(b"")),
        with_page(packed(b"q 1 0 0 1 0 0 cm BT /F1 12 Tf ET Q")),
        with_page(packed(b" " * 100_000)),
        assembled(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 9>>"),
    ],
)
def test_a_document_with_nothing_on_its_pages_is_empty(data: bytes) -> None:
    """Without pages, without content, or with content that draws nothing."""
    found = read(data)
    assert found.empty
    assert found.pages is not None


@pytest.mark.parametrize(
    "content",
    [b"BT (x) Tj ET", b"q /Im0 Do Q", b"0 0 10 10 re f", b"0 0 m 9 9 l S", b"BT [(x)]TJ ET", b"/Sh0 sh", b"BT (x)'ET"],
)
def test_a_page_with_a_mark_on_it_is_not_empty(content: bytes) -> None:
    """Text, pictures, areas, lines and shadings are marks."""
    assert Pdf(pages=1) == read(with_page(packed(content)))


def test_one_page_with_something_on_it_is_enough() -> None:
    """Blank pages between others are usual."""
    assert Pdf(pages=3) == read(make_pdf("", "", "三"))


def test_an_annotation_is_something_on_a_page() -> None:
    """A stamp or a note may be all there is."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_annotation(0, FreeText(text="已阅", rect=(10, 10, 90, 40)))
    stream = io.BytesIO()
    writer.write(stream)
    assert Pdf(pages=1) == read(stream.getvalue())


def test_a_page_that_cannot_be_read_is_not_called_empty() -> None:
    """The pages are counted even where their content is damaged."""
    damaged = b"<</Length 4/Filter/FlateDecode>>stream\nabcd\nendstream"
    assert 1 == read(with_page(damaged)).pages


def page_tree(*kids: Sequence[int]) -> bytes:
    """Return a PDF whose page tree has these children, numbered from 2."""
    nodes = [b"<</Type/Pages/Count 1/Kids[%s]>>" % b" ".join(b"%d 0 R" % kid for kid in each) for each in kids]
    return assembled(b"<</Type/Catalog/Pages 2 0 R>>", *nodes, b"<</Type/Page>>")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7\n",
        b"%PDF-1.7\nno more",
        b"%PDF-1.7\n" + bytes(100_000),
        b"PK\x03\x04" + bytes(40),
        TWO_PAGES[: len(TWO_PAGES) // 3],
        b"%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF\n",
        page_tree((2, 2)),
        page_tree(*[(number + 1, number + 1) for number in range(2, 60)]),
        page_tree(*[(number + 1,) for number in range(2, 3000)]),
        assembled(b"<</Type/Catalog/Pages 2 0 R>>", b"[" * 50_000),
        assembled(b"<</Type/Catalog>>"),
    ],
    ids=["nothing", "head", "text", "zeros", "zip", "half", "loop", "ring", "tree", "deep", "nested", "bare"],
)
def test_a_broken_document_has_no_pages(data: bytes) -> None:
    """Damage, rings, and trees that would grow without end all give an answer, and no error."""
    assert Pdf() == read(data)


def test_content_that_would_unpack_to_very_much_is_not_unpacked() -> None:
    """A few hundred bytes that stand for hundreds of megabytes are left alone."""
    bomb = packed(bytes(100_000_000), times=2)
    assert len(bomb) < 1_000
    assert Pdf(pages=1) == read(with_page(bomb))


def test_a_document_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader stops at its limit of time, wherever it is."""
    monkeypatch.setattr(pdf, "MAX_SECONDS", -1.0)
    assert Pdf() == read(TWO_PAGES)


def test_a_document_that_is_too_large_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would have to be taken into memory to be repaired."""
    monkeypatch.setattr(pdf, "MAX_BYTES", len(TWO_PAGES) - 1)
    assert Pdf(too_large=True) == read(TWO_PAGES)


def test_the_stream_stays_open() -> None:
    """Whoever opened the file closes it."""
    stream = io.BytesIO(TWO_PAGES)
    read_pdf(stream)
    assert 0 == stream.seek(0)


def test_the_reader_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Remarks of the library on a broken file do not reach the user."""
    read(b"%PDF-1.7\nno more")
    read(make_pdf("一").replace(b"startxref", b"startxerf"))
    assert ("", "") == capfd.readouterr()


@given(st.binary(max_size=300), st.integers(0, len(TWO_PAGES)))
def test_any_bytes_in_a_document_give_an_answer(noise: bytes, at: int) -> None:
    """Nothing makes the reader fail."""
    found = read(TWO_PAGES[:at] + noise + TWO_PAGES[at + len(noise) :])
    assert found.pages is None or found.pages >= 0
