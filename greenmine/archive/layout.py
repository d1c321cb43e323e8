"""The layout of an archive: what lies where under its root, `reports/`.

    ledger                               one line per sealed bag
    checkpoints/<entries>/               signed statements of what the ledger held
    bags/evidence/<2 hex>/<EID>/         what a mine handed in; EID is the digest of the evidence's manifest
    bags/catalog/<id>/<version>-<12 hex>/
    bags/assess/<mine>/r<N>/             an assessment; a correction or a re-score is the next revision
    bags/redaction/<EID>/r<N>/           lawful removals from an evidence bag
    bags/signature/<digest>/r<N>/        an authority's signature over the catalog bag with this digest in the ledger
    bags/withdrawal/<digest>/r<N>/       the assessment bag with this digest in the ledger is withdrawn
    bags/audit/<id>/r<N>/                the audit of a sample: the draw, what came of it, the executed notebook
    bags/draw/<id>/r<N>/                 a draw for spot checks: r1 the frame, r2 the draw, then its replacements
    bags/register/<programme>/r<N>/      a piece of the journal of a programme's register
    register/<programme>/events.jsonl    the journal itself, as it is being written; what is not sealed is no evidence
    inbox/ staging/ quarantine/ .lock    work in progress, never evidence
    events.jsonl                         what an operator's recovery did
    trust/ archive.yaml                  keys and configuration
    VERIFY.md verify.sh                  how to check all this with stock tools

An `Archive` names places and looks at names; what is in the files is the affair of other modules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from greenmine.archive.filesystem import MOUNTS, refuse_network
from greenmine.archive.store import Store, refused
from greenmine.catalog.strict_yaml import load_yaml
from greenmine.errors import ArchiveError, shown
from greenmine.i18n import gettext as _

KINDS: Final = ("evidence", "catalog", "signature", "assess", "withdrawal", "redaction", "audit", "draw", "register")
"""The kinds of bags, in the order in which one may refer to another."""

DEFAULT_ORIGIN: Final = "greenmine/unnamed"
FOLDERS: Final = (*(f"bags/{kind}" for kind in KINDS), "checkpoints", "inbox", "staging", "quarantine", "trust")
REGISTERS: Final = "register"
"""The folder of the journals of registers, as they are being written."""
STOCK: Final = ("VERIFY.md", "verify.sh")
"""Instructions and scripts for auditors; they come with the package and are laid beside the ledger."""

_REVISION: Final = re.compile(r"r([1-9][0-9]{0,8})")
_ID: Final = r"(?!\.+/)[A-Za-z0-9._-]{1,128}"
_NUMBERED: Final = _REVISION.pattern.replace("(", "(?:")
BAG: Final = (
    r"bags/(?:(?P<evidence>evidence)/(?P<two>[0-9a-f]{2})/(?P=two)[0-9a-f]{62}"
    rf"|(?P<catalog>catalog)/{_ID}/[A-Za-z0-9._-]{{1,128}}-[0-9a-f]{{12}}"
    rf"|(?P<assess>assess)/{_ID}/{_NUMBERED}|(?P<audit>audit)/{_ID}/{_NUMBERED}"
    rf"|(?P<draw>draw)/{_ID}/{_NUMBERED}|(?P<register>register)/{_ID}/{_NUMBERED}"
    rf"|(?P<redaction>redaction)/[0-9a-f]{{64}}/{_NUMBERED}|(?P<signature>signature)/[0-9a-f]{{64}}/{_NUMBERED}"
    rf"|(?P<withdrawal>withdrawal)/[0-9a-f]{{64}}/{_NUMBERED})"
)
"""The paths that bags have, as a regular expression; the group that matched is named as the kind."""

_BAG: Final = re.compile(BAG)
_ORIGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_DATA: Final = Path(__file__).parent / "stock"


@dataclass(frozen=True)
class Archive:
    """An archive.

    Attributes:
        root: its folder, the workspace's `reports/`.
        store: how it writes to the disk.
    """

    root: Path
    store: Store = field(default_factory=Store, repr=False, compare=False)

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        create: bool = False,
        read_only: bool = False,
        store: Store | None = None,
        mounts: Path = MOUNTS,
    ) -> Self:
        """Return the archive in a folder.

        Args:
            root: the folder.
            create: make it an archive, or complete the one it is, where folders or instructions are missing.
            read_only: only read; then it may be a copy on a network file system.
            store: how to write to the disk; plainly by default.
            mounts: the table of mounts, for the check of the file system.

        Raises:
            ArchiveError: there is no archive, the folder is on a network file system, or it cannot be written.
        """
        archive = cls(root, store or Store())
        if not read_only:
            refuse_network(root, mounts)
        if create:
            archive._create()
        elif not archive.ledger.is_file():
            raise ArchiveError(
                root, expected=_("an archive: a folder with a ledger"), found=_("no ledger"), hint=_("Seal a record.")
            )
        return archive

    def _create(self) -> None:
        with refused(self.root):
            for name in FOLDERS:
                self.store.make_folder(self.root / name)
            for path in (self.lock, self.ledger):
                path.touch(0o644)
            for name in STOCK:
                source, target = _DATA / name, self.root / name
                if source.is_file() and not target.exists():
                    target.write_bytes(source.read_bytes())
                    target.chmod(0o755 if name.endswith(".sh") else 0o644)
            for folder in (self.bags, self.root, self.root.parent):
                self.store.sync(folder)

    # ---- places ------------------------------------------------------------------------------------------------------

    @property
    def ledger(self) -> Path:
        """The ledger."""
        return self.root / "ledger"

    @property
    def lock(self) -> Path:
        """The file whose lock the one writer to the ledger holds."""
        return self.root / ".lock"

    @property
    def checkpoints(self) -> Path:
        """The folder with one folder per checkpoint, named by the number of entries in nine digits."""
        return self.root / "checkpoints"

    @property
    def bags(self) -> Path:
        """The folder of the bags."""
        return self.root / "bags"

    @property
    def staging(self) -> Path:
        """Where bags are built before they are renamed to their place."""
        return self.root / "staging"

    @property
    def quarantine(self) -> Path:
        """Where what a crash left behind is kept."""
        return self.root / "quarantine"

    @property
    def inbox(self) -> Path:
        """Where records from elsewhere wait to be sealed."""
        return self.root / "inbox"

    @property
    def events(self) -> Path:
        """What recoveries did, one JSON line each."""
        return self.root / "events.jsonl"

    @property
    def index(self) -> Path:
        """The index, which can be rebuilt."""
        return self.root / "index.sqlite"

    @property
    def portal(self) -> Path:
        """The list of all records as a page."""
        return self.root / "index.html"

    @property
    def overview(self) -> Path:
        """How the registers stand, as a page."""
        return self.root / "overview.html"

    @property
    def trust(self) -> Path:
        """Whose keys and time stamps are believed."""
        return self.root / "trust"

    @property
    def config(self) -> Path:
        """The configuration, which need not be there."""
        return self.root / "archive.yaml"

    @property
    def origin(self) -> str:
        """The name of the archive in its checkpoints: `origin` of `archive.yaml`, else `greenmine/unnamed`.

        Raises:
            ArchiveError: the configuration is no strict YAML, or the name is of another form.
        """
        if not self.config.is_file():
            return DEFAULT_ORIGIN
        document = load_yaml(self.config, ArchiveError)
        name = document.data.get("origin", DEFAULT_ORIGIN)
        if not isinstance(name, str) or not _ORIGIN.fullmatch(name):
            expected = _("a name of letters, digits, '.', '_', '/' and '-', such as greenmine/GD")
            raise ArchiveError(self.config, document.place_of(("origin",)), expected=expected, found=shown(name))
        return name

    # ---- bags, by their path relative to the root, with `/` ----------------------------------------------------------

    def place(self, bag: str) -> Path:
        """Return where a bag is, or would be."""
        return self.root.joinpath(*bag.split("/"))

    def checkpoint_place(self, entries: int) -> Path:
        """Return the folder of the checkpoint over so many entries."""
        return self.checkpoints / f"{entries:09d}"

    def revisions(self, mine: str) -> tuple[int, ...]:
        """Return the numbers of a mine's assessment bags, ascending, also of those not in the ledger yet."""
        return self._revisions(f"bags/assess/{mine}")

    def redactions(self, eid: str) -> tuple[int, ...]:
        """Return the numbers of an evidence bag's redactions, ascending."""
        return self._revisions(f"bags/redaction/{eid}")

    def signatures(self, digest: str) -> tuple[int, ...]:
        """Return the numbers of the signatures over a catalog's bag, ascending."""
        return self._revisions(f"bags/signature/{digest}")

    def withdrawals(self, digest: str) -> tuple[int, ...]:
        """Return the numbers of the withdrawals of an assessment's bag, ascending."""
        return self._revisions(f"bags/withdrawal/{digest}")

    def audits(self, name: str) -> tuple[int, ...]:
        """Return the numbers of an audit's bags, ascending."""
        return self._revisions(f"bags/audit/{name}")

    def draws(self, name: str) -> tuple[int, ...]:
        """Return the numbers of a draw's bags, ascending."""
        return self._revisions(f"bags/draw/{name}")

    def _revisions(self, folder: str) -> tuple[int, ...]:
        place = self.place(folder)
        names = [path.name for path in place.iterdir()] if place.is_dir() else []
        return tuple(sorted(int(found[1]) for name in names if (found := _REVISION.fullmatch(name))))


