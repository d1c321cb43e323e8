"""Whatever is changed in a sealed archive is noticed, by `greenmine verify` and by verify.sh.

Every test works on a copy of one small archive. A verification of all of it takes some 0.2 s, most of it in ssh-keygen
and openssl. So for the 2,000 flipped bits it is made in steps: the checks of the ledger; then those of the one bag that
the file is in, or else those of the checkpoints that need no other program; where nothing is found, everything. The
steps are the very functions that `verify` calls, failures only add up, and so what a step finds `verify` finds.
`test_steps_find_nothing_where_nothing_is` keeps this honest, and `verify` itself is run on each kind of file once.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path

import pytest
from audited import PROVINCE, Audited, build, flip, remake

from greenmine.archive.chain import read_chain, read_ledger
from greenmine.archive.checkpoint import make_sums
from greenmine.archive.checks import Context
from greenmine.archive.hashing import Meter
from greenmine.archive.pins import Pins
from greenmine.archive.signature import sign
from greenmine.archive.signers import CHECKPOINT, WITNESS
from greenmine.archive.verdicts import Collector, Failure
from greenmine.archive.verify import _check_bags, _Counts, verify

FLIPS = 2_000
SCRIPTED = 40


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """The archive; no test changes it."""
    return build(tmp_path_factory.mktemp("audited"))


@pytest.fixture
def copy(sealed: Audited, tmp_path: Path) -> Audited:
    """A copy that may be tampered with."""
    return sealed.copy(tmp_path / "copy")


def first_in_steps(one: Audited, path: Path, pool: ThreadPoolExecutor) -> Failure | None:
    """Return the first failure that verification finds after a file was changed, looking no further than needed."""
    archive, collector = one.archive, Collector(one.root)
    scan = read_ledger(archive, collector)
    if scan is not None:
        around = [entry for entry in scan.entries if archive.place(entry.bag) in path.parents]
        if around:
            entries, counts = {entry.bag: entry for entry in scan.entries}, _Counts()
            context = Context(archive, entries, counts.payloads, lambda _number: None, Pins(), collector)
            eid = around[0].bag.split("/")[-1]
            scope = [*around, *(entry for entry in scan.entries if f"/redaction/{eid}/" in entry.bag)]
            _check_bags(context, scope, counts, pool, Meter(None, 0))
        elif not around:
            read_chain(archive, scan.data, collector)
    return collector.failures[0] if collector.failures else verify(archive, one.pins).first


def flips(one: Audited, count: int, seed: str) -> list[tuple[Path, int]]:
    """Return random bits, as many in each file."""
    chance = random.Random(seed)  # noqa: S311 - the same bits in each run
    files = [path for path in one.files() if path.stat().st_size]
    chance.shuffle(files)
    return [(path, chance.randrange(8 * path.stat().st_size)) for path in islice(cycle(files), count)]


def test_an_untouched_archive_holds(sealed: Audited, copy: Audited) -> None:
    """Nothing is found in the archive, a copy of it, any record, by whatever keys; by verify.sh neither."""
    for one in (sealed, copy):
        assert () == one.verify().failures
        for record in ("GM-0001", "GM-0001/r1", "GM-0002"):
            assert () == one.verify(record).failures
        assert () == one.verify(pins=Pins()).failures
        assert (0, "") == ((done := one.script("-x")).returncode, done.stderr)
        assert (0, "") == ((done := one.script("GM-0001", "GM-0002/r1")).returncode, done.stderr)


def test_steps_find_nothing_where_nothing_is(copy: Audited) -> None:
    """The steps by which flipped bits are looked for find nothing while nothing is changed."""
    with ThreadPoolExecutor(2) as pool:
        assert {None} == {first_in_steps(copy, path, pool) for path in copy.files()[::12]}


def test_every_flipped_bit_is_found(copy: Audited) -> None:
    """2,000 random bits flipped one at a time, in every file of the archive: each is found, and its file named."""
    missed, misnamed = [], []
    with ThreadPoolExecutor(2) as pool:
        for path, bit in flips(copy, FLIPS, "flips"):
            back = flip(path, bit)
            found = first_in_steps(copy, path, pool)
            back()
            name = path.relative_to(copy.root).as_posix()
            if found is None:
                missed.append((name, bit))
            elif not named(found.file, name):
                misnamed.append((name, bit, found))
    assert [] == missed
    assert [] == misnamed


def named(found: str, name: str) -> bool:
    """Tell whether the file found is the one that was changed, or the nearest that can be told from it."""
    if name == "ledger":  # a line after the last checkpoint: the bag is not the one it names
        return found == "ledger" or found.startswith("bags/")
    if name.startswith("checkpoints/"):  # what two files say of each other
        return found.rpartition("/")[0] == name.rpartition("/")[0] or found == "ledger"
    return found == name


def test_verify_itself_finds_a_flipped_bit_in_every_kind_of_file(copy: Audited) -> None:
    """In each file of ledger and checkpoints, and in one of each name in bags, `verify` as a whole finds a bit."""
    chance = random.Random("whole")  # noqa: S311 - the same bits in each run
    kinds = {path.name if copy.archive.bags in path.parents else str(path): path for path in copy.files()}
    for path in kinds.values():
        back = flip(path, chance.randrange(8 * path.stat().st_size))
        result = copy.verify()
        back()
        assert not result.holds, path
        assert result.first


def test_verify_sh_finds_flipped_bits(sealed: Audited, tmp_path: Path) -> None:
    """verify.sh finds random flipped bits, too: 40 files of all kinds, two at a time."""
    copies = [sealed.copy(tmp_path / str(number)) for number in range(2)]

    def missed(one: Audited, part: list[tuple[Path, int]]) -> list[Path]:
        found = []
        for path, bit in part:
            back = flip(one.root / path.relative_to(sealed.root), bit)
            if one.script().returncode != 1:
                found.append(path)
            back()
        return found

    chosen = flips(sealed, SCRIPTED, "script")
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(missed, one, chosen[number::2]) for number, one in enumerate(copies)]
        assert [] == [path for job in jobs for path in job.result()]


# ---- other ways to tamper --------------------------------------------------------------------------------------------

R1 = "bags/assess/GM-0001/r1"
R2 = "bags/assess/GM-0001/r2"
LAST = "bags/assess/GM-0002/r1"
NEW = "bags/assess/GM-9/r1"


def lines(root: Path) -> list[bytes]:
    return (root / "ledger").read_bytes().splitlines(keepends=True)


def write(root: Path, entries: list[bytes]) -> None:
    (root / "ledger").write_bytes(b"".join(entries))


def evidence(root: Path) -> Path:
    """Return the bag of evidence from which a file was removed."""
    return root / "bags" / "evidence" / next(path.name[:2] + "/" + path.name for path in root.glob("bags/redaction/*"))


def chain(root: Path) -> tuple[Path, Path]:
    first, second = sorted((root / "checkpoints").iterdir())
    return first, second


def add(name: str, text: str = "x\n") -> Callable[[Audited], None]:
    def act(one: Audited) -> None:
        (one.root / name).parent.mkdir(parents=True, exist_ok=True)
        (one.root / name).write_text(text, "utf-8")

    return act


def remove(name: str) -> Callable[[Audited], None]:
    return lambda one: (one.root / name).unlink()


def rename(name: str, to: str) -> Callable[[Audited], None]:
    return lambda one: (one.root / name).rename(one.root / to) and None


def link(name: str) -> Callable[[Audited], None]:
    """Put a link to the same content in the place of a file or folder."""

    def act(one: Audited) -> None:
        aside = one.root.parent / "aside"
        (one.root / name).rename(aside)
        (one.root / name).symlink_to(aside)

    return act


def reorder(one: Audited) -> None:
    first, second, *rest = lines(one.root)
    write(one.root, [second, first, *rest])


def resum(folder: Path) -> None:
    """Make a checkpoint's sums anew, as somebody would who replaced a file."""
    names = ("checkpoint", "checkpoint.sig", "checkpoint.sig.tsr")
    files = {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}
    (folder / "checkpoint.sums").write_bytes(make_sums(files))


