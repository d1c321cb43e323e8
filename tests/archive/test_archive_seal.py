"""Sealing evidence, catalogs and assessments."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bagit
import pytest
from rocrate.rocrate import ROCrate
from sealing import FILES, make_mine, prepare, record_something, small_catalog

from greenmine import i18n
from greenmine.archive.bag import check_payload, read_bag
from greenmine.archive.bag_writer import BagWriter
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.record import BagRef, read_record
from greenmine.archive.recover import recover
from greenmine.archive.seal import current_revision, seal_assessment, seal_catalog, seal_evidence
from greenmine.archive.staging import SealedBag, adopt, seal_bag
from greenmine.archive.store import Store
from greenmine.errors import ArchiveError, EvidenceError, IntegrityError
from greenmine.evidence import cache, cached_inventory, take_inventory
from greenmine.files import refusal


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.open(tmp_path / "reports", create=True)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return make_mine(tmp_path / "evidence")


def place(archive: Archive, sealed: SealedBag) -> Path:
    return archive.place(sealed.path)


def leftovers(archive: Archive) -> list[str]:
    return [path.name for path in archive.staging.iterdir()]


# ---- evidence --------------------------------------------------------------------------------------------------------


def test_evidence_is_sealed_as_it_was_handed_in(archive: Archive, mine: Path) -> None:
    """Every file but journals is in the bag under its own name; the manifest's digest names the bag."""
    inventory = take_inventory(mine)
    sealed = seal_evidence(archive, mine, inventory)
    folder = place(archive, sealed)
    assert f"bags/evidence/{inventory.sha256[:2]}/{inventory.sha256}" == sealed.path
    assert inventory.sha256 == hashlib.sha256((folder / "data/evidence.sums").read_bytes()).hexdigest()
    names = {path.relative_to(folder / "data/files").as_posix() for path in (folder / "data/files").rglob("*.*")}
    assert {*FILES, "mine.yaml"} == names
    assert all((mine / name).read_bytes() == (folder / "data/files" / name).read_bytes() for name in names)
    check_payload(read_bag(folder))
    assert [] == leftovers(archive)


def test_stock_tools_accept_sealed_evidence(archive: Archive, mine: Path) -> None:
    """`sha256sum` checks the ledger, both manifests and what was handed in; bagit finds the bag valid."""
    sealed = seal_evidence(archive, mine, take_inventory(mine))
    folder = place(archive, sealed)
    for cwd, name in (
        (archive.root, "ledger"),
        (folder, "tagmanifest-sha256.txt"),
        (folder, "manifest-sha256.txt"),
        (folder / "data/files", "../evidence.sums"),
    ):
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", name], cwd=cwd, check=True)
    bagit.Bag(str(folder)).validate()


def test_the_same_evidence_is_sealed_once(archive: Archive, mine: Path) -> None:
    """A second sealing finds the bag, whatever the folder has become meanwhile; another content is another bag."""
    inventory = take_inventory(mine)
    first = seal_evidence(archive, mine, inventory)
    (mine / "licences/note.txt").write_text("new", "utf-8")
    again = seal_evidence(archive, mine, inventory)
    assert (True, False) == (first.new, again.new)
    assert first.entry == again.entry
    other = seal_evidence(archive, mine, take_inventory(mine))
    assert (True, 2) == (other.new, len(Ledger(archive).read()))


@pytest.mark.parametrize("change", ["changed", "same size", "added", "removed"])
def test_a_folder_that_changed_since_the_inventory_is_refused(archive: Archive, mine: Path, change: str) -> None:
    """The message names the file, nothing is sealed, nothing is left over."""
    i18n.use("en")
    inventory = take_inventory(mine)
    path = mine / "licences/note.txt"
    if change == "changed":
        path.write_text("another", "utf-8")
    elif change == "same size":
        path.write_bytes(bytes(reversed(path.read_bytes())))
    elif change == "added":
        (mine / "licences/note2.txt").write_text("x", "utf-8")
    else:
        path.unlink()
    with pytest.raises(EvidenceError, match=r"licences/note2?\.txt"):
        seal_evidence(archive, mine, inventory)
    assert ((), []) == (Ledger(archive).read(), leftovers(archive))


