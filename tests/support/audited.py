"""An archive with everything in it that a verification looks at, and ways to look at it and to tamper with it."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from archives import make_archive
from authority import TestAuthority
from keys import allow, make_key
from sealing import NOON, make_mine, prepare, record_something

from greenmine.archive.attest import make_statement
from greenmine.archive.endorsement import sign_catalog
from greenmine.archive.layout import Archive
from greenmine.archive.ledger import Ledger
from greenmine.archive.notary import Operator, make_checkpoint
from greenmine.archive.pins import Pins
from greenmine.archive.redaction import draft_redaction, redact
from greenmine.archive.signature import sign
from greenmine.archive.signers import CATALOG, CHECKPOINT, FINDING, REDACTION, WITNESS
from greenmine.archive.timestamp import Authority
from greenmine.archive.verdicts import Verification
from greenmine.archive.verify import verify
from greenmine.archive.witness import witness

SCRIPT = Path(__file__).resolve().parents[2] / "greenmine" / "archive" / "stock" / "verify.sh"
OPERATOR = "archive@demo"
PROVINCE = "province@demo"
MINISTRY = "ministry@demo"


@dataclass(frozen=True)
class Audited:
    """An archive: three records of two mines (one corrected), a removal, a signed catalog; two checkpoints and more.

    Attributes:
        root: the archive's folder.
        trust: what an auditor holds: public keys and the authority's certificate.
        keys: the private keys.
    """

    root: Path
    trust: Path
    keys: Path
    tsa: TestAuthority

    @property
    def archive(self) -> Archive:
        return Archive(self.root)

    @property
    def pins(self) -> Pins:
        return Pins.of(self.trust)

    def copy(self, folder: Path) -> Audited:
        """Return a copy whose files can be written."""
        shutil.copytree(self.root, folder, symlinks=True)
        for path in folder.rglob("*"):
            path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" else 0o644)
        return Audited(folder, self.trust, self.keys, self.tsa)

    def files(self) -> list[Path]:
        """Return all archived files: ledger, checkpoints, bags."""
        found = [self.root / "ledger"]
        for folder in ("checkpoints", "bags"):
            found += sorted(path for path in (self.root / folder).rglob("*") if path.is_file())
        return found

    def verify(self, *records: str, pins: Pins | None = None, kept: Path | None = None) -> Verification:
        return verify(self.archive, pins or self.pins, records=records, kept=kept)

    def script(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run verify.sh."""
        command = ["sh", str(SCRIPT), "-a", str(self.root), "-t", str(self.trust), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def seal(self, mine_dir: Path, *, signed: bool = True, assessment: str = "2026-self") -> str:
        """Seal an assessment of a mine, signed by both experts; return its bag."""
        parts = prepare(self.archive, mine_dir, assessment=assessment)
        statement = make_statement({**parts.files, "record.json": parts.record.canonical()})
        attest = {f"expert-{name}.sig": sign(statement, self.keys / name, FINDING) for name in ("E1", "E2")}
        more = {"attest": {"statement.sums": statement, **attest}} if signed else {}
        return parts.sealed(self.archive, **more).path

    def checkpoint(self, *, stamped: bool = True, witnessed: bool = True) -> None:
        operator, authority = Operator(OPERATOR, self.keys / "operator"), Authority(command=self.tsa.command)
        make_checkpoint(self.archive, operator=operator, authority=authority if stamped else None)
        if witnessed:
            memory = self.keys / "memory"
            witness(self.root, name=PROVINCE, key=self.keys / "witness", memory=memory, first=not memory.exists())


def experts_of(name: str) -> str:
    """Return the names of an expert of both mines, for a line of allowed_signers."""
    return ",".join(f"{name}@2026-self@{mine}" for mine in ("GM-0001", "GM-0002"))


def build(folder: Path) -> Audited:
    """Build the archive in an empty folder."""
    keys, trust = folder / "keys", folder / "pinned"
    for name in ("operator", "witness", "ministry", "E1", "E2", "stranger"):
        make_key(keys, name)
    signers = trust / "allowed_signers"
    allow(signers, OPERATOR, keys / "operator", [CHECKPOINT])
    allow(signers, PROVINCE, keys / "witness", [WITNESS])
    allow(signers, MINISTRY, keys / "ministry", [CATALOG])
    allow(signers, OPERATOR, keys / "operator", [REDACTION])
    for name in ("E1", "E2"):
        allow(signers, experts_of(name), keys / name, [FINDING])
    tsa = TestAuthority(folder / "tsa")
    (trust / "tsa-chain.pem").write_bytes(tsa.chain.read_bytes())
    archive = make_archive(folder / "reports")
    shutil.copytree(trust, archive.trust, dirs_exist_ok=True)
    made = Audited(archive.root, trust, keys, tsa)
    first = make_mine(folder / "evidence", "GM-0001")
    made.seal(first)
    made.checkpoint()
    sign_catalog(archive, next(one.bag for one in Ledger(archive).read() if "/catalog/" in one.bag), keys / "ministry")
    record_something(first, "2026-self", "E1", {"facts": {"living": True, "production": True}})
    made.seal(first)
    evidence = next(path.name for path in (archive.bags / "evidence").glob("*/*"))
    redaction = draft_redaction(
        archive, evidence, ["2 设施/人员名单.txt"], reason="个人信息", by="演示机关", on=NOON + dt.timedelta(days=1)
    )
    signature = sign(redaction.canonical(), keys / "operator", REDACTION)
    redact(archive, redaction, {"operator.sig": signature})
    made.checkpoint()
    made.seal(make_mine(folder / "evidence", "GM-0002"))
    return made


def flip(path: Path, bit: int) -> Callable[[], None]:
    """Flip a bit of a file; return what puts it back."""
    data = path.read_bytes()
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    path.write_bytes(changed)

    def back() -> None:
        path.write_bytes(data)

    return back


def remake(one: Audited, bag: str, name: str, data: bytes | None) -> None:
    """Change, add or take away a file of a bag, with manifests and ledger, as whoever runs the archive could."""
    folder = one.root / bag
    if data is None:
        (folder / name).unlink()
    else:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        names = {line[66:] for line in (folder / manifest).read_text("utf-8").splitlines()}
        if manifest.startswith("m"):
            names = (names | {name}) - ({name} if data is None else set())
        sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names)]
        (folder / manifest).write_text("".join(sums), "utf-8")
    digest = hashlib.sha256((folder / "tagmanifest-sha256.txt").read_bytes()).hexdigest().encode()
    lines = one.archive.ledger.read_bytes().splitlines(keepends=True)
    lines = [digest + line[64:] if f"  {bag}/".encode() in line else line for line in lines]
    one.archive.ledger.write_bytes(b"".join(lines))
