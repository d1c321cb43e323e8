"""Making checkpoints: signed, stamped, stored whole, one after another."""

from __future__ import annotations

import datetime as dt
import errno
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from archives import ORIGIN, START, add_entries, clock, make_archive
from authority import TestAuthority
from keys import allow, make_key

from greenmine import i18n
from greenmine.archive import notary
from greenmine.archive.checkpoint import check_ledger, latest, read_checkpoint, read_checkpoints
from greenmine.archive.layout import Archive
from greenmine.archive.notary import Operator, make_checkpoint
from greenmine.archive.signers import CHECKPOINT
from greenmine.archive.store import Store
from greenmine.archive.timestamp import Authority, verify_stamp
from greenmine.errors import ArchiveError, GreenmineError, IntegrityError, UsageError

YEAR = dt.timedelta(days=365)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    make_key(folder, "operator")
    make_key(folder, "other")
    return folder


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture
def archive(tmp_path: Path, keys: Path, tsa: TestAuthority) -> Archive:
    """An archive of three entries that trusts the operator and the authority."""
    made = make_archive(tmp_path / "reports", 3)
    allow(made.trust / "allowed_signers", "archive@demo", keys / "operator", [CHECKPOINT])
    (made.trust / "tsa-chain.pem").write_bytes(tsa.chain.read_bytes())
    return made


def test_stock_tools_accept_a_checkpoint(archive: Archive, keys: Path, tsa: TestAuthority) -> None:
    """ssh-keygen, openssl and sha256sum accept signature, time stamp and ledger."""
    authority = Authority(command=tsa.command)
    made = make_checkpoint(archive, operator=Operator("archive@demo", keys / "operator"), authority=authority)
    head, trust = made.checkpoint.head, archive.trust
    time = verify_stamp(made.signature or b"", made.timestamp or b"", tsa.chain, "tsr").time
    by, pinned = f"-f {trust}/allowed_signers -I archive@demo -n {CHECKPOINT}", f"-CAfile {trust}/tsa-chain.pem"
    commands = [
        f"ssh-keygen -Y verify {by} -Overify-time={time:%Y%m%d%H%M%SZ} -s checkpoint.sig < checkpoint",
        f"openssl ts -verify -data checkpoint.sig -in checkpoint.sig.tsr {pinned} -attime {time.timestamp():.0f}",
        f"test $(head -c {head.size} {archive.ledger} | sha256sum | cut -c1-64) = $(sed -n 's/^sha256 //p' checkpoint)",
        "sha256sum --strict -c checkpoint.sums",
    ]
    for command in commands:
        done = subprocess.run(["sh", "-c", command], cwd=made.folder, capture_output=True, check=False)
        assert (0, command) == (done.returncode, command), done.stderr
    assert (3, ORIGIN) == (head.entries, made.checkpoint.origin)
    i18n.use("en")
    assert made.unproven == ("No witness: whoever runs the archive could still rewrite it.",)


def test_without_keys_a_checkpoint_says_what_it_does_not_prove(archive: Archive) -> None:
    """A checkpoint can be made without keys; then nothing is claimed."""
    i18n.use("en")
    made = make_checkpoint(archive)
    assert [text.split(":")[0] for text in made.unproven] == ["Not signed", "No time stamp", "No witness"]
    check_ledger(archive.ledger.read_bytes(), made.checkpoint.head, "ledger")


def test_nothing_new_needs_no_new_checkpoint(archive: Archive) -> None:
    """A second call without new entries returns the same checkpoint, byte for byte."""
    made = make_checkpoint(archive, clock=clock(START))
    assert made == make_checkpoint(archive, clock=clock(START + YEAR))
    assert len(read_checkpoints(archive.root)) == 1


def test_signature_and_stamp_may_be_added_to_the_last(archive: Archive, keys: Path, tsa: TestAuthority) -> None:
    """What was not at hand at first is added later; the checkpoint itself stays as it was."""
    operator, authority = Operator("archive@demo", keys / "operator"), Authority(command=tsa.command)
    first = make_checkpoint(archive, clock=clock(START))
    signed = make_checkpoint(archive, operator=operator)
    assert signed.signature is not None
    assert signed.timestamp is None
    stamped = make_checkpoint(archive, operator=operator, authority=authority)
    assert stamped.timestamp is not None
    assert first.checkpoint == signed.checkpoint == stamped.checkpoint
    assert signed.signature == stamped.signature
    assert stamped == make_checkpoint(archive, operator=operator, authority=authority)