def test_a_file_put_in_the_place_of_another_is_not_sealed(archive: Archive, mine: Path) -> None:
    """A link put where a file was is refused, wherever it leads."""
    inventory = take_inventory(mine)
    (mine / "licences/note.txt").unlink()
    (mine / "licences/note.txt").symlink_to("/etc/hostname")
    with pytest.raises(EvidenceError):
        seal_evidence(archive, mine, inventory)
    assert () == Ledger(archive).read()


def test_a_cache_that_lies_gets_no_wrong_digest_into_the_archive(
    archive: Archive, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the same size, time and status as the one remembered is refused when it is copied."""
    monkeypatch.setattr(cache, "SETTLED_NS", -3_600_000_000_000)
    path = mine / next(iter(FILES))
    before, old = path.stat(), cached_inventory(mine, folder=tmp_path)
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    remembered = cache.cache_file(mine, tmp_path)
    text = remembered.read_bytes().partition(b"\n")[2].decode()
    text = text.replace(f"{before.st_ctime_ns}]", f"{path.stat().st_ctime_ns}]")
    remembered.write_bytes(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}".encode())
    stale = cached_inventory(mine, folder=tmp_path)
    assert old.sha256 == stale.sha256 != take_inventory(mine).sha256
    with pytest.raises(EvidenceError, match=path.name):
        seal_evidence(archive, mine, stale)
    assert not Ledger(archive).read()


def test_a_damaged_bag_is_not_taken_for_sealed(archive: Archive, mine: Path) -> None:
    """Sealing the same evidence again finds that a file is gone, or that the bag is another one."""
    inventory = take_inventory(mine)
    sealed = seal_evidence(archive, mine, inventory)
    (place(archive, sealed) / "data/files/mine.yaml").unlink()
    with pytest.raises(IntegrityError, match=r"mine\.yaml"):
        seal_evidence(archive, mine, inventory)


# ---- catalogs --------------------------------------------------------------------------------------------------------


def test_a_catalog_is_sealed_once_with_its_source(archive: Archive) -> None:
    """The resolved catalog in the bag has the catalog's digest; the files it was made of lie beside it."""
    catalog = small_catalog()
    sealed = seal_catalog(archive, catalog)
    assert f"bags/catalog/small/1-{catalog.sha256[:12]}" == sealed.path
    assert catalog.sha256 == sealed.bag.payload["data/catalog.resolved.json"]
    sources = place(archive, sealed) / "data" / "parameters"
    assert catalog.path.read_bytes() == (sources / "catalogs" / "small-1.yaml").read_bytes()
    assert ["readings/national.yaml"] == [path.relative_to(sources).as_posix() for path in sources.glob("readings/*")]
    assert sealed.entry == seal_catalog(archive, catalog).entry


# ---- assessments -----------------------------------------------------------------------------------------------------


def test_an_assessment_holds_all_that_the_score_rests_on(archive: Archive, mine: Path) -> None:
    """Record, findings, catalog, score, journals, engine and report are in the bag, which refers to the evidence."""
    parts = prepare(archive, mine)
    sealed = parts.sealed(archive)
    folder = place(archive, sealed) / "data"
    assert "bags/assess/GM-0001/r1" == sealed.path
    assert parts.record == read_record((folder / "record.json").read_bytes())
    assert parts.files == {name: (folder / name).read_bytes() for name in parts.files}
    for person in ("E1", "E2"):
        kept = (folder / f"journals/{person}.jsonl").read_bytes()
        assert (mine / f"assessments/2026-self/journal/{person}.jsonl").read_bytes() == kept
    refs = {entry.bag: entry.digest for entry in Ledger(archive).read()}
    for ref in (parts.record.evidence, parts.record.catalog):
        assert ref.tagmanifest == refs[ref.bag]


def test_the_sealed_score_can_be_computed_from_the_bag_alone(archive: Archive, mine: Path) -> None:
    """The engine in the bag prints the bag's score.json, byte for byte."""
    folder = place(archive, prepare(archive, mine).sealed(archive)) / "data"
    done = subprocess.run(
        [sys.executable, "-I", "engine/rescore.pyz", "findings.json", "catalog.resolved.json"],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    assert (folder / "score.json").read_bytes() == done.stdout


def test_stock_tools_accept_a_sealed_assessment(archive: Archive, mine: Path) -> None:
    """The whole ledger and every manifest hold for `sha256sum`; bagit finds the bag valid."""
    folder = place(archive, prepare(archive, mine).sealed(archive))
    for cwd, name in ((archive.root, "ledger"), (folder, "tagmanifest-sha256.txt"), (folder, "manifest-sha256.txt")):
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", name], cwd=cwd, check=True)
    bagit.Bag(str(folder)).validate()


def test_research_data_tools_read_what_is_in_the_bag(archive: Archive, mine: Path) -> None:
    """The metadata is an RO-Crate whose run took findings and catalog and gave the score; every file is listed."""
    parts = prepare(archive, mine)
    sealed = parts.sealed(archive)
    crate = ROCrate(str(place(archive, sealed) / "data"))
    (run,) = crate.get_by_type("CreateAction")
    assert ["findings.json", "catalog.resolved.json"] == [part.id for part in run["object"]]
    assert ["score.json", "report.html", "report.ipynb"] == [part.id for part in run["result"]]
    assert "engine/rescore.pyz" == run["instrument"].id
    listed = {f"data/{part.id}" for part in crate.root_dataset["hasPart"]}
    assert {*sealed.bag.payload} - {"data/ro-crate-metadata.json"} == listed


def test_the_same_assessment_gives_the_same_bag(tmp_path: Path, mine: Path) -> None:
    """In two archives, the same parts with the same nonce and time have the same digest."""
    digests = set()
    for name in ("a", "b"):
        archive = Archive.open(tmp_path / name, create=True)
        digests.add(prepare(archive, mine).sealed(archive).digest)
    assert 1 == len(digests)


def test_a_correction_is_the_next_revision(archive: Archive, mine: Path) -> None:
    """It supersedes the one before with a reason; the one before stays as it is, and the evidence is not copied."""
    first = prepare(archive, mine).sealed(archive)
    record_something(mine, "2026-self", "E1", {"facts": {"living": True, "production": True}})
    parts = prepare(archive, mine, reason="更正第 1 项")
    second = parts.sealed(archive)
    assert (1, 2) == archive.revisions("GM-0001")
    assert (first.ref, "更正第 1 项") == (parts.record.supersedes, parts.record.reason)
    assert second.ref == current_revision(archive, "GM-0001", "2026-self")
    assert current_revision(archive, "GM-0001", "2027-self") is None
    check_payload(read_bag(place(archive, first)))
    assert 4 == len(Ledger(archive).read())


def test_a_journal_that_grew_since_is_kept_as_far_as_the_record_goes(archive: Archive, mine: Path) -> None:
    """What was recorded after the findings were made is not part of the record."""
    parts = prepare(archive, mine)
    before = (mine / "assessments/2026-self/journal/E1.jsonl").read_bytes()
    record_something(mine, "2026-self", "E1", {"justification": "later"})
    folder = place(archive, parts.sealed(archive))
    assert before == (folder / "data/journals/E1.jsonl").read_bytes()


def test_experts_signatures_are_kept_beside_the_record(archive: Archive, mine: Path) -> None:
    """A statement over what is in the bag is accepted and `sha256sum` checks it from the bag's folder."""
    parts = prepare(archive, mine)
    signed = {**parts.files, "record.json": parts.record.canonical()}
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  data/{name}\n" for name, data in sorted(signed.items()))
    attest = {"statement.sums": lines.encode(), "expert-E1.sig": b"-----BEGIN SSH SIGNATURE-----\n"}
    folder = place(archive, parts.sealed(archive, attest=attest))
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "data/attest/statement.sums"], cwd=folder, check=True
    )
    assert attest["expert-E1.sig"] == (folder / "data/attest/expert-E1.sig").read_bytes()


