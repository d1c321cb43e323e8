"""The verbs that order something about what is sealed: redact and withdraw."""

from __future__ import annotations

from pathlib import Path

import pytest
from archives import make_archive
from keys import make_key
from sealing import make_mine, prepare, record_something

from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.cli.main import main

LIST = "2 设施/人员名单.txt"
WHY = ["--reason", "演示〔2026〕1号决定", "--by", "演示机关"]


@pytest.fixture
def archive(workspace: Path, tmp_path: Path) -> Archive:
    """An archive with two revisions of a record, on two bags of evidence that share files."""
    made = make_archive(workspace / "reports")
    mine = make_mine(tmp_path / "evidence")
    prepare(made, mine).sealed(made)
    (mine / "licences/note.txt").write_text("new", "utf-8")
    record_something(mine, "2026-self", "E1", {"facts": {"living": True, "production": True}})
    prepare(made, mine).sealed(made)
    return made


@pytest.fixture
def office(archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A key that may order both."""
    key = make_key(tmp_path / "keys", "office")
    run(
        capsys,
        "keys",
        "add",
        "office@demo",
        f"{key}.pub",
        "--for",
        "redaction",
        "--for",
        "withdrawal",
        "--archive",
        archive.root,
    )
    return key


def run(capsys: pytest.CaptureFixture[str], *arguments: object, status: int = 0) -> str:
    """Run a verb in English; return what it printed, or its message where it fails."""
    found = main(["--lang", "en", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert (status, True) == (found, "Traceback" not in err), err
    return out if status == 0 else err


def there(archive: Archive) -> int:
    return len(list(archive.bags.glob(f"evidence/*/*/data/files/{LIST}")))


def test_files_are_removed_by_a_signed_order(
    archive: Archive, office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is gone, other copies are named, and verification says whose key ordered it; all else holds."""
    told = run(capsys, "redact", "GM-0001/r1", LIST, *WHY, "--key", office, "--yes")
    assert "removed: 1 files, as bags/redaction/" in told
    assert "The same content is still in bags/evidence/" in told
    assert "not signed" not in told
    assert 1 == there(archive)
    said = run(capsys, "verify")
    assert ", by order of “演示机关”: “演示〔2026〕1号决定”" in said
    assert "is signed by “office@demo”." in said
    again = run(capsys, "redact", "GM-0001/r1", LIST, *WHY, "--key", office, "--yes", status=2)
    assert "removed already" in again
    assert "The same" not in run(capsys, "redact", "GM-0001", LIST, *WHY, "--key", office, "--yes")
    assert 0 == there(archive)
    run(capsys, "verify")


def test_nothing_is_removed_before_it_is_confirmed(
    archive: Archive, office: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer, a no, a file that is not there, a key that may not: the archive stays as it is."""
    before = archive.ledger.read_bytes()
    monkeypatch.setattr("click.confirm", lambda *_words, **_options: (_ for _ in ()).throw(EOFError))
    run(capsys, "redact", "GM-0001", LIST, *WHY, "--key", office, status=130)
    stranger = make_key(office.parent, "stranger")
    run(capsys, "redact", "GM-0001", LIST, *WHY, "--key", stranger, "--yes", status=2)
    run(capsys, "withdraw", "GM-0001", *WHY, "--key", stranger, status=2)
    run(capsys, "redact", "GM-0001", "none.txt", *WHY, "--yes", status=2)
    run(capsys, "redact", "GM-0009", LIST, *WHY, "--yes", status=2)
    catalog = next(one.bag for one in Ledger(archive).read() if "/catalog/" in one.bag)
    for verb, more in (("redact", [LIST, "--yes"]), ("withdraw", [])):
        run(capsys, verb, catalog, *more, *WHY, status=2)
        run(capsys, verb, "GM-0001", *more, "--reason", "x", status=2)
    assert (before, 2) == (archive.ledger.read_bytes(), there(archive))


def test_a_record_is_withdrawn_for_good(archive: Archive, office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The verb says where; verification, list of records and a second try tell it; the record itself still holds."""
    told = run(capsys, "withdraw", "GM-0001", *WHY, "--key", office)
    assert "withdrawn: bags/assess/GM-0001/r2, as bags/withdrawal/" in told
    assert "bags/assess/GM-0001/r2 was withdrawn on" in run(capsys, "verify", "GM-0001")
    run(capsys, "index")
    assert "withdrawn</strong>" in archive.portal.read_text("utf-8")
    assert "is withdrawn already" in run(capsys, "withdraw", "GM-0001/r2", *WHY, status=2)


def test_unsigned_orders_are_said_to_be_unsigned(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    """Without keys both verbs work, and say what is not proven."""
    assert "who ordered the removal is not proven" in run(capsys, "redact", "GM-0001", LIST, *WHY, "--yes")
    assert "who withdrew the record is not proven" in run(capsys, "withdraw", "GM-0001", *WHY)
    told = run(capsys, "verify")
    assert "it is not proven who ordered the removal" in told
    assert "it is not proven who withdrew the record" in told
    assert 1 == there(archive)
