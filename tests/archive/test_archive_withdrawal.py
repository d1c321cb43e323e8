"""Withdrawals: a record that nobody is to rely on any more, told by both verifiers, index and list of records."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest
from audited import OPERATOR, Audited, build, flip
from keys import allow
from sealing import NOON, make_mine, prepare, record_something

from greenmine import i18n
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.index import build_index, read_contents
from greenmine.archive.layout import withdrawal_bag
from greenmine.archive.ledger import Ledger
from greenmine.archive.portal import render_portal
from greenmine.archive.recover import recover
from greenmine.archive.signature import Trust, sign
from greenmine.archive.signers import CHECKPOINT, REDACTION, WITHDRAWAL
from greenmine.archive.staging import seal_bag
from greenmine.archive.withdrawal import FILE_NAME, withdraw, withdrawn
from greenmine.errors import ArchiveError, UsageError

RECORD = "bags/assess/GM-0002/r1"
LATER = NOON + dt.timedelta(days=2)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """An archive in which the operator, whose key may do so, withdrew a record; no test changes it."""
    one = build(tmp_path_factory.mktemp("audited"))
    allow(one.trust / "allowed_signers", OPERATOR, one.keys / "operator", [WITHDRAWAL])
    order = {"reason": "演示〔2026〕2号决定", "by": "演示机关", "on": LATER}
    withdraw(one.archive, RECORD, **order, key=one.keys / "operator", trust=Trust.of(one.trust))
    return one


@pytest.fixture
def copy(sealed: Audited, tmp_path: Path) -> Audited:
    """A copy that may be changed."""
    return sealed.copy(tmp_path / "copy")


def bag_of(one: Audited) -> str:
    return withdrawn(Ledger(one.archive).read())[digest_of(one, RECORD)]


def digest_of(one: Audited, bag: str) -> str:
    return next(entry.digest for entry in Ledger(one.archive).read() if entry.bag == bag)


def test_a_withdrawn_record_holds_and_is_told_to_be_withdrawn(sealed: Audited) -> None:
    """Nothing fails; verification of everything or of the record says who withdrew it, why, and whose key signed it."""
    i18n.use("en")
    for records in ((), ("GM-0002",), (RECORD,), (bag_of(sealed),)):
        found = sealed.verify(*records)
        assert () == found.failures
        told = [one.text for one in found.remarks]
        assert f"{RECORD} was withdrawn on 2026-07-02 by “演示机关”: “演示〔2026〕2号决定”" in told
        assert f"{bag_of(sealed)} is signed by “{OPERATOR}”." in told
        script = sealed.script(*records)
        assert (0, "") == (script.returncode, script.stderr)
        assert f"{RECORD}: withdrawn, see {bag_of(sealed)}/data/withdrawal.json" in script.stdout
    assert not any("withdrawn" in one.code for one in sealed.verify("GM-0001").remarks)
    assert "withdrawn" not in sealed.script("GM-0001").stdout


def test_index_and_list_of_records_show_it(copy: Audited) -> None:
    """A withdrawn record is in force no more, and says so before its verdict."""
    i18n.use("en")
    contents = read_contents(copy.archive)
    assert [bag_of(copy)] == [row.withdrawn_by for row in contents.rows if not row.in_force and not row.superseded_by]
    build_index(copy.archive, contents)
    page = render_portal(contents)
    assert 1 == page.count("<strong>withdrawn</strong>")
    assert 2 == page.count('class="old"')


def test_a_later_revision_takes_its_place(copy: Audited, tmp_path: Path) -> None:
    """What is sealed next supersedes the withdrawn record, and is in force."""
    assert copy.archive.place(RECORD).is_dir()
    mine = make_mine(tmp_path / "evidence", "GM-0002")
    record_something(mine, "2026-self", "E1", {"facts": {"living": True, "production": True}})
    later = prepare(copy.archive, mine, reason="撤回后重评").sealed(copy.archive)
    rows = {row.bag: row for row in read_contents(copy.archive).rows}
    assert (False, True) == (rows[RECORD].in_force, rows[later.path].in_force)
    assert () == copy.verify().failures
    assert 0 == copy.script().returncode


def test_an_unsigned_withdrawal_counts_and_is_reported(copy: Audited) -> None:
    """Without a key it is not proven who withdrew the record, which both verifiers say."""
    order = {"reason": "决定", "by": "甲", "on": LATER}
    bag = withdraw(copy.archive, "bags/assess/GM-0001/r2", **order).path
    codes = [one.code for one in copy.verify("GM-0001/r2").remarks if one.unproven]
    assert f"withdrawal.unsigned.{bag}" in codes
    assert f"?    未证明  {bag}: nobody signed it" in copy.script("GM-0001/r2").stdout


@pytest.mark.parametrize(("key", "namespace"), [("stranger", WITHDRAWAL), ("E1", WITHDRAWAL), ("operator", REDACTION)])
def test_a_withdrawal_signed_by_who_may_not_is_found(copy: Audited, key: str, namespace: str) -> None:
    """An unknown key, an expert's, and the operator's signature for something else do not count."""
    data = (copy.root / bag_of(copy) / "data" / FILE_NAME).read_bytes()
    bag = put(copy, digest_of(copy, RECORD), data, sign(data, copy.keys / key, namespace))
    assert [("withdrawal.signature", f"{bag}/data/attest/x.sig")] == [
        (one.check, one.file) for one in copy.verify().failures
    ]
    assert f"FAIL 不通过  {bag}/data/attest/x.sig" in copy.script().stderr


@pytest.mark.parametrize("what", ["another record", "no record", "nothing", "no document"])
def test_a_withdrawal_of_something_else_is_found(copy: Audited, what: str) -> None:
    """Its place and its document must name the same record of the ledger; recovery moves such an orphan away."""
    data = (copy.root / bag_of(copy) / "data" / FILE_NAME).read_bytes()
    digest = digest_of(copy, "bags/assess/GM-0001/r1") if what == "another record" else digest_of(copy, RECORD)
    if what == "no record":
        digest = digest_of(copy, next(one.bag for one in Ledger(copy.archive).read() if "/evidence/" in one.bag))
        data = data.replace(digest_of(copy, RECORD).encode(), digest.encode())
    before = copy.archive.ledger.read_bytes()
    bag = put(copy, digest, {"nothing": b"{}", "no document": b"x"}.get(what, data), b"")
    failures = copy.verify().failures
    assert [("withdrawal.record", f"{bag}/data/{FILE_NAME}")] == [(one.check, one.file) for one in failures]
    assert f"FAIL 不通过  {bag}/data/{FILE_NAME}" in copy.script().stderr
    copy.archive.ledger.write_bytes(before)
    assert [bag] == [one.path for one in recover(copy.archive).quarantined]


def put(one: Audited, digest: str, data: bytes, signature: bytes) -> str:
    """Seal something as a withdrawal, past all checks."""

    def fill(writer: BagWriter) -> None:
        writer.add(FILE_NAME, data)
        if signature:
            writer.add("attest/x.sig", signature)

    return seal_bag(one.archive, withdrawal_bag(digest, 7), fill).path


def test_a_withdrawal_cannot_be_taken_back_unseen(copy: Audited) -> None:
    """Changed by a bit, removed, or cut off the ledger: found, by both verifiers where a checkpoint covers it."""
    copy.checkpoint()
    chance = random.Random("withdrawal")  # noqa: S311 - the same bits in each run
    files = [path for path in (copy.root / bag_of(copy)).rglob("*") if path.is_file()]
    assert 6 == len(files)
    for path in files:
        back = flip(path, chance.randrange(8 * path.stat().st_size))
        assert path.relative_to(copy.root).as_posix() == copy.verify("GM-0002").failures[0].file
        assert 1 == copy.script("GM-0002").returncode
        back()
    assert () == copy.verify("GM-0002").failures
    lines = copy.archive.ledger.read_bytes().splitlines(keepends=True)
    copy.archive.ledger.write_bytes(b"".join(line for line in lines if b"/withdrawal/" not in line))
    assert not copy.verify("GM-0002").holds
    assert 1 == copy.script("GM-0002").returncode


def test_one_cut_short_is_entered_by_recovery(copy: Audited) -> None:
    """A withdrawal whose maker died before the ledger's line is entered."""
    lines = copy.archive.ledger.read_bytes().splitlines(keepends=True)
    bag = bag_of(copy)
    copy.archive.ledger.write_bytes(b"".join(lines[:-1]))
    assert (bag,) == recover(copy.archive).entered
    assert () == copy.verify().failures