def unfit(parts: Any, **changes: Any) -> Any:
    return dataclasses.replace(parts, record=parts.record.model_copy(update=changes))


def refused(archive: Archive, parts: Any, match: str, **more: Any) -> None:
    before = archive.ledger.read_bytes()
    with pytest.raises(ArchiveError, match=match):
        parts.sealed(archive, **more)
    assert before == archive.ledger.read_bytes()
    assert [] == leftovers(archive)


def test_parts_that_do_not_belong_together_are_refused(archive: Archive, mine: Path) -> None:
    """Another catalog, engine, mine, evidence, score, reading or journal than the record says is not sealed."""
    i18n.use("en")
    parts = prepare(archive, mine)
    record, other = parts.record, "0" * 64
    findings = json.loads(parts.files["findings.json"])
    refused(archive, unfit(parts, mine="GM-0002"), "key mine|mine: ")
    refused(archive, unfit(parts, assessment="2027-self"), "mine: ")
    refused(archive, unfit(parts, catalog=record.catalog.model_copy(update={"sha256": other})), "catalog")
    refused(archive, unfit(parts, catalog=record.catalog.model_copy(update={"tagmanifest": other})), "catalog")
    refused(archive, unfit(parts, engine=record.engine.model_copy(update={"sha256": other})), "engine")
    refused(archive, unfit(parts, evidence=record.evidence.model_copy(update={"tagmanifest": other})), "evidence")
    refused(archive, unfit(parts, evidence=record.evidence.model_copy(update={"eid": other})), "evidence")
    refused(archive, unfit(parts, readings={"na_fold": "total"}), "readings")
    refused(archive, unfit(parts, journals={"E1": record.journals["E1"]}), "journals|E2")
    refused(archive, unfit(parts, journals={**record.journals, "E1": other}), r"E1\.jsonl")
    refused(archive, unfit(parts, journals={**record.journals, "E3": other}), "E3")
    refused(archive, unfit(parts, supersedes=BagRef(bag=parts.record.evidence.bag, tagmanifest=other)), "supersedes")
    findings["indicators"]["1"]["facts"]["living"] = True
    changed = {**parts.files, "findings.json": json.dumps(findings).encode()}
    refused(archive, dataclasses.replace(parts, files=changed), r"score\.json")
    for name, data in (("findings.json", b"["), ("findings.json", b"{}"), ("score.json", b"{}")):
        refused(archive, dataclasses.replace(parts, files={**parts.files, name: data}), "findings")
    less = {name: data for name, data in parts.files.items() if name != "score.json"}
    refused(archive, dataclasses.replace(parts, files=less), r"score\.json")