def evidence_bag(eid: str) -> str:
    """Return the path of the bag of evidence with a digest."""
    return _checked(f"bags/evidence/{eid[:2]}/{eid}")


def catalog_bag(catalog: str, version: str, sha256: str) -> str:
    """Return the path of the bag of a catalog."""
    return _checked(f"bags/catalog/{catalog}/{version}-{sha256[:12]}")


def assessment_bag(mine: str, revision: int) -> str:
    """Return the path of the bag of an assessment."""
    return _checked(f"bags/assess/{mine}/r{revision}")


def redaction_bag(eid: str, number: int) -> str:
    """Return the path of the bag of a redaction."""
    return _checked(f"bags/redaction/{eid}/r{number}")


def signature_bag(digest: str, number: int) -> str:
    """Return the path of the bag of a signature over the catalog bag with a digest."""
    return _checked(f"bags/signature/{digest}/r{number}")


def withdrawal_bag(digest: str, number: int) -> str:
    """Return the path of the bag of a withdrawal of the assessment bag with a digest."""
    return _checked(f"bags/withdrawal/{digest}/r{number}")


def audit_bag(name: str, number: int) -> str:
    """Return the path of the bag of an audit."""
    return _checked(f"bags/audit/{name}/r{number}")


def draw_bag(name: str, number: int) -> str:
    """Return the path of a bag of a draw."""
    return _checked(f"bags/draw/{name}/r{number}")


def register_bag(programme: str, number: int) -> str:
    """Return the path of the bag of a piece of a register."""
    return _checked(f"bags/register/{programme}/r{number}")


def _checked(bag: str) -> str:
    if not kind_of(bag):
        raise ArchiveError(bag, expected=_("the path of a bag"), found=shown(bag))
    return bag


def kind_of(bag: str) -> str:
    """Return the kind of the bag that a path names, one of `KINDS`; empty where no bag may be there.

    Args:
        bag: relative to the root, with `/`.
    """
    found = _BAG.fullmatch(bag)
    return next((kind for kind in KINDS if found[kind]), "") if found else ""