def test_a_clock_set_back_does_not_turn_time_back(archive: Archive) -> None:
    """The time of a checkpoint is never before that of the one before."""
    make_checkpoint(archive, clock=clock(START))
    add_entries(archive, 1)
    assert make_checkpoint(archive, clock=clock(START - YEAR)).checkpoint.time == "2026-11-21T09:00:00Z"
    read_checkpoints(archive.root)


def test_a_key_that_is_not_trusted_makes_no_checkpoint(archive: Archive, keys: Path) -> None:
    """Signing with a key that verifiers would refuse is told at once, and nothing is stored."""
    i18n.use("en")
    with pytest.raises(UsageError, match=r"is not in .*allowed_signers\. See: greenmine keys --help"):
        make_checkpoint(archive, operator=Operator("archive@demo", keys / "other"))
    with pytest.raises(UsageError, match=r"belongs to “archive@demo”"):
        make_checkpoint(archive, operator=Operator("somebody", keys / "operator"))
    assert latest(archive.root) is None
    assert list(archive.staging.iterdir()) == []


def test_a_stamp_needs_the_certificates_of_its_authority(archive: Archive, keys: Path, tsa: TestAuthority) -> None:
    """Without pinned certificates no stamp is asked for: nobody could tell what it is worth."""
    i18n.use("en")
    (archive.trust / "tsa-chain.pem").unlink()
    operator = Operator("archive@demo", keys / "operator")
    with pytest.raises(UsageError, match=r"tsa-chain\.pem is needed"):
        make_checkpoint(archive, operator=operator, authority=Authority(command=tsa.command))
    assert latest(archive.root) is None


def test_an_unreachable_authority_leaves_nothing_behind(archive: Archive, keys: Path) -> None:
    """Where the authority does not answer, no half-made checkpoint is stored."""
    operator = Operator("archive@demo", keys / "operator")
    with pytest.raises(UsageError):
        make_checkpoint(archive, operator=operator, authority=Authority(url="http://127.0.0.1:9/"))
    assert latest(archive.root) is None


def test_an_empty_ledger_has_no_checkpoint(tmp_path: Path) -> None:
    """There is nothing to prove about nothing."""
    i18n.use("en")
    with pytest.raises(ArchiveError, match=r"expected entries in the ledger, got an empty ledger\. Seal a record\."):
        make_checkpoint(make_archive(tmp_path / "reports"))


def test_a_rewritten_ledger_gets_no_further_checkpoint(archive: Archive) -> None:
    """A ledger that no longer begins as it did is not signed."""
    make_checkpoint(archive)
    data = archive.ledger.read_bytes()
    archive.ledger.write_bytes(data.replace(b"GM-000001", b"GM-000009"))
    add_entries(archive, 1)
    with pytest.raises(IntegrityError, match=r"ledger：.*3"):
        make_checkpoint(archive)
    assert len(read_checkpoints(archive.root)) == 1


def test_an_archive_keeps_its_name(archive: Archive) -> None:
    """A changed origin makes no checkpoint: it would look like another archive's."""
    i18n.use("en")
    make_checkpoint(archive)
    archive.config.write_text("origin: greenmine/other\n", "utf-8")
    add_entries(archive, 1)
    with pytest.raises(ArchiveError, match=f"origin: expected {ORIGIN}, as in the checkpoints before"):
        make_checkpoint(archive)


def test_makers_at_the_same_time_make_one_chain(archive: Archive) -> None:
    """Four makers, each adding an entry before every checkpoint, leave an unbroken chain."""

    def work(_number: int) -> None:
        for _round in range(3):
            add_one(archive)
            make_checkpoint(archive)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    found = read_checkpoints(archive.root)
    assert 15 == found[-1].checkpoint.head.entries
    check_ledger(archive.ledger.read_bytes(), found[-1].checkpoint.head, "ledger")