@pytest.mark.parametrize("name", ["../x", "record.json", "engine/rescore.pyz", "journals/E1.jsonl", "more.html", ""])
def test_a_name_that_is_not_free_is_refused(archive: Archive, mine: Path, name: str) -> None:
    """Files cannot take the place of what sealing itself puts into the bag, lead elsewhere, or be others."""
    i18n.use("en")
    parts = prepare(archive, mine)
    refused(archive, dataclasses.replace(parts, files={**parts.files, name: b"x"}), "expected one of")


@pytest.mark.parametrize("statement", [b"x\n", b"0" * 64 + b"  data/record.json\n", b"0" * 64 + b"  data/none\n"])
def test_a_statement_over_something_else_is_refused(archive: Archive, mine: Path, statement: bytes) -> None:
    """What experts signed must be what is sealed."""
    refused(archive, prepare(archive, mine), "statement", attest={"statement.sums": statement})


def test_a_revision_is_sealed_once(archive: Archive, mine: Path) -> None:
    """Whoever comes second with the same revision is told to take the next; so is who does not say what it follows."""
    i18n.use("en")
    parts = prepare(archive, mine)
    parts.sealed(archive)
    refused(archive, parts, "supersedes")
    again = prepare(archive, mine, reason="x")
    again = unfit(again, revision=1)
    refused(archive, again, "next revision")


