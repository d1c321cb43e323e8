"""Types by content: what a file is whatever its name says, and which faults are noticed."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mine_folders import encrypt, make_pdf, make_photo, make_workbook, paint, saved

from greenmine.evidence import media, pdf, photo
from greenmine.evidence.media import FAULTS, Media, inspect_file

pytestmark = pytest.mark.filterwarnings("ignore")  # of decoders; whoever takes an inventory silences them

OFFICE = "application/vnd.openxmlformats-officedocument"


def look(data: bytes, name: str = "file") -> Media:
    return inspect_file(io.BytesIO(data), name)


def zipped(*names: str, content: bytes = b"x") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return stream.getvalue()


def box(brand: bytes) -> bytes:
    return b"\0\0\0\x20ftyp" + brand + bytes(40)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.pdf", make_pdf("一"), "application/pdf"),
        ("a.pdf", b"\n" * 1000 + make_pdf("一"), "application/pdf"),
        ("a.jpg", make_photo(), "image/jpeg"),
        ("a.JPEG", make_photo(), "image/jpeg"),
        ("a.png", saved(paint(1), "PNG"), "image/png"),
        ("a.gif", saved(paint(1), "GIF"), "image/gif"),
        ("a.bmp", saved(paint(1), "BMP"), "image/bmp"),
        ("a.tif", saved(paint(1), "TIFF"), "image/tiff"),
        ("a.webp", saved(paint(1), "WEBP"), "image/webp"),
        ("a.xlsx", make_workbook(["a"]), f"{OFFICE}.spreadsheetml.sheet"),
        ("a.docx", zipped("[Content_Types].xml", "word/document.xml"), f"{OFFICE}.wordprocessingml.document"),
        ("a.pptx", zipped("[Content_Types].xml", "ppt/presentation.xml"), f"{OFFICE}.presentationml.presentation"),
        ("a.zip", zipped("a.txt"), "application/zip"),
        ("a.zip", zipped("a.pdf", content=make_pdf("一")), "application/zip"),
        ("a.zip", zipped(), "application/zip"),
        ("a.zip", b"PK\x03\x04" + bytes(40), "application/zip"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "application/x-ole-storage"),
        ("a.rar", b"Rar!\x1a\x07\x01\0" + bytes(40), "application/vnd.rar"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(40), "application/x-7z-compressed"),
        ("a.gz", b"\x1f\x8b\x08\0" + bytes(40), "application/gzip"),
        ("a.rtf", b"{\\rtf1 x}", "application/rtf"),
        ("a.mp4", box(b"isom"), "video/mp4"),
        ("a.mov", box(b"qt  "), "video/quicktime"),
        ("a.avi", b"RIFF\0\0\0\0AVI " + bytes(40), "video/x-msvideo"),
        ("a.txt", "检查记录".encode(), "text/plain"),
        ("a.txt", "检查记录".encode("gb18030"), "text/plain"),
        ("a.txt", "检查记录".encode("utf-16"), "text/plain"),
        ("a.txt", ("检查" * 3000).encode(), "text/plain"),
        ("a.txt", ("a" + "检查" * 3000).encode("gb18030"), "text/plain"),
        ("a.txt", b"BM 1 MZ 2", "text/plain"),
        ("a.csv", "月份,数量\n1,2\n".encode("gb18030"), "text/csv"),
        ("a.html", b"\xef\xbb\xbf\n<!-- x --><!DOCTYPE html><html>", "text/html"),
        ("a.xls", b"<html><table></table></html>", "text/html"),
        ("a.dwg", b"AC1032" + bytes(range(256)), "image/x-dwg"),
        ("a.flac", b"fLaC\0\0\0\x22" + bytes(40), "audio/flac"),
        ("a.unknown", bytes(range(256)), "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_content_says(name: str, data: bytes, expected: str) -> None:
    """The types that mines hand in are told by content, and names that promise what they hold have no fault."""
    found = look(data, name)
    assert (expected, ()) == (found.media_type, found.faults)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", zipped("a.txt")),
        ("a.pdf", b"PK\x03\x04" + bytes(40)),
        ("a.pdf", "证明".encode()),
        ("a.pdf", zipped("a.pdf", content=make_pdf("一"))),
        ("a.jpg", saved(paint(1), "PNG")),
        ("a.jpg", box(b"heic")),
        ("a.jpg", bytes(range(256))),
        ("a.docx", zipped("a.txt")),
        ("a.xlsx", zipped("[Content_Types].xml", "word/document.xml")),
        ("a.zip", make_workbook(["a"])),
        ("a.txt", make_pdf("一")),
        ("a.txt", b"<script>alert(1)</script>"),
        ("证.PDF", make_photo()),
    ],
)
def test_a_name_that_promises_something_else_is_a_fault(name: str, data: bytes) -> None:
    """A zip renamed to .pdf is noticed, as is any other content under a known end of a name."""
    assert "type_mismatch" in look(data, name).faults


@pytest.mark.parametrize("data", [b"MZ" + bytes(100), b"\x7fELF" + bytes(60), b"#!/bin/sh\nrm -rf /\n"])
@pytest.mark.parametrize("name", ["a.exe", "a.pdf", "a"])
def test_a_program_is_a_fault_under_any_name(data: bytes, name: str) -> None:
    """A mine has no reason to hand in programs."""
    assert Media("application/x-executable", faults=("program",)) == look(data, name)


@pytest.mark.parametrize("name", ["a.jpg", "a.pdf", "a"])
def test_a_file_of_no_bytes_is_empty_and_nothing_else(name: str) -> None:
    """One fault says it all."""
    assert Media("application/x-empty", faults=("empty_file",)) == look(b"", name)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (make_pdf("一", "二"), Media("application/pdf", 2)),
        (make_pdf("", ""), Media("application/pdf", 2, faults=("pdf_empty",))),
        (encrypt(make_pdf("一"), "x"), Media("application/pdf", None, encrypted=True, faults=("pdf_encrypted",))),
        (encrypt(make_pdf("一"), ""), Media("application/pdf", 1, faults=("pdf_restricted",))),
        (b"%PDF-1.7\nno more", Media("application/pdf", faults=("pdf_unreadable",))),
    ],
)
def test_what_is_wrong_with_a_pdf_is_a_fault(data: bytes, expected: Media) -> None:
    """Empty, encrypted and damaged documents are told apart."""
    assert expected == look(data, "a.pdf")


def test_what_is_wrong_with_a_picture_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Damaged ones, ones too large and ones in a format that cannot be read are told apart."""
    assert ("picture_unreadable",) == look(b"\xff\xd8\xff\xe0" + bytes(40), "a.jpg").faults
    assert ("picture_unsupported",) == look(box(b"heic"), "a.heic").faults
    monkeypatch.setattr(photo, "MAX_PIXELS", 100)
    assert ("picture_too_large",) == look(saved(paint(1), "PNG"), "a.png").faults