def replace_checkpoint(one: Audited) -> None:
    """Say another time, sign it with another key, make the sums anew."""
    folder = chain(one.root)[1]
    data = (folder / "checkpoint").read_bytes().replace(b"\ntime 20", b"\ntime 21")
    (folder / "checkpoint").write_bytes(data)
    (folder / "checkpoint.sig").write_bytes(sign(data, one.keys / "stranger", CHECKPOINT))
    (folder / "checkpoint.sig.tsr").unlink()
    resum(folder)


def swap_signature(one: Audited) -> None:
    """Put the first checkpoint's signature beside the second."""
    first, second = chain(one.root)
    shutil.copy(first / "checkpoint.sig", second / "checkpoint.sig")
    resum(second)


def swap_stamp(one: Audited) -> None:
    first, second = chain(one.root)
    shutil.copy(first / "checkpoint.sig.tsr", second / "checkpoint.sig.tsr")
    resum(second)


def swap_witness(one: Audited) -> None:
    folder = chain(one.root)[1]
    data = (folder / "checkpoint").read_bytes()
    (folder / f"witness-{PROVINCE}.sig").write_bytes(sign(data, one.keys / "stranger", WITNESS))


def rewrite(bag: str, name: str, old: bytes, new: bytes) -> Callable[[Audited], None]:
    def act(one: Audited) -> None:
        data = (one.root / bag / name).read_bytes()
        assert old in data
        remake(one, bag, name, data.replace(old, new))

    return act