def test_what_cannot_be_withdrawn_is_refused(copy: Audited) -> None:
    """No such record, no ground, no person, a key that may not, a record withdrawn already: nothing is sealed."""
    before = copy.archive.ledger.read_bytes()
    good = {"bag": "bags/assess/GM-0001/r2", "reason": "决定", "by": "甲", "on": LATER}
    evidence = next(one.bag for one in Ledger(copy.archive).read() if "/evidence/" in one.bag)
    for bad in ({"bag": "bags/assess/GM-0009/r1"}, {"bag": evidence}, {"reason": ""}, {"by": " "}):
        with pytest.raises(ArchiveError):
            withdraw(copy.archive, **{**good, **bad})
    for key in ("stranger", "E1", "witness"):
        with pytest.raises(UsageError):
            withdraw(copy.archive, **good, key=copy.keys / key, trust=Trust.of(copy.trust))
    i18n.use("en")
    with pytest.raises(UsageError, match=f"withdrawn already, by {bag_of(copy)}"):
        withdraw(copy.archive, **{**good, "bag": RECORD})
    assert before == copy.archive.ledger.read_bytes()


def test_the_operators_other_signatures_are_no_orders(copy: Audited) -> None:
    """A key that may sign checkpoints only withdraws nothing."""
    only = allow(copy.root.parent / "only", OPERATOR, copy.keys / "operator", [CHECKPOINT])
    good = {"bag": "bags/assess/GM-0001/r2", "reason": "决定", "by": "甲", "on": LATER}
    with pytest.raises(UsageError):
        withdraw(copy.archive, **good, key=copy.keys / "operator", trust=Trust(only))