def test_what_is_too_large_to_be_looked_into_is_a_fault(tmp_path: Path) -> None:
    """A PDF larger than the limit is not taken into memory."""
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n")
    os.truncate(path, pdf.MAX_BYTES + 1)
    with path.open("rb") as stream:
        assert Media("application/pdf", faults=("pdf_too_large",)) == inspect_file(stream, "a.pdf")


def test_faults_come_in_one_order() -> None:
    """Several faults of one file are in the order of the list of all faults."""
    found = look(b"%PDF-1.7\nno more", "a.jpg").faults
    assert ("type_mismatch", "pdf_unreadable") == found
    assert list(found) == [fault for fault in FAULTS if fault in found]


def test_a_photo_keeps_what_its_file_says() -> None:
    """Size, time and fingerprint of a picture are there; other files have none."""
    found = look(make_photo(), "a.jpg")
    assert found.photo is not None
    assert (480, 360) == (found.photo.width, found.photo.height)
    assert found.phash is not None
    assert (None, None) == ((text := look(b"x", "a.txt")).photo, text.phash)


def test_the_table_of_contents_of_an_archive_is_read_only_when_it_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An office document has a few dozen parts; an archive of millions is just an archive."""
    data = zipped("[Content_Types].xml", "word/document.xml")
    monkeypatch.setattr(media, "_MAX_CONTENTS", 10)
    assert "application/zip" == look(data).media_type


@given(st.binary(max_size=200), st.sampled_from(["a.pdf", "a.jpg", "a.xlsx", "a.txt", "a", "a.mp4"]))
def test_any_bytes_have_a_type(data: bytes, name: str) -> None:
    """Nothing makes the reader fail, and faults are known ones."""
    found = look(data, name)
    assert found.media_type.count("/") == 1
    assert set(found.faults) <= set(FAULTS)


HEADS = [
    b"%PDF-1.4\n",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"RIFF....WEBP",
    b"II*\0",
]


@given(st.sampled_from(HEADS), st.binary(max_size=200))
def test_any_bytes_after_a_signature_have_a_type(head: bytes, data: bytes) -> None:
    """Not even behind a known beginning."""
    assert look(head + data).media_type.count("/") == 1


def test_an_animation_of_many_frames_is_read_once() -> None:
    """Only the first frame counts."""
    frames = [paint(seed).convert("P") for seed in range(3)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    found = look(data, "a.gif")
    assert (found.photo, ()) == (photo.Photo(480, 360), found.faults)