# ---- any bag ---------------------------------------------------------------------------------------------------------


def test_a_bag_at_its_place_is_entered_when_its_maker_died(archive: Archive) -> None:
    """A bag that was moved and not entered is checked and entered by whoever finds it."""
    sealed = seal_bag(archive, "bags/assess/GM-0001/r1", lambda writer: writer.add("a", b"x") and None)
    archive.ledger.write_bytes(b"")
    found = adopt(archive, sealed.path)
    assert found is not None
    assert (sealed.digest, False) == (found.digest, found.new)
    assert 1 == len(Ledger(archive).read())
    assert adopt(archive, "bags/assess/GM-0001/r2") is None
    (place(archive, sealed) / "data/a").chmod(0o644)
    (place(archive, sealed) / "data/a").write_bytes(b"y")
    archive.ledger.write_bytes(b"")
    with pytest.raises(IntegrityError):
        adopt(archive, sealed.path)


def test_what_fails_while_a_bag_is_filled_leaves_nothing(archive: Archive) -> None:
    """An error or an interruption on the way removes what was staged."""

    def interrupted(writer: BagWriter) -> None:
        writer.add("a", b"x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal_bag(archive, "bags/assess/GM-0001/r1", interrupted)
    assert ([], ()) == (leftovers(archive), Ledger(archive).read())


def test_a_full_disk_ends_in_one_message_and_an_archive_as_it_was(archive: Archive, mine: Path) -> None:
    """With no room for a large file of evidence nothing is sealed, the ledger holds, and with room it is sealed."""
    seal_catalog(archive, small_catalog())
    (mine / "licences/large.bin").write_bytes(b"x" * 3_000_000)
    before = archive.ledger.read_bytes()
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from greenmine.archive.layout import Archive; from greenmine.archive.seal import seal_evidence\n"
        "from greenmine.evidence import take_inventory; from greenmine.errors import ArchiveError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "mine = Path(sys.argv[2])\n"
        "try: seal_evidence(Archive.open(Path(sys.argv[1])), mine, take_inventory(mine))\n"
        "except ArchiveError as problem: print(problem); sys.exit(7)"
    )
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", code, str(archive.root), str(mine)], check=False, capture_output=True, text=True
    )
    assert 7 == done.returncode, done.stderr
    assert (1, before, []) == (done.stdout.count("\n"), archive.ledger.read_bytes(), leftovers(archive))
    assert seal_evidence(archive, mine, take_inventory(mine)).new


def test_a_disk_that_is_really_full_loses_nothing(tmp_path: Path) -> None:
    """On a disk of 2 MB that is full at one step after another, what was acknowledged stays and the archive holds.

    The disk is a tmpfs of this test's own. Where nobody may mount one, files may not grow beyond a size instead.
    """
    support = Path(__file__).parents[1] / "support"
    (tmp_path / "probe").mkdir()
    probe = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path / "probe")]
    mounted = bool(shutil.which("unshare")) and not subprocess.run(probe, check=False, capture_output=True).returncode
    folder = tmp_path / "disk"
    folder.mkdir()
    command = [sys.executable, str(support / "tiny_disk.py"), str(folder), "mount" if mounted else "limit"]
    done = subprocess.run(
        [*(["unshare", "-rm"] if mounted else []), *command], check=False, capture_output=True, text=True
    )
    assert 0 == done.returncode, done.stderr
    found = json.loads(done.stdout)
    reason = refusal(OSError(errno.ENOSPC if mounted else errno.EFBIG, ""))
    assert found["refused"] >= 3
    assert all(reason in message and "\n" not in message for message in found["messages"])