TAMPERING: dict[str, tuple[Callable[[Audited], object], str]] = {
    "a payload file is added": (add(f"{R1}/data/note.txt"), f"{R1}/data/note.txt"),
    "a payload file is removed": (remove(f"{R1}/data/panel.yaml"), f"{R1}/data/panel.yaml"),
    "a payload file is renamed": (rename(f"{R1}/data/panel.yaml", f"{R1}/data/Panel.yaml"), f"{R1}/data/panel.yaml"),
    "an empty folder is added": (lambda one: (one.root / R1 / "data" / "more").mkdir(), f"{R1}/data/more"),
    "a tag file is added": (add(f"{R1}/manifest-md5.txt"), f"{R1}/manifest-md5.txt"),
    "a tag folder is added": (add(f"{R1}/meta/x.txt"), f"{R1}/meta"),
    "a tag file is removed": (remove(f"{R1}/bagit.txt"), f"{R1}/bagit.txt"),
    "a file becomes a link": (link(f"{R1}/data/score.json"), f"{R1}/data/score.json"),
    "a bag becomes a link": (link(R1), R1),
    "a folder above a bag becomes a link": (link("bags/assess/GM-0001"), "bags/assess/GM-0001"),
    "the folder of bags becomes a link": (link("bags"), "bags"),
    "the ledger becomes a link": (link("ledger"), "ledger"),
    "a checkpoint becomes a link": (lambda one: link(f"checkpoints/{chain(one.root)[0].name}")(one), "checkpoints/"),
    "the checkpoints become a link": (link("checkpoints"), "checkpoints"),
    "a pipe is added": (lambda one: os.mkfifo(one.root / R1 / "data" / "pipe"), f"{R1}/data/pipe"),
    "a bag is removed": (lambda one: shutil.rmtree(one.root / LAST), LAST),
    "a bag is renamed": (rename(LAST, "bags/assess/GM-0002/r2"), LAST),
    "a bag is added": (
        lambda one: shutil.copytree(one.root / R1, one.root / "bags/assess/GM-9/r1"),
        "bags/assess/GM-9",
    ),
    "a file is added among bags": (add("bags/assess/note.txt"), "bags/assess/note.txt"),
    "a folder is added among bags": (add("bags/other/GM-1/r1/x"), "bags/other"),
    "more evidence is removed than the removal names": (
        lambda one: (evidence(one.root) / "data/files/licences/note.txt").unlink(),
        "bags/evidence/",
    ),
    "a removal is removed": (lambda one: shutil.rmtree(next(one.root.glob("bags/redaction/*"))), "bags/redaction/"),
    "a removed file comes back changed": (
        lambda one: add(f"{evidence(one.root).relative_to(one.root)}/data/files/2 设施/人员名单.txt")(one),
        "bags/evidence/",
    ),
    "the ledger is cut off": (lambda one: write(one.root, lines(one.root)[:2]), "ledger"),
    "the ledger is cut off within a line": (
        lambda one: (one.root / "ledger").write_bytes((one.root / "ledger").read_bytes()[:-9]),
        "ledger",
    ),
    "the ledger is emptied": (lambda one: write(one.root, []), "ledger"),
    "the ledger is removed": (remove("ledger"), "ledger"),
    "the ledger is reordered": (reorder, "ledger"),
    "a line is entered twice": (lambda one: write(one.root, [*lines(one.root), lines(one.root)[0]]), "ledger"),
    "a line is taken out": (lambda one: write(one.root, lines(one.root)[1:]), "ledger"),
    "a line is put in": (
        lambda one: write(one.root, [b"0" * 64 + b"  bags/assess/GM-9/r1/tagmanifest-sha256.txt\n", *lines(one.root)]),
        "ledger",
    ),
    "a line leads elsewhere": (
        lambda one: write(one.root, [*lines(one.root), b"0" * 64 + b"  bags/assess/../r1/tagmanifest-sha256.txt\n"]),
        "ledger",
    ),
    "a checkpoint is replaced": (replace_checkpoint, "checkpoints/"),
    "an old checkpoint is removed": (lambda one: shutil.rmtree(chain(one.root)[0]), "checkpoints/"),
    "a checkpoint's signature is swapped": (swap_signature, "checkpoints/"),
    "a time stamp is swapped": (swap_stamp, "checkpoints/"),
    "a witness's signature is made by another": (swap_witness, "checkpoints/"),
    "a checkpoint's signature is removed": (
        lambda one: (chain(one.root)[1] / "checkpoint.sig").unlink(),
        "checkpoints/",
    ),
    "a file is added to a checkpoint": (
        lambda one: add(f"checkpoints/{chain(one.root)[0].name}/x")(one),
        "checkpoints/",
    ),
    "a file is added among checkpoints": (add("checkpoints/x"), "checkpoints/x"),
    "an expert's signature is swapped, manifests and ledger made anew": (
        lambda one: remake(
            one, LAST, "data/attest/expert-E1.sig", (one.root / LAST / "data/attest/expert-E2.sig").read_bytes()
        ),
        f"{LAST}/data/attest/expert-E1.sig",
    ),
    "findings are changed after the experts signed, manifests and ledger made anew": (
        rewrite(LAST, "data/findings.json", b"2026-06-30", b"2026-06-29"),
        f"{LAST}/data/",
    ),
    "a record covered by a checkpoint is made anew": (
        rewrite(R2, "data/panel.yaml", b"E1", b"E9"),
        "ledger",
    ),
    "another engine is put in, manifests and ledger made anew": (
        lambda one: remake(one, LAST, "data/engine/rescore.pyz", b"print('{}')\n"),
        f"{LAST}/data/engine/rescore.pyz",
    ),
    "a script is put into the report, manifests and ledger made anew": (
        rewrite(LAST, "data/report.html", b"<title>", b"<script>alert(1)</script><title>"),
        f"{LAST}/data/report.html",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found_by_both(copy: Audited, what: str) -> None:
    """Whatever is added, removed, renamed, linked, cut, reordered or replaced is found, and the place named."""
    act, place = TAMPERING[what]
    act(copy)
    first = copy.verify().first
    assert first
    assert first.file.startswith(place), first
    done = copy.script()
    assert 1 == done.returncode, done.stdout
    assert done.stderr.startswith("FAIL 不通过  ")
    assert 1 == len(done.stderr.splitlines())


def test_a_whole_archive_made_anew_is_found_by_who_kept_a_checkpoint(copy: Audited, tmp_path: Path) -> None:
    """Cut back to before a checkpoint, with that removed, all looks well; but not against one kept outside."""
    second = chain(copy.root)[1]
    kept = tmp_path / "kept"
    shutil.copy(second / "checkpoint", kept)
    covered = lines(copy.root)[:3]
    for entry in lines(copy.root)[3:]:
        shutil.rmtree(copy.root / entry[66:].decode().strip().rpartition("/")[0], ignore_errors=True)
    for empty in ("bags/redaction", "bags/signature", "bags/assess/GM-0002"):
        shutil.rmtree(copy.root / empty)
    (evidence_now,) = (copy.root / "bags" / "evidence").glob("*/*")
    shutil.rmtree(second)
    write(copy.root, covered)
    (evidence_now / "data/files/2 设施/人员名单.txt").write_text("演示人员甲 GM-0001 \n", "utf-8")
    assert () == copy.verify().failures
    assert 0 == copy.script().returncode
    found = copy.verify(kept=kept).first
    assert found
    assert ("checkpoint.kept", "ledger") == (found.check, found.file)
    assert 1 == copy.script("-k", str(kept)).returncode