def add_one(archive: Archive) -> None:
    """Add an entry that no other thread adds."""
    from uuid import uuid4  # noqa: PLC0415 - used here only

    from greenmine.archive.ledger import Ledger  # noqa: PLC0415

    Ledger(archive).append([("0" * 64, f"bags/assess/GM-{uuid4()}/r1")])


def test_a_maker_that_comes_second_begins_again(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint signed while another one was stored is thrown away and made anew on top of it."""
    real, calls = notary._publish, []

    def publish(*arguments: object) -> bool:
        calls.append(arguments)
        if len(calls) == 1:
            with monkeypatch.context() as undone:
                undone.setattr(notary, "_publish", real)
                make_checkpoint(archive)
            add_entries(archive, 1)
        return real(*arguments)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(notary, "_publish", publish)
    made = make_checkpoint(archive)
    assert (2, 4) == (len(calls), made.checkpoint.head.entries)
    assert [3, 4] == [one.checkpoint.head.entries for one in read_checkpoints(archive.root)]
    assert list(archive.staging.iterdir()) == []


class FailingStore(Store):
    """A disk whose call number `at` fails, and all after it."""

    def __init__(self, at: int) -> None:
        self.at, self.calls = at, 0

    def _call(self) -> None:
        self.calls += 1
        if self.calls >= self.at:
            raise OSError(errno.EIO, "Input/output error")

    def write(self, handle: int, data: bytes | memoryview, offset: int) -> int:
        self._call()
        return super().write(handle, data, offset)

    def fsync(self, handle: int) -> None:
        self._call()
        super().fsync(handle)

    def mkdir(self, path: Path) -> None:
        self._call()
        super().mkdir(path)

    def rename(self, source: Path, target: Path) -> None:
        self._call()
        super().rename(source, target)

    def sync(self, folder: Path) -> None:
        self._call()
        super().sync(folder)


def failures(make: Callable[[Archive], object], archive: Archive) -> int:
    """Let each call to the disk fail in turn until none does; return how often it failed."""
    for at in range(1, 100):
        try:
            make(Archive(archive.root, FailingStore(at)))
        except (GreenmineError, OSError):
            folders = list(archive.checkpoints.iterdir())
            for folder in folders:
                read_or_set_aside(archive, folder)
            continue
        return at - 1
    raise AssertionError


def read_or_set_aside(archive: Archive, folder: Path) -> None:
    """A checkpoint holds, at the latest after what a failure left was set aside; its sums never lie."""
    try:
        read_checkpoint(folder)
    except IntegrityError:
        notary._set_aside(archive)
        read_checkpoint(folder)


def test_a_failing_disk_never_leaves_half_a_checkpoint(archive: Archive) -> None:
    """Whichever call to the disk fails, the checkpoint is there whole or not at all, and the next try makes it."""
    assert failures(lambda disk: make_checkpoint(disk, clock=clock(START)), archive) > 5
    assert latest(archive.root) is not None
    assert list(archive.staging.iterdir()) == []


def test_a_failing_disk_never_spoils_a_checkpoint_that_is_completed(archive: Archive, keys: Path) -> None:
    """Whichever call fails while a signature is added, the checkpoint holds, with or without it."""
    made = make_checkpoint(archive, clock=clock(START))
    operator = Operator("archive@demo", keys / "operator")
    assert failures(lambda disk: make_checkpoint(disk, operator=operator), archive) >= 3
    found = latest(archive.root)
    assert found is not None
    assert found.signature is not None
    assert made.checkpoint == found.checkpoint


def test_sums_that_were_tampered_with_are_left_alone(archive: Archive, keys: Path) -> None:
    """Cutting the signature's line out of the sums, with a wrong digest elsewhere, does not make it be set aside."""
    make_checkpoint(archive, operator=Operator("archive@demo", keys / "operator"))
    folder = archive.checkpoints / "000000003"
    sums = folder / "checkpoint.sums"
    sums.chmod(0o644)
    line = sums.read_bytes().splitlines(keepends=True)[0]
    sums.write_bytes((b"1" if line[:1] == b"0" else b"0") + line[1:])
    with pytest.raises(IntegrityError):
        make_checkpoint(archive)
    assert (folder / "checkpoint.sig").is_file()
