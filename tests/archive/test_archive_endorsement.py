"""Signatures over catalogs: made by the verb, sealed beside the catalog, checked by both verifiers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from audited import MINISTRY, Audited, build
from keys import allow, make_key

from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.endorsement import LINE, SIGNATURE, over, sign_catalog, signatures_of
from greenmine.archive.layout import Archive, signature_bag
from greenmine.archive.ledger import Ledger, LedgerEntry
from greenmine.archive.recover import recover
from greenmine.archive.signature import Trust, sign
from greenmine.archive.signers import CATALOG, CHECKPOINT
from greenmine.archive.staging import seal_bag
from greenmine.cli.main import main
from greenmine.errors import ArchiveError, UsageError


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The archive; no test changes it."""
    return build(tmp_path_factory.mktemp("audited"))


@pytest.fixture
def copy(sealed: Audited, tmp_path: Path) -> Audited:
    """A copy that may be changed."""
    return sealed.copy(tmp_path / "copy")


def catalog(one: Audited) -> LedgerEntry:
    return next(entry for entry in Ledger(one.archive).read() if "/catalog/" in entry.bag)


def put(one: Audited, line: bytes, signature: bytes, **more: bytes) -> str:
    """Seal something as a signature over the catalog, past all checks."""

    def fill(writer: BagWriter) -> None:
        for name, data in {LINE: line, SIGNATURE: signature, **more}.items():
            writer.add(name, data)

    return seal_bag(one.archive, signature_bag(catalog(one).digest, 2), fill).path


def test_the_line_in_the_ledger_is_what_is_signed(sealed: Audited) -> None:
    """With grep and ssh-keygen alone anybody sees that the authority signed the catalog's bag."""
    entry = catalog(sealed)
    (bag,) = over(entry.digest, (one.bag for one in Ledger(sealed.archive).read()))
    data = sealed.root / bag / "data"
    grep = subprocess.run(["grep", "-F", entry.bag, "ledger"], cwd=sealed.root, capture_output=True, check=True)
    assert (data / LINE).read_bytes() == grep.stdout
    command = ["ssh-keygen", "-Y", "verify", "-f", sealed.trust / "allowed_signers", "-I", MINISTRY]
    done = subprocess.run([*command, "-n", CATALOG, "-s", data / SIGNATURE], input=grep.stdout, check=False)
    assert 0 == done.returncode


def test_a_signature_by_somebody_else_is_found(copy: Audited) -> None:
    """A key that is not trusted, or not for catalogs, or a signature for something else fails, in both verifiers."""
    line = catalog(copy).line + b"\n"
    for key, namespace in (("stranger", CATALOG), ("operator", CATALOG), ("ministry", CHECKPOINT)):
        one = copy.copy(copy.root.parent / f"{key}-{namespace}")
        bag = put(one, line, sign(line, one.keys / key, namespace))
        for records in ((), ("GM-0001/r1",), (bag,)):
            failures = one.verify(*records).failures
            assert [("catalog.signature", f"{bag}/data/{SIGNATURE}")] == [(x.check, x.file) for x in failures]
            assert 1 == one.script(*records).returncode


@pytest.mark.parametrize("what", ["another line", "nothing", "two lines", "another file"])
def test_a_signature_over_something_else_is_found(copy: Audited, what: str) -> None:
    """The authority's signature over another bag, over nothing, over more, or with more beside it does not count."""
    entries = Ledger(copy.archive).read()
    good = catalog(copy).line + b"\n"
    lines = {"another line": entries[0].line + b"\n", "nothing": b"", "two lines": good + good}
    line = lines.get(what, good)
    more = {"note.txt": b"x"} if what == "another file" else {}
    bag = put(copy, line, sign(line, copy.keys / "ministry", CATALOG), **more)
    assert {"catalog.digest"} == {one.check for one in copy.verify().failures}
    assert copy.script().stderr.startswith(f"FAIL 不通过  {bag}/")


def test_a_signature_whose_maker_died_is_entered_by_recovery(copy: Audited) -> None:
    """An orphan signature over a catalog in the ledger is entered; one over anything else is moved away."""
    before = copy.archive.ledger.read_bytes()
    line = catalog(copy).line + b"\n"
    bag = put(copy, line, sign(line, copy.keys / "ministry", CATALOG))
    copy.archive.ledger.write_bytes(before)
    assert (bag,) == recover(copy.archive).entered
    assert () == copy.verify().failures
    copy.archive.ledger.write_bytes(before)
    (copy.root / bag).rename(copy.root / "aside")
    wrong = put(copy, b"x\n", sign(b"x\n", copy.keys / "ministry", CATALOG))
    copy.archive.ledger.write_bytes(before)
    assert [wrong] == [one.path for one in recover(copy.archive).quarantined]


def test_only_catalogs_are_signed_and_once_with_a_key(copy: Audited) -> None:
    """Another bag, an untrusted key and a second signature with the same key are refused before anything is sealed."""
    before = copy.archive.ledger.read_bytes()
    trust = Trust.of(copy.trust)
    with pytest.raises(ArchiveError, match="ledger"):
        sign_catalog(copy.archive, "bags/assess/GM-0001/r1", copy.keys / "ministry", trust)
    for key in ("ministry", "stranger"):
        with pytest.raises(UsageError):
            sign_catalog(copy.archive, catalog(copy).bag, copy.keys / key, trust)
    assert before == copy.archive.ledger.read_bytes()


def test_the_verb_seals_and_signs_a_catalog(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`greenmine sign national@2024 --key` makes the bags; who signed is shown; `keys add --for catalog` trusts."""
    key = make_key(workspace.parent, "ministry")
    assert 0 == main(["sign", "national@2024", "--key", str(key), "--lang", "en"])
    assert "Nobody's keys are listed yet" in capsys.readouterr().out
    archive = Archive(workspace / "reports")
    allow(archive.trust / "allowed_signers", MINISTRY, key, [CATALOG])
    assert 0 == main(["sign", "national@2024"])
    assert f"{MINISTRY} SHA256:" in capsys.readouterr().out
    entries = Ledger(archive).read()
    assert ["catalog", "signature"] == [entry.bag.split("/")[1] for entry in entries]
    assert 1 == len(signatures_of(archive, entries[0]))
    assert 0 == main(["verify"])
    assert 2 == main(["sign", "national@2024", "--key", str(key)])
    assert 2 == main(["sign", "national@1999", "--key", str(key)])
    assert 2 == len(Ledger(archive).read())