def test_sealing_needs_the_parts_it_was_given(archive: Archive, mine: Path) -> None:
    """A journal that cannot be read is named."""
    parts = prepare(archive, mine)
    with pytest.raises(ArchiveError, match="none"):
        seal_assessment(archive, parts.files, parts.record, {**parts.journals, "E1": mine / "none"})


# ---- others at the same time -----------------------------------------------------------------------------------------


class Meanwhile(Store):
    """A store that lets something else happen just before, or just after, one of its calls; once."""

    def __init__(self, call: str, action: Callable[[Path], object]) -> None:
        self.call, self.action = call, action

    def _now(self, call: str, path: Path) -> None:
        if call == self.call:
            self.call = ""
            self.action(path)

    def mkdir(self, path: Path) -> None:
        super().mkdir(path)
        self._now("after mkdir", path)

    def rename(self, source: Path, target: Path) -> None:
        self._now("before rename", source)
        super().rename(source, target)


def test_evidence_that_two_seal_at_once_is_sealed_once(archive: Archive, mine: Path) -> None:
    """Who comes second finds the other's bag, and nothing of his own is left."""
    inventory = take_inventory(mine)
    store = Meanwhile("before rename", lambda _path: seal_evidence(archive, mine, inventory))
    sealed = seal_evidence(Archive(archive.root, store), mine, inventory)
    assert (False, 1, []) == (sealed.new, len(Ledger(archive).read()), leftovers(archive))


def test_a_catalog_that_two_seal_at_once_is_sealed_once(archive: Archive) -> None:
    """As with evidence."""
    store = Meanwhile("before rename", lambda _path: seal_catalog(archive, small_catalog()))
    sealed = seal_catalog(Archive(archive.root, store), small_catalog())
    assert (False, 1, []) == (sealed.new, len(Ledger(archive).read()), leftovers(archive))


def test_a_revision_that_two_seal_at_once_is_the_first_ones(archive: Archive, mine: Path) -> None:
    """The second is told to take the next revision."""
    i18n.use("en")
    parts = prepare(archive, mine)
    store = Meanwhile("before rename", lambda _path: parts.sealed(archive))
    with pytest.raises(ArchiveError, match="next revision"):
        parts.sealed(Archive(archive.root, store))
    assert (3, []) == (len(Ledger(archive).read()), leftovers(archive))


def test_a_folder_taken_by_a_recovery_before_it_was_claimed_is_made_again(archive: Archive) -> None:
    """Between making and claiming a folder a recovery may come; sealing goes on in another one."""
    store = Meanwhile("after mkdir", lambda _path: recover(archive))
    path = "bags/assess/GM-0001/r1"
    assert seal_bag(Archive(archive.root, store), path, lambda writer: writer.add("a", b"x") and None).new
    assert ([], 1) == (leftovers(archive), len(list(archive.quarantine.iterdir())))
    assert recover(archive).idle


def test_a_refused_move_leaves_nothing(archive: Archive) -> None:
    """A disk that refuses to rename is told of in one message."""

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with pytest.raises(ArchiveError, match="没有访问权限"):
        seal_bag(
            Archive(archive.root, Meanwhile("before rename", refuse)),
            "bags/assess/GM-0001/r1",
            lambda writer: writer.add("a", b"x") and None,
        )
    assert ([], ()) == (leftovers(archive), Ledger(archive).read())


def test_a_bag_that_was_rewritten_whole_is_not_taken_for_sealed(archive: Archive) -> None:
    """One that holds but is not the one in the ledger was put there by somebody."""
    i18n.use("en")
    sealed = seal_catalog(archive, small_catalog())
    archive.ledger.write_bytes(b"0" * 64 + archive.ledger.read_bytes()[64:])
    with pytest.raises(IntegrityError, match=sealed.digest):
        seal_catalog(archive, small_catalog())
